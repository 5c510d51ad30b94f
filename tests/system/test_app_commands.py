"""`genaiops ask` and `genaiops index`, as a person runs them in a project."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from tests.support.apps import write_project

from genaiops.cli import open_hub
from genaiops.cli.main import run

SCHEMAS = Path(__file__).parents[2] / "schemas"
MORE = """\
params: {top_k: 2}
models: {chat: 'scripted:answers.yaml', embed: 'scripted:words'}
knowledge: {docs: {source: docs}}
"""
APP = """\
from genaiops import Answer, Context
from genaiops.core import Citation

async def answer(inputs: dict, ctx: Context) -> Answer:
    passages = await ctx.search(inputs["question"], k=ctx.params.top_k)
    reply = await ctx.chat(inputs["question"])
    cited = [Citation(passage=passages[0].id, quote="A refund takes 14 days.")]
    return Answer("\\x1b[31m" + reply.text, passages=passages, citations=cited)
"""
FILES = {
    "answers_yaml": "rules: [{match: refund, text: Refunds take 14 days.}, {match: broken, error: down}]\n",
    "docs__refunds_md": "# Refunds\nA refund takes 14 days.\n",
    "docs__shipping_md": "# Shipping\nParcels arrive within a week.\n",
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GENAIOPS_CONFIG", str(tmp_path / "config"))
    monkeypatch.setenv("GENAIOPS_CACHE", str(tmp_path / "cache"))
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(write_project(tmp_path / "work", APP, MORE, **FILES))
    return tmp_path / "work"


def said(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> tuple[str, str]:
    capsys.readouterr()
    assert run(arguments) == status
    captured = capsys.readouterr()
    assert "Traceback" not in captured.err
    return captured.out, captured.err


def document(capsys: pytest.CaptureFixture[str], arguments: Sequence[str], schema: str) -> Any:
    value = json.loads(said(capsys, *arguments, "--json")[0])
    rules = json.loads((SCHEMAS / schema).read_text(encoding="utf-8"))
    jsonschema_rs.validate(rules, value)
    return value


@pytest.mark.usefixtures("project")
def test_ask_shows_answer_passages_citations_cost_and_trace_without_control_sequences(
    capsys: pytest.CaptureFixture[str],
) -> None:
    out, _ = said(capsys, "ask", "refund how long", "--set", "params.top_k=1")
    assert out.startswith("Refunds take 14 days.\n")
    assert "1. " in out
    assert "2. " not in out
    assert "“A refund takes 14 days.”" in out
    assert "cost unknown" in out
    assert "trace " in out
    assert "\x1b" not in out


@pytest.mark.usefixtures("project")
def test_ask_in_json_validates_and_its_trace_is_kept(capsys: pytest.CaptureFixture[str]) -> None:
    value = document(capsys, ["ask", "refund how long"], "ask.schema.json")
    assert value["output"]["text"] == "\x1b[31mRefunds take 14 days."
    assert value["trace"]["id"] == value["output"]["trace_id"]


@pytest.mark.usefixtures("project")
def test_a_model_that_fails_exits_3_and_an_app_that_fails_exits_2(
    capsys: pytest.CaptureFixture[str], project: Path
) -> None:
    assert "infra_error" in said(capsys, "ask", "broken", status=3)[0]
    (project / "app.py").write_text("def answer(inputs):\n    return 1 / 0\n")
    assert "ZeroDivisionError" in said(capsys, "ask", "refund", status=2)[0]


@pytest.mark.usefixtures("project")
def test_mistakes_exit_2_with_one_message(capsys: pytest.CaptureFixture[str]) -> None:
    assert "'top_k'" in said(capsys, "ask", "q", "--set", "params.topk=1", status=2)[1]
    assert "there is no index 'x'" in said(capsys, "index", "search", "q", "--index", "x", status=2)[1]


@pytest.mark.usefixtures("project")
def test_an_index_is_reported_built_and_searched(capsys: pytest.CaptureFixture[str]) -> None:
    before = document(capsys, ["index", "status"], "index.schema.json")
    assert before["indexes"]["docs"]["built"] is False
    document(capsys, ["index", "build"], "index.schema.json")
    after = document(capsys, ["index", "status"], "index.schema.json")
    assert after["indexes"]["docs"]["built"] is True
    found = document(capsys, ["index", "search", "refund", "-k", "1"], "index-search.schema.json")
    assert [passage["document"] for passage in found["passages"]] == ["refunds.md"]
    assert "refunds" in said(capsys, "index", "search", "refund")[0].lower()


@pytest.mark.proves("D-INDEX-REGISTERED")
@pytest.mark.usefixtures("project")
def test_building_an_index_registers_it_once_with_what_it_was_made_from(
    capsys: pytest.CaptureFixture[str], project: Path
) -> None:
    first = document(capsys, ["index", "build"], "index.schema.json")["indexes"]["docs"]
    assert first["reference"] == "index/docs:v1"
    again = document(capsys, ["index", "build"], "index.schema.json")["indexes"]["docs"]
    assert again["reference"] == "index/docs:v1"
    with open_hub(project) as hub:
        assert {version.short for version in hub.published()} == {
            "corpus/docs:v1",
            "embedding/scripted:v1",
            "index/docs:v1",
        }
        parents = {edge.parent.partition("@")[0] for edge in hub.lineage("index/docs").edges}
        assert parents == {"corpus/docs:v1", "embedding/scripted:v1"}
    (project / "docs" / "refunds.md").write_text("# Refunds\nA refund takes 30 days.\n")
    changed = document(capsys, ["index", "build"], "index.schema.json")["indexes"]["docs"]
    assert changed["reference"] == "index/docs:v2"
    told = said(capsys, "hub", "diff", "corpus/docs:v1", "corpus/docs:v2")[0]
    assert "refunds.md (text)" in told


@pytest.mark.proves("D-INDEX-REGISTERED")
@pytest.mark.usefixtures("project")
def test_an_index_of_passages_is_registered_too(capsys: pytest.CaptureFixture[str], project: Path) -> None:
    rows = [{"id": f"{at}", "title": "T", "text": f"Text {at}."} for at in range(3)]
    for count in (2, 3):
        (project / "p.jsonl").write_text("\n".join(map(json.dumps, rows[:count])))
        built = ["index", "build", "--passages", "p.jsonl", "--name", "Bench_1"]
        made = document(capsys, built, "index.schema.json")["indexes"]["Bench_1"]
        assert made["reference"] == f"index/bench_1:v{count - 1}"
    told = said(capsys, "hub", "diff", "corpus/bench_1:v1", "corpus/bench_1:v2")[0]
    assert "passages: 2 -> 3" in told


@pytest.mark.usefixtures("project")
def test_what_is_said_of_the_embedder_makes_another_index(
    capsys: pytest.CaptureFixture[str], project: Path
) -> None:
    config = (project / "genaiops.yaml").read_text()
    said_of_it = config.replace("'scripted:words'", "{model: 'scripted:words', query_prefix: 'query: '}")
    (project / "genaiops.yaml").write_text(said_of_it)
    assert "query_prefix: query:" in said(capsys, "index", "build", status=2)[1]
    assert (
        "'query_prefix'" in said(capsys, "index", "build", "--set", "models.embed.query_prefx=x", status=2)[1]
    )


def test_outside_a_project_the_way_out_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert "genaiops init" in said(capsys, "ask", "q", status=2)[1]
