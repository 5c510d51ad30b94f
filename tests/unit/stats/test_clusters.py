"""Rows become cases and clusters; sums do not depend on the order of rows beyond rounding."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genaiops import stats
from genaiops.stats.clusters import exact_sum, sums_by_cluster


def test_equal_clusters_are_worth_their_number() -> None:
    assert stats.effective_clusters([5, 5, 5, 5]) == pytest.approx(4.0)


def test_one_large_cluster_makes_the_others_worth_little() -> None:
    assert stats.effective_clusters([97, 1, 1, 1]) == pytest.approx(100 * 100 / (97 * 97 + 3))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 1000), min_size=1, max_size=40))
def test_clusters_are_never_worth_more_than_their_number(sizes: list[int]) -> None:
    assert 1.0 - 1e-9 <= stats.effective_clusters(sizes) <= len(sizes) + 1e-9


def test_cluster_keys_are_numbered_in_order_of_first_appearance() -> None:
    assert stats.cluster_codes(["b", "a", "b", "c"]).tolist() == [0, 1, 0, 2]


def test_a_row_without_a_cluster_is_an_error_that_names_the_row() -> None:
    with pytest.raises(ValueError, match="row 1 has no cluster key"):
        stats.cluster_codes(["a", None, "b"])


def test_sums_are_the_same_from_keys_codes_and_wild_integers() -> None:
    values = np.array([1.0, 2.0, 3.0, 4.0])
    by_key = sums_by_cluster(values, ["x", "y", "x", "z"])
    by_code = sums_by_cluster(values, np.array([0, 1, 0, 5]))
    by_wild = sums_by_cluster(values, np.array([-7, 10**12, -7, 10**15]))
    for sums in (by_key, by_code, by_wild):
        assert sums.sums.tolist() == [4.0, 2.0, 4.0]
        assert sums.sizes.tolist() == [2.0, 1.0, 1.0]
        assert (sums.total, sums.cases) == (10.0, 4.0)


def test_keys_and_values_must_be_of_one_length() -> None:
    with pytest.raises(ValueError, match="3 values but 2 cluster keys"):
        stats.mean_interval([1.0, 2.0, 3.0], ["a", "b"], 0.05)


@settings(max_examples=40, deadline=None)
@given(st.permutations(range(60)))
def test_another_order_of_rows_moves_a_limit_by_rounding_only(order: list[int]) -> None:
    rng = np.random.default_rng(4)
    values, clusters = rng.random(60).round(9), np.arange(60) % 12
    first = stats.mean_interval(values, clusters, 0.05)
    again = stats.mean_interval(values[order], clusters[order], 0.05)
    assert again.low == pytest.approx(first.low, abs=1e-13)
    assert again.high == pytest.approx(first.high, abs=1e-13)


def test_repeats_are_averaged_inside_their_case_in_order_of_appearance() -> None:
    repeats = stats.average_repeats([1.0, 0.0, 0.5, 0.0, 1.0], ["q2", "q1", "q2", "q1", "q3"])
    assert repeats.cases == ("q2", "q1", "q3")
    assert repeats.values == (0.75, 0.0, 1.0)
    assert repeats.counts == (2, 2, 1)


def test_without_repeats_no_variance_is_split() -> None:
    repeats = stats.average_repeats([1.0, 0.0], ["a", "b"])
    assert repeats.within is None
    assert repeats.between is None


def test_the_variance_components_are_found_again() -> None:
    rng = np.random.default_rng(11)
    cases = np.repeat(np.arange(4000), rng.integers(1, 6, 4000))
    values = 0.5 * rng.standard_normal(4000)[cases] + 0.3 * rng.standard_normal(cases.size)
    repeats = stats.average_repeats(values, [f"c{case}" for case in cases])
    assert repeats.within == pytest.approx(0.09, rel=0.08)
    assert repeats.between == pytest.approx(0.25, rel=0.08)


def test_scores_are_kept_to_nine_significant_digits() -> None:
    assert stats.round_sig(1 / 3) == 0.333333333
    assert stats.round_sig(123456.7891234) == 123456.789
    assert stats.round_sig(-0.0) == 0.0
    assert math.isnan(stats.round_sig(math.nan))
    assert stats.round_sig(math.inf) == math.inf
    with pytest.raises(ValueError, match="digits"):
        stats.round_sig(1.0, 0)


@settings(max_examples=40, deadline=None)
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_rounding_twice_changes_nothing(x: float) -> None:
    assert stats.round_sig(stats.round_sig(x)) == stats.round_sig(x)


@pytest.mark.parametrize("values", [[], [[1.0], [2.0]], [1.0, math.nan], [1.0, math.inf]])
def test_values_that_are_no_flat_finite_numbers_are_refused(values: list[float]) -> None:
    with pytest.raises(ValueError, match="values must be"):
        stats.mean_interval(values, list(range(len(values))), 0.05)


def test_an_empty_cluster_has_no_size() -> None:
    with pytest.raises(ValueError, match="at least one case"):
        stats.effective_clusters([3, 0])
    with pytest.raises(ValueError, match="no rows"):
        stats.cluster_codes([])


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(-1e12, 1e12), min_size=1, max_size=40),
    st.sampled_from([1, 17, 40]),
    st.sampled_from([1.0, 1e-300, 1e270]),
)
def test_a_long_sum_is_the_correctly_rounded_one(values: list[float], times: int, scale: float) -> None:
    terms = [scale * value / (1 + index) for index in range(times) for value in values] + [1e-9] * 600
    assert exact_sum(np.array(terms)) == math.fsum(terms)


def test_a_long_sum_survives_cancellation() -> None:
    values = np.random.default_rng(9).standard_normal(1000) * 10.0 ** np.arange(-20, 20).repeat(25)
    terms = np.concatenate([values, -values[::-1], [1e-30]])
    assert exact_sum(terms) == 1e-30
