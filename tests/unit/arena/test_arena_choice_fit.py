"""What calibration learns: which choice to answer with, and when to stay silent."""

import numpy as np
import pytest
from scipy.optimize import minimize

from genaiops.app.reading import decide
from genaiops.arena.choice_fit import RIDGE, Offer, learn
from genaiops.core import UserError


def offers(count: int, seed: int, *, answerable: float = 0.7) -> list[Offer]:
    """Draw cases in which the choice with the largest `good` is right, and `noise` says nothing."""
    draw = np.random.default_rng(seed)
    made: list[Offer] = []
    for number in range(count):
        good, noise = draw.normal(size=12), draw.normal(size=12)
        quality = np.zeros(12)
        if draw.random() < answerable:
            place = int(draw.integers(12))
            good[place] += 4.0
            quality[place] = 1.0
        features = [{"good": float(a), "noise": float(b)} for a, b in zip(good, noise, strict=True)]
        texts = tuple(f"word{number}x{place}" for place in range(12))
        made.append(
            Offer(
                cluster=f"d{number % 15}",
                texts=texts,
                features=tuple(features),
                quality=tuple(quality.tolist()),
            )
        )
    return made


def test_the_feature_that_tells_gets_the_weight_and_the_one_that_does_not_gets_none() -> None:
    rule = learn(offers(200, 1), right_from=0.5, keep=0.8).rule
    assert rule.features["good"].weight > 10 * abs(rule.features["noise"].weight)


def test_the_rule_learnt_on_some_cases_holds_on_others() -> None:
    rule = learn(offers(300, 2), right_from=0.5, keep=0.8).rule
    right = wrong = 0
    for case in offers(300, 3):
        decision = decide(case.texts, case.features, rule)
        assert decision.best is not None
        if decision.support >= rule.threshold:
            right += case.quality[decision.best] >= 0.5
            wrong += case.quality[decision.best] < 0.5
    assert right > 5 * wrong


@pytest.mark.parametrize("keep", [0.5, 0.8, 1.0])
def test_the_threshold_keeps_the_wanted_share_of_right_answers_and_no_more(keep: float) -> None:
    learned = learn(offers(200, 4), right_from=0.5, keep=keep)
    assert learned.right >= keep * learned.always_right
    assert learned.right - 1 < keep * learned.always_right + 1e-9
    assert learned.right + learned.wrong + learned.abstained == 200


def test_keeping_more_right_answers_costs_more_wrong_ones() -> None:
    cautious, bold = (learn(offers(200, 5), right_from=0.5, keep=keep) for keep in (0.5, 1.0))
    assert cautious.wrong < bold.wrong
    assert cautious.rule.threshold > bold.rule.threshold


def test_the_same_cases_in_another_order_teach_the_same() -> None:
    cases = offers(120, 6)
    one, two = learn(cases, right_from=0.5, keep=0.8), learn(cases[::-1], right_from=0.5, keep=0.8)
    assert one.rule.features["good"].weight == pytest.approx(two.rule.features["good"].weight, rel=1e-4)


def test_too_few_cases_are_refused_with_the_number_that_is_needed() -> None:
    with pytest.raises(UserError, match="too few") as caught:
        learn(offers(10, 7), right_from=0.5, keep=0.8)
    assert "20" in caught.value.why


def test_the_fit_is_the_maximum_that_scipy_finds() -> None:
    cases = offers(80, 8)
    rule = learn(cases, right_from=0.5, keep=0.8).rule
    names = sorted(rule.features)
    tables = [np.array([[features[name] for name in names] for features in case.features]) for case in cases]
    every = np.vstack(tables)
    mean, scale = every.mean(axis=0), every.std(axis=0)

    def loss(weights: np.ndarray) -> float:
        total = RIDGE * float(weights[:-1] @ weights[:-1]) + 0.5e-6 * float(weights[-1] ** 2)
        for case, table in zip(cases, tables, strict=True):
            utilities = np.append((table - mean) / scale @ weights[:-1], weights[-1])
            target = np.append(np.array(case.quality), 0.0 if any(case.quality) else 1.0)
            total -= float(target @ (utilities - np.logaddexp.reduce(utilities)))
        return total

    best = minimize(loss, np.zeros(len(names) + 1), method="BFGS", options={"gtol": 1e-8}).x
    ours = [rule.features[name].weight for name in names] + [rule.silence]
    assert ours == pytest.approx(best.tolist(), abs=2e-3)
