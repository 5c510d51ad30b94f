"""From a question to a full-text query in which no word of the question is an instruction."""

import re

MAX_WORDS = 48

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
    return [word for word in words if word not in STOP_WORDS] or words


def match_query(question: str) -> str:
    """Return an FTS5 query for passages that hold any content word; empty where there is no word.

    Each word is quoted, so that AND, NEAR, a column filter or a star in a question are just text.
    """
    return " OR ".join(f'"{word}"' for word in content_words(question)[:MAX_WORDS])
