"""What encoded stretches of a text say, so that the detectors can look at that too.

Bounded: `depth` layers, and so many decoded characters of one text in all. What does not decode to readable
text is left alone, and nothing here is an accusation: only what is found in the decoded text counts.
"""

import codecs
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from genaiops.core import Hidden, hidden_text
from genaiops.guard.encoded import EscapeEncoding, WordEncoding, escaped, words
from genaiops.guard.look_alikes import INVISIBLE, beyond_ascii, plain

Encoding = WordEncoding | EscapeEncoding | Literal["rot13", "leet", "hidden", "look-alikes"]
_WHOLE = frozenset({"rot13", "leet", "look-alikes"})
"""In these a text is the same character for character, but for some between that are not read."""


@dataclass(frozen=True, slots=True)
class View:
    """What `text[start:end]` of the text given says, read as `layers`, the outermost first.

    Where more than one stretch is read, `starts` and `lasts` say where each of its characters stands: from
    the one up to the other, that included.
    """

    start: int
    end: int
    says: str
    layers: tuple[Encoding, ...] = ()
    starts: Sequence[int] | None = None
    lasts: Sequence[int] | None = None

    def place(self, start: int, end: int) -> tuple[int, int]:
        """Return where in the text stands what is at `says[start:end]`; as near as can be told."""
        if self.starts is None or self.lasts is None:
            return self.start, self.end
        return self.starts[start], self.lasts[end - 1] + 1


@dataclass(frozen=True, slots=True)
class Decoded:
    """What was decoded, and what was not because it lies deeper, or is longer, than the bounds allow."""

    views: list[View]
    beyond: list[View]


MOST_VIEWS = 600
"""So many stretches of one text are decoded; each costs a call of every detector."""

MOST_INVISIBLE = 20_000
"""No script needs so many invisible characters in one text, joiners and emoji included."""

_LEAST = 8
"""A shorter stretch hides nothing that a detector would know."""

_LEET_WORD = re.compile(r"[013457@$](?<=[A-Za-z].)(?=[A-Za-z])")
_LEET = str.maketrans("013457@$", "oieastas")
_ROT13_WORDS = (" gur ", " naq ", " lbhe ", " nyy ", " lbh ", " gb ", " bs ", " zl ", " vtaber ", " flfgrz ")
_MANY_LEET = 3
_LEET_APART = 500  # in leet at least every so many characters one stands for a letter
_MANY_ROT13 = 2


def decoded(text: str, depth: int, max_characters: int) -> Decoded:
    """Return what the encoded stretches of `text` say, and theirs, down to `depth` layers."""
    left = max_characters
    everywhere = range(len(text))
    layer = [View(0, len(text), text, (), everywhere, everywhere), *_look_alikes(text)]
    found = layer[1:]
    beyond: list[View] = []
    for level in range(depth + 1):
        deeper: list[View] = []
        for outer in layer:
            for inner in _layer(outer.says, left) if outer.starts is not None else _apart(outer.says, left):
                view = _within(outer, inner)
                is_guess = inner.layers[0] in _WHOLE
                if len(view.says) < _LEAST or (is_guess and (view.says == text or len(view.says) > left)):
                    continue
                if level == depth or len(view.says) > left or len(found) + len(deeper) >= MOST_VIEWS:
                    beyond.append(view)
                    break
                left -= len(view.says)
                deeper.append(view)
        found += deeper
        layer = deeper
    return Decoded(found, beyond)


def _within(outer: View, inner: View) -> View:
    """Return a view of what `outer` says as one of the text itself."""
    start, end = outer.place(inner.start, inner.end)
    starts, lasts = outer.starts, outer.lasts
    if inner.starts is not None and inner.lasts is not None and starts is not None and lasts is not None:
        starts, lasts = [starts[at] for at in inner.starts], [lasts[at] for at in inner.lasts]
    elif inner.layers[0] not in _WHOLE:
        starts = lasts = None
    return View(start, end, inner.says, outer.layers + inner.layers, starts, lasts)


def _apart(text: str, left: int) -> Iterator[View]:
    """Yield what a stretch says that was decoded, its signs as what they look like first."""
    yield from _look_alikes(text)
    yield from _layer(text, left)


def _layer(text: str, left: int) -> Iterator[View]:
    for word in words(text):
        yield View(word.start, word.end, word.says, (word.encoding,))
    if (read := escaped(text, left)) is not None:
        start, end = read.starts[0], read.lasts[-1] + 1
        yield View(start, end, read.says, (read.encoding,), read.starts, read.lasts)
    yield from _whole(text)
    for hidden in stretches_hidden(text) or ():
        if hidden.says:
            yield View(hidden.start, hidden.end, hidden.says, ("hidden",))


def stretches_hidden(text: str) -> list[Hidden] | None:
    """Return the hidden stretches of `text`; None where it has more invisible characters than can be read."""
    if text.isascii() or INVISIBLE.search(beyond_ascii(text)) is None:
        return []
    return hidden_text(text) if sum(1 for _ in INVISIBLE.finditer(text)) <= MOST_INVISIBLE else None


def _look_alikes(text: str) -> list[View]:
    """Return the text in ASCII where it has signs that stand for ASCII ones, or invisible ones in words."""
    read = plain(text)
    return [View(0, len(text), read.says, ("look-alikes",), read.places, read.places)] if read else []


def _whole(text: str) -> Iterator[View]:
    """Yield the whole text where its words are written another way throughout: a guess, and only that."""
    low = text.lower()
    if sum(map(low.__contains__, _ROT13_WORDS)) >= _MANY_ROT13:
        yield View(0, len(text), codecs.encode(text, "rot13"), ("rot13",))
    if len(_LEET_WORD.findall(text)) >= max(_MANY_LEET, len(text) // _LEET_APART):
        yield View(0, len(text), text.translate(_LEET), ("leet",))
