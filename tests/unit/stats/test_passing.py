"""pass^k: unbiased, against the enumeration of all sets of runs."""

from itertools import combinations

import numpy as np
import pytest

from genaiops import stats


@pytest.mark.proves("B-PASS-K")
@pytest.mark.parametrize("k", [1, 2, 3, 5])
def test_it_is_the_share_of_sets_of_runs_in_which_all_passed(k: int) -> None:
    runs = [True, True, False, True, True]
    shares = [all(chosen) for chosen in combinations(runs, k)]
    assert stats.pass_every_time([4], [5], k) == (pytest.approx(sum(shares) / len(shares)),)


def test_on_average_it_is_the_true_chance_where_the_plain_power_is_too_high() -> None:
    passed = np.random.default_rng(1).binomial(5, 0.7, 20_000)
    found = np.mean(stats.pass_every_time(passed.tolist(), [5] * 20_000, 3))
    assert found == pytest.approx(0.7**3, abs=0.01)
    assert np.mean((passed / 5) ** 3) > 0.7**3 + 0.05


def test_cases_may_have_different_numbers_of_runs() -> None:
    assert stats.pass_every_time([2, 3, 0], [2, 4, 8], 2) == (1.0, 0.5, 0.0)


def test_its_values_take_the_clustered_interval_of_any_score() -> None:
    rng = np.random.default_rng(2)
    codes = np.repeat(np.arange(20), 4)
    covered = 0
    for _ in range(300):
        chance = rng.beta(4, 1, 20)[codes]
        values = stats.pass_every_time(rng.binomial(5, chance).tolist(), [5] * 80, 2)
        interval = stats.mean_interval(values, codes, 0.05)
        # the second moment of a beta(4, 1) variable
        covered += interval.low <= 4 * 5 / (5 * 6) <= interval.high
    assert covered / 300 >= 0.9 - 3 * (0.1 * 0.9 / 300) ** 0.5


@pytest.mark.proves("B-BAD-REPEATS")
def test_impossible_counts_are_an_error() -> None:
    with pytest.raises(ValueError, match=r"case 1 has 2 runs; pass\^3 needs at least 3"):
        stats.pass_every_time([3, 1], [5, 2], 3)
    with pytest.raises(ValueError, match="case 0 passed 6 of 5 runs"):
        stats.pass_every_time([6], [5], 2)
    with pytest.raises(ValueError, match="case 0 passed -1 of 5 runs"):
        stats.pass_every_time([-1], [5], 2)
    with pytest.raises(ValueError, match="k must be at least 1"):
        stats.pass_every_time([1], [5], 0)
    with pytest.raises(ValueError, match="2 counts of passes but 1"):
        stats.pass_every_time([1, 1], [5], 1)
