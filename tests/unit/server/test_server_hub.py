"""The Hub over HTTP says and does what its commands do, for whoever asks."""

import json
from contextlib import contextmanager

import pytest
from tests.support.access import give
from tests.support.server import code_of, served
from tests.unit.hub.hub_sample import KINDS, key_of
from typer.testing import CliRunner

from genaiops.cli.hub import hub as commands
from genaiops.core import Principal
from genaiops.hub import Hub
from genaiops.hub.routes import ROUTES

ADMIN, BUILDER, RISK, STRANGER = "user:root", "user:anna", "user:bea", "service:ci"
BOT = "app/support/bot"


@contextmanager
def peopled_hub(folder):
    (folder / "genaiops.yaml").write_text("project: x\n")
    with served(folder / ".genaiops") as at:
        for who, role, project in (
            (BUILDER, "builder", "support"),
            (RISK, "risk", "support"),
            (STRANGER, "admin", "finance"),
        ):
            give(at.store, who, role, project)
        hub = Hub(at.store, KINDS, by=Principal(id=BUILDER), clock=at.clock)
        first = hub.publish("app", "bot", {"words": "elephant"}, project="support", labels={"team": "x"})
        hub.publish("app", "bot", {"words": "zebra"}, project="support", parents=[first])
        yield at


@pytest.fixture
def at(tmp_path):
    with peopled_hub(tmp_path) as at:
        yield at


@pytest.fixture(scope="module")
def still(tmp_path_factory):
    """For tests that change nothing; `prod` of the app is there."""
    with peopled_hub(tmp_path_factory.mktemp("still")) as at:
        moved(at)
        yield at


def ask(at, who, path, **query):
    return at.client.get(f"/api/hub/{path}", params=query, headers=at.session(who))


def tell(at, who, path, **body):
    return at.client.post(f"/api/hub/{path}", json=body, headers=at.session(who))


def moved(at, to=1, read=None, who=BUILDER, **more):
    return tell(at, who, "moves", artifact=BOT, alias="prod", to=f"{BOT}:v{to}", read=read, **more)


@pytest.mark.proves("C-HUB-HTTP")
def test_every_answer_is_the_json_of_the_command(at, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GENAIOPS_HUB_KEY", key_of(at.store, Principal(id=ADMIN)))
    digest = moved(at, why="first").json()["to_version"]["digest"]
    moved(at, 2, digest)
    same = {
        "artifacts": (["list"], {}),
        "standing": (["show", f"{BOT}:prod"], {"ref": f"{BOT}:prod"}),
        "diff": (["diff", f"{BOT}:v1", f"{BOT}:v2"], {"a": f"{BOT}:v1", "b": f"{BOT}:v2"}),
        "lineage": (["lineage", f"{BOT}:v2"], {"ref": f"{BOT}:v2"}),
        "moves": (["log", f"{BOT}:prod"], {"alias": f"{BOT}:prod"}),
    }
    for path, (words, query) in same.items():
        told = CliRunner().invoke(commands, [*words, "--json"], catch_exceptions=False)
        assert ask(at, ADMIN, path, **query).json() == json.loads(told.stdout), path


@pytest.mark.proves("C-HUB-HTTP")
def test_a_policy_refuses_a_move_over_http_names_what_does_not_hold_and_then_allows_it(at):
    policy = "project: support\nrequire: {app: {prod: {risk: approvals.risk >= 1}}}\n"
    assert tell(at, RISK, "policies", text=policy, why="four eyes").status_code == 200
    refused = moved(at)
    assert (refused.status_code, code_of(refused)) == (409, "GAO-HUB-027")
    assert refused.json()["detail"] == "risk: approvals.risk >= 1 does not hold (approvals.risk = 0)"
    assert tell(at, RISK, "approvals", version=f"{BOT}:v1", role="risk").json()["approval"]["by"] == RISK
    assert moved(at).json()["by"] == BUILDER
    assert ask(at, RISK, "version", ref=f"{BOT}:prod").json()["number"] == 1


@pytest.mark.proves("C-HUB-HTTP")
def test_of_two_who_move_it_at_once_the_second_is_told(at):
    assert moved(at).status_code == 200
    refused = moved(at, 2)
    assert (refused.status_code, code_of(refused)) == (409, "GAO-HUB-022")


@pytest.mark.proves("C-HUB-HTTP", "C-HUB-RIGHTS")
@pytest.mark.parametrize("route", [route for route in ROUTES if route.method == "GET"])
def test_to_somebody_of_another_project_what_is_there_and_what_is_not_look_alike(still, route):
    path = route.path.removeprefix("/api/hub/")

    def answer(name):
        ref = f"app/support/{name}"
        query = {"ref": ref, "a": ref, "b": ref, "alias": f"{ref}:prod", "name": name}
        given = ask(still, STRANGER, path, **query)
        return given.status_code, given.text.replace(name, "NAME")

    assert answer("bot") == answer("nothing")


@pytest.mark.proves("C-HUB-HTTP")
@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("artifacts", {"limit": "10001"}),
        ("artifacts", {"limit": "0"}),
        ("artifacts", {"label": "team"}),
        ("artifacts", {"search": "x" * 5000}),
        ("version", {}),
        ("version", {"ref": "../up"}),
        ("moves", {"alias": BOT}),
        ("moves", {"alias": f"{BOT}:prod", "limit": "100000"}),
        ("lineage", {"ref": BOT, "direction": "sideways"}),
    ],
)
def test_a_question_out_of_bounds_is_one_problem_and_no_answer(still, path, query):
    given = ask(still, BUILDER, path, **query)
    assert given.status_code in (400, 422)
    assert code_of(given)


@pytest.mark.proves("C-HUB-HTTP")
def test_what_a_program_publishes_is_a_version_with_its_parents(at):
    given = tell(
        at,
        BUILDER,
        "versions",
        kind="prompt",
        name="answer",
        project="support",
        manifest={"text": "hi"},
        parents=[f"{BOT}:v1"],
        labels={"team": "x"},
    )
    assert (given.status_code, given.json()["number"]) == (200, 1)
    edges = ask(at, BUILDER, "lineage", ref="prompt/support/answer").json()["edges"]
    assert [edge["parent"].partition("@")[0] for edge in edges] == [f"{BOT}:v1"]
