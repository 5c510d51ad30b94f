"""PostgreSQL's `tsvector` and `tsquery` of a text, with words cut and folded as SQLite's FTS5 does it.

Folded here, so that the database needs no extension and its language plays no part. PostgreSQL keeps at most
1 MB of words a version: of a longer manifest the first words are found.
"""

import re
import unicodedata
from collections.abc import Sequence

_TOKEN = re.compile(r"[^\W_]+")
_ACCENTS = re.compile("[\u0300-\u036f]")
_LONGEST = 500
"""Letters of a word that count; PostgreSQL takes 2,046 bytes."""

_MOST_BYTES = 900_000
_MOST_PLACES = 16_383
"""Later places are all the same one to PostgreSQL: words there are found, but not as neighbours."""

_MOST_PLACES_OF_A_WORD = 255


def tokens(text: str) -> list[str]:
    """Return the words of a text in order: runs of letters and digits, small, without accents."""
    split = unicodedata.normalize("NFD", text)
    folded = unicodedata.normalize("NFC", _ACCENTS.sub("", split)).lower()
    return [word[:_LONGEST] for word in _TOKEN.findall(folded)]


def vector(text: str) -> str:
    """Return what PostgreSQL casts to a `tsvector`: every word with its places."""
    places: dict[str, list[int]] = {}
    size = 0
    for place, word in enumerate(tokens(text), start=1):
        size += 2 if word in places else len(word.encode()) + 6
        if size > _MOST_BYTES:
            break
        held = places.setdefault(word, [])
        if len(held) < _MOST_PLACES_OF_A_WORD:
            held.append(min(place, _MOST_PLACES))
    return " ".join(f"{word}:{','.join(map(str, held))}" for word, held in places.items())


def query(words: Sequence[str]) -> str:
    """Return what PostgreSQL casts to a `tsquery`: a version holds the beginning of every one of `words`.

    A word that is cut into several (`look_up`) is looked for as neighbours. '' where nothing is left.
    """
    cut = [found for word in words if (found := tokens(word))]
    return " & ".join("(" + " <-> ".join(found) + ":*)" for found in cut)
