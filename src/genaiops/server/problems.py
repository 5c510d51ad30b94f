"""Errors as problem documents (RFC 9457): what, why and how to mend it; never a traceback, path or secret."""

import logging
import secrets
from dataclasses import asdict

from starlette.responses import Response

from genaiops.core import GenaiopsError, OutsideError, Problem, TooMany, encode_json

MEDIA_TYPE = "application/problem+json"
_log = logging.getLogger("genaiops.server")


def problem(error: GenaiopsError, status: int | None = None) -> Response:
    """Return the answer for an error; its class decides the status where none is given."""
    # a place inside what was sent helps; one on the server's disk is nobody's business
    where = error.where if not error.where.startswith("/") and not isinstance(error, OutsideError) else ""
    found = Problem.of(error, status, where=where)
    headers: dict[str, str] = {}
    if isinstance(error, TooMany):
        headers["Retry-After"] = str(error.seconds)
    if found.status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="genaiops"'
    return _answer(found, headers)


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
            exit_status=OutsideError.exit_status,
            fix=f"tell whoever runs it: the log has the reason under {number}",
            instance=f"urn:genaiops:log:{number}",
        ),
        {},
    )


def _answer(found: Problem, headers: dict[str, str]) -> Response:
    said = {name: value for name, value in asdict(found).items() if value is not None}
    return Response(encode_json(said), found.status, headers, media_type=MEDIA_TYPE)
