import json

import pytest
from tests.support.access import LOCAL
from tests.support.endpoint import Say, serving
from tests.unit.arena.test_arena_bom import KINDS
from tests.unit.hub.hub_sample import empty
from typer.testing import CliRunner

from genaiops.arena.lineage_commands import lineage as commands
from genaiops.core import GenaiopsError
from genaiops.hub import Hub


@pytest.fixture
def project(tmp_path, monkeypatch):
    (tmp_path / "genaiops.yaml").write_text("project: x\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GENAIOPS_CONFIG", str(tmp_path / "config"))
    monkeypatch.delenv("OPENLINEAGE_API_KEY", raising=False)
    with empty(tmp_path / ".genaiops") as store:
        hub = Hub(store, KINDS, by=LOCAL)
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


def _fails(*arguments):
    with pytest.raises(GenaiopsError) as caught:
        CliRunner().invoke(commands, arguments, catch_exceptions=False)
    return caught.value


def test_lineage_is_a_tree_that_shows_each_part_once(project):
    tree = _run("lineage", "evidence/qa")
    assert tree.splitlines()[0].startswith("evidence/qa:v1")
    assert "└── index/docs:v1" in tree
    assert "index build" in tree
    assert "index build" not in _run("lineage", "evidence/qa", "--depth", "1")


def test_lineage_as_json_names_every_edge(project):
    found = json.loads(_run("lineage", "evidence/qa", "--json"))
    edges = {(edge["child"].partition("@")[0], edge["parent"].partition("@")[0]) for edge in found["edges"]}
    assert edges == {
        ("evidence/qa:v1", "corpus/docs:v1"),
        ("evidence/qa:v1", "index/docs:v1"),
        ("index/docs:v1", "corpus/docs:v1"),
    }
    down = json.loads(_run("lineage", "corpus/docs:v1", "--down", "--json"))
    assert len(down["edges"]) == 4


@pytest.mark.proves("C-LINEAGE-OPENLINEAGE")
def test_events_are_appended_to_a_file_a_line_each(project):
    for _ in range(2):
        _run("lineage", "evidence/qa", "--openlineage", "events.ndjson")
    events = [json.loads(line) for line in (project / "events.ndjson").read_text().splitlines()]
    assert len(events) == 8
    assert events[:4] == events[4:]


@pytest.mark.proves("C-LINEAGE-HTTP")
def test_events_go_to_the_standards_address_with_the_key_of_the_environment(project, monkeypatch):
    monkeypatch.setenv("OPENLINEAGE_API_KEY", "secret-key")
    with serving(lambda event: Say({}, 201)) as server:
        root = server.url.removesuffix("/answer")
        host = root.removeprefix("http://")
        report = json.loads(
            _run("lineage", "evidence/qa", "--openlineage", root, "--allow-private", host, "--json")
        )
    assert report["events"] == len(server.asked) == 4
    assert [event["eventType"] for event in server.asked].count("COMPLETE") == 2
    assert set(server.keys) == {"Bearer secret-key"}


@pytest.mark.proves("C-LINEAGE-HTTP")
def test_a_private_address_is_refused_unless_it_is_allowed(project):
    with serving() as server:
        error = _fails("lineage", "evidence/qa", "--openlineage", server.url)
    assert error.code == "GAO-NET-002"
    assert server.asked == []


@pytest.mark.proves("C-BAD-LINEAGE-SERVER")
def test_a_server_that_refuses_an_event_ends_the_sending_and_says_how_many_it_took(project):
    def once(event):
        return Say({}, 201) if len(server.asked) == 1 else Say("no such\x1b[31m tenant", 403)

    with serving(once) as server:
        host = server.url.removeprefix("http://").removesuffix("/answer")
        error = _fails("lineage", "evidence/qa", "--openlineage", server.url, "--allow-private", host)
    assert error.code == "GAO-ARENA-384"
    assert "1 of 4 events" in error.why
    assert "\x1b" not in error.why


def test_impact_as_json_groups_what_rests_on_a_version_by_kind(project):
    found = json.loads(_run("impact", "corpus/docs:v1", "--json"))
    assert list(found["affected"]) == ["corpus", "index", "evidence"]
