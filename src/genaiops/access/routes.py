"""`/api/…` of access: thin over the same functions as the commands, with the same JSON."""

from typing import Annotated

from pydantic import Field

from genaiops.access import key_routes, people_routes, session_routes
from genaiops.access.audit import entries, verify
from genaiops.access.bodies import At, Text
from genaiops.access.checks import require
from genaiops.access.model import EVERYWHERE, AuditLog, AuditResult, WhoAmI
from genaiops.access.oidc import routes as oidc_routes
from genaiops.access.whoami import who_is
from genaiops.core import ONESELF, Route


def whoami(asked: At) -> WhoAmI:
    """Say who asks, and which roles they have."""
    with asked.room.database.read() as connection:
        return who_is(connection, asked.by)


def list_audit(
    asked: At, limit: Annotated[int, Field(ge=1, le=1000)] = 20, subject: Text | None = None
) -> AuditLog:
    """List the newest entries of the audit log, as they stand there."""
    with asked.room.database.read() as connection:
        require(connection, asked.by, "audit.read", EVERYWHERE)
        return AuditLog(entries=tuple(entries(connection, limit=limit, subject=subject)))


def verify_audit(asked: At) -> AuditResult:
    """Recompute the whole audit log."""
    with asked.room.database.read() as connection:
        require(connection, asked.by, "audit.read", EVERYWHERE)
        return verify(connection)


ROUTES: tuple[Route, ...] = (
    *session_routes.ROUTES,
    *oidc_routes.ROUTES,
    *people_routes.ROUTES,
    *key_routes.ROUTES,
    Route("GET", "/api/whoami", whoami, ONESELF, None),
    Route("GET", "/api/audit", list_audit, "audit.read", "*"),
    Route("GET", "/api/audit/verify", verify_audit, "audit.read", "*"),
)
