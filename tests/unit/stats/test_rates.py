"""Rates: against statsmodels and exact enumeration; unanimous suites; clusters."""

import numpy as np
import pytest
from scipy import stats as oracle
from statsmodels.stats.proportion import proportion_confint

from genaiops import stats


def of(hits: int, n: int, alpha: float = 0.05) -> stats.Interval:
    return stats.rate_interval([1.0] * hits + [0.0] * (n - hits), list(range(n)), alpha)


@pytest.mark.parametrize(("hits", "n"), [(1, 20), (7, 20), (45, 60), (59, 60), (150, 200)])
def test_independent_cases_get_the_wider_of_wilson_and_clopper_pearson(hits: int, n: int) -> None:
    interval = of(hits, n)
    both = [proportion_confint(hits, n, 0.1, method=method) for method in ("wilson", "beta")]
    assert interval.low == pytest.approx(min(low for low, _ in both), abs=1e-10)
    assert interval.high == pytest.approx(max(high for _, high in both), abs=1e-10)
    assert interval.n_eff == n


def test_all_right_is_clopper_pearson() -> None:
    interval = of(60, 60)
    assert interval.low == pytest.approx(0.05 ** (1 / 60), abs=1e-12)
    assert interval.high == 1.0


def test_all_wrong_mirrors_all_right() -> None:
    assert of(0, 60).high == pytest.approx(1 - of(60, 60).low, abs=1e-12)
    assert of(0, 60).low == 0.0


def test_unanimous_clusters_count_as_one_case_each() -> None:
    interval = stats.rate_interval([1.0] * 200, np.arange(200) // 10, 0.05)
    assert interval.low == pytest.approx(0.05 ** (1 / 20), abs=1e-12)
    assert interval.n_eff == pytest.approx(20.0)


def test_one_more_success_never_lowers_a_limit() -> None:
    limits = [(of(hits, 40).low, of(hits, 40).high) for hits in range(41)]
    assert limits == sorted(limits)
    assert [high for _, high in limits] == sorted(high for _, high in limits)


def test_one_wrong_among_many_clusters_proves_no_more_than_none_wrong() -> None:
    clusters = np.arange(200) // 10
    hits = np.ones(200)
    full = stats.rate_interval(hits, clusters, 0.05)
    hits[0] = 0.0
    assert stats.rate_interval(hits, clusters, 0.05).low <= full.low + 1e-12


@pytest.mark.parametrize("n", [20, 75])
def test_independent_rates_err_no_more_than_alpha_on_either_side(n: int) -> None:
    intervals = [of(hits, n) for hits in range(n + 1)]
    for truth in np.linspace(0.01, 0.99, 99):
        chances = oracle.binom.pmf(np.arange(n + 1), n, truth)
        above = sum(p for p, one in zip(chances, intervals, strict=True) if one.low > truth)
        below = sum(p for p, one in zip(chances, intervals, strict=True) if one.high < truth)
        assert above <= 0.05 + 1e-9
        assert below <= 0.05 + 1e-9


def test_clusters_that_agree_inside_widen_the_interval() -> None:
    hits = np.repeat([1.0, 1.0, 0.0, 1.0], 50)
    mixed = stats.rate_interval(hits, np.arange(200) % 20, 0.05)
    agreeing = stats.rate_interval(hits, np.arange(200) // 10, 0.05)
    assert agreeing.estimate == mixed.estimate == 0.75
    assert agreeing.high - agreeing.low > 2 * (mixed.high - mixed.low)
    assert agreeing.n_eff is not None
    assert agreeing.n_eff < 21


def test_clusters_never_make_cases_count_for_more_than_one() -> None:
    balanced = stats.rate_interval(np.tile([1.0, 0.0], 50), np.arange(100) // 10, 0.05)
    assert balanced.n_eff is not None
    assert balanced.n_eff <= 100


def test_few_clusters_cannot_decide_a_rate() -> None:
    interval = stats.rate_interval([1.0] * 70, np.arange(70) // 10, 0.05)
    assert not interval.decidable
    assert stats.decide(interval, 0.1, "above") == "open"


def test_one_cluster_still_gives_limits_that_decide_nothing() -> None:
    interval = stats.rate_interval([1.0, 0.0, 1.0], ["a", "a", "a"], 0.05)
    assert 0.0 <= interval.low < interval.high <= 1.0
    assert not interval.decidable


@pytest.mark.parametrize("hits", [[0.5, 1.0], [2.0, 0.0], [-1.0, 0.0]])
def test_a_rate_is_taken_of_zeros_and_ones_only(hits: list[float]) -> None:
    with pytest.raises(ValueError, match="0 and 1 only"):
        stats.rate_interval(hits, [1, 2], 0.05)
