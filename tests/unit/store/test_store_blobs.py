import os
import stat
import time
from pathlib import Path

import pytest

from genaiops.core import Digest, OutsideError, UserError, digest_bytes
from genaiops.store import Store


def _files(store: Store) -> list[Path]:
    return [path for path in (store.path / "blobs").rglob("*") if path.is_file()]


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / ".genaiops") as opened:
        yield opened


def test_bytes_come_back_under_their_digest(store):
    digest = store.blobs.put(b"hello")
    assert digest == digest_bytes(b"hello")
    assert store.blobs.get(digest) == b"hello"
    assert store.blobs.has(digest)


def test_equal_bytes_are_kept_once_and_only_for_their_owner(store):
    assert store.blobs.put(b"twice") == store.blobs.put(b"twice")
    (path,) = _files(store)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_file_is_kept_like_the_same_bytes(store, tmp_path):
    source = tmp_path / "large.bin"
    source.write_bytes(os.urandom(3 << 20))
    assert store.blobs.put_file(source) == store.blobs.put(source.read_bytes())
    assert len(_files(store)) == 1


def test_a_missing_blob_says_which(store):
    digest = digest_bytes(b"never written")
    with pytest.raises(OutsideError) as caught:
        store.blobs.get(digest)
    assert caught.value.code == "GAO-STORE-006"
    assert digest in str(caught.value)


def test_one_changed_byte_is_noticed_when_reading(store):
    digest = store.blobs.put(b"honest")
    store.blobs.path(digest).write_bytes(b"hones7")
    with pytest.raises(OutsideError) as caught:
        store.blobs.get(digest)
    assert caught.value.code == "GAO-STORE-007"


def test_a_blob_cut_off_by_a_crash_of_the_machine_is_written_again(store):
    digest = store.blobs.put(b"whole content")
    store.blobs.path(digest).write_bytes(b"who")
    assert store.blobs.put(b"whole content") == digest
    assert store.blobs.get(digest) == b"whole content"


def test_a_digest_that_is_a_path_is_refused(store):
    with pytest.raises(UserError):
        store.blobs.get(Digest("sha256:../../../../etc/passwd"))


def test_opening_sweeps_what_a_killed_process_left_and_spares_what_is_being_written(store):
    old, new = store.path / "blobs/tmp/old", store.path / "blobs/tmp/new"
    old.write_bytes(b"half")
    new.write_bytes(b"half")
    long_ago = time.time() - 7200
    os.utime(old, (long_ago, long_ago))
    Store.open(store.path).close()
    assert not old.exists()
    assert new.exists()
