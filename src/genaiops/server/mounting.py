"""From a `Route` to FastAPI: its handler gets an `Asked`, its result becomes an answer."""

import inspect
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any, cast, get_args, get_origin, get_type_hints

import anyio.from_thread
from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from genaiops.core import ANYONE, Asked, Content, Reply, Route, encode_json
from genaiops.server.door import Door, check_route
from genaiops.server.gate import Message, Receive
from genaiops.server.place import Place

Handle = Callable[[Request], Coroutine[Any, Any, Response]]
_PROBLEM = {"$ref": "#/components/schemas/Problem"}
_REFUSED = {"description": "Refused", "content": {"application/problem+json": {"schema": _PROBLEM}}}


def mount(
    api: FastAPI, door: Door, room: object, routes: Sequence[Route], *, described: bool = False
) -> None:
    """Add a room's routes, `described` with the models of their answers, which serving does not need.

    Raises `ValueError` where one does not say who may ask it.
    """
    for route in routes:
        check_route(route)
        made = get_type_hints(route.call, include_extras=True).get("return", None)
        is_content = made is Content
        api.router.add_api_route(
            route.path,
            _endpoint(route, door.place),
            methods=[route.method],
            status_code=route.status,
            response_model=_model(made) if described and not is_content else None,
            response_class=_Bytes if is_content else _Json,
            responses={"default": _REFUSED},
            operation_id=_operation(route),
            summary=(inspect.getdoc(route.call) or "").partition("\n")[0],
            description=inspect.getdoc(route.call) or "",
            tags=[route.path.split("/")[2] if route.path.count("/") > 1 else "server"],
            route_class_override=_guarded(route, door, room),
            openapi_extra=_extra(route),
        )


class _Json(JSONResponse):
    def render(self, content: Any) -> bytes:
        return encode_json(content).encode()


class _Bytes(Response):
    media_type = "application/octet-stream"


def _guarded(route: Route, door: Door, room: object) -> type[APIRoute]:
    class Guarded(APIRoute):
        """A route that lets nobody in before the door has."""

        def get_route_handler(self) -> Handle:
            inner = super().get_route_handler()

            async def handle(request: Request) -> Response:
                asked = await run_in_threadpool(door.admit, route, room, request)
                bounded = Request(request.scope, _at_most(route.most_bytes, request))
                bounded.state.asked = _with_content(route, bounded, asked)
                return await inner(bounded)

            return handle

    return Guarded


def _at_most(limit: int, request: Request) -> Receive:
    declared = request.headers.get("content-length", "0")
    if declared.isdecimal() and int(declared) > limit:
        raise HTTPException(413)
    seen = 0

    async def receive() -> Message:
        nonlocal seen
        message = await request.receive()
        seen += len(message.get("body", b""))
        if seen > limit:
            raise HTTPException(413)
        return message

    return receive


def _with_content(route: Route, request: Request, asked: Asked[object]) -> Asked[object]:
    return replace(asked, content=_pulled(request.stream())) if route.raw else asked


def _pulled(stream: AsyncIterator[bytes]) -> Iterator[bytes]:
    """Yield what arrives, to a handler that runs in a thread: never more than one piece is held."""

    async def piece() -> bytes | None:
        return await anext(stream, None)

    while (some := anyio.from_thread.run(piece)) is not None:
        yield some


def _endpoint(route: Route, place: Place) -> Handle:
    call = route.call

    async def endpoint(request: Request, **given: Any) -> Response:
        asked = request.state.asked
        if inspect.iscoroutinefunction(call):
            result: object = await call(asked, **given)
        else:
            result = await run_in_threadpool(call, asked, **given)
        if isinstance(result, Content):  # what fails at once is still a problem document, not a broken answer
            result = replace(result, chunks=await run_in_threadpool(_begun, result.chunks))
        return _response(result, route.status, place)

    hints = get_type_hints(call, include_extras=True)
    rest = list(inspect.signature(call).parameters.values())[1:]
    takes = [each.replace(annotation=hints[each.name], kind=inspect.Parameter.KEYWORD_ONLY) for each in rest]
    first = inspect.Parameter("request", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=Request)
    endpoint.__signature__ = inspect.Signature([first, *takes])  # pyright: ignore[reportFunctionMemberAccess]
    endpoint.__name__ = call.__name__
    return endpoint


def _begun(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Return the same pieces, of which the first is there."""
    rest = iter(chunks)
    return chain([next(rest, b"")], rest)


def _response(result: object, status: int, place: Place) -> Response:
    if isinstance(result, Content):
        size = {} if result.size is None else {"Content-Length": str(result.size)}
        return StreamingResponse(result.chunks, status, size, media_type=result.media_type)
    reply = cast("Reply[object]", result) if isinstance(result, Reply) else Reply(body=result)
    if reply.location is not None:
        answer = Response(None, status, {"Location": reply.location})
    elif reply.body is None:
        answer = Response(None, 204)
    else:
        answer = _Json(reply.body, status)
    for cookie in reply.cookies:
        answer.headers.append("set-cookie", place.set_cookie(cookie))
    return answer


def _model(made: Any) -> Any:
    """Return what the body of an answer is, as the description of the API says it."""
    inside = get_args(made)[0] if get_origin(made) is Reply else made
    return None if inside is type(None) else inside


def _operation(route: Route) -> str:
    return f"{route.call.__module__.split('.')[1]}_{route.call.__name__}"


def _extra(route: Route) -> dict[str, Any]:
    extra: dict[str, Any] = {}
    if route.action != ANYONE:
        extra["security"] = [{"key": []}, {"session": []}]
    if route.raw:
        content = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
        extra["requestBody"] = {"required": True, "content": content}
    return extra
