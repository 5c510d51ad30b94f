"""What differs between both arms' outputs for one case: words, passages and steps, as plain values."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from genaiops.arena.model import ROLES, Role, Row
from genaiops.core import Passage, Trace

_MOST_WORDS = 400
_ALIKE = 0.25
"""Below this likeness (of 1) nearly every word would be marked, which says nothing."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text; `differs`: the other arm does not say it here."""

    text: str
    differs: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """A passage that one arm had and the other had not, or had at another rank (from 1)."""

    passage: Passage
    rank: int
    other_rank: int | None


@dataclass(frozen=True, slots=True)
class Steps:
    """What one arm did for an answer. `only_here` counts spans, by name, beyond those of the other arm."""

    spans: int
    calls: int
    input_tokens: int
    output_tokens: int
    cost_nanousd: int | None
    latency_ns: int
    only_here: tuple[tuple[str, int], ...]


def mark_words(before: str, after: str) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """Return both texts in pieces, the words that differ marked; unmarked where they have little in common.

    Joined, the pieces are the texts. Texts of more than 400 words are not compared.
    """
    left, right = (re.findall(r"\S+\s*|\s+", text) for text in (before, after))
    plain = ((Piece(before),), (Piece(after),))
    if max(len(left), len(right)) > _MOST_WORDS:
        return plain
    words = [[word.strip() for word in side] for side in (left, right)]
    matcher = SequenceMatcher(None, *words, autojunk=False)
    if words[0] == words[1] or matcher.ratio() < _ALIKE:
        return plain
    parts = [part for part in matcher.get_opcodes() if part[0] != "equal"]
    gone = [(start, end) for _, start, end, _, _ in parts if start < end]
    new = [(start, end) for _, _, _, start, end in parts if start < end]
    return tuple(_pieces(left, gone)), tuple(_pieces(right, new))


def found_apart(mine: Sequence[Passage], theirs: Sequence[Passage]) -> list[Found]:
    """Return those of `mine` that the other arm lacks or ranks otherwise, in their order."""
    ranks = {passage.id: rank for rank, passage in enumerate(theirs, 1)}
    found = [Found(passage, rank, ranks.get(passage.id)) for rank, passage in enumerate(mine, 1)]
    return [one for one in found if one.rank != one.other_rank]


def steps_of(
    rows: Mapping[Role, Row | None], traces: Mapping[Role, Trace | None]
) -> dict[Role, Steps | None]:
    """Return what each arm did; None for an arm without an output."""
    names = {role: Counter(_span_names(traces[role])) for role in ROLES}
    found: dict[Role, Steps | None] = {}
    for role, other in zip(ROLES, reversed(ROLES), strict=True):
        row = rows[role]
        found[role] = None if row is None else _steps(row, names[role], names[other])
    return found


def _pieces(words: Sequence[str], changed: Sequence[tuple[int, int]]) -> Iterator[Piece]:
    at = 0
    for start, end in changed:
        for text, differs in (("".join(words[at:start]), False), ("".join(words[start:end]), True)):
            if text:
                yield Piece(text, differs)
        at = end
    if rest := "".join(words[at:]):
        yield Piece(rest)


def _steps(row: Row, mine: Counter[str], theirs: Counter[str]) -> Steps:
    output = row.output
    return Steps(
        spans=mine.total(),
        calls=output.usage.calls,
        input_tokens=output.usage.input_tokens,
        output_tokens=output.usage.output_tokens,
        cost_nanousd=output.cost_nanousd,
        latency_ns=output.latency_ns,
        only_here=tuple(sorted((mine - theirs).items())),
    )


def _span_names(trace: Trace | None) -> Iterator[str]:
    for span in trace.spans if trace is not None else ():
        yield span.name if span.operation in span.name else f"{span.operation} {span.name}"
