"""A sign-in through the provider, from its beginning to a session. All refusals look alike from outside."""

import asyncio
from dataclasses import dataclass
from datetime import datetime

from genaiops.access import faults
from genaiops.access.audit import append
from genaiops.access.model import Event
from genaiops.access.oidc import states
from genaiops.access.oidc.accounts import settle
from genaiops.access.oidc.provider import Provider
from genaiops.access.oidc.settings import OidcSettings
from genaiops.access.oidc.token import Identity, Refusal, identity, key_id
from genaiops.access.sessions import NewSession, open_session
from genaiops.core import Conflict, Egress
from genaiops.store import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class CameBack:
    """What a browser brings back from the provider. `browser`: the cookie of who began."""

    state: str
    code: str | None
    issuer: str | None
    browser: str


class OidcFlow:
    """Sign-ins through one provider. Used from one event loop."""

    def __init__(self, database: Database, settings: OidcSettings, egress: Egress) -> None:
        self._database = database
        self._file = settings.file
        self._provider = Provider(settings, egress)

    async def begin(self, at: datetime) -> tuple[str, str]:
        """Return where to go to, and what to keep in the browser meanwhile."""
        begun = await asyncio.to_thread(self._begin, at)
        try:
            return await self._provider.sign_in_url(begun), begun.browser
        except Refusal as refusal:
            raise await self._refused(refusal, at) from None

    async def finish(self, back: CameBack, at: datetime) -> NewSession:
        """Return the session of who came back from the provider.

        Every refusal raises the same `NotSignedIn`; the audit log has its reason.
        """
        try:
            who = await self._identity(back, at)
            return await asyncio.to_thread(self._settle, who, at)
        except Refusal as refusal:
            raise await self._refused(refusal, at) from None

    async def _identity(self, back: CameBack, at: datetime) -> Identity:
        begun = await asyncio.to_thread(self._take, back, at)
        if begun is None:
            raise Refusal("nobody began this here, or it was used")
        # RFC 9207: an answer of another issuer, mixed in
        if back.issuer not in (None, self._file.issuer):
            raise Refusal("another issuer answered")
        if back.code is None:
            raise Refusal("the issuer refused")
        token = await self._provider.exchange(back.code, begun)
        key = await self._provider.key(key_id(token))
        return identity(token, key, self._file, nonce=begun.nonce, at=at)

    async def _refused(self, refusal: Refusal, at: datetime) -> Exception:
        await asyncio.to_thread(self._log, refusal.reason, at)
        return faults.oidc_refused()

    def _begin(self, at: datetime) -> states.Begun:
        with self._database.write() as connection:
            return states.begin(connection, at)

    def _take(self, back: CameBack, at: datetime) -> states.Begun | None:
        with self._database.write() as connection:
            return states.take(connection, back.state, back.browser, at)

    def _settle(self, who: Identity, at: datetime) -> NewSession:
        try:
            with self._database.write() as connection:
                account = settle(connection, who, self._file, at)
                details = {"how": "oidc", "issuer": who.issuer}
                event = Event(actor=account, action="sign_in", subject=account, at=at, details={**details})
                append(connection, event)
                return open_session(connection, account, "oidc", at)
        except Conflict as conflict:  # its groups gave the last admin, and do so no more
            raise Refusal(conflict.what) from conflict

    def _log(self, reason: str, at: datetime) -> None:
        with self._database.write() as connection:
            append(
                connection,
                Event(
                    actor="unknown",
                    action="sign_in.refused",
                    subject="unknown",
                    at=at,
                    details={"how": "oidc", "reason": reason},
                ),
            )
