"""Runs of words that are scored each: a whole prompt, its parts, the sentences of a document."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from genaiops.guard.injection.reading import Places
from genaiops.guard.injection.vocabulary import Floats


@dataclass(frozen=True, slots=True)
class Stretches:
    """`n` runs of words: where each begins, how many it has, one over the root of that; whose each word is
    (None: there is one)."""

    begins: Places
    counts: Places
    unit: Floats
    owner: Places | None

    @classmethod
    def of(cls, begins: Places, total: int) -> Self:
        """Return the runs that begin at the words `begins` of `total`, each up to the next."""
        counts = np.diff(begins, append=total) if len(begins) > 1 else np.array([total])
        unit = (1 / np.sqrt(counts)).astype(np.float32)
        return cls(
            begins, counts, unit, np.repeat(np.arange(len(begins)), counts) if len(begins) > 1 else None
        )

    def count(self, which: NDArray[np.bool_]) -> Places:
        """Return how many words of each stretch are among `which [words]`."""
        if self.owner is None:
            return np.array([np.count_nonzero(which)])
        return np.bincount(self.owner, weights=which, minlength=len(self.counts))
