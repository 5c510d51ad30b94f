"""One immutable state of an index on disk: vectors, words and passages, in the order of passage ids.

    vectors.npy    float32, memory-mapped      scopes.npy   which scope each passage belongs to
    passages.db    passages, scopes, full text
    manifest.json  number, counts, digest of the vectors

A scope is a document with its metadata and its readers: what a filter decides about.
"""

import json
import sqlite3
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from genaiops.core import Json, OutsideError, Passage, canonical, decode_json, digest_bytes, encode
from genaiops.knowledge.fusion import top_rows
from genaiops.knowledge.lexical import TOKENIZER, Terms, content_words, match_query, rarest

MAX_MATCHES = 4_000
"""A question's words may match about so many passages; beyond, its most common words are left out."""

_FREQUENT = 0.002
_SCHEMA = f"""
CREATE TABLE passages (row INTEGER PRIMARY KEY, body TEXT NOT NULL);
CREATE TABLE places (row INTEGER PRIMARY KEY, scope INTEGER NOT NULL);
CREATE TABLE scopes (scope INTEGER PRIMARY KEY, document TEXT NOT NULL, metadata TEXT NOT NULL);
CREATE VIRTUAL TABLE words USING fts5(
    header, body, content='', tokenize='{TOKENIZER}');
CREATE TABLE frequent (term TEXT PRIMARY KEY, passages INTEGER NOT NULL);
"""
_FIND_FREQUENT = """
CREATE VIRTUAL TABLE temp.vocabulary USING fts5vocab(main, words, row);
INSERT INTO frequent SELECT term, doc FROM temp.vocabulary WHERE doc > {least};
DROP TABLE temp.vocabulary;
"""
_BODIES = "SELECT row, body FROM passages WHERE row IN (SELECT value FROM json_each(?))"
_ALL = (
    "SELECT rowid, bm25(words, 1.0, 1.0) AS score FROM words WHERE words MATCH ? "
    "ORDER BY score, rowid LIMIT ?"
)
_SOME = (
    "SELECT words.rowid, bm25(words, 1.0, 1.0) AS score FROM words JOIN places ON places.row = words.rowid "
    "WHERE words MATCH ? AND places.scope IN (SELECT value FROM json_each(?)) "
    "ORDER BY score, words.rowid LIMIT ?"
)


@dataclass(frozen=True, slots=True)
class Scope:
    """A document with its metadata; `groups` may read it, None means everyone."""

    document: str
    metadata: dict[str, Json]
    groups: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class Allowed:
    """What one search may see: by scope, and by row. `everything` spares the filter."""

    scopes: NDArray[np.bool_]
    rows: NDArray[np.bool_]
    listed: str
    everything: bool


def write_snapshot(
    folder: Path, number: int, passages: Sequence[Passage], vectors: NDArray[np.float32]
) -> None:
    """Write a snapshot into the new `folder`; the caller makes it visible by renaming."""
    order = sorted(range(len(passages)), key=lambda at: passages[at].id)
    rows = [replace(passages[at], score=None) for at in order]
    folder.mkdir(parents=True)
    stored = np.ascontiguousarray(vectors[order], dtype="<f4")
    np.save(folder / "vectors.npy", stored, allow_pickle=False)
    keys = [canonical([row.document, row.metadata]) for row in rows]
    numbers = {key: at for at, key in enumerate(dict.fromkeys(keys))}
    scope_of = np.array([numbers[key] for key in keys], dtype="<i4")
    np.save(folder / "scopes.npy", scope_of, allow_pickle=False)
    _write_database(folder / "passages.db", rows, scope_of)
    facts: dict[str, Json] = {
        "number": number,
        "passages": len(rows),
        "documents": len({row.document for row in rows}),
        "dimension": int(stored.shape[1]),
        "vectors": digest_bytes(stored.tobytes()),
    }
    (folder / "manifest.json").write_bytes(canonical(facts))


def _write_database(path: Path, rows: Sequence[Passage], scope_of: NDArray[np.int32]) -> None:
    scopes = {int(scope): row for scope, row in zip(scope_of, rows, strict=True)}
    database = sqlite3.connect(path)
    try:
        database.executescript(_SCHEMA)
        database.executemany(
            "INSERT INTO passages VALUES (?, ?)",
            ((at, json.dumps(encode(row), ensure_ascii=False)) for at, row in enumerate(rows)),
        )
        database.executemany(
            "INSERT INTO places VALUES (?, ?)", ((at, int(scope)) for at, scope in enumerate(scope_of))
        )
        database.executemany(
            "INSERT INTO scopes VALUES (?, ?, ?)",
            ((at, row.document, json.dumps(row.metadata)) for at, row in scopes.items()),
        )
        database.executemany(
            "INSERT INTO words (rowid, header, body) VALUES (?, ?, ?)",
            ((at, " ".join((row.title, *row.heading)), row.text) for at, row in enumerate(rows)),
        )
        database.execute("INSERT INTO words (words) VALUES ('optimize')")
        database.executescript(_FIND_FREQUENT.format(least=int(len(rows) * _FREQUENT)))
        database.commit()
    finally:
        database.close()


class Snapshot:
    """A snapshot opened for reading; threads may share it."""

    def __init__(self, folder: Path) -> None:
        self._lock = threading.Lock()
        try:
            facts = json.loads((folder / "manifest.json").read_bytes())
            self.facts = cast("dict[str, Json]", facts)
            self.number = int(facts["number"])
            self.vectors = cast(
                "NDArray[np.float32]", np.load(folder / "vectors.npy", mmap_mode="r", allow_pickle=False)
            )
            self._scope_of = cast("NDArray[np.int32]", np.load(folder / "scopes.npy", allow_pickle=False))
            # immutable: no locks and no journal, since nobody writes here again
            self._database = sqlite3.connect(
                f"{(folder / 'passages.db').absolute().as_uri()}?mode=ro&immutable=1",
                uri=True,
                check_same_thread=False,
            )
            self.scopes = self._read_scopes()
            self._frequent = dict(self._database.execute("SELECT term, passages FROM frequent").fetchall())
            self._terms = Terms()
        except (OSError, ValueError, KeyError, sqlite3.Error) as error:
            raise damaged(folder, str(error)) from error
        if not len(self.vectors) == len(self._scope_of) == facts["passages"]:
            raise damaged(folder, "its files do not belong together")

    def __len__(self) -> int:
        return len(self.vectors)

    def allow(self, scopes: NDArray[np.bool_]) -> Allowed:
        """Return the filter that lets `scopes` through."""
        rows = scopes[self._scope_of]
        everything = bool(scopes.all())
        listed = "" if everything else json.dumps(np.flatnonzero(scopes).tolist())
        return Allowed(scopes, rows, listed, everything)

    def dense(self, vector: NDArray[np.float32], k: int, allowed: Allowed) -> list[tuple[int, float]]:
        """Return the rows nearest to `vector` among those allowed, with their cosine."""
        scores = np.asarray(self.vectors @ vector, dtype=np.float32)
        if not allowed.everything:
            # the search is exact, so masking before the choice is the same as never having looked
            scores = np.where(allowed.rows, scores, np.float32(-np.inf))
        return top_rows(scores, k)

    def lexical(self, question: str, k: int, allowed: Allowed) -> list[tuple[int, float]]:
        """Return the rows whose words fit `question` best (BM25) among those allowed."""
        with self._lock:
            words = content_words(question)
            if len(self) > MAX_MATCHES:
                words = rarest(self.occurrences(words), MAX_MATCHES)
            query = match_query(words)
            if not query:
                return []
            if allowed.everything:
                found = self._database.execute(_ALL, (query, k)).fetchall()
            else:
                found = self._database.execute(_SOME, (query, allowed.listed, k)).fetchall()
        scored = [(int(row), round(-float(score), 6)) for row, score in found]
        return sorted(scored, key=lambda item: (-item[1], item[0]))

    def passages(self, rows: Sequence[int]) -> list[Passage]:
        """Return the passages at `rows`, in that order."""
        with self._lock:
            found = dict(self._database.execute(_BODIES, (json.dumps(list(rows)),)).fetchall())
        return [decode_json(Passage, found[row]) for row in rows]

    def close(self) -> None:
        """Let go of the files."""
        self._database.close()
        self._terms.close()

    def occurrences(self, words: Sequence[str]) -> dict[str, int]:
        """Return in how many passages each word stands; a guess on the high side where they are few."""
        few = int(len(self) * _FREQUENT)
        terms = self._terms.of(words)
        return {word: self._frequent.get(term, few) for word, term in zip(words, terms, strict=True)}

    def _read_scopes(self) -> list[Scope]:
        found = self._database.execute("SELECT document, metadata FROM scopes ORDER BY scope").fetchall()
        return [_scope(str(document), json.loads(metadata)) for document, metadata in found]


def _scope(document: str, metadata: dict[str, Json]) -> Scope:
    groups = metadata.get("access")
    readers = frozenset(str(group) for group in groups) if isinstance(groups, list) else None
    return Scope(document, metadata, readers)


def damaged(folder: Path, why: str) -> OutsideError:
    """Return the error for an index folder that cannot be read."""
    return OutsideError(
        "GAO-KNOWLEDGE-020",
        "the index on disk cannot be read",
        why=why,
        fix=f"remove the folder {folder} and run `genaiops index build`; embeddings are cached",
        where=str(folder),
    )
