"""Claims are proven, refuted or open; several at once are corrected."""

import gc
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats as oracle
from statsmodels.stats.multitest import multipletests

from genaiops import stats

VALUES = np.linspace(-0.1, 0.5, 24)
INTERVAL = stats.mean_interval(VALUES, list(range(24)), 0.05)


def test_a_claim_is_proven_where_the_facing_limit_is_beyond_the_bound() -> None:
    assert stats.decide(INTERVAL, INTERVAL.low - 0.01, "above") == "proven"
    assert stats.decide(INTERVAL, INTERVAL.high + 0.01, "below") == "proven"


def test_a_claim_is_refuted_where_the_other_limit_falls_short() -> None:
    assert stats.decide(INTERVAL, INTERVAL.high + 0.01, "above") == "refuted"
    assert stats.decide(INTERVAL, INTERVAL.low - 0.01, "below") == "refuted"


def test_a_claim_is_open_where_the_bound_lies_inside() -> None:
    assert stats.decide(INTERVAL, INTERVAL.estimate, "above") == "open"
    assert stats.decide(INTERVAL, INTERVAL.estimate, "below") == "open"


@pytest.mark.parametrize("nudge", [0.0, 9e-10, -9e-10])
def test_a_tie_within_a_billionth_is_open(nudge: float) -> None:
    assert stats.decide(INTERVAL, INTERVAL.low + nudge, "above") == "open"
    assert stats.decide(INTERVAL, INTERVAL.high + nudge, "above") == "open"


def test_just_outside_the_tie_is_decided() -> None:
    assert stats.decide(INTERVAL, INTERVAL.low - 2e-9, "above") == "proven"
    assert stats.decide(INTERVAL, INTERVAL.high + 2e-9, "above") == "refuted"


def test_what_is_not_decidable_stays_open_however_far_the_bound() -> None:
    hidden = replace(INTERVAL, decidable=False, reason="too few")
    for direction in ("above", "below"):
        assert stats.decide(hidden, -100.0, direction) == "open"
        assert stats.p_value(hidden, -100.0, direction) == 1.0


def test_the_p_value_is_that_of_the_one_sided_t_test() -> None:
    for direction, side in (("above", "greater"), ("below", "less")):
        expected = float(oracle.ttest_1samp(VALUES, 0.15, alternative=side).pvalue)
        assert stats.p_value(INTERVAL, 0.15, direction) == pytest.approx(expected, abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(st.floats(-1.0, 1.0), st.sampled_from(["above", "below"]), st.booleans())
def test_the_p_value_agrees_with_the_decision(
    bound: float, direction: stats.Direction, guarded: bool
) -> None:
    edge = 1.0 if guarded else None
    interval = stats.difference(
        VALUES, np.zeros(24), list(range(24)), 0.05, least=edge and -edge, greatest=edge
    )
    proven = stats.decide(interval, bound, direction) == "proven"
    p = stats.p_value(interval, bound, direction)
    assert proven == (p < 0.05) or abs(p - 0.05) < 1e-6


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 40), st.floats(0.01, 0.99), st.sampled_from(["above", "below"]))
def test_a_rates_p_value_agrees_with_the_decision(
    hits: int, bound: float, direction: stats.Direction
) -> None:
    clusters = [index % 13 for index in range(40)]
    interval = stats.rate_interval([1.0] * hits + [0.0] * (40 - hits), clusters, 0.05)
    proven = stats.decide(interval, bound, direction) == "proven"
    p = stats.p_value(interval, bound, direction)
    assert proven == (p < 0.05) or abs(p - 0.05) < 1e-6


def test_without_any_spread_the_p_value_is_certain() -> None:
    same = stats.mean_interval([0.5] * 10, list(range(10)), 0.05)
    assert stats.p_value(same, 0.4, "above") == 0.0
    assert stats.p_value(same, 0.6, "above") == 1.0
    assert stats.p_value(same, 0.5, "above") == 0.5


def test_bounds_at_the_ends_of_a_rate_have_plain_p_values() -> None:
    interval = stats.rate_interval([1.0] * 9 + [0.0], list(range(10)), 0.05)
    assert stats.p_value(interval, 0.0, "above") == 0.0
    assert stats.p_value(interval, 1.0, "above") == 1.0
    assert stats.p_value(interval, 1.0, "below") == 0.0


def test_a_ratios_interval_has_no_p_value() -> None:
    ratio = stats.ratio_of_means([1.0] * 9, [2.0] * 9, list(range(9)), 0.05)
    with pytest.raises(ValueError, match="fieller has no p-value"):
        stats.p_value(ratio, 1.0, "below")


@pytest.fixture(scope="module")
def few_to_collect() -> None:
    """Keep the collector from what other tests left: statsmodels calls it each time, for 0.1 s."""
    gc.freeze()


@pytest.mark.usefixtures("few_to_collect")
@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0.0, 1.0), max_size=12))
def test_holm_and_benjamini_hochberg_agree_with_statsmodels(p_values: list[float]) -> None:
    for ours, method in ((stats.holm, "holm"), (stats.benjamini_hochberg, "fdr_bh")):
        # a p on a threshold, alpha·i/m or alpha/i, is a tie: ours stays open, statsmodels rejects
        steps = range(1, len(p_values) + 1)
        cuts = [cut for i in steps for cut in (0.05 * i / len(p_values), 0.05 / i)]
        assume(all(abs(p - cut) > 1e-8 for p in p_values for cut in cuts))
        expected = multipletests(p_values, 0.05, method=method)[0] if p_values else []
        assert list(ours(p_values, 0.05)) == [bool(one) for one in expected]


def test_holm_stops_at_the_first_that_stands() -> None:
    assert stats.holm([0.04, 0.001, 0.03], 0.05) == (False, True, False)
    assert stats.holm([0.05], 0.05) == (False,)
    assert stats.holm([], 0.05) == ()


@pytest.mark.parametrize("bad", [[1.2], [-0.1], [math.nan]])
def test_what_is_no_p_value_is_refused(bad: list[float]) -> None:
    with pytest.raises(ValueError, match="p-value"):
        stats.holm(bad, 0.05)
    with pytest.raises(ValueError, match="alpha"):
        stats.benjamini_hochberg([0.5], 1.0)


@pytest.mark.parametrize(("bound", "tie"), [(math.nan, 1e-9), (math.inf, 1e-9), (0.0, -1.0), (0.0, math.nan)])
def test_a_bound_must_be_finite_and_a_tie_not_negative(bound: float, tie: float) -> None:
    with pytest.raises(ValueError, match="finite bound"):
        stats.decide(INTERVAL, bound, "above", tie)
