"""How two versions of ARENA's kinds differ, and that no other manifest passes for one of them."""

import json
from pathlib import Path

import jsonschema_rs
import pytest
from tests.unit.hub.contents_sample import Shelf, row, write
from tests.unit.hub.hub_sample import opened

from genaiops.arena import KINDS, row_changes
from genaiops.arena import datasets as reading
from genaiops.core import KINDS as ALL
from genaiops.core import UserError, split_lines


@pytest.fixture
def shelf(tmp_path):
    with opened(tmp_path / "store") as store:
        yield Shelf(store)


def pushed(shelf, tmp_path, target, text):
    return shelf.contents.push(target, [write(tmp_path, f__jsonl=text) / "f.jsonl"]).version


@pytest.mark.proves("C-HUB-KINDS")
def test_every_kind_whose_room_exists_has_a_typed_manifest():
    assert set(ALL) - {kind.kind for kind in KINDS} == {"scorecard", "blueprint"}
    for kind in KINDS:
        jsonschema_rs.meta.validate(dict(kind.schema))
        assert kind.schema["additionalProperties"] is False


@pytest.mark.proves("C-HUB-DIFF")
def test_datasets_differ_by_rows_and_the_fields_in_them(shelf, tmp_path):
    pushed(shelf, tmp_path, "dataset/qa", row(1) + row(2) + row(3))
    pushed(shelf, tmp_path, "dataset/qa", row(3) + row(2, answer="no", topic="y") + row(4))
    assert shelf.hub.diff("dataset/qa:v1", "dataset/qa:v2") == [
        "rows: 3 -> 3 (1 removed, 1 added, 1 changed)",
        "- q1",
        "+ q4",
        "~ q2 (expected.answers, tags.topic)",
    ]


@pytest.mark.proves("C-HUB-DIFF")
def test_rows_in_another_order_and_spacing_do_not_differ(shelf, tmp_path):
    pushed(shelf, tmp_path, "dataset/qa", row(1) + row(2))
    pushed(shelf, tmp_path, "dataset/qa", row(2) + "\n" + row(1).replace(": ", ":"))
    assert shelf.hub.diff("dataset/qa:v1", "dataset/qa:v2") == []


@pytest.mark.proves("C-HUB-DIFF")
def test_of_many_changed_rows_the_first_are_named_and_all_are_counted():
    old = [row(number).encode() for number in range(1500)]
    lines = row_changes.diff_rows(old, [], lambda each: str(each["id"]), "rows")
    assert lines[0] == "rows: 1500 -> 0 (1500 removed, 0 added, 0 changed)"
    assert lines[-1] == "… and 500 more"
    assert len(lines) == row_changes.MOST_LINES + 2


@pytest.mark.proves("C-HUB-DIFF")
def test_recordings_differ_by_the_outputs_of_their_cases(shelf, tmp_path):
    pushed(shelf, tmp_path, "recording/r", '{"case": "a", "output": {"text": "x"}}\n')
    pushed(shelf, tmp_path, "recording/r", '{"case": "a", "output": {"text": "y"}, "repeat": 0}\n')
    assert shelf.hub.diff("recording/r:v1", "recording/r:v2")[1] == "~ a repeat 0 (output.text, repeat)"


@pytest.mark.proves("C-HUB-DIFF")
def test_suites_differ_by_dataset_scorers_claims_and_rules(shelf):
    digests = ["sha256:" + letter * 64 for letter in "ab"]
    claim = {"scorer": "answer_f1", "kind": "not_worse", "bound": 0.05}
    gate = {"alpha": 0.05, "claims": [claim], "rules": ["a <= 1"]}
    old = {"dataset_digest": digests[0], "scorers": [{"name": "answer_f1"}], "gate": gate}
    new = {
        "dataset_digest": digests[1],
        "scorers": [{"name": "answer_f1"}, {"name": "latency_ms"}],
        "gate": {"alpha": 0.01, "claims": [{**claim, "bound": 0.02}], "rules": ["a <= 1", "b < 2"]},
    }
    for digest, ruler in zip(digests, (old, new), strict=True):
        shelf.hub.publish("suite", "qa", {"digest": digest, "ruler": ruler})
    assert shelf.hub.diff("suite/qa:v1", "suite/qa:v2") == [
        f"dataset: {digests[0]} -> {digests[1]}",
        '+ scorer {"name": "latency_ms"}',
        '- claim {"bound": 0.05, "kind": "not_worse", "scorer": "answer_f1"}',
        '+ claim {"bound": 0.02, "kind": "not_worse", "scorer": "answer_f1"}',
        '+ rule "b < 2"',
        "~ gate.alpha: 0.05 -> 0.01",
    ]


@pytest.mark.proves("C-HUB-DIFF")
def test_weights_differ_by_files_and_facts(shelf, tmp_path):
    facts = [
        json.dumps({"provider": "local", "model": name, "settings": {"slots": 1}}) for name in ("a", "b")
    ]
    for text, fact in zip(("one", "three"), facts, strict=True):
        folder = write(tmp_path / "w", model__bin=text)
        manifest = write(tmp_path / "m", m__json=fact) / "m.json"
        shelf.contents.push("model/m", [folder], manifest=manifest)
    assert shelf.hub.diff("model/m:v1", "model/m:v2") == ["model: a -> b", "~ model.bin (3 -> 5 bytes)"]


def test_a_pushed_dataset_has_the_digest_that_a_run_gives_its_rows(tmp_path):
    file = write(tmp_path, f__jsonl=row(2) + row(1)) / "f.jsonl"
    digest, number = reading.cases_digest(split_lines([file.read_bytes()], 10_000, "f"), "f")
    assert (digest, number) == (reading.read_cases(file, cluster_missing="own")[1], 2)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "GAO-ARENA-106"),
        (row(1) + row(1), "GAO-ARENA-104"),
        (row(1) + "{", "GAO-ARENA-103"),
        ('{"id": "a"}', "GAO-ARENA-105"),
    ],
)
@pytest.mark.proves("C-BAD-MANIFEST")
def test_a_file_that_is_no_dataset_is_refused_with_its_line(shelf, tmp_path, text, code):
    with pytest.raises(UserError) as caught:
        pushed(shelf, tmp_path, "dataset/qa", text)
    assert (caught.value.code, shelf.hub.list()) == (code, [])


def test_lines_come_whole_however_the_pieces_fall():
    text = b"one\ntwo\n\nthree"
    for size in range(1, len(text) + 1):
        pieces = [text[at : at + size] for at in range(0, len(text), size)]
        assert list(split_lines(pieces, 100, "f")) == [b"one", b"two", b"", b"three"]
    with pytest.raises(UserError) as caught:
        list(split_lines([b"a\n", b"x" * 200], 100, "f"))
    assert (caught.value.code, caught.value.where) == ("GAO-CORE-031", "f:2")


def test_the_committed_schemas_describe_what_is_pushed(shelf, tmp_path):
    version = pushed(shelf, tmp_path, "dataset/qa", row(1))
    schemas = Path(__file__).parents[3] / "schemas"
    schema = json.loads((schemas / "kind_dataset.schema.json").read_text())
    jsonschema_rs.validate(schema, version.manifest)
