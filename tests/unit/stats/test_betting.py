"""Limits that hold at every moment of a stream: against a plain grid, and under peeking."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genaiops import stats


def on_a_grid(values: np.ndarray, alpha: float) -> tuple[float, float]:
    """The hedged capital, value by value and mean by mean, on 4,000 means (Waudby-Smith and Ramdas 2024)."""
    means = (np.arange(4000) + 0.5) / 4000
    up, down, kept = np.ones(4000), np.ones(4000), np.ones(4000, dtype=bool)
    total, squares, variance = 0.5, 0.25, 0.25
    for t, value in enumerate(values, start=1):
        stake = math.sqrt(2 * math.log(2 / (2 * alpha)) / (variance * t * math.log(t + 1)))
        up *= 1 + np.minimum(stake, 0.5 / means) * (value - means)
        down *= 1 - np.minimum(stake, 0.5 / (1 - means)) * (value - means)
        kept &= np.maximum(up, down) / 2 < 1 / (2 * alpha)
        total += value
        squares += (value - total / (t + 1)) ** 2
        variance = squares / (t + 1)
    return float(means[kept][0]), float(means[kept][-1])


@pytest.mark.parametrize("shape", [(2, 5), (0.5, 0.5), (9, 1)])
def test_it_is_the_hedged_capital_of_the_paper(shape: tuple[float, float]) -> None:
    values = np.random.default_rng(1).beta(*shape, size=150)
    interval = stats.betting_interval(values, 0.05)
    low, high = on_a_grid(values, 0.05)
    assert interval.low == pytest.approx(low, abs=1 / 4000)
    assert interval.high == pytest.approx(high, abs=1 / 4000)


@pytest.mark.proves("B-BETTING")
@pytest.mark.parametrize("rate", [0.5, 0.9, 0.99])
def test_looking_after_every_value_does_not_break_the_promise(rate: float) -> None:
    rng = np.random.default_rng(2)
    below = above = naive = 0
    for _ in range(300):
        values = (rng.random(400) < rate).astype(float)
        # the limits keep the best they ever showed, so the last look stands for all of them
        interval = stats.betting_interval(values, 0.05)
        below += interval.low > rate
        above += interval.high < rate
        means = np.cumsum(values) / np.arange(1, 401)
        errors = np.sqrt(np.maximum(means * (1 - means), 1e-12) / np.arange(1, 401))
        naive += bool((np.abs(means - rate)[20:] > 1.645 * errors[20:]).any())
    allowed = 0.05 + 3 * math.sqrt(0.05 * 0.95 / 300)
    assert below / 300 <= allowed
    assert above / 300 <= allowed
    assert naive / 300 > 0.3


def test_limits_only_narrow_as_the_stream_goes_on() -> None:
    values = np.random.default_rng(3).random(200)
    looks = [stats.betting_interval(values[:count], 0.05) for count in range(1, 201, 7)]
    for earlier, later in pairwise(looks):
        assert later.low >= earlier.low
        assert later.high <= earlier.high
    assert (looks[0].low, looks[0].high) == (0.0, 1.0)
    assert looks[-1].high - looks[-1].low < 0.2


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(0.0, 1.0), min_size=1, max_size=60))
def test_turning_the_scale_round_turns_the_limits_round(values: list[float]) -> None:
    here = stats.betting_interval(values, 0.05)
    there = stats.betting_interval([1.0 - value for value in values], 0.05)
    assert there.low == pytest.approx(1.0 - here.high, abs=1e-8)
    assert there.high == pytest.approx(1.0 - here.low, abs=1e-8)


def test_any_bounded_scale_will_do() -> None:
    values = np.random.default_rng(4).random(100)
    unit = stats.betting_interval(values, 0.05)
    wide = stats.betting_interval(20 * values - 10, 0.05, least=-10.0, greatest=10.0)
    assert wide.low == pytest.approx(20 * unit.low - 10, abs=1e-6)
    assert wide.high == pytest.approx(20 * unit.high - 10, abs=1e-6)


def test_long_streams_of_one_value_close_in_on_it() -> None:
    interval = stats.betting_interval([1.0] * 5000, 0.05)
    assert interval.high == 1.0
    assert 0.99 < interval.low < 1.0


def test_it_has_no_p_value_and_no_plan() -> None:
    interval = stats.betting_interval([0.2, 0.4] * 50, 0.05)
    assert stats.decide(interval, 0.9, "below") == "proven"
    with pytest.raises(ValueError, match="betting has no p-value"):
        stats.p_value(interval, 0.9, "below")
    with pytest.raises(ValueError, match="no plan"):
        stats.clusters_needed(interval, 0.9, "below", 0.1)


@pytest.mark.proves("B-BAD-STREAM")
def test_values_out_of_range_are_an_error() -> None:
    with pytest.raises(ValueError, match=r"every value must lie in \[0.0, 1.0\]"):
        stats.betting_interval([0.5, 1.5], 0.05)
    with pytest.raises(ValueError, match="must be finite"):
        stats.betting_interval([0.5, math.nan], 0.05)
    with pytest.raises(ValueError, match="least must be below greatest"):
        stats.betting_interval([0.5], 0.05, least=1.0, greatest=1.0)
    with pytest.raises(ValueError, match="alpha"):
        stats.betting_interval([0.5], 0.5)
