"""What is done to one entry of the audit log is found; only a checkpoint finds what is done to its end."""

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.access import event, log_of, tampering

from genaiops.access import Checkpoint, append, verify

SIZE = 12
FIELDS = ("at", "actor", "action", "subject", "details", "previous", "digest")
SEQS = st.integers(1, SIZE)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    with log_of(tmp_path_factory.mktemp("log"), SIZE) as store:
        yield store


def read(connection, column, seq):
    return connection.exec_driver_sql(f"SELECT {column} FROM audit WHERE seq = ?", (seq,)).scalar_one()


def write(connection, column, seq, value):
    connection.exec_driver_sql(f"UPDATE audit SET {column} = ? WHERE seq = ?", (value, seq))


def where(found):
    return [each.seq for each in found.breaks]


@pytest.mark.proves("C-AUDIT-CHAIN")
@given(seq=SEQS, column=st.sampled_from(FIELDS), text=st.text(st.characters(exclude_categories=["Cs"])))
def test_an_edit_of_any_field_is_found_where_it_is(store, seq, column, text):
    with tampering(store) as connection:
        before = read(connection, column, seq)
        write(connection, column, seq, text)
        found = verify(connection)
    assert where(found)[:1] == ([] if text == before else [seq])


@pytest.mark.proves("C-AUDIT-CHAIN")
@given(seq=SEQS, column=st.sampled_from(FIELDS), data=st.data())
def test_an_edit_of_a_single_character_is_found_where_it_is(store, seq, column, data):
    with tampering(store) as connection:
        text = read(connection, column, seq)
        at = data.draw(st.integers(0, len(text) - 1))
        other = data.draw(st.characters(exclude_characters=text[at], exclude_categories=["Cs"]))
        write(connection, column, seq, text[:at] + other + text[at + 1 :])
        found = verify(connection)
    assert where(found)[0] == seq


@pytest.mark.proves("C-AUDIT-CHAIN")
@pytest.mark.parametrize(
    ("spelled", "otherwise"),
    [
        (":", ": "),
        ("0.5", "5e-1"),
        ("ö", "\\u00f6"),
        ("{", '{"from":null,'),
        ("}", "}\n"),
        ('"to"', '"\\u0074o"'),
    ],
)
@given(seq=SEQS)
def test_another_spelling_of_the_same_details_is_found(store, seq, spelled, otherwise):
    with tampering(store) as connection:
        text = read(connection, "details", seq)
        other = text.replace(spelled, otherwise, 1)
        assert other != text
        assert json.loads(other) == json.loads(text)
        write(connection, "details", seq, other)
        assert where(verify(connection)) == [seq]


@pytest.mark.proves("C-AUDIT-CHAIN")
@given(seq=SEQS, column=st.sampled_from(FIELDS[1:5]))
def test_an_edit_whose_digest_was_computed_anew_is_found_at_the_next_entry(store, seq, column):
    with tampering(store) as connection:
        write(connection, column, seq, '{"forged":true}')
        write(connection, "digest", seq, digest_of(connection, seq))
        found = where(verify(connection))
    assert found == ([] if seq == SIZE else [seq + 1])


@pytest.mark.proves("C-AUDIT-BAD-CLOCK")
def test_an_entry_that_claims_to_be_older_than_the_one_before_is_found_also_at_the_end(store):
    with tampering(store) as connection:
        write(connection, "at", SIZE, "2026-03-03T09:00:00.000000Z")
        write(connection, "digest", SIZE, digest_of(connection, SIZE))
        found = verify(connection)
    assert [(each.seq, each.why) for each in found.breaks] == [(SIZE, "it is older than the entry before it")]


def digest_of(connection, seq):
    """Compute a digest as the documentation says, with nothing of ours."""
    body = {name: read(connection, name, seq) for name in FIELDS[:-1]}
    body |= {"seq": seq, "details": json.loads(body["details"])}
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return "sha256:" + hashlib.sha256(b"genaiops audit entry v1\n" + text.encode()).hexdigest()


@pytest.mark.proves("C-AUDIT-CHAIN")
@given(one=SEQS, other=SEQS)
def test_two_entries_that_changed_places_are_found(store, one, other):
    with tampering(store) as connection:
        move(connection, one, 1_000)
        move(connection, other if other != one else 1_000, one)
        move(connection, 1_000, other)
        found = where(verify(connection))
    assert found[:1] == ([] if one == other else [min(one, other)])


def move(connection, old, new):
    connection.exec_driver_sql("UPDATE audit SET seq = ? WHERE seq = ?", (new, old))


@pytest.mark.proves("C-AUDIT-CHAIN")
@given(seq=st.integers(1, SIZE - 1), renumbered=st.booleans())
def test_a_removed_inner_entry_is_found_also_where_the_others_were_renumbered(store, seq, renumbered):
    with tampering(store) as connection:
        connection.exec_driver_sql("DELETE FROM audit WHERE seq = ?", (seq,))
        if renumbered:
            for later in range(seq + 1, SIZE + 1):
                move(connection, later, later - 1)
        found = verify(connection)
    first = found.breaks[0]
    assert first.seq == (seq if renumbered else seq + 1)
    assert renumbered or first.why == f"entry {seq} before it: removed"


@pytest.mark.proves("C-AUDIT-CHAIN")
@given(seq=st.integers(-3, SIZE))
def test_an_entry_that_was_put_in_is_found(store, seq):
    with tampering(store) as connection:
        for later in range(SIZE, seq - 1, -1):
            move(connection, later, later + 1)
        columns = ", ".join(FIELDS)
        connection.exec_driver_sql(
            f"INSERT INTO audit (seq, {columns}) SELECT ?, {columns} FROM audit ORDER BY seq LIMIT 1", (seq,)
        )
        found = where(verify(connection))
    assert found
    assert found[0] in (seq, seq + 1)


@pytest.mark.proves("C-AUDIT-ANCHOR")
@given(kept=st.integers(0, SIZE - 1))
def test_a_cut_tail_is_found_only_with_a_checkpoint(store, kept):
    with tampering(store) as connection:
        known = Checkpoint(seq=SIZE, digest=read(connection, "digest", SIZE), at="then", signer="k")
        connection.exec_driver_sql("DELETE FROM audit WHERE seq > ?", (kept,))
        alone, anchored = verify(connection), verify(connection, [known])
    assert alone.holds
    assert alone.proven_to == 0
    assert where(anchored) == [SIZE]


@pytest.mark.proves("C-AUDIT-ANCHOR")
@given(seq=SEQS)
def test_a_chain_that_was_written_anew_is_found_only_with_a_checkpoint(store, seq):
    with tampering(store) as connection:
        known = Checkpoint(seq=SIZE, digest=read(connection, "digest", SIZE), at="then", signer="k")
        connection.exec_driver_sql("DELETE FROM audit WHERE seq >= ?", (seq,))
        for number in range(seq, SIZE + 1):
            append(connection, event(number + 100))
        alone, anchored = verify(connection), verify(connection, [known])
    assert alone.holds
    assert where(anchored) == [SIZE]


@pytest.mark.proves("C-AUDIT-ANCHOR")
@given(seqs=st.lists(SEQS, unique=True, min_size=1))
def test_the_newest_of_several_checkpoints_says_up_to_where_the_log_is_proven(store, seqs):
    with store.database.read() as connection:
        known = [
            Checkpoint(seq=seq, digest=read(connection, "digest", seq), at=f"at {seq}", signer="k")
            for seq in seqs
        ]
        found = verify(connection, known)
    assert (found.holds, found.entries, found.proven_to) == (True, SIZE, max(seqs))
    assert found.proven_at == f"at {max(seqs)}"
