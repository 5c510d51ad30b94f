"""Who may do what. The table is written out here once more: a change of it is a decision, made twice."""

from itertools import product
from pathlib import Path

import pytest
import sqlalchemy as sa
from tests.support.access import ADMIN, LOCAL, START, give, log_of, peopled

from genaiops.access import people, principal_of, require, roles
from genaiops.access.model import ROLES
from genaiops.access.permissions import PERMISSIONS, allowed
from genaiops.access.tables import GRANTS
from genaiops.core import Principal, Scope, UserError

pytestmark = [pytest.mark.usefixtures("each_store"), pytest.mark.thorough]

PAGE = Path(__file__).resolve().parents[3] / "docs" / "access.md"
ANNA = Principal(id="user:anna")
TABLE = {
    "artifact.read": "viewer builder reviewer risk admin",
    "artifact.read_sensitive": "builder reviewer risk admin",
    "artifact.publish": "builder admin",
    "artifact.deprecate": "builder admin",
    "alias.move": "builder admin",
    "alias.override": "admin",
    "approval.give": "reviewer risk",
    "policy.set": "risk admin",
    "subject.erase": "risk admin",
    "people.read": "viewer builder reviewer risk admin",
    "people.change": "admin",
    "role.change": "admin",
    "key.own": "viewer builder reviewer risk admin",
    "key.change": "admin",
    "audit.read": "risk admin",
    "content.remove": "admin",
}


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    with peopled(tmp_path_factory.mktemp("store")) as store:
        for role in ROLES:
            with store.database.write() as connection:
                people.add(connection, ADMIN, f"user:{role}", START)
            give(store, f"user:{role}", role)
        yield store


def may(store, principal, action, project="support"):
    """Return '' where it is allowed, else the code of the refusal."""
    with store.database.read() as connection:
        try:
            require(connection, principal, action, project)
        except UserError as error:
            return error.code
    return ""


def test_the_table_names_every_action():
    assert set(TABLE) == set(PERMISSIONS)


def test_the_page_shows_the_table():
    rows = [line.strip("|").split("|") for line in PAGE.read_text().splitlines() if line.startswith("| `")]
    shown = {
        first.strip(" `"): " ".join(role for role, mark in zip(ROLES, marks, strict=True) if mark.strip())
        for first, *marks in rows
        if first.strip(" `") in TABLE
    }
    assert shown == TABLE


@pytest.mark.proves("C-ACCESS-TABLE")
@pytest.mark.parametrize(("action", "role"), list(product(TABLE, ROLES)))
def test_a_role_may_do_what_the_table_says_in_its_project_and_nothing_in_another(store, action, role):
    somebody = Principal(id=f"user:{role}")
    wanted = "" if role in TABLE[action].split() else "GAO-ACCESS-024"
    assert may(store, somebody, action) == wanted
    assert may(store, somebody, action, "finance") == "GAO-ACCESS-023"
    assert may(store, somebody, action, "*") == "GAO-ACCESS-023"


@pytest.mark.proves("C-ACCESS-DENIED")
@pytest.mark.parametrize("who", [LOCAL, ADMIN, Principal(id="user:admin"), ANNA])
@pytest.mark.parametrize("action", ["", "everything", "artifact.READ", "*", "people.change "])
def test_an_unknown_action_is_denied_to_everybody(store, who, action):
    assert may(store, who, action) == "GAO-ACCESS-020"


@pytest.mark.proves("C-ACCESS-DENIED")
@pytest.mark.parametrize("action", TABLE)
@pytest.mark.parametrize(
    "who", ["user:anna", "user:nobody", "service:ci", "group:team", "", "local", "root", "user:root'--", "*"]
)
def test_without_a_role_nothing_is_allowed(store, who, action):
    assert may(store, Principal(id=who), action) in ("GAO-ACCESS-022", "GAO-ACCESS-023")


@pytest.mark.proves("C-ACCESS-DENIED")
def test_a_role_that_nobody_knows_grants_nothing(store):
    row = {"subject": "user:anna", "project": "support"}
    with store.database.write() as connection:
        for role in ("owner", "ADMIN", "admin ", ""):
            connection.execute(sa.insert(GRANTS).values(role=role, **row))
    assert may(store, ANNA, "artifact.read") == "GAO-ACCESS-023"
    assert not allowed(["owner"], "artifact.read")
    with store.database.write() as connection:
        connection.execute(sa.delete(GRANTS).where(GRANTS.c.subject == "user:anna"))


@pytest.mark.proves("C-ACCESS-DENIED")
@pytest.mark.parametrize("project", ["", "Support", "support/../finance", "sup port", "x" * 101, "\udcff"])
def test_a_project_name_that_cannot_be_is_refused(store, project):
    assert may(store, ADMIN, "artifact.read", project) == "GAO-ACCESS-025"


def test_a_role_everywhere_holds_in_every_project_and_over_people(store):
    for project in ("support", "finance", "*"):
        assert may(store, ADMIN, "role.change", project) == ""


def test_a_group_gives_its_members_its_roles_and_what_a_caller_says_of_its_groups_gives_none(store):
    give(store, "group:team", "viewer", "finance")
    claims = Principal(id="user:bea", groups=frozenset({"group:team"}))
    assert may(store, claims, "artifact.read", "finance") == "GAO-ACCESS-023"
    with store.database.write() as connection:
        people.set_member(connection, ADMIN, "group:team", "user:bea", START, there=True)
        assert roles(connection, Principal(id="user:bea"), "finance") == {"viewer"}
        people.set_member(connection, ADMIN, "group:team", "user:bea", START, there=False)
        assert roles(connection, Principal(id="user:bea"), "finance") == frozenset()


@pytest.mark.proves("C-ACCESS-DENIED")
def test_a_disabled_account_may_do_nothing_until_it_is_enabled_again(store):
    builder = Principal(id="user:builder")
    for disabled in (True, False):
        with store.database.write() as connection:
            people.set_disabled(connection, ADMIN, "user:builder", START, disabled=disabled)
            assert bool(roles(connection, builder, "support")) is not disabled
        assert may(store, builder, "artifact.read") == ("GAO-ACCESS-022" if disabled else "")


@pytest.mark.proves("C-ACCESS-KEY-SCOPE")
def test_a_scope_narrows_what_the_roles_allow_and_never_widens_it(store):
    def keyed(role, project, *actions):
        return Principal(id=f"user:{role}", scope=Scope(project=project, actions=frozenset(actions)))

    assert may(store, keyed("builder", "support", "alias.move"), "alias.move") == ""
    assert may(store, keyed("builder", "support", "alias.move"), "artifact.read") == "GAO-ACCESS-021"
    assert may(store, keyed("builder", "finance", "alias.move"), "alias.move") == "GAO-ACCESS-021"
    assert may(store, keyed("builder", "*", "alias.move"), "alias.move") == ""
    assert may(store, keyed("viewer", "*", "alias.move"), "alias.move") == "GAO-ACCESS-024"


@pytest.mark.proves("C-ACCESS-LOCAL")
def test_without_users_the_local_user_may_do_everything_and_with_the_first_one_nothing(tmp_path):
    with log_of(tmp_path, 0) as store:
        with store.database.read() as connection:
            assert principal_of(connection, "root") == LOCAL
            assert roles(connection, LOCAL, "support") == set(ROLES)
        assert [action for action in TABLE if may(store, LOCAL, action, "*")] == []
        with store.database.write() as connection:
            people.add(connection, LOCAL, "user:root", START)
            assert principal_of(connection, "root") == Principal(id="user:root")
            assert roles(connection, LOCAL, "support") == frozenset()
        assert {may(store, LOCAL, action, "*") for action in TABLE} == {"GAO-ACCESS-022"}
        assert may(store, ADMIN, "people.change", "*") == ""
