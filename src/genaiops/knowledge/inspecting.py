"""What whoever keeps an index may ask of it beside searching; nobody's access is asked here."""

from typing import Protocol, cast, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from genaiops.core import Passage
from genaiops.knowledge.seams import Index


@runtime_checkable
class Drawable(Protocol):
    """An index whose stored vectors can be looked at; of others the drift is not known."""

    def drawn(self, count: int, seed: int) -> list[tuple[Passage, NDArray[np.float32]]]:
        """Return up to `count` passages drawn at random from the live snapshot, each with its vectors."""
        ...


def hidden(index: Index) -> set[str]:
    """Return the documents that were withdrawn from the index."""
    return set(cast("list[str]", index.facts()["withdrawn"]))
