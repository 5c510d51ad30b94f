"""The answers that people are asked about: those of the first drawn cases, blind. Pure.

Nothing here knows which arm is which: a question is named, ordered and shown by what was said. The first
answers of all cases come first, in an order of their own, then the second ones; so the two answers of a case
stand far apart. What needs no person is settled by code: an answer that failed counts as the scorer's worst,
and of a pair of equal answers neither is better.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from genaiops.arena.drawing import draw_order
from genaiops.arena.model import ROLES, Judge, Role, Run
from genaiops.arena.said import answer_digest
from genaiops.arena.scale import LOST, TIE, WON, rubric_digest, words_of
from genaiops.core import Case, Digest, Output

About = tuple[Digest, str]
"""An answer, and its rival where two are compared, else nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One arm's answer to a drawn case; `against` is the rival's digest where two are compared.

    `settled` is the word that code says of it, where nobody need be asked.
    """

    role: Role
    case: str
    subject: Digest
    against: str = ""
    settled: str | None = None

    @property
    def about(self) -> About:
        """What a label of it is found by."""
        return self.subject, self.against


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One answer, or two to compare, to be labelled. `id` is opaque, and changes with run and rubric."""

    id: str
    case: Case
    outputs: tuple[Output, ...]
    subjects: tuple[Digest, ...]

    @property
    def about(self) -> tuple[About, ...]:
        """What the labels that it gives are found by, in the order in which the answers are shown."""
        rivals = ("",) if len(self.subjects) == 1 else reversed(self.subjects)
        return tuple(zip(self.subjects, rivals, strict=True))


def sides_of(run: Run, judge: Judge) -> Iterator[tuple[Side, ...]]:
    """Yield both arms' answers to every case that can be drawn, in the order in which they are drawn."""
    outputs = _first_answers(run)
    for case in draw_order(run.scores, judge.name, run.seed):
        yield _sides(judge, case, [outputs[role, case] for role in ROLES])


def questions_of(run: Run, judge: Judge, sample: int) -> list[Question]:
    """Return what people are asked about the first `sample` drawn cases, in the order of asking."""
    outputs = _first_answers(run)
    cases = {case.id: case for case in run.suite.cases}
    found: list[Question] = []
    for sides in islice(sides_of(run, judge), sample):
        answers = {side.subject: outputs[side.role, side.case] for side in sides if side.settled is None}
        groups = [tuple(answers)] if judge.form == "pair" and answers else [(one,) for one in answers]
        for group in groups:
            shown = tuple(sorted(group, key=lambda one: _rank(run.seed, "shown", one)))
            found.append(
                Question(
                    id=_rank(run.seed, "row", rubric_digest(judge), judge.name, *shown)[:12],
                    case=cases[sides[0].case],
                    outputs=tuple(answers[one] for one in shown),
                    subjects=shown,
                )
            )
    return _apart(sorted(found, key=lambda one: _rank(run.seed, "asked", *one.subjects)))


def _first_answers(run: Run) -> dict[tuple[Role, str], Output]:
    return {(row.role, row.case): row.output for row in run.rows if row.repeat == 0}


def settled_by_code(judge: Judge, case: str, outputs: Sequence[Output]) -> list[str | None]:
    """Return the word that code says of each arm's answer to a case; None where people are asked."""
    failed = [output.status != "ok" for output in outputs]
    if judge.form == "answer":
        return [words_of(judge)[0] if one else None for one in failed]
    if any(failed):
        return [LOST if one else WON for one in failed]
    return [TIE, TIE] if len({answer_digest(case, output) for output in outputs}) == 1 else [None, None]


def _sides(judge: Judge, case: str, outputs: Sequence[Output]) -> tuple[Side, ...]:
    said = [answer_digest(case, output) for output in outputs]
    settled = settled_by_code(judge, case, outputs)
    rivals = reversed(said) if judge.form == "pair" else ("", "")
    return tuple(
        Side(role=role, case=case, subject=subject, against=rival, settled=word)
        for role, subject, rival, word in zip(ROLES, said, rivals, settled, strict=True)
    )


def _apart(ranked: Sequence[Question]) -> list[Question]:
    met: set[str] = set()
    first: list[Question] = []
    second: list[Question] = []
    for one in ranked:
        (second if one.case.id in met else first).append(one)
        met.add(one.case.id)
    if len(second) > 1 and first[-1].case.id == second[0].case.id:
        second[0], second[1] = second[1], second[0]
    return [*first, *second]


def _rank(*parts: str) -> str:
    return hashlib.sha256("/".join(parts).encode()).hexdigest()
