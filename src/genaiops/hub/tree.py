"""Lineage as a tree of lines, and as the document that `hub lineage --json` writes. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from genaiops.hub.model import Edge, Version
from genaiops.hub.telling import short_digest

MOST_LINES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Walked:
    """An edge: `child` was made from `parent` by an activity; both are references. `at`: RFC 3339, UTC."""

    child: str
    parent: str
    activity: str
    at: str

    @classmethod
    def of(cls, edge: Edge) -> "Walked":
        """Return an edge with its versions as references."""
        return cls(
            child=edge.child.reference, parent=edge.parent.reference, activity=edge.activity, at=edge.at
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LineageReport:
    """Every edge that was walked from `version`. `events`: how many OpenLineage events were written."""

    version: str
    direction: Literal["up", "down"]
    edges: tuple[Walked, ...]
    events: int | None = None


def tree_lines(
    root: Version, edges: Sequence[Walked], *, down: bool, most: int = MOST_LINES
) -> Iterator[str]:
    """Yield a line a version, below it what it was made from, or with `down` what was made from it.

    What a version rests on is drawn where the version stands first; elsewhere it is marked `(above)`. After
    `most` lines one more says how many versions are not shown.
    """
    below: dict[str, dict[str, str]] = {}
    for edge in edges:
        here, there = (edge.parent, edge.child) if down else (edge.child, edge.parent)
        below.setdefault(here, {})[there] = edge.activity
    every = {root.reference, *(reference for found in below.values() for reference in found)}
    shown: set[str] = set()
    waiting = [(root.reference, root.activity, "", "")]
    for _ in range(most):
        if not waiting:
            return
        reference, activity, lead, branch = waiting.pop()
        again = reference in shown and reference in below
        shown.add(reference)
        mark = "  (above)" if again else ""
        short, _, digest = reference.partition("@")
        yield f"{lead}{branch}{short}  {short_digest(digest)}  {activity}{mark}"
        if not again:
            deeper = lead + {"": "", "├── ": "│   ", "└── ": "    "}[branch]
            twigs = list(below.get(reference, {}).items())
            for at, (other, through) in reversed(list(enumerate(twigs, 1))):
                waiting.append((other, through, deeper, "└── " if at == len(twigs) else "├── "))
    if left := len(every - shown):
        yield f"… and {left:,} more: --depth walks fewer steps, --json shows all"
