"""What there is to judge in a run: single answers, or both arms' answers to one question. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from genaiops.arena.judges.asking import record_of
from genaiops.arena.model import ROLES, Judge
from genaiops.arena.said import answer_digest
from genaiops.arena.scorers.turns import is_conversation, turns_of
from genaiops.core import Case, Json, Output


@dataclass(frozen=True, slots=True)
class Given:
    """One answer, and whose: an arm's, or a cell's of a sweep."""

    arm: str
    case: Case
    repeat: int
    output: Output


Rivals = dict[tuple[str, str], tuple[Output, ...]]


def questions_of(judge: Judge, given: Sequence[Given]) -> list[tuple[Case, dict[str, Json]]]:
    """Return every record that the judge must be shown, with its case; each once, in order."""
    if judge.form == "pair":
        return [
            (case, record)
            for case, one, two in _pairs(given)
            if one.status == two.status == "ok" and answer_digest(case.id, one) != answer_digest(case.id, two)
            for record in (
                record_of(judge, case, first=one, second=two),
                record_of(judge, case, first=two, second=one),
            )
        ]
    return [
        (case, record_of(judge, case, answer=output))
        for one in given
        for case, output in _units(judge, one.case, one.output)
        if output.status == "ok"
    ]


def rivals_of(judge: Judge, given: Sequence[Given]) -> dict[str, Rivals]:
    """Return for each arm which answers of the other arm each of its answers is compared with."""
    found: dict[str, Rivals] = {one.arm: {} for one in given}
    if judge.form != "pair":
        return found
    for case, before, after in _pairs(given):
        for arm, own, rival in (("baseline", before, after), ("candidate", after, before)):
            key = (case.id, answer_digest(case.id, own))
            found[arm][key] = (*found[arm].get(key, ()), rival)
    return found


def _pairs(given: Iterable[Given]) -> Iterator[tuple[Case, Output, Output]]:
    """Yield case, baseline's and candidate's answer; a conversation is compared as a whole."""
    sides: dict[tuple[str, int], dict[str, Given]] = {}
    for one in given:
        sides.setdefault((one.case.id, one.repeat), {})[one.arm] = one
    for both in sides.values():
        if len(both) == len(ROLES):
            yield both["baseline"].case, both["baseline"].output, both["candidate"].output


def _units(judge: Judge, case: Case, output: Output) -> list[tuple[Case, Output]]:
    """Return what is judged as one: each turn of a conversation, for a judge that sees what is expected."""
    if "expected" in judge.sees and is_conversation(case):
        return turns_of(case, output)
    return [(case, output)]
