"""One immutable state of an index on disk: vectors, words and passages, in the order of passage ids.

    vectors.npy    float32, memory-mapped      scopes.npy   which scope each passage belongs to
    passages.db    passages, scopes, full text parts.npy    how many vectors each passage has
    manifest.json  number and counts           keys.npy     the number of each passage in passages.db
    ids.json       the ids of the passages, for a build that takes them over

A scope is a document with its metadata and its readers: what a filter decides about.
"""

import json
import sqlite3
import threading
from collections import Counter
from collections.abc import Collection, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from genaiops.core import Json, OutsideError, Passage, UserError, decode_json
from genaiops.knowledge.arrays import map_array, read_array
from genaiops.knowledge.fusion import top_rows
from genaiops.knowledge.lexical import K1, Terms, content_words, match_query, rarest, rarity
from genaiops.knowledge.links import MOST_BEARERS, Titles
from genaiops.knowledge.postings import Postings

MAX_MATCHES = 4_000
"""A question's words may match about so many passages; beyond, its most common words are left out."""

IDS = "ids.json"

_COUNTED = 100_000
"""Terms whose count is remembered: counting a frequent one reads all that is kept of it."""

_COUNT_TERMS = """
CREATE VIRTUAL TABLE IF NOT EXISTS temp.vocabulary USING fts5vocab(main, words, row);
"""
_SCOPES = "SELECT document, metadata FROM scopes ORDER BY scope"
_TITLES = "SELECT name, row FROM titles"
_COUNTS = "SELECT term, doc FROM temp.vocabulary WHERE term IN (SELECT value FROM json_each(?))"
_BODIES = "SELECT row, body FROM passages WHERE row IN (SELECT value FROM json_each(?))"
_MATCHES = (
    "SELECT rowid, bm25(words, 2.0, 1.0) AS score FROM words WHERE words MATCH ? "
    "ORDER BY score, rowid LIMIT ?"
)
_MOST_MATCHES = 1_000
"""The best 1,000: as many as a search returns at most; fetching more costs more than they are worth."""
_SOME_MATCHES = _MATCHES.replace("MATCH ?", "MATCH ? AND may_read(rowid)")

_LEAST = 1e-6
"""What a passage scores at least that holds a word, however common."""

_NOTHING: dict[str, Json] = {}
"""The metadata of documents without any; nobody writes to it."""


class Scope(NamedTuple):
    """A document with its metadata; `groups` may read it, None means everyone.

    It is a tuple since ten thousand of them are made whenever an index is opened.
    """

    document: str
    metadata: dict[str, Json]
    groups: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class Allowed:
    """What one search may see: by scope, and by row. `everything` spares the filter.

    `readable` are the rows that the asker may read, whatever else is asked for; None: all of them.
    """

    scopes: NDArray[np.bool_]
    rows: NDArray[np.bool_]
    everything: bool
    readable: NDArray[np.bool_] | None

    def may_read(self, row: int) -> bool:
        """Whether the asker may read the passage at `row`."""
        return self.readable is None or bool(self.readable[row])


@dataclass(frozen=True, slots=True)
class Matches:
    """Rows that hold words of a question, and the share of the highest BM25 that a passage could reach."""

    rows: NDArray[np.int64]
    shares: NDArray[np.float32]


class Snapshot:
    """A snapshot opened for reading; threads may share it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.Lock()
        self._counted: dict[str, int] = {}
        try:
            facts = json.loads((folder / "manifest.json").read_bytes())
            self.facts = cast("dict[str, Json]", facts)
            self.number = int(facts["number"])
            self.vectors: NDArray[np.float32] = map_array(folder / "vectors.npy")
            self.scope_of: NDArray[np.int32] = read_array(folder / "scopes.npy")
            self.parts: NDArray[np.int32] = read_array(folder / "parts.npy")
            self._ends = np.cumsum(self.parts)
            self._starts = self._ends - self.parts
            self.keys = _keys(folder, len(self.parts))
            self._row_of = np.zeros(int(self.keys.max(initial=-1)) + 1, dtype=np.int64)
            self._row_of[self.keys] = np.arange(len(self.keys))
            # immutable: no locks and no journal, since nobody writes here again
            self._database = sqlite3.connect(
                f"{(folder / 'passages.db').absolute().as_uri()}?mode=ro&immutable=1",
                uri=True,
                check_same_thread=False,
            )
            self._database.executescript(_COUNT_TERMS)
            self._terms = Terms()
            self._postings = Postings(self._database, self._row_of, len(self.parts))
        except (OSError, ValueError, KeyError, sqlite3.Error) as error:
            raise damaged(folder, str(error)) from error
        last = int(self._ends[-1]) if len(self._ends) else 0
        lengths = {len(self.parts), len(self.scope_of), len(self.keys), int(facts["passages"])}
        if len(lengths) > 1 or last != len(self.vectors):
            raise damaged(folder, "its files do not belong together")

    def __len__(self) -> int:
        return len(self.scope_of)

    def ids(self) -> list[str]:
        """Return the ids of its passages, in their order; raises `OutsideError` where the file is damaged."""
        try:
            found: object = json.loads((self.folder / IDS).read_bytes())
        except (OSError, ValueError) as error:
            raise damaged(self.folder, f"{IDS}: {error}") from error
        ids = cast("list[str]", found) if isinstance(found, list) else []
        if len(ids) != len(self) or not set(map(type, ids)) <= {str}:
            raise damaged(self.folder, f"{IDS} does not belong to its passages")
        return ids

    @cached_property
    def scopes(self) -> list[Scope]:
        """Its documents, in the order of their numbers; read for the first question."""
        with self._reading():
            return [
                Scope(document, _NOTHING, None) if said == "{}" else _scope(document, json.loads(said))
                for document, said in self._database.execute(_SCOPES).fetchall()
            ]

    @cached_property
    def titles(self) -> Titles[int]:
        """The titles that may be meant by a name, for someone at least; read for the first question."""
        found: dict[str, list[int]] = {}
        with self._reading():
            for name, key in self._database.execute(_TITLES).fetchall():
                found.setdefault(str(name), []).append(int(self._row_of[key]))
        readers = {groups: at for at, groups in enumerate({scope.groups for scope in self.scopes})}
        of_scope = np.array([readers[scope.groups] for scope in self.scopes], dtype=np.int64)
        return Titles(
            {
                name: sorted(bearers)
                for name, bearers in found.items()
                # who may read one of those with the same readers may read them all
                if len(bearers) <= MOST_BEARERS
                or (len(readers) > 1 and _fewest(of_scope[self.scope_of[bearers]]) <= MOST_BEARERS)
            }
        )

    def vectors_of(self, row: int) -> NDArray[np.float32]:
        """Return the vectors of the passage at `row`, one for each of its parts."""
        return self.vectors[self._starts[row] : self._ends[row]]

    @property
    def documents(self) -> frozenset[str]:
        """The ids of its documents."""
        return frozenset(scope.document for scope in self.scopes)

    def rows_of(self, documents: Collection[str]) -> list[int]:
        """Return the rows of the passages of `documents`."""
        wanted = [at for at, scope in enumerate(self.scopes) if scope.document in documents]
        return np.flatnonzero(np.isin(self.scope_of, wanted)).tolist()

    def allow(self, scopes: NDArray[np.bool_], readable: NDArray[np.bool_]) -> Allowed:
        """Return the filter that lets `scopes` through, for one who may read the scopes `readable`."""
        known = None if readable.all() else readable[self.scope_of]
        return Allowed(scopes, scopes[self.scope_of], bool(scopes.all()), known)

    def similarities(self, vector: NDArray[np.float32], allowed: Allowed) -> NDArray[np.float32]:
        """Return each row's largest cosine with `vector` over its parts; -inf where it is not allowed."""
        # not `@`: BLAS starts a thread a core for it, and on a busy machine waits for the last of them
        scores = np.einsum("ij,j->i", self.vectors, vector)
        if len(scores) > len(self):
            scores = np.maximum.reduceat(scores, self._starts)
        if not allowed.everything:
            # the search is exact, so masking before the choice is the same as never having looked
            scores = np.where(allowed.rows, scores, np.float32(-np.inf))
        return scores

    def dense(self, vector: NDArray[np.float32], k: int, allowed: Allowed) -> list[tuple[int, float]]:
        """Return the rows nearest to `vector` among those allowed, with their cosine."""
        return top_rows(self.similarities(vector, allowed), k)

    def matches(self, question: str, allowed: Allowed, context: str = "", weight: float = 0.0) -> Matches:
        """Return what holds words of `question` among the rows allowed, by their share of the highest BM25.

        Words of `context` that are not in the question count `weight` times as much.
        """
        words = content_words(question)
        also = [word for word in content_words(context) if word not in words] if context else []
        with self._reading():
            scores, highest = self._scores(words, allowed)
            if also:
                more, most = self._scores(also, allowed)
                scores = scores + weight * more
                highest += weight * most
        rows = np.flatnonzero(scores)
        shares = np.minimum(scores[rows] / max(highest, 1e-9), 1.0)
        return Matches(rows, np.round(shares, 6).astype(np.float32))

    def lexical(self, question: str, k: int, allowed: Allowed) -> list[tuple[int, float]]:
        """Return the rows whose words fit `question` best (BM25) among those allowed."""
        with self._reading():
            scores, _ = self._scores(content_words(question), allowed)
        rows = np.flatnonzero(scores)
        return [(int(rows[at]), score) for at, score in top_rows(scores[rows].astype(np.float32), k)]

    def _scores(self, words: Sequence[str], allowed: Allowed) -> tuple[NDArray[np.float64], float]:
        """Return each row's BM25 for `words`, 0 where none stands, and the highest that could be.

        Words that stand nowhere do not count: many pairs of characters are no words. How rare a word is, is
        counted among the rows that the asker may read.
        """
        if allowed.readable is not None:
            terms = dict(zip(words, self._terms.of(words), strict=True))
            scores, highest = self._postings.scores(terms, allowed.readable, MAX_MATCHES)
            return self._best(scores, allowed), highest
        scores = np.zeros(len(self))
        found = self.occurrences(words)
        kept = rarest(found, MAX_MATCHES) if len(self) > MAX_MATCHES else words
        query = match_query(kept)
        if not query:
            return scores, 0.0
        if allowed.everything:
            rows = self._database.execute(_MATCHES, (query, _MOST_MATCHES)).fetchall()
        else:
            may_read = allowed.rows[self._row_of].tobytes()
            self._database.create_function("may_read", 1, may_read.__getitem__)
            rows = self._database.execute(_SOME_MATCHES, (query, _MOST_MATCHES)).fetchall()
        if rows:
            at, score = np.array(rows, dtype=np.float64).T
            scores[self._row_of[at.astype(np.int64)]] = np.maximum(-score, _LEAST)
        return scores, (K1 + 1) * sum(rarity(len(self), found[word]) for word in words if found[word])

    def _best(self, scores: NDArray[np.float64], allowed: Allowed) -> NDArray[np.float64]:
        """Return the best `_MOST_MATCHES` of the scores of rows allowed, 0 for others, as `_MATCHES` does."""
        rows = np.flatnonzero(scores * allowed.rows)
        rows = rows[np.lexsort((self.keys[rows], -scores[rows]))[:_MOST_MATCHES]]
        best = np.zeros(len(self))
        best[rows] = np.maximum(scores[rows], _LEAST)
        return best

    def passages(self, rows: Sequence[int]) -> list[Passage]:
        """Return the passages at `rows`, in that order; raises `OutsideError` where the file is damaged."""
        keys = self.keys[np.asarray(rows, dtype=np.int64)].tolist()
        with self._explained():
            with self._lock:
                found = dict(self._database.execute(_BODIES, (json.dumps(keys),)).fetchall())
            return [decode_json(Passage, found[key]) for key in keys]

    @contextmanager
    def _reading(self) -> Generator[None]:
        with self._explained(), self._lock:
            yield

    @contextmanager
    def _explained(self) -> Generator[None]:
        """Turn what is wrong with the database into the error of a damaged index."""
        try:
            yield
        except (sqlite3.DatabaseError, LookupError, json.JSONDecodeError, UserError) as error:
            raise damaged(self.folder, f"passages.db: {error!r}") from error

    def close(self) -> None:
        """Let go of the files."""
        self._database.close()
        self._terms.close()

    def occurrences(self, words: Sequence[str]) -> dict[str, int]:
        """Return in how many passages each word stands."""
        terms = self._terms.of(words)
        missing = [term for term in terms if term not in self._counted]
        if missing:
            if len(self._counted) > _COUNTED:
                self._counted.clear()
                missing = terms
            found = dict(self._database.execute(_COUNTS, (json.dumps(missing),)).fetchall())
            self._counted.update((term, found.get(term, 0)) for term in missing)
        return {word: self._counted[term] for word, term in zip(words, terms, strict=True)}


def _keys(folder: Path, passages: int) -> NDArray[np.int64]:
    """Return the numbers of passages in the database; those of older indexes are in order."""
    file = folder / "keys.npy"
    if not file.exists():
        return np.arange(passages)
    return read_array(file)


def _fewest(readers: NDArray[np.int64]) -> int:
    """Return how many passages those have that have the fewest."""
    listed: list[int] = readers.tolist()
    return min(Counter(listed).values())


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
