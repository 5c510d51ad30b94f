"""A room's HTTP routes as data: what the server mounts, and what the walk of roles iterates.

A room's `routes.py` is a tuple of `Route`. Each names its action and the project that it concerns; a handler
is a plain function of `Asked` and of what the request gave, and returns a dataclass: no web framework needed.

    def show(asked: Asked[Database], project: str, limit: Limit = 20) -> Grants: ...

    ROUTES = (Route("GET", "/api/projects/{project}/roles", show, "people.read", "{project}"),)

Names in the path are the handler's arguments of the same name; plain values are read from the query, a
pydantic model from the JSON body.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, Generic, Literal, TypeVar

from genaiops.core.artifacts import Principal

Room = TypeVar("Room")
Body = TypeVar("Body")
Method = Literal["GET", "POST", "PUT", "DELETE"]

ANYONE = "anyone"
"""The action of a route that needs no sign-in: signing in itself."""

ONESELF = "oneself"
"""The action of a route about the caller alone: any signed-in account may, without a role."""

NOBODY = Principal(id="nobody")
"""Who asks a route for anyone without being signed in. No table of permissions knows this id."""

_MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Route:
    """One route. It is denied unless `action` is allowed in `project`, before anything of it is read.

    `action`: one of the table of permissions, `ANYONE` or `ONESELF`. `project`: `*` (everywhere), the path's
    `{project}`, or None where only the store knows which one: then the room's own `require` decides alone.
    `call`: takes an `Asked`, then what the request gave; async, or sync and run in a thread.
    `most_bytes`: of the request's content. With `raw`, it is not JSON but `Asked.content`, as it arrives.
    """

    method: Method
    path: str
    call: Callable[..., Any]
    action: str
    project: str | None
    status: int = field(default=200, kw_only=True)
    most_bytes: int = field(default=_MIB, kw_only=True)
    raw: bool = field(default=False, kw_only=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked(Generic[Room]):
    """Who asks, when, and what the room works on.

    `client`: the address that the request came from. `session`: the id of the session that it belongs to,
    None with an API key. `cookies`: by the names that `Cookie` gave them. `content`: a `raw` route's body.
    """

    room: Room
    by: Principal
    at: datetime
    client: str = ""
    session: str | None = None
    cookies: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    content: Iterable[bytes] = ()


def _quiet(size: int) -> None:
    return None


@dataclass(frozen=True, slots=True)
class FileContent:
    """A request's content that lies in a file here, read in pieces. `told` hears of each piece's bytes."""

    path: Path
    told: Callable[[int], None] = _quiet

    def __iter__(self) -> Iterator[bytes]:
        with self.path.open("rb") as file:
            while piece := file.read(_MIB):
                yield piece
                self.told(len(piece))


@dataclass(frozen=True, slots=True)
class Cookie:
    """A cookie to be set for `seconds`, or removed with 0. The server decides on its flags and its prefix."""

    name: str
    value: str = field(repr=False)
    seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply(Generic[Body]):
    """An answer with cookies, or with a place to go on to (`location`; the route's status is 303)."""

    body: Body
    cookies: tuple[Cookie, ...] = ()
    location: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """An answer that is bytes, sent as they come. `size` in bytes, where it is known."""

    chunks: Iterable[bytes]
    size: int | None = None
    media_type: str = "application/octet-stream"
