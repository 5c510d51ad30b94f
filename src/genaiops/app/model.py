"""What `genaiops ask` and `genaiops index` print with --json."""

from dataclasses import dataclass

from genaiops.core import Digest, Json, Output, Passage, Trace
from genaiops.knowledge import Readiness


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """`genaiops ask --json`."""

    output: Output
    trace: Trace


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """`genaiops index search --json`."""

    passages: tuple[Passage, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A passage that was found, and how well it fits: to be compared within its query only."""

    id: str
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Hits:
    """One line of `genaiops index search NAME --queries FILE --json`: what a query found, best first."""

    id: str
    hits: tuple[Hit, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Indexes:
    """`genaiops index build --json` and `status --json`: what is known of each index, by name."""

    indexes: dict[str, dict[str, Json]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """`genaiops index check --json`: what is said of the documents of each index, by name."""

    indexes: dict[str, Readiness]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseMoved:
    """`genaiops index rollback --json` and `forget --json`: the recipes that answer now and did before."""

    name: str
    live: Digest | None
    before: Digest
    embedder: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """`genaiops index restore --json`: the documents that the next build has again."""

    name: str
    documents: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """`genaiops index prune --json`: the indexes that were removed, by the digests of their recipes."""

    removed: tuple[str, ...]
