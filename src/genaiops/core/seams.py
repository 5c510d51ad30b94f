"""The remaining seams between rooms: a candidate, an index, a runner, the way out to the network."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, NewType, Protocol, TypeVar

from genaiops.core.artifacts import Principal
from genaiops.core.cases import Output, Passage
from genaiops.core.digests import Digest, Json

Item = TypeVar("Item")
Value = TypeVar("Value")
SnapshotId = NewType("SnapshotId", str)


class Candidate(Protocol):
    """Something that answers cases. It never sees what is expected."""

    @property
    def digest(self) -> Digest | None:
        """The digest of everything that makes its outputs; None where that cannot be known."""
        ...

    async def answer(self, inputs: Mapping[str, Json], repeat: int, deadline: float) -> Output:
        """Return the output for `inputs`; never raises for the app's own failure. `deadline`: seconds."""
        ...


@dataclass(frozen=True, slots=True)
class Done(Generic[Item, Value]):
    """One finished item: its value, or the exception that ended it."""

    item: Item
    value: Value | None
    error: BaseException | None = None


class Runner(Protocol):
    """Where concurrent work runs: asyncio here, a cluster later."""

    def map(
        self,
        fn: Callable[[Item], Awaitable[Value]],
        items: Iterable[Item],
        *,
        limit: int,
        deadline: float | None = None,
    ) -> AsyncIterator[Done[Item, Value]]:
        """Yield items as they finish, at most `limit` at once, each within `deadline` seconds."""
        ...


class Response(Protocol):
    """An HTTP response that can be read whole or as it comes."""

    @property
    def status(self) -> int:
        """The HTTP status."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """Headers, case-insensitive."""
        ...

    async def read(self) -> bytes:
        """Return the whole body and close."""
        ...

    def chunks(self) -> AsyncIterator[bytes]:
        """Yield the body as it arrives."""
        ...

    async def close(self) -> None:
        """Release the connection."""
        ...


class Egress(Protocol):
    """The only way out: one policy for every connection that we open."""

    async def request(
        self,
        purpose: str,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        timeout: float = 60.0,
    ) -> Response:
        """Send a request; raises `UserError` where the policy refuses, `OutsideError` where it fails."""
        ...


class VectorIndex(Protocol):
    """Passages one can search. A reader holds one snapshot for the whole request."""

    def snapshot(self) -> SnapshotId:
        """Return the snapshot that is live now."""
        ...

    def search(
        self,
        snapshot: SnapshotId,
        query: str,
        vector: Sequence[float],
        k: int,
        *,
        principal: Principal,
        where: Mapping[str, Json] | None = None,
    ) -> Sequence[Passage]:
        """Return at most `k` passages that `principal` may read, best first; filtered before the search."""
        ...

    def upsert(self, passages: Sequence[Passage], vectors: Sequence[Sequence[float]]) -> None:
        """Stage passages for the next snapshot."""
        ...

    def tombstone(self, documents: Sequence[str]) -> None:
        """Withdraw documents at once, in every snapshot."""
        ...

    def publish(self) -> SnapshotId:
        """Make what is staged the live snapshot, atomically."""
        ...
