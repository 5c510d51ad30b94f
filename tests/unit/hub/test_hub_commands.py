import json

import pytest
from tests.support.access import LOCAL
from tests.unit.hub.hub_sample import empty
from typer.testing import CliRunner

from genaiops.core import KindSpec, UserError
from genaiops.hub import Hub, diff_json
from genaiops.hub.commands import hub as commands

pytestmark = [pytest.mark.usefixtures("each_store"), pytest.mark.thorough]


def _kind(kind):
    return KindSpec(
        kind=kind, schema={"type": "object"}, diff=diff_json, closure=lambda manifest: frozenset()
    )


@pytest.fixture
def project(tmp_path, monkeypatch):
    (tmp_path / "genaiops.yaml").write_text("project: x\n")
    deep = tmp_path / "src"
    deep.mkdir()
    monkeypatch.chdir(deep)
    with empty(tmp_path / ".genaiops") as store:
        hub = Hub(store, [_kind("corpus"), _kind("index"), _kind("evidence")], by=LOCAL)
        corpus = hub.publish("corpus", "docs", {"title": "\x1b[31mred"}, blobs={"a.md": b"text"})
        hub.publish("corpus", "docs", {"title": "new"}, parents=[corpus])
        with hub.activity("index build") as act:
            act.use(corpus)
            index = act.produce("index", "docs", {})
        with hub.activity("arena run") as act:
            act.use(corpus)
            act.use(index)
            act.produce("evidence", "qa", {}, labels={"verdict": "pass"})
    return tmp_path


def _run(*arguments):
    result = CliRunner().invoke(commands, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_list_shows_the_newest_version_of_each_artifact(project):
    lines = _run("list").splitlines()
    assert [line.split()[0] for line in lines] == ["corpus/docs:v2", "evidence/qa:v1", "index/docs:v1"]
    only = json.loads(_run("list", "--kind", "index", "--json"))
    assert [each["name"] for each in only["versions"]] == ["docs"]


def test_an_empty_hub_says_what_fills_it(tmp_path, monkeypatch):
    (tmp_path / "genaiops.yaml").write_text("project: x\n")
    monkeypatch.chdir(tmp_path)
    assert "arena run" in _run("list")
    assert json.loads(_run("list", "--json")) == {"versions": []}


def test_show_prints_the_manifest_and_no_control_sequence(project):
    shown = _run("show", "corpus/docs:v1")
    assert "\x1b" not in shown
    assert "blob a.md: sha256:" in shown
    assert json.loads(_run("show", "corpus/docs:v1", "--json"))["manifest"] == {"title": "\x1b[31mred"}


def test_diff_shows_what_changed(project):
    assert _run("diff", "corpus/docs:v1", "corpus/docs:v2").startswith("~ title:")
    assert "same manifest" in _run("diff", "corpus/docs:v1", "corpus/docs:v1")


def test_log_shows_the_newest_first(project):
    assert _run("log", "--limit", "1").startswith("evidence/qa:v1")


def test_outside_a_project_the_error_is_ours(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError) as caught:
        CliRunner().invoke(commands, ["list"], catch_exceptions=False)
    assert caught.value.code == "GAO-STORE-001"
