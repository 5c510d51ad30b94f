"""The audit chain: every entry holds the digest of the one before, so that no inner part changes unseen.

    digest = SHA-256("genaiops audit entry v1\\n" + RFC 8785 of all other fields)

The chain alone proves edits, insertions, reorderings and inner removals. It cannot prove that its end was not
cut off, nor that it was not computed anew from the first entry on: only a checkpoint kept elsewhere can.
"""

import json
from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from genaiops.access.model import AuditResult, Break, Checkpoint, Entry, Event
from genaiops.access.tables import AUDIT
from genaiops.core import Digest, Json, UserError, canonical, digest_bytes

_DOMAIN = b"genaiops audit entry v1\n"
GENESIS = digest_bytes(b"genaiops audit genesis v1\n")
"""What the first entry names as the one before it."""

_MOST_DETAILS = 65_536
_MOST_BREAKS = 20
_AT_ONCE = 500
_FIELDS = ("at", "actor", "action", "subject", "details", "previous", "digest")

# built once: every change appends
_LAST = sa.select(AUDIT.c.seq, AUDIT.c.at, AUDIT.c.digest).order_by(AUDIT.c.seq.desc()).limit(1)
_ADD = sa.insert(AUDIT)


def append(connection: sa.Connection, event: Event) -> Entry:
    """Write `event` as the last entry, as a part of the caller's transaction, and return the entry.

    `connection` comes from `Database.write()`, so a change and its entry are committed together or not at
    all. A clock that went back is corrected to the time of the entry before. Raises `UserError` where the
    details are no JSON or are larger than 64 KiB.
    """
    last = connection.execute(_LAST).one_or_none()
    seq, before, previous = last or (0, "", GENESIS)
    details = canonical(event.details)
    if len(details) > _MOST_DETAILS:
        raise UserError(
            "GAO-ACCESS-010",
            "these details are too long for the audit log",
            why=f"they have {len(details)} bytes, and an entry holds at most {_MOST_DETAILS}",
            fix="keep the content as an artifact, and name its digest",
        )
    unsealed = Entry(
        seq=seq + 1,
        at=max(stamp(event.at), before),
        actor=event.actor,
        action=event.action,
        subject=event.subject,
        details=event.details,
        previous=previous,
        digest="",
    )
    entry = replace(unsealed, digest=_digest(asdict(unsealed)))
    row = {**asdict(entry), "details": details.decode()}
    connection.execute(_ADD, row)
    return entry


def stamp(at: datetime) -> str:
    """Return a time as the log writes it: RFC 3339, UTC, microseconds, so that text sorts as time does."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def entries(connection: sa.Connection, *, limit: int, subject: str | None = None) -> list[Entry]:
    """Return the newest entries, newest first; with `subject`, only those about it. They are not verified."""
    wanted = sa.select(AUDIT).order_by(AUDIT.c.seq.desc()).limit(limit)
    if subject is not None:
        wanted = wanted.where(AUDIT.c.subject == subject)
    rows = connection.execute(wanted).mappings().all()
    return [Entry(**{**row, "details": json.loads(row["details"])}) for row in rows]


def verify(connection: sa.Connection, checkpoints: Iterable[Checkpoint] = ()) -> AuditResult:
    """Recompute the whole chain, in constant memory, and compare it with what is known from outside."""
    anchors: dict[int, list[Checkpoint]] = {}
    for one in checkpoints:
        anchors.setdefault(one.seq, []).append(one)
    chain = _Chain(anchors)
    for row in _rows(connection):
        chain.take(*row)
    return chain.result()


class _Chain:
    """The state of one walk along the log."""

    def __init__(self, anchors: Mapping[int, Sequence[Checkpoint]]) -> None:
        self._anchors = anchors
        self._breaks: list[Break] = []
        self._entries = 0
        self._seq = 0
        self._at = ""
        self._head: str = GENESIS
        self._proven: Checkpoint | None = None

    def take(self, seq: int, row: Mapping[str, str] | None) -> None:
        self._entries += 1
        if seq != self._seq + 1:
            self._break(seq, _gap(self._seq + 1, seq))
        if row is None:
            self._break(seq, "a field of it is not text")
        else:
            self._link(seq, row)
        self._seq = seq

    def result(self) -> AuditResult:
        for seq in sorted(self._anchors):
            if seq > self._seq:
                self._break(
                    seq, f"it is gone: a checkpoint knows it, and the log ends with entry {self._seq}"
                )
        sound = None if self._breaks else self._proven
        return AuditResult(
            entries=self._entries,
            head=self._head,
            breaks=tuple(self._breaks),
            proven_to=sound.seq if sound else 0,
            proven_at=sound.at if sound else None,
        )

    def _link(self, seq: int, row: Mapping[str, str]) -> None:
        if row["previous"] != self._head:
            self._break(seq, "it does not follow from the entry before it")
        if row["at"] < self._at:
            self._break(seq, "it is older than the entry before it")
        if _recomputed(seq, row) != row["digest"]:
            self._break(seq, "its content is not what its digest was made of")
        for known in self._anchors.get(seq, ()):
            if known.digest == row["digest"]:
                self._proven = known
            else:
                self._break(seq, "it was rewritten: a checkpoint knows another digest")
        self._head, self._at = row["digest"], row["at"]

    def _break(self, seq: int, why: str) -> None:
        if len(self._breaks) < _MOST_BREAKS:
            self._breaks.append(Break(seq, why))


def _gap(expected: int, found: int) -> str:
    if found < expected:
        return f"it was put in: the log begins with entry {expected}"
    missing = f"entry {expected}" if found == expected + 1 else f"entries {expected} to {found - 1}"
    return f"{missing} before it: removed"


def _rows(connection: sa.Connection) -> Generator[tuple[int, dict[str, str] | None]]:
    fields = [_bytes(connection, AUDIT.c[name]) for name in _FIELDS]
    query = sa.select(AUDIT.c.seq, *fields).order_by(AUDIT.c.seq)
    with connection.execute(query, execution_options={"yield_per": _AT_ONCE}) as found:
        for seq, *row in found:
            yield seq, _texts(row)


def _bytes(connection: sa.Connection, column: "sa.Column[str]") -> sa.ColumnElement[bytes]:
    """Return a text as bytes: where it is not UTF-8 that is a finding, and the driver would stop at it."""
    if connection.dialect.name == "postgresql":
        return sa.func.convert_to(column, "UTF8", type_=sa.LargeBinary)
    return sa.cast(column, sa.LargeBinary)


def _texts(fields: Sequence[Any]) -> dict[str, str] | None:
    try:
        return {name: value.decode() for name, value in zip(_FIELDS, fields, strict=True)}
    except (UnicodeDecodeError, AttributeError):  # the latter: NULL
        return None


def _recomputed(seq: int, row: Mapping[str, str]) -> Digest | None:
    """Return the digest that a row should have; None where its details are not as `append` writes them."""
    try:
        details: Json = json.loads(row["details"])
        # one value has many spellings in JSON: only the canonical one is what was written
        if canonical(details).decode() != row["details"]:
            return None
        return _digest({"seq": seq, **row, "details": details})
    except (ValueError, RecursionError, UserError):
        return None


def _digest(body: Mapping[str, Json]) -> Digest:
    return digest_bytes(_DOMAIN + canonical({key: value for key, value in body.items() if key != "digest"}))
