"""Means and paired differences: against statsmodels and scipy, and what a pseudo-case does to each limit."""

import math

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as oracle

from genaiops import stats


def test_with_one_case_a_cluster_it_is_the_paired_t_interval() -> None:
    rng = np.random.default_rng(1)
    candidate, baseline = rng.random(40), rng.random(40)
    interval = stats.difference(candidate, baseline, list(range(40)), 0.05)
    expected = oracle.ttest_rel(candidate, baseline).confidence_interval(0.90)
    assert interval.low == pytest.approx(expected.low, abs=1e-12)
    assert interval.high == pytest.approx(expected.high, abs=1e-12)
    assert (interval.n, interval.clusters, interval.df) == (40, 40, 39.0)


def test_the_error_is_the_cluster_jackknife_of_least_squares() -> None:
    rng = np.random.default_rng(2)
    clusters = np.repeat(np.arange(14), rng.integers(1, 9, 14))
    values = rng.standard_normal(clusters.size) + 0.5 * rng.standard_normal(14)[clusters]
    interval = stats.mean_interval(values, clusters, 0.05)
    full = float(sm.OLS(values, np.ones(values.size)).fit().params[0])
    left = [
        float(sm.OLS(values[clusters != g], np.ones(int((clusters != g).sum()))).fit().params[0])
        for g in range(14)
    ]
    assert interval.estimate == pytest.approx(full, abs=1e-12)
    assert interval.se == pytest.approx(
        math.sqrt(13 / 14 * sum((one - full) ** 2 for one in left)), rel=1e-10
    )


def test_it_is_a_little_wider_than_the_usual_cluster_robust_error() -> None:
    rng = np.random.default_rng(3)
    clusters = np.repeat(np.arange(20), rng.integers(1, 12, 20))
    values = rng.standard_normal(clusters.size)
    usual = sm.OLS(values, np.ones(values.size)).fit(cov_type="cluster", cov_kwds={"groups": clusters})
    ratio = stats.mean_interval(values, clusters, 0.05).se / float(usual.bse[0])
    assert 1.0 < ratio < 1.2


def test_the_degrees_of_freedom_count_effective_clusters() -> None:
    clusters = [0] * 30 + list(range(1, 21))
    interval = stats.mean_interval(np.arange(50.0), clusters, 0.05)
    g_eff = 50 * 50 / (30 * 30 + 20)
    assert interval.g_eff == pytest.approx(g_eff)
    assert interval.df == pytest.approx(g_eff - 1)
    assert interval.clusters == 21


def test_fewer_than_eight_effective_clusters_cannot_decide() -> None:
    interval = stats.mean_interval([0.9] * 7, list(range(7)), 0.05)
    assert not interval.decidable
    assert interval.reason == "the clusters are worth 7 equal ones; at least 8 are needed to decide"
    assert stats.mean_interval([0.9] * 8, list(range(8)), 0.05).decidable


def test_a_single_cluster_gives_no_limits() -> None:
    interval = stats.difference([1.0] * 9, [0.0] * 9, ["one"] * 9, 0.05, least=-1.0, greatest=1.0)
    assert (interval.low, interval.high, interval.se) == (-math.inf, math.inf, math.inf)
    assert interval.estimate == 1.0
    assert not interval.decidable


def test_cases_not_clusters_are_weighed_equally() -> None:
    interval = stats.mean_interval([1.0] * 9 + [0.0], [0] * 9 + [1], 0.05)
    assert interval.estimate == pytest.approx(0.9)


def test_the_limits_are_two_sided_at_twice_alpha() -> None:
    values, clusters = np.arange(12.0), list(range(12))
    narrow, wide = (stats.mean_interval(values, clusters, alpha) for alpha in (0.05, 0.01))
    for interval, alpha in ((narrow, 0.05), (wide, 0.01)):
        reach = float(oracle.t.ppf(1 - alpha, 11)) * interval.se
        assert interval.low == pytest.approx(interval.estimate - reach)
        assert interval.high == pytest.approx(interval.estimate + reach)


def test_nothing_broken_in_sixty_cases_does_not_prove_a_margin_of_five_percent() -> None:
    same = [1.0] * 60
    blind = stats.difference(same, same, list(range(60)), 0.05)
    guarded = stats.difference(same, same, list(range(60)), 0.05, least=-1.0, greatest=1.0)
    assert (blind.low, blind.high) == (0.0, 0.0)
    assert guarded.low < -0.05 < guarded.estimate == 0.0
    assert guarded.high > 0.05
    assert guarded.se == 0.0


def test_nothing_broken_in_a_hundred_cases_proves_it() -> None:
    same = [1.0] * 100
    guarded = stats.difference(same, same, list(range(100)), 0.05, least=-1.0)
    assert stats.decide(guarded, -0.05, "above") == "proven"


def test_the_pseudo_case_is_one_more_cluster_of_the_weight_it_says() -> None:
    rng = np.random.default_rng(5)
    pairs, clusters = rng.uniform(-0.3, 0.4, 30), np.arange(30) % 10
    interval = stats.difference(pairs, np.zeros(30), clusters, 0.05, least=-1.0)
    middle = (pairs.sum() - 0.75) / 30.75  # a quarter of a cluster of 3 has broken
    within = ((pairs - middle) ** 2).sum() + 0.75 * (1 + middle) ** 2
    between = (np.bincount(clusters, pairs - middle) ** 2).sum() + 2.25 * (1 + middle) ** 2
    weight = stats.pseudo_weight(0.05) * min(max(between / within, 1.0), 3.0)
    assert interval.lower.weight == pytest.approx(weight, abs=1e-12)
    sums = np.append(np.bincount(clusters, pairs), -weight)
    sizes = np.append(np.bincount(clusters), weight)
    estimate = sums.sum() / sizes.sum()
    left = (sums.sum() - sums) / (sizes.sum() - sizes)
    error = math.sqrt(10 / 11 * ((left - estimate) ** 2).sum())
    assert interval.lower.estimate == pytest.approx(estimate, abs=1e-12)
    assert interval.lower.se == pytest.approx(error, abs=1e-12)
    assert interval.low == pytest.approx(estimate - float(oracle.t.ppf(0.95, 9)) * error, abs=1e-12)
    assert interval.upper.estimate == interval.estimate == pytest.approx(pairs.mean())


def test_each_pseudo_case_moves_its_own_limit_only() -> None:
    rng = np.random.default_rng(6)
    candidate, baseline = rng.random(50), rng.random(50)
    plain, low, high = (
        stats.difference(candidate, baseline, list(range(50)), 0.05, **kept)
        for kept in ({}, {"least": -1.0}, {"greatest": 1.0})
    )
    assert low.low < plain.low == high.low
    assert high.high > plain.high == low.high


@pytest.mark.proves("B-GUARD-TOGETHER")
def test_where_nothing_broke_a_whole_cluster_may_yet_break() -> None:
    same, clusters = np.ones(200), np.arange(200) // 10
    guarded = stats.difference(same, same, clusters, 0.05, least=-1.0, greatest=1.0)
    whole = 10 * stats.pseudo_weight(0.05)
    assert (guarded.lower.weight, guarded.upper.weight) == pytest.approx((whole, whole))
    assert guarded.low < -0.05 < stats.difference(same, same, range(200), 0.05, least=-1.0).low


@pytest.mark.proves("B-GUARD-TOGETHER")
def test_the_more_cases_break_one_by_one_the_less_the_guard_expects_whole_clusters() -> None:
    clusters, weights = np.arange(400) // 4, []
    for broken in (0, 1, 5, 20, 80):
        pairs = np.zeros(400)
        pairs[np.arange(broken) * 4] = -1.0  # one in each of as many clusters
        weights.append(stats.difference(pairs, np.zeros(400), clusters, 0.05, least=-1.0).lower.weight)
    assert weights == sorted(weights, reverse=True)
    assert weights[0] == pytest.approx(4 * stats.pseudo_weight(0.05))
    assert weights[-1] == pytest.approx(stats.pseudo_weight(0.05), rel=0.05)


@pytest.mark.proves("B-GUARD-TOGETHER")
def test_where_whole_clusters_break_the_guard_is_one_more_of_them() -> None:
    pairs, clusters = np.zeros(400), np.arange(400) // 4
    pairs[:40] = -1.0
    seen = stats.difference(pairs, np.zeros(400), clusters, 0.05, least=-1.0)
    assert seen.lower.weight == pytest.approx(4 * stats.pseudo_weight(0.05))


def test_large_effects_on_few_documents_are_proven_under_the_guard() -> None:
    # 40 questions in 29 documents: wrong answers fall by .75, right ones rise by .4
    clusters = np.repeat(np.arange(29), [1] * 20 + [2] * 7 + [3] * 2)
    rng = np.random.default_rng(8)
    fewer = np.where(rng.random(40) < 0.75, -1.0, 0.0)
    more = rng.permutation([1.0] * 18 + [-1.0] * 2 + [0.0] * 20)
    wrong = stats.difference(fewer, np.zeros(40), clusters, 0.05, least=-1.0, greatest=1.0)
    right = stats.difference(more, np.zeros(40), clusters, 0.05, least=-1.0, greatest=1.0)
    assert stats.decide(wrong, -0.05, "below") == "proven"
    assert stats.decide(right, 0.05, "above") == "proven"
    assert stats.decide(right, -0.05, "above") == "proven"


def test_the_weight_of_a_pseudo_case_grows_with_confidence() -> None:
    assert stats.pseudo_weight(0.05) == pytest.approx(1.284, abs=5e-4)
    assert stats.pseudo_weight(0.01) > stats.pseudo_weight(0.05) > 1.0
    assert stats.pseudo_weight(0.05, 4.0) == pytest.approx(4 * stats.pseudo_weight(0.05))


def test_no_number_of_total_breaks_lets_a_margin_pass_more_often_than_five_percent() -> None:
    worst = 0.0
    for n in (20, 40, 59, 66, 86, 94, 132, 200):
        for margin in (0.02, 0.05, 0.1, 0.2):
            chance = 0.0
            for broken in range(int(2 * margin * n) + 2):
                pairs = [-1.0] * broken + [0.0] * (n - broken)
                interval = stats.difference(pairs, [0.0] * n, range(n), 0.05, least=-1.0)
                if interval.low > -margin:
                    chance += float(oracle.binom.pmf(broken, n, margin))
            worst = max(worst, chance)
    assert worst <= 0.0525


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.floats(0.0, 1.0), min_size=16, max_size=60),
    st.floats(-0.5, 0.5),
    st.sampled_from([0.01, 0.05, 0.2]),
)
def test_shifting_every_case_shifts_the_interval(values: list[float], shift: float, alpha: float) -> None:
    clusters = [index % 8 for index in range(len(values))]
    here = stats.mean_interval(values, clusters, alpha)
    there = stats.mean_interval([value + shift for value in values], clusters, alpha)
    assert there.low == pytest.approx(here.low + shift, abs=1e-9)
    assert there.high == pytest.approx(here.high + shift, abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from([0.0, 0.25, 1.0]), min_size=16, max_size=60))
def test_swapping_the_arms_mirrors_the_interval(values: list[float]) -> None:
    other = values[::-1]
    clusters = [index % 9 for index in range(len(values))]
    here = stats.difference(values, other, clusters, 0.05, least=-1.0, greatest=1.0)
    there = stats.difference(other, values, clusters, 0.05, least=-1.0, greatest=1.0)
    assert there.low == pytest.approx(-here.high, abs=1e-12)
    assert there.high == pytest.approx(-here.low, abs=1e-12)


def test_a_difference_outside_the_possible_range_is_an_error() -> None:
    with pytest.raises(ValueError, match="below the least possible"):
        stats.difference([0.0, 0.0], [2.0, 0.0], ["a", "b"], 0.05, least=-1.0)
    with pytest.raises(ValueError, match="above the greatest possible"):
        stats.difference([2.0, 0.0], [0.0, 0.0], ["a", "b"], 0.05, greatest=1.0)


def test_arms_of_unequal_length_are_an_error() -> None:
    with pytest.raises(ValueError, match="3 candidate values but 2 baseline values"):
        stats.difference([1.0, 2.0, 3.0], [1.0, 2.0], [1, 2, 3], 0.05)


@pytest.mark.parametrize("alpha", [0.0, 0.5, 1.0, -0.1, math.nan])
def test_alpha_must_lie_between_zero_and_one_half(alpha: float) -> None:
    with pytest.raises(ValueError, match="alpha"):
        stats.mean_interval([1.0, 2.0], [1, 2], alpha)


@pytest.mark.parametrize("together", [0.0, 0.9, math.inf, math.nan])
def test_at_least_one_case_breaks_at_a_time(together: float) -> None:
    with pytest.raises(ValueError, match="together"):
        stats.pseudo_weight(0.05, together)
