"""Passages that name one another: the title of one stands in the text of the other.

A question that needs several passages names some of what it asks about; the rest is named by what is found
first. A title counts as a name only where few passages bear it.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import TypeVar

MOST_BEARERS = 3
"""Passages with the same title; of a title with more, none is meant in particular."""

_LEAST_LETTERS = 4
_MOST_WORDS = 6
_MOST_LETTERS = 8_000
"""Of a text that is read for names."""

_ASIDE = re.compile(r"\([^()]*\)")
_WORD = re.compile(r"\w+")

Key = TypeVar("Key", int, str)
"""What a passage is known by: its row, or its id where a backend has no rows in the order of ids."""


class Titles(dict[str, Sequence[Key]]):
    """From a title, as `name_of` writes it, to the passages that bear it."""

    def __init__(self, bearers: Mapping[str, Sequence[Key]]) -> None:
        super().__init__(bearers)
        self.sizes: dict[tuple[str, str], list[int]] = {}
        """How many words the titles have that begin with two words, fewest first."""
        longer = [(*name.split(" ", 2)[:2], name.count(" ") + 1) for name in bearers if " " in name]
        for first, second, size in sorted(set(longer)):
            self.sizes.setdefault((first, second), []).append(size)

    def meant(self, name: str, may_read: Callable[[Key], bool]) -> Sequence[Key]:
        """Return the passages that `name` means to one who may read some; none where too many bear it."""
        few = list(islice(filter(may_read, self.get(name, ())), MOST_BEARERS + 1))
        return few if len(few) <= MOST_BEARERS else []


def name_of(title: str) -> str:
    """Return a title as it is looked for: its words, without what stands in brackets; "" where it is none."""
    words = _WORD.findall(_ASIDE.sub(" ", title).casefold())
    name = " ".join(words)
    return name if len(words) <= _MOST_WORDS and len(name) >= _LEAST_LETTERS else ""


def named_in(text: str, titles: Titles[Key], may_read: Callable[[Key], bool]) -> dict[Key, str]:
    """Return the passages whose titles stand in `text`, with the name by which each was found.

    What the asker may not read is neither found nor counted.
    """
    words: list[str] = _WORD.findall(text[:_MOST_LETTERS].casefold())
    found: dict[Key, str] = {}
    for at, pair in enumerate(zip(words, [*words[1:], ""], strict=True)):
        if pair[0] in titles:
            found.update(dict.fromkeys(titles.meant(pair[0], may_read), pair[0]))
        for size in titles.sizes.get(pair, ()):
            name = " ".join(words[at : at + size])
            found.update(dict.fromkeys(titles.meant(name, may_read), name))
    return found
