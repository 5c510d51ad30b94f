"""`genaiops hub push, pull, describe, export, import, prune`, as they are composed for people."""

import json

import pytest
from tests.unit.hub.contents_sample import PROMPT, row, write
from typer.testing import CliRunner

from genaiops.cli.hub import hub as commands


@pytest.fixture
def project(tmp_path, monkeypatch):
    (tmp_path / "genaiops.yaml").write_text("project: x\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments):
    result = CliRunner().invoke(commands, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.proves("C-HUB-PUSH", "C-HUB-PULL", "C-HUB-DESCRIBE", "C-HUB-DIFF")
def test_a_prompt_is_pushed_described_found_compared_and_pulled(project):
    file = str(write(project / "prompts", answer__md=PROMPT) / "answer.md")
    assert run("push", "prompt/answer", file, "--owner", "support", "--label", "team=x").endswith("  new\n")
    assert run("push", "prompt/answer", file).endswith("  unchanged\n")
    write(project / "prompts", answer__md=PROMPT.replace("brief", "very brief"))
    run("push", "prompt/answer", file, "--alias", "prod", "--sensitivity", "internal")
    assert "+Be very brief." in run("diff", "prompt/answer:v1", "prompt/answer:prod")
    run("describe", "prompt/answer", "--description", "for the shop")
    shown = run("show", "prompt/answer")
    assert "owner support" in shown
    assert "description for the shop" in shown
    found = json.loads(run("list", "--owner", "support", "--sensitivity", "internal", "--json"))
    assert [each["number"] for each in found["versions"]] == [2]
    assert run("list", "--licence", "MIT") == "nothing here fits\n"
    run("pull", "prompt/answer:v1", "out")
    assert "Be brief." in (project / "out" / "answer.md").read_text()


@pytest.mark.proves("C-HUB-MOVE")
def test_a_project_is_exported_checked_and_imported(project, tmp_path, monkeypatch):
    run("push", "dataset/support/qa", str(write(project, qa__jsonl=row(1)) / "qa.jsonl"))
    assert "1 versions, 1 blobs" in run("export", "support", "--to", "support.tar")
    (project / "other").mkdir()
    (project / "other" / "genaiops.yaml").write_text("project: y\n")
    monkeypatch.chdir(project / "other")
    assert run("import", "../support.tar", "--dry-run").endswith("  checked\n")
    assert run("list").startswith("nothing has been published")
    assert run("import", "../support.tar").endswith("  new\n")
    assert "imported" in run("show", "dataset/support/qa")


@pytest.mark.proves("C-HUB-PRUNE")
def test_pruning_removes_nothing_until_somebody_says_yes(project):
    for text in ("one", "two"):
        run("push", "blob/a", str(write(project / "a", a__txt=text)))
    arguments = ("prune", "--keep", "1", "--older-than", "0")
    assert "1 versions" in run(*arguments, "--dry-run")
    refusal = CliRunner().invoke(commands, arguments)
    assert "GAO-HUB-070" in str(refusal.exception)
    run(*arguments, "--yes")
    assert "CONTENT REMOVED" in run("show", "blob/a:v1")
    assert "CONTENT REMOVED" not in run("show", "blob/a:v2")
