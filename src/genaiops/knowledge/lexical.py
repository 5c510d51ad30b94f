"""From a question to a full-text query in which no word of the question is an instruction."""

import re
import sqlite3
from collections.abc import Callable, Sequence

MAX_WORDS = 48
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


def content_words(question: str) -> list[str]:
    """Return the words of `question` that carry meaning, once each; all words where none does."""
    words = list(dict.fromkeys(word.casefold() for word in _WORD.findall(question)))
    return ([word for word in words if word not in STOP_WORDS] or words)[:MAX_WORDS]


def match_query(words: Sequence[str]) -> str:
    """Return an FTS5 query for passages that hold any of `words`; empty where there is none.

    Each word is quoted, so that AND, NEAR, a column filter or a star in a question are just text.
    """
    return " OR ".join(f'"{word}"' for word in words)


def rarest(words: Sequence[str], found: Callable[[str], int], most: int) -> list[str]:
    """Return the rarest of `words` that are found `most` times together, at least one, as they stood.

    A word that stands in a fifth of all passages says little and costs as much as a hundred rare ones.
    """
    kept: set[str] = set()
    total = 0
    for word in sorted(words, key=lambda word: (found(word), word)):
        total += found(word)
        if kept and total > most:
            break
        kept.add(word)
    return [word for word in words if word in kept]


class Terms:
    """What the index's own tokenizer makes of a word (folded, without accents, its stem)."""

    def __init__(self) -> None:
        self._database = sqlite3.connect(":memory:", check_same_thread=False)
        self._database.executescript(
            f"CREATE VIRTUAL TABLE words USING fts5(word, tokenize='{TOKENIZER}');"
            "CREATE VIRTUAL TABLE terms USING fts5vocab(words, instance);"
        )

    def of(self, word: str) -> str:
        """Return the term that `word` (letters and digits only) is found by."""
        self._database.execute("DELETE FROM words")
        self._database.execute("INSERT INTO words VALUES (?)", (word,))
        found = self._database.execute("SELECT term FROM terms ORDER BY offset LIMIT 1").fetchone()
        return str(found[0]) if found else word

    def close(self) -> None:
        """Let go of the memory."""
        self._database.close()
