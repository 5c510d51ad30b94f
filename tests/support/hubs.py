"""Real HTTP servers in threads, for all tests of a process; which store each serves, a test says."""

import asyncio
import os
from collections.abc import Generator
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import lru_cache
from threading import Event, Thread
from typing import Any

import pytest

from genaiops.access import Identities, Vault
from genaiops.access.entrance import Entrance, StartToken
from genaiops.access.keys import create_key
from genaiops.access.permissions import PERMISSIONS
from genaiops.arena import KINDS, kinds_with
from genaiops.arena.hub_routes import HUB_ROUTES as ABOVE
from genaiops.core import Principal, Scope, Settings
from genaiops.hub import Client
from genaiops.hub.bodies import Shelf
from genaiops.hub.remote import Remote
from genaiops.hub.routes import ROUTES
from genaiops.server import Place, all_rooms, app
from genaiops.server.serving import free_port, serve_until
from genaiops.store import Store

WAY = "GENAIOPS_TEST_WAY"
"""How tests reach a Hub where this is `url`; else its store is at hand."""

OPEN: dict[tuple[int, str], Remote] = {}


class Served:
    """The server: what is put into `app` answers."""

    def __init__(self) -> None:
        self.place = Place(port=free_port("127.0.0.1", 0))
        self.app: Any = None
        listens = Event()
        Thread(target=self._run, args=(listens,), daemon=True).start()
        listens.wait()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer with the application of the test that runs."""
        if scope["type"] == "http":
            await self.app(scope, receive, send)

    def _run(self, listens: Event) -> None:
        with suppress(asyncio.CancelledError):
            asyncio.run(serve_until(self, self.place, listens.set, asyncio.Event()))


@lru_cache(maxsize=8)
def server(number: int) -> Served:
    """Return one of this process's servers: a test with two stores needs two."""
    return Served()


@contextmanager
def on_the_way(way: str, monkeypatch: pytest.MonkeyPatch) -> Generator[None]:
    """Say how tests reach a Hub, and close what they opened."""
    monkeypatch.setenv(WAY, way)
    yield
    for remote in OPEN.values():
        remote.close()
    OPEN.clear()


def reached(store: Store, who: Principal, clock: Any, project: str = "*") -> Client:
    """Return the Hub in `store`, served over HTTP, as `who` works with it from elsewhere, with a key."""
    if (id(store), who.id) not in OPEN:
        OPEN[id(store), who.id] = _opened(store, who, clock, project)
    return Client(OPEN[id(store), who.id], lambda: KINDS)


def _opened(store: Store, who: Principal, clock: Any, project: str) -> Remote:
    served = server(len(OPEN))
    mine = Settings(config_dir=store.path / "config", cache_dir=store.path / "cache", env={})
    kinds = kinds_with(Vault(store.database, mine))
    entrance = Entrance(store.database, StartToken(who), None)
    served.app = app(
        store,
        served.place,
        all_rooms(entrance, Shelf(store, kinds, identities=Identities(mine))),
        clock=clock,
    )
    with store.database.write() as connection:
        made = create_key(
            connection,
            who,
            owner=who.id,
            scope=Scope(project=project, actions=frozenset(PERMISSIONS)),
            lifetime=timedelta(days=30),
            at=clock(),
        )
    return Remote(served.place.url, made.text, (*ROUTES, *ABOVE), Settings.from_env(os.environ))
