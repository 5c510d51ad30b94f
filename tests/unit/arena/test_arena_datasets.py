"""Datasets: a file is read whole and unambiguously, or one error names the line."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genaiops.arena.datasets import dataset_digest, read_cases
from genaiops.core import Case, OutsideError, UserError, decode, encode

GOOD = '{"id": "a", "inputs": {"q": "?"}, "tags": {"document": "d1"}}'


def write(tmp_path: Path, *lines: str | bytes) -> Path:
    file = tmp_path / "qa.jsonl"
    file.write_bytes(b"\n".join(line if isinstance(line, bytes) else line.encode() for line in lines))
    return file


def test_a_row_becomes_a_case_with_the_cluster_that_its_suite_names(tmp_path: Path) -> None:
    file = write(
        tmp_path,
        '{"id": "a", "inputs": {"q": "?"}, "expected": {"answers": ["x"]}, "tags": {"document": "d"}}',
        "",
        '{"id": "b", "inputs": {}, "tags": {"document": 7}}\r',
    )
    cases, digest = read_cases(file, cluster="tags.document")
    assert [(case.id, case.cluster) for case in cases] == [("a", "d"), ("b", "7")]
    assert cases[0].expected == {"answers": ["x"]}
    assert digest == dataset_digest(cases)


def test_a_rows_own_cluster_is_used_where_the_suite_names_none(tmp_path: Path) -> None:
    file = write(tmp_path, '{"id": "a", "inputs": {}, "cluster": "c"}', '{"id": "b", "inputs": {}}')
    cases, _ = read_cases(file, cluster_missing="own")
    assert [case.cluster for case in cases] == ["c", "own:b"]


def test_the_digest_reads_the_cases_not_the_file(tmp_path: Path) -> None:
    second = '{"id": "b", "inputs": {"n": 1.0}, "tags": {"document": "d2"}}'
    one = read_cases(write(tmp_path, GOOD, second), cluster="tags.document")[1]
    shuffled = '{ "tags": {"document":"d2"}, "inputs": {"n": 1},  "id": "b"}'
    assert read_cases(write(tmp_path, shuffled, GOOD), cluster="tags.document")[1] == one
    assert read_cases(write(tmp_path, GOOD), cluster="tags.document")[1] != one
    other_clusters = read_cases(write(tmp_path, GOOD, second), cluster_missing="own")[1]
    assert other_clusters != one


def test_the_cases_of_a_bundle_have_the_digest_of_the_dataset(tmp_path: Path) -> None:
    row = '{"id": "a", "inputs": {"q": "ä", "n": [1, 2.5]}, "tags": {"t": true, "x": 2}, "cluster": "c"}'
    cases, digest = read_cases(write(tmp_path, row))
    again = [decode(Case, json.loads(json.dumps(encode(case)))) for case in cases]
    assert dataset_digest(again) == digest


@pytest.mark.proves("A-BAD-ROW-JSON", "A-BAD-ROW-KEY", "A-BAD-ROW-CLUSTER")
@pytest.mark.parametrize(
    ("line", "code", "words"),
    [
        ("{", "GAO-ARENA-103", "not JSON"),
        ("[1]", "GAO-ARENA-103", "not an object"),
        (b'{"id": "\xff"}', "GAO-ARENA-103", "not UTF-8"),
        ('{"id": "b", "id": "c", "inputs": {}}', "GAO-ARENA-103", "not JSON"),
        ('{"id": "b", "inputs": {"x": {"y": 1, "y": 2}}}', "GAO-ARENA-103", "not JSON"),
        ('{"id": "b", "inputs": {"x": NaN}}', "GAO-ARENA-103", "not JSON"),
        ('{"id": "b", "inputs": {"x": 1e999}}', "GAO-ARENA-103", "no canonical JSON"),
        ('{"id": "b", "inputs": {"x": 12345678901234567890}}', "GAO-ARENA-103", "no canonical JSON"),
        ('{"id": "b", "inputs": {}, "tags": {"document": 1' + "0" * 400 + "}}", "GAO-ARENA-103", "canonical"),
        ('{"id": "b", "inputs": {"x": "\\ud800"}}', "GAO-ARENA-103", "no canonical JSON"),
        ("[" * 100_000, "GAO-ARENA-103", "not JSON"),
        ('{"inputs": {}}', "GAO-ARENA-105", "lacks 'id'"),
        ('{"id": "b"}', "GAO-ARENA-105", "lacks 'inputs'"),
        ('{"id": 3, "inputs": {}}', "GAO-ARENA-105", "'id' is 3"),
        ('{"id": " ", "inputs": {}}', "GAO-ARENA-105", "'id' is ' '"),
        ('{"id": "b", "inputs": "q"}', "GAO-ARENA-105", "'inputs' is 'q'"),
        ('{"id": "b", "inputs": {}, "expected": []}', "GAO-ARENA-105", "'expected' is []"),
        ('{"id": "b", "inputs": {}, "tags": {"t": []}}', "GAO-ARENA-105", "'tags.t' is []"),
        (
            '{"id": "b", "inputs": {}, "attachments": [{"digest": "x"}]}',
            "GAO-ARENA-105",
            "not a BlobRef: size",
        ),
        ('{"id": "b", "inputs": {}, "expect": {}}', "GAO-ARENA-105", "unknown key 'expect'"),
        ('{"id": "b", "inputs": {}}', "GAO-ARENA-107", "lacks its cluster, 'tags.document'"),
        ('{"id": "b", "inputs": {}, "tags": {"document": ""}}', "GAO-ARENA-107", "lacks its cluster"),
        (GOOD, "GAO-ARENA-104", "the id 'a' stands twice"),
    ],
)
def test_a_wrong_row_is_named_by_file_and_line(
    tmp_path: Path, line: str | bytes, code: str, words: str
) -> None:
    file = write(tmp_path, GOOD, line)
    with pytest.raises(UserError) as caught:
        read_cases(file, cluster="tags.document")
    error = caught.value
    assert (error.code, error.where) == (code, f"{file}:2")
    assert words in error.what or words in str(error)
    assert error.fix
    str(error).encode()


@pytest.mark.proves("A-BAD-ROW-REPEATED")
def test_an_id_that_stands_twice_names_both_lines(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        read_cases(write(tmp_path, GOOD, "", GOOD), cluster="tags.document")
    assert caught.value.where.endswith(":3")
    assert "line 1" in caught.value.why


@pytest.mark.proves("A-BAD-DATASET-EMPTY")
@pytest.mark.parametrize(("content", "code"), [(b"", "106"), (b"\n \n", "106"), (b"\xef\xbb\xbf{}", "103")])
def test_a_file_without_rows_or_with_a_mark_is_refused(tmp_path: Path, content: bytes, code: str) -> None:
    with pytest.raises(UserError) as caught:
        read_cases(write(tmp_path, content))
    assert caught.value.code == f"GAO-ARENA-{code}"


def test_a_dataset_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        read_cases(tmp_path / "none.jsonl")
    assert caught.value.code == "GAO-ARENA-101"
    with pytest.raises(UserError):
        read_cases(tmp_path)
    with pytest.raises(OutsideError):
        read_cases(tmp_path / ("x" * 5_000))


@given(st.binary(max_size=80))
@settings(max_examples=150, deadline=None)
def test_no_bytes_give_anything_but_cases_or_a_users_error(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    file = tmp_path_factory.mktemp("data") / "x.jsonl"
    file.write_bytes(content)
    with pytest.raises(UserError):  # no such bytes are a dataset by chance
        read_cases(file)
