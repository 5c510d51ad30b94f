"""The words of passages as the oracle cuts them, and BM25 over them as SQLite's FTS5 computes it.

    score = Σ idf · tf · (k1 + 1) / (tf + k1 · (1 − b + b · length / mean length))

A word in the title or a heading counts twice in `tf`. No backend's own full-text search is asked: what it
weighs would be all rows, and not those that the asker may read.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from genaiops.core import Passage
from genaiops.knowledge.lexical import K1, TOKENIZER, B, indexed_words

_AT_ONCE = 5_000
_SCHEMA = f"""
CREATE VIRTUAL TABLE words USING fts5(header, body, content='', tokenize='{TOKENIZER}');
CREATE VIRTUAL TABLE terms USING fts5vocab(words, instance);
"""
# a row for each place takes ten times as long; terms come in their order, and places in theirs
_PLACES = "SELECT term, group_concat(doc * 2 + (col = 'header')) FROM terms GROUP BY term"
_MOST_OFTEN = 65_535


@dataclass(frozen=True, slots=True)
class Worded:
    """Which terms stand in which passages: one item of `term`, `place` and `often` a posting.

    `term` is a place in `terms`, `place` one among the passages; `lengths` are the passages' tokens.
    """

    terms: list[str]
    term: NDArray[np.int32]
    place: NDArray[np.int32]
    often: NDArray[np.uint16]
    lengths: NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class Posting:
    """The keys of passages in which a term stands, its tf there, and how many tokens they have."""

    keys: NDArray[np.uint32]
    often: NDArray[np.uint16]
    lengths: NDArray[np.uint32]

    def packed(self) -> bytes:
        """Return it as bytes, ten a passage."""
        return b"".join(
            (
                self.keys.astype("<u4").tobytes(),
                self.often.astype("<u2").tobytes(),
                self.lengths.astype("<u4").tobytes(),
            )
        )


def unpacked(parts: Sequence[bytes]) -> Posting:
    """Return what several `Posting.packed` hold together."""
    sizes = [len(part) // 10 for part in parts]
    pairs = list(zip(parts, sizes, strict=True))
    return Posting(
        np.concatenate([np.frombuffer(part, "<u4", size) for part, size in pairs]),
        np.concatenate([np.frombuffer(part, "<u2", size, 4 * size) for part, size in pairs]),
        np.concatenate([np.frombuffer(part, "<u4", size, 6 * size) for part, size in pairs]),
    )


def words_of(passages: Sequence[Passage]) -> Worded:
    """Return where the words of passages stand."""
    numbers: dict[str, int] = {}
    found: list[tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.uint16], NDArray[np.uint32]]] = []
    database = sqlite3.connect(":memory:", isolation_level=None)
    database.executescript(_SCHEMA)
    try:
        for start in range(0, max(len(passages), 1), _AT_ONCE):
            some = passages[start : start + _AT_ONCE]
            terms, codes, counts = _read(database, some)
            mine = np.array([numbers.setdefault(one, len(numbers)) for one in terms], np.int64)
            which, place = np.repeat(mine, counts), codes // 2
            first = np.flatnonzero(np.diff(which * _AT_ONCE + place, prepend=-1))
            often = np.add.reduceat(1 + codes % 2, first) if len(first) else codes
            found.append(
                (
                    which[first].astype(np.int32),
                    (place[first] + start).astype(np.int32),
                    np.minimum(often, _MOST_OFTEN).astype(np.uint16),
                    np.bincount(place, minlength=len(some)).astype(np.uint32),
                )
            )
    finally:
        database.close()
    term, place, often, lengths = (np.concatenate(some) for some in zip(*found, strict=True))
    return Worded(list(numbers), term, place, often, lengths)


def _read(
    database: sqlite3.Connection, passages: Sequence[Passage]
) -> tuple[list[str], NDArray[np.int64], list[int]]:
    """Return the terms of passages; all their places, twice the passage's, 1 more in a header; how many."""
    database.execute("BEGIN")
    database.executemany(
        "INSERT INTO words (rowid, header, body) VALUES (?, ?, ?)",
        ((at, *indexed_words(one)) for at, one in enumerate(passages)),
    )
    found = database.execute(_PLACES).fetchall()
    database.execute("INSERT INTO words (words) VALUES ('delete-all')")
    database.execute("COMMIT")
    codes = np.fromstring(",".join(text for _, text in found), dtype=np.int64, sep=",")
    return [str(term) for term, _ in found], codes, [text.count(",") + 1 for _, text in found]


def bm25(posting: Posting, idf: float, mean_length: float) -> NDArray[np.float64]:
    """Return what a term of this idf gives to each passage it stands in."""
    often = posting.often.astype(np.float64)
    norms = K1 * (1 - B + B * posting.lengths / max(mean_length, 1e-9))
    return idf * often * (K1 + 1) / (often + norms)


def highest(idf: Mapping[str, float]) -> float:
    """Return what no passage's score for these terms exceeds."""
    return (K1 + 1) * sum(idf.values())
