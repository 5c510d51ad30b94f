"""`genaiops hub push, pull, describe, export, import, prune`, as they are composed for people."""

import json
from pathlib import Path

import jsonschema_rs
import pytest
from tests.unit.hub.contents_sample import PROMPT, row, write
from typer.testing import CliRunner

from genaiops.cli.hub import hub as commands

SCHEMAS = Path(__file__).resolve().parents[3] / "schemas"


@pytest.fixture
def project(tmp_path, monkeypatch):
    (tmp_path / "genaiops.yaml").write_text("project: x\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments):
    result = CliRunner().invoke(commands, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def as_json(schema, *arguments):
    """Return a command's JSON document, which must be what its committed schema says, and no more."""
    value = json.loads(run(*arguments, "--json"))
    promised = json.loads((SCHEMAS / f"{schema}.schema.json").read_text())
    jsonschema_rs.validate(promised, value)
    assert set(value) == set(promised["properties"])
    return value


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


@pytest.mark.proves("C-HUB-JSON")
def test_what_the_commands_print_as_json_is_what_the_committed_schemas_say(project):
    first = str(write(project / "a", a__txt="one"))
    assert as_json("hub_push", "push", "blob/a", first)["new"] is True
    run("push", "blob/a", str(write(project / "a", a__txt="two")), "--label", "team=x")
    assert as_json("hub_version", "describe", "blob/a", "--owner", "ann")["described"] == {"owner": "ann"}
    assert as_json("hub_pull", "pull", "blob/a", "out")["files"] == [str(project / "out" / "a.txt")]
    assert as_json("hub_export", "export", "--all", "--to", "all.tar")["versions"] == 2
    for option, became in ((("--dry-run",), "checked"), ((), "unchanged")):
        found = as_json("hub_import", "import", "all.tar", *option)["versions"]
        assert [each["became"] for each in found] == [became] * 2
    assert as_json("hub_diff", "diff", "blob/a:v1", "blob/a:v2")["lines"]
    assert as_json("hub_move", "alias", "blob/a", "prod", "blob/a:v2")["action"] == "move"
    assert len(as_json("hub_log", "log", "blob/a:prod")["moves"]) == 1
    assert as_json("hub_list", "list")["versions"][0]["aliases"] == ["prod"]
    assert as_json("hub_approve", "approve", "blob/a:v2", "--role", "risk")["approval"]["role"] == "risk"
    assert len(as_json("hub_show", "show", "blob/a:v2")["standing"]["approvals"]) == 1
    assert as_json("hub_version", "deprecate", "blob/a:v1", "--why", "old")["deprecated"]["reason"] == "old"
    pruned = as_json("hub_prune", "prune", "--keep", "1", "--older-than", "0", "--yes")
    assert (pruned["removed"], len(pruned["versions"])) == (True, 1)


@pytest.mark.proves("C-HUB-PUSH", "C-HUB-DIFF")
def test_a_blueprint_is_a_project_to_start_from(project):
    folder = write(project / "starter", genaiops__yaml="project: x\n", app__py="def answer(q): return q\n")
    run("push", "blueprint/starter", str(folder))
    write(folder, app__py="def answer(q): return q.upper()\n")
    run("push", "blueprint/starter", str(folder))
    assert "app.py" in run("diff", "blueprint/starter:v1", "blueprint/starter:v2")
    (folder / "genaiops.yaml").unlink()
    refused = CliRunner().invoke(commands, ["push", "blueprint/starter", str(folder)])
    assert refused.exception.code == "GAO-BLUEPRINTS-030"
