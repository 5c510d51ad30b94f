"""The commands that decide: what they print, and what they say to mistakes."""

import json
import os
import re
from datetime import UTC, datetime, timedelta

import pytest
from tests.unit.hub.hub_sample import ANN, BEN, RITA, Place, key_of, opened
from typer.testing import CliRunner

from genaiops.core import GateSaidNo, UserError
from genaiops.hub import Override
from genaiops.hub.commands import hub as commands
from genaiops.store import Store

pytestmark = [pytest.mark.usefixtures("each_store"), pytest.mark.thorough]

POLICY = "require:\n  app:\n    prod: {risk: approvals.risk >= 1, four eyes: author_is_approver == 0}\n"


@pytest.fixture
def project(tmp_path, monkeypatch):
    (tmp_path / "genaiops.yaml").write_text("project: x\n")
    (tmp_path / "policy.yaml").write_text(POLICY)
    monkeypatch.chdir(tmp_path)
    with opened(tmp_path / ".genaiops") as store:
        place = Place(store)
        for who in (ANN, BEN, RITA):
            monkeypatch.setenv(f"KEY_OF_{who.id}", key_of(store, who))
        monkeypatch.setenv("GENAIOPS_HUB_KEY", os.environ[f"KEY_OF_{ANN.id}"])
        for number in (1, 2):
            place.hub.publish("app", "bot", {"n": number}, labels={"team": f"t{number}"})
    return tmp_path


def _run(*arguments, by=ANN):
    env = {"GENAIOPS_HUB_KEY": os.environ[f"KEY_OF_{by.id}"]}
    result = CliRunner().invoke(commands, arguments, catch_exceptions=False, env=env)
    assert result.exit_code == 0, result.output
    return result.stdout


def _refused(*arguments):
    with pytest.raises((UserError, GateSaidNo)) as caught:
        CliRunner().invoke(commands, arguments, catch_exceptions=False)
    return caught.value


@pytest.mark.proves("C-HUB-ALIAS", "C-HUB-HISTORY")
def test_alias_log_and_rollback_tell_who_moved_what_and_why(project):
    assert "not set -> app/bot:v1  by user:ann: try it" in _run(
        "alias", "app/bot", "prod", "app/bot:v1", "--why", "try it"
    )
    assert "v1 -> app/bot:v2  by user:ben" in _run("promote", "app/bot:v2", "prod", by=BEN)
    assert "v2 -> app/bot:v1  by user:ann  rollback: wrong" in _run(
        "rollback", "app/bot:prod", "--why", "wrong"
    )
    lines = _run("log", "app/bot:prod").splitlines()
    assert [line.split()[0] for line in lines] == ["#3", "#2", "#1"]
    assert _run("log", "app/bot:prod", "--limit", "1").splitlines() == lines[:1]
    shown = _run("show", "app/bot:prod")
    assert "published" in shown
    assert re.search(r"alias prod since \S+, by user:ann: wrong", shown)
    assert re.search(r"app/bot:v1 .* \[prod\]", _run("list", "--label", "team=t1"))


@pytest.mark.proves("C-HUB-HISTORY")
def test_log_at_says_what_was_live_then(project):
    _run("alias", "app/bot", "prod", "app/bot:v1")
    assert "was not set then" in _run("log", "app/bot:prod", "--at", "2001-01-01")
    assert "app/bot:v1" in _run("log", "app/bot:prod", "--at", "2999-01-01T00:00Z")
    [move] = json.loads(_run("log", "app/bot:prod", "--at", "2999-01-01", "--json"))["moves"]
    assert move["to_version"]["number"] == 1
    assert move["by"] == "user:ann"
    assert _refused("log", "app/bot:prod", "--at", "yesterday").code == "GAO-HUB-031"
    assert _refused("log", "--at", "2001-01-01").code == "GAO-HUB-025"


@pytest.mark.proves("C-HUB-SWAP")
def test_from_says_what_the_caller_saw(project):
    _run("alias", "app/bot", "prod", "app/bot:v1", "--from", "none")
    assert _refused("alias", "app/bot", "prod", "app/bot:v2", "--from", "none").code == "GAO-HUB-022"
    assert _refused("alias", "app/bot", "prod", "app/bot:v2", "--from", "app/bot:v2").code == "GAO-HUB-022"
    _run("alias", "app/bot", "prod", "app/bot:v2", "--from", "app/bot:v1")


@pytest.mark.proves("C-HUB-POLICY", "C-HUB-FOUR-EYES")
def test_neither_promote_nor_alias_goes_past_a_policy(project):
    assert "not set -> policy/default:v1  by user:ann: four eyes" in _run(
        "policy", "policy.yaml", "--why", "four eyes"
    )
    for words in (["promote", "app/bot:v1", "prod"], ["alias", "app/bot", "prod", "app/bot:v1"]):
        assert _refused(*words).code == "GAO-HUB-027"
    assert "user:rita approves app/bot:v1@sha256:" in _run("approve", "app/bot:v1", "--role", "risk", by=RITA)
    assert "2 of 2 conditions held" in _run("promote", "app/bot:v1", "prod")
    assert "as risk by user:rita" in _run("show", "app/bot:v1")
    assert "no longer" in _run("approve", "app/bot:v1", "--role", "risk", "--withdraw", by=RITA)


@pytest.mark.proves("C-HUB-OVERRIDE")
def test_an_override_is_loud_when_it_is_made(project):
    _run("policy", "policy.yaml")
    until = (datetime.now(UTC) + timedelta(hours=2)).isoformat()
    words = ["promote", "app/bot:v1", "prod", "--override", "--reason", "prod is down", "--ticket", "OPS-7"]
    result = CliRunner().invoke(commands, [*words, "--expires", until], catch_exceptions=False)
    assert "OVERRIDE on ticket OPS-7, expires" in result.stdout
    assert "OVERRIDE: prod moved although the policy says no" in result.stderr
    assert "[prod: OVERRIDE]" in _run("list", "--label", "team=t1")


@pytest.mark.proves("C-HUB-OVERRIDE")
def test_an_override_whose_time_is_over_is_shown_as_expired(project):
    _run("policy", "policy.yaml")
    with Store.open(project / ".genaiops") as store:
        place = Place(store)  # its clock stands in the past
        override = Override(ticket="OPS-7", expires=place.clock() + timedelta(hours=6))
        place.governance.move("app/bot", "prod", "app/bot:v1", why="down", read=None, override=override)
        [move] = place.governance.history("app/bot:prod")
    told = _run("log", "app/bot:prod")
    assert f"OVERRIDE on ticket OPS-7, EXPIRED {move.expires}" in told
    assert "risk: approvals.risk >= 1 does not hold (approvals.risk = 0)" in told
    assert "[prod: OVERRIDE EXPIRED]" in _run("list", "--label", "team=t1")
    assert "alias prod: OVERRIDE EXPIRED" in _run("show", "app/bot:prod")


@pytest.mark.proves("C-BAD-OVERRIDE")
@pytest.mark.parametrize(
    "more",
    [
        ["--override", "--why", "x", "--ticket", "T"],
        ["--override", "--why", "x", "--ticket", "T", "--expires", "2001-01-01"],
        ["--override", "--why", "x", "--ticket", "T", "--expires", "2999-01-01"],
        ["--ticket", "T"],
        ["--expires", "2999-01-01"],
    ],
)
def test_an_override_says_until_when_and_what_belongs_to_it_stands_with_it(project, more):
    assert _refused("promote", "app/bot:v1", "prod", *more).code == "GAO-HUB-028"


@pytest.mark.proves("C-HUB-DEPRECATE")
def test_deprecation_is_shown_and_says_which_aliases_still_point_there(project):
    _run("alias", "app/bot", "prod", "app/bot:v1")
    words = ["deprecate", "app/bot:v1", "--why", "wrong prices", "--successor", "app/bot:v2"]
    result = CliRunner().invoke(commands, words, catch_exceptions=False)
    assert "these aliases still point at it: prod" in result.stderr
    assert _run("list", "--label", "team=t1").rstrip().endswith("DEPRECATED")
    assert re.search(r"DEPRECATED \S+ by user:ann: wrong prices; use app/bot:v2", _run("show", "app/bot:v1"))
    assert json.loads(_run("show", "app/bot:v1", "--json"))["deprecated"]["successor"] == "app/bot:v2"


@pytest.mark.proves("C-HUB-SEARCH")
def test_list_searches_words_and_labels(project):
    assert _run("list", "--search", "t2").split()[0] == "app/bot:v2"
    assert "nothing here fits" in _run("list", "--search", "elephant")
    [found] = json.loads(_run("list", "--label", "team=t1", "--json"))["versions"]
    assert (found["number"], found["aliases"]) == (1, [])
    assert _refused("list", "--label", "team").code == "GAO-HUB-034"


@pytest.mark.proves("C-BAD-POLICY")
def test_a_policy_that_cannot_be_read_is_refused(project):
    assert _refused("policy", "nothing.yaml").code == "GAO-HUB-042"
    (project / "bad.yaml").write_text("require: {app: {prod: {a: evidence.passed == 1}}}")
    assert _refused("policy", "bad.yaml").code == "GAO-HUB-041"
    assert json.loads(_run("list", "--kind", "policy", "--json")) == {"versions": []}


def test_no_control_sequence_of_anybodys_reason_reaches_the_terminal(project):
    told = _run("alias", "app/bot", "prod", "app/bot:v1", "--why", "\x1b[31mred\nand more")
    assert "by user:ann: red and more" in told
    assert "\x1b" not in told + _run("log", "app/bot:prod") + _run("show", "app/bot:prod")
