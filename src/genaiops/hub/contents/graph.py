"""Every version of a Hub and what it rests on, in memory: for what looks at all of them at once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from genaiops.core import Digest, KindSpec
from genaiops.hub import queries
from genaiops.hub.model import Version
from genaiops.hub.tables import EDGES


@dataclass(frozen=True, slots=True)
class Graph:
    """Versions by row id, and for each the rows that it was made from or that its manifest names."""

    versions: dict[int, Version]
    rests_on: dict[int, set[int]]

    def with_ancestors(self, rows: Iterable[int]) -> set[int]:
        """Return `rows` and all that they rest on, down to the last input."""
        reached: set[int] = set()
        waiting = list(rows)
        while waiting:
            row = waiting.pop()
            if row not in reached:
                reached.add(row)
                waiting += self.rests_on.get(row, ())
        return reached


def read_graph(connection: sa.Connection, kinds: Mapping[str, KindSpec]) -> Graph:
    """Return the graph of everything that is published."""
    versions = dict(queries.find(connection))
    rests_on: dict[int, set[int]] = {}
    for child, parent in connection.execute(sa.select(EDGES.c.child, EDGES.c.parent)):
        rests_on.setdefault(child, set()).add(parent)
    by_digest: dict[Digest, list[int]] = {}
    for row, version in versions.items():
        by_digest.setdefault(version.digest, []).append(row)
    for row, version in versions.items():
        for digest in kinds[version.kind].closure(version.manifest) if version.kind in kinds else ():
            rests_on.setdefault(row, set()).update(by_digest.get(digest, ()))
    return Graph(versions, rests_on)
