"""What the server keeps for signing in: the start token, and how often a name and password may be tried."""

import hmac
import secrets
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from genaiops.access import faults
from genaiops.access.audit import append
from genaiops.access.limits import Limit, Rate
from genaiops.access.model import Event
from genaiops.access.oidc.flow import OidcFlow
from genaiops.access.passwords import HashCost
from genaiops.access.sessions import NewSession, open_session
from genaiops.core import Principal
from genaiops.store import Database

_TRIES = Rate(burst=10, seconds=6.0)
_HASHES_AT_ONCE = 2  # each takes 64 MiB
_QUEUE_SECONDS = 5.0


class StartToken:
    """The word in the URL that the server prints: whoever can read it may sign in as who started it, once."""

    def __init__(self, by: Principal) -> None:
        self.text = secrets.token_hex(32)
        self._by = by
        self._lock = threading.Lock()
        self._used = False

    def take(self, text: str) -> Principal:
        """Return who started the server; raises `NotSignedIn` where the token is another, or was used."""
        right = hmac.compare_digest(text.encode(errors="surrogatepass"), self.text.encode())
        with self._lock:
            if not right or self._used:
                raise faults.start_refused()
            self._used = True
        return self._by


@dataclass(frozen=True, slots=True)
class Entrance:
    """What the routes of access work on.

    `start` is None where others reach the server, `oidc` where no identity provider is set up; `cost` is
    what a password's hash costs.
    """

    database: Database
    start: StartToken | None = None
    oidc: OidcFlow | None = None
    cost: HashCost = field(default_factory=HashCost)
    by_address: Limit = field(default_factory=lambda: Limit(_TRIES))
    by_account: Limit = field(default_factory=lambda: Limit(_TRIES))
    _hashing: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(_HASHES_AT_ONCE))

    @contextmanager
    def trying(self, client: str, name: str, at: datetime) -> Generator[None]:
        """Count a try to sign in, and hash; raises `TooMany`."""
        self.by_address.spend(client, at)
        self.by_account.spend(name, at)
        with self.hashing():
            yield

    @contextmanager
    def hashing(self) -> Generator[None]:
        """Let few passwords be hashed at once; raises `TooMany` where the others take too long."""
        if not self._hashing.acquire(timeout=_QUEUE_SECONDS):
            raise faults.too_often(int(_QUEUE_SECONDS))
        try:
            yield
        finally:
            self._hashing.release()

    def begin(self, text: str, at: datetime) -> NewSession:
        """Exchange the start token for a session."""
        if self.start is None:
            raise faults.start_refused()
        by = self.start.take(text)
        with self.database.write() as connection:
            append(
                connection,
                Event(actor=by.id, action="sign_in", subject=by.id, at=at, details={"how": "start"}),
            )
            return open_session(connection, by.id, "start", at)
