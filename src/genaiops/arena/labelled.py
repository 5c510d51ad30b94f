"""People's labels of a run: which may count, what they say case by case, and the run that has them. Pure.

A label counts only as part of a drawn sample: the labelled cases of a judge are the first of its draw order
(see `drawing`), on both arms. A case that was picked by hand is refused by name, and all labels with it.
"""

import math
import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from genaiops.arena.drawing import draw_order
from genaiops.arena.labels import settled_by_code
from genaiops.arena.model import ROLES, Judge, Label, Role, Row, Ruler, Run
from genaiops.arena.said import answer_digest
from genaiops.arena.scale import rubric_digest, value_of
from genaiops.core import Case, Score, UserError, digest_json, encode, one_line

ENOUGH = 50
"""Labelled cases from which on a claim is decided on people's labels."""


@dataclass(frozen=True, slots=True)
class People:
    """What people said of one judge's cases: by arm and case the mean of their labels.

    `order` holds the cases that can be drawn, in that order; `counts` how many labels of people a case has.
    """

    order: tuple[str, ...]
    values: Mapping[Role, Mapping[str, float]]
    counts: Mapping[str, int]

    def sample_for(self, cases: Sequence[str]) -> int | None:
        """Return how many cases must be drawn until enough of `cases` are; None where too few can be."""
        wanted = set(cases)
        places = [place for place, case in enumerate(self.order, 1) if case in wanted]
        return places[ENOUGH - 1] if len(places) >= ENOUGH else None


def read_labels(
    ruler: Ruler,
    cases: Sequence[Case],
    scores: Mapping[Role, Sequence[Score]],
    labels: Sequence[Label],
    seed: str,
) -> dict[str, People]:
    """Return what people said of the cases of each judge of the ruler; `seed` is that of the run's order.

    Raises `UserError` naming the first label that does not fit the suite or stands twice, and the first case
    that was not labelled though another one after it was: that sample was picked by hand.
    """
    judges = {judge.name: judge for judge in ruler.judges}
    known = {case.id for case in cases}
    mine: dict[str, list[Label]] = {name: [] for name in judges}
    for label in sorted(labels, key=label_key):
        _refuse_unfit(label, judges.get(label.annotation.name), known)
        mine[label.annotation.name].append(label)
    return {
        name: _people(judge, draw_order(scores, name, seed), mine[name]) for name, judge in judges.items()
    }


def with_labels(run: Run, labels: Sequence[Label]) -> Run:
    """Return a finished run with labels: its id derives from the run's and from them, nothing else changes.

    Without a label it is the run itself.
    """
    if not labels:
        return run
    ordered = tuple(sorted(labels, key=label_key))
    name = f"genaiops:{run.id}:{digest_json(encode(ordered))}"
    return replace(run, id=uuid.uuid5(uuid.NAMESPACE_URL, name).hex[:12], labels=ordered)


def wrong_label(ruler: Ruler, rows: Sequence[Row], labels: Sequence[Label]) -> str | None:
    """Return in words which label is about another answer than the recorded one; None where none is.

    Where nobody is asked (an answer that failed; of a pair also two equal answers) the label is given by code
    and says what follows; elsewhere code gives none. Labels of no judge are left out.
    """
    judges = {judge.name: judge for judge in ruler.judges}
    outputs = {(row.role, row.case): row.output for row in rows if row.repeat == 0}
    for label in labels:
        note, judge = label.annotation, judges.get(label.annotation.name)
        both = [output for role in ROLES if (output := outputs.get((role, label.case))) is not None]
        if judge is None:
            continue
        at = ROLES.index(label.role)
        if len(both) < len(ROLES) or note.subject != answer_digest(label.case, both[at]):
            return f"{_place(label)} is about another answer than the recorded one"
        word = settled_by_code(judge, label.case, both)[at]
        settled = None if word is None else value_of(judge, word)
        if (note.by == "code") != (settled is not None):
            who = "a person" if settled is None else "nobody"
            return f"{_place(label)} was given by {note.by}, and {who} is asked about that answer"
        if settled is not None and note.value != settled:
            return f"{_place(label)} says {note.value}, and of itself it is {settled}"
    return None


def label_key(label: Label) -> tuple[str, str, str, str]:
    """Return what labels are sorted by: scorer, arm, case, author."""
    return label.annotation.name, label.role, label.case, label.annotation.author


def _people(judge: Judge, order: Sequence[str], labels: Sequence[Label]) -> People:
    said: dict[Role, dict[str, dict[str, float]]] = {role: defaultdict(dict) for role in ROLES}
    counts: dict[str, int] = defaultdict(int)
    for label in labels:
        note, by_author = label.annotation, said[label.role][label.case]
        if note.author in by_author:
            raise _unfit(label, f"{note.author} labelled this answer twice")
        by_author[note.author] = note.value or 0.0
        once = judge.form == "answer" or label.role == "candidate"  # one look at a pair labels both of it
        counts[label.case] += note.by == "human" and once
    _refuse_picked(judge.name, order, said)
    values: dict[Role, Mapping[str, float]] = {
        role: {case: math.fsum(by.values()) / len(by) for case, by in side.items()}
        for role, side in said.items()
    }
    return People(tuple(order), values, counts)


def _refuse_unfit(label: Label, judge: Judge | None, cases: set[str]) -> None:
    note = label.annotation
    if judge is None:
        raise _unfit(label, "the suite has no judge of that name")
    if label.case not in cases:
        raise _unfit(label, "the suite has no such case")
    if note.value is None or not 0.0 <= note.value <= 1.0:
        raise _unfit(label, f"its value {note.value!r} does not lie between 0 and 1")
    if note.by == "model":
        raise _unfit(label, "a model gave it, and a judge is corrected by people only")
    if note.version != rubric_digest(judge):
        raise _unfit(label, "it was given under another rubric")


def _refuse_picked(
    scorer: str, order: Sequence[str], said: Mapping[Role, Mapping[str, Mapping[str, float]]]
) -> None:
    """A sample is the first so many of the order on both arms, or somebody picked its cases."""
    count = max(len(side) for side in said.values())
    stray = sorted({case for side in said.values() for case in side} - set(order))
    gap = next(
        ((case, role) for case in order[:count] for role in ROLES if case not in said[role]),
        (stray[0], ROLES[0]) if stray else None,
    )
    if gap is None:
        return
    case, role = gap
    drawn = f"was drawn and has no label on the {role}" if case in order else "could not be drawn"
    raise UserError(
        "GAO-ARENA-352",
        f"labels of {scorer} were picked by hand: case {one_line(case, 80)!r} {drawn}",
        why="only the first cases of the draw, all of them on both arms, are a random sample",
        fix="label with `genaiops arena label RUN --sample N`, which draws the cases",
    )


def _unfit(label: Label, why: str) -> UserError:
    return UserError(
        "GAO-ARENA-351",
        f"{_place(label)} does not fit the suite",
        why=why,
        fix="label the answers of this run with `genaiops arena label RUN`",
    )


def _place(label: Label) -> str:
    note = label.annotation
    where = f"{note.name} of the {label.role} of case {label.case!r}"
    return f"the label {one_line(where, 200)} by {one_line(note.author, 60)}"
