"""Covariates and labels beside scores: against least squares, and what they cover and save in simulations."""

import math

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats as oracle

from genaiops import stats

Values = np.ndarray


def alike(rng: np.random.Generator, codes: Values, icc: float) -> Values:
    shared = rng.standard_normal(codes.max() + 1)[codes]
    return math.sqrt(icc) * shared + math.sqrt(1 - icc) * rng.standard_normal(codes.size)


def allowed(draws: int, alpha: float = 0.05) -> float:
    return alpha + 3 * math.sqrt(alpha * (1 - alpha) / draws)


def test_with_one_case_a_cluster_it_is_the_intercept_of_least_squares_with_the_hc3_error() -> None:
    rng = np.random.default_rng(1)
    known = rng.normal(size=(40, 2))
    candidate, centre = known @ [0.5, -0.2] + rng.normal(size=40), np.array([0.1, 0.2])
    interval = stats.adjusted_difference(
        candidate, np.zeros(40), list(range(40)), 0.05, covariates=known, centre=centre
    )
    fitted = sm.OLS(candidate, sm.add_constant(known - centre)).fit(cov_type="HC3")
    error = float(fitted.bse[0]) * math.sqrt(39 / 40)
    assert interval.estimate == pytest.approx(float(fitted.params[0]), rel=1e-8)
    assert interval.se == pytest.approx(error, rel=1e-8)
    assert interval.df == 37.0
    reach = float(oracle.t.ppf(0.95, 37)) * error
    assert interval.low == pytest.approx(float(fitted.params[0]) - reach, rel=1e-7)


def test_the_slope_is_estimated_again_without_each_cluster() -> None:
    rng = np.random.default_rng(2)
    codes = np.repeat(np.arange(12), rng.integers(1, 6, 12))
    known = alike(rng, codes, 0.3)
    pairs = 0.6 * known + alike(rng, codes, 0.3)

    def by_hand(kept: Values) -> float:
        sizes = np.bincount(codes[kept], minlength=12)
        sums = [np.bincount(codes[kept], one[kept] - one[kept].mean(), 12) for one in (pairs, known)]
        slope = (sums[0] * sums[1]).sum() / (sums[1] ** 2).sum()
        assert sizes.sum() == kept.sum()
        return float(pairs[kept].mean() - slope * (known[kept].mean() - 0.25))

    whole = by_hand(np.ones(codes.size, dtype=bool))
    left = np.array([by_hand(codes != cluster) for cluster in range(12)])
    interval = stats.adjusted_difference(
        pairs, np.zeros(codes.size), codes, 0.05, covariates=known[:, None], centre=[0.25]
    )
    assert interval.estimate == pytest.approx(whole, rel=1e-8)
    assert interval.se == pytest.approx(math.sqrt(11 / 12 * ((left - whole) ** 2).sum()), rel=1e-8)


@pytest.mark.proves("B-COVARIATES")
@pytest.mark.parametrize(("clusters", "size"), [(10, 5), (20, 5), (50, 4)])
def test_covariates_save_variance_and_the_limits_still_hold(clusters: int, size: int) -> None:
    rng = np.random.default_rng(3)
    codes = np.repeat(np.arange(clusters), size)
    below = above = 0
    adjusted, plain = 0.0, 0.0
    for _ in range(500):
        known = alike(rng, codes, 0.3)
        pairs = 0.7 * known + math.sqrt(0.51) * alike(rng, codes, 0.3)
        zero = np.zeros(codes.size)
        interval = stats.adjusted_difference(
            pairs, zero, codes, 0.05, covariates=known[:, None], centre=[0.0]
        )
        below += interval.low > 0.0
        above += interval.high < 0.0
        adjusted += interval.se**2
        plain += stats.difference(pairs, zero, codes, 0.05).se ** 2
    assert below / 500 <= allowed(500)
    assert above / 500 <= allowed(500)
    # 0.51 of the variance is left where the slope is known; estimating it costs most with few clusters
    assert 0.45 < adjusted / plain < 0.75


def test_covariates_that_say_nothing_cost_little_and_do_not_mislead() -> None:
    rng = np.random.default_rng(4)
    codes = np.repeat(np.arange(20), 4)
    false = 0
    for _ in range(400):
        interval = stats.adjusted_difference(
            alike(rng, codes, 0.3),
            np.zeros(80),
            codes,
            0.05,
            covariates=rng.normal(size=(80, 3)),
            centre=[0.0] * 3,
        )
        false += interval.low > 0.0 or interval.high < 0.0
    assert false / 400 <= allowed(400, 0.1)


def test_constant_and_repeated_covariates_adjust_nothing() -> None:
    rng = np.random.default_rng(5)
    known, pairs = rng.normal(size=30), rng.normal(size=30)
    one = stats.adjusted_difference(
        pairs, np.zeros(30), list(range(30)), 0.05, covariates=known[:, None], centre=[0.2]
    )
    more = stats.adjusted_difference(
        pairs,
        np.zeros(30),
        list(range(30)),
        0.05,
        covariates=np.column_stack([known, np.full(30, 0.1), 2 * known]),
        centre=[0.2, 0.1, 0.4],
    )
    assert more.estimate == pytest.approx(one.estimate, rel=1e-8)
    assert more.se == pytest.approx(one.se, rel=1e-8)
    assert more.df == one.df - 2


def test_the_mean_of_the_same_cases_moves_nothing() -> None:
    rng = np.random.default_rng(6)
    known, pairs = rng.normal(size=30), rng.normal(size=30)
    interval = stats.adjusted_difference(
        pairs, np.zeros(30), list(range(30)), 0.05, covariates=known[:, None], centre=[known.mean()]
    )
    assert interval.estimate == pytest.approx(pairs.mean(), rel=1e-8)


def test_more_covariates_than_clusters_can_carry_decide_nothing() -> None:
    rng = np.random.default_rng(14)
    interval = stats.adjusted_difference(
        rng.random(9), rng.random(9), list(range(9)), 0.05, covariates=rng.random((9, 8)), centre=[0.5] * 8
    )
    assert interval.reason == "too many covariates for so few clusters"
    assert stats.p_value(interval, -9.0, "above") == 1.0


def test_a_pseudo_case_guards_adjusted_limits_as_it_does_plain_ones() -> None:
    zero, codes = np.zeros(60), list(range(60))
    known = np.random.default_rng(7).normal(size=(60, 1))
    guarded = stats.adjusted_difference(
        zero, zero, codes, 0.05, covariates=known, centre=[0.0], least=-1.0, greatest=1.0
    )
    plain = stats.difference(zero, zero, codes, 0.05, least=-1.0, greatest=1.0)
    assert guarded.lower.estimate == pytest.approx(plain.lower.estimate, rel=1e-8)
    assert guarded.lower.se == pytest.approx(plain.lower.se, rel=1e-8)
    assert guarded.low < -0.02
    assert guarded.high > 0.02


@pytest.mark.proves("B-PPI")
@pytest.mark.parametrize(("size", "closeness"), [(1, 0.9), (1, 0.0), (4, 0.7)])
def test_labels_corrected_by_a_ruler_hold_however_good_or_biased_it_is(size: int, closeness: float) -> None:
    rng = np.random.default_rng(8)
    codes = np.repeat(np.arange(75), size)
    below = above = 0
    widths = [0.0, 0.0]
    for _ in range(400):
        people = alike(rng, codes, 0.3)
        ruler = 3.0 + closeness * people + math.sqrt(1 - closeness**2) * alike(rng, codes, 0.3)
        told = np.isin(codes, rng.choice(75, 25, replace=False))
        labels = [float(one) if kept else None for one, kept in zip(people, told, strict=True)]
        interval = stats.corrected_mean(labels, ruler, codes, 0.05)
        alone = stats.mean_interval(people[told], codes[told], 0.05)
        below += interval.low > 0.0
        above += interval.high < 0.0
        widths[0] += interval.high - interval.low
        widths[1] += alone.high - alone.low
    assert below / 400 <= allowed(400)
    assert above / 400 <= allowed(400)
    assert widths[0] / widths[1] < (1.1 if closeness == 0.0 else 0.9)


def test_labels_on_single_cases_of_shared_clusters_hold_too() -> None:
    rng = np.random.default_rng(9)
    codes = np.repeat(np.arange(30), 5)
    false = 0
    for _ in range(400):
        people = alike(rng, codes, 0.5)
        ruler = 0.7 * people + 0.7 * alike(rng, codes, 0.5)
        told = set(rng.choice(150, 50, replace=False).tolist())
        labels = [float(one) if case in told else None for case, one in enumerate(people)]
        interval = stats.corrected_mean(labels, ruler, codes, 0.05)
        false += interval.low > 0.0 or interval.high < 0.0
    assert false / 400 <= allowed(400, 0.1)


def test_the_estimate_is_the_power_tuned_one() -> None:
    rng = np.random.default_rng(10)
    people = rng.normal(size=60)
    ruler = 0.8 * people + rng.normal(1.0, 0.5, 60)
    interval = stats.corrected_mean([*people[:20].tolist(), *[None] * 40], ruler, list(range(60)), 0.05)
    joint = np.cov(people[:20], ruler[:20])
    tuned = joint[0, 1] / (joint[1, 1] * (1 + 20 / 40))
    expected = tuned * ruler[20:].mean() + (people[:20] - tuned * ruler[:20]).mean()
    assert interval.estimate == pytest.approx(expected, rel=1e-8)
    assert (interval.n, interval.clusters, interval.df) == (20, 20, 18.0)


def test_labels_everywhere_leave_nothing_to_the_ruler() -> None:
    rng = np.random.default_rng(11)
    people, ruler = rng.normal(size=40), rng.normal(size=40)
    corrected = stats.corrected_mean(people.tolist(), ruler, list(range(40)), 0.05)
    alone = stats.mean_interval(people, list(range(40)), 0.05)
    assert corrected.estimate == pytest.approx(alone.estimate, rel=1e-8)
    assert corrected.se == pytest.approx(alone.se, rel=1e-8)


def test_a_ruler_that_always_says_the_same_leaves_the_labels_alone() -> None:
    people = np.random.default_rng(12).normal(size=20)
    labels = [*people.tolist(), *[None] * 30]
    corrected = stats.corrected_mean(labels, [0.1] * 50, list(range(50)), 0.05)
    assert corrected.estimate == pytest.approx(people.mean(), rel=1e-8)


def test_a_ruler_that_was_right_every_time_does_not_prove_that_it_always_is() -> None:
    people = np.random.default_rng(13).integers(0, 2, 200).astype(float)
    labels = [*people[:30].tolist(), *[None] * 170]
    blind = stats.corrected_mean(labels, people, list(range(200)), 0.05)
    guarded = stats.corrected_mean(labels, people, list(range(200)), 0.05, least=0.0, greatest=1.0)
    assert guarded.low < blind.low - 0.02
    assert guarded.high > blind.high + 0.02


def test_fewer_than_eight_labelled_clusters_decide_nothing() -> None:
    labels = [0.5, 0.6, 0.7, None, None, None, None, None, None, None]
    interval = stats.corrected_mean(labels, np.arange(10.0), list(range(10)), 0.05)
    assert interval.reason == "the clusters are worth 3 equal ones; at least 8 are needed to decide"
    assert not interval.decidable


@pytest.mark.parametrize("clusters", [["one"] * 4, ["one", "two", "three", "four"]])
def test_one_labelled_cluster_gives_no_limits(clusters: list[str]) -> None:
    interval = stats.corrected_mean([0.5, None, None, None], [0.1, 0.2, 0.3, 0.4], clusters, 0.05)
    assert (interval.low, interval.high) == (-math.inf, math.inf)


@pytest.mark.proves("B-BAD-LABELS")
def test_what_cannot_be_corrected_is_said() -> None:
    with pytest.raises(ValueError, match="2 labels"):
        stats.corrected_mean([0.1, None], [0.1], ["a"], 0.05)
    with pytest.raises(ValueError, match="labels must be a flat, non-empty"):
        stats.corrected_mean([None, None], [0.1, 0.2], ["a", "b"], 0.05)
    with pytest.raises(ValueError, match="labels must be finite"):
        stats.corrected_mean([math.nan, 1.0], [0.1, 0.2], ["a", "b"], 0.05)
    with pytest.raises(ValueError, match="scores must be finite"):
        stats.corrected_mean([0.1, 1.0], [0.1, math.nan], ["a", "b"], 0.05)
    with pytest.raises(ValueError, match="above the greatest possible"):
        stats.corrected_mean([0.1, 5.0], [0.1, 0.2], ["a", "b"], 0.05, greatest=1.0)
    with pytest.raises(ValueError, match="2 values but 1 cluster keys"):
        stats.corrected_mean([0.1, 1.0], [0.1, 0.2], ["a"], 0.05)


def test_covariates_that_do_not_fit_are_an_error() -> None:
    values, codes = [0.1, 0.2, 0.3], ["a", "b", "c"]
    with pytest.raises(ValueError, match="a table of 3 rows"):
        stats.adjusted_difference(values, values, codes, 0.05, covariates=[[1.0], [2.0]], centre=[0.0])
    with pytest.raises(ValueError, match="1 covariates but 2 means"):
        stats.adjusted_difference(values, values, codes, 0.05, covariates=[[1.0]] * 3, centre=[0.0, 1.0])
    with pytest.raises(ValueError, match="covariates must be finite"):
        stats.adjusted_difference(values, values, codes, 0.05, covariates=[[math.nan]] * 3, centre=[0.0])
    with pytest.raises(ValueError, match="3 candidate values but 2 baseline"):
        stats.adjusted_difference(values, values[:2], codes, 0.05, covariates=[[1.0]] * 3, centre=[0.0])
