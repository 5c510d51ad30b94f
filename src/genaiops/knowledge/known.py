"""Documents that were read before: where a file's stamps say that nothing changed, it is not read again.

The stamps are those that git trusts: device, inode, size and both times, of the file and of its sidecar. Who
may read a document stands in these files, so no stamp is trusted that a later write could leave as it is:
what was written just before it was read is read again the next time. A change's time cannot be set back.

Most of ten thousand documents are asked for nothing but their digests: texts and blocks stay as they are kept
until somebody wants them. Only then it is seen whether a disk changed one.
"""

import os
import sqlite3
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, fields
from operator import attrgetter
from pathlib import Path
from typing import TypeVar

from genaiops.core import Digest, Json, OutsideError, UserError, decode_json, digest_bytes, encode_json
from genaiops.knowledge.files import Files
from genaiops.knowledge.metadata import SIDECAR
from genaiops.knowledge.model import Body, Document, DocumentFacts, Parts

_RACY_NS = 2_000_000_000
"""How much older than its reading a file's last change must be: the coarsest clocks of file systems."""

# large pages: every text is read each time, and one of 4 kB to a page takes nearly twice as long
_SCHEMA = """
PRAGMA page_size=32768;
PRAGMA secure_delete=ON;
DROP TABLE IF EXISTS documents;
DROP TABLE IF EXISTS known;
CREATE TABLE IF NOT EXISTS known_documents (
    folder TEXT NOT NULL, path TEXT NOT NULL, reader TEXT NOT NULL, stamp TEXT NOT NULL,
    facts BLOB NOT NULL, body BLOB NOT NULL, digest TEXT NOT NULL, PRIMARY KEY (folder, path));
"""
# the tables dropped are those of earlier versions: else they would keep texts of documents that are gone
_FOUND = "SELECT path, stamp, facts, body, digest FROM known_documents WHERE folder = ? AND reader = ?"
_FORGET = "DELETE FROM known_documents WHERE folder = ?"

_VALUES = attrgetter(*(one.name for one in fields(DocumentFacts)))
_Values = tuple[
    str,
    str,
    Digest,
    str,
    int,
    frozenset[str] | None,
    dict[str, Json],
    tuple[int, ...],
    Digest | None,
    tuple[str, ...],
]
"""The fields of `DocumentFacts`: ten thousands of them are read in half the time that objects take."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Stamped:
    """The stamps of documents by path, taken before any is read; `settled` are old enough to be kept."""

    stamps: Mapping[str, str]
    settled: frozenset[str]


class KnownDocuments:
    """Documents in one SQLite file, by folder and path. Removing it costs reading again, nothing else."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def find(self, folder: Path, stamped: Stamped, reader: Digest) -> dict[str, Document]:
        """Return the documents of unchanged files by path, as `reader` read them."""
        name = _name(folder)
        rows = self._run(lambda database: database.execute(_FOUND, (name, reader)).fetchall())
        same = [row for row in rows or () if stamped.stamps.get(row[0]) == row[1]]
        try:
            said = b"[" + b",".join([row[2] for row in same]) + b"]"
            facts = decode_json(list[_Values], said, where=str(self._file))
        except (TypeError, UserError):  # one is no blob, or no facts: the file is damaged
            return {}
        if len(facts) != len(same):
            return {}
        return {
            row[0]: _document(values, _KeptBody(row[3], row[4], self, name, row[0]))
            for row, values in zip(same, facts, strict=True)
        }

    def keep(
        self,
        folder: Path,
        stamped: Stamped,
        reader: Digest,
        known: Collection[str],
        fresh: Sequence[Document],
    ) -> None:
        """Keep `fresh` documents beside those of the paths `known`, and nothing else of `folder`."""
        name = _name(folder)
        settled = [one for one in fresh if one.path in stamped.settled]
        rows = [
            (name, one.path, reader, stamped.stamps[one.path], *kept)
            for one in settled
            if (kept := _kept(one)) is not None
        ]

        def write(database: sqlite3.Connection) -> None:
            there = database.execute("SELECT path FROM known_documents WHERE folder = ?", (name,)).fetchall()
            folders = database.execute("SELECT DISTINCT folder FROM known_documents").fetchall()
            gone = [(name, path) for (path,) in there if path not in known]
            left = [(other,) for (other,) in folders if not Path(other).is_dir()]
            database.executemany(f"{_FORGET} AND path = ?", gone)
            database.executemany(_FORGET, left)
            database.executemany("INSERT OR REPLACE INTO known_documents VALUES (?, ?, ?, ?, ?, ?, ?)", rows)

        self._run(write)

    def damaged(self, folder: str, path: str) -> OutsideError:
        """Return the error for the text of `path`, and forget all of `folder`: what else is damaged too."""
        self._run(lambda database: database.execute(_FORGET, (folder,)))
        return OutsideError(
            "GAO-KNOWLEDGE-029",
            f"what was kept of the document {path} is damaged",
            why="its text is not what was written: the disk changed it",
            fix="run the same command again: the documents are read anew from their files",
            where=str(self._file),
        )

    def _run(self, work: Callable[[sqlite3.Connection], T]) -> T | None:
        """Return what `work` returns in one transaction; None where the file cannot be used.

        A damaged one is removed. Where another process writes, or the disk is full, it is left as it is.
        """
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(self._file)) as database:
                database.executescript(_SCHEMA)
                with database:
                    return work(database)
        except (OSError, sqlite3.OperationalError):
            return None
        except sqlite3.DatabaseError:
            self._file.unlink(missing_ok=True)
            return None


class _KeptBody(Body):
    """A body as it is kept; raises `OutsideError` where it is asked for and is not what was written."""

    __slots__ = ("_digest", "_folder", "_known", "_path")

    def __init__(self, held: bytes, digest: Digest, known: KnownDocuments, folder: str, path: str) -> None:
        self._held, self._digest = held, digest
        self._known, self._folder, self._path = known, folder, path

    def _decoded(self, held: bytes) -> Parts:
        if digest_bytes(held) != self._digest:
            raise self._known.damaged(self._folder, self._path)
        return super()._decoded(held)


def stamp_files(folder: Path, files: Files, now: int) -> Stamped:
    """Return the stamps of the documents of `files` at `now`, in ns; call it before reading any of them."""
    try:
        # each is looked up from here: the way to the folder is not gone ten thousand times
        below = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return Stamped({}, frozenset())
    try:
        return _stamped(files, below, now - _RACY_NS)
    finally:
        os.close(below)


def _stamped(files: Files, below: int, settled_before: int) -> Stamped:
    stamps: dict[str, str] = {}
    settled: set[str] = set()
    sidecars = files.sidecars
    for path in files.documents:
        try:
            path.encode()
            stamp, changed = _stamp(path, below)
            if sidecars and path + SIDECAR in sidecars:
                beside, later = _stamp(path + SIDECAR, below)
                stamp, changed = f"{stamp} {beside}", max(changed, later)
        except (OSError, UnicodeEncodeError):
            continue  # it is gone by now, or its name is no Unicode: that is left to whoever reads it
        stamps[path] = stamp
        if changed < settled_before:
            settled.add(path)
    return Stamped(stamps, frozenset(settled))


def _stamp(file: str, below: int) -> tuple[str, int]:
    """Return the stamp of a file `below` an open folder, and when it changed last, in ns."""
    status = os.stat(file, dir_fd=below)
    modified, changed = status.st_mtime_ns, status.st_ctime_ns
    stamp = f"{status.st_dev}:{status.st_ino}:{status.st_size}:{modified}:{changed}"
    return stamp, max(modified, changed)


def _name(folder: Path) -> str:
    return str(folder.resolve())


def _document(values: _Values, body: Body) -> Document:
    id, path, digest, title, body_start, access, metadata, pages, source, remarks = values
    return Document(
        id=id,
        path=path,
        digest=digest,
        title=title,
        body_start=body_start,
        access=access,
        metadata=metadata,
        pages=pages,
        source=source,
        remarks=remarks,
        body=body,
    )


def _kept(document: Document) -> tuple[bytes, bytes, Digest] | None:
    """Return what is kept of a document and of its body, with a digest; None where it would not come back."""
    said: _Values = _VALUES(document)
    parts = (document.text, document.blocks)
    with suppress(ValueError, UserError):
        facts, body = encode_json(said).encode(), encode_json(parts).encode()
        if decode_json(_Values, facts) == said and decode_json(Parts, body) == parts:
            return facts, body, digest_bytes(body)
    return None
