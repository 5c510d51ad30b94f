"""The application: the gate, the rooms' routes, and how errors are said."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import cache
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

import genaiops
from genaiops.access import prepare
from genaiops.core import GenaiopsError, Problem, json_schema
from genaiops.server import faults
from genaiops.server.door import Door
from genaiops.server.gate import INTENT, Gate
from genaiops.server.mounting import mount
from genaiops.server.place import Place
from genaiops.server.problems import problem
from genaiops.server.rooms import MountedRoom
from genaiops.store import Store

OPENAPI = "/api/openapi.json"
_ABOUT = (
    "Every error is a problem document (RFC 9457) with a stable `code`. Requests that change something with "
    f"a session instead of a key carry the header `{INTENT}: 1`."
)


def now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


def app(
    store: Store,
    place: Place,
    mounted: Sequence[MountedRoom],
    *,
    clock: Callable[[], datetime] = now,
    close: Callable[[], Awaitable[None]] | None = None,
) -> FastAPI:
    """Return the application over `store`, as it is reached at `place`, with these rooms.

    `close` is awaited when it ends, in its event loop. Raises `ValueError` where a route does not say who may
    ask it.
    """
    prepare(store.database)
    api = FastAPI(openapi_url=OPENAPI, docs_url=None, redoc_url=None, lifespan=lambda _: _ending(close))
    door = Door(store.database, place, clock)
    for room in mounted:
        mount(api, door, room.room, room.routes)
    _add_probes(api, store)
    api.add_exception_handler(GenaiopsError, _said)
    api.add_exception_handler(RequestValidationError, _unexpected)
    api.add_exception_handler(HTTPException, _refused)
    api.add_middleware(Gate, place=place)
    api.openapi = cache(lambda: _described(door, mounted))  # 160 ms: only where somebody asks for it
    return api


@asynccontextmanager
async def _ending(close: Callable[[], Awaitable[None]] | None) -> AsyncGenerator[None]:
    yield
    if close is not None:
        await close()


def _add_probes(api: FastAPI, store: Store) -> None:
    def healthz() -> Response:
        """Say that the process answers."""
        return Response("ok\n", media_type="text/plain")

    def readyz() -> Response:
        """Say that the store answers, too."""
        with store.database.read() as connection:
            connection.exec_driver_sql("SELECT 1")
        return Response("ready\n", media_type="text/plain")

    for probe in (healthz, readyz):
        api.add_api_route(f"/{probe.__name__}", probe, methods=["GET"], include_in_schema=False)


def _described(door: Door, mounted: Sequence[MountedRoom]) -> dict[str, Any]:
    api = FastAPI()
    for room in mounted:
        mount(api, door, room.room, room.routes, described=True)
    described = get_openapi(
        title="genaiops", version=genaiops.__version__, description=_ABOUT, routes=api.routes
    )
    parts = described.setdefault("components", {})
    schema = {name: value for name, value in json_schema(Problem).items() if name != "$schema"}
    parts.setdefault("schemas", {})["Problem"] = schema
    parts["securitySchemes"] = {
        "key": {"type": "http", "scheme": "bearer", "description": "An API key: gao_ID_SECRET."},
        "session": {"type": "apiKey", "in": "cookie", "name": "session", "description": "A sign-in."},
    }
    return described


async def _said(_: Request, error: Exception) -> Response:
    assert isinstance(error, GenaiopsError)
    return problem(error)


async def _unexpected(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]  # what was sent is not repeated: it may hold a secret
    return problem(faults.unexpected(".".join(map(str, first["loc"])), str(first["msg"])), 422)


async def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    said = {
        404: faults.no_such_page,
        405: lambda: faults.refused_method((error.headers or {}).get("Allow", "")),
        408: faults.too_slow,
        413: faults.too_large,
    }
    made = said.get(error.status_code, lambda: faults.unexpected("content", "it cannot be read"))()
    answer = problem(made, error.status_code)
    answer.headers.update(error.headers or {})
    return answer
