"""The decision benchmark decides many draws at once: as the product decides each of them."""

import math

import numpy as np
import pytest
from bench.decisions import sequential
from bench.decisions.many import Guard, agree, limits, rate_limits, same
from bench.decisions.regimes import breaks, normal, regimes

from genaiops import stats

NULLS = {f"{regime.group}: {regime.name}": regime for regime in regimes()}


@pytest.mark.proves("B-BENCH-SAME")
@pytest.mark.parametrize("name", [name for at, name in enumerate(NULLS) if at % 6 == 0])
def test_many_draws_at_once_have_the_limits_and_decisions_of_the_product(name: str) -> None:
    regime = NULLS[name]
    batch = regime.draw(np.random.default_rng(1), 12)
    pairs = batch.candidate - batch.baseline
    found = limits(pairs, batch.codes, 0.05, regime.guard)
    assert agree(pairs, batch.codes, 0.05, regime.guard, found, regime.bound, 12) == 12


@pytest.mark.proves("B-BENCH-SAME")
@pytest.mark.parametrize("rate", [0.5, 0.95, 1.0])
def test_rates_have_the_limits_of_the_product(rate: float) -> None:
    codes = np.repeat(np.arange(12), 5)
    hits = 1.0 - breaks(np.random.default_rng(5), 12, codes, 1.0 - rate, 0.0)
    calls = [stats.rate_interval(row, codes, 0.05) for row in hits]
    assert same(calls, rate_limits(hits, codes, 0.05), 0.9) == 12


@pytest.mark.proves("B-BENCH-SAME")
def test_another_guard_than_the_product_has_is_noticed() -> None:
    regime = next(one for one in NULLS.values() if one.group == "rare breaks within clusters")
    batch = regime.draw(np.random.default_rng(2), 5)
    pairs = batch.candidate - batch.baseline
    light = limits(pairs, batch.codes, 0.05, Guard(together=1.0))
    with pytest.raises(AssertionError):
        agree(pairs, batch.codes, 0.05, Guard(), light, regime.bound, 5)


@pytest.mark.proves("B-BENCH-SAME")
@pytest.mark.parametrize("guard", [None, Guard()])
def test_a_walk_through_the_looks_ends_as_one_by_the_products_own_calls(guard: Guard | None) -> None:
    rng, codes = np.random.default_rng(3), np.repeat(np.arange(30), 3)
    pairs = np.clip(np.round(normal(rng, 40, codes, 0.3) * 0.7), -1.0, 1.0)
    claim = sequential.Claim(-0.1, guard)
    looks = sequential.looks_of(codes, "obrien_fleming")
    ends = sequential.walk(pairs, codes, looks, claim)
    again = [sequential.one_by_one(row, codes, looks, claim) for row in pairs]
    assert again == list(zip(ends.share.tolist(), ends.how.tolist(), strict=True))
    assert len(set(ends.how.tolist())) > 1


def test_every_null_has_its_truth_on_the_bound() -> None:
    rng = np.random.default_rng(4)
    for regime in NULLS.values():
        batches = [regime.draw(rng, 50) for _ in range(4)]
        means = np.concatenate([(one.candidate - one.baseline).mean(axis=1) for one in batches])
        error = float(means.std()) / math.sqrt(means.size)
        assert abs(float(means.mean()) - regime.bound) <= 4.5 * error + 1e-12, regime.name
