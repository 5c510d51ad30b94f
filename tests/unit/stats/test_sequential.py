"""Looking early: against published bounds, a multivariate normal, and simulation."""

import math

import numpy as np
import pytest
from scipy import stats as oracle

from genaiops import stats
from genaiops.stats.sequential import spent

FIVE = (0.2, 0.4, 0.6, 0.8, 1.0)
# bounds at one-sided 0.025 and equally spaced looks: Reboussin, DeMets, Kim and Lan (2000)
OBRIEN_FLEMING = {
    2: (2.9626, 1.9686),
    3: (3.7103, 2.5114, 1.9930),
    4: (4.3326, 2.9631, 2.3590, 2.0141),
    5: (4.8769, 3.3569, 2.6803, 2.2898, 2.0310),
}
POCOCK = {2: (2.1570, 2.2010), 5: (2.4380, 2.4268, 2.4101, 2.3966, 2.3859)}


def bounds(levels: tuple[float, ...]) -> list[float]:
    return [float(oracle.norm.isf(level)) for level in levels]


@pytest.mark.parametrize("looks", [2, 3, 4, 5])
def test_the_levels_are_the_published_ones_of_obrien_and_flemings_kind(looks: int) -> None:
    fractions = tuple((look + 1) / looks for look in range(looks))
    levels = stats.look_levels(fractions, 0.025)
    assert bounds(levels) == pytest.approx(OBRIEN_FLEMING[looks], abs=2e-4)


@pytest.mark.parametrize("looks", [2, 5])
def test_the_levels_are_the_published_ones_of_pococks_kind(looks: int) -> None:
    fractions = tuple((look + 1) / looks for look in range(looks))
    levels = stats.look_levels(fractions, 0.025, "pocock")
    assert bounds(levels) == pytest.approx(POCOCK[looks], abs=2e-4)


@pytest.mark.parametrize("fractions", [FIVE, (0.13, 0.5, 0.55, 0.97, 1.0), (0.05, 0.06, 1.0)])
def test_a_multivariate_normal_stays_below_the_bounds_with_probability_one_less_alpha(
    fractions: tuple[float, ...],
) -> None:
    levels = stats.look_levels(fractions, 0.05)
    covariance = [[math.sqrt(min(a, b) / max(a, b)) for a in fractions] for b in fractions]
    below = oracle.multivariate_normal.cdf(
        bounds(levels), cov=covariance, abseps=1e-6, maxpts=2_000_000, rng=np.random.default_rng(1)
    )
    assert 1.0 - float(below) == pytest.approx(0.05, abs=2e-5)


def test_the_error_is_spent_as_lan_and_demets_say_and_whole_at_the_end() -> None:
    assert spent(1.0, 0.05) == spent(1.0, 0.05, "pocock") == 0.05
    assert spent(0.0, 0.05) == 0.0
    assert spent(0.25, 0.05) == pytest.approx(2 * oracle.norm.sf(oracle.norm.isf(0.025) / 0.5))
    assert spent(0.25, 0.05, "pocock") == pytest.approx(0.05 * math.log(1 + (math.e - 1) * 0.25))


def test_a_look_at_the_same_data_has_the_same_level() -> None:
    levels = stats.look_levels((0.5, 0.5, 1.0, 1.0), 0.05)
    assert levels[0] == levels[1]
    assert levels[2] == levels[3] == stats.look_levels((0.5, 1.0), 0.05)[1]


def test_a_look_at_next_to_nothing_tests_at_next_to_no_level() -> None:
    assert stats.look_levels((0.0, 0.01, 1.0), 0.05) == pytest.approx((1e-8, 1e-8, 0.05), abs=1e-6)


def test_a_stricter_alpha_has_stricter_levels_at_every_look() -> None:
    for spending in ("obrien_fleming", "pocock"):
        tables = [stats.look_levels(FIVE, alpha, spending) for alpha in (0.0125, 0.025, 0.05)]
        assert all(a < b < c for a, b, c in zip(*tables, strict=True))


@pytest.mark.parametrize("clusters", [10, 12, 16, 20, 30, 40])
def test_few_clusters_spend_less_so_that_students_t_crosses_no_more_often_than_alpha(clusters: int) -> None:
    looks = stats.look_sizes([1.0] * clusters)
    shares = tuple(look / clusters for look in looks)
    draws = np.random.default_rng(clusters).standard_normal((200_000, clusters))

    def crossed(levels: tuple[float, ...]) -> float:
        ever = np.zeros(len(draws), bool)
        for look, level in zip(looks, levels, strict=True):
            seen = draws[:, :look]
            t = seen.mean(axis=1) / (seen.std(axis=1, ddof=1) / math.sqrt(look))
            ever |= t > oracle.t.isf(level, look - 1)
        return float(ever.mean())

    assert crossed(stats.look_levels(shares, 0.05, clusters=clusters)) <= 0.05 + 3 * math.sqrt(
        0.0475 / 200_000
    )
    if clusters == 12:
        assert crossed(stats.look_levels(shares, 0.05)) > 0.052, "what a normal statistic's levels would do"


def test_one_look_spends_all_of_alpha_however_few_the_clusters() -> None:
    assert stats.look_levels((1.0, 1.0), 0.05, clusters=8) == stats.look_levels((1.0, 1.0), 0.05)


def test_where_runs_stop_is_what_a_simulated_walk_does() -> None:
    rng = np.random.default_rng(4)
    levels = stats.look_levels(FIVE, 0.05)
    steps = rng.normal(0.2 * 3.0, math.sqrt(0.2), (40_000, 5)).cumsum(axis=1) / np.sqrt(FIVE)
    beyond = steps > np.array(bounds(levels))
    first = [float((beyond[:, look] & ~beyond[:, :look].any(axis=1)).mean()) for look in range(5)]
    assert stats.stopping_shares(FIVE, levels, 3.0) == pytest.approx(first, abs=0.008)
    assert sum(stats.stopping_shares(FIVE, levels, 0.0)) == pytest.approx(0.05, abs=1e-6)


def test_looks_are_spread_over_the_cases_and_only_where_clusters_are_worth_eight() -> None:
    assert stats.look_sizes([4] * 100) == (20, 40, 60, 80, 100)
    assert stats.look_sizes([4] * 20) == (8, 12, 16, 20)
    assert stats.look_sizes([4] * 9) == (8, 9)
    assert stats.look_sizes([4] * 8) == (8,)
    assert stats.look_sizes([50, *[1] * 50]) == (51,), "one cluster is half of the suite"
    assert stats.look_sizes([4] * 100, most=2) == (50, 100)


def test_the_chance_to_be_proven_at_the_end_is_what_simulated_rests_of_suites_give() -> None:
    rng = np.random.default_rng(5)
    seen = rng.normal(0.0, 1.0, 80)
    seen = (seen - seen.mean()) / seen.std(ddof=1) + 0.05
    interval = stats.mean_interval(seen, list(range(80)), 0.01)
    level = stats.look_levels((0.4, 1.0), 0.05)[-1]
    chance = stats.conditional_power(interval, 0.0, "above", distance=0.2, fraction=0.4, final_level=level)
    rest = rng.normal(0.2, 1.0, (4_000, 120))
    totals = (seen.sum() + rest.sum(axis=1)) / 200
    proven = totals > float(oracle.norm.isf(level)) / math.sqrt(200)
    assert chance == pytest.approx(float(proven.mean()), abs=0.03)


def test_what_was_seen_counts_where_it_is_better_than_what_was_planned() -> None:
    values = [0.3, 0.5] * 20
    interval = stats.mean_interval(values, list(range(40)), 0.01)
    seen = stats.conditional_power(interval, 0.0, "above", distance=1e-6, fraction=0.5, final_level=0.04)
    assert seen > 0.99
    worse = stats.conditional_power(interval, 0.8, "above", distance=0.01, fraction=0.5, final_level=0.04)
    assert worse < 0.01


def test_without_any_spread_nothing_is_futile_and_at_the_end_a_chance_is_a_fact() -> None:
    same = stats.mean_interval([0.0] * 20, list(range(20)), 0.01)
    assert stats.conditional_power(same, 0.1, "above", distance=0.1, fraction=0.5, final_level=0.04) == 1.0
    spread = stats.mean_interval([0.0, 0.2] * 20, list(range(40)), 0.05)
    ends = [
        stats.conditional_power(spread, bound, "above", distance=0.1, fraction=1.0, final_level=0.05)
        for bound in (0.0, 0.099)
    ]
    assert ends == [1.0, 0.0]


def test_peeking_at_clustered_data_errs_as_often_as_alpha_says() -> None:
    rng = np.random.default_rng(6)
    codes = np.repeat(np.arange(30), 3)
    cuts = [3 * clusters for clusters in stats.look_sizes([3] * 30)]
    levels = stats.look_levels(tuple(cut / 90 for cut in cuts), 0.05)
    wrong = naive = 0
    for _ in range(2_000):
        values = math.sqrt(0.4) * rng.standard_normal(30)[codes] + math.sqrt(0.6) * rng.standard_normal(90)
        lows = [
            [
                stats.mean_interval(values[:cut], codes[:cut], level).low
                for cut, level in zip(cuts, used, strict=True)
            ]
            for used in (levels, [0.05] * len(cuts))
        ]
        wrong += max(lows[0]) > 0.0
        naive += max(lows[1]) > 0.0
    allowed = 0.05 + 3 * math.sqrt(0.05 * 0.95 / 2_000)
    assert wrong / 2_000 <= allowed
    assert naive / 2_000 > 0.09, "stopping when significant errs about twice as often"


@pytest.mark.parametrize("fractions", [(0.5, 0.4), (-0.1, 1.0), (0.5, 1.2), (math.nan, 1.0)], ids=str)
def test_fractions_that_fall_or_leave_the_suite_are_refused(fractions: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="fractions rise from 0 to 1"):
        stats.look_levels(fractions, 0.05)


def test_other_impossible_requests_are_refused() -> None:
    interval = stats.mean_interval([0.0, 1.0] * 10, list(range(20)), 0.05)
    with pytest.raises(ValueError, match="2 looks but 1 levels"):
        stats.stopping_shares((0.5, 1.0), (0.05,), 0.0)
    with pytest.raises(ValueError, match="alpha must lie"):
        stats.look_levels(FIVE, 0.6)
    with pytest.raises(ValueError, match="a fraction of the suite"):
        stats.conditional_power(interval, 0.0, "above", distance=0.1, fraction=0.0, final_level=0.05)
    with pytest.raises(ValueError, match="a fraction of the suite"):
        spent(1.5, 0.05)
    with pytest.raises(ValueError, match="at least one look"):
        stats.look_sizes([1, 1], most=0)
