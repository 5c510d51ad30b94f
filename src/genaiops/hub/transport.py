"""How a client reaches a Hub. What can be asked of one are the handlers of its routes, whichever way.

    transport.ask(routes.get, ref="prompt/answer:prod")

`Direct` calls the handler on a store that is at hand; `Remote` (remote.py) sends the request of its route.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from genaiops.core import Asked, FileContent, Principal
from genaiops.hub.bodies import At, Shelf

P = ParamSpec("P")
R = TypeVar("R")


class Transport(Protocol):
    """The way to one Hub, for one principal."""

    def ask(self, handler: Callable[Concatenate[At, P], R], /, *args: P.args, **given: P.kwargs) -> R:
        """Return what the handler of a route answers; arguments are given by name."""
        ...

    def send(
        self,
        content: FileContent,
        handler: Callable[Concatenate[At, P], R],
        /,
        *args: P.args,
        **given: P.kwargs,
    ) -> R:
        """Return what the handler of a raw route answers to the content of a file."""
        ...


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Direct:
    """A Hub whose store is at hand, for `by`."""

    shelf: Shelf
    by: Principal
    clock: Callable[[], datetime] = _now

    def ask(self, handler: Callable[Concatenate[At, P], R], /, *args: P.args, **given: P.kwargs) -> R:
        """Return what the handler of a route answers."""
        return handler(Asked(room=self.shelf, by=self.by, at=self.clock()), *args, **given)

    def send(
        self,
        content: FileContent,
        handler: Callable[Concatenate[At, P], R],
        /,
        *args: P.args,
        **given: P.kwargs,
    ) -> R:
        """Return what the handler of a raw route answers to the content of a file."""
        asked = Asked(room=self.shelf, by=self.by, at=self.clock(), content=content)
        return handler(asked, *args, **given)
