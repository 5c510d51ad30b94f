"""Comparisons: what is paired, what is missing, and what the numbers are."""

import random
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.arena_scores import QUALITY, claim, make_cases, make_ruler, make_scores

from genaiops.arena.compare import compare
from genaiops.arena.facts import fact_names, facts_of
from genaiops.arena.model import Role
from genaiops.core import Case, Comparison, Score, UserError

COLUMNS = {"quality": [0.2, 0.4, 0.6, 0.8] * 10, "wrong": [1.0, 0.0] * 20}
BETTER = {"quality": [0.3, 0.5, 0.6, 1.0] * 10, "wrong": [0.0, 0.0, 1.0, 0.0] * 10}


def only(comparisons: Sequence[Comparison], scorer: str = "quality") -> Comparison:
    (found,) = [one for one in comparisons if one.scorer == scorer]
    return found


def test_a_difference_is_candidate_minus_baseline_over_the_same_cases() -> None:
    found, _ = compare(make_ruler(), make_cases(40, 3), make_scores(COLUMNS, BETTER))
    one = only(found)
    assert (one.baseline.mean, one.candidate.mean) == (0.5, 0.6)
    assert one.diff.estimate == pytest.approx(0.1)
    assert one.diff.low is not None
    assert one.diff.high is not None
    assert one.diff.low < 0.1 < one.diff.high
    assert (one.diff.cases, one.diff.clusters) == (40, 14)
    assert (one.baseline.p50, one.baseline.p95, one.baseline.n) == (0.4, 0.8, 40)
    assert one.ratio is not None
    assert one.ratio.estimate == pytest.approx(1.2)


def test_repeats_are_averaged_in_the_case_first() -> None:
    rows = [
        Score(scorer="quality", case=f"c{index:05}", repeat=repeat, value=float(repeat == 0))
        for index in range(10)
        for repeat in range(4)
    ]
    found, _ = compare(make_ruler(repeats=4), make_cases(10), {"baseline": rows, "candidate": rows})
    assert (only(found).baseline.mean, only(found).baseline.n) == (0.25, 10)


def test_a_pair_needs_both_sides_and_what_is_missing_is_counted() -> None:
    column: list[float | None] = [*COLUMNS["quality"]]
    column[3] = None
    found, _ = compare(make_ruler(), make_cases(40), make_scores(COLUMNS, {"quality": column}))
    one = only(found)
    assert (one.candidate.missing, one.candidate.n, one.baseline.n, one.diff.cases) == (1, 39, 40, 39)
    wrong = only(found, "wrong")
    assert (wrong.candidate.missing, wrong.diff.cases, wrong.diff.decidable) == (40, 0, False)
    assert wrong.diff.estimate is None


def test_a_case_to_which_a_scorer_does_not_apply_is_not_missing_unless_the_arms_disagree() -> None:
    scores = make_scores({"quality": [0.5] * 10}, {"quality": [0.5] * 10})
    for role, cases in (("baseline", (0, 1)), ("candidate", (0,))):
        rows = scores[role]  # type: ignore[index]
        for index in cases:
            rows[index] = Score(scorer="quality", case=f"c{index:05}", status="not_applicable")
    found, _ = compare(make_ruler(specs=[QUALITY]), make_cases(10), scores)
    one = only(found)
    assert (one.baseline.missing, one.candidate.missing) == (1, 0)
    assert (one.baseline.n, one.candidate.n, one.diff.cases) == (8, 9, 8)


def test_slices_are_named_by_their_value_and_stand_worst_first() -> None:
    cases = make_cases(40, topic=["a", "b"])
    before = {"quality": [0.5, 0.5] * 20}
    after = {"quality": [0.6, 0.3] * 20}
    _, slices = compare(make_ruler(slices=["tags.topic"], specs=[QUALITY]), cases, make_scores(before, after))
    assert [one.slice for one in slices] == ["topic=b", "topic=a"]
    assert slices[0].diff.estimate == pytest.approx(-0.2)


def test_every_fact_that_a_suite_names_is_told_and_no_other() -> None:
    cases = make_cases(40, topic=["a", "b"])
    found = compare(make_ruler(slices=["tags.topic"]), cases, make_scores(COLUMNS, BETTER))
    facts = facts_of(*found)
    assert facts.keys() == fact_names([one.scorer for one in found[0]], ["topic=a", "topic=b"])
    assert facts["candidate.quality.n"] == 40.0
    assert facts["diff.quality.mean.est"] == pytest.approx(0.1)
    assert facts['slice["topic=a"].baseline.quality.mean'] == pytest.approx(0.4)
    assert facts["ratio.latency_ms.p95.high"] is None


def test_limits_that_nothing_may_rest_on_are_no_facts() -> None:
    facts = facts_of(*compare(make_ruler(), make_cases(40, 10), make_scores(COLUMNS, BETTER)))
    assert facts["diff.quality.mean.est"] == pytest.approx(0.1)
    assert facts["diff.quality.mean.low"] is None


def test_tails_are_compared_from_four_hundred_cases_on() -> None:
    draw = random.Random(5)
    for count, decidable in ((399, False), (400, True)):
        before = {"latency_ms": [draw.lognormvariate(5, 0.5) for _ in range(count)]}
        after = {"latency_ms": [1.5 * value for value in before["latency_ms"]]}
        ruler = make_ruler(rules=["ratio.latency_ms.p95.high < 2"])
        found, _ = compare(ruler, make_cases(count), make_scores(before, after))
        ratio = only(found, "latency_ms").ratio_p95
        assert ratio is not None
        assert (ratio.decidable, ratio.estimate) == (decidable, pytest.approx(1.5))
        assert (ratio.high is not None) == decidable


@pytest.mark.parametrize(
    "row",
    [
        Score(scorer="quality", case="c00099", value=0.5),
        Score(scorer="quality", case="c00001", value=0.5),
        Score(scorer="quality", case="c00001", repeat=1, value=1.5),
        Score(scorer="quality", case="c00001", repeat=1, value=float("nan")),
        Score(scorer="quality", case="c00001", repeat=1, value=None),
    ],
)
def test_scores_that_do_not_belong_to_the_suite_are_refused(row: Score) -> None:
    scores = make_scores({"quality": [0.5] * 10}, {"quality": [0.5] * 10})
    scores["candidate"].append(row)
    with pytest.raises(UserError) as caught:
        compare(make_ruler(), make_cases(10), scores)
    assert caught.value.code == "GAO-ARENA-131"


UNIT = st.floats(0, 1).map(lambda x: round(x, 6))
PAIRS = st.lists(st.tuples(UNIT, UNIT), min_size=1, max_size=30)


@given(PAIRS, st.integers(1, 4), st.randoms(use_true_random=False))
@settings(max_examples=50, deadline=None)
def test_the_order_of_rows_and_cases_changes_nothing(
    pairs: list[tuple[float, float]], size: int, shuffle: random.Random
) -> None:
    cases, scores = _of(pairs, size)
    ruler = make_ruler(claim("quality", "not_worse", 0.05), specs=[QUALITY])
    straight = compare(ruler, cases, scores)
    mixed = list(cases)
    shuffle.shuffle(mixed)
    for rows in scores.values():
        shuffle.shuffle(rows)
    assert compare(ruler, mixed, dict(reversed(scores.items()))) == straight


@given(PAIRS, st.integers(1, 4))
@settings(max_examples=50, deadline=None)
def test_swapping_the_arms_mirrors_the_difference(pairs: list[tuple[float, float]], size: int) -> None:
    cases, scores = _of(pairs, size)
    swapped: dict[Role, list[Score]] = {"baseline": scores["candidate"], "candidate": scores["baseline"]}
    ruler = make_ruler(specs=[QUALITY])
    one, other = (only(compare(ruler, cases, given)[0]).diff for given in (scores, swapped))
    assert other.estimate == (None if one.estimate is None else -one.estimate)
    assert other.low == (None if one.high is None else -one.high)
    assert other.high == (None if one.low is None else -one.low)


def _of(pairs: list[tuple[float, float]], size: int) -> tuple[tuple[Case, ...], dict[Role, list[Score]]]:
    before, after = [list(column) for column in zip(*pairs, strict=True)]
    return make_cases(len(pairs), size), make_scores({"quality": before}, {"quality": after})
