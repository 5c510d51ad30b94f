"""What whoever keeps an index may ask of it beside searching; nobody's access is asked here.

An index that cannot be looked into answers searches all the same: what is measured of it is then null.
"""

from collections.abc import Collection
from typing import Protocol, cast, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from genaiops.core import Passage
from genaiops.knowledge.seams import Index


@runtime_checkable
class Inspectable(Protocol):
    """An index one can look into."""

    def showing(self, documents: Collection[str]) -> set[str]:
        """Return which of `documents` are in the live snapshot and not withdrawn from it."""
        ...

    def passages_of(self, documents: Collection[str]) -> list[Passage]:
        """Return all passages of `documents` in the live snapshot, withdrawn ones too."""
        ...

    def drawn(self, count: int, seed: int) -> list[tuple[Passage, NDArray[np.float32]]]:
        """Return up to `count` passages drawn at random from the live snapshot, each with its vectors."""
        ...


def showing(index: Index, documents: Collection[str]) -> set[str]:
    """Return which of `documents` may be found in the live snapshot: where nobody can tell, all of them."""
    if isinstance(index, Inspectable):
        return index.showing(documents)
    return set(documents) - hidden(index)


def passages_of(index: Index, documents: Collection[str]) -> list[Passage]:
    """Return all passages of `documents`; none where nobody can tell."""
    return index.passages_of(documents) if isinstance(index, Inspectable) else []


def hidden(index: Index) -> set[str]:
    """Return the documents that were withdrawn from the index."""
    return set(cast("list[str]", index.facts()["withdrawn"]))
