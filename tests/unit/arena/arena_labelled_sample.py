"""A comparison with a judge that favours the candidate, and with labels of two people."""

import random
from dataclasses import replace

from tests.support.arena_labels import HELPFUL, SPEC, label
from tests.unit.arena.arena_sample import CASES, SUITE, sample_run

from genaiops.arena.datasets import dataset_digest
from genaiops.arena.drawing import draw_order
from genaiops.arena.judge import judge
from genaiops.arena.model import ROLES, Gate, Label, Role, Row, Run, ScorerUse, Suite
from genaiops.arena.said import answer_digest
from genaiops.arena.schedule import seed_of
from genaiops.arena.scorers import scorer_specs
from genaiops.arena.suites import suite_digest
from genaiops.core import Case, Claim, Output, Score, Verdict

COUNT = 160
FAILED = 3
"""The candidate's answer to this case timed out."""
_RNG = random.Random(20261125)
_GOOD: dict[Role, list[bool]] = {role: [_RNG.random() < 0.6 for _ in range(COUNT)] for role in ROLES}
_SLIP = [_RNG.random() for _ in range(COUNT)]


def _case(number: int) -> Case:
    like = CASES[number % len(CASES)]
    return replace(like, id=f"h{number:03}", cluster=f"d{number // 2}")


def _output(role: Role, number: int) -> Output:
    if role == "candidate" and number == FAILED:
        return Output(text=None, status="timeout", error="no answer within 30 s", trace_id=f"{number:032x}")
    kind = "in a full sentence" if _GOOD[role][number] else "in a word"
    return Output(text=f"The {role} answers {number} {kind}.", trace_id=f"{role[0]}{number:031x}")


def _judged(role: Role, number: int) -> float:
    if _output(role, number).status != "ok":
        return 0.0
    kinder = 0.6 if role == "candidate" else 0.1
    return float(_GOOD[role][number] or _SLIP[number] < kinder)


def _person(role: Role, number: int, author: str) -> float:
    return float(_GOOD[role][number] != (author == "bob" and number % 9 == 0))


def labelled_run(count: int = 60) -> Run:
    """Return the run with labels of the first `count` drawn cases; none with 0."""
    cases = tuple(_case(number) for number in range(COUNT))
    numbers = {case.id: number for number, case in enumerate(cases)}
    ruler = replace(
        SUITE.ruler,
        dataset_digest=dataset_digest(cases),
        scorers=(ScorerUse(name="helpful"), ScorerUse(name="answer_f1")),
        gate=Gate(
            claims=(
                Claim(scorer="helpful", kind="better", bound=0.0),
                Claim(scorer="helpful", kind="not_worse", bound=0.1, slice="topic=Normans"),
            )
        ),
        specs=(),
        judges=(HELPFUL,),
        correct=None,
    )
    known = scorer_specs(replace(ruler, scorers=ruler.scorers[1:]))
    ruler = replace(ruler, specs=(SPEC, *known.values()))
    suite = Suite(ruler=ruler, cases=cases, digest=suite_digest(ruler))
    rows = tuple(
        Row(role=role, case=case.id, repeat=0, output=_output(role, number), at="2026-11-23T17:59:01Z")
        for case, number in zip(cases, range(COUNT), strict=True)
        for role in ROLES
    )
    scores = {
        role: tuple(
            Score(scorer=name, case=case.id, value=_judged(role, number) if name == "helpful" else 0.0)
            for case, number in zip(cases, range(COUNT), strict=True)
            for name in ("helpful", "answer_f1")
        )
        for role in ROLES
    }
    run = sample_run(suite=suite, rows=rows, scores=scores, traces=())
    run = replace(run, seed=seed_of(suite.digest, run.arms["candidate"].digest))
    outputs = {(row.role, row.case): row.output for row in rows}
    labels = [
        one
        for case in draw_order(scores, "helpful", run.seed)[:count]
        for role in ROLES
        for one in _labels(role, case, numbers[case], outputs[role, case])
    ]
    return replace(run, labels=tuple(labels))


def _labels(role: Role, case: str, number: int, output: Output) -> list[Label]:
    subject = answer_digest(case, output)
    if output.status != "ok":
        return [label(role, case, 0.0, author="genaiops", by="code", subject=subject)]
    return [
        label(role, case, _person(role, number, author), author=author, subject=subject)
        for author in ("ann", "bob")
    ]


def judged_with_labels(run: Run) -> tuple[Verdict, dict[str, float | None]]:
    """Return the verdict and the facts that follow from a run with labels."""
    return judge(
        run.suite.ruler, run.suite.cases, run.scores, lock=run.lock, seed=run.seed, labels=run.labels
    )
