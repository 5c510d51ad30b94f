import os
import stat
import time

import pytest
from tests.support.shelves import Bucket, Folder

from genaiops.core import Digest, OutsideError, UserError, digest_bytes, hex_of
from genaiops.store import Store

pytestmark = pytest.mark.usefixtures("each_store")

LARGE = bytes(range(256)) * (9 << 12)  # 9 MiB: sent in several parts, read in several pieces


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / ".genaiops") as opened:
        yield opened


@pytest.fixture
def shelf(each_store, store):
    return Folder(store.path / "blobs") if each_store == "embedded" else Bucket()


@pytest.fixture
def large(tmp_path):
    path = tmp_path / "large.bin"
    path.write_bytes(LARGE)
    return path


@pytest.mark.proves("C-STORE-TWO")
def test_bytes_come_back_under_their_digest(store):
    for content in (b"hello", b"", LARGE):
        digest = store.blobs.put(content)
        assert digest == digest_bytes(content)
        assert store.blobs.get(digest) == content
        assert store.blobs.has(digest)


def test_equal_bytes_are_kept_once(store, shelf):
    assert store.blobs.put(b"twice") == store.blobs.put(b"twice")
    assert shelf.names() == [hex_of(digest_bytes(b"twice"))]


def test_a_file_is_kept_like_the_same_bytes(store, shelf, large):
    assert store.blobs.put_file(large) == store.blobs.put(LARGE)
    assert len(shelf.names()) == 1


@pytest.mark.proves("C-STORE-STREAM")
def test_bytes_come_in_pieces_and_as_a_whole_file(store, large, tmp_path):
    digest = store.blobs.put_file(large)
    pieces = list(store.blobs.chunks(digest))
    assert b"".join(pieces) == LARGE
    assert max(map(len, pieces)) <= 4 << 20
    target = tmp_path / "copy.bin"
    target.write_bytes(b"what was there before")
    store.blobs.copy_to(digest, target)
    assert target.read_bytes() == LARGE


@pytest.mark.proves("C-STORE-STREAM")
def test_what_comes_in_pieces_is_kept_like_the_same_bytes_or_not_at_all(store, shelf):
    def broken():
        yield b"begun"
        raise ZeroDivisionError

    assert store.blobs.put_chunks(iter([LARGE[:5], LARGE[5:]])) == digest_bytes(LARGE)
    assert store.blobs.get(digest_bytes(LARGE)) == LARGE
    with pytest.raises(ZeroDivisionError):
        store.blobs.put_chunks(broken())
    assert shelf.names() == [hex_of(digest_bytes(LARGE))]


def test_what_is_kept_is_listed_with_size_and_time_and_can_be_removed(store):
    began = time.time()
    one, two = sorted(map(store.blobs.put, (b"one", b"three")))
    found = list(store.blobs.kept())
    assert [digest for digest, _, _ in found] == [one, two]
    assert sorted(size for _, size, _ in found) == [3, 5]
    assert all(began - 2 <= written <= time.time() + 2 for _, _, written in found)
    for _ in range(2):
        store.blobs.remove(one)
    assert not store.blobs.has(one)
    assert [digest for digest, _, _ in store.blobs.kept()] == [two]


def test_a_missing_blob_says_which(store, tmp_path):
    digest = digest_bytes(b"never written")
    assert not store.blobs.has(digest)
    for ask in (store.blobs.get, lambda it: list(store.blobs.chunks(it))):
        with pytest.raises(OutsideError) as caught:
            ask(digest)
        assert caught.value.code == "GAO-STORE-006"
        assert digest in str(caught.value)


@pytest.mark.proves("C-STORE-VERIFIED")
def test_one_changed_byte_is_noticed_when_reading(store, shelf, tmp_path):
    digest = store.blobs.put(LARGE)
    shelf.replace(digest, LARGE[:-1] + b"7")
    with pytest.raises(OutsideError) as caught:
        store.blobs.get(digest)
    assert caught.value.code == "GAO-STORE-007"
    seen = []
    with pytest.raises(OutsideError):
        seen.extend(store.blobs.chunks(digest))
    assert 0 < sum(map(len, seen)) < len(LARGE)
    with pytest.raises(OutsideError):
        store.blobs.copy_to(digest, tmp_path / "copy.bin")
    assert not list(tmp_path.glob("*copy*"))


def test_a_blob_cut_off_by_a_crash_of_the_machine_is_written_again(store, shelf):
    digest = store.blobs.put(b"whole content")
    shelf.replace(digest, b"who")
    assert store.blobs.put(b"whole content") == digest
    assert store.blobs.get(digest) == b"whole content"


def test_a_digest_that_is_a_path_is_refused(store):
    for ask in (store.blobs.get, store.blobs.has):
        with pytest.raises(UserError):
            ask(Digest("sha256:../../../../etc/passwd"))


def test_a_file_that_cannot_be_read_is_named(store, tmp_path):
    with pytest.raises(OutsideError) as caught:
        store.blobs.put_file(tmp_path / "nowhere.bin")
    assert "nowhere.bin" in caught.value.where


@pytest.mark.parametrize("each_store", ["embedded"], indirect=True)
def test_in_a_folder_blobs_are_readable_for_their_owner_only(store):
    digest = store.blobs.put(b"private")
    (path,) = (path for path in (store.path / "blobs").rglob(hex_of(digest)))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("each_store", ["embedded"], indirect=True)
def test_opening_sweeps_what_a_killed_process_left_and_spares_what_is_being_written(store):
    old, new = store.path / "blobs/tmp/old", store.path / "blobs/tmp/new"
    old.write_bytes(b"half")
    new.write_bytes(b"half")
    long_ago = time.time() - 7200
    os.utime(old, (long_ago, long_ago))
    Store.open(store.path).close()
    assert not old.exists()
    assert new.exists()
