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
    where: str, cases: Sequence[Case], place: str, slices: Sequence[str], vault: Vault
) -> SealedCases:
    """Seal every row under the key of the person at `place` (`tags.customer`); rows of erased people go.

    A cluster that is the person's name becomes their pseudonym. Raises `UserError`, which names `where`, for
    a row that names nobody, or whose id or a slice would give the name away.
    """
    if place in slices:
        raise _refused(where, f"a slice reads {place}", "the names of slices stand in every report")
    names = {case.id: scalar_text(value_at(case, place)) for case in cases}
    subjects = subjects_of(where, list(names.items()), place, vault)
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
        raise nobody_left(where)
    return SealedCases(tuple(asked), sealed, len(cases) - len(asked))


def subjects_of(
    where: str, rows: Sequence[tuple[str, str | None]], place: str, vault: Vault
) -> dict[str, str | None]:
    """Return the pseudonym of each person whom `rows` (id and name) name at `place`; None: erased.

    Raises `UserError` for a row that names nobody, or whose id is the name.
    """
    if unnamed := [row for row, name in rows if name is None]:
        raise _refused(where, f"{_some(unnamed)} has nobody at {place}", "it would be kept in clear")
    if told := [row for row, name in rows if name == row]:
        raise _refused(where, f"{_some(told)} is named after its person", "ids are kept in clear")
    return vault.subjects(name for _, name in rows if name is not None)


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
    kept, box = seal_output(vault, subject, output)
    steps = vault.seal(subject, encode_json(trace).encode())
    return replace(kept, trace_id=steps.digest), (box, steps)


def seal_output(vault: Vault, subject: str, output: Output) -> tuple[Output, Sealed]:
    """Return what is kept in clear of an output, without its trace, and the box of its content."""
    content = replace(output, usage=Usage(), cost_nanousd=None, latency_ns=0, trace_id="")
    box = vault.seal(subject, encode_json(content).encode())
    kept = Output(
        data=_reference(box),
        status=output.status,
        abstained=output.abstained,
        usage=output.usage,
        cost_nanousd=output.cost_nanousd,
        latency_ns=output.latency_ns,
    )
    return kept, box


def is_sealed(value: Json) -> bool:
    """Say whether a case's inputs or an output's data stand for something sealed."""
    return (
        isinstance(value, dict) and isinstance(value.get(_BOX), str) and isinstance(value.get("subject"), str)
    )


class Boxes:
    """The boxes beside kept rows, opened one by one, with the count of those that cannot be."""

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
        places = (_digest(case.inputs), _digest(output.data), output.trace_id)
        opened = self._opened(case.id, _subject(case.inputs), places)
        if opened is None:
            return None
        trace = decode_json(Trace, opened[2])
        said = replace(_said(case.id, output, opened[1]), trace_id=trace.id)
        return _asked(case, opened[0]), said, trace

    def open_case(self, case: Case) -> Case | None:
        """Return the row that a kept one stands for; None as `open_row` says."""
        opened = self._opened(case.id, _subject(case.inputs), (_digest(case.inputs),))
        return None if opened is None else _asked(case, opened[0])

    def open_output(self, case: str, output: Output) -> Output | None:
        """Return the output that a kept one of a case stands for; None as `open_row` says."""
        opened = self._opened(case, _subject(output.data), (_digest(output.data),))
        return None if opened is None else _said(case, output, opened[0])

    def _opened(self, case: str, subject: str, places: Sequence[str]) -> list[bytes] | None:
        boxes = [self._box(place) for place in places]
        if any(box.subject != subject for box in boxes):
            raise _not_theirs(f"the boxes of {case!r} belong to several people")
        opened = [None if self._vault is None else self._vault.open(box) for box in boxes]
        found = [content for content in opened if content is not None]
        if len(found) < len(boxes):
            gone = self._vault is not None and self._vault.erased(subject)
            self.erased, self.closed = self.erased + gone, self.closed + (not gone)
            return None
        return found

    def told(self, rows: int, what: str = "outputs") -> str:
        """Return in words how many of `rows` could not be opened, and why; nothing where all could."""
        said: list[str] = []
        if self.erased:
            said.append(f"{what} erased ({self.erased:,} of {rows:,} rows)")
        if self.closed:
            said.append(f"{what} sealed under keys that are not here ({self.closed:,} of {rows:,} rows)")
        return "; ".join(said)

    def _box(self, digest: str) -> Sealed:
        if digest not in self._boxes:
            raise _not_theirs("it lacks the box of a row")
        return self._boxes[digest]


def _asked(kept: Case, content: bytes) -> Case:
    """Return the case in a box, which is what stands in clear of it; raises `UserError` where it is not."""
    asked = decode_json(Case, content)
    if (asked.id, asked.cluster) != (kept.id, kept.cluster):
        raise _something_else(kept.id)
    for place in _places(kept):
        if value_at(asked, place) != value_at(kept, place) and place != "expected.answerable":
            raise _not_theirs(f"{place} of {kept.id!r} is sealed as something else")
    return asked


def _said(case: str, kept: Output, content: bytes) -> Output:
    said = decode_json(Output, content)
    if (said.status, said.abstained) != (kept.status, kept.abstained):
        raise _something_else(case)
    return replace(said, usage=kept.usage, cost_nanousd=kept.cost_nanousd, latency_ns=kept.latency_ns)


def _something_else(case: str) -> UserError:
    return _not_theirs(f"what is sealed of {case!r} is not what stands in clear")


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


def _subject(value: Json) -> str:
    return str(value["subject"]) if isinstance(value, dict) and is_sealed(value) else ""


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


def nobody_left(where: str) -> UserError:
    """Return the error for rows that all belong to people who were erased."""
    return _refused(where, "every row belongs to somebody who was erased", "nothing is left to ask")


def no_such_place(where: str, place: str) -> UserError:
    """Return the error for a place of a recorded output that would stay in clear."""
    return _refused(where, f"{place!r} is no place in an output", "only the output is sealed: output.data.…")


def _refused(where: str, what: str, why: str) -> UserError:
    return UserError(
        "GAO-ARENA-361",
        f"rows of people cannot be kept apart: {what}",
        why=why,
        fix="give every row its person at the place that you named, and an id of its own; slice by others",
        where=where,
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
