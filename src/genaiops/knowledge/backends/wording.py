"""The words of passages as the oracle cuts them, and BM25 over them as SQLite's FTS5 computes it.

    score = Σ idf · tf · (k1 + 1) / (tf + k1 · (1 − b + b · length / mean length))

A word in the title or a heading counts twice in `tf`. A backend's own full-text search names candidates; what
they score is computed here, so that a score means the same whatever the backend.
"""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from genaiops.core import Passage
from genaiops.knowledge.lexical import K1, TOKENIZER, B, indexed_words

_AT_ONCE = 2_000
_SCHEMA = f"""
CREATE VIRTUAL TABLE words USING fts5(header, body, content='', tokenize='{TOKENIZER}');
CREATE VIRTUAL TABLE terms USING fts5vocab(words, instance);
"""
_COUNTED = "SELECT doc, term, sum(1 + (col = 'header')), count(*) FROM terms GROUP BY doc, term ORDER BY doc"


@dataclass(frozen=True, slots=True)
class Words:
    """A passage's terms as ` term:tf term:tf `, and its length in tokens."""

    text: str
    length: int

    def terms(self) -> list[tuple[str, int]]:
        """Return each term with its tf."""
        return [(term, int(tf)) for term, _, tf in (one.rpartition(":") for one in self.text.split())]


def words_of(passages: Sequence[Passage]) -> Iterator[Words]:
    """Yield the words of each passage, in their order."""
    database = sqlite3.connect(":memory:", isolation_level=None)
    database.executescript(_SCHEMA)
    try:
        for start in range(0, len(passages), _AT_ONCE):
            some = passages[start : start + _AT_ONCE]
            database.execute("BEGIN")
            database.executemany(
                "INSERT INTO words (rowid, header, body) VALUES (?, ?, ?)",
                ((at, *indexed_words(one)) for at, one in enumerate(some)),
            )
            found = dict(_counted(database))
            database.execute("INSERT INTO words (words) VALUES ('delete-all')")
            database.execute("COMMIT")
            yield from (found.get(at, Words(" ", 0)) for at in range(len(some)))
    finally:
        database.close()


def _counted(database: sqlite3.Connection) -> Iterator[tuple[int, Words]]:
    for at, rows in groupby(database.execute(_COUNTED), key=lambda row: row[0]):
        listed = [(str(term), int(tf), int(tokens)) for _, term, tf, tokens in rows]
        text = " ".join(f"{term}:{tf}" for term, tf, _ in listed)
        yield at, Words(f" {text} ", sum(tokens for _, _, tokens in listed))


def bm25(words: Words, idf: Mapping[str, float], mean_length: float) -> float:
    """Return the score of a passage for the terms of `idf`."""
    text, score = words.text, 0.0
    norm = K1 * (1 - B + B * words.length / max(mean_length, 1e-9))
    for term, weight in idf.items():
        at = text.find(f" {term}:")
        if at >= 0:
            start = at + len(term) + 2
            tf = int(text[start : text.find(" ", start)])
            score += weight * tf * (K1 + 1) / (tf + norm)
    return score


def highest(idf: Mapping[str, float]) -> float:
    """Return what no passage's score for these terms exceeds."""
    return (K1 + 1) * sum(idf.values())
