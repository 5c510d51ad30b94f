"""Lineage as a tree of lines. Pure."""

from collections.abc import Iterator, Sequence

from genaiops.hub.model import Edge, Version
from genaiops.hub.telling import short_digest

MOST_LINES = 200


def tree_lines(root: Version, edges: Sequence[Edge], *, down: bool, most: int = MOST_LINES) -> Iterator[str]:
    """Yield a line a version, below it what it was made from, or with `down` what was made from it.

    What a version rests on is drawn where the version stands first; elsewhere it is marked `(above)`. After
    `most` lines one more says how many versions are not shown.
    """
    below: dict[str, dict[str, tuple[Version, str]]] = {}
    for edge in edges:
        here, there = (edge.parent, edge.child) if down else (edge.child, edge.parent)
        below.setdefault(here.reference, {})[there.reference] = (there, edge.activity)
    every = {root.reference, *(reference for found in below.values() for reference in found)}
    shown: set[str] = set()
    waiting = [(root, root.activity, "", "")]
    for _ in range(most):
        if not waiting:
            return
        version, activity, lead, branch = waiting.pop()
        again = version.reference in shown and version.reference in below
        shown.add(version.reference)
        yield f"{lead}{branch}{version.short}  {short_digest(version)}  {activity}{'  (above)' if again else ''}"
        if not again:
            deeper = lead + {"": "", "├── ": "│   ", "└── ": "    "}[branch]
            twigs = list(below.get(version.reference, {}).values())
            for at, (other, through) in reversed(list(enumerate(twigs, 1))):
                waiting.append((other, through, deeper, "└── " if at == len(twigs) else "├── "))
    if left := len(every - shown):
        yield f"… and {left:,} version{'s' if left > 1 else ''} more: --depth shows less of each branch, --json all"
