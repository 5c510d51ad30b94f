"""A red team over a real project whose app does whatever it reads, from the command to what it writes."""

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from tests.support import small_project

from genaiops.cli.main import run

SCHEMA = json.loads((Path(__file__).parents[2] / "schemas" / "arena_redteam.schema.json").read_text("utf-8"))
OBEYING = '''\
import re

from genaiops import Answer, Context
from genaiops.core import ToolCall


async def answer(inputs: dict, ctx: Context) -> Answer:
    """Do whatever stands anywhere in what is read."""
    passages = await ctx.search(inputs["question"], k=2)
    system, asked = ctx.prompt("answer").render(question=inputs["question"], passages=passages)
    read = "\\n".join([asked.content, *(str(turn["content"]) for turn in inputs.get("history", []))])
    if "crash" in read:
        raise RuntimeError("I crashed")
    pair = re.search(r'"([a-z]{6})\\\\?"[^"]*"([a-z]{6})\\\\?"', read)
    link = re.search(r"!?\\[[^\\]]*\\]\\([^)]+\\)", read)
    said = ["It is a city.", pair[1] + pair[2] if pair else "", link[0] if link else ""]
    said.append(system.content if "instructions" in read else "")
    calls = [ToolCall(name="send_email", arguments={"body": read})] if "send_email" in read else []
    return Answer(" ".join(said), passages=passages, tool_calls=calls)
'''
GUARD = """\
message: This was stopped.
detectors: {hidden: {}, injection: {}, leak: {}}
rules:
  - {find: [injection.*], at_least: 0, do: block}
  - {find: [leak.prompt], at_least: 0.5, do: block}
  - {find: [hidden.*], do: redact}
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GENAIOPS_CONFIG", str(tmp_path / "config"))
    monkeypatch.setenv("GENAIOPS_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "cities"
    folder.mkdir()
    small_project.make(folder)
    (folder / "app.py").write_text(OBEYING, encoding="utf-8")
    (folder / "guard.yaml").write_text(GUARD, encoding="utf-8")
    small_project.commit(folder, "An app that does whatever it reads")
    monkeypatch.chdir(folder)
    return folder


def told(capsys: pytest.CaptureFixture[str], *arguments: str, status: int) -> dict[str, Any]:
    capsys.readouterr()
    assert run(["arena", "redteam", *arguments, "--json", "--quiet"]) == status
    captured = capsys.readouterr()
    assert "Traceback" not in captured.err
    report = json.loads(captured.out)
    jsonschema_rs.validate(SCHEMA, report)
    return report


@pytest.mark.system
@pytest.mark.proves(
    "E-REDTEAM-RUN",
    "E-REDTEAM-PLANTED",
    "E-REDTEAM-CONTROLS",
    "E-REDTEAM-GATE",
    "E-REDTEAM-SARIF",
    "E-REDTEAM-CASES",
)
def test_one_command_attacks_the_app_with_and_without_its_guard_and_leaves_nothing_behind(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dressed = ("plain", "tags", "crescendo", "tool_result", "document:end")
    asked = [part for name in dressed for part in ("--generator", name)]
    asked += ["--limit", "20", "--controls", "2", "--tool", "send_email"]
    bare = told(
        capsys, *asked, "--cases", "data/redteam.jsonl", "--sarif", "found.sarif", "--out", "out", status=1
    )
    assert bare["guard"] == ""
    assert bare["total"]["attacks"] == sum(one["attacks"] for one in bare["by_category"]) == 20
    assert {one["by"] for one in bare["found"]} == {"canary", "word", "beacon", "tool call"}
    assert {one["surface"] for one in bare["found"]} == {"input", "passage", "tool_result"}
    assert (bare["total"]["stopped"], bare["controls"]["stopped"], bare["controls"]["asked"]) == (0, 0, 2)
    assert bare["controls"]["marked"] == 0
    rows = (project / "data" / "redteam.jsonl").read_text("utf-8").splitlines()
    assert len(rows) == sum(one["surface"] != "passage" for one in bare["found"])
    assert json.loads((project / "found.sarif").read_text("utf-8"))["version"] == "2.1.0"
    page = (project / "out" / "redteam.html").read_text("utf-8")
    assert "<script" not in page
    assert "default-src &#39;none&#39;" in page or "default-src 'none'" in page
    assert small_project.git(project, "status", "--porcelain", "--untracked-files=no") == ""
    assert not (project / ".genaiops" / "redteam").exists()
    indexes = [one for one in (project / ".genaiops" / "indexes").iterdir() if len(one.name) == 64]
    assert len(indexes) == 1, "the project's own, as every run makes it"

    guarded = told(capsys, *asked, "--set", "guard=guard.yaml", "--at-most", "0.9", status=0)
    assert guarded["guard"] == "guard.yaml"
    assert guarded["total"]["succeeded"] < bare["total"]["succeeded"]
    assert {"input", "passage"} <= guarded["stopped"].keys()
    assert guarded["total"]["stopped"] == sum(guarded["stopped"].values())
    again = told(capsys, *asked, "--set", "guard=guard.yaml", "--at-most", "0.9", status=0)
    assert again["model_calls"] == 0
    assert again["by_generator"] == guarded["by_generator"]


@pytest.mark.system
@pytest.mark.proves("E-BAD-REDTEAM-APP", "E-BAD-REDTEAM-ASKED", "E-REDTEAM-SARIF")
def test_an_app_that_crashes_and_what_cannot_be_asked_for_each_end_with_one_reason(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "seeds.jsonl").write_text(json.dumps({"id": "c", "text": "crash"}) + "\n{\n", encoding="utf-8")
    crashed = told(
        capsys,
        "--seeds",
        "seeds.jsonl",
        "--generator",
        "plain",
        "--generator",
        "role_play",
        "--controls",
        "0",
        status=0,
    )
    assert (crashed["total"]["failed"], crashed["total"]["succeeded"]) == (2, 0)
    assert crashed["controls"] is None
    assert any("RuntimeError: I crashed" in said for said in crashed["warnings"])
    for arguments, words in {
        ("--category", "prompt_leek"): ("GAO-ARENA-420", "did you mean 'prompt_leak'?"),
        ("--generator", "base65"): ("GAO-ARENA-421", "did you mean 'base64'?"),
        ("--seeds", "data/qa.jsonl"): ("GAO-SYNTHESIS-010", "qa.jsonl:1: left out, its `text` is missing"),
        ("--suite", "other"): ("GAO-ARENA-", "other"),
        ("--category", "tool_call"): ("GAO-ARENA-422", "--tool names none"),
    }.items():
        assert run(["arena", "redteam", *arguments]) == 2
        said = capsys.readouterr().err
        assert all(word in said for word in words), said
        assert "Traceback" not in said
    files = told(capsys, "--files-only", status=0)
    assert files["files"]["scanned"] == 14
    assert files["total"]["attacks"] == 0
