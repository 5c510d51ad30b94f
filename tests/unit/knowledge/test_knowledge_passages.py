"""Ready-made passages: what a row becomes, and what a bad one costs."""

import json
from pathlib import Path

import pytest

from genaiops.core import OutsideError, UserError
from genaiops.knowledge import read_passages, read_rows


def written(folder: Path, *lines: object, encoding: str = "utf-8") -> Path:
    file = folder / "passages.jsonl"
    text = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    file.write_bytes(text.encode(encoding))
    return file


def test_a_row_becomes_a_passage_whose_other_keys_are_metadata(tmp_path: Path) -> None:
    ready = read_passages(
        written(tmp_path, {"id": "a", "title": "Refunds", "text": "14 days", "year": 2024}, "")
    )
    (only,) = ready.passages
    assert (only.id, only.title, only.text, only.metadata) == ("a", "Refunds", "14 days", {"year": 2024})
    assert ready.problems == ()


def test_a_section_is_read_as_the_heading_under_the_title(tmp_path: Path) -> None:
    card = {"id": "a", "title": "Refunds", "section": "By  card", "text": "A week."}
    first, second = read_passages(written(tmp_path, card, {"id": "b", "section": 3, "text": "x"})).passages
    assert (first.title, first.heading) == ("Refunds", ("By card",))
    assert (second.heading, second.metadata) == ((), {"section": 3})


def test_a_title_may_be_missing_and_a_number_may_be_an_id(tmp_path: Path) -> None:
    ready = read_passages(written(tmp_path, {"id": 7, "text": "a"}, {"id": "8", "title": "only a title"}))
    assert [(one.id, one.title) for one in ready.passages] == [("7", ""), ("8", "only a title")]


@pytest.mark.proves("D-BAD-PASSAGES")
@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("{", "it is no JSON"),
        ("[1]", "it is no JSON object"),
        ({"passage_id": "x", "text": "t"}, "it has no `id` (it has `passage_id`)"),
        ({"id": "x", "text": " "}, "it has no text"),
        ({"id": "x", "text": 3}, "`title` and `text` must be texts"),
        (
            {"id": "x", "text": "a" * 1_000_001},
            "its text has 1,000,001 characters, and 1,000,000 are the most",
        ),
        ({"id": "x", "title": "a" * 2_001}, "its title has 2,001 characters, and 2,000 are the most"),
        ({"id": "x", "text": "a", "access": "staff"}, "its `access` is no list of groups"),
        ('{"id": "x", "text": "a", "weight": NaN}', "nan is not representable in JCS"),
        ({"id": "good", "text": "other"}, "another row has this id: good"),
        ({"id": "good", "text": "fine"}, "the same row came before: good"),
    ],
)
def test_a_bad_row_is_left_out_with_its_reason_and_no_other_with_it(
    tmp_path: Path, row: object, said: str
) -> None:
    ready = read_passages(
        written(tmp_path, {"id": "good", "text": "fine"}, row, {"id": "last", "text": "too"})
    )
    assert [one.id for one in ready.passages] == ["good", "last"]
    assert ready.problems == (f"passages.jsonl:2: left out, {said}",)


@pytest.mark.proves("D-BAD-PASSAGES")
def test_bytes_that_are_not_utf8_are_replaced_and_said(tmp_path: Path) -> None:
    ready = read_passages(written(tmp_path, '{"id": "a", "text": "café"}', encoding="latin-1"))
    assert ready.passages[0].text == "caf\ufffd"
    assert ready.problems == ("passages.jsonl:1: bytes that are not UTF-8 were replaced",)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_says_how_to_read(tmp_path: Path, encoding: str) -> None:
    ready = read_passages(written(tmp_path, '{"id": "a", "text": "café 退款"}', encoding=encoding))
    assert ready.passages[0].text == "café 退款"


def test_half_a_character_does_not_stop_a_build(tmp_path: Path) -> None:
    ready = read_passages(written(tmp_path, r'{"id": "a", "text": "x \ud83d y"}'))
    assert ready.passages[0].text == "x ? y"


def test_equal_passages_have_one_digest_and_any_change_another(tmp_path: Path) -> None:
    first = read_passages(written(tmp_path, {"id": "a", "text": "t"})).digest
    assert read_passages(written(tmp_path, '{"text": "t",  "id": "a"}')).digest == first
    assert read_passages(written(tmp_path, {"id": "a", "text": "t", "title": "T"})).digest != first


@pytest.mark.proves("D-BAD-PASSAGES")
def test_a_file_without_a_usable_row_is_refused_with_the_first_reason(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        read_passages(written(tmp_path, "id,text", "a,b"))
    assert caught.value.why == "passages.jsonl:1: left out, it is no JSON"
    with pytest.raises(OutsideError, match="cannot be read"):
        read_rows(tmp_path / "absent.jsonl")
