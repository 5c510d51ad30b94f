"""Declared slices: which of many stand out, and that luck alone rarely makes one do so."""

import random
from collections.abc import Sequence

import pytest
from tests.support.arena_scores import (
    LATENCY,
    QUALITY,
    WRONG,
    Values,
    claim,
    make_cases,
    make_ruler,
    make_scores,
)

from genaiops.arena.compare import compare
from genaiops.arena.judge import judge
from genaiops.arena.model import Lock
from genaiops.core import Comparison

SPECS = (QUALITY, WRONG)


def slices(
    before: Values, after: Values, kinds: int = 10, count: int = 200
) -> tuple[Sequence[Comparison], Sequence[Comparison]]:
    ruler = make_ruler(specs=SPECS, slices=["tags.kind"])
    cases = make_cases(count, kind=[f"k{at}" for at in range(kinds)])
    return compare(ruler, cases, make_scores(before, after))


def coins(draw: random.Random, count: int, chance: float) -> list[float]:
    return [float(draw.random() < chance) for _ in range(count)]


def benjamini_hochberg(p_values: Sequence[float], rate: float) -> set[int]:
    """Return which hypotheses are rejected, as the paper words it: the largest k with p(k) <= k/m · rate."""
    ordered = sorted(range(len(p_values)), key=lambda at: p_values[at])
    largest = max(
        (k for k, at in enumerate(ordered, 1) if p_values[at] <= k / len(ordered) * rate), default=0
    )
    return set(ordered[:largest])


@pytest.mark.proves("B-SLICES")
def test_slices_stand_out_as_benjamini_and_hochberg_say_over_all_slices_and_scorers() -> None:
    draw = random.Random(3)
    before = {"quality": coins(draw, 200, 0.8), "wrong": coins(draw, 200, 0.2)}
    after = {
        "quality": [0.0 if at % 10 < 2 else value for at, value in enumerate(before["quality"])],
        "wrong": coins(draw, 200, 0.25),
    }
    overall, found = slices(before, after)
    assert len(found) == 20
    p_values = [one.p_value for one in found]
    expected = benjamini_hochberg([1.0 if p is None else p for p in p_values], 0.05)
    assert {at for at, one in enumerate(found) if one.stands_out} == expected
    assert {(one.slice, one.scorer) for one in found if one.stands_out} == {
        ("kind=k0", "quality"),
        ("kind=k1", "quality"),
    }
    assert all(one.p_value is None and one.stands_out is None for one in overall)


def test_the_p_value_of_a_slice_is_below_alpha_twice_over_where_its_interval_leaves_zero_out() -> None:
    draw = random.Random(6)
    before, after = coins(draw, 200, 0.5), coins(draw, 200, 0.62)
    _, found = slices({"quality": before, "wrong": before}, {"quality": after, "wrong": after})
    assert {(one.p_value or 0.0) < 0.1 for one in found} == {True, False}
    for one in found:
        assert one.p_value is not None
        assert one.diff.low is not None
        assert one.diff.high is not None
        assert (one.p_value < 0.1) == (one.diff.low > 0.0 or one.diff.high < 0.0)


def test_a_slice_too_small_to_decide_on_never_stands_out() -> None:
    broken = {"quality": [1.0] * 70, "wrong": [0.0] * 70}
    after = {"quality": [0.0] * 70, "wrong": [1.0] * 70}
    _, found = slices(broken, after, kinds=10, count=70)
    assert {(one.p_value, one.stands_out) for one in found} == {(1.0, False)}


def test_slices_in_which_nothing_changed_do_not_stand_out() -> None:
    same = {"quality": [1.0] * 200, "wrong": [0.0] * 200}
    _, found = slices(same, same)
    assert {(one.p_value, one.stands_out) for one in found} == {(1.0, False)}


def test_where_nothing_differs_hardly_any_suite_has_a_slice_that_stands_out() -> None:
    draw, suites, false = random.Random(21), 100, 0
    for _ in range(suites):
        before, after = ({"quality": coins(draw, 160, 0.7), "wrong": coins(draw, 160, 0.3)} for _ in range(2))
        false += any(one.stands_out for one in slices(before, after, kinds=8, count=160)[1])
    assert false / suites <= 0.05 + 3 * (0.05 * 0.95 / suites) ** 0.5


@pytest.mark.proves("B-SLICES")
def test_a_slice_that_stands_out_decides_nothing_unless_a_claim_names_it() -> None:
    before = {"latency_ms": [10.0] * 200, "quality": [1.0] * 200}
    after = {"latency_ms": [10.0] * 200, "quality": [float(at % 20 != 0) for at in range(200)]}
    cases = make_cases(200, kind=[f"k{at}" for at in range(20)])
    more = claim("latency_ms", "not_worse", 1.0)
    outcomes: list[str] = []
    for claims in ([more], [more, claim("quality", "not_worse", 0.05, "kind=k0")]):
        ruler = make_ruler(*claims, specs=(QUALITY, LATENCY), slices=["tags.kind"])
        verdict, _ = judge(ruler, cases, make_scores(before, after), lock=Lock())
        assert [one.slice for one in verdict.slices if one.stands_out] == ["kind=k0"]
        outcomes.append(verdict.outcome)
    assert outcomes == ["pass", "fail"]
