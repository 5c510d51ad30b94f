import threading
from datetime import UTC, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from tests.unit.hub.hub_sample import ANN, BEN, NOWHERE, Clock, Place, opened

from genaiops.core import UserError
from genaiops.hub.aliases import live_at
from genaiops.store import Store

pytestmark = pytest.mark.usefixtures("each_store")


@pytest.fixture
def place(tmp_path):
    with opened(tmp_path / ".genaiops") as store:
        yield Place(store)


def _move(place, alias, version, *, by=ANN, why="", read=None, **more):
    seen = place.governance.live("app/bot", alias)
    read = read or (seen.digest if seen else None)
    return place.by(by).move("app/bot", alias, version.reference, why=why, read=read, **more)


def _refused(code, call, *arguments, **options):
    with pytest.raises(UserError) as caught:
        call(*arguments, **options)
    assert caught.value.code == code
    assert caught.value.fix
    return caught.value


@pytest.mark.proves("C-HUB-ALIAS")
def test_an_alias_names_a_version_wherever_a_reference_does(place):
    first, second = place.app(1), place.app(2)
    _move(place, "prod", first)
    hub = place.hub
    assert hub.get("app/bot:prod") == first
    assert hub.get(f"app/bot:prod@{first.digest}") == first
    assert hub.diff("app/bot:prod", "app/bot") == ["~ n: 1 -> 2"]
    assert hub.lineage("app/bot:prod") == []
    _refused("GAO-HUB-005", hub.get, f"app/bot:prod@{second.digest}")


@pytest.mark.proves("C-HUB-HISTORY")
def test_every_move_is_an_event_that_says_who_when_from_where_to_where_and_why(place):
    first, second = place.app(1), place.app(2)
    _move(place, "prod", first, why="first release")
    place.clock.pass_by(days=1)
    _move(place, "prod", second, by=BEN, why="better")
    told = [
        (move.by, move.at, move.from_version, move.to_version, move.why)
        for move in place.governance.history("app/bot:prod")
    ]
    assert told == [
        ("user:ann", "2026-03-03T12:00:00Z", None, first.pinned, "first release"),
        ("user:ben", "2026-03-04T12:00:00Z", first.pinned, second.pinned, "better"),
    ]


@pytest.mark.proves("C-HUB-HISTORY")
def test_history_says_what_was_live_at_a_time_and_during_a_day(place):
    versions = [place.app(n) for n in (1, 2, 3)]
    for version in versions:
        _move(place, "prod", version)
        place.clock.pass_by(hours=6)
    history = place.governance.history("app/bot:prod")

    def live(start, end=None):
        return [move.to_version.number for move in live_at(history, start, end or start)]

    assert live("2026-03-03T11:59:59Z") == []
    assert live("2026-03-03T12:00:00Z") == live("2026-03-03T17:59:59Z") == [1]
    assert live("2026-03-03T00:00:00Z", "2026-03-03T23:59:59Z") == [1, 2]
    assert live("2026-03-04T00:00:00Z", "2026-03-04T23:59:59Z") == [3]
    assert live("2026-03-05T00:00:00Z") == [3]


@pytest.mark.proves("C-HUB-SWAP")
def test_of_two_people_who_move_an_alias_one_wins_and_the_other_is_told(place):
    first, second, third = (place.app(n) for n in (1, 2, 3))
    _move(place, "prod", first)
    _move(place, "prod", second, by=BEN, read=first.digest, why="mine")
    error = _refused("GAO-HUB-022", _move, place, "prod", third, read=first.digest)
    assert "user:ben moved it to app/bot:v2" in error.why
    assert "mine" in error.why
    assert place.hub.get("app/bot:prod") == second
    _refused("GAO-HUB-022", _move, place, "staging", first, read=NOWHERE)


@pytest.mark.proves("C-HUB-SWAP")
def test_of_many_who_move_it_at_the_same_time_exactly_one_wins(place):
    start = place.app(0)
    _move(place, "prod", start)
    ends = []

    def try_to(version):
        try:
            _move(place, "prod", version, read=start.digest)
            ends.append("won")
        except UserError as error:
            ends.append(error.code)

    threads = [threading.Thread(target=try_to, args=[place.app(n)]) for n in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ends) == ["GAO-HUB-022"] * 7 + ["won"]
    assert len(place.governance.history("app/bot:prod")) == 2


@pytest.mark.proves("C-HUB-ROLLBACK")
def test_a_rollback_goes_back_one_version_and_two_go_back_two(place):
    for number in (1, 2, 3):
        _move(place, "prod", place.app(number))
    rolled = [place.by(BEN).rollback("app/bot:prod", why="wrong") for _ in range(2)]
    assert [move.to_version.number for move in rolled] == [2, 1]
    assert {(move.action, move.by, move.why) for move in rolled} == {("rollback", "user:ben", "wrong")}
    _refused("GAO-HUB-024", place.by(BEN).rollback, "app/bot:prod", why="wrong")
    _move(place, "prod", place.hub.get("app/bot:v3"))
    assert place.by(BEN).rollback("app/bot:prod", why="again").to_version.number == 1


@pytest.mark.proves("C-HUB-ROLLBACK")
def test_a_rollback_has_a_reason_and_somewhere_to_go(place):
    _move(place, "prod", place.app())
    _refused("GAO-HUB-029", place.governance.rollback, "app/bot:prod", why=" ")
    _refused("GAO-HUB-024", place.governance.rollback, "app/bot:prod", why="x")
    _refused("GAO-HUB-006", place.governance.rollback, "app/bot:staging", why="x")
    _refused("GAO-HUB-025", place.governance.rollback, "app/bot", why="x")


@pytest.mark.proves("C-HUB-CLOCK")
def test_where_the_clock_went_back_the_history_stays_in_order_and_says_so(place):
    _move(place, "prod", place.app(1))
    place.clock.pass_by(hours=-3)
    move = _move(place, "prod", place.app(2))
    assert (move.at, move.clock) == ("2026-03-03T12:00:00Z", "2026-03-03T09:00:00Z")
    place.clock.pass_by(hours=4)
    later = _move(place, "prod", place.app(1))
    assert (later.at, later.clock) == ("2026-03-03T13:00:00Z", None)
    assert [each.sequence for each in place.governance.history("app/bot:prod")] == [1, 2, 3]


@pytest.mark.proves("C-BAD-ALIAS")
@pytest.mark.parametrize("alias", ["v3", "v03", "latest", "Prod", "pr od", "../up", "", "prod:x", "-"])
def test_what_looks_like_a_number_or_is_no_name_cannot_be_an_alias(place, alias):
    _refused("GAO-HUB-020", _move_as, place, alias, place.app())


def _move_as(place, alias, version):
    place.governance.move("app/bot", alias, version.reference, read=None)


@pytest.mark.proves("C-BAD-ALIAS")
@pytest.mark.parametrize(
    ("artifact", "to", "code"),
    [
        ("app/bot", "app/bot:v9", "GAO-HUB-005"),
        ("app/bot", str(NOWHERE), "GAO-HUB-005"),
        ("app/nothing", "app/bot:v1", "GAO-HUB-005"),
        ("app/bot", "app/other:v1", "GAO-HUB-021"),
        ("app/bot", "prompt/bot:v1", "GAO-HUB-021"),
        ("app/bot", "app/sales/bot:v1", "GAO-HUB-021"),
        ("app/bot:v1", "app/bot:v1", "GAO-HUB-035"),
        ("app/Bot", "app/bot:v1", "GAO-CORE-004"),
    ],
)
def test_an_alias_points_at_a_version_of_its_own_artifact_and_at_nothing_else(place, artifact, to, code):
    hub = place.hub
    hub.publish("app", "bot", {})
    hub.publish("app", "bot", {}, project="sales")
    hub.publish("app", "other", {"other": 1})
    hub.publish("prompt", "bot", {})
    _refused(code, place.governance.move, artifact, "prod", to, read=None)
    assert place.governance.aliases() == {}


def test_an_alias_of_a_projects_artifact_is_its_own(place):
    mine = place.hub.publish("app", "bot", {"n": 1}, project="sales")
    place.governance.move("app/bot", "prod", "app/sales/bot:v1", read=None)
    assert place.hub.get("app/sales/bot:prod") == place.hub.get("app/bot:prod") == mine
    place.app(2)
    _refused("GAO-HUB-006", place.hub.get, "app/bot:prod")


@pytest.mark.proves("C-HUB-HISTORY")
@pytest.mark.parametrize("statement", ["UPDATE hub_moves SET by = 'eve'", "DELETE FROM hub_moves"])
def test_the_database_itself_refuses_to_change_the_history(place, statement):
    _move(place, "prod", place.app())
    with (
        pytest.raises(IntegrityError, match="never changes"),
        place.store.database.write() as connection,
    ):
        connection.execute(text(statement))


@pytest.mark.proves("C-HUB-DEPRECATE")
def test_a_deprecated_version_stays_says_why_and_takes_no_alias(place):
    first, second = place.app(1), place.app(2)
    governance = place.governance
    place.by(BEN).deprecate("app/bot:v1", reason="wrong prices", successor="app/bot:v2")
    shown = place.hub.get(first.digest).deprecated
    assert (shown.reason, shown.successor, shown.by) == ("wrong prices", "app/bot:v2", "user:ben")
    assert [each.deprecated is None for each in place.hub.list("app")] == [False, True]
    error = _refused("GAO-HUB-023", _move, place, "prod", first)
    assert "wrong prices" in error.why
    assert "app/bot:v2" in error.fix
    assert _move(place, "prod", first, allow_deprecated=True).to_version == first.pinned
    _move(place, "prod", second)
    _refused("GAO-HUB-023", governance.rollback, "app/bot:prod", why="x")


@pytest.mark.proves("C-HUB-DEPRECATE")
@pytest.mark.parametrize(
    ("ref", "reason", "successor", "code"),
    [
        ("app/bot:v1", "", None, "GAO-HUB-029"),
        ("app/bot", "old", None, "GAO-HUB-026"),
        ("app/bot:v1", "old", "app/bot:v1", "GAO-HUB-032"),
        ("app/bot:v1", "old", "prompt/bot:v1", "GAO-HUB-032"),
        ("app/bot:v1", "old", "app/bot:v7", "GAO-HUB-005"),
    ],
)
def test_a_deprecation_is_of_one_version_with_a_reason_and_a_fit_successor(
    place, ref, reason, successor, code
):
    place.app()
    place.hub.publish("prompt", "bot", {})
    _refused(code, place.governance.deprecate, ref, reason=reason, successor=successor)
    assert place.hub.get("app/bot:v1").deprecated is None


LATER = ("descriptions", "presence", "sweeps", "imports", "vouchings")


def test_a_store_of_before_is_opened_with_everything_that_was_in_it(tmp_path):
    with Store.open(tmp_path) as store:
        place = Place(store, Clock(datetime(2026, 1, 1, tzinfo=UTC)))
        version = place.hub.publish("app", "bot", {"words": "elephant"}, labels={"team": "zebra"})
        with store.database.write() as connection:  # as the first step alone left it
            for table in ("moves", "approvals", "deprecations", "authors", "evidence", "search", *LATER):
                connection.exec_driver_sql(f"DROP TABLE hub_{table}")
            connection.exec_driver_sql("DELETE FROM schema_steps WHERE room = 'hub' AND step > 1")
    with Store.open(tmp_path) as again:
        hub = Place(again).hub
        assert hub.get("app/bot") == version
        assert hub.artifacts(text="elephant zebra") == [version]
        assert Place(again).governance.aliases() == {}
