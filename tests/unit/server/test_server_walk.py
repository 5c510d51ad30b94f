"""Every route, asked by every role, by nobody, and with keys that are not for it."""

from pathlib import Path
from typing import Any

import pytest
from tests.support.access import ADMIN, give
from tests.support.server import MEANT, Served, served
from tests.unit.hub.hub_sample import KINDS

from genaiops.access import PERMISSIONS
from genaiops.access.model import ROLES
from genaiops.core import ANYONE, ONESELF, Route
from genaiops.hub import Governance, Hub
from genaiops.server import all_rooms

PASSWORD = {"password": "tangerine velvet orbit"}
BOT, PROD = "app/support/bot:v1", "app/support/bot:prod"
QUERY = {"ref": BOT, "a": BOT, "b": PROD, "alias": PROD}
EMPTY = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
# what single routes are asked with beside that, or instead of it
QUERIES: dict[str, dict[str, str]] = {
    "/api/hub/live": {"artifact": "app/support/bot", "alias": "prod"},
    "/api/hub/blobs/{digest}": {"target": "app/support/bot"},
    "/api/hub/seals": {"target": "app/support/bot", "name": "a.jsonl", "subject": "tags.customer"},
    "/api/hub/content": {"ref": BOT, "digest": EMPTY},
    "/api/hub/agreements": {"project": "support"},
}
# what is sent: the path's own values, and a body that is right
EXAMPLES: dict[tuple[str, str], object] = {
    ("GET", "/start"): None,
    ("POST", "/api/session"): {"name": "nobody", **PASSWORD},
    ("DELETE", "/api/session"): None,
    ("GET", "/api/sessions"): None,
    ("DELETE", "/api/sessions/{session}"): None,
    ("PUT", "/api/users/{name}/password"): PASSWORD,
    ("GET", "/api/oidc/start"): None,
    ("GET", "/api/oidc/callback"): None,
    ("PUT", "/api/users/{name}/link"): {"issuer": "https://login.example.org", "subject": "1"},
    ("GET", "/api/users"): None,
    ("POST", "/api/users"): {"name": "carl"},
    ("PUT", "/api/users/{name}"): {"disabled": True},
    ("GET", "/api/services"): None,
    ("POST", "/api/services"): {"name": "nightly"},
    ("PUT", "/api/services/{name}"): {"disabled": True},
    ("GET", "/api/groups"): None,
    ("POST", "/api/groups"): {"name": "risk-team"},
    ("POST", "/api/groups/{name}/members"): {"member": "user:bea"},
    ("DELETE", "/api/groups/{name}/members/{member}"): None,
    ("GET", "/api/projects"): None,
    ("POST", "/api/projects"): {"name": "sales"},
    ("GET", "/api/projects/{project}/roles"): None,
    ("POST", "/api/projects/{project}/roles"): {"subject": "user:bea", "role": "viewer"},
    ("DELETE", "/api/projects/{project}/roles/{subject}/{role}"): None,
    ("GET", "/api/keys"): None,
    ("GET", "/api/projects/{project}/keys"): None,
    ("POST", "/api/projects/{project}/keys"): {"actions": ["artifact.read"]},
    ("POST", "/api/keys/{key}/rotate"): {},
    ("DELETE", "/api/keys/{key}"): None,
    ("GET", "/api/whoami"): None,
    ("GET", "/api/audit"): None,
    ("GET", "/api/audit/verify"): None,
    ("GET", "/api/hub/artifacts"): None,
    ("POST", "/api/hub/versions"): {
        "kind": "app",
        "name": "bot",
        "project": "support",
        "manifest": {"n": 3},
        "parents": [BOT],
    },
    ("GET", "/api/hub/version"): None,
    ("GET", "/api/hub/standing"): None,
    ("GET", "/api/hub/diff"): None,
    ("GET", "/api/hub/lineage"): None,
    ("GET", "/api/hub/moves"): None,
    ("POST", "/api/hub/moves"): {"artifact": "app/support/bot", "alias": "next", "to": BOT, "read": None},
    ("POST", "/api/hub/rollbacks"): {"alias": PROD, "why": "wrong"},
    ("POST", "/api/hub/approvals"): {"version": BOT, "role": "risk"},
    ("POST", "/api/hub/vouchings"): {"evidence": BOT, "token": "a.b.c"},
    ("POST", "/api/hub/deprecations"): {"version": BOT, "reason": "old"},
    ("GET", "/api/hub/versions"): None,
    ("GET", "/api/hub/live"): None,
    ("POST", "/api/hub/descriptions"): {"version": BOT, "said": {"owner": "ops"}},
    ("GET", "/api/hub/agreements"): None,
    ("POST", "/api/hub/uploads"): {"target": "app/support/bot", "digests": [], "manifest": True},
    ("PUT", "/api/hub/blobs/{digest}"): None,
    ("POST", "/api/hub/seals"): None,
    ("POST", "/api/hub/pushes"): {"target": "app/support/bot", "manifest": {"n": 4}},
    ("GET", "/api/hub/files"): None,
    ("GET", "/api/hub/content"): None,
    ("POST", "/api/hub/exports"): {"what": [BOT]},
    ("POST", "/api/hub/imports"): None,
    ("POST", "/api/hub/prunes"): {"keep": 10, "older_than": 90},
    ("GET", "/api/hub/impact"): None,
    ("GET", "/api/hub/bom"): None,
    ("GET", "/api/hub/openlineage"): None,
    ("POST", "/api/hub/policies"): {"text": "project: support\nrequire: {}\n"},
}
NAMES = {
    "name": "bea",
    "member": "user:bea",
    "project": "support",
    "subject": "user:bea",
    "role": "viewer",
    "digest": EMPTY,
}
# routes whose room decides by what is in the store: setting somebody else's password is for who rules people
ROOM_DECIDES = {"/api/users/{name}/password": ("people.change", "*")}
NOTHING: Any = None  # routes are data: no room is opened for them
ROUTES = [route for room in all_rooms(NOTHING, NOTHING) for route in room.routes]


def ask(at: Served, route: Route, headers: dict[str, str], key: str = "0" * 12) -> int:
    """Ask a route and return the status; a minute later, so that no limit of tries is met."""
    names = {**NAMES, "key": key, "session": "0" * 12}
    if "services" in route.path or "groups" in route.path:
        names["name"] = "ci" if "services" in route.path else "team"
    path = route.path.format(**names)
    body = EXAMPLES[route.method, route.path]
    asks = route.path.startswith("/api/hub") and route.method == "GET"
    query = QUERIES.get(route.path, QUERY if asks else None)
    response = at.client.request(route.method, path, headers=headers, json=body, params=query)
    at.client.cookies.clear()
    at.clock.forward(minutes=1)
    assert response.status_code < 500
    return response.status_code


def own_key(at: Served, who: str, route: Route) -> str:
    """Return the number of a new key of somebody's, where the route asks for one."""
    if "{key}" not in route.path:
        return ""
    return at.key(who, "support", "artifact.read")["Authorization"].split("_")[1]


def decided_by(route: Route) -> tuple[str, str]:
    """Return the action and the project that decide over a route."""
    return ROOM_DECIDES.get(route.path, (route.action, route.project or "support"))


def publish_bot(at: Served) -> None:
    """Publish an app in the project support, twice, with an alias that was moved."""
    hub, governance, seen = Hub(at.store, KINDS, by=ADMIN), Governance(at.store, by=ADMIN), None
    for number in (1, 2):
        version = hub.publish("app", "bot", {"n": number}, project="support")
        governance.move("app/support/bot", "prod", version.reference, read=seen)
        seen = version.digest


def test_every_route_has_an_example() -> None:
    assert {(route.method, route.path) for route in ROUTES} == set(EXAMPLES)


@pytest.mark.proves("C-SERVER-WALK")
@pytest.mark.parametrize("where", ["support", "*"])
@pytest.mark.parametrize("role", ROLES)
def test_a_role_may_ask_what_the_table_allows_it_and_nothing_else(
    role: str, where: str, tmp_path: Path
) -> None:
    with served(tmp_path) as at:
        publish_bot(at)
        who = at.role(role, where)
        for route in ROUTES:
            status = ask(at, route, at.session(who), own_key(at, who, route))
            action, project = decided_by(route)
            may = role in PERMISSIONS.get(action, ()) and (where == "*" or project != "*")
            if action in (ANYONE, ONESELF) or may:
                expected = status != 403 and (status != 401 or action == ANYONE)
            else:
                expected = status == 403
            assert expected, (route.method, route.path, status)


@pytest.mark.proves("C-SERVER-WALK")
def test_nobody_may_ask_what_is_not_for_anyone(tmp_path: Path) -> None:
    with served(tmp_path) as at:
        for route in ROUTES:
            assert ask(at, route, MEANT) == 401 or route.action == ANYONE, route.path


@pytest.mark.proves("C-SERVER-WALK")
def test_who_has_no_role_may_ask_only_about_themselves(tmp_path: Path) -> None:
    with served(tmp_path) as at:
        for route in ROUTES:
            action, _ = decided_by(route)
            if action in PERMISSIONS and route.project is not None:
                assert ask(at, route, at.session("user:bea")) == 403, route.path


@pytest.mark.proves("C-SERVER-WALK", "C-SERVER-BAD-KEY")
@pytest.mark.parametrize(
    "kind", ["expired", "revoked", "another project's", "of a disabled owner", "made up"]
)
def test_a_key_that_is_not_for_it_opens_no_route(kind: str, tmp_path: Path) -> None:
    with served(tmp_path) as at:
        give(at.store, "service:ci", "builder", "*")
        give(at.store, "service:ci", "admin", "*")
        project = "finance" if kind == "another project's" else "*"
        headers = at.key("service:ci", project, *PERMISSIONS, days=1)
        admin = at.session("user:root")
        number = headers["Authorization"].split("_")[1]
        if kind == "expired":
            at.clock.forward(days=2)
        if kind == "revoked":
            assert at.client.delete(f"/api/keys/{number}", headers=admin).status_code == 200
        if kind == "of a disabled owner":
            path = "/api/services/ci"
            assert at.client.put(path, headers=admin, json={"disabled": True}).status_code == 200
        if kind == "made up":
            headers = {"Authorization": "Bearer gao_0123456789ab_" + "0" * 64}
        for route in ROUTES:
            concerns = route.project is not None or kind != "another project's"
            if route.action != ANYONE and concerns:
                assert ask(at, route, headers) == 401, route.path


@pytest.mark.proves("C-SERVER-BAD-KEY")
def test_a_key_of_one_project_changes_no_key_of_another(tmp_path: Path) -> None:
    with served(tmp_path) as at:
        give(at.store, "service:ci", "builder", "support")
        give(at.store, "service:ci", "builder", "finance")
        other = at.key("service:ci", "finance", *PERMISSIONS)
        number = at.key("service:ci", "support", "artifact.read")["Authorization"].split("_")[1]
        assert at.client.delete(f"/api/keys/{number}", headers=other).status_code == 403
        assert at.client.post(f"/api/keys/{number}/rotate", headers=other, json={}).status_code == 403


@pytest.mark.proves("C-SERVER-DENIED")
@pytest.mark.parametrize(
    ("action", "project", "path"),
    [
        ("", "*", "/api/x"),
        ("artifact.steal", "*", "/api/x"),
        ("artifact.read", "support", "/api/x"),
        ("artifact.read", "{project}", "/api/x"),
        ("artifact.read", "*", "/api/projects/{project}/x"),
        (ONESELF, "*", "/api/x"),
    ],
)
def test_a_route_that_does_not_say_who_may_ask_it_does_not_start_the_server(
    action: str, project: str, path: str, tmp_path: Path
) -> None:
    route = Route("GET", path, lambda asked: None, action, project)
    with pytest.raises(ValueError, match=path.replace("{", r"\{")), served(tmp_path, route):
        pass


@pytest.mark.proves("C-SERVER-DENIED")
def test_the_door_decides_before_anything_of_the_request_is_read(tmp_path: Path) -> None:
    with served(tmp_path) as at:
        broken = {**at.session("user:bea"), "Content-Type": "application/json"}
        assert at.client.post("/api/users", headers=broken, content=b"{").status_code == 403
        assert at.client.post("/api/users", headers=MEANT, content=b"{").status_code == 401
