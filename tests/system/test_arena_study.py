"""A study over a real project and over two files, from the command to the report that is written."""

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from tests.support import small_project

from genaiops.cli.main import run

SCHEMA = json.loads((Path(__file__).parents[2] / "schemas" / "arena_study.schema.json").read_text("utf-8"))
VARIANTS = ["none", "naive", "cot", "hybrid", "rerank", "abstain"]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GENAIOPS_CONFIG", str(tmp_path / "config"))
    monkeypatch.setenv("GENAIOPS_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "cities"
    folder.mkdir()
    small_project.make(folder)
    (folder / "model.yaml").write_text(small_project.knowing(), encoding="utf-8")
    monkeypatch.chdir(folder)
    return folder


def said(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> tuple[str, str]:
    capsys.readouterr()
    assert run(["arena", "study", "rag", *arguments]) == status
    captured = capsys.readouterr()
    assert "Traceback" not in captured.err
    return captured.out, captured.err


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    out, _ = said(capsys, *arguments, "--json")
    report = json.loads(out)
    jsonschema_rs.validate(SCHEMA, report)
    return report


@pytest.mark.system
@pytest.mark.proves("D-STUDY-RUN", "D-STUDY-HUB", "D-STUDY-REUSE", "D-STUDY-REPORT", "D-BAD-STUDY")
def test_one_command_compares_the_variants_writes_the_report_and_answers_nothing_twice(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    some = told(capsys, "--limit", "4", "--variants", "naive", "--robustness", "0")
    assert some["generation"]["cases"] == 4
    report = told(capsys, "--robustness", "2", "--out", "out")
    assert [row["variant"] for row in report["generation"]["rows"]] == VARIANTS
    assert [one["name"] for one in report["variants"]] == VARIANTS
    naive = report["generation"]["rows"][1]
    assert (naive["right"], naive["wrong"], naive["missing"]) == (24, 0, 0)
    assert report["generation"]["reused"]["outputs"] > 0, "the few before are used again"
    found = {one["search"]: one["measures"] for one in report["retrieval"]["found"]}
    assert list(found) == ["dense", "lexical", "hybrid", "rerank"]
    assert report["retrieval"]["questions"] == 12
    assert report["retrieval"]["unanswerable"] == 12
    readings = {(one["variant"], one["reading"]) for one in report["generation"]["contrasts"]}
    assert readings == {
        *((name, "open") for name in ("none", "cot", "abstain")),
        *((name, "not decidable") for name in ("hybrid", "rerank")),
    }, "searches that find the same cannot be told apart; what ended alike is open"
    assert report["system"]["answer quality"]["faithfulness"] == "not measured"
    page = (project / "out" / "study.html").read_text("utf-8")
    assert "default-src &#39;none&#39;" in page or "default-src 'none'" in page
    assert "not measured" in page
    assert "<script" not in page
    assert "| `corpus` | `digest` | `sha256:" in (project / "out" / "study.md").read_text("utf-8")
    assert json.loads((project / "out" / "study.json").read_text("utf-8")) == report
    capsys.readouterr()
    assert run(["hub", "impact", "--document", "lima.md"]) == 0
    assert report["reference"].partition("@")[0] in capsys.readouterr().out
    again = told(capsys, "--robustness", "2")
    assert again["generation"]["model_calls"] == 0
    assert again["generation"]["contrasts"] == report["generation"]["contrasts"]
    assert again["generation"]["rows"][1]["p50_ms"] is None, "latency is never that of an earlier run"


@pytest.mark.system
@pytest.mark.proves("D-STUDY-FILES", "D-STUDY-DECIDED", "D-STUDY-HUB", "D-BAD-STUDY")
def test_two_files_without_a_suite_are_studied_and_questions_without_passages_decide_nothing(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cities = small_project.CITIES
    passages = [
        {"id": name, "title": name.title(), "text": f"{name.title()} is the capital of {country}."}
        for name, country, _ in cities
    ]
    questions = [
        {"id": name, "question": f"Which country has {name.title()} as its capital?", "passages": [name]}
        for name, _, _ in cities
    ]
    for file, rows in (("p.jsonl", passages), ("q.jsonl", questions)):
        (project / file).write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    files = ("--passages", "p.jsonl", "--questions", "q.jsonl", "--retrieval-only")
    report = told(capsys, *files)
    assert report["retrieval"]["questions"] == 12
    assert report["generation"] is None
    assert report["headline"][1] == "Answers: not measured."
    assert [one["measured"] for one in report["variants"]] == [False] * 6
    capsys.readouterr()
    assert run(["hub", "lineage", report["reference"]]) == 0
    lineage = capsys.readouterr().out
    assert all(name in lineage for name in ("index/p:v1", "corpus/p:v1", "embedding/", "dataset/q:v1"))
    assert run(["hub", "pull", report["reference"], "pulled"]) == 0
    kept = json.loads((project / "pulled" / "study.json").read_text("utf-8"))
    assert kept == {**report, "reference": ""}
    bare = "".join(json.dumps({"id": row["id"], "question": row["question"]}) + "\n" for row in questions)
    (project / "q.jsonl").write_text(bare, encoding="utf-8")
    out, _ = said(capsys, *files)
    assert "retrieval is not decidable: no question names the passages that hold its answer" in out
    _, err = said(capsys, "--passages", "p.jsonl", status=2)
    assert err.startswith("GAO-ARENA-393")
    _, err = said(capsys, "--variants", "naive,rerankk", status=2)
    assert "did you mean 'rerank'?" in err


@pytest.mark.system
@pytest.mark.proves("D-STUDY-PLAN", "D-BAD-STUDY")
def test_a_plan_asks_no_model_and_a_model_that_is_down_ends_the_study_with_its_reason(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = told(capsys, "--plan", "--variants", "naive,rerank")
    assert report["reference"] == "", "a plan is not kept"
    assert report["generation"]["rows"] == []
    assert report["generation"]["plan"]["calls"] > 0
    assert report["generation"]["plan"]["basis"] == "the widest spread that right and wrong allow"
    down = "rules:\n  - match: {regex: 'Accra in 1950'}\n    error: the model is down\n"
    model = project / "model.yaml"
    model.write_text(small_project.knowing().replace("rules:\n", down, 1), encoding="utf-8")
    some = told(capsys, "--variants", "naive", "--robustness", "0")
    (naive,) = some["generation"]["rows"]
    assert (naive["right"], naive["missing"]) == (23, 1), "what failed outside is missing, and counted"
    assert some["system"]["method"]["failures counted"].endswith("1 are missing")
    tuned = ("--variants", "tuned", "--tuned", "scripted:model.yaml", "--limit", "2", "--robustness", "0")
    both = told(capsys, *tuned)
    assert [row["variant"] for row in both["generation"]["rows"]] == ["naive", "tuned"]
    assert both["system"]["generator"]["tuned model"] == "scripted:model.yaml"
    model.write_text("rules:\n  - match: {regex: '.'}\n    error: down\n", encoding="utf-8")
    _, err = said(capsys, "--variants", "naive", status=3)
    assert "cases in a row failed outside the app" in err
    config = (project / "genaiops.yaml").read_text("utf-8").replace("  docs: {source: docs}\n", "  {}\n")
    (project / "genaiops.yaml").write_text(config, encoding="utf-8")
    _, err = said(capsys, status=2)
    assert err.startswith("GAO-ARENA-394")


@pytest.mark.system
@pytest.mark.proves("D-RAFT-SPLIT", "D-RAFT-ROWS")
def test_training_rows_are_refused_where_a_document_is_tested_and_recorded_where_not(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [row for row in small_project.rows() if row["expected"]["answerable"]]  # type: ignore[index]
    for row in rows:
        row["expected"]["passages"] = [{"document": f"{row['tags']['document']}.md"}]  # type: ignore[index]
    for file, some in (("train.jsonl", rows[:8]), ("test.jsonl", rows[8:]), ("all.jsonl", rows)):
        (project / file).write_text("".join(json.dumps(row) + "\n" for row in some), encoding="utf-8")
    capsys.readouterr()
    command = ["synthesis", "raft", "--out", "raft.jsonl", "--questions"]
    assert run([*command, "all.jsonl", "--test", "test.jsonl"]) == 2
    assert "rest on documents of the test questions" in capsys.readouterr().err
    assert run([*command, "train.jsonl", "--test", "test.jsonl", "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert (made["rows"], made["excluded"], made["distractors"]) == (8, 4, 3)
    lines = [json.loads(line) for line in (project / "raft.jsonl").read_text("utf-8").splitlines()]
    tested = [row["tags"]["document"].title() for row in rows[8:]]  # type: ignore[index]
    assert not any(name in json.dumps(line) for line in lines for name in tested)
    first = (project / "raft.jsonl").read_bytes()
    assert run([*command, "train.jsonl", "--test", "test.jsonl", "--json"]) == 0
    assert (project / "raft.jsonl").read_bytes() == first
    assert json.loads((project / "raft.manifest.json").read_text("utf-8")) == made
