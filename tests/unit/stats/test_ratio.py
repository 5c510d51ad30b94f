"""Candidate ÷ baseline: means by Fieller, quantiles and cost per correct by the studentised bootstrap."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as oracle

from genaiops import stats
from genaiops.stats.bootstrap import resampled_counts

RNG = np.random.default_rng(17)
BASE = np.exp(RNG.normal(0.0, 0.5, 60))
CANDIDATE = BASE * np.exp(RNG.normal(0.1, 0.3, 60))
OWN = list(range(60))


def test_fieller_limits_are_where_the_paired_t_test_turns() -> None:
    interval = stats.ratio_of_means(CANDIDATE, BASE, OWN, 0.05)
    for limit, side in ((interval.low, "greater"), (interval.high, "less")):
        p = oracle.ttest_1samp(CANDIDATE - limit * BASE, 0.0, alternative=side).pvalue
        assert float(p) == pytest.approx(0.05, abs=1e-9)
    assert interval.estimate == pytest.approx(CANDIDATE.mean() / BASE.mean())


@settings(max_examples=30, deadline=None)
@given(st.floats(0.001, 1000.0))
def test_the_ratio_does_not_depend_on_the_unit(scale: float) -> None:
    here = stats.ratio_of_means(CANDIDATE, BASE, OWN, 0.05)
    there = stats.ratio_of_means(scale * CANDIDATE, scale * BASE, OWN, 0.05)
    assert (there.low, there.high) == pytest.approx((here.low, here.high), rel=1e-9)


def test_proportional_costs_have_an_exact_ratio() -> None:
    interval = stats.ratio_of_means(1.25 * BASE, BASE, OWN, 0.05)
    assert (interval.low, interval.high) == pytest.approx((1.25, 1.25), abs=1e-6)


def test_a_free_baseline_leaves_the_ratio_undecidable() -> None:
    interval = stats.ratio_of_means(CANDIDATE, np.zeros(60), OWN, 0.05)
    assert math.isnan(interval.estimate)
    assert (interval.low, interval.high) == (-math.inf, math.inf)
    assert interval.reason == "the baseline's mean is not clearly above 0"


def test_a_baseline_that_costs_something_once_only_is_undecidable_too() -> None:
    rare = [0.0] * 59 + [3.0]
    assert not stats.ratio_of_means(CANDIDATE, rare, OWN, 0.05).decidable


def test_few_clusters_leave_every_ratio_undecidable() -> None:
    few = np.arange(60) // 10
    for interval in (
        stats.ratio_of_means(CANDIDATE, BASE, few, 0.05),
        stats.quantile_ratio(CANDIDATE, BASE, few, 0.05, key=1, q=0.5),
        stats.ratio_of_ratios((CANDIDATE, np.ones(60)), (BASE, np.ones(60)), few, 0.05, key=1),
    ):
        assert interval.reason is not None
        assert "clusters are worth 6 equal ones" in interval.reason
        assert not interval.decidable


@pytest.mark.parametrize(("n", "q", "fewest"), [(399, 0.95, 400), (39, 0.5, 40), (399, 0.05, 400)])
def test_a_ratio_of_quantiles_needs_twenty_cases_beyond_them(n: int, q: float, fewest: int) -> None:
    values = np.exp(np.random.default_rng(1).normal(size=fewest))
    short = stats.quantile_ratio(values[:n], values[:n][::-1], range(n), 0.05, key=1, q=q)
    assert short.reason == f"{n} cases; a ratio of {q:g} quantiles needs at least {fewest}"
    assert stats.quantile_ratio(values, values[::-1], range(fewest), 0.05, key=1, q=q).decidable


def test_the_estimate_is_the_ratio_of_sample_quantiles() -> None:
    values = np.arange(1.0, 401.0)
    interval = stats.quantile_ratio(2.0 * values, values[::-1], range(400), 0.05, key=3)
    assert interval.estimate == pytest.approx(2.0)
    assert interval.low < 2.0 < interval.high


def test_the_key_fixes_the_resampling_and_another_key_changes_little() -> None:
    first, again, other = (stats.quantile_ratio(CANDIDATE, BASE, OWN, 0.05, key=k, q=0.5) for k in (5, 5, 6))
    assert first == again
    assert first.low != other.low
    assert other.low == pytest.approx(first.low, abs=0.04)


def test_cost_per_correct_is_cost_over_correct_of_both_arms() -> None:
    right, wrong = np.tile([1.0, 0.0], 30), np.tile([1.0, 1.0, 0.0], 20)
    interval = stats.ratio_of_ratios((CANDIDATE, wrong), (BASE, right), OWN, 0.05, key=2)
    expected = (CANDIDATE.sum() / 40) / (BASE.sum() / 30)
    assert interval.estimate == pytest.approx(expected)
    assert interval.low < expected < interval.high


def test_cost_per_correct_with_all_right_is_close_to_fieller() -> None:
    ones = np.ones(60)
    interval = stats.ratio_of_ratios((CANDIDATE, ones), (BASE, ones), OWN, 0.05, key=2)
    exact = stats.ratio_of_means(CANDIDATE, BASE, OWN, 0.05)
    assert interval.se == pytest.approx(exact.se, rel=0.02)
    assert (interval.low, interval.high) == pytest.approx((exact.low, exact.high), abs=0.1)


def test_costs_per_correct_answer_in_which_one_cluster_alone_varies_are_not_decidable() -> None:
    codes = np.repeat(np.arange(12), 2)
    once = np.tile([1.0, 0.0], 12)
    every = np.ones(24)
    every[0] = 0.0
    costs = np.full(24, 1e-5)
    costs[::2] += 1e-9 * np.arange(12)
    interval = stats.ratio_of_ratios((costs, every), (costs, once), codes, 0.05, key=3)
    assert not interval.decidable
    assert "too few clusters vary" in (interval.reason or "")
    assert interval.estimate == pytest.approx(12 / 23)


def test_an_arm_that_is_never_right_has_no_cost_per_correct() -> None:
    interval = stats.ratio_of_ratios((CANDIDATE, np.zeros(60)), (BASE, np.ones(60)), OWN, 0.05, key=2)
    assert interval.reason == "a sum is 0, so the ratio is not defined"
    assert math.isnan(interval.estimate)


def test_an_arm_that_is_right_once_is_undecidable() -> None:
    once = np.array([1.0] + [0.0] * 59)
    interval = stats.ratio_of_ratios((CANDIDATE, once), (BASE, np.ones(60)), OWN, 0.05, key=2)
    assert interval.reason == "a sum is 0 in too many resamples: too few cases count"


def test_every_cluster_is_drawn_equally_often() -> None:
    counts = np.concatenate(list(resampled_counts(7, key=123, resamples=20_000)))
    assert counts.shape == (20_000, 7)
    assert (counts.sum(axis=1) == 7).all()
    assert float(oracle.chisquare(counts.sum(axis=0)).pvalue) > 0.001


def test_the_draws_of_a_key_are_these_on_every_machine() -> None:
    counts = next(resampled_counts(5, key=2026, resamples=3))
    assert counts.tolist() == next(resampled_counts(5, key=2026, resamples=3)).tolist()
    words = [int(word) for word in np.random.Philox(key=2026).random_raw(8)]
    halves = [half for word in words for half in (word >> 32, word & 0xFFFFFFFF)]
    picks = [half * 5 >> 32 for half in halves[:15]]
    expected = [[picks[5 * row : 5 * row + 5].count(c) for c in range(5)] for row in range(3)]
    assert counts.tolist() == expected


def test_blocks_do_not_change_what_a_single_resample_is() -> None:
    whole = np.concatenate(list(resampled_counts(1000, key=9, resamples=30)))
    blocks = np.concatenate(list(resampled_counts(1000, key=9, resamples=30, cells=100)))
    assert whole.sum() == blocks.sum() == 30_000
    assert (whole == blocks).all()


def test_negative_values_and_nonpositive_quantiles_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 0"):
        stats.ratio_of_means([-1.0, 2.0], [1.0, 2.0], [1, 2], 0.05)
    with pytest.raises(ValueError, match="positive values"):
        stats.quantile_ratio([0.0, 2.0], [1.0, 2.0], [1, 2], 0.05, key=1)
    with pytest.raises(ValueError, match="quantile strictly"):
        stats.quantile_ratio([1.0, 2.0], [1.0, 2.0], [1, 2], 0.05, key=1, q=1.0)


def test_arms_and_clusters_must_be_of_one_length() -> None:
    with pytest.raises(ValueError, match="2 values but 1"):
        stats.ratio_of_means([1.0, 2.0], [1.0], [1, 2], 0.05)
    with pytest.raises(ValueError, match="2 values but 3 cluster keys"):
        stats.quantile_ratio([1.0, 2.0], [1.0, 2.0], [1, 2, 3], 0.05, key=1)
    with pytest.raises(ValueError, match="2 candidate values but 1 baseline values"):
        stats.ratio_of_ratios(([1.0, 2.0], [1.0, 1.0]), ([1.0], [1.0]), [1, 2], 0.05, key=1)


@pytest.mark.parametrize("key", [-1, 2**128])
def test_a_key_has_128_bits(key: int) -> None:
    with pytest.raises(ValueError, match="key"):
        next(resampled_counts(5, key=key))
