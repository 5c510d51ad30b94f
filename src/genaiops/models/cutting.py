"""Words counted and texts cut, for models that have no tokens of their own."""

import re
from collections.abc import Sequence

_WORD = re.compile(r"\w+|[^\w\s]")


def words(text: str) -> int:
    """Return the number of words and marks in `text`."""
    return sum(1 for _ in _WORD.finditer(text))


def cut(text: str, stop: Sequence[str], max_tokens: int) -> tuple[str, str]:
    """Return `text` up to the first stop string and at most `max_tokens` words, and the finish reason."""
    places = [place for mark in stop if mark and (place := text.find(mark)) >= 0]
    stopped = text[: min(places)] if places else text
    for number, match in enumerate(_WORD.finditer(stopped)):
        if number == max_tokens:
            return stopped[: match.start()].rstrip(), "length"
    return stopped, "stop"
