"""An error as a document (RFC 9457), and back: what the server says and a client raises again."""

from dataclasses import dataclass

from genaiops.core.errors import (
    Conflict,
    GateSaidNo,
    GenaiopsError,
    Inconclusive,
    NotAllowed,
    NotFound,
    NotSignedIn,
    OutsideError,
    TooMany,
    UserError,
)

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
_USER_ERRORS: dict[int, type[UserError]] = {
    status: kind for kind, status in _STATUS if issubclass(kind, UserError)
}
_OTHERS: dict[int, type[GenaiopsError]] = {
    kind.exit_status: kind for kind in (GateSaidNo, Inconclusive, OutsideError)
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What went wrong with a request. `code` is stable; `instance` names a line of the server's log.

    `exit_status` is that of the command that does the same.
    """

    type: str
    title: str
    status: int
    detail: str | None = None
    code: str
    fix: str | None = None
    where: str | None = None
    instance: str | None = None
    exit_status: int = UserError.exit_status

    @classmethod
    def of(cls, error: GenaiopsError, status: int | None = None, *, where: str = "") -> "Problem":
        """Return an error as a document; its class decides the status where none is given."""
        found = next((each for kind, each in _STATUS if isinstance(error, kind)), 400)
        return cls(
            type=f"urn:genaiops:error:{error.code}",
            title=error.what,
            status=status or found,
            detail=error.why or None,
            code=error.code,
            fix=error.fix or None,
            where=where or None,
            exit_status=error.exit_status,
        )

    def error(self) -> GenaiopsError:
        """Return what to raise for it where it was asked."""
        kind = _OTHERS.get(self.exit_status) or _USER_ERRORS.get(self.status, UserError)
        fix = self.fix or ""
        return kind(self.code, self.title, why=self.detail or "", fix=fix, where=self.where or "")
