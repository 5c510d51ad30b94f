"""Versions move to another Hub with identical digests; an archive that is not sound leaves nothing."""

import io
import json
import tarfile

import pytest
from tests.support import stores
from tests.unit.hub.contents_sample import PROMPT, Shelf, row, write
from tests.unit.hub.hub_sample import RITA, opened

from genaiops.core import UserError, digest_bytes
from genaiops.store import Store

pytestmark = [pytest.mark.usefixtures("each_way"), pytest.mark.thorough]


@pytest.fixture
def shelf(tmp_path):
    with opened(tmp_path / "store") as store:
        yield Shelf(store)


@pytest.fixture
def other(tmp_path):
    with opened(tmp_path / "other", {}) as store:
        yield Shelf(store)


@pytest.fixture
def archive(shelf, tmp_path):
    raw = write(tmp_path / "raw", raw__jsonl=row(1) + row(2)) / "raw.jsonl"
    shelf.contents.push("blob/raw", [raw])
    shelf.contents.push("dataset/support/qa", [raw], parents=["blob/raw"], described={"owner": "support"})
    shelf.contents.push("prompt/answer", [write(tmp_path / "p", a__md=PROMPT)], labels={"team": "x"})
    version = shelf.contents.push("prompt/answer", [write(tmp_path / "p", a__md=PROMPT + "!")]).version
    shelf.by(RITA).move("prompt/answer", "prod", version.reference, read=None, why="good")
    shelf.by(RITA).approve(version.digest, "risk")
    shelf.by(RITA).deprecate("prompt/answer:v1", reason="old", successor="prompt/answer:v2")
    shelf.contents.export(None, tmp_path / "all.tar")
    return tmp_path / "all.tar"


def refused(shelf, path):
    with pytest.raises(UserError) as caught:
        shelf.contents.import_(path)
    assert shelf.hub.list() == []
    assert shelf.blobs() == set()
    return caught.value.code


def rewritten(path, change):
    """Write an archive again with its list of contents as `change` leaves it."""
    with tarfile.open(path) as tar:
        members = [(member.name, tar.extractfile(member).read()) for member in tar.getmembers()]
    listing = json.loads(members[0][1])
    change(listing)
    content = json.dumps(listing, sort_keys=True, separators=(",", ":")).encode()
    members[0] = (members[0][0], content)
    return packed(path, members)


def packed(path, members):
    out = io.BytesIO()
    for name, content in members:
        info = tarfile.TarInfo(name)
        info.size, info.mode = len(content), 0o644
        out.write(info.tobuf(tarfile.GNU_FORMAT) + content + bytes(-len(content) % 512))
    path.write_bytes(out.getvalue() + bytes(1024))
    return path


@pytest.mark.remote
@pytest.mark.parametrize("each_way", ["embedded"], indirect=True)
@pytest.mark.proves("C-STORE-TWO")
def test_what_was_made_alone_moves_into_a_shared_store(shelf, archive, tmp_path):
    with Store.open(tmp_path / "shared", stores.remote()) as store:
        shared = Shelf(store)
        shared.contents.import_(archive)
        assert [each.reference for each in shared.hub.list()] == [each.reference for each in shelf.hub.list()]
        assert shared.blobs() <= shelf.blobs(), "what was pushed raw and belongs to no version stays"
        assert all(store.blobs.get(digest) for digest in shared.blobs())


@pytest.mark.proves("C-HUB-MOVE")
def test_everything_moves_with_identical_digests_numbers_and_lineage(shelf, other, archive):
    other.contents.import_(archive)
    assert {each.reference for each in other.hub.list()} == {each.reference for each in shelf.hub.list()}
    assert other.blobs() == {digest for each in shelf.hub.list() for digest in each.blobs.values()}
    assert other.hub.get("dataset/support/qa").described == {"owner": "support"}
    assert other.hub.get("prompt/answer:v1").labels == {"team": "x"}
    assert other.hub.get("prompt/answer:v1").deprecated.successor == "prompt/answer:v2"
    [edge] = other.hub.lineage("dataset/support/qa")
    assert (edge.parent.short, edge.activity) == ("blob/raw:v1", "hub push")


@pytest.mark.proves("C-HUB-MOVE")
def test_decisions_of_the_other_hub_are_told_and_decide_nothing_here(other, archive):
    other.contents.import_(archive)
    standing = other.governance.standing("prompt/answer:v2")
    assert (standing.aliases, standing.approvals, standing.author) == ((), (), "user:ann")
    [record] = standing.imported
    assert [(move.alias, move.by, move.why) for move in record.moves] == [("prod", "user:rita", "good")]
    assert [(approval.role, approval.by) for approval in record.approvals] == [("risk", "user:rita")]
    assert other.governance.live("prompt/answer", "prod") is None


@pytest.mark.proves("C-HUB-MOVE")
def test_a_version_is_here_since_it_was_imported_whatever_the_archive_says(other, archive):
    rewritten(
        archive,
        lambda listing: [each.update(created_at="2001-01-01T00:00:00Z") for each in listing["versions"]],
    )
    other.contents.import_(archive)
    assert {each.created_at for each in other.hub.list()} == {"2026-03-03T12:00:00Z"}


@pytest.mark.proves("C-HUB-MOVE")
def test_the_same_archive_again_changes_nothing(other, archive):
    first = other.contents.import_(archive)
    before = other.hub.list()
    again = other.contents.import_(archive)
    assert {taken.became for taken in first} == {"new"}
    assert {taken.became for taken in again} == {"unchanged"}
    assert other.hub.list() == before
    assert len(other.governance.standing("prompt/answer:v2").imported) == 1


@pytest.mark.proves("C-HUB-MOVE")
def test_equal_contents_are_equal_archives_and_any_tar_reads_them(shelf, archive, tmp_path):
    shelf.contents.export(None, tmp_path / "again.tar")
    assert (tmp_path / "again.tar").read_bytes() == archive.read_bytes()
    with tarfile.open(archive) as tar:
        assert tar.getnames()[0] == "genaiops-hub.json"


@pytest.mark.proves("C-HUB-MOVE")
def test_a_project_or_a_version_moves_with_all_that_it_rests_on(shelf, other, archive, tmp_path):
    shelf.contents.export(["support"], tmp_path / "some.tar")
    other.contents.import_(tmp_path / "some.tar")
    assert {each.artifact for each in other.hub.list()} == {"blob/raw", "dataset/support/qa"}
    shelf.contents.export(["prompt/answer:v2"], tmp_path / "one.tar")
    assert [each.number for each in other.contents.check(tmp_path / "one.tar").versions] == [2]
    for what in (["nobody"], ["prompt/nothing"]):
        with pytest.raises(UserError):
            shelf.contents.export(what, tmp_path / "none.tar")
    assert not (tmp_path / "none.tar").exists()


@pytest.mark.proves("C-HUB-MOVE")
def test_what_is_here_keeps_what_is_said_of_it_and_its_number(shelf, other, archive, tmp_path):
    other.contents.push("prompt/answer", [write(tmp_path / "q", a__md=PROMPT + "?")])
    other.contents.push("blob/raw", [tmp_path / "raw"], described={"owner": "mine"})
    other.contents.import_(archive)
    assert other.hub.get("blob/raw").described == {"owner": "mine"}
    numbers = {each.digest: each.number for each in other.hub.list("prompt")}
    assert sorted(numbers.values()) == [1, 2, 3]
    assert numbers[shelf.hub.get("prompt/answer:v2").digest] == 3


@pytest.mark.proves("C-BAD-ARCHIVE")
def test_an_archive_that_is_cut_off_anywhere_leaves_nothing(other, archive):
    content = archive.read_bytes()
    for size in [0, 100, 512, 700, *range(1024, len(content), 512)]:
        archive.write_bytes(content[:size])
        assert refused(other, archive) == "GAO-HUB-066"


@pytest.mark.proves("C-BAD-ARCHIVE", "C-BAD-DIGEST")
def test_a_bit_that_flipped_in_a_blob_leaves_nothing(other, archive):
    content = bytearray(archive.read_bytes())
    content[-1024 - 512] ^= 1
    archive.write_bytes(bytes(content))
    assert refused(other, archive) == "GAO-HUB-066"


def _another_digest(listing):
    listing["versions"][0]["digest"] = digest_bytes(b"else")


def _another_manifest(listing):
    listing["versions"][-1]["manifest"]["description"] = "else"


def _a_circle(listing):
    listing["edges"] += [
        {**listing["edges"][0], "child": 0, "parent": 1},
        {**listing["edges"][0], "child": 1, "parent": 0},
    ]


def _an_edge_to_nowhere(listing):
    listing["edges"][0]["parent"] = -1


def _a_blob_less(listing):
    listing["blobs"].pop()


def _twice(listing):
    listing["versions"].append(listing["versions"][0])


def _a_name_with_tricks(listing):
    listing["versions"][0]["name"] = "../../etc"


def _another_kind(listing):
    listing["versions"][0]["kind"] = "scorer"


def _a_huge_size(listing):
    listing["blobs"][0]["size"] = 10**15


def _a_negative_size(listing):
    listing["blobs"][0]["size"] = -512


def _another_format(listing):
    listing["format"] = 2


def _a_word_too_long(listing):
    listing["versions"][0]["described"] = {"sensitivity": "secret"}


@pytest.mark.proves("C-BAD-ARCHIVE", "C-BAD-DIGEST", "C-BAD-CIRCLE", "C-BAD-NAME", "C-BAD-MANIFEST")
@pytest.mark.parametrize(
    ("change", "code"),
    [
        (_another_digest, "GAO-HUB-066"),
        (_another_manifest, "GAO-HUB-066"),
        (_a_circle, "GAO-HUB-066"),
        (_an_edge_to_nowhere, "GAO-HUB-066"),
        (_a_blob_less, "GAO-HUB-066"),
        (_twice, "GAO-HUB-066"),
        (_a_name_with_tricks, "GAO-CORE-004"),
        (_another_kind, "GAO-HUB-002"),
        (_a_huge_size, "GAO-HUB-066"),
        (_a_negative_size, "GAO-HUB-066"),
        (_another_format, "GAO-HUB-066"),
        (_a_word_too_long, "GAO-HUB-050"),
        (lambda listing: listing.clear(), "GAO-HUB-072"),
    ],
)
def test_a_list_that_does_not_fit_leaves_nothing(other, archive, change, code):
    assert refused(other, rewritten(archive, change)) == code


@pytest.mark.proves("C-BAD-ARCHIVE", "C-BAD-PATH")
@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.XHDTYPE, tarfile.GNUTYPE_SPARSE]
)
def test_a_link_a_folder_or_an_extended_header_leaves_nothing(other, archive, kind):
    content = archive.read_bytes()
    info = tarfile.TarInfo("blobs/../../evil")
    info.type, info.linkname = kind, "/etc/passwd"
    first = 512 + int(content[124:135], 8)
    place = first + -first % 512
    archive.write_bytes(content[:place] + info.tobuf(tarfile.GNU_FORMAT) + content[place + 512 :])
    assert refused(other, archive) == "GAO-HUB-066"


@pytest.mark.proves("C-BAD-ARCHIVE")
def test_what_follows_the_end_and_what_is_no_archive_leave_nothing(other, archive, tmp_path):
    archive.write_bytes(archive.read_bytes() + b"more")
    assert refused(other, archive) == "GAO-HUB-066"
    archive.write_bytes(b"PK\x03\x04" * 1000)
    assert refused(other, archive) == "GAO-HUB-066"


@pytest.mark.proves("C-BAD-CIRCLE")
def test_an_archive_whose_lineage_runs_against_the_one_here_is_refused_whole(shelf, other, tmp_path):
    a, b, c = (write(tmp_path / name, f__txt=name) for name in "abc")
    shelf.contents.push("blob/a", [a])
    shelf.contents.push("blob/b", [b], parents=["blob/a"])
    shelf.contents.push("blob/c", [c])
    shelf.contents.export(None, tmp_path / "x.tar")
    other.contents.push("blob/b", [b])
    other.contents.push("blob/a", [a], parents=["blob/b"])
    with pytest.raises(UserError) as caught:
        other.contents.import_(tmp_path / "x.tar")
    assert caught.value.code == "GAO-HUB-009"
    assert {each.name for each in other.hub.list()} == {"a", "b"}
