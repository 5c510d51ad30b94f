"""Words that a reader does not see and a model does: invisible characters, decoded where they carry a text.

Not every invisible character hides something. Joiners belong to Persian, Hindi and emoji, direction marks to
Arabic and Hebrew, one variation selector to the sign before it. What is reported has no such use: tag
characters outside a flag, two or more selectors in a row, overrides of direction, and zero-width characters
that stand in long runs or break up words.
"""

import re
import unicodedata
from collections.abc import Iterator, Set
from dataclasses import dataclass
from typing import Literal

HiddenKind = Literal["tags", "selectors", "direction", "zero_width"]

LONG_RUN = 8
"""So many zero-width characters in a row carry a message; no script needs them."""

BROKEN_WORDS = 5
"""So many words with a zero-width character between two ASCII letters are broken up on purpose."""

_FLAG = re.compile("\U0001f3f4[\U000e0061-\U000e007a\U000e0030-\U000e0039]{1,6}\U000e007f")
_TAGS = re.compile("[\U000e0000-\U000e007f]+")
_SELECTORS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]{2,}")
_ZERO = "\u200b\u200c\u200d\u2060\u2061\u2062\u2063\u2064\ufeff\u180e\u00ad"
_RUNS = re.compile(f"[{_ZERO}]{{{LONG_RUN},}}")
_BROKEN = re.compile(f"(?<=[A-Za-z])[{_ZERO.replace(chr(0xAD), '')}]+(?=[A-Za-z])")
_OVERRIDES = re.compile("[\u202d\u202e]+[^\n\u202c]*")
_EMBEDDINGS = re.compile("[\u202b\u2067]+[^\n\u202c\u2069]*")  # the others turn nothing in such text
_TURNING = "\u202a\u202b\u202d\u202e\u2066\u2067\u2068"
_ANY = re.compile(f"[{_ZERO}\u202a-\u202e\u2066-\u2069\ufe00-\ufe0f\U000e0000-\U000e01ef]")


@dataclass(frozen=True, slots=True)
class Hidden:
    """A stretch `text[start:end]` that is not seen as it is read; `says` is what it carries, if known."""

    kind: HiddenKind
    start: int
    end: int
    says: str = ""


def hidden_text(text: str) -> list[Hidden]:
    """Return the stretches of `text` that hide something, in their order."""
    if _ANY.search(text) is None:
        return []
    flags = {match.start() + 1 for match in _FLAG.finditer(text)}
    found = [*_tags(text, flags), *_selectors(text), *_directions(text), *_zero_width(text)]
    return sorted(found, key=lambda hidden: (hidden.start, hidden.end))


def _tags(text: str, flags: Set[int]) -> Iterator[Hidden]:
    """Yield the tag characters of `text` but those of flags, which begin at `flags`."""
    for match in _TAGS.finditer(text):
        if match.start() not in flags:
            says = "".join(chr(ord(char) - 0xE0000) for char in match.group())
            yield Hidden("tags", match.start(), match.end(), "".join(filter(str.isprintable, says)))


def _selectors(text: str) -> Iterator[Hidden]:
    for match in _SELECTORS.finditer(text):
        raw = bytes(_selected(ord(char)) for char in match.group())
        yield Hidden("selectors", match.start(), match.end(), _readable(raw))


def _selected(code: int) -> int:
    """Return the byte that a variation selector stands for where they are used to carry bytes."""
    return code - 0xFE00 if code <= 0xFE0F else code - 0xE0100 + 16


def _readable(raw: bytes) -> str:
    text = raw.decode("utf-8", "ignore")
    return text if text.isprintable() else ""


def _directions(text: str) -> Iterator[Hidden]:
    for match in _OVERRIDES.finditer(text):
        yield Hidden("direction", match.start(), match.end(), match.group().strip(_TURNING))
    if not any(unicodedata.bidirectional(char) in ("R", "AL") for char in text):
        for match in _EMBEDDINGS.finditer(text):
            yield Hidden("direction", match.start(), match.end(), match.group().strip(_TURNING))


def _zero_width(text: str) -> Iterator[Hidden]:
    for match in _RUNS.finditer(text):
        yield Hidden("zero_width", match.start(), match.end(), _bits(match.group()))
    broken = [match for match in _BROKEN.finditer(text) if len(match.group()) < LONG_RUN]
    if len(broken) >= BROKEN_WORDS:
        for match in broken:
            yield Hidden("zero_width", match.start(), match.end())


def _bits(run: str) -> str:
    """Return the text that a run of two different zero-width characters spells in bits; empty where none."""
    signs = sorted(set(run))
    if len(signs) != 2 or len(run) % 8:
        return ""
    for zero, one in ((signs[0], signs[1]), (signs[1], signs[0])):
        bits = run.replace(zero, "0").replace(one, "1")
        says = _readable(bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits), 8)))
        if says.isascii() and says:
            return says
    return ""
