"""Rows of people that are pushed by hand: sealed before anything is kept, erased like those of a run."""

import json
from pathlib import Path

import pytest
from tests.support.access import everything_on_disk
from typer.testing import CliRunner

from genaiops.cli import open_hub
from genaiops.cli.hub import hub as commands
from genaiops.core import FileContent, UserError, digest_bytes
from genaiops.hub.bodies import NewPush
from genaiops.hub.contents import routes
from genaiops.hub.contents.reading import entry_of
from genaiops.store import Store

pytestmark = [pytest.mark.usefixtures("each_store"), pytest.mark.thorough]

WORD, SAID = "Zanzipurr", "Atlantis"
PEOPLE = ("anna", "anna", "ben", "cleo")


@pytest.fixture
def project(tmp_path, monkeypatch):
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "genaiops.yaml").write_text("project: x\n")
    monkeypatch.chdir(tmp_path / "project")
    monkeypatch.setenv("GENAIOPS_CONFIG", str(tmp_path / "config"))
    return tmp_path / "project"


def run(*arguments: str) -> str:
    result = CliRunner().invoke(commands, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def refused(*arguments: str) -> UserError:
    error = CliRunner().invoke(commands, arguments).exception
    assert isinstance(error, UserError), error
    return error


def person(name: str) -> str:
    return f"{name}@example.org"


def lines(rows: list[dict[str, object]]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def dataset(folder: Path, word: str = WORD) -> str:
    """Write rows of three people outside of the project; return the path."""
    rows: list[dict[str, object]] = [
        {
            "id": f"q{number}",
            "inputs": {"question": f"{number}? {word}"},
            "expected": {"answers": [SAID]},
            "tags": {"customer": person(name), "age": 40},
        }
        for number, name in enumerate(PEOPLE)
    ]
    (folder.parent / "rows.jsonl").write_text(lines(rows))
    return str(folder.parent / "rows.jsonl")


def recording(folder: Path) -> str:
    """Write outputs for three people outside of the project; return the path."""
    rows: list[dict[str, object]] = [
        {"case": f"q{number}", "output": {"text": f"{SAID} {number}", "data": {"customer": person(name)}}}
        for number, name in enumerate(PEOPLE)
    ]
    (folder.parent / "outputs.jsonl").write_text(lines(rows))
    return str(folder.parent / "outputs.jsonl")


def push(folder: Path, *more: str, word: str = WORD) -> str:
    return run("push", "dataset/qa", dataset(folder, word), "--subject-field", "tags.customer", *more)


def push_recording(folder: Path, *more: str) -> str:
    return run("push", "recording/said", recording(folder), "--subject-field", "output.data.customer", *more)


def erase(name: str) -> str:
    return run("erase", person(name), "--reason", "they asked", "--ticket", "PRIV-1", "--yes")


def kept(folder: Path) -> bytes:
    """Return every byte of the store, wherever tables and blobs are."""
    with Store.open(folder / ".genaiops") as store:
        blobs = [store.blobs.chunks(digest) for digest, _, _ in store.blobs.kept()]
        content = b"".join(piece for each in blobs for piece in each)
    return content + everything_on_disk(folder / ".genaiops")


def read(file: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in Path(file).read_text().splitlines()]


@pytest.mark.proves("C-ERASE-PUSHED")
def test_neither_people_nor_their_rows_and_outputs_are_kept_in_clear(project):
    assert push(project).endswith("  new\n")
    assert push_recording(project).endswith("  new\n")
    content = kept(project)
    assert b"q1" in content, "ids are kept in clear"
    for word in (WORD, SAID, "example.org"):
        assert word.encode() not in content
    assert "sensitivity personal" in run("show", "dataset/qa")
    run("describe", "dataset/qa", "--sensitivity", "confidential")
    push(project, word="Mandalay")
    assert "sensitivity confidential" in run("show", "dataset/qa:v2"), "what was said of it stays"


@pytest.mark.proves("C-ERASE-PUSHED")
def test_whoever_has_the_keys_pulls_the_rows_as_they_were(project):
    push(project)
    push_recording(project)
    run("pull", "dataset/qa", "out")
    run("pull", "recording/said", "out")
    assert read("out/rows.jsonl") == read(dataset(project))
    assert read("out/outputs.jsonl") == read(recording(project))
    again = run("push", "dataset/qa", "out/rows.jsonl", "--subject-field", "tags.customer")
    assert again.endswith("  unchanged\n")
    again = run("push", "recording/said", "out/outputs.jsonl", "--subject-field", "output.data.customer")
    assert again.endswith("  unchanged\n")


@pytest.mark.proves("C-ERASE-PUSHED", "C-ERASE-COMMAND")
def test_after_an_erasure_pull_and_diff_say_which_rows_are_gone(project):
    push(project)
    push(project, word="Mandalay")
    push_recording(project)
    told = erase("anna")
    for one in ("dataset/qa:v1", "dataset/qa:v2", "recording/said:v1"):
        assert one in told
    run("pull", "dataset/qa:v1", "out")
    assert [row["id"] for row in read("out/rows.jsonl")] == ["q2", "q3"]
    assert [row["id"] for row in read("out/not-opened.jsonl")] == ["q0", "q1"]
    run("pull", "recording/said", "said")
    assert [row["case"] for row in read("said/outputs.jsonl")] == ["q2", "q3"]
    compared = run("diff", "dataset/qa:v1", "dataset/qa:v2").splitlines()
    assert compared[0] == "rows: 4 -> 4 (0 removed, 0 added, 4 changed)"
    assert {"~ q0 (sealed)", "~ q2 (inputs.question)"} <= set(compared)
    assert compared[-2:] == [
        "the first: rows erased (2 of 4 rows)",
        "the second: rows erased (2 of 4 rows)",
    ]


@pytest.mark.proves("C-ERASE-TOMBSTONE")
def test_rows_of_an_erased_person_are_left_out_of_what_is_pushed_next(project):
    push(project)
    erase("anna")
    pushed = json.loads(push(project, "--json"))
    assert (pushed["new"], pushed["left_out"]) == (True, 2)
    assert pushed["version"]["manifest"]["cases"] == 2
    erase("ben")
    erase("cleo")
    error = refused("push", "dataset/qa", dataset(project), "--subject-field", "tags.customer")
    assert "every row belongs to somebody who was erased" in error.what


@pytest.mark.proves("C-ERASE-REFUSED")
def test_what_would_keep_rows_of_people_in_clear_is_refused_when_it_is_pushed(project):
    push(project)
    file, said = dataset(project), recording(project)
    assert refused("push", "dataset/qa", file).code == "GAO-HUB-091"
    assert refused("push", "blob/qa", file, "--subject-field", "tags.customer").code == "GAO-HUB-090"
    for arguments, what in (
        (("dataset/other", file, "--subject-field", "tags.name"), "has nobody at tags.name"),
        (("dataset/other", file, said, "--subject-field", "tags.customer"), "come in one file"),
        (("recording/said", said, "--subject-field", "case"), "is no place in an output"),
        (("recording/said", said, "--subject-field", "output.data.name"), "has nobody at output.data.name"),
    ):
        assert what in refused("push", *arguments).what
    assert WORD.encode() not in kept(project)


@pytest.mark.proves("C-ERASE-REFUSED")
def test_a_manifest_that_says_sealed_of_nothing_seals_nothing(project):
    push(project)
    clear = Path(dataset(project))
    entry = entry_of(clear.name, clear)
    with open_hub(project) as hub:
        said = {**hub.get("dataset/qa").manifest, "sealed": None}
        body = NewPush(target="dataset/qa", files=[entry], manifest=said)
        hub.transport.send(FileContent(clear), routes.upload, digest=entry.digest, target="dataset/qa")
        with pytest.raises(UserError, match="GAO-HUB-091"):
            hub.transport.ask(routes.push, body=body)


@pytest.mark.proves("C-ERASE-REFUSED")
def test_boxes_that_are_none_are_refused_and_no_version_is_there(project):
    (project / "boxes").write_text("no box\n")
    digests = {name: digest_bytes((project / name).read_bytes()) for name in ("boxes", "genaiops.yaml")}
    said = {
        "digest": digests["boxes"],
        "cases": 1,
        "rows": digests["genaiops.yaml"],
        "sealed": digests["boxes"],
    }
    (project / "said.json").write_text(json.dumps(said))
    refused("push", "dataset/made-up", "boxes", "genaiops.yaml", "--manifest", "said.json")
    assert json.loads(run("list", "--json"))["versions"] == []


@pytest.mark.proves("C-ERASE-PUSHED")
def test_another_hub_that_has_no_keys_reads_what_was_in_clear_and_says_so(project, tmp_path, monkeypatch):
    push(project)
    run("export", "--all", "--to", "all.tar")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "genaiops.yaml").write_text("project: y\n")
    monkeypatch.chdir(tmp_path / "other")
    monkeypatch.setenv("GENAIOPS_CONFIG", str(tmp_path / "other" / "config"))
    for name in ("GENAIOPS_DATABASE", "GENAIOPS_BLOBS"):
        monkeypatch.delenv(name, raising=False)
    run("import", str(project / "all.tar"))
    run("pull", "dataset/qa", "out")
    assert read("out/rows.jsonl") == []
    assert [set(row) for row in read("out/not-opened.jsonl")] == [{"id", "sealed", "subject"}] * 4
