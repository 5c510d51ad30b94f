"""Repeats: which cases are stable, which are flaky, and how often all of k answers are right."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from tests.support.arena_scores import QUALITY, claim, make_cases, make_ruler

from genaiops.arena.judge import judge
from genaiops.arena.model import Lock, Role
from genaiops.core import Score, Verdict


def rows(pattern: Sequence[str]) -> list[Score]:
    """Return scores from one word a case: `1` right, `0` wrong, `-` not scored."""
    return [
        Score(
            scorer="quality",
            case=f"c{case:05}",
            repeat=repeat,
            value=None if sign == "-" else float(sign),
            status="failed" if sign == "-" else "ok",
        )
        for case, word in enumerate(pattern)
        for repeat, sign in enumerate(word)
    ]


def judged(baseline: Sequence[str], candidate: Sequence[str], repeats: int = 3, **more: object) -> Verdict:
    ruler = replace(make_ruler(specs=[QUALITY], repeats=repeats), **more)  # type: ignore[arg-type]
    scores: dict[Role, Sequence[Score]] = {"baseline": rows(baseline), "candidate": rows(candidate)}
    return judge(ruler, make_cases(len(baseline)), scores, lock=Lock())[0]


@pytest.mark.proves("B-FLAKY")
def test_a_case_is_a_stable_pass_a_stable_fail_or_flaky_on_each_arm() -> None:
    found = judged(
        ["111", "111", "000", "010", "1--", "10-"], ["111", "000", "000", "000", "111", "011"]
    ).flakiness
    assert found is not None
    assert (found.by, found.repeats) == ("quality ≥ 0.5", 3)
    before, after = found.baseline, found.candidate
    assert (before.stable_pass, before.stable_fail, before.flaky, before.unknown) == (2, 1, 2, 1)
    assert (after.stable_pass, after.stable_fail, after.flaky, after.unknown) == (2, 3, 1, 0)
    assert before.flaky_cases == ("c00003", "c00005")
    assert after.flaky_cases == ("c00005",)


@pytest.mark.proves("B-FLAKY")
def test_pass_k_of_an_arm_is_the_mean_over_its_cases_with_an_interval_over_clusters() -> None:
    found = judged(["1111", "1110", "1100", "0000"] * 5, ["1111"] * 20, repeats=4).flakiness
    assert found is not None
    assert [one.estimate for one in found.baseline.pass_k] == pytest.approx(
        [(1 + 3 / 4 + 1 / 2 + 0) / 4, (1 + 1 / 2 + 1 / 6 + 0) / 4, (1 + 1 / 4 + 0 + 0) / 4, 1 / 4]
    )
    assert [one.estimate for one in found.candidate.pass_k] == [1.0, 1.0, 1.0, 1.0]
    last = found.baseline.pass_k[-1]
    assert last.low is not None
    assert last.high is not None
    assert 0.0 < last.low < 0.25 < last.high
    assert (last.cases, last.clusters, found.pass_diff.estimate) == (20, 20, 0.75)


def test_pass_k_is_told_by_the_cases_that_were_scored_so_often() -> None:
    found = judged(["111", "11-", "0--", "010"] * 4, ["1--"] * 16).flakiness
    assert found is not None
    assert [one.cases for one in found.baseline.pass_k] == [16, 12, 8]
    assert len(found.candidate.pass_k) == 1
    assert found.pass_diff.estimate is None


@pytest.mark.proves("B-FLAKY")
def test_flaky_cases_stay_in_every_mean() -> None:
    found = judged(["110"] * 20, ["111"] * 20)
    assert found.comparisons[0].baseline.mean == pytest.approx(2 / 3)
    assert found.comparisons[0].diff.cases == 20


def test_without_repeats_or_without_correctness_nothing_is_said_of_flaky_cases() -> None:
    assert judged(["1"] * 9, ["0"] * 9, repeats=1).flakiness is None
    assert judged(["11"] * 9, ["01"] * 9, repeats=2, correct=None).flakiness is None


def test_cases_that_broke_and_cases_that_were_mended_are_counted_and_named() -> None:
    found = judged(["1"] * 6 + ["0"] * 6, ["0", "0"] + ["1"] * 5 + ["0"] * 5, repeats=1).changes
    assert found is not None
    assert (found.cases, found.broke, found.mended) == (12, 2, 1)
    assert found.broken_cases == ("c00000", "c00001")
    assert found.mended_cases == ("c00006",)
    assert found.diff.estimate == pytest.approx(-1 / 12)
    assert found.diff.low is not None
    assert found.diff.low < -1 / 12
    assert found.by == "quality ≥ 0.5"


def test_with_repeats_a_case_is_right_where_most_of_them_are() -> None:
    found = judged(["111", "110", "100", "11-"], ["110", "010", "011", "10-"]).changes
    assert found is not None
    assert (found.broken_cases, found.mended_cases) == (("c00001", "c00003"), ("c00002",))


def test_where_nothing_says_what_is_correct_a_case_breaks_where_quality_falls() -> None:
    found = judged(["1", "0", "1"] * 5, ["0", "1", "1"] * 5, repeats=1, correct=None).changes
    assert found is not None
    assert (found.by, found.broke, found.mended) == ("quality, higher or lower than before", 5, 5)


def test_a_case_without_a_value_on_one_arm_neither_broke_nor_was_mended() -> None:
    found = judged(["1", "0", "1"] * 4, ["-", "-", "1"] * 4, repeats=1).changes
    assert found is not None
    assert (found.cases, found.broke, found.mended) == (4, 0, 0)


def test_of_many_broken_cases_the_first_hundred_are_named_and_all_are_counted() -> None:
    found = judged(["1"] * 150, ["0"] * 150, repeats=1).changes
    assert found is not None
    assert (found.broke, len(found.broken_cases)) == (150, 100)


def test_claims_do_not_read_what_is_flaky() -> None:
    steady, shaky = ["111", "000"] * 20, ["110", "001"] * 20
    ruler = make_ruler(claim("quality", "not_worse", 0.4), specs=[QUALITY], repeats=3)
    scores: dict[Role, Sequence[Score]] = {"baseline": rows(steady), "candidate": rows(shaky)}
    found, _ = judge(ruler, make_cases(40), scores, lock=Lock())
    assert found.claims[0].interval.estimate == pytest.approx(0.0)
