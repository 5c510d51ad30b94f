"""What retention keeps. Pure, over the graph of everything that is published."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from genaiops.hub import aliases
from genaiops.hub.contents.graph import Graph
from genaiops.hub.model import Move


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """Content stays of the newest `keep` versions of an artifact, and of what has at most `older_than` days.

    Only versions of `kinds` are looked at; none: of every kind.
    """

    keep: int = 10
    older_than: int = 90
    kinds: frozenset[str] = frozenset()


def removable(
    graph: Graph,
    moves: Sequence[Move],
    approved: Collection[int],
    retention: Retention,
    since: str,
) -> list[int]:
    """Return the rows whose content nothing needs, in the order in which they were published.

    Needed is: what an alias points at, would go back to, or pointed at since then; the evidence of such a
    move and about such a version; what somebody approved; the newest of each artifact; what was published
    since; and all that any of these was made from. `since`: RFC 3339, UTC.
    """
    rows = {each.reference: row for row, each in graph.versions.items()}
    pinned = {rows[str(move.to_version)] for move in _pinning(moves, since)}
    kept = pinned | set(approved) | _young(graph, retention, since)
    cited = {digest for move in moves if rows[str(move.to_version)] in pinned for digest in move.evidence}
    for row, version in graph.versions.items():
        if version.kind == "evidence" and (
            version.digest in cited or pinned & graph.rests_on.get(row, set())
        ):
            kept.add(row)
    needed = graph.with_ancestors(kept)
    return [
        row
        for row, version in sorted(graph.versions.items())
        if row not in needed
        and version.blobs
        and not version.removed
        and (not retention.kinds or version.kind in retention.kinds)
    ]


def _pinning(moves: Sequence[Move], since: str) -> Iterator[Move]:
    """Yield of each alias the last move, the one that a rollback goes back to, and what was live since."""
    histories: dict[str, list[Move]] = {}
    for move in moves:
        of = replace(move.to_version, number=None, digest=None, alias=move.alias)
        histories.setdefault(str(of), []).append(move)
    for history in histories.values():
        yield history[-1]
        back = aliases.before(history)
        if back is not None:
            yield back
        yield from (move for move, after in pairwise(history) if after.at >= since)


def _young(graph: Graph, retention: Retention, since: str) -> set[int]:
    artifacts: dict[tuple[str, str | None, str], list[int]] = {}
    for row, version in sorted(graph.versions.items()):
        artifacts.setdefault((version.kind, version.project, version.name), []).append(row)
    newest = {row for rows in artifacts.values() for row in rows[-retention.keep :]}
    return newest | {row for row, version in graph.versions.items() if version.created_at > since}
