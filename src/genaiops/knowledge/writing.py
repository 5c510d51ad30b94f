"""A snapshot written bit by bit: passages as they come, then their vectors; or from an earlier one.

Rows in the database are numbered as they come; `keys.npy` has the numbers in the order of passage ids, which
is the order of everything else. So an index of a corpus that changed a little is a copy of the last one with
a few rows taken out and a few put in, and answers as one that was written from nothing.
"""

import shutil
import sqlite3
from bisect import bisect_left
from collections.abc import Generator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import compress, pairwise
from operator import lt
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from genaiops.core import Digest, Json, OutsideError, Passage, canonical, encode_json
from genaiops.knowledge.arrays import fill_rows, save_rows, to_disk
from genaiops.knowledge.filters import check_readers
from genaiops.knowledge.lexical import TOKENIZER, indexed_words
from genaiops.knowledge.links import name_of
from genaiops.knowledge.snapshot import IDS, Snapshot
from genaiops.knowledge.staging import same_id
from genaiops.store import disk_error, write_new

_SCHEMA = f"""
CREATE TABLE passages (row INTEGER PRIMARY KEY, body TEXT NOT NULL);
CREATE TABLE scopes (scope INTEGER PRIMARY KEY, document TEXT NOT NULL, metadata TEXT NOT NULL);
CREATE VIRTUAL TABLE words USING fts5(
    header, body, content='', tokenize='{TOKENIZER}');
CREATE TABLE titles (row INTEGER PRIMARY KEY, name TEXT NOT NULL);
"""
# nobody reads the file before the whole folder is renamed, so that a journal would protect nothing; all files
# are brought to the disk once, at the end
_FAST = "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA secure_delete=ON; PRAGMA cache_size=-64000;"

_SCOPES = "SELECT document, metadata FROM scopes ORDER BY scope"
_Scope = tuple[str, str]
"""A document, and its metadata as JSON."""


@dataclass(frozen=True, slots=True)
class Base:
    """An earlier snapshot, and its documents' digests.

    The passages of `gone` documents are not taken over. `drifted` documents, with those that are new, differ
    from the corpus on which its trust was measured.
    """

    snapshot: Snapshot
    documents: Mapping[str, Digest]
    gone: frozenset[str]
    drifted: int


class BaseUnusableError(Exception):
    """The base could not be brought over: it is damaged, or gone, or there is no room for it."""


@dataclass(frozen=True, slots=True)
class _Rows:
    """Passages in the order in which they came, without their texts.

    `scopes` are numbers in the writer's table. `rows` are those of each passage's parts, in the base's
    vectors and, counted on, in those that are added.
    """

    ids: Sequence[str]
    keys: NDArray[np.int64]
    parts: NDArray[np.int32]
    scopes: NDArray[np.int64]
    rows: NDArray[np.int64]


class SnapshotWriter:
    """Writes into the new `folder`, on one thread at a time; the caller makes it visible by renaming.

    What `base` holds is brought over when it is first told something, on the thread that does: while others
    work. Where it cannot be, every method raises `BaseUnusableError`: the caller may write without it.
    """

    def __init__(self, folder: Path, base: Base | None = None) -> None:
        self._folder = folder
        self._base = base
        self._opened: sqlite3.Connection | None = None
        self._kept: _Rows | None = None
        self._first = 0
        self._ids: list[str] = []
        self._scopes: list[int] = []
        self._table: dict[_Scope, int] = {}
        self._known_scopes = 0
        self._beside = ThreadPoolExecutor(1)
        self._saving: Future[None] | None = None
        self._chosen = np.zeros(0, dtype=np.int64)
        self._facts: dict[str, Json] = {}
        self.ids: list[str] = []
        """The ids of all passages in their order, once they are arranged."""

    def add(self, passages: Sequence[Passage]) -> None:
        """Write passages; raises `UserError` where it is not clear who may read one."""
        check_readers(passages)
        with self._explained():
            database = self._open()
            rows = [one if one.score is None else replace(one, score=None) for one in passages]
            numbered = list(enumerate(rows, start=self._first + len(self._ids)))
            self._ids += [row.id for row in rows]
            self._scopes += [self._table.setdefault(_scope(row), len(self._table)) for row in rows]
            _insert(database, numbered)

    def arrange(self, parts: Sequence[int]) -> None:
        """Write all but the vectors, of which each passage that was added has so many `parts`."""
        with self._explained():
            database = self._open()
            rows = self._rows(np.asarray(parts, dtype="<i4"))
            self.ids, order = _merged(rows.ids, len(rows.ids) - len(self._ids))
            self._check_ascending(rows, order)
            self._write(database, rows, order)

    def finish(self, number: int, vectors: NDArray[np.float32]) -> None:
        """Write the vectors, a row for each part of each passage added, and what says that all is there."""
        rows, file = np.asarray(vectors, dtype="<f4"), self._folder / "vectors.npy"
        with self._explained():
            if self._base and self._saving:
                self._saving.result()
                known = self._base.snapshot.vectors
                at = np.flatnonzero(self._chosen >= len(known))
                fill_rows(file, rows[self._chosen[at] - len(known)], at)
                width = known.shape[1]
            else:
                save_rows(file, rows, self._chosen)
                width = rows.shape[1]
            facts = {"number": number, **self._facts, "dimension": width if len(self._chosen) else 0}
            to_disk(file)
            write_new(self._folder / "manifest.json", [canonical(facts)], 0o644)
            to_disk(self._folder)

    def close(self) -> None:
        """Let go of the files."""
        self._beside.shutdown()
        if self._opened:
            self._opened.close()

    @contextmanager
    def _explained(self) -> Generator[None]:
        try:
            with explained(self._folder):
                yield
        except OutsideError as error:
            # what is wrong with the base's copy may show only when more is written to it
            if self._base:
                raise BaseUnusableError(str(error)) from error
            raise

    def _open(self) -> sqlite3.Connection:
        """Return the file; the first time it is made, of the base where there is one."""
        if self._opened is None:
            self._folder.mkdir(parents=True)
            file, base = self._folder / "passages.db", self._base
            if base:
                shutil.copyfile(base.snapshot.folder / "passages.db", file)
            self._opened = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
            self._opened.executescript(_FAST if base else _FAST + _SCHEMA)
            self._opened.execute("BEGIN")
            if base:
                self._kept = self._carried(self._opened, base)
                self._first = 1 + int(base.snapshot.keys.max(initial=-1))
        return self._opened

    def _carried(self, database: sqlite3.Connection, base: Base) -> _Rows:
        """Take the documents that are gone out of the database, and return what stays."""
        earlier = base.snapshot
        scopes: list[_Scope] = database.execute(_SCOPES).fetchall()
        self._table = {scope: at for at, scope in enumerate(scopes)}
        self._known_scopes = len(scopes)
        if not len(self._table) == len(scopes) > earlier.scope_of.max(initial=-1):
            raise BaseUnusableError("its documents are not those of its passages")
        is_gone = np.array([document in base.gone for document, _ in scopes], dtype=np.bool_)
        going = is_gone[earlier.scope_of]
        stays, gone = np.flatnonzero(~going), np.flatnonzero(going)
        # the full text starts a new segment wherever a number is not above the last: it takes eight times as
        # long, and all of them are merged one day
        gone = gone[np.argsort(earlier.keys[gone])]
        keys = [(key,) for key in earlier.keys[gone].tolist()]
        old = zip(keys, earlier.passages(gone.tolist()), strict=True)
        # the full text keeps no copy of what it indexed: it forgets a passage when it is told its words again
        database.executemany(
            "INSERT INTO words (words, rowid, header, body) VALUES ('delete', ?, ?, ?)",
            ((*key, *indexed_words(passage)) for key, passage in old),
        )
        database.executemany("DELETE FROM passages WHERE row = ?", keys)
        database.executemany("DELETE FROM titles WHERE row = ?", keys)
        return _Rows(
            list(compress(earlier.ids(), (~going).tolist())),
            earlier.keys[stays],
            earlier.parts[stays],
            earlier.scope_of[stays].astype(np.int64),
            _part_rows(earlier.parts, stays),
        )

    def _rows(self, parts: NDArray[np.int32]) -> _Rows:
        """Return all passages, with so many `parts` of each that was added."""
        first = len(self._base.snapshot.vectors) if self._base else 0
        added = _Rows(
            self._ids,
            np.arange(self._first, self._first + len(self._ids), dtype=np.int64),
            parts,
            np.asarray(self._scopes, dtype=np.int64),
            np.arange(first, first + int(parts.sum())),
        )
        return _joined(self._kept, added) if self._kept else added

    def _write(self, database: sqlite3.Connection, rows: _Rows, order: NDArray[np.int64]) -> None:
        self._chosen = rows.rows[_part_rows(rows.parts, order)]
        scope_of, used = rows.scopes[order], np.zeros(len(self._table), dtype=np.bool_)
        used[scope_of] = True
        scopes = list(compress(self._table, used.tolist()))
        if not used.all():
            scope_of = (np.cumsum(used) - 1)[scope_of]
            self._known_scopes = 0
            database.execute("DELETE FROM scopes")
        if self._base:
            file, known = self._folder / "vectors.npy", self._base.snapshot.vectors
            # files and SQLite let go of the interpreter while they write
            self._saving = self._beside.submit(_save_known, file, known, self._chosen)
        arrays = {"parts": rows.parts[order], "keys": rows.keys[order], "scopes": scope_of.astype("<i4")}
        (self._folder / IDS).write_text(encode_json(self.ids), "utf-8")
        for name, values in arrays.items():
            np.save(self._folder / f"{name}.npy", values, allow_pickle=False)
        self._commit(database, scopes)
        for name in ("passages.db", *(f"{name}.npy" for name in arrays)):
            to_disk(self._folder / name)
        documents = len({document for document, _ in scopes})
        self._facts = {"passages": len(order), "documents": documents}

    def _commit(self, database: sqlite3.Connection, scopes: Sequence[_Scope]) -> None:
        new = enumerate(scopes[self._known_scopes :], start=self._known_scopes)
        database.executemany("INSERT INTO scopes VALUES (?, ?, ?)", ((at, *scope) for at, scope in new))
        if not self._kept:
            database.execute("INSERT INTO words (words) VALUES ('optimize')")
        database.execute("COMMIT")

    def _check_ascending(self, rows: _Rows, order: NDArray[np.int64]) -> None:
        if all(map(lt, self.ids, self.ids[1:])):
            return
        places: list[int] = order.tolist()
        for one, other in pairwise(places):
            if rows.ids[one] == rows.ids[other]:
                scopes = list(self._table)
                named = [scopes[int(rows.scopes[at])][0] for at in (one, other)]
                raise same_id(rows.ids[one], named[0], named[1])
        raise BaseUnusableError("its passages are in no order")


def _insert(database: sqlite3.Connection, numbered: Sequence[tuple[int, Passage]]) -> None:
    database.executemany(
        "INSERT INTO passages VALUES (?, ?)",
        ((key, encode_json(row)) for key, row in numbered),
    )
    database.executemany(
        "INSERT INTO words (rowid, header, body) VALUES (?, ?, ?)",
        ((key, *indexed_words(row)) for key, row in numbered),
    )
    names = ((key, name_of(row.title)) for key, row in numbered)
    database.executemany("INSERT INTO titles VALUES (?, ?)", (one for one in names if one[1]))


def write_snapshot(
    folder: Path, number: int, passages: Sequence[Passage], vectors: Sequence[NDArray[np.float32]]
) -> None:
    """Write a snapshot into the new `folder`; the caller makes it visible by renaming.

    `vectors` has for each passage one row for each of its parts.
    """
    writer = SnapshotWriter(folder)
    try:
        writer.add(passages)
        stacked = np.concatenate(vectors) if vectors else np.zeros((0, 0), "<f4")
        writer.arrange([len(rows) for rows in vectors])
        writer.finish(number, stacked)
    finally:
        writer.close()


def _scope(passage: Passage) -> _Scope:
    return passage.document, _text(passage.metadata)


def _text(metadata: dict[str, Json]) -> str:
    return canonical(metadata).decode() if metadata else "{}"


def _merged(ids: Sequence[str], sorted_to: int) -> tuple[list[str], NDArray[np.int64]]:
    """Return `ids` in their order, and where each stood; those before `sorted_to` are in it already."""
    others = sorted(range(sorted_to, len(ids)), key=ids.__getitem__)
    places = [bisect_left(ids, ids[at], 0, sorted_to) for at in others]
    merged: list[str] = []
    before = 0
    for place, at in zip(places, others, strict=True):
        merged += ids[before:place]
        merged.append(ids[at])
        before = place
    merged += ids[before:sorted_to]
    return merged, np.insert(np.arange(sorted_to), places, others)


def _save_known(file: Path, known: NDArray[np.float32], chosen: NDArray[np.int64]) -> None:
    save_rows(file, known, chosen)
    to_disk(file)  # while others are embedded; again when their vectors are there, which are few


def _joined(one: _Rows, other: _Rows) -> _Rows:
    if not len(other.ids):
        return one
    return _Rows(
        [*one.ids, *other.ids],
        np.concatenate([one.keys, other.keys]),
        np.concatenate([one.parts, other.parts]),
        np.concatenate([one.scopes, other.scopes]),
        np.concatenate([one.rows, other.rows]),
    )


def _part_rows(parts: NDArray[np.int32], order: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the rows of the vectors of the passages at `order`, a passage's after another's."""
    counts, starts = parts[order].astype(np.int64), (np.cumsum(parts) - parts)[order]
    before = np.cumsum(counts) - counts
    return np.repeat(starts - before, counts) + np.arange(int(counts.sum()))


@contextmanager
def explained(folder: Path) -> Generator[None]:
    """Turn a disk that is full or fails into an `OutsideError`."""
    try:
        yield
    except OSError as error:
        raise disk_error(error, folder) from error
    except sqlite3.DatabaseError as error:
        raise OutsideError(
            "GAO-KNOWLEDGE-028",
            "the index could not be written",
            why=str(error),
            fix="free some space or check the disk, then run the same command again",
            where=str(folder),
        ) from error
