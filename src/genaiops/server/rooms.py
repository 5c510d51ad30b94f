"""The rooms that have routes, one line each."""

from collections.abc import Sequence
from dataclasses import dataclass

from genaiops.access.entrance import Entrance
from genaiops.access.routes import ROUTES as ACCESS
from genaiops.arena.hub_routes import HUB_ROUTES as ARENA_ON_HUB
from genaiops.core import Route
from genaiops.hub.bodies import Shelf
from genaiops.hub.routes import ROUTES as HUB


@dataclass(frozen=True, slots=True)
class MountedRoom:
    """What a room's handlers work on (`Asked.room`), and its routes."""

    room: object
    routes: Sequence[Route]


def all_rooms(entrance: Entrance, shelf: Shelf) -> tuple[MountedRoom, ...]:
    """Return every room that has routes."""
    return (MountedRoom(entrance, ACCESS), MountedRoom(shelf, HUB), MountedRoom(shelf, ARENA_ON_HUB))
