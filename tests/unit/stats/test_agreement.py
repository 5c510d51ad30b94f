"""Agreement of rulers and people: published tables, statsmodels and scipy, and coverage with clusters."""

import math

import numpy as np
import pytest
from scipy import stats as oracle
from statsmodels.stats.contingency_tables import mcnemar as reference_mcnemar
from statsmodels.stats.inter_rater import cohens_kappa as reference_kappa

from genaiops import stats

# Krippendorff (2011), section C: four observers, twelve units, values missing
OBSERVERS: list[list[float | None]] = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3],
    [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None],
]
UNITS = [list(unit) for unit in zip(*OBSERVERS, strict=True)]


def allowed(draws: int) -> float:
    return 0.05 + 3 * math.sqrt(0.05 * 0.95 / draws)


def judged(
    rng: np.random.Generator, clusters: int, size: int, right: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Labels of people and of a judge that is as often right; prevalence and rightness differ by cluster."""
    codes = np.repeat(np.arange(clusters), size)
    chance = rng.beta(right * 7 / 3, (1 - right) * 7 / 3, clusters)[codes]
    human = (rng.random(codes.size) < rng.beta(7 / 6, 7 / 6, clusters)[codes]).astype(float)
    return human, np.where(rng.random(codes.size) < chance, human, 1 - human), codes


def test_kappa_is_that_of_statsmodels_and_its_error_close() -> None:
    rng = np.random.default_rng(1)
    first = rng.integers(0, 3, 200)
    second = np.where(rng.random(200) < 0.6, first, rng.integers(0, 3, 200))
    table = np.zeros((3, 3))
    np.add.at(table, (first, second), 1)
    expected = reference_kappa(table)
    interval = stats.cohens_kappa(first.tolist(), second.tolist(), list(range(200)), 0.05)
    assert interval.estimate == pytest.approx(float(expected.kappa), abs=1e-12)
    assert interval.se == pytest.approx(float(expected.std_kappa), rel=0.03)


def test_labels_may_be_words() -> None:
    first = ["good", "bad", "good", "fair"] * 10
    second = ["good", "bad", "fair", "fair"] * 10
    numbers = {"good": 1, "bad": 2, "fair": 3}
    clusters = list(range(40))
    as_words = stats.cohens_kappa(first, second, clusters, 0.05)
    assert as_words == stats.cohens_kappa(
        [numbers[one] for one in first], [numbers[one] for one in second], clusters, 0.05
    )


@pytest.mark.proves("B-AGREEMENT")
@pytest.mark.parametrize(("clusters", "size"), [(20, 5), (50, 1), (50, 4)])
def test_kappa_of_clustered_labels_is_covered(clusters: int, size: int) -> None:
    rng = np.random.default_rng(2)
    # balanced people, a judge right 85 times of 100 whatever they say: kappa is 0.85 + 0.85 − 1
    below = above = 0
    for _ in range(400):
        human, judge, codes = judged(rng, clusters, size, 0.85)
        interval = stats.cohens_kappa(human.tolist(), judge.tolist(), codes, 0.05)
        below += interval.decidable and interval.low > 0.7
        above += interval.decidable and interval.high < 0.7
    assert below / 400 <= allowed(400)
    assert above / 400 <= allowed(400)


@pytest.mark.parametrize(("level", "published"), [("nominal", 0.743), ("interval", 0.849)])
def test_alpha_is_krippendorffs_published_example(level: str, published: float) -> None:
    interval = stats.krippendorff_alpha(UNITS, list(range(12)), 0.05, level=level)  # pyright: ignore[reportArgumentType]
    assert interval.estimate == pytest.approx(published, abs=5e-4)
    assert (interval.n, interval.clusters) == (11, 11)
    assert interval.low < published < interval.high


def test_alpha_on_the_interval_level_does_not_depend_on_unit_or_zero() -> None:
    moved = [[None if one is None else 1e-7 * one + 5.0 for one in unit] for unit in UNITS]
    here = stats.krippendorff_alpha(UNITS, list(range(12)), 0.05, level="interval")
    there = stats.krippendorff_alpha(moved, list(range(12)), 0.05, level="interval")
    assert there.estimate == pytest.approx(here.estimate, rel=1e-6)
    assert there.low == pytest.approx(here.low, rel=1e-6)


def test_alpha_of_clustered_ratings_is_covered() -> None:
    rng = np.random.default_rng(3)
    codes = np.repeat(np.arange(20), 4)
    below = above = 0
    for _ in range(300):
        # three raters whose noise has a quarter of the variance of what they rate: alpha is 0.8
        truth = math.sqrt(0.3) * rng.standard_normal(20)[codes] + math.sqrt(0.7) * rng.standard_normal(80)
        ratings = truth[:, None] + 0.5 * rng.standard_normal((80, 3))
        interval = stats.krippendorff_alpha(ratings.tolist(), codes, 0.05, level="interval")
        below += interval.low > 0.8
        above += interval.high < 0.8
    assert below / 300 <= allowed(300)
    assert above / 300 <= allowed(300)


def test_the_jackknife_leaves_whole_clusters_out() -> None:
    rng = np.random.default_rng(4)
    human, judge, codes = judged(rng, 12, 5, 0.8)
    interval = stats.cohens_kappa(human.tolist(), judge.tolist(), codes, 0.05)

    def kappa(kept: np.ndarray) -> float:
        table = np.zeros((2, 2))
        np.add.at(table, (human[kept].astype(int), judge[kept].astype(int)), 1)
        return float(reference_kappa(table).kappa)

    left = np.array([kappa(codes != cluster) for cluster in range(12)])
    assert interval.se == pytest.approx(
        math.sqrt(11 / 12 * ((left - interval.estimate) ** 2).sum()), rel=1e-9
    )
    reach = float(oracle.t.ppf(0.95, 11)) * interval.se
    assert interval.high == pytest.approx(min(1.0, interval.estimate + reach), rel=1e-8)


def test_agreement_on_everything_or_one_label_everywhere_decides_nothing() -> None:
    labels, clusters = [0.0, 1.0] * 10, list(range(20))
    for interval in (
        stats.cohens_kappa(labels, labels, clusters, 0.05),
        stats.krippendorff_alpha([[one, one] for one in labels], clusters, 0.05),
    ):
        assert interval.estimate == 1.0
        assert interval.reason == "all agree on everything: how often they would differ cannot be estimated"
    same = stats.cohens_kappa([1.0] * 20, [1.0] * 20, clusters, 0.05)
    assert math.isnan(same.estimate)
    assert (same.low, same.high, same.decidable) == (-math.inf, 1.0, False)


def test_a_judges_rates_are_those_among_what_people_called_right_and_wrong() -> None:
    human = [1.0] * 30 + [0.0] * 20
    judge = [1.0] * 27 + [0.0] * 3 + [0.0] * 12 + [1.0] * 8
    hit, spared = stats.judge_rates(judge, human, list(range(50)), 0.05)
    assert (hit.estimate, hit.n) == (pytest.approx(0.9), 30)
    assert (spared.estimate, spared.n) == (pytest.approx(0.6), 20)
    assert hit == stats.rate_interval(judge[:30], list(range(30)), 0.05)


@pytest.mark.parametrize("seed", range(5))
def test_mcnemar_is_the_exact_one_of_statsmodels(seed: int) -> None:
    rng = np.random.default_rng(seed)
    before = rng.integers(0, 2, 60)
    after = np.where(rng.random(60) < 0.3, 1, before)
    table = np.zeros((2, 2))
    np.add.at(table, (before, after), 1)
    assert stats.mcnemar(before, after) == pytest.approx(float(reference_mcnemar(table, exact=True).pvalue))


def test_flips_both_ways_alike_show_no_movement_and_many_one_way_do() -> None:
    assert stats.mcnemar([0.0, 1.0, 1.0], [1.0, 0.0, 1.0]) == 1.0
    assert stats.mcnemar([1.0, 1.0], [1.0, 1.0]) == 1.0
    assert stats.mcnemar([0.0] * 6, [1.0] * 6) == 2 / 64


@pytest.mark.proves("B-BAD-LABELS")
def test_labels_that_do_not_fit_are_an_error() -> None:
    with pytest.raises(ValueError, match="2 labels but 1 labels"):
        stats.cohens_kappa([1, 0], [1], ["a", "b"], 0.05)
    with pytest.raises(ValueError, match="a label is missing"):
        stats.cohens_kappa([1, None], [1, 0], ["a", "b"], 0.05)
    with pytest.raises(ValueError, match="no case has two ratings"):
        stats.krippendorff_alpha([[1.0, None], [2.0]], ["a", "b"], 0.05)
    with pytest.raises(ValueError, match="ratings must be finite"):
        stats.krippendorff_alpha([[1.0, math.nan]], ["a"], 0.05)
    with pytest.raises(ValueError, match="must be 0 or 1"):
        stats.judge_rates([1.0, 0.0], [1.0, 0.5], ["a", "b"], 0.05)
    with pytest.raises(ValueError, match="every case the same label"):
        stats.judge_rates([1.0, 0.0], [1.0, 1.0], ["a", "b"], 0.05)
    with pytest.raises(ValueError, match="2 verdicts of the judge but 1"):
        stats.judge_rates([1.0, 0.0], [1.0], ["a", "b"], 0.05)
    with pytest.raises(ValueError, match="values 0 and 1 only"):
        stats.mcnemar([0.5], [1.0])
    with pytest.raises(ValueError, match="1 values before but 2 after"):
        stats.mcnemar([1.0], [1.0, 0.0])
