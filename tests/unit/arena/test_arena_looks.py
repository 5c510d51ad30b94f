"""A sequential run's looks: when they are, what they read, why a run stops, what the verdict says of it."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from tests.support.arena_scores import claim, make_cases, make_ruler, make_scores

from genaiops.arena.judge import judge
from genaiops.arena.looks import plan_looks, prefixes
from genaiops.arena.model import Lock, Looks, Role, Ruler, Suite
from genaiops.arena.schedule import in_order, schedule
from genaiops.arena.suites import suite_digest
from genaiops.core import Case, Score, UserError, Verdict, decode, encode

SEED = "seed"
NOT_WORSE = claim("quality", "not_worse", 0.05)
BETTER = claim("quality", "better", 0.1)


def suite(ruler: Ruler, cases: Sequence[Case]) -> Suite:
    return Suite(ruler=ruler, cases=tuple(cases), digest=suite_digest(ruler))


def prefix(cases: Sequence[Case], clusters: int) -> set[str]:
    """The cases of the first clusters in the seeded order."""
    order = in_order(cases, SEED)
    first = list(dict.fromkeys(case.cluster for case in order))[:clusters]
    return {case.id for case in order if case.cluster in first}


def judged(
    ruler: Ruler,
    cases: Sequence[Case],
    after: Sequence[float],
    asked: int | None = None,
    looks: Looks | None = None,
) -> Verdict:
    """The verdict where the baseline scores ½ everywhere, on the cases of the first `asked` clusters; else on
    those that a run asks until a look stops it."""
    planned = looks or plan_looks(suite(ruler, cases), SEED)[0]
    assert planned is not None
    names = [spec.name for spec in ruler.specs if spec.name in ("quality", "wrong")]
    values = make_scores(dict.fromkeys(names, [0.5] * len(cases)), dict.fromkeys(names, after))

    def until(clusters: int) -> dict[Role, list[Score]]:
        inside = prefix(cases, clusters)
        return {role: [score for score in found if score.case in inside] for role, found in values.items()}

    if asked is None:
        cut = prefixes(ruler, cases, planned, SEED)
        stops = (cut.take(number, until(n))[2] for number, n in enumerate(planned.clusters))
        asked = next(n for n, stop in zip(planned.clusters, stops, strict=True) if stop is not None)
    return judge(ruler, cases, until(asked), lock=Lock(), looks=planned, seed=SEED)[0]


def noisy(count: int, shift: float, seed: int = 3) -> list[float]:
    rng = np.random.default_rng(seed)
    return np.clip(0.5 + shift + 0.15 * rng.standard_normal(count), 0.0, 1.0).tolist()


def test_a_run_looks_five_times_after_whole_clusters_of_the_order_in_which_cases_are_asked() -> None:
    cases = make_cases(100, 2)
    looks, why = plan_looks(suite(make_ruler(BETTER), cases), SEED)
    assert looks == Looks(clusters=(10, 20, 30, 40, 50), spending="obrien_fleming")
    assert why == ""
    asked = dict.fromkeys(step.case.id for step in schedule(cases, 1, SEED))
    assert list(asked) == [case.id for case in in_order(cases, SEED)]


@pytest.mark.proves("B-SEQUENTIAL")
def test_a_large_gain_is_proven_early_and_the_verdict_says_so() -> None:
    cases = make_cases(200, 2)
    found = judged(make_ruler(BETTER), cases, noisy(200, 0.35), asked=40)
    assert found.outcome == "pass"
    assert found.sequential is not None
    assert (found.sequential.stopped, len(found.sequential.looks), found.sequential.planned) == (
        "decided",
        2,
        5,
    )
    assert (found.sequential.cases, found.sequential.saved) == (80, 120)
    assert [look.claims[0].decision for look in found.sequential.looks] == ["open", "proven"]
    assert found.claims[0].interval.cases == 80
    assert found.notes[0].startswith(
        "sequential: stopped early, every claim is decided, at look 2 of 5; 80 cases"
    )
    assert decode(Verdict, encode(found)) == found


def test_limits_at_a_look_are_wider_than_those_of_a_run_without_looks() -> None:
    cases, after = make_cases(200, 2), noisy(200, 0.35)
    found = judged(make_ruler(BETTER), cases, after, asked=40)
    inside = [case for case in cases if case.id in prefix(cases, 40)]
    scores = make_scores({"quality": [0.5] * 200}, {"quality": after})
    mine = {
        role: [one for one in rows if one.case in {case.id for case in inside}]
        for role, rows in scores.items()
    }
    plain = judge(make_ruler(BETTER), inside, mine, lock=Lock())[0].claims[0].interval
    looked = found.claims[0].interval
    assert looked.estimate == plain.estimate
    assert (looked.low or 0.0) < (plain.low or 0.0)
    assert (looked.high or 0.0) > (plain.high or 0.0)


def test_a_refuted_claim_stops_the_run_though_another_is_open() -> None:
    cases = make_cases(200, 2)
    ruler = make_ruler(NOT_WORSE, claim("wrong", "at_least", 0.99))
    after = noisy(200, -0.3)
    found = judged(ruler, cases, after, asked=40)
    assert found.outcome == "fail"
    assert found.sequential is not None
    assert found.sequential.stopped == "refuted"
    assert found.claims[0].refuted_after_holm


def test_a_claim_without_prospect_stops_the_run_undecided() -> None:
    cases = make_cases(200, 2)
    found = judged(make_ruler(claim("quality", "better", 0.05)), cases, noisy(200, 0.04, 8))
    assert found.outcome == "inconclusive"
    assert found.sequential is not None
    assert found.sequential.stopped == "futile"
    last = found.sequential.looks[-1].claims[0]
    assert last.decision == "futile"
    assert last.chance is not None
    assert last.chance < 0.1
    assert last.chance_refuted is not None
    assert last.chance_refuted < 0.5
    assert found.claims[0].needed is not None
    assert found.claims[0].needed.have == 100, "what the suite has, not what was asked"


def test_a_claim_that_will_more_likely_than_not_be_refuted_is_asked_until_it_is() -> None:
    cases = make_cases(200, 2)
    found = judged(make_ruler(claim("quality", "better", 0.05)), cases, noisy(200, 0.0, 8))
    assert found.outcome == "fail"
    assert found.sequential is not None
    assert found.sequential.stopped == "refuted"
    earlier = [look.claims[0] for look in found.sequential.looks[:-1]]
    assert any(one.chance is not None and one.chance < 0.1 for one in earlier), "it would have been futile"
    assert "futile" not in {one.decision for one in earlier}


def test_a_claim_that_is_refuted_by_itself_is_asked_on_though_the_other_has_no_prospect() -> None:
    ruler = make_ruler(NOT_WORSE, claim("quality", "not_worse", 0.09))
    found = judged(ruler, make_cases(200, 2), noisy(200, -0.1, 8))
    assert (found.outcome, [one.decision for one in found.claims]) == ("fail", ["refuted", "open"])
    assert found.sequential is not None
    looks = [[one.decision for one in look.claims] for look in found.sequential.looks]
    assert ["refuted", "futile"] in looks[:-1]


def test_a_run_that_nothing_stops_is_judged_on_the_whole_suite_with_nearly_the_whole_level() -> None:
    cases = make_cases(200, 2)
    found = judged(make_ruler(claim("quality", "better", 0.05)), cases, noisy(200, 0.075, 5))
    assert found.sequential is not None
    assert (found.sequential.stopped, found.sequential.saved, len(found.sequential.looks)) == (
        "complete",
        0,
        5,
    )
    levels = [look.claims[0].level for look in found.sequential.looks]
    assert levels == sorted(levels)
    assert 0.04 < levels[-1] < 0.05


def test_arms_that_agree_on_every_case_are_decided_on_the_whole_suite_only() -> None:
    found = judged(make_ruler(NOT_WORSE), make_cases(400, 2), [0.5] * 400)
    assert found.sequential is not None
    decisions = [look.claims[0].decision for look in found.sequential.looks]
    assert decisions == ["open", "open", "open", "open", "proven"]
    assert {look.claims[0].chance for look in found.sequential.looks} == {None}


def test_a_first_case_that_differs_lets_a_look_decide() -> None:
    after = [0.45] + [0.5] * 399
    ruler = make_ruler(NOT_WORSE)
    found = judged(ruler, make_cases(400, 2), after)
    assert found.sequential is not None
    assert found.sequential.stopped == "decided"


def test_a_claim_on_a_slice_spends_by_the_cases_of_its_slice() -> None:
    cases = [
        replace(case, tags={"topic": "a" if index < 33 else "b"})
        for index, case in enumerate(make_cases(200))
    ]
    ruler = make_ruler(replace(BETTER, slice="topic=a"), BETTER, slices=["tags.topic"])
    looks, _ = plan_looks(suite(ruler, cases), SEED)
    assert looks is not None
    found = judged(ruler, cases, noisy(200, 0.07, 4))
    assert found.sequential is not None
    first = found.sequential.looks[0]
    inside = sum(case.tags["topic"] == "a" for case in cases if case.id in prefix(cases, first.clusters))
    assert inside / 33 != first.cases / 200
    assert first.claims[0].level != first.claims[1].level


def test_refutations_of_several_claims_are_corrected_by_holm_at_the_level_of_the_look() -> None:
    cases = make_cases(60, 2)
    one = judged(make_ruler(NOT_WORSE), cases, noisy(60, -0.16, 2), looks=Looks(clusters=(30,)))
    p = one.claims[0].p_refuted
    assert p is not None
    alpha = 1.3 * p
    assert (
        judged(make_ruler(NOT_WORSE, alpha=alpha), cases, noisy(60, -0.16, 2), looks=Looks(clusters=(30,)))
        .claims[0]
        .refuted_after_holm
    )
    both = judged(
        make_ruler(NOT_WORSE, claim("wrong", "better", 0.0), alpha=alpha),
        cases,
        noisy(60, -0.16, 2),
        looks=Looks(clusters=(30,)),
    )
    assert not both.claims[0].refuted_after_holm


def test_rules_are_read_once_where_the_run_stops() -> None:
    cases = make_cases(200, 2)
    ruler = make_ruler(BETTER, rules=["candidate.quality.n <= 80"])
    found = judged(ruler, cases, noisy(200, 0.35), asked=40)
    assert found.rules[0].facts == {"candidate.quality.n": 80.0}
    assert "the rules were read once, on the 80 cases asked until then" in found.notes


@pytest.mark.proves("B-BAD-SEQUENTIAL-ONCE")
@pytest.mark.parametrize(
    ("ruler", "cases", "why"),
    [
        (make_ruler(BETTER), make_cases(40, 5), "8 clusters, worth 8 equal ones, are too few"),
        (make_ruler(rules=["candidate.quality.n > 1"]), make_cases(100), "the gate makes no claim"),
        (make_ruler(claim("latency_ms", "not_worse", 50)), make_cases(100), "latency drifts"),
        (make_ruler(BETTER, rules=["ratio.latency_ms.mean.high < 1.1"]), make_cases(100), "latency drifts"),
    ],
)
def test_a_suite_that_looks_would_not_serve_runs_in_one_and_is_told_why(
    ruler: Ruler, cases: Sequence[Case], why: str
) -> None:
    looks, said = plan_looks(suite(ruler, cases), SEED)
    assert looks is None
    assert why in said


@pytest.mark.proves("B-BAD-SEQUENTIAL-BUNDLE")
@pytest.mark.parametrize("clusters", [(20, 10, 100), (50,), (10, 20, 30, 40, 50, 100), (), (0, 100)], ids=str)
def test_looks_that_do_not_fit_the_suite_are_refused(clusters: tuple[int, ...]) -> None:
    with pytest.raises(UserError, match="do not fit its suite"):
        judged(
            make_ruler(BETTER), make_cases(200, 2), noisy(200, 0.3), asked=100, looks=Looks(clusters=clusters)
        )


@pytest.mark.proves("B-BAD-SEQUENTIAL-BUNDLE")
def test_scores_beyond_the_look_that_decides_are_refused() -> None:
    with pytest.raises(UserError, match="the run stops before them"):
        judged(make_ruler(BETTER), make_cases(200, 2), noisy(200, 0.35), asked=60)


@pytest.mark.proves("B-BAD-SEQUENTIAL-BUNDLE")
def test_a_run_that_ends_before_anything_stops_it_is_open_for_want_of_rows() -> None:
    found = judged(make_ruler(BETTER), make_cases(200, 2), noisy(200, 0.35), asked=20)
    assert found.outcome == "inconclusive"
    assert "missing" in found.claims[0].note


def test_a_look_reads_nothing_of_the_cases_after_it() -> None:
    cases = make_cases(200, 2)
    after = noisy(200, 0.35)
    inside = prefix(cases, 40)
    other = [value if case.id in inside else 0.0 for case, value in zip(cases, after, strict=True)]
    one, two = (judged(make_ruler(BETTER), cases, values, asked=40) for values in (after, other))
    assert one == two


def test_a_missing_row_holds_a_claim_open_at_a_look_and_is_not_called_futile() -> None:
    cases = make_cases(200, 2)
    ruler = make_ruler(BETTER)
    scores = make_scores({"quality": [0.5] * 200}, {"quality": noisy(200, 0.35)})
    scores["candidate"] = [
        Score(scorer=one.scorer, case=one.case, value=None, status="failed") if index % 20 == 0 else one
        for index, one in enumerate(scores["candidate"])
    ]
    looks, _ = plan_looks(suite(ruler, cases), SEED)
    found, _ = judge(ruler, cases, scores, lock=Lock(), looks=looks, seed=SEED)
    assert found.sequential is not None
    assert {look.claims[0].decision for look in found.sequential.looks} == {"open"}
