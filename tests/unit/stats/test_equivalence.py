"""Equivalent within a margin: two one-sided tests, against statsmodels and by simulation."""

import math

import numpy as np
import pytest
from statsmodels.stats.weightstats import DescrStatsW

from genaiops import stats

OWN = list(range(40))


def drawn(shift: float, seed: int = 1) -> stats.Interval:
    rng = np.random.default_rng(seed)
    return stats.mean_interval(rng.normal(shift, 0.1, 40), OWN, 0.05)


@pytest.mark.proves("B-EQUIVALENCE")
@pytest.mark.parametrize("margin", [0.02, 0.04, 0.1])
def test_its_p_value_is_that_of_two_one_sided_t_tests(margin: float) -> None:
    values = np.random.default_rng(1).normal(0.01, 0.1, 40)
    interval = stats.mean_interval(values, OWN, 0.05)
    expected = float(DescrStatsW(values).ttost_mean(-margin, margin)[0])
    claim, _ = stats.equivalence_p_values(interval, margin)
    assert claim == pytest.approx(expected, abs=1e-12)
    assert (stats.decide_equivalent(interval, margin) == "proven") == (expected < 0.05)


def test_the_whole_interval_must_lie_inside_the_margin() -> None:
    interval = drawn(0.0)
    wide = max(-interval.low, interval.high)
    assert stats.decide_equivalent(interval, wide + 1e-6) == "proven"
    assert stats.decide_equivalent(interval, wide - 1e-6) == "open"


def test_a_limit_on_the_margin_is_open() -> None:
    interval = drawn(0.0)
    assert stats.decide_equivalent(interval, max(-interval.low, interval.high)) == "open"


@pytest.mark.parametrize("shift", [0.3, -0.3])
def test_a_difference_beyond_the_margin_on_either_side_refutes(shift: float) -> None:
    interval = drawn(shift)
    assert stats.decide_equivalent(interval, 0.1) == "refuted"
    claim, refuted = stats.equivalence_p_values(interval, 0.1)
    assert claim > 0.99
    assert refuted < 1e-6


def test_too_few_clusters_decide_nothing() -> None:
    interval = stats.mean_interval([0.0, 0.001] * 3, list(range(6)), 0.05)
    assert stats.decide_equivalent(interval, 0.5) == "open"
    assert stats.equivalence_p_values(interval, 0.5) == (1.0, 1.0)


def test_with_the_truth_on_the_margin_neither_is_proven_more_often_than_alpha() -> None:
    rng = np.random.default_rng(2)
    codes = np.repeat(np.arange(20), 4)
    proven = refuted = 0
    for _ in range(600):
        values = 0.2 + 0.3 * rng.standard_normal(20)[codes] + 0.5 * rng.standard_normal(80)
        interval = stats.mean_interval(values, codes, 0.05)
        proven += stats.decide_equivalent(interval, 0.2) == "proven"
        refuted += stats.equivalence_p_values(interval, 0.2)[1] < 0.05
    allowed = 0.05 + 3 * math.sqrt(0.05 * 0.95 / 600)
    assert proven / 600 <= allowed
    assert refuted / 600 <= allowed


@pytest.mark.parametrize("margin", [0.0, -0.1, math.inf, math.nan])
def test_the_margin_must_be_positive(margin: float) -> None:
    with pytest.raises(ValueError, match="a margin above 0 is needed"):
        stats.decide_equivalent(drawn(0.0), margin)
    with pytest.raises(ValueError, match="a margin above 0 is needed"):
        stats.equivalence_p_values(drawn(0.0), margin)
