"""Claims on a judge: marked as its word, and corrected by people's labels of a drawn sample."""

import math
import random
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from tests.support.arena_labels import (
    HELPFUL,
    SEED,
    by_case,
    drawn_labels,
    judge_scores,
    judged_ruler,
    label,
)
from tests.support.arena_scores import claim, make_cases
from tests.unit.arena.arena_sample import sample_run

from genaiops.arena.drawing import draw_order
from genaiops.arena.judge import judge
from genaiops.arena.labelled import with_labels
from genaiops.arena.looks import plan_looks
from genaiops.arena.model import Label, Lock, Quarantined, Ruler, Suite
from genaiops.arena.scale import rubric_digest
from genaiops.core import Case, ClaimResult, UserError, Verdict, decode, encode
from genaiops.stats import corrected_mean

BETTER = claim("helpful", "better", 0.0)
NOT_WORSE = claim("helpful", "not_worse", 0.05)
RNG = random.Random(20261125)
COUNT = 200
BEFORE = [float(RNG.random() < 0.5) for _ in range(COUNT)]
AFTER = [float(RNG.random() < 0.7) for _ in range(COUNT)]
SCORES = judge_scores(BEFORE, AFTER)
TRUTH = by_case(BEFORE, AFTER)
CASES = make_cases(COUNT)


def verdict(ruler: Ruler, labels: Sequence[Label], cases: Sequence[Case] = CASES) -> Verdict:
    return judge(ruler, cases, SCORES, lock=Lock(), seed=SEED, labels=labels)[0]


def only(ruler: Ruler, labels: Sequence[Label], cases: Sequence[Case] = CASES) -> ClaimResult:
    (one,) = verdict(ruler, labels, cases).claims
    return one


@pytest.mark.proves("B-CLAIM-AS-JUDGED")
def test_a_claim_on_a_judge_is_marked_as_judged_by_its_model() -> None:
    found = verdict(judged_ruler(BETTER), [])
    (one,) = found.claims
    assert one.text == "helpful rises, as judged by local:qwen3-8b"
    assert one.judged_by is not None
    assert (one.judged_by.judge, one.judged_by.labelled, one.judged_by.raw) == ("helpful", 0, None)
    assert one.decision == "proven"
    assert found.headline.endswith("helpful 0.49 → 0.72, as judged by local:qwen3-8b.")
    assert decode(Verdict, encode(found)) == found


@pytest.mark.proves("B-CLAIM-AS-JUDGED")
def test_forty_nine_labelled_cases_change_no_decision_and_the_claim_says_what_sample_would() -> None:
    labels = drawn_labels(SCORES, by_case([1.0] * COUNT, [0.0] * COUNT), 49)
    one, raw = only(judged_ruler(BETTER), labels), only(judged_ruler(BETTER), [])
    assert (one.interval, one.decision, one.text) == (raw.interval, raw.decision, raw.text)
    assert one.judged_by is not None
    assert (one.judged_by.labelled, one.judged_by.labels, one.judged_by.sample) == (49, 98, 50)


@pytest.mark.proves("B-CLAIM-CORRECTED")
def test_from_fifty_labelled_cases_on_the_claim_is_decided_on_people_with_the_judge_s_help() -> None:
    same = by_case(BEFORE, BEFORE)
    labels = drawn_labels(SCORES, same, 60)
    one = only(judged_ruler(BETTER), labels)
    raw = only(judged_ruler(BETTER), [])
    assert one.text == "helpful rises, corrected by 120 labels of people"
    assert one.judged_by is not None
    assert one.judged_by.raw == raw.interval
    assert (one.judged_by.labelled, one.judged_by.sample) == (60, None)
    told = set(draw_order(SCORES, "helpful", SEED)[:60])
    expected = corrected_mean(
        [0.0 if case.id in told else None for case in CASES],
        [after - before for after, before in zip(AFTER, BEFORE, strict=True)],
        list(range(COUNT)),
        0.05,
        least=-1.0,
        greatest=1.0,
    )
    assert one.decided_on.low == pytest.approx(expected.low, abs=1e-9)
    assert one.interval.estimate == 0.0
    assert (one.decision, one.interval.cases) == ("open", 60)
    assert one.needed is None
    assert "not planned" in one.note


@pytest.mark.proves("B-CLAIM-CORRECTED")
def test_labels_that_agree_with_the_judge_prove_what_it_proves() -> None:
    found = verdict(judged_ruler(BETTER), drawn_labels(SCORES, TRUTH, 100))
    assert found.outcome == "pass"
    estimate = found.claims[0].interval.estimate
    assert estimate == pytest.approx(sum(AFTER) / COUNT - sum(BEFORE) / COUNT)
    assert f"helpful +{estimate:.2f}, corrected by 200 labels of people." in found.headline


@pytest.mark.proves("B-CLAIM-CORRECTED")
def test_people_can_refute_what_the_judge_proves() -> None:
    found = verdict(judged_ruler(NOT_WORSE), drawn_labels(SCORES, by_case([1.0] * COUNT, [0.0] * COUNT), 60))
    assert (found.outcome, found.claims[0].refuted_after_holm) == ("fail", True)
    assert found.headline.startswith("Do not merge: helpful −1.00; it is not true that helpful falls by less")
    assert found.comparisons[0].diff.estimate == pytest.approx(0.22, abs=0.05), "the facts stay the judge's"


@pytest.mark.proves("B-CLAIM-CORRECTED")
def test_at_least_is_decided_on_the_candidate_s_labels_with_both_ends_of_the_scale_as_pseudo_cases() -> None:
    ruler = judged_ruler(claim("helpful", "at_least", 0.5))
    one = only(ruler, drawn_labels(SCORES, by_case([0.0] * COUNT, [1.0] * COUNT), 60))
    assert (one.decision, one.interval.estimate, one.interval.low) == ("proven", 1.0, 1.0)
    assert one.decided_on.low is not None
    assert one.decided_on.low < 0.99
    low = only(ruler, drawn_labels(SCORES, by_case([1.0] * COUNT, [0.0] * COUNT), 60))
    assert low.decision == "refuted"


def test_several_people_of_one_answer_are_averaged() -> None:
    once = drawn_labels(SCORES, by_case([0.0] * COUNT, [0.5] * COUNT), 60)
    two = [
        *drawn_labels(SCORES, by_case([0.0] * COUNT, [1.0] * COUNT), 60),
        *drawn_labels(SCORES, by_case([0.0] * COUNT, [0.0] * COUNT), 60, author="bob"),
    ]
    one, both = only(judged_ruler(BETTER), once), only(judged_ruler(BETTER), two)
    assert both.interval == one.interval
    assert both.judged_by is not None
    assert both.judged_by.labels == 240


def test_what_a_person_says_of_a_pair_is_one_label_though_it_stands_on_both_arms() -> None:
    pair = replace(HELPFUL, form="pair", scale=())
    labels = drawn_labels(SCORES, by_case([0.0] * COUNT, [1.0] * COUNT), 60)
    asked = [replace(one, annotation=replace(one.annotation, version=rubric_digest(pair))) for one in labels]
    assert (
        only(judged_ruler(BETTER, judge=pair), asked).text
        == "helpful rises, corrected by 60 labels of people"
    )


def test_a_slice_is_corrected_once_fifty_of_its_own_cases_are_labelled() -> None:
    cases = make_cases(COUNT, lang=["de", "en", "en", "en"])
    ruler = judged_ruler(claim("helpful", "better", 0.0, "lang=en"), slices=["tags.lang"])
    few = only(ruler, drawn_labels(SCORES, TRUTH, 55), cases)
    assert few.judged_by is not None
    assert few.judged_by.labelled < 50
    needed = few.judged_by.sample
    assert needed is not None
    enough = only(ruler, drawn_labels(SCORES, TRUTH, needed), cases)
    assert enough.judged_by is not None
    assert (enough.judged_by.labelled, enough.interval.cases) == (50, 50)
    one_less = only(ruler, drawn_labels(SCORES, TRUTH, needed - 1), cases)
    assert one_less.judged_by is not None
    assert one_less.judged_by.raw is None


def test_a_slice_of_fewer_than_fifty_cases_stays_as_judged_and_names_no_sample() -> None:
    cases = make_cases(COUNT, lang=["de"] + ["en"] * 9)
    ruler = judged_ruler(claim("helpful", "better", 0.0, "lang=de"), slices=["tags.lang"])
    one = only(ruler, drawn_labels(SCORES, TRUTH, COUNT), cases)
    assert one.judged_by is not None
    assert (one.judged_by.labelled, one.judged_by.sample, one.judged_by.raw) == (20, None, None)


@pytest.mark.proves("B-BAD-LABELS-PICKED")
def test_labels_of_cases_that_were_picked_by_hand_are_refused_and_the_first_gap_named() -> None:
    order = draw_order(SCORES, "helpful", SEED)
    labels = drawn_labels(SCORES, TRUTH, 60)
    gap = [one for one in labels if one.case != order[7]]
    with pytest.raises(UserError, match=f"picked by hand: case {order[7]!r}.*no label on the baseline"):
        verdict(judged_ruler(BETTER), gap)
    half = [one for one in labels if (one.role, one.case) != ("candidate", order[59])]
    with pytest.raises(UserError, match=f"case {order[59]!r}.*no label on the candidate"):
        verdict(judged_ruler(BETTER), half)
    with pytest.raises(UserError, match="picked by hand"):
        judge(judged_ruler(BETTER), CASES, SCORES, lock=Lock(), seed="another", labels=labels)


@pytest.mark.proves("B-BAD-LABELS-PICKED")
def test_a_label_of_a_case_that_the_judge_could_not_grade_is_no_part_of_a_sample() -> None:
    scores = judge_scores([None, *BEFORE[1:]], AFTER)
    labels = drawn_labels(scores, TRUTH, COUNT - 1)
    strange = [*labels, *[label(role, "c00000", 1.0) for role in ("baseline", "candidate")]]
    with pytest.raises(UserError, match="case 'c00000' could not be drawn"):
        judge(judged_ruler(BETTER), CASES, scores, lock=Lock(), seed=SEED, labels=strange)


@pytest.mark.proves("B-BAD-LABELS-UNFIT")
@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"name": "polite"}, "no judge of that name"),
        ({"value": math.nan}, "between 0 and 1"),
        ({"value": 1.5}, "between 0 and 1"),
        ({"value": None}, "between 0 and 1"),
        ({"by": "model"}, "corrected by people only"),
        ({"version": "sha256:0"}, "another rubric"),
    ],
)
def test_a_label_that_does_not_fit_is_refused_by_name(changes: dict[str, object], why: str) -> None:
    first, *rest = drawn_labels(SCORES, TRUTH, 60)
    strange = replace(first, annotation=replace(first.annotation, **changes))  # type: ignore[arg-type]
    with pytest.raises(UserError, match=f"of the baseline of case '{first.case}' by ann") as caught:
        verdict(judged_ruler(BETTER), [strange, *rest])
    assert caught.value.why is not None
    assert why in caught.value.why


@pytest.mark.proves("B-BAD-LABELS-UNFIT")
def test_an_unknown_case_and_a_person_s_second_label_of_an_answer_are_refused() -> None:
    labels = drawn_labels(SCORES, TRUTH, 60)
    with pytest.raises(UserError, match="case 'nobody'"):
        verdict(judged_ruler(BETTER), [*labels, label("baseline", "nobody", 1.0)])
    with pytest.raises(UserError) as caught:
        verdict(judged_ruler(BETTER), [*labels, labels[0]])
    assert caught.value.why == "ann labelled this answer twice"


@pytest.mark.parametrize("count", [0, 49, 60, COUNT])
def test_the_order_in_which_labels_come_makes_no_difference(count: int) -> None:
    labels = drawn_labels(SCORES, TRUTH, count)
    assert verdict(judged_ruler(BETTER), labels[::-1]) == verdict(judged_ruler(BETTER), labels)


def test_the_verdict_says_how_far_a_labelled_judge_agrees_with_people() -> None:
    assert verdict(judged_ruler(BETTER), []).judges == ()
    (one,) = verdict(judged_ruler(BETTER), drawn_labels(SCORES, TRUTH, 20)).judges
    assert (one.judge, one.authors, one.answers) == ("helpful", 1, 40)


def test_a_run_that_looks_early_is_decided_as_judged_and_says_that_labels_do_not_count() -> None:
    ruler = judged_ruler(BETTER)
    looks = plan_looks(Suite(ruler=ruler, cases=CASES, digest=ruler.dataset_digest), SEED)[0]
    plain = judge(ruler, CASES, SCORES, lock=Lock(), looks=replace(looks, clusters=(COUNT,)), seed=SEED)[0]  # type: ignore[type-var]
    found = judge(
        ruler,
        CASES,
        SCORES,
        lock=Lock(),
        looks=replace(looks, clusters=(COUNT,)),  # type: ignore[type-var]
        seed=SEED,
        labels=drawn_labels(SCORES, by_case([1.0] * COUNT, [0.0] * COUNT), 60),
    )[0]
    assert found.claims == plain.claims
    assert found.claims[0].text.endswith("as judged by local:qwen3-8b")
    assert "120 labels decide nothing: limits of a run that looks early are not corrected" in found.notes


def test_cases_in_quarantine_are_left_out_of_the_labels_too() -> None:
    order = draw_order(SCORES, "helpful", SEED)
    out = Quarantined(case=order[0], owner="ann", reason="flaky", expires="2027-01-01")
    ruler = replace(judged_ruler(BETTER, repeats=2), quarantine=(out,))
    flaky = [
        replace(one, repeat=1, value=1.0 - (one.value or 0.0) if one.case == order[0] else one.value)
        for one in SCORES["baseline"]
    ]
    again = [replace(one, repeat=1) for one in SCORES["candidate"]]
    scores = {
        "baseline": [*SCORES["baseline"], *flaky],
        "candidate": [*SCORES["candidate"], *again],
    }
    ruler = replace(ruler, correct=replace(ruler.correct, scorer="helpful"))  # type: ignore[type-var]
    found = judge(
        ruler,
        CASES,
        scores,  # type: ignore[arg-type]
        lock=Lock(),
        seed=SEED,
        started_at="2026-11-25T10:00:00Z",
        labels=drawn_labels(SCORES, TRUTH, 51),
    )[0]
    assert found.quarantine is not None
    assert [one.case for one in found.quarantine.left_out] == [order[0]]
    assert found.claims[0].judged_by is not None
    assert (found.claims[0].judged_by.labelled, found.claims[0].interval.cases) == (50, 50)


def test_a_run_with_labels_has_an_id_of_its_own_that_names_them_whatever_their_order() -> None:
    run, labels = sample_run(), drawn_labels(SCORES, TRUTH, 50)
    one, other = with_labels(run, labels), with_labels(run, labels[::-1])
    assert one == other
    assert one.id != run.id
    assert replace(one, id=run.id, labels=()) == run
    assert with_labels(run, drawn_labels(SCORES, TRUTH, 51)).id not in (one.id, run.id)
    assert with_labels(run, []) is run


@pytest.mark.long
@pytest.mark.proves("B-CLAIM-BIASED-JUDGE")
def test_a_judge_that_favours_the_candidate_proves_a_false_claim_and_people_s_labels_do_not() -> None:
    """Both arms are equally good, and the judge gives the candidate's poor answers a yes half of the time."""
    rng = np.random.default_rng(20261125)
    draws, clusters, size = 300, 80, 2
    count = clusters * size
    cases = make_cases(count, size)
    ruler = judged_ruler(BETTER)
    raw = corrected = refuted = 0
    for draw in range(draws):
        ease = np.repeat(rng.beta(2.0, 2.0, clusters), size)
        before, after = ((rng.random(count) < ease).astype(float) for _ in range(2))
        kind = np.maximum(after, rng.random(count) < 0.5)
        scores = judge_scores(before.tolist(), kind.tolist())
        labels = drawn_labels(scores, by_case(before.tolist(), after.tolist()), 60, seed=f"{draw}")
        told = judge(ruler, cases, scores, lock=Lock(), seed=f"{draw}")[0]
        found = judge(ruler, cases, scores, lock=Lock(), seed=f"{draw}", labels=labels)[0]
        raw += told.claims[0].decision == "proven"
        corrected += found.claims[0].decision == "proven"
        refuted += found.claims[0].decision == "refuted"
    allowed = 0.05 + 3.0 * math.sqrt(0.05 * 0.95 / draws)
    assert raw / draws > 0.9
    assert corrected / draws <= allowed
    assert refuted / draws <= allowed
    assert HELPFUL.name in told.claims[0].text
