"""For whom a command acts on the store in a folder: the owner of the key it was given, else who runs it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from genaiops.access.checks import principal_of
from genaiops.access.keys import authenticate_key
from genaiops.access.login import login
from genaiops.access.tables import prepare
from genaiops.core import Principal, UserError, one_line
from genaiops.store import Database

URL, KEY, KEY_FILE = "GENAIOPS_HUB", "GENAIOPS_HUB_KEY", "GENAIOPS_HUB_KEY_FILE"
_MAX_KEY = 4096


def acting(database: Database, env: Mapping[str, str]) -> Principal:
    """Return for whom this process acts on `database`, making the tables of access where they are not yet.

    With a key in `env` (`GENAIOPS_HUB_KEY`, or the file that `GENAIOPS_HUB_KEY_FILE` names) its owner, within
    the key's scope; raises `UserError` where it is not accepted. Else whoever runs this process. A key beside
    the URL of a Hub (`GENAIOPS_HUB`) is for that Hub, not for this store.
    """
    prepare(database)
    key = None if env.get(URL) else given_key(env)
    if key is not None:
        return authenticate_key(database, key, project=None, at=datetime.now(UTC))
    with database.read() as connection:
        return principal_of(connection, login())


def check_at_hand(env: Mapping[str, str], what: str) -> None:
    """Raise `UserError` where `env` names a Hub behind a URL: `what` would be done to another store."""
    if env.get(URL):
        raise UserError(
            "GAO-ACCESS-061",
            f"{what} is not done over HTTP",
            why=f"it works on the store itself, and {URL} names {env[URL]}",
            fix=f"run it where that store is, without {URL}",
        )


def given_key(env: Mapping[str, str]) -> str | None:
    """Return the API key that `env` holds or names a file of; None where it does neither."""
    if env.get(KEY):
        return env[KEY].strip()
    if not env.get(KEY_FILE):
        return None
    path = Path(env[KEY_FILE])
    try:
        with path.open("rb") as file:
            return file.read(_MAX_KEY).decode("ascii", "replace").strip()
    except OSError as error:
        raise UserError(
            "GAO-ACCESS-060",
            f"the key that {KEY_FILE} names cannot be read",
            why=one_line(str(error)),
            fix="name a file that holds one API key, readable for you",
            where=str(path),
        ) from error
