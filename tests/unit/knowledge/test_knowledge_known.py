"""Documents that did not change are not read again, and whatever changed is seen at once."""

import os
import sqlite3
import time
from contextlib import closing
from dataclasses import fields
from datetime import date
from pathlib import Path

import pytest

from genaiops.core import Digest, OutsideError, digest_bytes
from genaiops.knowledge import KnownDocuments, ParsedFiles, Reading, Release, read_corpus
from genaiops.knowledge.formats.model import Parsed
from genaiops.knowledge.known import Stamped
from genaiops.knowledge.model import Body, Document

LATER = 10_000_000_000
TODAY = date(2026, 1, 1)


class Asked(ParsedFiles):
    """Tells how many HTML files were read."""

    count = 0

    def get(self, key: Digest) -> Parsed | None:
        self.count += 1
        return super().get(key)


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    for name in ("a", "b", "c"):
        (folder / f"{name}.html").write_text(f"<h1>{name}</h1><p>Some text of {name}.</p>")
    (folder / "d.md").write_text("---\naccess: [staff]\nlicence: MIT\n---\n# D\n\nText of d.\n")
    return folder


def settled(folder: Path, today: date = TODAY, releases: tuple[Release, ...] = ()) -> Reading:
    """Return how `folder` is read long after its files were written."""
    known, cache = KnownDocuments(folder.parent / "known.db"), Asked(folder.parent / "parsed")
    return Reading(
        known=known, cache=cache, clock=lambda: time.time_ns() + LATER, today=today, releases=releases
    )


def asked(reading: Reading) -> int:
    assert isinstance(reading.cache, Asked)
    return reading.cache.count


def rewrite(file: Path, text: str) -> None:
    """Write `file` in place, at another time than before, and set the time that can be set back."""
    before = file.stat()
    while file.stat().st_ctime_ns == before.st_ctime_ns:
        file.write_text(text)
        os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.proves("D-KNOWN")
def test_files_that_did_not_change_are_not_read_and_give_the_same_documents(docs: Path) -> None:
    assert read_corpus(docs, settled(docs)) == read_corpus(docs)
    again = settled(docs)
    assert read_corpus(docs, again) == read_corpus(docs)
    assert asked(again) == 0
    rewrite(docs / "b.html", "<h1>b</h1><p>Some more of b.</p>")
    one = settled(docs)
    assert read_corpus(docs, one) == read_corpus(docs)
    assert asked(one) == 1


@pytest.mark.proves("D-KNOWN")
@pytest.mark.parametrize("groups", ["board", "sales"])
def test_a_change_that_leaves_size_and_time_alone_is_seen(docs: Path, groups: str) -> None:
    read_corpus(docs, settled(docs))
    text = (docs / "d.md").read_text()
    rewrite(docs / "d.md", text.replace("staff", groups))
    (document,) = (one for one in read_corpus(docs, settled(docs)).documents if one.path == "d.md")
    assert document.access == {groups}


@pytest.mark.proves("D-KNOWN")
def test_what_was_just_written_is_read_again_whatever_its_stamps_say(docs: Path) -> None:
    known = KnownDocuments(docs.parent / "known.db")
    for group in ("staff", "board", "sales"):
        file, before = docs / "d.md", (docs / "d.md").stat()
        file.write_text(f"---\naccess: [{group}]\nlicence: MIT\n---\n# D\n\nText of d.\n")
        os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
        assert read_corpus(docs, Reading(known=known)).documents[3].access == {group}


@pytest.mark.proves("D-KNOWN")
def test_a_sidecar_that_comes_changes_or_goes_is_seen(docs: Path) -> None:
    sidecar = docs / "a.html.meta.yaml"
    read_corpus(docs, settled(docs))
    sidecar.write_text("access: [board]\n")
    assert read_corpus(docs, settled(docs)).documents[0].access == {"board"}
    rewrite(sidecar, "access: [sales]\n")
    assert read_corpus(docs, settled(docs)).documents[0].access == {"sales"}
    sidecar.unlink()
    assert read_corpus(docs, settled(docs)) == read_corpus(docs)


def test_a_document_that_expires_or_loses_its_release_is_left_out(docs: Path) -> None:
    (docs / "e.md").write_text("---\nvalid_until: 2026-01-31\n---\nText of e.\n")
    (docs / "f.md").write_text("Text\U000e0041\U000e0042 of f.\n")
    (hidden,) = read_corpus(docs, settled(docs)).left_out
    assert hidden.digest
    release = Release(document="f.md", digest=hidden.digest, by="sam", reason="shown in a test")
    for _ in range(2):
        corpus = read_corpus(docs, settled(docs, releases=(release,)))
        assert not corpus.left_out
        assert "released by sam" in corpus.documents[-1].remarks[0]
    corpus = read_corpus(docs, settled(docs, date(2026, 2, 1)))
    assert {one.path: one.reason for one in corpus.left_out} == {"e.md": "expired", "f.md": "quarantined"}


def test_a_known_document_comes_back_with_all_that_is_known_of_it(tmp_path: Path) -> None:
    document = Document(
        id="a.pdf",
        path="a.pdf",
        digest=digest_bytes(b"a"),
        title="A",
        body_start=3,
        access=frozenset({"staff"}),
        metadata={"licence": "MIT"},
        pages=(0, 9),
        source=digest_bytes(b"source"),
        remarks=("a word",),
        body=Body(("The text of a.", None)),
    )
    plain = Document(id="a.pdf", path="a.pdf", digest=digest_bytes(b"a"), body=document.body)
    stated = {one.name for one in fields(Document) if getattr(document, one.name) != getattr(plain, one.name)}
    needed = {"id", "path", "digest", "body"}
    assert stated == {one.name for one in fields(Document)} - needed, "a new field has to be stated here"
    known, stamped = KnownDocuments(tmp_path / "known.db"), Stamped({"a.pdf": "s"}, frozenset({"a.pdf"}))
    known.keep(tmp_path, stamped, digest_bytes(b"reader"), (), [document])
    assert known.find(tmp_path, stamped, digest_bytes(b"reader")) == {"a.pdf": document}


def test_a_damaged_file_of_known_documents_costs_reading_only(docs: Path) -> None:
    read_corpus(docs, settled(docs))
    (docs.parent / "known.db").write_bytes(b"no database" * 100)
    for read in (3, 0):
        again = settled(docs)
        assert read_corpus(docs, again) == read_corpus(docs)
        assert asked(again) == read


def test_folders_that_are_gone_and_files_that_went_are_forgotten(docs: Path, tmp_path: Path) -> None:
    read_corpus(docs, settled(docs))
    moved = docs.rename(tmp_path / "moved")
    (moved / "a.html").unlink()
    read_corpus(moved, settled(moved))
    content = (tmp_path / "known.db").read_bytes()
    assert content.count(b"Some text of b") == 1
    assert b"Some text of a" not in content


def change(docs: Path, *statements: str) -> None:
    with closing(sqlite3.connect(docs.parent / "known.db")) as database, database:
        for statement in statements:
            database.execute(statement)


@pytest.mark.proves("D-KNOWN")
@pytest.mark.parametrize("body", ['["broken', '["another text", null]'])
def test_a_text_that_the_disk_changed_is_never_used_and_is_read_again(docs: Path, body: str) -> None:
    read_corpus(docs, settled(docs))
    change(docs, f"UPDATE known_documents SET body = CAST('{body}' AS BLOB) WHERE path = 'a.html'")
    found = read_corpus(docs, settled(docs)).documents
    with pytest.raises(OutsideError, match="GAO-KNOWLEDGE-029"):
        _ = found[0].text
    assert "Some text of b" in found[1].text
    again = settled(docs)
    assert read_corpus(docs, again) == read_corpus(docs)
    assert asked(again) == 3


@pytest.mark.proves("D-KNOWN")
@pytest.mark.parametrize("facts", ["facts || ',' || facts", "CAST(facts || ',' || facts AS BLOB)", "x'5b5d'"])
def test_what_is_known_of_documents_is_read_again_where_one_of_them_is_damaged(
    docs: Path, facts: str
) -> None:
    read_corpus(docs, settled(docs))
    change(docs, f"UPDATE known_documents SET facts = {facts} WHERE path = 'd.md'")
    for read in (3, 0):
        again = settled(docs)
        assert read_corpus(docs, again) == read_corpus(docs)
        assert asked(again) == read


def test_texts_that_an_earlier_version_kept_are_removed(docs: Path) -> None:
    change(
        docs,
        "CREATE TABLE documents (folder TEXT, document TEXT)",
        "INSERT INTO documents VALUES ('docs', 'a text of a document that is gone')",
        "CREATE TABLE known (folder TEXT, body BLOB)",
        "INSERT INTO known VALUES ('docs', 'another text of a document that is gone')",
    )
    read_corpus(docs, settled(docs))
    assert b"text of a document that is gone" not in (docs.parent / "known.db").read_bytes()
