"""Where the words of a snapshot stand, so that they can be weighed for one who may not read all of it.

FTS5 weighs words by how rare they are among all passages, and passages by the average length of all. For one
who may read some, either would tell of the others: whether a word stands there at all, to begin with. So
their BM25 is computed here, by the same formula, as if the index held what they may read and nothing else.
"""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from genaiops.knowledge.lexical import K1, B, rarest, rarity

_KEPT = 4_000_000
"""Postings that are held in memory, 6 bytes each, for whoever asks; the words of a language recur."""

_VOCABULARY = "CREATE VIRTUAL TABLE IF NOT EXISTS temp.places USING fts5vocab(main, words, instance);"
# as one text: a row for each place takes four times as long
_PLACES = "SELECT group_concat(doc * 2 + (col = 'header')) FROM temp.places WHERE term = ?"
_SIZES = "SELECT id, sz FROM words_docsize"


@dataclass(frozen=True, slots=True)
class Posting:
    """The rows in which a term stands, and how often, a title or heading counting twice."""

    rows: NDArray[np.int32]
    often: NDArray[np.uint16]

    def among(self, rows: NDArray[np.bool_]) -> "Posting":
        """Return what of it is among `rows`."""
        kept = rows[self.rows]
        return Posting(self.rows[kept], self.often[kept])


class Postings:
    """The terms of a snapshot; `row_of` has the row of each number in the database. One thread at a time."""

    def __init__(self, database: sqlite3.Connection, row_of: NDArray[np.int64], rows: int) -> None:
        self._database = database
        self._row_of = row_of
        self._rows = rows
        self._known: dict[str, Posting] = {}
        self._total = 0
        self._lengths: NDArray[np.float64] | None = None
        database.executescript(_VOCABULARY)

    def scores(
        self, terms: Mapping[str, str], readable: NDArray[np.bool_], most: int
    ) -> tuple[NDArray[np.float64], float]:
        """Return each row's BM25 among the rows `readable`, 0 where no word stands, and what none exceeds.

        `terms` has the term of each word. The most common words are left out where they stand in more than
        `most` passages together.
        """
        passages = int(readable.sum())
        scores = np.zeros(len(readable))
        if not passages:
            return scores, 0.0
        lengths = self._all_lengths()
        held = {word: self._of(term).among(readable) for word, term in terms.items()}
        found = {word: len(posting.rows) for word, posting in held.items()}
        norms = B / max(float(lengths[readable].mean()), 1e-9)
        for word in rarest(found, most) if passages > most else found:
            rows, often = held[word].rows, held[word].often.astype(np.float64)
            norm = K1 * (1 - B + norms * lengths[rows])
            scores[rows] += rarity(passages, found[word]) * (often * (K1 + 1) / (often + norm))
        return scores, (K1 + 1) * sum(rarity(passages, count) for count in found.values() if count)

    def _of(self, term: str) -> Posting:
        if term not in self._known:
            if self._total > _KEPT:
                self._known.clear()
                self._total = 0
            self._known[term] = self._read(term)
            self._total += len(self._known[term].rows)
        return self._known[term]

    def _read(self, term: str) -> Posting:
        (text,) = self._database.execute(_PLACES, (term,)).fetchone()
        places = np.fromstring(text or "", dtype=np.int64, sep=",")
        keys, first = np.unique(places >> 1, return_index=True)
        often = np.add.reduceat(1 + (places & 1), first) if len(keys) else keys
        return Posting(self._row_of[keys].astype(np.int32), np.minimum(often, 65_535).astype(np.uint16))

    def _all_lengths(self) -> NDArray[np.float64]:
        """Return how many tokens each row has."""
        if self._lengths is None:
            self._lengths = np.zeros(self._rows)
            for key, sizes in self._database.execute(_SIZES):
                self._lengths[self._row_of[key]] = _sum_of(sizes)
        return self._lengths


def _sum_of(sizes: bytes) -> int:
    """Return the sum of SQLite's variable-length numbers: seven bits a byte, the last one below 128."""
    total = number = 0
    for byte in sizes:
        number = number << 7 | byte & 127
        if byte < 128:
            total += number
            number = 0
    return total
