"""Orders and how they are joined. Equal scores are ordered by row, and rows are sorted by passage id.

    score = trust² · cosine + trust³ · tokens · MaxSim + words · BM25 share + named · link

`trust` is measured per corpus and script (`trust.py`). A BM25 share is high only where a question's rare
words are found, so that it weighs by itself what each question's words are worth. The weights and what they
were chosen on stand in `data/fusion.json`.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from genaiops.knowledge.links import Key, Titles, named_in

DEPTH = 60
"""How many of each half are fused."""

_DIGITS = 6
_BLOCK = 64
_FIRST = 3
"""The best of a first look, whose texts are read for the names of other passages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """How much each part of a score counts beside a cosine; `version` names the set."""

    version: int
    words: float
    tokens: float
    named: float
    history_words: float
    history_vector: float
    trust_power: float
    tokens_trust_power: float


@lru_cache(maxsize=1)
def default_weights() -> Weights:
    """Return the weights that come with the package."""
    raw = files("genaiops.knowledge").joinpath("data/fusion.json").read_text("utf-8")
    values = json.loads(raw)
    return Weights(**{name: values[name] for name in Weights.__dataclass_fields__})


def top_rows(scores: NDArray[np.float32], k: int) -> list[tuple[int, float]]:
    """Return the `k` best (row, score), best first; rows whose score is -inf are left out.

    Scores are compared after rounding to six decimals: the last bits differ from machine to machine.
    """
    rows = np.arange(len(scores))
    if len(scores) > k:
        # everything that may tie with the k-th stays, so that the cut is made by row and not by chance
        rows = np.flatnonzero(scores >= _at_most_kth(scores, k) - np.float32(2 * 10**-_DIGITS))
    rounded = np.round(scores[rows].astype(np.float64), _DIGITS)
    kept = np.isfinite(rounded)
    rows, rounded = rows[kept], rounded[kept]
    order = np.lexsort((rows, -rounded))[:k]
    return [(int(rows[at]), float(rounded[at])) for at in order]


def _at_most_kth(scores: NDArray[np.float32], k: int) -> np.float32:
    """Return a number near the k-th largest of `scores` and not above it: no row of the best is below."""
    blocks = len(scores) // _BLOCK
    if blocks > k:
        # the k largest of the blocks' largest are k numbers of `scores`
        largest = scores[: blocks * _BLOCK].reshape(blocks, _BLOCK).max(axis=1)
        bound = np.partition(largest, blocks - k)[blocks - k]
        if np.isfinite(bound):
            return bound
    return np.partition(scores, len(scores) - k)[len(scores) - k]


def fuse(
    cosines: NDArray[np.float32], shares: NDArray[np.float32], k: int, *, trust: float, weights: Weights
) -> dict[int, float]:
    """Return the rows that are best by either half, with both halves' weighted sum.

    `cosines` and `shares` have a number for each row: -inf where it may not be seen, 0 where no word stands.
    """
    depth = max(DEPTH, k)
    best = [row for row, _ in top_rows(cosines, depth)]
    matching = np.flatnonzero(shares)
    best += [int(matching[at]) for at, _ in top_rows(shares[matching], depth)]
    return {row: joined(cosines[row], shares[row], trust, weights) for row in best}


def joined(cosine: float, share: float, trust: float, weights: Weights) -> float:
    """Return the weighted sum of a cosine and a BM25 share."""
    return trust**weights.trust_power * float(cosine) + weights.words * float(share)


def with_links(
    scores: Mapping[Key, float],
    question: str,
    titles: Titles[Key],
    may_read: Callable[[Key], bool],
    text_of: Callable[[Sequence[Key]], Sequence[str]],
    scores_of: Callable[[Sequence[Key]], Mapping[Key, float]],
    weight: float,
) -> dict[Key, float]:
    """Return `scores` with what is named: by the question, and by the best of a first look.

    The n-th of the first look gives 1/n of `weight` to what its text names, whose title is not its own.
    `scores_of` scores passages that were not found otherwise, and leaves out what may not be seen.
    """
    if not titles:
        return dict(scores)
    asked = named_in(question, titles, may_read)
    first = [row for row, _ in ordered(scores, _FIRST)]
    found: dict[Key, float] = {}
    for rank, (row, text) in enumerate(zip(first, text_of(first), strict=True), start=1):
        for other, name in named_in(text, titles, may_read).items():
            if row not in titles[name]:
                found[other] = max(found.get(other, 0.0), weight / rank)
    named = asked.keys() | found.keys()
    linked = {**scores, **scores_of([row for row in named if row not in scores])}
    for row in named & linked.keys():
        linked[row] += found.get(row, 0.0) + (weight if row in asked else 0.0)
    return linked


def ordered(scores: Mapping[Key, float], k: int) -> list[tuple[Key, float]]:
    """Return the `k` best (row, score), best first."""
    falling = sorted((-round(score, _DIGITS), row) for row, score in scores.items())
    return [(row, -score) for score, row in falling[:k]]
