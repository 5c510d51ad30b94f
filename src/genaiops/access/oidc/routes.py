"""`/api/oidc/…`: away to the provider, and back."""

from genaiops.access import faults
from genaiops.access.bodies import At, Link, Long
from genaiops.access.model import Changed
from genaiops.access.oidc.accounts import link
from genaiops.access.oidc.flow import CameBack, OidcFlow
from genaiops.access.oidc.settings import CALLBACK
from genaiops.access.oidc.states import LIFETIME
from genaiops.access.session_routes import AFTER, session_cookie
from genaiops.core import ANYONE, Cookie, Reply, Route

_COOKIE = "oidc"


async def begin_oidc(asked: At) -> Reply[None]:
    """Go to the identity provider to sign in."""
    url, browser = await _flow(asked).begin(asked.at)
    return Reply(body=None, cookies=(Cookie(_COOKIE, browser, int(LIFETIME.total_seconds())),), location=url)


async def end_oidc(
    asked: At, state: Long = "", code: Long | None = None, iss: Long | None = None
) -> Reply[None]:
    """Come back from the identity provider, signed in."""
    back = CameBack(state=state, code=code, issuer=iss, browser=asked.cookies.get(_COOKIE, ""))
    opened = await _flow(asked).finish(back, asked.at)
    return Reply(body=None, cookies=(session_cookie(opened), Cookie(_COOKIE, "", 0)), location=AFTER)


def link_user(asked: At, name: str, body: Link) -> Changed:
    """Let somebody whom the identity provider knows sign in as this user."""
    with asked.room.database.write() as connection:
        link(connection, asked.by, name, body.issuer, body.subject, asked.at)
    return Changed(subject=f"user:{name}", changed=True)


def _flow(asked: At) -> OidcFlow:
    """Return the way through the provider. Each try counts: it asks the provider, or writes to the log."""
    if asked.room.oidc is None:
        raise faults.no_oidc()
    asked.room.by_address.spend(asked.client, asked.at)
    return asked.room.oidc


ROUTES: tuple[Route, ...] = (
    Route("GET", "/api/oidc/start", begin_oidc, ANYONE, None, status=303),
    Route("GET", CALLBACK, end_oidc, ANYONE, None, status=303),
    Route("PUT", "/api/users/{name}/link", link_user, "people.change", "*"),
)
