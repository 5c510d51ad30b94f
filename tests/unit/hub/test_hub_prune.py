"""Content that nothing needs goes; versions, lineage and decisions stay."""

from datetime import UTC, datetime

import pytest
from tests.unit.hub.contents_sample import Shelf, write
from tests.unit.hub.hub_sample import ANN, Clock

from genaiops.arena import KINDS
from genaiops.core import UserError
from genaiops.hub import Hub, Retention, keeping
from genaiops.store import Store

pytestmark = [pytest.mark.usefixtures("each_store"), pytest.mark.thorough]

LAST = Retention(keep=1, older_than=30)
LATER = datetime(2100, 1, 1, tzinfo=UTC)
"""So late that no blob is young: when one was written is the word of the disk, or of the bucket."""


@pytest.fixture
def shelf(tmp_path):
    with Store.open(tmp_path / "store") as store:
        yield Shelf(store, Clock(LATER))


def push(shelf, tmp_path, name, text, **options):
    return shelf.contents.push(f"blob/{name}", [write(tmp_path / name, f__txt=text)], **options).version


def prune(shelf, retention=LAST, **options):
    return [version.short for version in shelf.contents.prune(retention, **options).versions]


@pytest.mark.proves("C-HUB-PRUNE")
def test_old_content_that_nothing_needs_goes_and_the_version_stays(shelf, tmp_path):
    first = push(shelf, tmp_path, "a", "one")
    last = push(shelf, tmp_path, "a", "two", parents=[])
    shelf.clock.pass_by(days=40)
    assert prune(shelf, dry_run=True) == ["blob/a:v1"]
    assert len(shelf.blobs()) == 2
    assert prune(shelf) == ["blob/a:v1"]
    assert shelf.blobs() == set(last.blobs.values())
    there = shelf.hub.get("blob/a:v1")
    assert (there.digest, there.manifest, bool(there.removed)) == (first.digest, first.manifest, True)
    for ask in (
        lambda: shelf.contents.pull("blob/a:v1", tmp_path / "out"),
        lambda: shelf.hub.diff("blob/a:v1", "blob/a"),
    ):
        with pytest.raises(UserError) as caught:
            ask()
        assert caught.value.code == "GAO-HUB-052"


@pytest.mark.proves("C-HUB-PRUNE")
def test_what_something_kept_was_made_from_stays_however_old(shelf, tmp_path):
    old = push(shelf, tmp_path, "raw", "one")
    push(shelf, tmp_path, "clean", "two", parents=[old.reference])
    push(shelf, tmp_path, "raw", "three")
    shelf.clock.pass_by(days=400)
    assert prune(shelf) == []
    push(shelf, tmp_path, "clean", "four")
    assert prune(shelf) == ["blob/raw:v1", "blob/clean:v1"]
    assert [edge.parent.short for edge in shelf.hub.lineage("blob/clean:v1")] == ["blob/raw:v1"]


@pytest.mark.proves("C-HUB-PRUNE")
def test_what_an_alias_points_at_goes_back_to_or_left_lately_stays(shelf, tmp_path):
    versions = [push(shelf, tmp_path, "a", str(number)) for number in range(6)]
    read = None
    for version in versions[:4]:
        shelf.governance.move("blob/a", "prod", version.reference, read=read)
        read = version.digest
        shelf.clock.pass_by(days=40)
    assert prune(shelf) == ["blob/a:v1", "blob/a:v2", "blob/a:v5"]
    shelf.governance.rollback("blob/a:prod", why="back")
    assert (shelf.hub.get("blob/a:prod").number, shelf.hub.get("blob/a:prod").removed) == (3, None)


@pytest.mark.proves("C-HUB-PRUNE")
def test_what_somebody_approved_stays(shelf, tmp_path):
    for text in ("one", "two", "three"):
        push(shelf, tmp_path, "a", text)
    shelf.governance.approve("blob/a:v1", "risk")
    shelf.clock.pass_by(days=40)
    assert prune(shelf) == ["blob/a:v2"]


@pytest.mark.proves("C-HUB-PRUNE")
def test_a_blob_that_something_kept_has_too_stays(shelf, tmp_path):
    push(shelf, tmp_path, "a", "shared")
    push(shelf, tmp_path, "b", "shared")
    push(shelf, tmp_path, "a", "other")
    shelf.clock.pass_by(days=40)
    assert prune(shelf) == ["blob/a:v1"]
    _, [file] = shelf.contents.pull("blob/b", tmp_path / "out")
    assert file.read_text() == "shared"


@pytest.mark.proves("C-HUB-PRUNE")
def test_pushing_removed_content_again_makes_it_the_same_version_again(shelf, tmp_path):
    first = push(shelf, tmp_path, "a", "one")
    push(shelf, tmp_path, "a", "two")
    shelf.contents.export(None, tmp_path / "all.tar")
    shelf.clock.pass_by(days=40)
    prune(shelf)
    again = push(shelf, tmp_path, "a", "one")
    assert (again.reference, again.removed) == (first.reference, None)
    shelf.contents.pull("blob/a:v1", tmp_path / "out")
    prune(shelf)
    assert [each.became for each in shelf.contents.import_(tmp_path / "all.tar")] == ["restored", "unchanged"]
    shelf.contents.pull("blob/a:v1", tmp_path / "out2")


@pytest.mark.proves("C-HUB-PRUNE")
def test_only_the_kinds_that_are_named_go_and_the_newest_always_stay(shelf, tmp_path):
    for text in ("one", "two", "three"):
        push(shelf, tmp_path, "a", text)
    shelf.clock.pass_by(days=40)
    assert prune(shelf, Retention(keep=1, older_than=30, kinds=frozenset({"model"}))) == []
    assert prune(shelf, Retention(keep=2, older_than=30)) == ["blob/a:v1"]
    for wrong in (Retention(keep=0), Retention(older_than=-1)):
        with pytest.raises(UserError) as caught:
            shelf.contents.prune(wrong)
        assert caught.value.code == "GAO-HUB-069"


@pytest.mark.proves("C-HUB-PRUNE", "C-HUB-ORPHANS")
def test_what_a_killed_push_left_is_collected_after_an_hour(shelf, tmp_path):
    shelf.store.blobs.put(b"left behind")
    kept = push(shelf, tmp_path, "a", "one")
    shelf.clock.now = datetime.now(UTC)
    shelf.clock.pass_by(minutes=59)
    assert shelf.contents.prune(LAST).orphans == 0
    shelf.clock.pass_by(minutes=2)
    assert shelf.contents.prune(LAST).orphans == 1
    assert shelf.blobs() == set(kept.blobs.values())


@pytest.mark.proves("C-HUB-ORPHANS")
@pytest.mark.parametrize("killed", [False, True])
def test_content_that_is_swept_away_while_it_is_published_is_put_again(shelf, killed):
    content = b"{}"
    digest = shelf.store.blobs.put(content)  # an orphan that a sweep takes

    def sweep_then_look(version):
        """Be the verifier, which is asked between the blobs and the transaction."""
        if killed:
            shelf.store.blobs.remove(digest)
        else:
            shelf.contents.prune(LAST)
        assert shelf.blobs() == set()

    if killed:  # a sweep that began, and of whose end nobody will hear
        shelf.contents.prune(LAST, dry_run=True)
        with shelf.store.database.write() as connection:
            keeping.sweep(connection, ended=False, by="x", at="2026-01-01T00:00:00Z")
    hub = Hub(shelf.store, KINDS, by=ANN, verifier=sweep_then_look, clock=shelf.clock)
    manifest = {"run": "r", "outcome": "pass", "statement": digest}
    hub.publish("evidence", "r", manifest, blobs={"statement": content})
    assert shelf.blobs() == {digest}


@pytest.mark.proves("C-HUB-ORPHANS")
def test_content_that_was_given_by_its_digest_and_swept_away_is_never_published(shelf):
    digest = shelf.store.blobs.put(b"{}")
    hub = Hub(shelf.store, KINDS, by=ANN, verifier=lambda _: shelf.contents.prune(LAST) and None)
    manifest = {"run": "r", "outcome": "pass", "statement": digest}
    with pytest.raises(UserError) as caught:
        hub.publish("evidence", "r", manifest, blobs={"statement": digest})
    assert caught.value.code == "GAO-HUB-004"
    assert hub.list() == []
