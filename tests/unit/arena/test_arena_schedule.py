"""The order of a run is seeded, whole by clusters, and fair to every arm."""

import itertools

from genaiops.arena.schedule import schedule
from genaiops.core import Case

CASES = [Case(id=f"c{number}", inputs={}, cluster=f"k{number % 5}") for number in range(40)]


def test_the_order_depends_on_the_seed_and_not_on_the_order_of_the_rows() -> None:
    assert schedule(CASES, 1, "a") == schedule(CASES[::-1], 1, "a")
    assert schedule(CASES, 1, "a") != schedule(CASES, 1, "b")


def test_clusters_come_whole_so_that_a_prefix_of_them_is_a_fair_sample() -> None:
    order = [step.case.cluster for step in schedule(CASES, 1, "seed")]
    assert len([1 for one, two in itertools.pairwise(order) if one != two]) == 4


def test_every_case_runs_on_every_arm_side_by_side_and_neither_arm_is_always_first() -> None:
    steps = schedule(CASES, 2, "seed")
    pairs = [steps[at : at + 2] for at in range(0, len(steps), 2)]
    assert all(one.case == two.case and one.repeat == two.repeat and one.arm != two.arm for one, two in pairs)
    assert {pair[0].arm for pair in pairs} == {"baseline", "candidate"}


def test_three_arms_are_interleaved_like_two() -> None:
    steps = schedule(CASES, 1, "seed", ["naive", "honest", "production"])
    turns = [tuple(step.arm for step in steps[at : at + 3]) for at in range(0, len(steps), 3)]
    assert all(set(turn) == {"naive", "honest", "production"} for turn in turns)
    assert len(set(turns)) == 6
