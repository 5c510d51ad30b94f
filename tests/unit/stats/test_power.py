"""What a suite can decide: against statsmodels, simulation, and the cases where no number helps."""

import math

import numpy as np
import pytest
from scipy import stats as oracle
from statsmodels.stats.power import TTestPower

from genaiops import stats

RNG = np.random.default_rng(9)
PAIRS = RNG.normal(0.0, 0.2, 60)
PAIRS = (PAIRS - PAIRS.mean()) / PAIRS.std(ddof=1) * 0.2
INTERVAL = stats.mean_interval(PAIRS, list(range(60)), 0.05)


@pytest.mark.parametrize(
    ("distance", "clusters"), [(0.05, 60), (0.05, 150), (0.1, 20), (0.2, 10), (0.02, 800)]
)
def test_power_agrees_with_the_noncentral_t(distance: float, clusters: int) -> None:
    expected = TTestPower().power(distance / 0.2, clusters, 0.05, alternative="larger")
    found = stats.claim_power(INTERVAL, -0.05, "above", distance, clusters)
    assert found == pytest.approx(float(expected), abs=0.01)


def test_clusters_needed_agree_with_statsmodels() -> None:
    expected = TTestPower().solve_power(0.05 / 0.2, power=0.8, alpha=0.05, alternative="larger")
    plan = stats.clusters_needed(INTERVAL, -0.05, "above", 0.05)
    assert plan.at_planning.clusters == pytest.approx(math.ceil(expected), abs=2)


def test_the_range_follows_the_variances_own_interval() -> None:
    plan = stats.clusters_needed(INTERVAL, -0.05, "above", 0.05)
    low, middle, high = plan.at_planning.low, plan.at_planning.clusters, plan.at_planning.high
    assert low is not None
    assert middle is not None
    assert high is not None
    assert low / middle == pytest.approx(59 / float(oracle.chi2.ppf(0.95, 59)), abs=0.03)
    assert high / middle == pytest.approx(59 / float(oracle.chi2.ppf(0.05, 59)), abs=0.03)


def test_an_estimate_on_its_bound_needs_no_number_of_cases() -> None:
    plan = stats.clusters_needed(INTERVAL, INTERVAL.estimate, "above", 0.05)
    assert plan.at_estimate is None
    assert plan.at_planning.clusters is not None


def test_an_estimate_next_to_its_bound_is_past_a_million() -> None:
    plan = stats.clusters_needed(INTERVAL, INTERVAL.estimate - 1e-6, "above", 0.05)
    assert plan.at_estimate is not None
    assert plan.at_estimate.clusters is None


def test_an_estimate_on_the_wrong_side_is_planned_to_be_refuted() -> None:
    right = stats.clusters_needed(INTERVAL, INTERVAL.estimate - 0.07, "above", 0.05)
    wrong = stats.clusters_needed(INTERVAL, INTERVAL.estimate + 0.07, "above", 0.05)
    assert right.at_estimate == wrong.at_estimate


def test_the_plan_does_not_depend_on_the_observed_effect() -> None:
    shifted = stats.mean_interval(PAIRS + 3.0, list(range(60)), 0.05)
    here = stats.clusters_needed(INTERVAL, -0.05, "above", 0.05).at_planning
    assert stats.clusters_needed(shifted, -0.05, "above", 0.05).at_planning == here


def test_clusters_are_counted_in_the_sizes_at_hand() -> None:
    clusters = [0] * 12 + list(range(1, 49))
    uneven = stats.mean_interval(PAIRS, clusters, 0.05)
    plan = stats.clusters_needed(uneven, -0.05, "above", 0.05)
    variance = uneven.se**2 * uneven.g_eff
    effective = TTestPower().solve_power(
        0.05 / math.sqrt(variance), power=0.8, alpha=0.05, alternative="larger"
    )
    assert plan.at_planning.clusters == pytest.approx(effective * 49 / uneven.g_eff, abs=4)


def test_the_pseudo_case_is_planned_with() -> None:
    same = [1.0] * 40
    blind = stats.difference(same, same, range(40), 0.05)
    guarded = stats.difference(same, same, range(40), 0.05, least=-1.0)
    assert stats.clusters_needed(blind, -0.05, "above", 0.05).at_planning.clusters == 8
    needed = stats.clusters_needed(guarded, -0.05, "above", 0.05).at_planning.clusters
    assert needed is not None
    proving = [1.0] * needed
    proof = stats.difference(proving, proving, range(needed), 0.05, least=-1.0)
    assert stats.decide(proof, -0.05, "above") == "proven"
    few = proving[: needed - 3]
    almost = stats.difference(few, few, range(needed - 3), 0.05, least=-1.0)
    assert stats.decide(almost, -0.05, "above") == "open"


def test_the_planned_power_is_reached_with_breaks_and_a_pseudo_case() -> None:
    rng = np.random.default_rng(21)
    pilot = rng.permutation([-1.0] * 8 + [0.0] * 184 + [1.0] * 8)
    seen = stats.difference(pilot, np.zeros(200), range(200), 0.05, least=-1.0)
    planned = stats.claim_power(seen, -0.05, "above", 0.05, 300)
    proven = 0
    for _ in range(400):
        pairs = rng.choice([-1.0, 0.0, 1.0], p=[0.04, 0.92, 0.04], size=300)
        interval = stats.difference(pairs, np.zeros(300), np.arange(300), 0.05, least=-1.0)
        proven += stats.decide(interval, -0.05, "above") == "proven"
    assert proven / 400 == pytest.approx(planned, abs=0.07)


def test_a_rate_is_planned_with_the_variance_at_its_bound() -> None:
    interval = stats.rate_interval([1.0] * 50, list(range(50)), 0.05)
    plan = stats.clusters_needed(interval, 0.8, "above", 0.1)
    expected = TTestPower().solve_power(0.1 / 0.4, power=0.8, alpha=0.05, alternative="larger")
    assert plan.at_planning.clusters == pytest.approx(expected, abs=3)


def test_the_detectable_effect_is_the_one_proven_with_that_power() -> None:
    effect = stats.detectable_effect(INTERVAL, 0.0, "above", 60)
    assert stats.claim_power(INTERVAL, 0.0, "above", effect, 60) == pytest.approx(0.8, abs=1e-6)
    assert stats.detectable_effect(INTERVAL, 0.0, "above", 240) < 0.55 * effect


def test_more_clusters_give_more_power_and_below_the_bound_is_the_mirror() -> None:
    powers = [stats.claim_power(INTERVAL, 0.0, "above", 0.05, count) for count in (8, 20, 60, 200, 900)]
    assert powers == sorted(powers)
    assert stats.claim_power(INTERVAL, 0.0, "below", 0.05, 60) == pytest.approx(powers[2])


def test_fewer_than_eight_effective_clusters_have_no_power() -> None:
    assert stats.claim_power(INTERVAL, 0.0, "above", 5.0, 7) == 0.0
    assert stats.detectable_effect(INTERVAL, 0.0, "above", 7) == math.inf


def test_without_any_spread_power_is_all_or_nothing() -> None:
    same = stats.mean_interval([0.5] * 10, list(range(10)), 0.05)
    assert stats.claim_power(same, 0.4, "above", 0.1, 10) == 1.0


@pytest.mark.parametrize("distance", [0.0, -0.1, math.inf, math.nan])
def test_the_planning_distance_must_be_positive(distance: float) -> None:
    with pytest.raises(ValueError, match="distance"):
        stats.clusters_needed(INTERVAL, 0.0, "above", distance)


def test_a_plan_needs_a_variance_and_a_power() -> None:
    single = stats.mean_interval([1.0, 2.0], ["a", "a"], 0.05)
    with pytest.raises(ValueError, match="no plan can be made from 1 clusters"):
        stats.clusters_needed(single, 0.0, "above", 0.1)
    with pytest.raises(ValueError, match="power"):
        stats.clusters_needed(INTERVAL, 0.0, "above", 0.1, power=1.0)


def test_the_detectable_effect_has_the_range_of_its_variance() -> None:
    low, high = stats.detectable_range(INTERVAL, 0.0, "above", 60)
    effect = stats.detectable_effect(INTERVAL, 0.0, "above", 60)
    assert low / effect == pytest.approx(math.sqrt(59 / float(oracle.chi2.ppf(0.95, 59))), abs=0.01)
    assert high / effect == pytest.approx(math.sqrt(59 / float(oracle.chi2.ppf(0.05, 59))), abs=0.01)


def test_an_assumed_variance_is_planned_with_as_a_measured_one() -> None:
    assumed = stats.assumed_interval(0.04, [1] * 60, 0.05, alike=True)
    expected = TTestPower().solve_power(nobs=60, power=0.8, alpha=0.05, alternative="larger") * 0.2
    assert stats.detectable_effect(assumed, -0.05, "above", 60) == pytest.approx(float(expected), rel=0.02)


def test_cases_of_a_cluster_that_are_alike_detect_less_than_unrelated_ones() -> None:
    alike, apart = (stats.assumed_interval(0.5, [4] * 20, 0.05, alike=same) for same in (True, False))
    effects = [stats.detectable_effect(one, 0.0, "above", 20) for one in (alike, apart)]
    assert effects[0] / effects[1] == pytest.approx(2.0, rel=0.01)


@pytest.mark.parametrize(("variance", "sizes"), [(0.0, [1, 1]), (math.inf, [1, 1]), (0.5, [4])])
def test_nothing_can_be_assumed_of_one_cluster_or_without_a_variance(
    variance: float, sizes: list[int]
) -> None:
    with pytest.raises(ValueError, match="positive variance and two clusters"):
        stats.assumed_interval(variance, sizes, 0.05, alike=True)


@pytest.mark.proves("B-GUARD-TOGETHER")
def test_an_assumed_interval_is_guarded_as_the_measured_one_would_be() -> None:
    one = stats.pseudo_weight(0.05)
    alike, apart, single = (
        stats.assumed_interval(0.5, sizes, 0.05, alike=same, least=-1.0).lower.weight
        for sizes, same in (([4.0] * 50, True), ([4.0] * 50, False), ([1.0] * 200, False))
    )
    assert alike == pytest.approx(4 * one)
    assert one < apart < 1.2 * one
    assert single == one
