"""What search brought, against the passages that hold the answer; the order of the output's passages counts.

A case without gold passages (`expected.passages`) is not applicable, whatever the app did.
"""

import math
from collections.abc import Callable, Mapping, Sequence

from genaiops.arena.scorers.base import Mark, PureScorer, ScorerContext, take_parameters, wrong_parameter
from genaiops.arena.scorers.expected import Gold, gold, matches
from genaiops.core import Case, Json, Output, Passage, ScorerSpec


def retrieval_recall(parameters: Mapping[str, Json], context: ScorerContext) -> PureScorer:
    """Share of the gold passages that the first k passages hold."""
    return _scorer("retrieval_recall", parameters, _recall)


def retrieval_mrr(parameters: Mapping[str, Json], context: ScorerContext) -> PureScorer:
    """1 ÷ rank of the first passage that holds a gold passage, 0 where none of the first k does."""
    return _scorer("retrieval_mrr", parameters, reciprocal_rank)


def retrieval_ndcg(parameters: Mapping[str, Json], context: ScorerContext) -> PureScorer:
    """Discounted gain of the first k passages over the best possible; a gold passage counts once.

    Järvelin and Kekäläinen (2002), with gains of 0 and 1.
    """
    return _scorer("retrieval_ndcg", parameters, discounted_gain)


def new_gold(items: Sequence[Gold], passages: Sequence[Passage]) -> list[int]:
    """Return how many gold passages each passage is the first to hold."""
    seen: set[int] = set()
    counts: list[int] = []
    for passage in passages:
        held = {index for index, item in enumerate(items) if index not in seen and matches(item, passage)}
        seen |= held
        counts.append(len(held))
    return counts


def _recall(found: list[int], items: int, k: int) -> float:
    return sum(found) / items


def reciprocal_rank(found: Sequence[int], items: int, k: int) -> float:
    """Return 1 ÷ the first rank in `found` (as `new_gold` counts), 0 without one."""
    return next((1 / rank for rank, count in enumerate(found, 1) if count), 0.0)


def discounted_gain(found: Sequence[int], items: int, k: int) -> float:
    """Return nDCG@k of `found`, which holds k counts at most, for `items` gold passages."""
    gained = math.fsum(1 / math.log2(rank + 1) for rank, count in enumerate(found, 1) if count)
    # a passage that holds several gold passages at once leaves fewer to be found
    separate = items - sum(count - 1 for count in found if count)
    best = math.fsum(1 / math.log2(rank + 1) for rank in range(1, min(k, separate) + 1))
    return min(1.0, gained / best)


def _scorer(
    name: str, parameters: Mapping[str, Json], measure: Callable[[list[int], int, int], float]
) -> PureScorer:
    k = take_parameters(name, parameters, {"k": 5})["k"]
    if not isinstance(k, int) or isinstance(k, bool) or k < 1:
        raise wrong_parameter(name, "k", k, "a whole number, at least 1")

    def mark(case: Case, output: Output) -> Mark:
        items = gold(case)
        return Mark(measure(new_gold(items, output.passages[:k]), len(items), k))

    return PureScorer(ScorerSpec(name=name), mark, lambda case: bool(gold(case)))
