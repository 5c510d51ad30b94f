"""API keys: `gao_ID_SECRET`. The ID is public and finds the row; of the secret only its SHA-256 is kept.

A slow hash would add nothing: nobody guesses 256 random bits. A key acts as its owner, within its scope.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from genaiops.access import faults
from genaiops.access.audit import append, stamp
from genaiops.access.checks import enabled, groups, require
from genaiops.access.model import EVERYWHERE, ApiKey, Event
from genaiops.access.people import check_project
from genaiops.access.permissions import PERMISSIONS
from genaiops.access.tables import API_KEYS
from genaiops.core import Json, Principal, Scope
from genaiops.store import Database

_FORM = re.compile(r"gao_([0-9a-f]{12})_([0-9a-f]{64})")
_ID = re.compile("[0-9a-f]{12}")
_LONGEST = timedelta(days=366)
_NOBODY = "0" * 64
# built once: it is asked before every request
_BY_ID = sa.select(API_KEYS).where(API_KEYS.c.id == sa.bindparam("key"))


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that was just made. `text` is the key itself: shown once, kept nowhere."""

    key: ApiKey
    text: str

    def __repr__(self) -> str:
        return f"NewKey(id={self.key.id!r})"


def create_key(
    connection: sa.Connection,
    by: Principal,
    *,
    owner: str,
    scope: Scope,
    lifetime: timedelta,
    at: datetime,
) -> NewKey:
    """Make a key that acts as `owner` within `scope` until its lifetime ends (at most 366 days).

    A key may be made for oneself, or by an admin for a service account; never for another person.
    """
    _may_change(connection, by, owner, scope.project)
    _within(by, scope)
    if owner != by.id and not owner.startswith("service:"):
        raise faults.not_for(
            f"a key cannot be made for {owner}",
            "a key acts as its owner: nobody makes one in another person's name",
            "let them make it, or make it for a service account: --for service:NAME",
        )
    if not enabled(connection, owner):
        raise faults.no_account(owner)
    check_project(connection, scope.project)
    for action in sorted(scope.actions):
        if action not in PERMISSIONS:
            raise faults.unknown_action(action, PERMISSIONS)
    if not scope.actions or not timedelta(0) < lifetime <= _LONGEST:
        raise faults.not_for(
            "this key cannot be made",
            "a key names at least one action, and lives for 1 to 366 days",
            "name actions with --action, and a lifetime with --days",
        )
    made = _insert(connection, owner, scope, at, expires=stamp(at + lifetime), replaces=None)
    _log(
        connection,
        by,
        "key.create",
        made.key,
        at,
        actions=[*made.key.actions],
        expires_at=made.key.expires_at,
    )
    return made


def rotate_key(
    connection: sa.Connection, by: Principal, key_id: str, at: datetime, *, overlap: timedelta
) -> NewKey:
    """Return a new key with the old one's owner, scope and lifetime; the old one lives on for `overlap`.

    Raises `UserError` where the old key is revoked or has expired.
    """
    old = _changeable(connection, by, key_id)
    if old.revoked_at or old.expires_at <= stamp(at):
        raise faults.not_for(
            f"key {key_id} cannot be rotated",
            "it is revoked, or it has expired",
            "make a new one: genaiops access key create",
        )
    lifetime = datetime.fromisoformat(old.expires_at) - datetime.fromisoformat(old.created_at)
    scope = Scope(project=old.project, actions=frozenset(old.actions))
    _within(by, scope)
    made = _insert(connection, old.owner, scope, at, expires=stamp(at + lifetime), replaces=old.id)
    ends = min(old.expires_at, stamp(at + overlap))
    _update(connection, old.id, expires_at=ends)
    _log(connection, by, "key.rotate", made.key, at, replaces=old.id, old_ends_at=ends)
    return made


def revoke_key(connection: sa.Connection, by: Principal, key_id: str, at: datetime) -> bool:
    """End a key at once; return whether it was not revoked before."""
    key = _changeable(connection, by, key_id)
    if key.revoked_at:
        return False
    _update(connection, key_id, revoked_at=stamp(at))
    _log(connection, by, "key.revoke", key, at)
    return True


def list_keys(connection: sa.Connection, by: Principal, project: str | None) -> list[ApiKey]:
    """Return the caller's own keys; with a project (`*`: all), those of everybody in it, for its admin."""
    wanted = sa.select(API_KEYS).order_by(API_KEYS.c.created_at, API_KEYS.c.id)
    if project is None:
        wanted = wanted.where(API_KEYS.c.owner == by.id)
    else:
        require(connection, by, "key.change", project)
        if project != EVERYWHERE:
            wanted = wanted.where(API_KEYS.c.project == project)
    return [_key(row) for row in connection.execute(wanted).mappings()]


def authenticate_key(database: Database, text: str, *, project: str | None, at: datetime) -> Principal:
    """Return whose key this is, with its scope; `project` is the one that is asked for.

    With None no project is asked for by name: what the key may do there is left to `require`.

    Every refusal raises the same `UserError` after the same work, and stands in the audit log with its
    reason. `text` is never written anywhere. Opens a transaction of its own.
    """
    match = _FORM.fullmatch(text)
    key_id, secret = match.groups() if match else ("", text)
    with database.read() as connection:
        row = connection.execute(_BY_ID, {"key": key_id}).mappings().one_or_none()
        right = hmac.compare_digest(_sha256(secret), row["secret_sha256"] if row else _NOBODY)
        key = _key(row) if row else None
        reason = _refusal(connection, key, right, project, stamp(at)) if match else "malformed"
        belongs = groups(connection, key.owner) if key else frozenset[str]()
    if key is None or reason:
        _refuse(database, key, reason, project, at)
        raise faults.key_refused()
    _note_use(database, key, at)
    scope = Scope(project=key.project, actions=frozenset(key.actions))
    return Principal(id=key.owner, groups=belongs, scope=scope)


def _refusal(
    connection: sa.Connection, key: ApiKey | None, right: bool, project: str | None, now: str
) -> str:
    """Return why a key is not accepted, '' where it is. Without the secret nothing else is said of it."""
    if key is None:
        return "unknown"
    if not right:
        return "wrong secret"
    if key.revoked_at:
        return "revoked"
    if key.expires_at <= now:
        return "expired"
    if project is not None and key.project not in (EVERYWHERE, project):
        return "another project"
    return "" if enabled(connection, key.owner) else "owner disabled"


def _refuse(database: Database, key: ApiKey | None, reason: str, project: str | None, at: datetime) -> None:
    # what was sent as a key may be a secret of somewhere else: only what we know ourselves is written
    subject = f"key:{key.id}" if key else "unknown"
    details: dict[str, Json] = {"reason": reason, "project": project}
    with database.write() as connection:
        append(
            connection, Event(actor="unknown", action="key.refused", subject=subject, at=at, details=details)
        )


def _note_use(database: Database, key: ApiKey, at: datetime) -> None:
    # to the day: enough to find keys that nobody needs, and one write a day
    day = stamp(at)[:10]
    if key.last_used_on != day:
        with database.write() as connection:
            _update(connection, key.id, last_used_on=day)


def _insert(
    connection: sa.Connection, owner: str, scope: Scope, at: datetime, *, expires: str, replaces: str | None
) -> NewKey:
    key_id, secret = secrets.token_hex(6), secrets.token_hex(32)
    key = ApiKey(
        id=key_id,
        owner=owner,
        project=scope.project,
        actions=tuple(sorted(scope.actions)),
        created_at=stamp(at),
        expires_at=expires,
        replaces=replaces,
    )
    connection.execute(
        sa.insert(API_KEYS).values(
            id=key_id,
            owner=owner,
            project=scope.project,
            actions=" ".join(key.actions),
            secret_sha256=_sha256(secret),
            created_at=key.created_at,
            expires_at=expires,
            replaces=replaces,
        )
    )
    return NewKey(key, f"gao_{key_id}_{secret}")


def _changeable(connection: sa.Connection, by: Principal, key_id: str) -> ApiKey:
    row = None
    if _ID.fullmatch(key_id):
        wanted = sa.select(API_KEYS).where(API_KEYS.c.id == key_id)
        row = connection.execute(wanted).mappings().one_or_none()
    if row is None:
        raise faults.unknown(key_id, "key", ())
    _may_change(connection, by, row["owner"], row["project"])
    return _key(row)


def _may_change(connection: sa.Connection, by: Principal, owner: str, project: str) -> None:
    require(connection, by, "key.own" if owner == by.id else "key.change", project)


def _within(by: Principal, scope: Scope) -> None:
    """Raise `UserError` where a key would make one that may do more than itself."""
    for action in sorted(scope.actions - by.scope.actions if by.scope else ()):
        raise faults.beyond_scope(by.id, action, scope.project)


def _key(row: sa.RowMapping) -> ApiKey:
    known: Sequence[str] = row["actions"].split()
    rest = {name: value for name, value in row.items() if name not in ("actions", "secret_sha256")}
    return ApiKey(actions=tuple(known), **rest)


def _update(connection: sa.Connection, key_id: str, **values: str) -> None:
    connection.execute(sa.update(API_KEYS).where(API_KEYS.c.id == key_id).values(**values))


def _log(
    connection: sa.Connection, by: Principal, action: str, key: ApiKey, at: datetime, **details: Json
) -> None:
    event = Event(
        actor=by.id,
        action=action,
        subject=f"key:{key.id}",
        at=at,
        details={"owner": key.owner, "project": key.project, **details},
    )
    append(connection, event)


def _sha256(secret: str) -> str:
    return hashlib.sha256(secret.encode(errors="surrogatepass")).hexdigest()
