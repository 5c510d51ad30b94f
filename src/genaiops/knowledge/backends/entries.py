"""A passage as an index keeps it, and what is held in memory of a snapshot."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from genaiops.core import Passage, decode_json
from genaiops.knowledge.backends.seams import View
from genaiops.knowledge.backends.sieve import EVERYONE
from genaiops.knowledge.links import Titles


@dataclass(frozen=True, slots=True)
class Entry:
    """A passage as it is kept."""

    key: int
    id: str
    body: str
    readers: str

    def passage(self) -> Passage:
        """Return the passage."""
        return decode_json(Passage, self.body)


Shapes = Sequence[tuple[frozenset[str], frozenset[str]]]
"""Who may read (their marks), and the metadata keys of passages with these readers."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is held in memory of a snapshot.

    `readers_of` has the readers of each passage that bears a title; `sizes`, by readers: their marks, and how
    many passages and tokens are for them. `openers` are all marks that open a passage.
    """

    titles: Titles[str]
    readers_of: Mapping[str, str]
    shapes: Shapes
    sizes: Mapping[str, tuple[frozenset[str], int, int]]
    openers: frozenset[str]

    def opening(self, marks: Sequence[str]) -> tuple[str, ...]:
        """Return those of `marks` that open a passage, and always that of everyone."""
        return tuple(one for one in marks if one == EVERYONE or one in self.openers)

    def seen_by(self, view: View, marks: Collection[str]) -> View:
        """Return the snapshot as if it held nothing but what the bearers of `marks` may read."""
        # also where that is all of it: words of passages that are gone are kept, and may not be for them
        mine = {readers: size for readers, size in self.sizes.items() if not size[0].isdisjoint(marks)}
        passages = sum(passages for _, passages, _ in mine.values())
        length = sum(length for _, _, length in mine.values())
        return replace(view, readers=frozenset(mine), passages=passages, length=length)
