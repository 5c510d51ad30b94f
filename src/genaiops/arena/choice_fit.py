"""Learning which of its choices an app should answer with, and when to stay silent. Pure.

A conditional logit with an outside option (McFadden 1974), ridge-penalised, by Newton's method. The threshold
is chosen on cases whose whole cluster was held out, so that it is not fitted to what it is judged on.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from genaiops.app.reading import Rule, Weight, decide
from genaiops.core import UserError

Array = NDArray[np.float64]
RIDGE = 3.0
FOLDS = 5
LEAST_CASES = 20
LEAST_RIGHT = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One calibration case: what the app could answer, and how good each choice is."""

    cluster: str
    texts: tuple[str, ...]
    features: tuple[dict[str, float], ...]
    quality: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """What was learnt, and how it did on clusters that it had not seen; `always_*`: without abstention."""

    rule: Rule
    right: int
    wrong: int
    abstained: int
    always_right: int
    always_wrong: int


@dataclass(frozen=True, slots=True)
class _Case:
    table: Array
    target: Array  # one weight a choice, then that of silence; they sum to 1


def learn(offers: Sequence[Offer], *, right_from: float, keep: float) -> Learned:
    """Return the rule that keeps at least `keep` of the right answers and is wrong as seldom as it can.

    A choice is right where its quality reaches `right_from`. Raises `UserError` where there is too little
    to learn from.
    """
    names = sorted({name for offer in offers for features in offer.features for name in features})
    answerable = sum(any(value >= right_from for value in offer.quality) for offer in offers)
    if len(offers) < LEAST_CASES or answerable < LEAST_RIGHT:
        raise UserError(
            "GAO-ARENA-130",
            f"{len(offers)} cases ({answerable} with a right choice) are too few to learn from",
            why=f"at least {LEAST_CASES} cases are needed, {LEAST_RIGHT} of them with a right choice",
            fix="add rows to the calibration dataset, answerable and unanswerable ones",
        )
    support, right = _held_out(offers, names, right_from)
    threshold = _threshold(support, right, keep)
    answered = support >= threshold
    return Learned(
        rule=_fit(offers, names, right_from, threshold),
        right=int(np.sum(answered & right)),
        wrong=int(np.sum(answered & ~right)),
        abstained=int(np.sum(~answered)),
        always_right=int(np.sum(right)),
        always_wrong=int(np.sum(~right)),
    )


def _fit(offers: Sequence[Offer], names: Sequence[str], right_from: float, threshold: float) -> Rule:
    tables = [_table(offer, names) for offer in offers]
    every = np.vstack(tables)
    mean, spread = every.mean(axis=0), every.std(axis=0)
    scale = np.where(spread > 1e-9, spread, 1.0)
    cases = [
        _Case((table - mean) / scale, _target(offer, right_from))
        for table, offer in zip(tables, offers, strict=True)
    ]
    weights = _newton(cases, len(names))
    return Rule(
        features={
            name: Weight(mean=_short(mean[at]), scale=_short(scale[at]), weight=_short(weights[at]))
            for at, name in enumerate(names)
        },
        silence=_short(weights[-1]),
        threshold=_short(threshold),
    )


def _table(offer: Offer, names: Sequence[str]) -> Array:
    rows = [[features.get(name, 0.0) for name in names] for features in offer.features]
    return np.array(rows, dtype=np.float64).reshape(len(rows), len(names))


def _target(offer: Offer, right_from: float) -> Array:
    quality = np.array([value**2 if value >= right_from else 0.0 for value in offer.quality])
    total = float(quality.sum())
    return np.append(quality / total, 0.0) if total else np.append(quality, 1.0)


def _newton(cases: Sequence[_Case], features: int) -> Array:
    """Return the weights of the features, then the utility of silence, at the penalised maximum."""
    weights = np.zeros(features + 1)
    penalty = np.append(np.full(features, 2 * RIDGE), 1e-6)
    for _ in range(100):
        gradient, hessian = -penalty * weights, np.diag(penalty)
        for case in cases:
            chance = _chances(case.table, weights)
            design = np.zeros((len(chance), features + 1))
            design[:-1, :-1], design[-1, -1] = case.table, 1.0
            gradient += design.T @ (case.target - chance)
            centred = design - chance @ design
            hessian += (centred * chance[:, None]).T @ centred
        step = np.linalg.solve(hessian, gradient)
        length = float(np.abs(step).max())
        weights += step * min(1.0, 2.0 / length) if length else step  # damped far from the maximum
        if length < 1e-9:
            break
    return weights


def _chances(table: Array, weights: Array) -> Array:
    utilities = np.append(table @ weights[:-1], weights[-1])
    odds = np.exp(utilities - utilities.max())
    return odds / odds.sum()


def _held_out(
    offers: Sequence[Offer], names: Sequence[str], right_from: float
) -> tuple[Array, NDArray[np.bool_]]:
    """Return support and rightness of each case's choice by a rule learnt without its cluster."""
    fold = _folds([offer.cluster for offer in offers])
    support, right = np.zeros(len(offers)), np.zeros(len(offers), dtype=np.bool_)
    for number in range(FOLDS):
        rest = [offer for offer, place in zip(offers, fold, strict=True) if place != number]
        rule = _fit(rest, names, right_from, 0.0)
        for at, offer in enumerate(offers):
            if fold[at] == number:
                decision = decide(offer.texts, offer.features, rule)
                support[at] = decision.support
                right[at] = decision.best is not None and offer.quality[decision.best] >= right_from
    return support, right


def _folds(clusters: Sequence[str]) -> list[int]:
    """Deal clusters out to folds, the largest first, each to the emptiest fold."""
    loads = [0] * FOLDS
    place: dict[str, int] = {}
    sizes = {name: clusters.count(name) for name in clusters}
    for name in sorted(sizes, key=lambda name: (-sizes[name], name)):
        place[name] = loads.index(min(loads))
        loads[place[name]] += sizes[name]
    return [place[name] for name in clusters]


def _threshold(support: Array, right: NDArray[np.bool_], keep: float) -> float:
    """Return the highest support that still keeps the wanted share of the right answers."""
    needed = keep * float(right.sum())
    kept = np.sort(support[right])[::-1]
    return float(kept[max(0, int(np.ceil(needed - 1e-9)) - 1)]) if len(kept) else 1.0


def _short(value: float) -> float:
    return float(f"{value:.6g}")
