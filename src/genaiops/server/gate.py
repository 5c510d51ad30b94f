"""What every request passes, whatever it asks for: whose page sent it, and what is said of every answer."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import Response

from genaiops.server import faults
from genaiops.server.place import Place
from genaiops.server.problems import our_fault, problem

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

INTENT = "X-Genaiops-Request"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_PROBES = frozenset({"/healthz", "/readyz"})
_CHUNK_SECONDS = 30.0
_HEADERS: Mapping[str, str] = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class Gate:
    """ASGI middleware: refuses strange hosts and pages, adds the headers, turns a bug of ours into a 500.

    `patience`: for how many seconds the next piece of a request's content is waited for.
    """

    def __init__(self, app: App, place: Place, patience: float = _CHUNK_SECONDS) -> None:
        self._app = app
        self._patience = patience
        self._hosts, self._origins = place.hosts, place.origins
        self._headers = dict(_HEADERS)
        if place.exposed:
            self._headers["Strict-Transport-Security"] = "max-age=31536000"

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        if scope["type"] != "http":  # no websocket is offered
            return
        begun = False

        async def dressed(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                MutableHeaders(scope=message).update(self._headers)
            await send(message)

        headers = Headers(scope=scope)
        refusal = self.refusal(scope["method"], scope["path"], headers)
        if refusal is not None:
            await refusal(scope, receive, dressed)
            return
        try:
            await self._app(scope, _in_time(receive, self._patience), dressed)
        except Exception as error:  # the last line of defence
            answer = our_fault(error)
            if begun:  # half an answer cannot be taken back: the connection breaks, and the client knows
                raise
            await answer(scope, receive, dressed)

    def refusal(self, method: str, path: str, headers: Headers) -> Response | None:
        """Return the answer to a request that goes no further; None where it may."""
        # who watches over the server asks by address, and learns only that it is there
        if headers.get("host", "").lower() not in self._hosts and path not in _PROBES:
            return problem(faults.strange_host(), 421)
        if method in _SAFE:
            return None
        if headers.get("origin", "").lower() not in ("", *self._origins):
            return problem(faults.strange_page())
        if headers.get("sec-fetch-site", "none").lower() not in ("same-origin", "none"):
            return problem(faults.strange_page())
        # a key is sent by whoever means it; a cookie is sent by the browser, whoever asks
        if "authorization" not in headers and INTENT not in headers:
            return problem(faults.no_header())
        return None


def _in_time(receive: Receive, patience: float) -> Receive:
    """Return `receive` with a limit on the wait for each piece of the request's content."""
    more = True

    async def next_message() -> Message:
        nonlocal more
        if not more:  # from here on the server waits for the client to go away
            return await receive()
        try:
            async with asyncio.timeout(patience):
                message = await receive()
        except TimeoutError:
            raise HTTPException(408) from None
        more = bool(message.get("more_body"))
        return message

    return next_message
