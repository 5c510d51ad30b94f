"""Several comparisons at once: all limits hold together, and a winner is one."""

import math

import numpy as np
import pytest

from genaiops import stats
from genaiops.stats.bootstrap import random_signs


def alike(rng: np.random.Generator, codes: np.ndarray, rows: int) -> np.ndarray:
    shared = rng.standard_normal((rows, codes.max() + 1))[:, codes]
    return math.sqrt(0.3) * shared + math.sqrt(0.7) * rng.standard_normal((rows, codes.size))


def allowed(draws: int) -> float:
    return 0.05 + 3 * math.sqrt(0.05 * 0.95 / draws)


@pytest.mark.proves("B-SIMULTANEOUS")
@pytest.mark.parametrize(("clusters", "arms"), [(8, 8), (20, 12), (50, 5)])
def test_no_arm_of_many_looks_better_by_luck_more_often_than_alpha(clusters: int, arms: int) -> None:
    rng = np.random.default_rng(1)
    codes = np.repeat(np.arange(clusters), 4)
    zero = np.zeros(codes.size)
    together = {"better": 0, "worse": 0, "naive": 0}
    for draw in range(300):
        # every arm is compared with the same baseline: half of what varies is shared
        rows = (alike(rng, codes, 1) + alike(rng, codes, arms)) / math.sqrt(2)
        each = stats.joint_alpha(list(rows), codes, 0.05, key=draw)
        intervals = [stats.difference(row, zero, codes, each) for row in rows]
        together["better"] += any(one.low > 0.0 for one in intervals)
        together["worse"] += any(one.high < 0.0 for one in intervals)
        together["naive"] += any(stats.difference(row, zero, codes, 0.05).low > 0.0 for row in rows)
    assert together["better"] / 300 <= allowed(300)
    assert together["worse"] / 300 <= allowed(300)
    assert together["naive"] / 300 > 0.12


def test_copies_of_one_comparison_cost_nothing() -> None:
    codes = np.repeat(np.arange(20), 3)
    row = alike(np.random.default_rng(2), codes, 1)[0]
    single = stats.joint_alpha([row], codes, 0.05, key=1)
    assert stats.joint_alpha([row] * 9, codes, 0.05, key=1) == single
    assert single == pytest.approx(0.05, abs=0.012)


def test_unrelated_comparisons_cost_what_bonferroni_asks() -> None:
    codes = np.arange(100)
    rows = np.random.default_rng(3).standard_normal((10, 100))
    each = stats.joint_alpha(list(rows), codes, 0.05, key=1)
    assert 0.005 <= each < 0.007


def test_a_comparison_in_which_nothing_varies_counts_as_unrelated() -> None:
    rng = np.random.default_rng(4)
    row = rng.standard_normal(40)
    for still in (np.zeros(40), np.full(40, 0.1)):
        each = stats.joint_alpha([row, row, still], list(range(40)), 0.06, key=1)
        assert each == pytest.approx(0.02)


def test_the_same_key_gives_the_same_alpha() -> None:
    rng = np.random.default_rng(5)
    rows = list(rng.standard_normal(30) + rng.standard_normal((4, 30)))
    first, again, other = (stats.joint_alpha(rows, list(range(30)), 0.05, key=key) for key in (7, 7, 8))
    assert first == again
    assert first != other


def test_among_equals_no_winner_is_declared() -> None:
    rng = np.random.default_rng(6)
    codes = np.repeat(np.arange(20), 3)
    false = 0
    for draw in range(200):
        # two arms are equally good, four are far behind: the hardest case for a winner's honesty
        arms = alike(rng, codes, 6) + np.array([1.0, 1.0, -2.0, -2.0, -2.0, -2.0])[:, None]
        false += stats.best_of(list(arms), codes, 0.05, key=draw).proven
    assert false / 200 <= allowed(200)


def test_an_arm_that_is_clearly_best_wins_and_says_by_how_much() -> None:
    rng = np.random.default_rng(7)
    codes = np.repeat(np.arange(30), 3)
    hardness = rng.standard_normal(90)
    arms = [hardness + 0.3 * rng.standard_normal(90) + gain for gain in (0.0, 0.5, 0.1)]
    best = stats.best_of(arms, codes, 0.05, key=1)
    assert (best.leader, best.proven) == (1, True)
    assert best.ahead[1] is None
    behind = best.ahead[0]
    assert behind is not None
    assert 0.0 < behind.low < 0.5 < behind.high
    assert behind.alpha < 0.05


def test_a_tie_has_a_leader_and_no_winner() -> None:
    arm = np.random.default_rng(8).random(40)
    best = stats.best_of([arm, arm], list(range(40)), 0.05, key=1)
    assert (best.leader, best.proven) == (0, False)


def test_a_lead_too_rare_to_be_sure_of_is_not_proven_once_guarded() -> None:
    base, better = np.zeros(60), np.zeros(60)
    better[:50] = 0.01
    free = stats.best_of([base, better], list(range(60)), 0.05, key=1)
    guarded = stats.best_of([base, better], list(range(60)), 0.05, key=1, least=-1.0, greatest=1.0)
    assert (free.proven, guarded.proven) == (True, False)


def test_the_signs_are_fair_and_do_not_depend_on_numpys_generators() -> None:
    signs = random_signs(37, 99, 1999)
    assert set(np.unique(signs).tolist()) == {-1.0, 1.0}
    assert abs(signs.mean()) < 4 / math.sqrt(37 * 1999)
    words = np.random.Philox(key=99).random_raw(1)
    first = [2.0 * ((int(words[0]) >> bit) & 1) - 1.0 for bit in range(37)]
    assert signs[0].tolist() == first


@pytest.mark.proves("B-BAD-ARMS")
def test_what_cannot_be_compared_is_an_error() -> None:
    with pytest.raises(ValueError, match="no comparison"):
        stats.joint_alpha([], ["a"], 0.05, key=1)
    with pytest.raises(ValueError, match="one difference a case"):
        stats.joint_alpha([[1.0, 2.0], [1.0]], ["a", "b"], 0.05, key=1)
    with pytest.raises(ValueError, match="must be finite"):
        stats.joint_alpha([[1.0, math.nan]], ["a", "b"], 0.05, key=1)
    with pytest.raises(ValueError, match="key"):
        stats.joint_alpha([[1.0, 2.0]], ["a", "b"], 0.05, key=-1)
    with pytest.raises(ValueError, match="at least two arms, not 1"):
        stats.best_of([[1.0, 2.0]], ["a", "b"], 0.05, key=1)
    with pytest.raises(ValueError, match="every arm needs one value a case"):
        stats.best_of([[1.0, 2.0], [1.0]], ["a", "b"], 0.05, key=1)
