"""Anchors: answers that a judge judged before, asked again to see whether the ruler moved.

Row by row, not by means: verdicts are told apart at half of the scale, and how many flipped up and how many
down is compared by McNemar's exact test (1947). How many flipped at all is told beside it.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

from genaiops import stats
from genaiops.arena.model import AnchorCheck
from genaiops.core import (
    Case,
    Digest,
    Json,
    Output,
    Passage,
    UserError,
    decode,
    digest_json,
    encode,
    one_line,
)

MOST = 200
FEWEST = 6
"""With fewer rows even flips that all go one way could be luck: two-sided 2 · 0.5⁶ = 0.03."""
MOVED = 0.05
_HALF = 0.5 - 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What an app said: the parts of an `Output` that a judge is shown."""

    text: str | None = None
    data: Json = None
    abstained: bool = False
    passages: tuple[Passage, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """One row: a question, an answer, the judge's `value` of it then, and what people said (`label`)."""

    inputs: dict[str, Json]
    output: Said
    value: float
    expected: dict[str, Json] = field(default_factory=dict[str, Json])
    label: float | None = None

    @property
    def asked(self) -> tuple[Case, Output]:
        """The row as a case with an output."""
        case = Case(id="anchor", inputs=self.inputs, expected=self.expected, tags={}, cluster="anchor")
        said = self.output
        return case, Output(text=said.text, data=said.data, abstained=said.abstained, passages=said.passages)


def read_anchors(text: str, where: str) -> tuple[Anchor, ...]:
    """Return the rows of an anchors file (JSON Lines); raises `UserError` naming the first bad line."""
    rows: list[Anchor] = []
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            place = f"{where}:{number}"
            anchor = decode(Anchor, _json(line, place), where=place, code="GAO-ARENA-316")
            if not 0.0 <= anchor.value <= 1.0:
                raise _bad(f"the value {anchor.value!r} is outside of 0 to 1", place)
            rows.append(anchor)
    if not FEWEST <= len(rows) <= MOST:
        raise _bad(f"it has {len(rows)} rows, and {FEWEST} to {MOST} can tell whether a judge moved", where)
    return tuple(rows)


def anchors_digest(anchors: Sequence[Anchor]) -> Digest:
    """Return the digest of the rows."""
    return digest_json([encode(anchor) for anchor in anchors])


def compare_anchors(anchors: Sequence[Anchor], now: Sequence[float | None]) -> AnchorCheck:
    """Return how the verdicts on the anchors flipped; None is a reply without a verdict, and a flip down."""
    before = [float(anchor.value >= _HALF) for anchor in anchors]
    after = [float(value is not None and value >= _HALF) for value in now]
    pairs = list(zip(before, after, strict=True))
    return AnchorCheck(
        rows=len(anchors),
        up=sum(new > old for old, new in pairs),
        down=sum(new < old for old, new in pairs),
        p_value=stats.round_sig(stats.mcnemar(before, after)),
    )


def _json(line: str, place: str) -> Json:
    try:
        return cast(Json, json.loads(line))
    except (ValueError, RecursionError) as error:
        raise _bad(f"the line is not JSON: {one_line(str(error))}", place) from error


def _bad(what: str, where: str) -> UserError:
    return UserError(
        "GAO-ARENA-316",
        f"the anchors cannot be used: {what}",
        why="they are answers that the judge judged before, with the value it gave",
        fix="`genaiops arena label --anchors FILE` writes them",
        where=where,
    )
