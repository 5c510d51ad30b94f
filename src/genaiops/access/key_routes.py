"""API keys over HTTP: thin over `keys`."""

from datetime import timedelta

from genaiops.access.bodies import At, Rotation, WantedKey
from genaiops.access.keys import NewKey, create_key, list_keys, revoke_key, rotate_key
from genaiops.access.model import Changed, Keys
from genaiops.core import ONESELF, Route, Scope


def list_own_keys(asked: At) -> Keys:
    """List the caller's keys, without their secrets."""
    with asked.room.database.read() as connection:
        return Keys(keys=tuple(list_keys(connection, asked.by, None)))


def list_project_keys(asked: At, project: str) -> Keys:
    """List everybody's keys of a project (`*`: of all), without their secrets."""
    with asked.room.database.read() as connection:
        return Keys(keys=tuple(list_keys(connection, asked.by, project)))


def add_key(asked: At, project: str, body: WantedKey) -> NewKey:
    """Make a key for oneself, or for a service account, and show it: once."""
    with asked.room.database.write() as connection:
        return create_key(
            connection,
            asked.by,
            owner=body.owner or asked.by.id,
            scope=Scope(project=project, actions=frozenset(body.actions)),
            lifetime=timedelta(days=body.days),
            at=asked.at,
        )


def follow_key(asked: At, key: str, body: Rotation) -> NewKey:
    """Make a key's successor, with the same scope and lifetime, and show it: once."""
    with asked.room.database.write() as connection:
        return rotate_key(connection, asked.by, key, asked.at, overlap=timedelta(hours=body.overlap_hours))


def end_key(asked: At, key: str) -> Changed:
    """End a key at once."""
    with asked.room.database.write() as connection:
        changed = revoke_key(connection, asked.by, key, asked.at)
    return Changed(subject=f"key:{key}", changed=changed)


_KEYS = "/api/projects/{project}/keys"

# which project a key is for, only its row says
ROUTES: tuple[Route, ...] = (
    Route("GET", "/api/keys", list_own_keys, ONESELF, None),
    Route("GET", _KEYS, list_project_keys, "key.change", "{project}"),
    Route("POST", _KEYS, add_key, "key.own", "{project}", status=201),
    Route("POST", "/api/keys/{key}/rotate", follow_key, "key.own", None, status=201),
    Route("DELETE", "/api/keys/{key}", end_key, "key.own", None),
)
