"""How far a judge and people agree, and the anchors that labelled answers give."""

import json
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from statsmodels.stats.inter_rater import cohens_kappa
from tests.support.judged_run import AT, BETTER, GRADED, HELPFUL, make_run, output, usual_answers

from genaiops.arena.labels.agreement import agreement_of
from genaiops.arena.labels.anchors import anchor_lines
from genaiops.arena.model import ROLES, Judge, Label, Role, Run
from genaiops.arena.said import answer_digest
from genaiops.core import Annotation, JudgeAgreement

NOISE = np.random.default_rng(11)


def distinct(count: int) -> dict[Role, list[object]]:
    return {role: [output(f"{role[0]}{number}") for number in range(count)] for role in ROLES}  # type: ignore[misc]


def labels(
    run: Run, judge: Judge, said: dict[Role, Sequence[float]], author: str = "ann", by: str = "human"
) -> list[Label]:
    """Return a label for each answer, in the order of the cases."""
    found: list[Label] = []
    for role in said:
        rows = sorted((row for row in run.rows if row.role == role), key=lambda row: row.case)
        for row, value in zip(rows, said[role], strict=True):
            note = Annotation(
                subject=answer_digest(row.case, row.output),
                name=judge.name,
                value=value,
                by=by,  # type: ignore[arg-type]
                author=author,
                at=AT,
            )
            found.append(Label(role=role, case=row.case, annotation=note))
    return found


def agreed(run: Run, given: Sequence[Label], scorer: str = "helpful") -> JudgeAgreement:
    return agreement_of(run.suite.ruler, run.suite.cases, run.scores, given, scorer)


@pytest.mark.proves("B-LABEL-AGREEMENT")
def test_kappa_and_rates_are_those_of_the_table_of_judge_and_people() -> None:
    human = {role: NOISE.integers(0, 2, 60).astype(float).tolist() for role in ROLES}
    judge = {role: [v if NOISE.random() < 0.8 else 1.0 - v for v in human[role]] for role in ROLES}
    run = make_run(60, answers=distinct(60), values=judge, cluster_size=3)
    found = agreed(run, labels(run, HELPFUL, human))
    pairs = [pair for role in ROLES for pair in zip(judge[role], human[role], strict=True)]
    table = np.zeros((2, 2))
    for one, two in pairs:
        table[int(one), int(two)] += 1
    assert (found.answers, found.authors, found.reason) == (120, 1, "")
    assert found.kappa is not None
    assert found.kappa.estimate == pytest.approx(cohens_kappa(table).kappa, rel=1e-8)
    assert (found.kappa.cases, found.kappa.clusters) == (120, 20), "intervals go by cluster"
    assert found.kappa.low < found.kappa.estimate < found.kappa.high
    assert found.tpr is not None
    assert found.tnr is not None
    assert found.tpr.estimate == pytest.approx(table[1, 1] / table[:, 1].sum())
    assert found.tnr.estimate == pytest.approx(table[0, 0] / table[:, 0].sum())
    assert found.tpr.cases + found.tnr.cases == 120
    assert found.between_authors is None


@pytest.mark.proves("B-LABEL-AGREEMENT")
def test_several_people_are_averaged_and_compared_with_each_other() -> None:
    first = {role: NOISE.choice([0.0, 0.5, 1.0], 30).tolist() for role in ROLES}
    second = {role: [v if NOISE.random() < 0.7 else 0.5 for v in first[role]] for role in ROLES}
    run = make_run(30, GRADED, answers=distinct(30), values=first)
    given = [*labels(run, GRADED, first), *labels(run, GRADED, second, author="ben")]
    found = agreed(run, given)
    assert (found.answers, found.authors) == (60, 2)
    a, b = (np.concatenate([said[role] for role in ROLES]) for said in (first, second))
    for measured, one, two in ((found.alpha, a, (a + b) / 2), (found.between_authors, a, b)):
        assert measured is not None
        assert measured.estimate == pytest.approx(alpha_of_two(one, two), rel=1e-8)
    assert agreed(run, labels(run, GRADED, first)).between_authors is None


def alpha_of_two(one: np.ndarray, two: np.ndarray) -> float:
    """Return Krippendorff's alpha of two complete ratings with squared distances, from its definition."""
    pooled = np.concatenate([one, two])
    apart = (pooled[:, None] - pooled[None, :]) ** 2
    return 1.0 - np.mean((one - two) ** 2) / (apart.sum() / (pooled.size * (pooled.size - 1)))


def test_an_answer_of_both_arms_counts_once_and_what_code_said_does_not_count() -> None:
    run = make_run(16)
    said = {role: [float(number % 2) for number in range(16)] for role in ROLES}
    given = labels(run, HELPFUL, said)
    assert agreed(run, given).answers == 28
    by_code = [replace(one, annotation=replace(one.annotation, by="code")) for one in given]
    none = agreed(run, by_code)
    assert (none.answers, none.kappa, none.alpha, none.tpr, none.tnr) == (0, None, None, None, None)
    assert "no answer" in none.reason


def test_of_two_labels_of_one_author_the_later_stands() -> None:
    run = make_run(16, answers=distinct(16))
    said = {role: [float(number % 2) for number in range(16)] for role in ROLES}
    turned = {role: [1.0 - value for value in said[role]] for role in ROLES}
    given = labels(run, HELPFUL, said)
    later = [
        replace(one, annotation=replace(one.annotation, at="2026-11-24T00:00:00Z"))
        for one in labels(run, HELPFUL, turned)
    ]
    assert agreed(run, [*later, *given]) == agreed(run, later)
    assert agreed(run, given) != agreed(run, later)


@pytest.mark.proves("B-LABEL-AGREEMENT")
def test_what_is_not_defined_is_none_and_says_why() -> None:
    ones = {role: [1.0] * 16 for role in ROLES}
    run = make_run(16, answers=distinct(16), values=ones)
    found = agreed(run, labels(run, HELPFUL, ones))
    assert (found.kappa, found.alpha, found.tpr, found.tnr) == (None, None, None, None)
    assert "kappa: one label everywhere" in found.reason
    assert "tpr, tnr: people put every answer at least 0.5" in found.reason
    few = make_run(4, answers=distinct(4), values={role: [0.0, 1.0, 0.0, 1.0] for role in ROLES})
    small = agreed(few, labels(few, HELPFUL, {role: [0.0, 1.0, 1.0, 1.0] for role in ROLES}))
    assert small.kappa is not None
    assert not small.kappa.decidable
    assert "clusters are worth 4" in small.kappa.reason
    with pytest.raises(ValueError, match="no judge"):
        agreed(run, [], "quality")


def test_of_a_pair_one_side_counts_and_a_verdict_that_contradicts_itself_is_a_tie() -> None:
    values: dict[Role, list[float | None]] = {
        "candidate": [1.0, 0.75, 0.5, 0.25, 0.0] * 4,
        "baseline": [0.0, 0.25, 0.5, 0.75, 1.0] * 4,
    }
    run = make_run(20, BETTER, answers=distinct(20), values=values)
    people: dict[Role, Sequence[float]] = {
        "candidate": [1.0, 1.0, 0.5, 0.0, 1.0] * 4,
        "baseline": [0.0, 0.0, 0.5, 1.0, 0.0] * 4,
    }
    found = agreed(run, labels(run, BETTER, people), "better")
    table = np.array([[4, 0, 4], [0, 4, 0], [0, 0, 8]], dtype=float)
    assert found.answers == 20
    assert found.kappa is not None
    assert found.kappa.estimate == pytest.approx(cohens_kappa(table).kappa, rel=1e-8)


@pytest.mark.proves("B-LABEL-ANCHORS")
def test_labelled_answers_become_anchors_with_what_judge_and_people_said() -> None:
    answers = usual_answers(16)
    answers["baseline"][0] = output("talk", turns=(output("talk"),))
    run = make_run(16, answers=answers)
    said = {role: [float(number % 2) for number in range(16)] for role in ROLES}
    given = [
        one
        for one in [
            *labels(run, HELPFUL, said),
            *labels(run, HELPFUL, {role: [1.0] * 16 for role in ROLES}, author="ben"),
        ]
        if (one.role, one.case) != ("candidate", "case-01")  # it failed: people are not asked
    ]
    rows = [json.loads(line) for line in anchor_lines(run, HELPFUL, given)]
    assert len(rows) == 26, "each answer once, and none with turns"
    assert {row["label"] for row in rows} == {0.5, 1.0}
    values = {(one.case, role): one.value for role in ROLES for one in run.scores[role]}
    for row in rows:
        number = int(row["output"]["text"].split()[1])
        assert row["inputs"] == {"question": f"What is number {number}?"}
        assert row["expected"] == {"answers": [f"word {number}"]}
        role = "baseline" if row["output"]["text"].startswith("word") else "candidate"
        assert row["value"] == values[f"case-{number:02}", role]
        assert [passage["text"] for passage in row["output"]["passages"]]
    many = make_run(40, answers=distinct(40))
    ones = labels(many, HELPFUL, {role: [1.0] * 40 for role in ROLES})
    lines = anchor_lines(many, HELPFUL, ones)
    assert len(lines) == 60
    assert lines == anchor_lines(many, HELPFUL, ones[::-1])
