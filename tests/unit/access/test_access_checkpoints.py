import json
import os
import subprocess

import pytest
from tests.support.access import START, event, log_of, tampering

from genaiops.access import append, checkpoint, known_keys, read_anchor, signing_key, trusted_folder, verify
from genaiops.access.checkpoints import add_line
from genaiops.access.signers import KnownKey
from genaiops.core import (
    OutsideError,
    Settings,
    Statement,
    Subject,
    UserError,
    new_signing_key,
    sign_statement,
)

pytestmark = [pytest.mark.usefixtures("each_store"), pytest.mark.thorough]

KEY = new_signing_key()
KNOWN = (KnownKey(KEY.public, "ci"),)


@pytest.fixture
def store(tmp_path):
    with log_of(tmp_path / "store", 5) as store:
        yield store


def line(store, key=KEY):
    with store.database.read() as connection:
        return checkpoint(verify(connection), key, START)


def more(store, size):
    with store.database.write() as connection:
        for number in range(size):
            append(connection, event(number + 50))


def found(store, anchor, folder):
    with store.database.read() as connection:
        return verify(connection, read_anchor(anchor, KNOWN, folder))


@pytest.mark.proves("C-AUDIT-ANCHOR")
def test_a_file_of_checkpoints_proves_the_log_up_to_its_newest_line(store, tmp_path):
    add_line(tmp_path / "anchor.jsonl", line(store))
    more(store, 3)
    add_line(tmp_path / "anchor.jsonl", line(store))
    more(store, 2)
    result = found(store, "anchor.jsonl", tmp_path)
    assert (result.holds, result.entries, result.proven_to) == (True, 10, 8)
    assert result.proven_at == "2026-03-03T09:00:00.000000Z"
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["anchor.jsonl"]


@pytest.mark.proves("C-AUDIT-ANCHOR")
def test_a_checkpoint_in_git_proves_as_one_in_a_file_does(store, tmp_path):
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}

    def git(*words):
        subprocess.run(
            ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@b", *words],
            env=environment,
            check=True,
            capture_output=True,
        )

    git("init", "--quiet", "--initial-branch=anchors")
    add_line(tmp_path / "c.jsonl", line(store))
    git("add", "c.jsonl")
    git("commit", "--quiet", "--message=checkpoint")
    (tmp_path / "c.jsonl").unlink()
    assert found(store, "anchors:c.jsonl", tmp_path).proven_to == 5
    with tampering(store) as connection:
        connection.exec_driver_sql("DELETE FROM audit WHERE seq = 5")
        cut = verify(connection, read_anchor("anchors:c.jsonl", KNOWN, tmp_path))
    assert [each.seq for each in cut.breaks] == [5]
    for nothing in ("anchors:other.jsonl", "nobranch:c.jsonl", "--help:x", "-p:x"):
        with pytest.raises(UserError, match="no checkpoint to compare with"):
            read_anchor(nothing, KNOWN, tmp_path)


@pytest.mark.proves("C-AUDIT-BAD-ANCHOR")
def test_a_checkpoint_by_a_stranger_is_refused(store, tmp_path):
    add_line(tmp_path / "anchor.jsonl", line(store))
    add_line(tmp_path / "anchor.jsonl", line(store, new_signing_key()))
    with pytest.raises(UserError, match="not signed by a key that is believed") as raised:
        read_anchor("anchor.jsonl", KNOWN, tmp_path)
    assert raised.value.where == "anchor.jsonl:2"


@pytest.mark.proves("C-AUDIT-BAD-ANCHOR")
def test_a_checkpoint_with_one_byte_changed_is_refused(store, tmp_path):
    whole = line(store)
    for at in range(0, len(whole), 7):
        (tmp_path / "anchor.jsonl").write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises(UserError):
            read_anchor("anchor.jsonl", KNOWN, tmp_path)


@pytest.mark.proves("C-AUDIT-BAD-ANCHOR")
@pytest.mark.parametrize("content", [b"", b"\n", b"{}\n", b"\xff\xfe\n", b"[" * 10_000 + b"\n"])
def test_a_file_that_holds_no_checkpoints_is_refused(tmp_path, content):
    (tmp_path / "anchor.jsonl").write_bytes(content)
    with pytest.raises(UserError):
        read_anchor("anchor.jsonl", KNOWN, tmp_path)
    with pytest.raises(UserError, match="no checkpoint to compare with"):
        read_anchor("absent.jsonl", KNOWN, tmp_path)


@pytest.mark.proves("C-AUDIT-BAD-ANCHOR")
@pytest.mark.parametrize(
    ("kind", "name", "predicate"),
    [
        ("urn:genaiops:evidence:v1", "audit", {"seq": 1, "at": "x"}),
        ("urn:genaiops:audit-checkpoint:v1", "other", {"seq": 1, "at": "x"}),
        ("urn:genaiops:audit-checkpoint:v1", "audit", {"seq": 0, "at": "x"}),
        ("urn:genaiops:audit-checkpoint:v1", "audit", {"seq": "1", "at": "x"}),
        ("urn:genaiops:audit-checkpoint:v1", "audit", {"seq": 1}),
    ],
)
def test_a_signed_statement_about_something_else_is_no_checkpoint(tmp_path, kind, name, predicate):
    subjects = (Subject(name, {"sha256": "0" * 64}),)
    statement = Statement(subjects=subjects, predicate_type=kind, predicate=predicate)
    (tmp_path / "anchor.jsonl").write_bytes(sign_statement(statement, KEY))
    with pytest.raises(UserError, match="no checkpoint to compare with"):
        read_anchor("anchor.jsonl", KNOWN, tmp_path)


@pytest.mark.proves("C-AUDIT-ANCHOR")
def test_a_log_that_is_broken_is_not_vouched_for(store):
    with tampering(store) as connection:
        connection.exec_driver_sql("UPDATE audit SET actor = 'user:bea' WHERE seq = 3")
        with pytest.raises(UserError, match="cannot be vouched for") as raised:
            checkpoint(verify(connection), KEY, START)
        assert raised.value.why.startswith("entry 3: ")


def test_a_log_that_is_empty_is_not_vouched_for(tmp_path):
    with log_of(tmp_path, 0) as empty, pytest.raises(UserError, match="cannot be vouched for"):
        line(empty)


def test_a_checkpoint_that_cannot_be_written_leaves_the_file_as_it_was(store, tmp_path):
    with pytest.raises(OutsideError, match="cannot be written"):
        add_line(tmp_path / "absent" / "anchor.jsonl", line(store))
    assert not (tmp_path / "absent").exists()


@pytest.mark.proves("C-AUDIT-ANCHOR")
def test_the_users_own_key_and_trusted_ones_are_believed(store, tmp_path):
    settings = Settings(config_dir=tmp_path / "config", cache_dir=tmp_path, env={})
    own = signing_key(settings, announce=lambda text: None)
    trusted_folder(settings).mkdir()
    (trusted_folder(settings) / "ci.pub").write_bytes(KEY.public.pem())
    for key in (own, KEY):
        add_line(tmp_path / "anchor.jsonl", line(store, key))
    read = read_anchor("anchor.jsonl", known_keys(settings), tmp_path)
    assert [each.signer for each in read] == [own.public.id, KEY.public.id]
    assert json.loads(line(store))["payloadType"] == "application/vnd.in-toto+json"
