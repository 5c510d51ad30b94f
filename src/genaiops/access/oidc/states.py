"""Sign-ins that were begun: single use, ten minutes, bound to the browser that began.

Of the state and of the browser's cookie only the SHA-256 are kept. The nonce and PKCE's verifier are computed
from both, so that neither the store nor the cookie alone can end what was begun.
"""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import sqlalchemy as sa

from genaiops.access import faults
from genaiops.access.audit import stamp
from genaiops.access.oidc.tables import BEGUN

LIFETIME = timedelta(minutes=10)
_MOST = 10_000


@dataclass(frozen=True, slots=True)
class Begun:
    """A sign-in under way. `browser` goes into a cookie, the rest to the provider, PKCE's verifier last."""

    state: str = field(repr=False)
    browser: str = field(repr=False)

    @property
    def nonce(self) -> str:
        """What the token has to repeat."""
        return self._derived("nonce")

    @property
    def verifier(self) -> str:
        """What proves to the provider that who brings the code is who asked for it (RFC 7636)."""
        return self._derived("verifier")

    @property
    def challenge(self) -> str:
        """What the provider is told of the verifier at first: S256."""
        return _text(hashlib.sha256(self.verifier.encode()).digest())

    def _derived(self, what: str) -> str:
        return _text(hmac.digest(self.browser.encode(), f"{what}:{self.state}".encode(), "sha256"))


def begin(connection: sa.Connection, at: datetime) -> Begun:
    """Begin a sign-in; raises `TooMany` where ten thousand are under way."""
    connection.execute(sa.delete(BEGUN).where(BEGUN.c.ends_at <= stamp(at)))
    if connection.execute(sa.select(sa.func.count()).select_from(BEGUN)).scalar_one() >= _MOST:
        raise faults.too_often(60)
    made = Begun(secrets.token_urlsafe(32), secrets.token_hex(32))
    connection.execute(
        sa.insert(BEGUN).values(
            state_sha256=_sha256(made.state),
            browser_sha256=_sha256(made.browser),
            ends_at=stamp(at + LIFETIME),
        )
    )
    return made


def take(connection: sa.Connection, state: str, browser: str, at: datetime) -> Begun | None:
    """End what was begun, whatever comes of it; None where it was not begun in this browser, or was used."""
    this = BEGUN.c.state_sha256 == _sha256(state)
    row = connection.execute(sa.select(BEGUN).where(this)).one_or_none()
    if row is None or not connection.execute(sa.delete(BEGUN).where(this)).rowcount:
        return None
    right = hmac.compare_digest(row.browser_sha256, _sha256(browser)) and row.ends_at > stamp(at)
    return Begun(state, browser) if right else None


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def _text(some: bytes) -> str:
    return base64.urlsafe_b64encode(some).rstrip(b"=").decode()
