"""From a question to a full-text query in which no word of the question is an instruction."""

import math
import re
import sqlite3
from collections.abc import Mapping, Sequence

from genaiops.core import Passage
from genaiops.knowledge.scripts import folded

MAX_WORDS = 48
_KNOWN = 100_000
"""Words whose terms are remembered; the tokenizer takes longer for a question than its search for vectors."""

K1, B = 1.2, 0.75
"""Of BM25, as FTS5 has them."""

TOKENIZER = "porter unicode61 remove_diacritics 2"

_WORD = re.compile(r"[^\W_]+")
_STOP_WORDS_TEXT = (
    "a about above after again against all also am an and any are as at be because been before being below "
    "between both but by can could did do does doing down during each few for from further had has have "
    "having he her here hers him his how i if in into is it its itself just me more most my no nor not of "
    "off on once only or other our out over own please same she should so some such tell than that the "
    "their them then there these they this those through to too under until up us very was we were what "
    "when where which while who whom whose why will with would you your"
)
STOP_WORDS = frozenset(_STOP_WORDS_TEXT.split())


def indexed_words(passage: Passage) -> tuple[str, str]:
    """Return what the full text holds of a passage: its title with its headings, and its text."""
    return folded(" ".join((passage.title, *passage.heading))), folded(passage.text)


def content_words(question: str) -> list[str]:
    """Return the words of `question` that carry meaning, once each; all words where none does."""
    words = list(dict.fromkeys(word.casefold() for word in _WORD.findall(folded(question))))
    return ([word for word in words if word not in STOP_WORDS] or words)[:MAX_WORDS]


def match_query(words: Sequence[str]) -> str:
    """Return an FTS5 query for passages that hold any of `words`; empty where there is none.

    Each word is quoted, so that AND, NEAR, a column filter or a star in a question are just text.
    """
    return " OR ".join(f'"{word}"' for word in words)


def rarest(found: Mapping[str, int], most: int) -> list[str]:
    """Return the rarest words that are found `most` times together, at least one, in the order given.

    A word that stands in a fifth of all passages says little and costs as much as a hundred rare ones.
    """
    kept: set[str] = set()
    total = 0
    for word in sorted(found, key=lambda word: (found[word], word)):
        total += found[word]
        if kept and total > most:
            break
        kept.add(word)
    return [word for word in found if word in kept]


def rarity(passages: int, holding: int) -> float:
    """Return the idf that FTS5 gives a term in `holding` of so many passages; never below 1e-6."""
    return max(math.log((passages - holding + 0.5) / (holding + 0.5)), 1e-6)


class Terms:
    """What the index's own tokenizer makes of words (folded, without accents, their stem)."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}
        # a database in memory that never keeps anything: SQLite offers its tokenizer in no other way
        self._database = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        self._database.executescript(
            f"CREATE VIRTUAL TABLE words USING fts5(word, tokenize='{TOKENIZER}');"
            "CREATE VIRTUAL TABLE terms USING fts5vocab(words, instance);"
        )

    def of(self, words: Sequence[str]) -> list[str]:
        """Return the term by which each word is found; the word itself where the tokenizer sees none."""
        if any(word not in self._known for word in words):
            if len(self._known) > _KNOWN:
                self._known.clear()
            self._known |= zip(words, self._cut(words), strict=True)
        return [self._known[word] for word in words]

    def _cut(self, words: Sequence[str]) -> list[str]:
        self._database.execute("BEGIN")
        self._database.executemany("INSERT INTO words (rowid, word) VALUES (?, ?)", enumerate(words))
        found = dict(self._database.execute("SELECT doc, term FROM terms WHERE offset = 0").fetchall())
        self._database.execute("ROLLBACK")
        return [str(found.get(at, word)) for at, word in enumerate(words)]

    def close(self) -> None:
        """Let go of the memory."""
        self._database.close()
