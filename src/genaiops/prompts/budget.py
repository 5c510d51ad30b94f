"""Which examples go in, and how many passages fit."""

import hashlib
from collections.abc import Callable, Sequence

from genaiops.core import UserError, canonical
from genaiops.prompts.model import Example


def fit_context(items: Sequence[str], budget: int, count: Callable[[Sequence[str]], int]) -> int:
    """Return how many leading `items` take at most `budget` tokens together.

    `count` tells the tokens of a list of items and must not fall as the list grows; it is asked about
    log2(len(items)) times.
    """
    if not items or count(items) <= budget:
        return len(items)
    fits, too_many = 0, len(items)
    while too_many - fits > 1:
        middle = (fits + too_many) // 2
        if count(items[:middle]) <= budget:
            fits = middle
        else:
            too_many = middle
    return fits


def select_examples(
    examples: Sequence[Example],
    k: int,
    *,
    seed: int | None = None,
    scores: Sequence[float] | None = None,
) -> list[Example]:
    """Return `k` examples (all, if there are fewer).

    By `scores` (one an example, such as similarity to the question): the best, best first. By `seed`: a draw
    that depends on the seed and the examples' content only, so adding one changes little. With neither: the
    first ones, in the order of the file.
    """
    if k < 0 or (seed is not None and scores is not None):
        raise UserError(
            "GAO-PROMPTS-020",
            f"cannot select {k} examples by a seed and by scores"
            if k >= 0
            else f"cannot select {k} examples",
            fix="give k of at least 0, and either seed or scores",
        )
    if scores is not None and len(scores) != len(examples):
        raise UserError(
            "GAO-PROMPTS-021",
            f"{len(scores)} scores were given for {len(examples)} examples",
            fix="give one score an example",
        )
    places = list(range(len(examples)))
    if scores is not None:
        places.sort(key=lambda at: (-scores[at], at))
    elif seed is not None:
        places.sort(key=lambda at: (_draw(examples[at], seed), at))
    return [examples[at] for at in places[:k]]


def _draw(example: Example, seed: int) -> bytes:
    return hashlib.sha256(b"%d:" % seed + canonical(dict(example))).digest()
