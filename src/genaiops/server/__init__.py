"""The server: puts the rooms' HTTP routes together; nothing else.

`app(store, place, rooms)` makes it, `genaiops up` runs it. Which rooms there are stands in `rooms.py`.
"""

from typing import TYPE_CHECKING

from genaiops.lazy import attach

if TYPE_CHECKING:
    from genaiops.server.application import app
    from genaiops.server.place import Place
    from genaiops.server.rooms import MountedRoom, all_rooms

__all__ = ["MountedRoom", "Place", "all_rooms", "app"]

__getattr__ = attach(
    __name__, {"MountedRoom": "rooms", "Place": "place", "all_rooms": "rooms", "app": "application"}
)
