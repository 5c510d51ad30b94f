"""Rows of people: what a suite that names a `subject` keeps of them in clear, and what it seals.

In clear: of a case its id, its cluster, what the suite's slices read and whether it has an answer; of an
answer its status, whether it abstained, tokens, cost and time; of a score its value. All else lies in boxes,
one for a case, an answer, a trace, under the key of the person whose row it is. In the place of the content
stands the digest of its box. So everything that is made from a run holds no content: it never had any.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

from genaiops.access import Sealed, Vault
from genaiops.arena.datasets import scalar_text, value_at
from genaiops.arena.model import Role, SealedCase, Suite
from genaiops.arena.scorers.expected import answerable
from genaiops.core import Case, Json, Output, Score, Trace, Usage, UserError, decode_json, encode_json

SEALED_NOTE = "cases and answers belong to people: their content is sealed, and no report shows any of it"
_BOX = "sealed"
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class SealedCases:
    """The rows of a suite as they are asked and as they are kept; `left_out` belonged to erased people."""

    cases: tuple[Case, ...]
    sealed: dict[str, SealedCase]
    left_out: int


def seal_cases(
    suite: str, cases: Sequence[Case], place: str, slices: Sequence[str], vault: Vault
) -> SealedCases:
    """Seal every row under the key of the person at `place` (`tags.customer`); rows of erased people go.

    A cluster that is the person's name becomes their pseudonym. Raises `UserError` where a row names nobody,
    or where its id or a slice would give the name away.
    """
    names = {case.id: scalar_text(value_at(case, place)) for case in cases}
    if place in slices:
        raise _refused(suite, f"a slice reads {place}", "the names of slices stand in every report")
    if unnamed := [case for case, name in names.items() if name is None]:
        raise _refused(suite, f"{_some(unnamed)} has nobody at {place}", "it would be kept in clear")
    if told := [case for case, name in names.items() if name == case]:
        raise _refused(suite, f"{_some(told)} is named after its person", "ids are kept in clear")
    subjects = vault.subjects(name for name in names.values() if name is not None)
    mine = [(case, names[case.id], subjects[names[case.id] or ""]) for case in cases]
    asked: list[Case] = []
    sealed: dict[str, SealedCase] = {}
    for case, name, subject in mine:
        if subject is None:
            continue
        case = replace(case, cluster=subject) if case.cluster == name else case
        box = vault.seal(subject, encode_json(case).encode())
        asked.append(case)
        sealed[case.id] = SealedCase(case=_in_clear(case, box, slices), content=box)
    if not asked:
        raise _refused(suite, "every row belongs to somebody who was erased", "nothing is left to ask")
    return SealedCases(tuple(asked), sealed, len(cases) - len(asked))


def kept_suite(suite: Suite) -> Suite:
    """Return the suite with its rows as they are kept."""
    if not suite.sealed:
        return suite
    return replace(suite, cases=tuple(suite.sealed[case.id].case for case in suite.cases))


def kept_scores(scores: Mapping[Role, Sequence[Score]]) -> dict[Role, tuple[Score, ...]]:
    """Return scores without the words about them, which may quote an answer."""
    return {
        role: tuple(replace(one, reason=None, label=None) for one in some) for role, some in scores.items()
    }


def seal_answer(
    vault: Vault, subject: str, output: Output, trace: Trace
) -> tuple[Output, tuple[Sealed, ...]]:
    """Return what is kept in clear of an answer, and the boxes of its content and its trace.

    Equal answers to one person have equal boxes, so that a report can tell which were worded anew.
    """
    content = replace(output, usage=Usage(), cost_nanousd=None, latency_ns=0, trace_id="")
    box = vault.seal(subject, encode_json(content).encode())
    steps = vault.seal(subject, encode_json(trace).encode())
    kept = Output(
        data=_reference(box),
        status=output.status,
        abstained=output.abstained,
        usage=output.usage,
        cost_nanousd=output.cost_nanousd,
        latency_ns=output.latency_ns,
        trace_id=steps.digest,
    )
    return kept, (box, steps)


def is_sealed(value: Json) -> bool:
    """Say whether a case's inputs or an output's data stand for something sealed."""
    return (
        isinstance(value, dict) and isinstance(value.get(_BOX), str) and isinstance(value.get("subject"), str)
    )


class Boxes:
    """The boxes of a bundle, opened one by one, with the count of those that cannot be."""

    def __init__(self, vault: Vault | None) -> None:
        self._boxes: dict[str, Sealed] = {}
        self._vault = vault
        self.erased = 0
        self.closed = 0

    def add(self, sealed: Iterable[Sealed]) -> None:
        """Take boxes to open rows from."""
        self._boxes |= {box.digest: box for box in sealed}

    def open_row(self, case: Case, output: Output) -> tuple[Case, Output, Trace] | None:
        """Return case, output and trace of a row; None, and counted, where their key is not to be had.

        Raises `UserError` where a box is missing, or is not what stands in clear beside it.
        """
        boxes = [self._box(_digest(case.inputs)), self._box(_digest(output.data)), self._box(output.trace_id)]
        subject = boxes[0].subject
        if any(one != subject for one in (case.inputs["subject"], *(box.subject for box in boxes))):
            raise _not_theirs(f"the boxes of {case.id!r} belong to several people")
        opened = [None if self._vault is None else self._vault.open(box) for box in boxes]
        if any(content is None for content in opened):
            gone = self._vault is not None and self._vault.erased(subject)
            self.erased, self.closed = self.erased + gone, self.closed + (not gone)
            return None
        asked = decode_json(Case, cast(bytes, opened[0]))
        said = decode_json(Output, cast(bytes, opened[1]))
        trace = decode_json(Trace, cast(bytes, opened[2]))
        alike = (asked.id, asked.cluster, said.status, said.abstained)
        if alike != (case.id, case.cluster, output.status, output.abstained):
            raise _not_theirs(f"what is sealed of {case.id!r} is not what stands in clear")
        for place in _places(case):
            if value_at(asked, place) != value_at(case, place) and place != "expected.answerable":
                raise _not_theirs(f"{place} of {case.id!r} is sealed as something else")
        said = replace(
            said,
            usage=output.usage,
            cost_nanousd=output.cost_nanousd,
            latency_ns=output.latency_ns,
            trace_id=trace.id,
        )
        return asked, said, trace

    def told(self, rows: int) -> str:
        """Return in words how many of `rows` could not be opened, and why; nothing where all could."""
        said: list[str] = []
        if self.erased:
            said.append(f"outputs erased ({self.erased:,} of {rows:,} rows)")
        if self.closed:
            said.append(f"outputs sealed under keys that are not here ({self.closed:,} of {rows:,} rows)")
        return "; ".join(said)

    def _box(self, digest: str) -> Sealed:
        if digest not in self._boxes:
            raise _not_theirs("it lacks the box of a row")
        return self._boxes[digest]


def _in_clear(case: Case, box: Sealed, slices: Sequence[str]) -> Case:
    parts: dict[str, dict[str, Json]] = {"inputs": _reference(box), "expected": {}, "tags": {}}
    for place in slices:
        value = value_at(case, place)
        if scalar_text(value) is not None:
            _put(parts, place.split("."), value)
    if (known := answerable(case)) is not None:
        parts["expected"]["answerable"] = known
    tags = cast("dict[str, str | bool | float]", parts["tags"])
    return Case(
        id=case.id, inputs=parts["inputs"], expected=parts["expected"], tags=tags, cluster=case.cluster
    )


def _put(into: dict[str, dict[str, Json]], path: Sequence[str], value: Json) -> None:
    place = into.setdefault(path[0], {})
    for part in path[1:-1]:
        place = cast("dict[str, Json]", place.setdefault(part, {}))
    place[path[-1]] = value


def _places(case: Case) -> list[str]:
    """Return where the kept row holds values of its case."""
    parts: dict[str, Json] = {"expected": case.expected, "tags": {**case.tags}}
    parts["inputs"] = {key: value for key, value in case.inputs.items() if key not in (_BOX, "subject")}
    return [".".join(path) for path in _leaves(parts)]


def _leaves(value: Json) -> Iterable[list[str]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from ([key, *rest] for rest in _leaves(item))
    else:
        yield []


def _reference(box: Sealed) -> dict[str, Json]:
    return {_BOX: box.digest, "subject": box.subject}


def _digest(value: Json) -> str:
    return str(value[_BOX]) if isinstance(value, dict) and is_sealed(value) else ""


def _some(ids: Sequence[str]) -> str:
    shown = ", ".join(repr(one) for one in ids[:_SHOWN])
    return f"the row {shown}" + (f" and {len(ids) - _SHOWN:,} more" if len(ids) > _SHOWN else "")


def _not_theirs(why: str) -> UserError:
    return UserError(
        "GAO-ARENA-362",
        "what is sealed does not belong to this evidence",
        why=why,
        fix="get the folder again from whoever made it, whole",
        where="sealed.jsonl",
    )


def _refused(suite: str, what: str, why: str) -> UserError:
    return UserError(
        "GAO-ARENA-361",
        f"rows of people cannot be kept apart: {what}",
        why=why,
        fix="give every row its person at `subject`, an id of its own, and slice by something else",
        where=f"suites.{suite}",
    )


def no_way_to_seal(suite: str, what: str) -> UserError:
    """Return the error for something that would keep content of people in clear."""
    return UserError(
        "GAO-ARENA-360",
        f"the suite {suite!r} names a `subject`, and {what}",
        why="what is kept of people must be sealed, so that it can be erased",
        fix="keep rows of people in a suite of their own, and use one without `subject` for this",
        where=f"suites.{suite}",
    )
