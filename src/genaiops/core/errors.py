"""Every error a person can meet, as one tree.

    GenaiopsError          what happened, why, how to go on, where; knows its exit status
    ├── UserError          2 · what was given is wrong: a file, a key, a name, an argument
    │   ├── NotFound           · what was named is not there
    │   ├── Conflict           · it contradicts what is there: a name that is taken, a move that came second
    │   ├── NotSignedIn        · nobody knows who asks
    │   ├── NotAllowed         · who asks may not
    │   └── TooMany            · it was asked too often
    ├── OutsideError       3 · something outside failed: a model, a network, a disk
    ├── GateSaidNo         1 · the gate refused the change
    ├── Inconclusive       4 · the evidence does not decide yet
    └── Interrupted      130 · the person stopped it; the same command goes on

Anything else that escapes is a bug of ours and keeps its traceback.
"""

from typing import ClassVar


class GenaiopsError(Exception):
    """An error to be shown to a person, in one line each: what, why, fix, where.

    `code` is stable and searchable (`GAO-APP-003`), `where` names file, line or key.
    """

    exit_status: ClassVar[int] = 3

    def __init__(self, code: str, what: str, *, why: str = "", fix: str = "", where: str = "") -> None:
        super().__init__(what)
        self.code = code
        self.what = what
        self.why = why
        self.fix = fix
        self.where = where

    def __str__(self) -> str:
        parts = [f"{self.code}: {self.what}"]
        parts += [f"  {name}: {text}" for name, text in self._details() if text]
        return "\n".join(parts)

    def _details(self) -> tuple[tuple[str, str], ...]:
        return (("where", self.where), ("why", self.why), ("fix", self.fix))


class UserError(GenaiopsError):
    """What was given is wrong and only the giver can mend it."""

    exit_status: ClassVar[int] = 2


class NotFound(UserError):
    """What was named is not there."""


class Conflict(UserError):
    """What was asked contradicts what is there by now."""


class NotSignedIn(UserError):
    """Nobody knows who asks: there is no key and no session, or it is not accepted."""


class NotAllowed(UserError):
    """Who asks is known, and may not do it."""


class TooMany(UserError):
    """It was asked too often; `seconds` later it may be asked again."""

    def __init__(
        self, code: str, what: str, *, why: str = "", fix: str = "", where: str = "", seconds: int = 1
    ) -> None:
        super().__init__(code, what, why=why, fix=fix, where=where)
        self.seconds = seconds


class OutsideError(GenaiopsError):
    """Something outside failed: a model, a network, a disk."""

    exit_status: ClassVar[int] = 3


class GateSaidNo(GenaiopsError):
    """The gate refused the change."""

    exit_status: ClassVar[int] = 1


class Inconclusive(GenaiopsError):
    """The evidence does not decide yet."""

    exit_status: ClassVar[int] = 4


class Interrupted(GenaiopsError):
    """The person stopped it; the same command goes on from here."""

    exit_status: ClassVar[int] = 130
