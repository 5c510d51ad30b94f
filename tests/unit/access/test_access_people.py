import pytest
from tests.support.access import ADMIN, LOCAL, START, give, log_of, logged, peopled

from genaiops.access import people
from genaiops.access.model import Grant
from genaiops.core import Principal, UserError

pytestmark = [pytest.mark.usefixtures("each_store"), pytest.mark.thorough]

ANNA, BEA = "user:anna", "user:bea"


@pytest.fixture
def store(tmp_path):
    with peopled(tmp_path) as store:
        yield store


def changed(store, function, *arguments, by=ADMIN, **options):
    with store.database.write() as connection:
        return function(connection, by, *arguments, START, **options)


def refused(store, function, *arguments, by=ADMIN, **options):
    """Return the code of the refusal; nothing was written, neither a change nor an entry."""
    before = logged(store), snapshot(store)
    with pytest.raises(UserError) as raised:
        changed(store, function, *arguments, by=by, **options)
    assert (logged(store), snapshot(store)) == before
    return raised.value.code


def snapshot(store):
    with store.database.read() as connection:
        tables = ("access_subjects", "access_members", "access_projects", "access_grants")
        return [connection.exec_driver_sql(f"SELECT * FROM {table}").all() for table in tables]


def grant_of(subject, role, project="support"):
    return Grant(subject=subject, project=project, role=role)


@pytest.mark.proves("C-ACCESS-AUDITED")
@pytest.mark.parametrize(
    ("function", "arguments", "options", "action", "subject"),
    [
        (people.add, ("user:carl",), {}, "user.add", "user:carl"),
        (people.add, ("service:deploy",), {}, "service.add", "service:deploy"),
        (people.add, ("group:risk",), {}, "group.add", "group:risk"),
        (people.add_project, ("hr",), {}, "project.add", "project:hr"),
        (people.grant, (grant_of(ANNA, "risk"),), {}, "role.grant", ANNA),
        (people.revoke, (grant_of(BEA, "viewer"),), {}, "role.revoke", BEA),
        (people.set_disabled, (ANNA,), {"disabled": True}, "account.disable", ANNA),
        (people.set_member, ("group:team", ANNA), {"there": True}, "group.join", "group:team"),
        (people.set_member, ("group:team", BEA), {"there": False}, "group.leave", "group:team"),
    ],
)
def test_every_change_is_one_entry_in_its_transaction(store, function, arguments, options, action, subject):
    give(store, BEA, "viewer")
    changed(store, people.set_member, "group:team", BEA, there=True)
    before, held = logged(store), snapshot(store)

    def fail_after_it():
        with store.database.write() as connection:
            function(connection, ADMIN, *arguments, START, **options)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_after_it()
    assert (logged(store), snapshot(store)) == (before, held)

    changed(store, function, *arguments, **options)
    (entry,) = logged(store)[len(before) :]
    assert (entry.actor, entry.action, entry.subject) == ("user:root", action, subject)
    assert snapshot(store) != held


@pytest.mark.proves("C-ACCESS-AUDITED")
def test_what_is_so_already_is_no_change_and_no_entry(store):
    give(store, ANNA, "viewer")
    before = logged(store)
    assert changed(store, people.grant, grant_of(ANNA, "viewer")) is False
    assert changed(store, people.revoke, grant_of(ANNA, "risk")) is False
    assert changed(store, people.set_disabled, ANNA, disabled=False) is False
    assert changed(store, people.set_member, "group:team", ANNA, there=False) is False
    assert logged(store) == before


@pytest.mark.proves("C-ACCESS-LOCAL")
def test_the_first_user_becomes_admin_of_everything_and_the_next_one_of_nothing(store):
    with store.database.read() as connection:
        assert people.grants(connection, ADMIN, "*") == [grant_of("user:root", "admin", "*")]
    first = logged(store)[:2]
    assert [(each.actor, each.action) for each in first] == [("local", "user.add"), ("local", "role.grant")]


def test_the_first_user_must_be_the_person_who_adds_it(tmp_path):
    with log_of(tmp_path, 0) as store, store.database.write() as connection:
        with pytest.raises(UserError, match="the first user is you"):
            people.check_first(connection, "anna", "root")
        people.check_first(connection, "root", "root")
        people.add(connection, LOCAL, "user:root", START)
        people.check_first(connection, "anna", "root")


@pytest.mark.proves("C-ACCESS-LAST-ADMIN")
@pytest.mark.parametrize("project", ["support", "*"])
@pytest.mark.parametrize("how", ["revoked", "disabled", "group left", "group revoked"])
def test_the_last_admin_of_a_project_cannot_be_removed(store, project, how):
    holder = "group:team" if how.startswith("group") else ANNA
    changed(store, people.set_member, "group:team", ANNA, there=True)
    give(store, holder, "admin", project)
    if project == "*":
        changed(store, people.revoke, grant_of("user:root", "admin", "*"))
    by = Principal(id=ANNA) if project == "*" else ADMIN
    function, arguments, options = {
        "revoked": (people.revoke, (grant_of(ANNA, "admin", project),), {}),
        "disabled": (people.set_disabled, (ANNA,), {"disabled": True}),
        "group left": (people.set_member, ("group:team", ANNA), {"there": False}),
        "group revoked": (people.revoke, (grant_of("group:team", "admin", project),), {}),
    }[how]
    assert refused(store, function, *arguments, by=by, **options) == "GAO-ACCESS-028"
    changed(store, people.grant, grant_of(BEA, "admin", project), by=by)
    assert changed(store, function, *arguments, by=by, **options) is True


@pytest.mark.proves("C-ACCESS-LAST-ADMIN")
def test_a_service_account_or_a_disabled_person_does_not_count_as_an_admin(store):
    give(store, "service:ci", "admin")
    give(store, ANNA, "admin")
    give(store, BEA, "admin")
    changed(store, people.set_disabled, BEA, disabled=True)
    assert refused(store, people.revoke, grant_of(ANNA, "admin")) == "GAO-ACCESS-028"


@pytest.mark.proves("C-ACCESS-BAD-NAME")
@pytest.mark.parametrize(
    "name",
    [
        "",
        "Anna",
        "ANNA",
        "an na",
        "../root",
        "a/b",
        "a:b",
        "a..b",
        "-a",
        "a-",
        "ä",
        "\udcff",
        "a\n",
        "x" * 101,
    ],
)
@pytest.mark.parametrize("kind", ["user", "service", "group", "admin"])
def test_names_that_differ_by_case_or_play_tricks_are_refused(store, kind, name):
    assert refused(store, people.add, f"{kind}:{name}") == "GAO-ACCESS-025"
    if name:
        assert refused(store, people.add_project, name) == "GAO-ACCESS-025"


@pytest.mark.proves("C-ACCESS-BAD-NAME")
def test_what_is_not_there_or_there_already_is_one_clear_error(store):
    assert refused(store, people.add, ANNA) == "GAO-ACCESS-027"
    assert refused(store, people.add_project, "support") == "GAO-ACCESS-027"
    assert refused(store, people.add_project, "*") == "GAO-ACCESS-027"
    for unknown in (grant_of("user:nobody", "risk"), grant_of(ANNA, "owner"), grant_of(ANNA, "risk", "hr")):
        assert refused(store, people.grant, unknown) == "GAO-ACCESS-026"
    assert refused(store, people.set_disabled, "user:nobody", disabled=True) == "GAO-ACCESS-026"
    assert refused(store, people.set_member, "group:team", "group:team", there=True) == "GAO-ACCESS-030"
    assert refused(store, people.set_member, ANNA, BEA, there=True) == "GAO-ACCESS-030"


@pytest.mark.proves("C-ACCESS-DENIED")
def test_the_admin_of_one_project_gives_roles_there_and_nowhere_else(store):
    give(store, ANNA, "admin")
    anna = Principal(id=ANNA)
    assert changed(store, people.grant, grant_of(BEA, "risk"), by=anna) is True
    for function, arguments, options in (
        (people.grant, (grant_of(BEA, "risk", "finance"),), {}),
        (people.grant, (grant_of(ANNA, "admin", "*"),), {}),
        (people.revoke, (grant_of("user:root", "admin", "*"),), {}),
        (people.add, ("user:carl",), {}),
        (people.add_project, ("hr",), {}),
        (people.set_disabled, ("user:root",), {"disabled": True}),
        (people.set_member, ("group:team", ANNA), {"there": True}),
    ):
        assert refused(store, function, *arguments, by=anna, **options) == "GAO-ACCESS-023"
