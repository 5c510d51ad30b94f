"""Verdicts: what claims, rules, lock and a changed gate make of scores."""

import random
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.arena_scores import (
    QUALITY,
    WRONG,
    Values,
    claim,
    make_cases,
    make_ruler,
    make_scores,
)

from genaiops.arena.judge import judge
from genaiops.arena.model import Lock, Ruler
from genaiops.core import Case, Score, Verdict, decode, encode

NOT_WORSE = claim("quality", "not_worse", 0.05)
FEWER_WRONG = claim("wrong", "better", 0.05)


def verdict(
    ruler: Ruler, cases: Sequence[Case], baseline: Values, candidate: Values, **more: object
) -> Verdict:
    given = {"lock": Lock(), **more}
    return judge(ruler, cases, make_scores(baseline, candidate), **given)[0]  # type: ignore[arg-type]


def flips(count: int, ones: int) -> list[float]:
    """`ones` ones, spread over `count` cases."""
    return [float(index * ones % count < ones) for index in range(count)]


def test_a_clear_improvement_is_proven_and_passes() -> None:
    found = verdict(
        make_ruler(FEWER_WRONG), make_cases(60), {"wrong": flips(60, 36)}, {"wrong": flips(60, 6)}
    )
    (one,) = found.claims
    assert (found.outcome, one.decision) == ("pass", "proven")
    assert one.text == "wrong falls by more than 0.05"
    assert one.interval.estimate == -0.5
    assert one.needed is None
    assert found.headline == "Merge: everything that the gate asks for is shown. wrong 60 % → 10 %."
    assert decode(Verdict, encode(found)) == found


def test_a_clear_worsening_is_refuted_and_fails() -> None:
    found = verdict(
        make_ruler(FEWER_WRONG, NOT_WORSE),
        make_cases(60),
        {"wrong": flips(60, 12), "quality": [0.5] * 60},
        {"wrong": flips(60, 48), "quality": [0.5] * 60},
    )
    assert found.outcome == "fail"
    assert found.claims[0].refuted_after_holm
    assert found.headline.startswith("Do not merge: wrong 20 % → 80 %; it is not true that wrong falls")


def test_an_open_claim_says_how_many_clusters_would_settle_it() -> None:
    found = verdict(
        make_ruler(NOT_WORSE), make_cases(20), {"quality": flips(20, 10)}, {"quality": flips(20, 9)}
    )
    needed = found.claims[0].needed
    assert found.outcome == "inconclusive"
    assert needed is not None
    assert needed.planned is not None
    assert needed.planned > 20 == needed.have
    assert f"about {needed.planned} clusters of cases would settle it (20 are there)" in found.headline


def test_nothing_changed_is_not_worse_once_there_are_enough_cases_to_rule_out_bad_luck() -> None:
    outcomes = [
        verdict(make_ruler(NOT_WORSE), make_cases(count), same, same).outcome
        for count in (10, 40, 100)
        if (same := {"quality": flips(count, count // 2)})
    ]
    assert outcomes == ["inconclusive", "inconclusive", "pass"]


def test_a_handful_of_ties_refutes_nothing() -> None:
    same = {"wrong": [1.0] * 9}
    found = verdict(make_ruler(FEWER_WRONG), make_cases(9), same, same)
    assert (found.outcome, found.claims[0].decision) == ("inconclusive", "open")


def test_the_pseudo_case_stands_in_decided_on_and_not_in_the_interval_shown() -> None:
    same = {"quality": [0.5] * 60}
    (one,) = verdict(make_ruler(NOT_WORSE), make_cases(60), same, same).claims
    assert (one.interval.low, one.interval.high) == (0.0, 0.0)
    assert one.decided_on.low is not None
    assert one.decided_on.low < -0.02
    assert one.decided_on.estimate == 0.0


def test_fewer_than_eight_clusters_decide_nothing() -> None:
    found = verdict(make_ruler(FEWER_WRONG), make_cases(70, 10), {"wrong": [1.0] * 70}, {"wrong": [0.0] * 70})
    assert found.outcome == "inconclusive"
    assert "at least 8 are needed" in found.headline


def test_a_bound_that_is_met_exactly_stays_open() -> None:
    before, after = {"latency_ms": [100.0] * 20}, {"latency_ms": [95.0] * 20}
    (one,) = verdict(make_ruler(claim("latency_ms", "better", 5.0)), make_cases(20), before, after).claims
    assert one.decision == "open"
    (one,) = verdict(make_ruler(claim("latency_ms", "better", 4.9)), make_cases(20), before, after).claims
    assert one.decision == "proven"
    assert "rare breakdown" in one.note


@pytest.mark.parametrize(("lost", "outcome"), [(0, "pass"), (2, "pass"), (3, "inconclusive")])
@pytest.mark.parametrize("side", [0, 1])
def test_more_than_one_percent_missing_on_either_side_leaves_a_claim_open(
    lost: int, outcome: str, side: int
) -> None:
    columns: list[list[float | None]] = [[*flips(200, 150)], [*flips(200, 20)]]
    columns[side][:lost] = [None] * lost
    found = verdict(make_ruler(FEWER_WRONG), make_cases(200), {"wrong": columns[0]}, {"wrong": columns[1]})
    assert found.outcome == outcome
    assert ("1.5% of the rows are missing" in found.headline) == (outcome == "inconclusive")


def test_a_refutation_must_hold_after_holm() -> None:
    draw = random.Random(3)
    before = {"quality": [0.5] * 40, "wrong": [0.0] * 40}
    after = {"quality": [0.42 + 0.1 * draw.gauss(0, 1.2) for _ in range(40)], "wrong": [0.0] * 40}
    after["quality"] = [min(1.0, max(0.0, value)) for value in after["quality"]]
    alone = verdict(make_ruler(NOT_WORSE), make_cases(40), before, after)
    p = alone.claims[0].p_refuted
    assert p is not None
    alpha = min(0.4, 1.5 * p)
    assert verdict(make_ruler(NOT_WORSE, alpha=alpha), make_cases(40), before, after).outcome == "fail"
    fillers = [claim("wrong", "not_worse", 0.05 + 0.01 * index) for index in range(3)]
    crowd = verdict(make_ruler(NOT_WORSE, *fillers, alpha=alpha), make_cases(40), before, after)
    assert crowd.claims[0].decision == "refuted"
    assert not crowd.claims[0].refuted_after_holm
    assert crowd.outcome == "inconclusive"


@pytest.mark.parametrize(
    ("scorer", "hits", "bound", "decision"),
    [
        ("quality", 95, 0.8, "proven"),
        ("quality", 60, 0.8, "refuted"),
        ("quality", 82, 0.8, "open"),
        ("wrong", 5, 0.2, "proven"),
        ("wrong", 40, 0.2, "refuted"),
    ],
)
def test_at_least_reads_the_candidate_alone_and_means_at_most_where_lower_is_better(
    scorer: str, hits: int, bound: float, decision: str
) -> None:
    values = {scorer: flips(100, hits)}
    found = verdict(make_ruler(claim(scorer, "at_least", bound)), make_cases(100), values, values)
    assert found.claims[0].decision == decision
    assert found.claims[0].interval.estimate == hits / 100


def test_at_least_for_values_that_are_no_rate_is_guarded_too() -> None:
    same = {"quality": [0.7] * 9}
    (one,) = verdict(make_ruler(claim("quality", "at_least", 0.69)), make_cases(9), same, same).claims
    assert one.decision == "open"


def test_a_claim_on_a_slice_reads_that_slice_only() -> None:
    cases = make_cases(80, topic=["a", "b"])
    before, after = {"wrong": [1.0, 0.0] * 40}, {"wrong": [0.0, 1.0] * 40}
    ruler = make_ruler(claim("wrong", "better", 0.05, "topic=a"), slices=["tags.topic"])
    assert verdict(ruler, cases, before, after).outcome == "pass"
    ruler = make_ruler(claim("wrong", "better", 0.05, "topic=b"), slices=["tags.topic"])
    assert verdict(ruler, cases, before, after).outcome == "fail"


@pytest.mark.parametrize(
    ("rule", "outcome"),
    [
        ("ratio.cost_usd.mean.high <= 1.2", "pass"),
        ("ratio.cost_usd.mean.high <= 1.0", "fail"),
        ("ratio.latency_ms.mean.high <= 1.0", "inconclusive"),
    ],
)
def test_rules_must_be_true_and_an_unknown_fact_decides_nothing(rule: str, outcome: str) -> None:
    draw = random.Random(1)
    cost = [draw.uniform(1, 2) for _ in range(60)]
    before = {"wrong": flips(60, 50), "cost_usd": cost}
    after = {"wrong": flips(60, 5), "cost_usd": [1.1 * value for value in cost]}
    found = verdict(make_ruler(FEWER_WRONG, rules=[rule]), make_cases(60), before, after)
    assert found.outcome == outcome
    assert rule in found.headline or outcome == "pass"


GOOD: tuple[Values, Values] = ({"wrong": flips(60, 50)}, {"wrong": flips(60, 5)})
BAD: tuple[Values, Values] = GOOD[1], GOOD[0]


@pytest.mark.parametrize(
    ("values", "on_change", "outcome", "words"),
    [
        (
            GOOD,
            "review",
            "inconclusive",
            "Gate changed: a person has to review that; by this gate the change passes",
        ),
        (GOOD, "fail", "fail", "the gate changed in this diff"),
        (BAD, "review", "fail", "Gate changed. Do not merge"),
    ],
)
def test_a_changed_gate_is_never_passed_by_itself(
    values: tuple[Values, Values], on_change: str, outcome: str, words: str
) -> None:
    ruler = make_ruler(FEWER_WRONG, on_change=on_change)
    found = verdict(ruler, make_cases(60), *values, gate_changed=True)
    assert (found.outcome, found.gate_changed) == (outcome, True)
    assert words in found.headline


@pytest.mark.parametrize(
    ("asked", "state", "outcome"),
    [
        ("none", "none", "pass"),
        ("base", "self", "inconclusive"),
        ("base", "base", "pass"),
        ("base", "hub", "pass"),
        ("hub", "base", "inconclusive"),
    ],
)
def test_a_lock_that_the_gate_asks_for_must_be_there(asked: str, state: str, outcome: str) -> None:
    ruler = make_ruler(FEWER_WRONG, require_lock=asked)
    found = verdict(ruler, make_cases(60), *GOOD, lock=Lock(state=state))  # type: ignore[arg-type]
    assert found.outcome == outcome
    assert found.lock == state


def test_an_implied_gate_and_repeated_attempts_are_said_aloud() -> None:
    same = {"quality": [0.5] * 60}
    lock = Lock(attempts=3, verdicts_on_dataset=21)
    notes = verdict(make_ruler(NOT_WORSE, implied=True), make_cases(60), same, same, lock=lock).notes
    assert [note.split(":")[0] for note in notes] == [
        "the suite states no gate; this one is implied",
        "attempt 3 of this app on this suite",
        "21 verdicts were made on this dataset",
    ]


def test_the_cost_of_a_correct_answer_counts_all_costs_and_right_answers_only() -> None:
    draw = random.Random(1)
    cost = [draw.uniform(1, 2) for _ in range(60)]
    found = verdict(
        make_ruler(NOT_WORSE),
        make_cases(60),
        {"quality": flips(60, 20), "cost_usd": cost},
        {"quality": flips(60, 40), "cost_usd": cost},
    ).cost_per_correct
    assert found is not None
    assert found.baseline_usd == pytest.approx(sum(cost) / 20)
    assert found.candidate_usd == pytest.approx(sum(cost) / 40)
    assert found.ratio is not None
    assert found.ratio.estimate == pytest.approx(0.5)
    assert found.ratio.low is not None
    assert found.ratio.high is not None
    assert found.ratio.low < 0.5 < found.ratio.high


@pytest.mark.parametrize(
    ("cost", "right", "reason"),
    [
        ([None] * 20, 10, "no case has a known cost"),
        ([None, *[1.0] * 19], 10, "5.0% of the rows are missing"),
        ([1.0] * 20, 0, "no correct answer"),
        ([0.0] * 20, 10, "a price is 0"),
    ],
)
def test_a_cost_that_is_not_known_is_not_made_up(cost: list[float | None], right: int, reason: str) -> None:
    values: Values = {"quality": flips(20, right), "cost_usd": cost}
    found = verdict(make_ruler(NOT_WORSE), make_cases(20), values, values).cost_per_correct
    assert found is not None
    assert found.ratio is None
    assert reason in found.reason


UNIT = st.sampled_from([0.0, 0.25, 0.5, 1.0])
PAIRS = st.lists(st.tuples(UNIT, UNIT), min_size=8, max_size=60)
ORDER = {"fail": 0, "inconclusive": 1, "pass": 2}


@given(PAIRS, st.integers(1, 20), st.sampled_from(["better", "not_worse", "at_least"]))
@settings(max_examples=60, deadline=None)
def test_a_missing_row_more_never_makes_a_pass(
    pairs: list[tuple[float, float]], more: int, kind: str
) -> None:
    ruler = make_ruler(claim("quality", kind, 0.2), specs=[QUALITY])
    before, after = ([*column] for column in zip(*pairs, strict=True))
    plain = verdict(ruler, make_cases(len(pairs)), {"quality": before}, {"quality": after})
    lost = [None] * more
    found = verdict(
        ruler, make_cases(len(pairs) + more), {"quality": [*before, *lost]}, {"quality": [*after, *lost]}
    )
    assert found.outcome != "pass" or plain.outcome == "pass"


@given(PAIRS, st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_a_verdict_does_not_depend_on_the_order_of_anything(
    pairs: list[tuple[float, float]], shuffle: random.Random
) -> None:
    before, after = ([*column] for column in zip(*pairs, strict=True))
    cases = list(make_cases(len(pairs), 2))
    scores = make_scores({"quality": before, "cost_usd": after}, {"quality": after, "cost_usd": before})
    ruler = make_ruler(NOT_WORSE, rules=["ratio.cost_usd.mean.est < 1.5"])
    straight = judge(ruler, cases, scores, lock=Lock())
    shuffle.shuffle(cases)
    for rows in scores.values():
        shuffle.shuffle(rows)
    assert judge(ruler, cases, dict(reversed(scores.items())), lock=Lock()) == straight


@given(st.lists(st.sampled_from([0.0, 1.0]), min_size=10, max_size=40), st.integers(0, 9))
@settings(max_examples=40, deadline=None)
def test_an_answer_that_turns_wrong_never_helps(values: list[float], at: int) -> None:
    ruler = make_ruler(claim("wrong", "not_worse", 0.3), specs=[WRONG])
    before = {"wrong": [0.5] * len(values)}
    worse = [*values]
    worse[at] = 1.0
    cases = make_cases(len(values))
    first, second = (verdict(ruler, cases, before, {"wrong": column}) for column in (values, worse))
    assert ORDER[second.outcome] <= ORDER[first.outcome]


def test_a_change_that_changes_nothing_seldom_passes_as_better() -> None:
    draw = random.Random(20261123)
    cases = make_cases(40, 2)
    ruler = make_ruler(claim("wrong", "better", 0.0), specs=[WRONG], alpha=0.1)
    tries, passed = 300, 0
    for _ in range(tries):
        hard = [draw.random() for _ in range(20) for _ in range(2)]
        columns = [{"wrong": [float(draw.random() < p) for p in hard]} for _ in range(2)]
        passed += verdict(ruler, cases, *columns).outcome == "pass"
    assert passed / tries <= 0.1 + 3 * (0.1 * 0.9 / tries) ** 0.5


def test_every_score_counts_whatever_its_repeat() -> None:
    cases = make_cases(30)
    rows = [
        Score(scorer="wrong", case=case.id, repeat=repeat, value=1.0) for case in cases for repeat in (0, 1)
    ]
    fewer = [
        Score(scorer="wrong", case=case.id, repeat=repeat, value=0.0) for case in cases for repeat in (0, 1)
    ]
    ruler = make_ruler(FEWER_WRONG, specs=[WRONG], repeats=2)
    assert judge(ruler, cases, {"baseline": rows, "candidate": fewer}, lock=Lock())[0].outcome == "pass"
    half = judge(ruler, cases, {"baseline": rows, "candidate": fewer[:40]}, lock=Lock())[0]
    assert half.outcome == "inconclusive"
