"""`index build --passages` and `index search NAME --queries`, as somebody with a benchmark runs them."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from tests.support.apps import write_project

from genaiops.cli.main import run

SCHEMA = json.loads((Path(__file__).parents[2] / "schemas" / "index-search-queries.schema.json").read_text())
PASSAGES = (
    {"id": "p1", "title": "Refunds", "text": "A refund takes 14 days.", "product": "shop"},
    {"id": "p2", "title": "Shipping", "text": "Parcels arrive within a week."},
    {"id": "p3", "text": "Support answers by phone."},
)
QUERIES = (
    {"id": "q2", "query": "when do parcels arrive"},
    {"id": "q1", "query": "how long is a refund"},
    {"id": "empty", "query": " "},
    {"id": "said", "query": "how long?", "history": [{"role": "user", "content": "I want a refund"}]},
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GENAIOPS_CONFIG", str(tmp_path / "config"))
    monkeypatch.setenv("GENAIOPS_CACHE", str(tmp_path / "cache"))
    work = tmp_path / "work"
    work.mkdir()
    for name, rows in (("p.jsonl", PASSAGES), ("q.jsonl", QUERIES)):
        (work / name).write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    monkeypatch.chdir(work)
    return work


@pytest.fixture
def project(folder: Path) -> Path:
    return write_project(folder, "", "models: {embed: 'scripted:words'}\nknowledge: {docs: {source: docs}}\n")


def said(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> tuple[str, str]:
    capsys.readouterr()
    assert run(arguments) == status
    captured = capsys.readouterr()
    assert "Traceback" not in captured.err
    return captured.out, captured.err


def hits(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, Any]]:
    out, _ = said(capsys, "index", "search", *arguments, "--json")
    lines = [json.loads(line) for line in out.splitlines()]
    for line in lines:
        jsonschema.validate(line, SCHEMA, cls=jsonschema.Draft202012Validator)
    return lines


def ids(found: dict[str, Any]) -> Sequence[str]:
    return [hit["id"] for hit in found["hits"]]


@pytest.mark.proves("D-BATCH")
@pytest.mark.usefixtures("project")
def test_queries_are_answered_a_line_each_in_their_order(capsys: pytest.CaptureFixture[str]) -> None:
    out, err = said(capsys, "index", "build", "--passages", "p.jsonl", "--name", "bench", "--json")
    assert json.loads(out)["indexes"]["bench"]["passages"] == 3
    assert "index bench 3/3" in err
    found = hits(capsys, "bench", "--queries", "q.jsonl", "-k", "5")
    assert [one["id"] for one in found] == ["q2", "q1", "empty", "said"]
    assert [ids(one)[:1] for one in found[:3]] == [["p2"], ["p1"], []]
    assert set(ids(found[0])) == {"p1", "p2", "p3"}, "k beyond the passages there are returns all"
    scores = [hit["score"] for hit in found[0]["hits"]]
    assert scores == sorted(scores, reverse=True)


@pytest.mark.usefixtures("project")
def test_an_index_of_passages_answers_single_questions_and_shows_in_status(
    capsys: pytest.CaptureFixture[str],
) -> None:
    said(capsys, "index", "build", "--passages", "p.jsonl", "--name", "bench")
    out, _ = said(capsys, "index", "search", "how long is a refund", "--index", "bench", "-k", "1", "--json")
    assert json.loads(out)["passages"][0]["metadata"] == {"product": "shop"}
    out, _ = said(capsys, "index", "search", "bench", "--queries", "q.jsonl", "-k", "1")
    assert out.splitlines()[:2] == ["q2\tp2", "q1\tp1"]
    Path("docs").mkdir()
    Path("docs/a.md").write_text("# A\ntext\n")
    out, _ = said(capsys, "index", "status", "--json")
    assert json.loads(out)["indexes"]["bench"]["source"] == "p.jsonl"


@pytest.mark.proves("D-BAD-QUERIES")
@pytest.mark.usefixtures("project")
def test_rows_that_are_no_queries_are_said_and_left_out(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    said(capsys, "index", "build", "--passages", "p.jsonl", "--name", "bench")
    lines = (
        '{"id": "a"}',
        '{"id": "b", "query": "refund", "history": "x"}',
        '{"id": "c", "query": "refund"}',
    )
    (folder / "bad.jsonl").write_text("\n".join(lines))
    out, err = said(capsys, "index", "search", "bench", "--queries", "bad.jsonl", "--json")
    assert [json.loads(line)["id"] for line in out.splitlines()] == ["c"]
    assert "bad.jsonl:1: left out, it has no `query`" in err
    assert "bad.jsonl:2: left out, its `history` is no list of turns" in err
    (folder / "none.jsonl").write_text("")
    assert "GAO-APP-074" in said(capsys, "index", "search", "bench", "--queries", "none.jsonl", status=2)[1]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("build", "--passages", "p.jsonl", "--name", "../x"), "GAO-APP-070"),
        (("build", "--passages", "p.jsonl", "--name", "docs"), "GAO-APP-071"),
        (("search", "absent", "--queries", "q.jsonl"), "GAO-APP-072"),
        (("build", "--passages", "absent.jsonl", "--name", "x"), "GAO-KNOWLEDGE-040"),
    ],
)
@pytest.mark.usefixtures("project")
def test_what_cannot_be_done_is_refused_by_name(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], code: str
) -> None:
    status = 3 if code == "GAO-KNOWLEDGE-040" else 2
    assert code in said(capsys, "index", *arguments, status=status)[1]


@pytest.mark.usefixtures("folder")
def test_without_a_project_the_default_embedder_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    _, err = said(capsys, "index", "build", "--passages", "p.jsonl", "--name", "bench", status=2)
    assert "genaiops models pull minilm-l6" in err
    assert Path(".genaiops").is_dir()


@pytest.mark.proves("D-BACKENDS-NAMED")
@pytest.mark.usefixtures("project")
def test_an_index_in_lancedb_is_built_asked_and_shown_like_any_other(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    said(capsys, "index", "build", "--passages", "p.jsonl", "--name", "near")
    build = ("index", "build", "--passages", "p.jsonl", "--name", "bench", "--index", "lance", "--json")
    facts = json.loads(said(capsys, *build)[0])["indexes"]["bench"]
    assert facts["recipe"]["backend"] == {"name": "lance", "settings": {"nprobes": 100, "refine": 10}}
    assert json.loads(said(capsys, *build)[0])["indexes"]["bench"] == facts, "it is there"
    ours, default = (hits(capsys, name, "--queries", "q.jsonl", "-k", "2") for name in ("bench", "near"))
    assert ours == default
    (folder / "docs").mkdir(exist_ok=True)
    (folder / "docs" / "a.md").write_text("# Refunds\n\nA refund takes 14 days.\n")
    said(capsys, "index", "build", "docs", "--set", "knowledge.docs.index=lance")
    status, _ = said(capsys, "index", "status", "--set", "knowledge.docs.index=lance", "--json")
    assert json.loads(status)["indexes"]["docs"]["recipe"]["backend"]["name"] == "lance"
    _, err = said(capsys, "index", "build", "docs", "--index", "lance", status=2)
    assert "knowledge.NAME.index" in err
