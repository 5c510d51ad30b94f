from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from tests.support.access import START, event, log_of, tampering

from genaiops.access import append, entries, verify
from genaiops.core import UserError

pytestmark = pytest.mark.usefixtures("each_store")


@pytest.fixture
def store(tmp_path):
    with log_of(tmp_path, 3) as store:
        yield store


def test_an_entry_says_who_did_what_when_and_follows_from_the_one_before(store):
    with store.database.read() as connection:
        third, second, first = entries(connection, limit=10)
    assert [each.seq for each in (first, second, third)] == [1, 2, 3]
    assert (second.previous, third.previous) == (first.digest, second.digest)
    assert (first.at, first.actor, first.action) == ("2026-03-03T09:00:00.000000Z", "user:anna", "alias.move")
    assert first.details == event(0).details


def test_entries_about_one_subject_are_found(store):
    with store.database.read() as connection:
        assert [each.seq for each in entries(connection, limit=10, subject="app/x1:prod")] == [2]


def test_an_empty_log_holds_and_proves_nothing(tmp_path):
    with log_of(tmp_path, 0) as store, store.database.read() as connection:
        found = verify(connection)
    assert (found.holds, found.entries, found.proven_to) == (True, 0, 0)


@pytest.mark.proves("C-AUDIT-ONE-TRANSACTION")
def test_an_entry_is_committed_with_its_change_or_not_at_all(store):
    def fail_after_it():
        with store.database.write() as connection:
            append(connection, event(7))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_after_it()
    with store.database.read() as connection:
        assert verify(connection).entries == 3


@pytest.mark.proves("C-AUDIT-BAD-CLOCK")
def test_after_a_clock_that_went_back_no_entry_is_earlier_than_the_one_before(store):
    with store.database.write() as connection:
        late = append(connection, replace(event(0), at=START - timedelta(days=30)))
        assert late.at == "2026-03-03T09:00:02.000000Z"
        assert verify(connection).holds


@pytest.mark.proves("C-AUDIT-CHAIN")
@pytest.mark.parametrize("statement", ["UPDATE audit SET actor = 'x'", "DELETE FROM audit WHERE seq = 3"])
def test_the_database_itself_refuses_to_change_an_entry(store, statement):
    with pytest.raises(sa.exc.IntegrityError, match="append-only"), store.database.write() as connection:
        connection.exec_driver_sql(statement)


# PostgreSQL keeps no such bytes
@pytest.mark.parametrize("each_store", ["embedded"], indirect=True)
@pytest.mark.proves("C-AUDIT-CHAIN")
def test_bytes_that_are_no_text_are_found_where_they_are(store):
    with tampering(store) as connection:
        connection.exec_driver_sql("UPDATE audit SET actor = CAST(x'ff' AS TEXT) WHERE seq = 2")
        found = verify(connection)
    assert [(each.seq, each.why) for each in found.breaks] == [
        (2, "a field of it is not text"),
        (3, "it does not follow from the entry before it"),
    ]


@pytest.mark.proves("C-AUDIT-CHAIN")
@pytest.mark.parametrize("details", ["[" * 100_000, "9" * 5_000, '{"a":NaN}', '"\\ud800"', "", "{"])
def test_details_that_are_hostile_json_are_a_finding_and_no_crash(store, details):
    with tampering(store) as connection:
        connection.execute(sa.text("UPDATE audit SET details = :it WHERE seq = 2"), {"it": details})
        assert [each.seq for each in verify(connection).breaks] == [2]


@pytest.mark.proves("C-AUDIT-BAD-DETAILS")
@pytest.mark.parametrize("details", [{"text": "x" * 70_000}, {"n": float("nan")}, {"n": 2**60}])
def test_details_that_are_too_long_or_no_json_are_refused_before_anything_is_written(store, details):
    with pytest.raises(UserError), store.database.write() as connection:
        append(connection, replace(event(0), details=details))
    with store.database.read() as connection:
        assert verify(connection).entries == 3
