"""A snapshot written bit by bit: passages as they come, then their vectors; or from an earlier one.

Rows in the database are numbered as they come; `keys.npy` has the numbers in the order of passage ids, which
is the order of everything else. So an index of a corpus that changed a little is a copy of the last one with
a few rows taken out and a few put in, and answers as one that was written from nothing.
"""

import hashlib
import json
import os
import shutil
import sqlite3
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from genaiops.core import Digest, Json, OutsideError, Passage, canonical, encode
from genaiops.knowledge.filters import check_readers
from genaiops.knowledge.lexical import TOKENIZER
from genaiops.knowledge.links import name_of
from genaiops.knowledge.scripts import folded
from genaiops.knowledge.snapshot import Snapshot
from genaiops.knowledge.staging import same_id
from genaiops.store import disk_error

_SCHEMA = f"""
CREATE TABLE passages (row INTEGER PRIMARY KEY, body TEXT NOT NULL);
CREATE TABLE scopes (scope INTEGER PRIMARY KEY, document TEXT NOT NULL, metadata TEXT NOT NULL);
CREATE VIRTUAL TABLE words USING fts5(
    header, body, content='', tokenize='{TOKENIZER}');
CREATE TABLE titles (row INTEGER PRIMARY KEY, name TEXT NOT NULL);
"""
# nobody reads the file before the whole folder is renamed, so that a journal would protect nothing; it is
# brought to the disk once, at the end
_FAST = "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA secure_delete=ON; PRAGMA cache_size=-64000;"

_BLOCK = 2_048
"""Vectors written at once: a copy of all of them would cost more than writing them."""


@dataclass(frozen=True, slots=True)
class Base:
    """An earlier snapshot, the ids of its passages in their order, and its documents' digests.

    The passages of `gone` documents are not taken over. `drifted` documents, with those that are new, differ
    from the corpus on which its trust was measured.
    """

    snapshot: Snapshot
    ids: Sequence[str]
    documents: Mapping[str, Digest]
    gone: frozenset[str]
    drifted: int


@dataclass(frozen=True, slots=True)
class _Rows:
    """Passages in the order in which they came, without their texts.

    `rows` are those of each passage's parts in `vectors`, counted through one array after the other.
    """

    ids: Sequence[str]
    keys: NDArray[np.int64]
    parts: NDArray[np.int32]
    scopes: Sequence[tuple[str, str]]
    vectors: Sequence[NDArray[np.float32]]
    rows: NDArray[np.int64]


class SnapshotWriter:
    """Writes into the new `folder`, on one thread at a time; the caller makes it visible by renaming."""

    def __init__(self, folder: Path, base: Base | None = None) -> None:
        self._folder = folder
        self._ids: list[str] = []
        self._scopes: list[tuple[str, str]] = []
        with explained(folder):
            self._open(base)

    def _open(self, base: Base | None) -> None:
        self._folder.mkdir(parents=True)
        file = self._folder / "passages.db"
        if base:
            shutil.copyfile(base.snapshot.folder / "passages.db", file)
        self._database = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
        self._database.executescript(_FAST if base else _FAST + _SCHEMA)
        self._database.execute("BEGIN")
        self._kept = self._carried(base) if base else None
        self._first = 1 + int(self._kept.keys.max()) if self._kept and len(self._kept.keys) else 0

    def add(self, passages: Sequence[Passage]) -> None:
        """Write passages; raises `UserError` where it is not clear who may read one."""
        check_readers(passages)
        rows = [replace(passage, score=None) for passage in passages]
        numbered = list(enumerate(rows, start=self._first + len(self._ids)))
        self._ids += [row.id for row in rows]
        self._scopes += [_scope(row) for row in rows]
        with explained(self._folder):
            self._insert(numbered)

    def _insert(self, numbered: Sequence[tuple[int, Passage]]) -> None:
        self._database.executemany(
            "INSERT INTO passages VALUES (?, ?)",
            ((key, json.dumps(encode(row), ensure_ascii=False)) for key, row in numbered),
        )
        self._database.executemany(
            "INSERT INTO words (rowid, header, body) VALUES (?, ?, ?)",
            ((key, *_words(row)) for key, row in numbered),
        )
        names = ((key, name_of(row.title)) for key, row in numbered)
        self._database.executemany("INSERT INTO titles VALUES (?, ?)", (one for one in names if one[1]))

    def finish(self, number: int, vectors: NDArray[np.float32], parts: Sequence[int]) -> None:
        """Write the vectors, one row for each part of each passage added, and what tells where all is."""
        added = _Rows(
            self._ids,
            np.arange(self._first, self._first + len(self._ids), dtype=np.int64),
            np.asarray(parts, dtype="<i4"),
            self._scopes,
            [np.asarray(vectors, dtype="<f4")],
            np.arange(len(vectors)),
        )
        rows = _joined(self._kept, added) if self._kept else added
        order = sorted(range(len(rows.ids)), key=rows.ids.__getitem__)
        _check_unique(rows, order)
        with explained(self._folder):
            self._write(number, rows, order)

    def _write(self, number: int, rows: _Rows, order: list[int]) -> None:
        chosen = rows.rows[_part_rows(rows.parts, order)]
        dimension, digest = _save_vectors(self._folder / "vectors.npy", rows.vectors, chosen)
        scopes: list[tuple[str, str]] = [rows.scopes[at] for at in order]
        numbers = {scope: at for at, scope in enumerate(dict.fromkeys(scopes))}
        for name, values in (
            ("parts", rows.parts[order]),
            ("keys", rows.keys[order]),
            ("scopes", np.array([numbers[scope] for scope in scopes], dtype="<i4")),
        ):
            np.save(self._folder / f"{name}.npy", values, allow_pickle=False)
        self._database.execute("DELETE FROM scopes")
        self._database.executemany(
            "INSERT INTO scopes VALUES (?, ?, ?)", ((at, *scope) for scope, at in numbers.items())
        )
        if not self._kept:
            self._database.execute("INSERT INTO words (words) VALUES ('optimize')")
        self._database.execute("COMMIT")
        with (self._folder / "passages.db").open("rb") as file:
            os.fsync(file.fileno())
        facts: dict[str, Json] = {
            "number": number,
            "passages": len(order),
            "documents": len({document for document, _ in numbers}),
            "dimension": dimension,
            "vectors": digest,
        }
        (self._folder / "manifest.json").write_bytes(canonical(facts))

    def ids(self) -> list[str]:
        """Return the ids of all passages in their order."""
        return sorted([*(self._kept.ids if self._kept else ()), *self._ids])

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()

    def _carried(self, base: Base) -> _Rows:
        """Take the documents that are gone out of the database, and return what stays."""
        earlier = base.snapshot
        going = np.array([scope.document in base.gone for scope in earlier.scopes], dtype=np.bool_)
        stays = np.flatnonzero(~going[earlier.scope_of])
        gone = np.flatnonzero(going[earlier.scope_of])
        keys = [(key,) for key in earlier.keys[gone].tolist()]
        old = zip(keys, earlier.passages(gone.tolist()), strict=True)
        # the full text keeps no copy of what it indexed: it forgets a passage when it is told its words again
        self._database.executemany(
            "INSERT INTO words (words, rowid, header, body) VALUES ('delete', ?, ?, ?)",
            ((*key, *_words(passage)) for key, passage in old),
        )
        self._database.executemany("DELETE FROM passages WHERE row = ?", keys)
        self._database.executemany("DELETE FROM titles WHERE row = ?", keys)
        scopes = [(scope.document, _text(scope.metadata)) for scope in earlier.scopes]
        return _Rows(
            [base.ids[at] for at in stays.tolist()],
            earlier.keys[stays],
            earlier.parts[stays],
            [scopes[int(at)] for at in earlier.scope_of[stays]],
            [earlier.vectors],
            _part_rows(earlier.parts, stays),
        )


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
        writer.finish(number, stacked, [len(rows) for rows in vectors])
    finally:
        writer.close()


def _words(passage: Passage) -> tuple[str, str]:
    return folded(" ".join((passage.title, *passage.heading))), folded(passage.text)


def _scope(passage: Passage) -> tuple[str, str]:
    return passage.document, _text(passage.metadata)


def _text(metadata: dict[str, Json]) -> str:
    return canonical(metadata).decode() if metadata else "{}"


def _joined(one: _Rows, other: _Rows) -> _Rows:
    if not len(other.ids):
        return one
    return _Rows(
        [*one.ids, *other.ids],
        np.concatenate([one.keys, other.keys]),
        np.concatenate([one.parts, other.parts]),
        [*one.scopes, *other.scopes],
        [*one.vectors, *other.vectors],
        np.concatenate([one.rows, other.rows + sum(map(len, one.vectors))]),
    )


def _save_vectors(
    file: Path, sources: Sequence[NDArray[np.float32]], chosen: NDArray[np.int64]
) -> tuple[int, Digest]:
    """Write the `chosen` rows of `sources` bit by bit, and return their width and the digest over them."""
    width = max(source.shape[1] for source in sources) if len(chosen) else 0
    hasher = hashlib.sha256()
    with file.open("wb") as out:
        header = {"descr": "<f4", "fortran_order": False, "shape": (len(chosen), width)}
        np.lib.format.write_array_header_1_0(out, header)
        for at in range(0, len(chosen), _BLOCK):
            block = _gathered(sources, chosen[at : at + _BLOCK], width).tobytes()
            out.write(block)
            hasher.update(block)
    return width, Digest(f"sha256:{hasher.hexdigest()}")


def _gathered(
    sources: Sequence[NDArray[np.float32]], chosen: NDArray[np.int64], width: int
) -> NDArray[np.float32]:
    found, first = np.empty((len(chosen), width), dtype="<f4"), 0
    for source in sources:
        here = (chosen >= first) & (chosen < first + len(source))
        if here.any():
            found[here] = source[chosen[here] - first]
        first += len(source)
    return found


def _part_rows(parts: NDArray[np.int32], order: Sequence[int] | NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the rows of the vectors of the passages at `order`, a passage's after another's."""
    chosen = np.asarray(order, dtype=np.int64)
    counts, starts = parts[chosen].astype(np.int64), (np.cumsum(parts) - parts)[chosen]
    before = np.cumsum(counts) - counts
    return np.repeat(starts - before, counts) + np.arange(int(counts.sum()))


def _check_unique(rows: _Rows, order: Sequence[int]) -> None:
    for one, other in pairwise(order):
        if rows.ids[one] == rows.ids[other]:
            raise same_id(rows.ids[one], rows.scopes[one][0], rows.scopes[other][0])


@contextmanager
def explained(folder: Path) -> Generator[None]:
    """Turn a disk that is full or fails into an `OutsideError`."""
    try:
        yield
    except OSError as error:
        raise disk_error(error, folder) from error
    except sqlite3.OperationalError as error:
        raise OutsideError(
            "GAO-KNOWLEDGE-028",
            "the index could not be written",
            why=str(error),
            fix="free some space or check the disk, then run the same command again",
            where=str(folder),
        ) from error
