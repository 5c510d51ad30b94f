"""The server's application over a real store, with people in it, asked as a browser or with a key."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from starlette.testclient import TestClient
from tests.support.access import ADMIN, Clock, give, peopled
from tests.unit.hub.hub_sample import KINDS

from genaiops.access.entrance import Entrance, StartToken
from genaiops.access.keys import create_key
from genaiops.access.oidc.flow import OidcFlow
from genaiops.access.passwords import HashCost
from genaiops.access.sessions import open_session
from genaiops.core import Principal, Route, Scope
from genaiops.hub.bodies import Shelf
from genaiops.net import HttpEgress
from genaiops.server import MountedRoom, Place, all_rooms, app
from genaiops.store import Store

MEANT = {"X-Genaiops-Request": "1"}
PLACE = Place(port=80)
ROOT = "http://127.0.0.1"
CHEAP = HashCost(memory_kib=64, passes=1, lanes=1)  # the real one takes 0.1 s a sign-in


@dataclass
class Served:
    """An application, its store, its clock and what it was started with."""

    store: Store
    api: FastAPI
    client: TestClient
    clock: Clock
    start: StartToken
    place: Place = field(default=PLACE)

    def session(self, subject: str) -> dict[str, str]:
        """Return the headers of a browser in which `subject` is signed in, which means what it sends."""
        with self.store.database.write() as connection:
            opened = open_session(connection, subject, "password", self.clock())
        return {**MEANT, "Cookie": f"{self.place.cookie_name('session')}={opened.token}"}

    def key(self, owner: str, project: str, *actions: str, days: int = 90) -> dict[str, str]:
        """Return the headers of a program with a key of `owner`."""
        with self.store.database.write() as connection:
            made = create_key(
                connection,
                Principal(id=owner) if owner.startswith("user:") else ADMIN,
                owner=owner,
                scope=Scope(project=project, actions=frozenset(actions)),
                lifetime=timedelta(days=days),
                at=self.clock(),
            )
        return {"Authorization": f"Bearer {made.text}"}

    def role(self, role: str, project: str) -> str:
        """Give `user:anna` a role, and return who that is."""
        give(self.store, "user:anna", role, project)
        return "user:anna"


@contextmanager
def served(
    folder: Path,
    *routes: Route,
    place: Place = PLACE,
    oidc: OidcFlow | None = None,
    egress: HttpEgress | None = None,
) -> Generator[Served]:
    """Serve a store with people: the rooms' routes, or only those that are given."""
    clock = Clock()
    with peopled(folder) as store:
        start = StartToken(ADMIN)
        entrance = Entrance(store.database, start, oidc, CHEAP)
        rooms = [MountedRoom(entrance, routes)] if routes else all_rooms(entrance, Shelf(store, KINDS))
        api = app(store, place, rooms, clock=clock, close=egress.close if egress else None)
        with TestClient(api, base_url=place.public_url or ROOT, follow_redirects=False) as client:
            yield Served(store, api, client, clock, start, place)


def code_of(response: Any) -> str:
    """Return a problem document's code; the document must be one."""
    assert response.headers["content-type"] == "application/problem+json"
    said = response.json()
    assert said["status"] == response.status_code
    assert said["title"]
    return str(said["code"])
