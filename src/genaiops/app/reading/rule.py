"""Which choice to answer with, and whether to answer at all: a learnt rule, applied. Pure.

A discrete choice with an outside option (McFadden, "Conditional logit analysis of qualitative choice
behavior", 1974): each span has a utility, silence has one too, and the support of an answer is the
probability of all spans that say the same.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from genaiops.core import UserError, decode, token_f1

SAME = 0.5
"""Spans of at least this token F1 say the same thing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weight:
    """How one feature counts: (value − mean) ÷ scale × weight."""

    mean: float
    scale: float
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What calibration learnt: the features' weights, the utility of silence, the threshold of support."""

    features: dict[str, Weight]
    silence: float
    threshold: float


@dataclass(frozen=True, slots=True)
class Decision:
    """The place of the best choice (None where there is no choice) and its support, from 0 to 1."""

    best: int | None
    support: float


def read_rule(calibration: Mapping[str, Any]) -> Rule:
    """Return the rule in a calibration file (`ctx.calibration(…)`)."""
    if "values" not in calibration:
        raise UserError(
            "GAO-APP-050",
            "this calibration holds no rule",
            why="it has no `values`",
            fix="run `genaiops arena calibrate` again",
        )
    return decode(Rule, calibration["values"], where="calibration", code="GAO-APP-050")


def decide(texts: Sequence[str], features: Sequence[Mapping[str, float]], rule: Rule) -> Decision:
    """Return the likeliest choice and how likely it is that it, or its like, is right."""
    if not texts:
        return Decision(None, 0.0)
    utilities = [utility(one, rule) for one in features]
    top = max(*utilities, rule.silence)
    weights = [math.exp(value - top) for value in utilities]
    total = sum(weights) + math.exp(rule.silence - top)
    best = max(range(len(texts)), key=lambda place: (weights[place], -place))
    like = (
        weight for weight, text in zip(weights, texts, strict=True) if token_f1(text, texts[best]) >= SAME
    )
    return Decision(best, round(sum(like) / total, 6))


def utility(features: Mapping[str, float], rule: Rule) -> float:
    """Return the utility of one choice; a feature that it lacks counts as 0."""
    return sum(
        (features.get(name, 0.0) - weight.mean) / weight.scale * weight.weight
        for name, weight in rule.features.items()
    )
