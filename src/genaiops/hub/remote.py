"""A Hub behind a URL: each question is the request of its route, each answer the JSON of the command."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from threading import Thread
from typing import Any, Concatenate, ParamSpec, TypeVar, cast, get_type_hints
from urllib.parse import quote, urlencode, urlsplit

from pydantic import BaseModel

from genaiops.core import Content, FileContent, Problem, Route, Settings, UserError, decode_json
from genaiops.hub import remote_faults as faults
from genaiops.hub.bodies import At
from genaiops.net import FileBody, HttpEgress, load_policy

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")
Handler = Callable[..., Any]

_PURPOSE = "the Hub"
_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
_SECONDS = 600.0
"""A move recomputes the evidence that it rests on; an export reads all of a project."""
_SLOWEST = 100_000
"""Bytes a second that an upload may be as slow as."""
_REFUSED = 400


class Remote:
    """The Hub at `url`, for the owner of `key`. `routes` are all that can be asked there.

    Raises `UserError` for a URL that would show the key to others. Close it at the end.
    """

    def __init__(self, url: str, key: str, routes: Sequence[Route], settings: Settings) -> None:
        self._url = _checked(url)
        self._key = key
        self._routes: Mapping[Handler, Route] = {route.call: route for route in routes}
        host = urlsplit(self._url)
        # whoever names a Hub means to reach it, private or not
        self._egress = HttpEgress(load_policy(settings, [host.netloc]))
        # a loop of its own, so that a notebook or a server, which run in one, can ask too
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def ask(self, handler: Callable[Concatenate[At, P], R], /, *args: P.args, **given: P.kwargs) -> R:
        """Return what the handler of a route answers there; raises the error that it answers."""
        return self._answer(handler, None, cast("dict[str, object]", given))

    def send(
        self,
        content: FileContent,
        handler: Callable[Concatenate[At, P], R],
        /,
        *args: P.args,
        **given: P.kwargs,
    ) -> R:
        """Return what the handler of a raw route answers there to the content of a file."""
        return self._answer(handler, content, cast("dict[str, object]", given))

    def close(self) -> None:
        """Close the connections."""
        self._run(self._egress.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _answer(self, handler: Handler, content: FileContent | None, given: dict[str, object]) -> Any:
        route, made = self._routes[handler], get_type_hints(handler)["return"]
        path, body = request_of(route, given)
        response = self._run(self._request(route.method, path, body, content))
        if response.status >= _REFUSED:
            raise _error(self._url, response.status, self._run(response.read()))
        if made is Content:
            return Content(chunks=self._pieces(response.chunks()))
        text = self._run(response.read())
        if made is type(None):
            return None
        try:
            return decode_json(made, text)
        except UserError as error:
            raise faults.not_understood(self._url, error.why) from error

    async def _request(self, method: str, path: str, body: bytes | None, content: FileContent | None) -> Any:
        headers = {"Authorization": f"Bearer {self._key}"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        seconds = _SECONDS
        if content is not None:
            seconds += content.path.stat().st_size / _SLOWEST
        sent = FileBody(content.path, content.told) if content else body
        return await self._egress.request(
            _PURPOSE, method, self._url + path, headers=headers, body=sent, timeout=seconds
        )

    def _pieces(self, stream: Any) -> Iterator[bytes]:
        async def piece() -> bytes | None:
            return await anext(stream, None)

        while (some := self._run(piece())) is not None:
            yield some

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


def request_of(route: Route, given: Mapping[str, object]) -> tuple[str, bytes | None]:
    """Return the path, with its query, and the JSON body of a route's request for these arguments."""
    body: bytes | None = None
    names: dict[str, str] = {}
    query: dict[str, str] = {}
    for name, value in given.items():
        if isinstance(value, BaseModel):
            body = value.model_dump_json().encode()
        elif f"{{{name}}}" in route.path:
            names[name] = quote(str(value), safe="")
        elif value is not None:
            query[name] = str(value)
    path = route.path.format(**names)
    return (f"{path}?{urlencode(query)}" if query else path), body


def _checked(url: str) -> str:
    """Return `url` without a slash at its end; raises `UserError` where it is none that a key is sent to."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise faults.bad_url(url, "it reads https://HOST, or http://127.0.0.1:PORT on this machine")
    if parts.username or parts.password:
        raise faults.bad_url(f"https://…@{parts.hostname}", "it holds a user name or password")
    if parts.scheme == "http" and parts.hostname not in _LOCAL:
        raise faults.bad_url(url, "the key, and all content, would travel in clear")
    return url.rstrip("/")


def _error(url: str, status: int, text: bytes) -> Exception:
    try:
        problem = decode_json(Problem, text)
    except UserError:
        return faults.no_hub(url, status)
    return problem.error()
