"""Learning when to abstain: from the signals of an answer to the chance that it is right. Pure.

A ridge logistic regression by Newton's method (Hosmer, Lemeshow and Sturdivant, *Applied Logistic
Regression*, 2013, ch. 1–2) on standardised signals; the threshold is chosen on predictions of cases whose
whole cluster was held out, so that it is not fitted to the cases that it is judged on.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from genaiops.core import UserError

Vector = NDArray[np.float64]
RIDGE = 1.0
FOLDS = 5
LEAST = 20
"""Fewer cases than this, or fewer than five of either kind, teach nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One calibration case: what the app's signals were, and whether the answer was right."""

    cluster: str
    signals: dict[str, float]
    right: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """How one signal counts: (value − mean) / scale × weight."""

    mean: float
    scale: float
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Confidence:
    """When to answer: where the chance of being right reaches `threshold`."""

    intercept: float
    threshold: float
    signals: dict[str, Signal]


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """What was learnt, and how it did on clusters that it had not seen."""

    confidence: Confidence
    right: int
    wrong: int
    abstained: int
    wrong_without: int
    right_without: int


def learn(examples: Sequence[Example], *, wrong_costs: float = 1.0) -> Learned:
    """Return the rule that gains most on held-out clusters: +1 a right answer, −`wrong_costs` a wrong one.

    Raises `UserError` where there is too little to learn from.
    """
    right = sum(example.right for example in examples)
    if len(examples) < LEAST or min(right, len(examples) - right) < 5:
        raise UserError(
            "GAO-ARENA-130",
            f"{len(examples)} cases ({right} answered right) are too few to learn from",
            why=f"at least {LEAST} cases, five right and five wrong, are needed; a hundred are better",
            fix="add rows to the calibration dataset, answerable and unanswerable ones",
        )
    names = sorted({name for example in examples for name in example.signals})
    if not names:
        raise UserError(
            "GAO-ARENA-135",
            "the app tells no signals",
            why="abstention is decided on numbers that the app returns: Answer(…, signals={'support': 0.8})",
            fix="return at least one signal with every answer",
        )
    table = np.array([[example.signals.get(name, 0.0) for name in names] for example in examples])
    target = np.array([float(example.right) for example in examples])
    held_out = _held_out(table, target, [example.cluster for example in examples])
    threshold = _threshold(held_out, target, wrong_costs)
    mean, scale, weights = _fit(table, target)
    signals = {
        name: Signal(mean=_short(mean[at]), scale=_short(scale[at]), weight=_short(weights[at + 1]))
        for at, name in enumerate(names)
    }
    answered = held_out >= threshold
    return Learned(
        confidence=Confidence(intercept=_short(weights[0]), threshold=_short(threshold), signals=signals),
        right=int(np.sum(answered & (target > 0))),
        wrong=int(np.sum(answered & (target == 0))),
        abstained=int(np.sum(~answered)),
        wrong_without=int(np.sum(target == 0)),
        right_without=int(np.sum(target > 0)),
    )


def _fit(table: Vector, target: Vector) -> tuple[Vector, Vector, Vector]:
    mean = table.mean(axis=0)
    scale = np.where(table.std(axis=0) > 1e-12, table.std(axis=0), 1.0)
    design = np.column_stack([np.ones(len(table)), (table - mean) / scale])
    penalty = np.diag([0.0, *[RIDGE] * table.shape[1]])
    weights = np.zeros(design.shape[1])
    for _ in range(50):
        chance = _chance(design @ weights)
        gradient = design.T @ (target - chance) - penalty @ weights
        hessian = (
            (design * (chance * (1 - chance))[:, None]).T @ design + penalty + 1e-9 * np.eye(len(weights))
        )
        step = np.linalg.solve(hessian, gradient)
        weights += step
        if float(np.abs(step).max()) < 1e-10:
            break
    return mean, scale, weights


def _held_out(table: Vector, target: Vector, clusters: Sequence[str]) -> Vector:
    """Return each case's chance as predicted without its cluster; clusters are dealt out by size."""
    sizes = {name: clusters.count(name) for name in clusters}
    loads = [0] * FOLDS
    fold: dict[str, int] = {}
    for name in sorted(sizes, key=lambda name: (-sizes[name], name)):
        fold[name] = loads.index(min(loads))
        loads[fold[name]] += sizes[name]
    places = np.array([fold[name] for name in clusters])
    chances = np.empty(len(target))
    for number in range(FOLDS):
        held, rest = places == number, places != number
        if held.any():
            mean, scale, weights = _fit(table[rest], target[rest])
            chances[held] = _chance(
                np.column_stack([np.ones(held.sum()), (table[held] - mean) / scale]) @ weights
            )
    return chances


def _threshold(chances: Vector, target: Vector, wrong_costs: float) -> float:
    """Return the cut with the greatest gain; among equals the highest, since silence harms nobody."""
    best, best_gain = 1.0, 0.0
    order = np.argsort(-chances, kind="stable")
    gains = np.cumsum(np.where(target[order] > 0, 1.0, -wrong_costs))
    for place, gain in enumerate(gains):
        at_edge = place + 1 == len(order) or chances[order[place + 1]] < chances[order[place]]
        if at_edge and gain > best_gain + 1e-9:
            following = chances[order[place + 1]] if place + 1 < len(order) else 0.0
            best, best_gain = float(chances[order[place]] + following) / 2, float(gain)
    return best


def _chance(values: Vector) -> Vector:
    return 1.0 / (1.0 + np.exp(-np.clip(values, -30, 30)))


def _short(value: float) -> float:
    return float(f"{value:.6g}") if math.isfinite(value) else 0.0
