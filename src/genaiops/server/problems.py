"""Errors as problem documents (RFC 9457): what, why and how to mend it; never a traceback, path or secret."""

import logging
import secrets
from dataclasses import asdict, dataclass

from starlette.responses import Response

from genaiops.core import (
    Conflict,
    GateSaidNo,
    GenaiopsError,
    Inconclusive,
    NotAllowed,
    NotFound,
    NotSignedIn,
    OutsideError,
    TooMany,
    encode_json,
)

MEDIA_TYPE = "application/problem+json"
# the first that fits
_STATUS: tuple[tuple[type[GenaiopsError], int], ...] = (
    (NotSignedIn, 401),
    (NotAllowed, 403),
    (NotFound, 404),
    (Conflict, 409),
    (TooMany, 429),
    (GateSaidNo, 409),
    (Inconclusive, 409),
    (OutsideError, 503),
)
_log = logging.getLogger("genaiops.server")


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What went wrong with a request. `code` is stable; `instance` names a line of the server's log."""

    type: str
    title: str
    status: int
    detail: str | None = None
    code: str
    fix: str | None = None
    where: str | None = None
    instance: str | None = None


def problem(error: GenaiopsError, status: int | None = None) -> Response:
    """Return the answer for an error; its class decides the status where none is given."""
    found = status or next((each for kind, each in _STATUS if isinstance(error, kind)), 400)
    headers: dict[str, str] = {}
    if isinstance(error, TooMany):
        headers["Retry-After"] = str(error.seconds)
    if found == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="genaiops"'
    # a place inside what was sent helps; one on the server's disk is nobody's business
    where = error.where if not error.where.startswith("/") and not isinstance(error, OutsideError) else ""
    return _answer(
        Problem(
            type=f"urn:genaiops:error:{error.code}",
            title=error.what,
            status=found,
            detail=error.why or None,
            code=error.code,
            fix=error.fix or None,
            where=where or None,
        ),
        headers,
    )


def our_fault(error: BaseException) -> Response:
    """Return the answer for a bug of ours: an id, under which the log has the traceback."""
    number = secrets.token_hex(6)
    _log.error("error %s", number, exc_info=error)
    return _answer(
        Problem(
            type="urn:genaiops:error:GAO-SERVER-500",
            title="the server made a mistake",
            status=500,
            detail="the request was not done; what it began was undone",
            code="GAO-SERVER-500",
            fix=f"tell whoever runs it: the log has the reason under {number}",
            instance=f"urn:genaiops:log:{number}",
        ),
        {},
    )


def _answer(found: Problem, headers: dict[str, str]) -> Response:
    said = {name: value for name, value in asdict(found).items() if value is not None}
    return Response(encode_json(said), found.status, headers, media_type=MEDIA_TYPE)
