"""Aliases as the events that moved them. Every function runs inside its caller's transaction.

There is no table of what aliases point at now: it is what the last event says, so the two cannot differ.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

import sqlalchemy as sa

from genaiops.core import Digest, Reference, decode_json, encode_json
from genaiops.hub import queries
from genaiops.hub.events import MOVES
from genaiops.hub.model import Condition, Move
from genaiops.hub.rights import Seen
from genaiops.hub.tables import VERSIONS

# built once: resolving an alias happens before every answer, and building it takes as long as asking it
_TARGET = (
    sa.select(MOVES.c.to_version)
    .where(*(MOVES.c[key] == sa.bindparam(f"of_{key}") for key in ("kind", "project", "name", "alias")))
    .order_by(MOVES.c.sequence.desc())
    .limit(1)
)


def target(connection: sa.Connection, kind: str, project: str, name: str, alias: str | None) -> int | None:
    """Return the row id of the version that an alias points at; None where nobody has set it."""
    of = {"of_kind": kind, "of_project": project, "of_name": name, "of_alias": alias}
    return connection.execute(_TARGET, of).scalar()


def names(connection: sa.Connection, kind: str, project: str, name: str) -> list[str]:
    """Return the aliases of an artifact."""
    query = sa.select(MOVES.c.alias).where(*_of(kind, project, name)).distinct().order_by(MOVES.c.alias)
    return list(connection.execute(query).scalars())


def last_moves(connection: sa.Connection, seen: Seen) -> list[Move]:
    """Return of every alias of what is `seen` its last move: what all of them point at now."""
    last = sa.select(sa.func.max(MOVES.c.sequence)).group_by(
        MOVES.c.kind, MOVES.c.project, MOVES.c.name, MOVES.c.alias
    )
    rows = seen.rows
    mine = [MOVES.c.to_version.in_(sa.select(VERSIONS.c.id).where(*rows))] if rows else []
    return _read(connection, MOVES.c.sequence.in_(last), *mine)


def all_moves(connection: sa.Connection) -> list[Move]:
    """Return every move of every alias, oldest first."""
    return _read(connection)


def moves(connection: sa.Connection, kind: str, project: str, name: str, alias: str) -> list[Move]:
    """Return every move of an alias, oldest first."""
    return _read(connection, *_of(kind, project, name), MOVES.c.alias == alias)


def last_time(connection: sa.Connection) -> str:
    """Return when the last move of any alias was; '' where there was none."""
    query = sa.select(MOVES.c.at).order_by(MOVES.c.sequence.desc()).limit(1)
    return connection.execute(query).scalar() or ""


def add(connection: sa.Connection, move: Move) -> int:
    """Append `move` and return its sequence number; the one that it has counts for nothing."""
    to = move.to_version
    row = {
        "kind": to.kind,
        "project": to.project or "",
        "name": to.name,
        "alias": move.alias,
        "action": move.action,
        "from_version": queries.id_of(connection, move.from_version) if move.from_version else None,
        "to_version": queries.id_of(connection, to),
        "by": move.by,
        "at": move.at,
        "clock": move.clock,
        "why": move.why,
        "evidence": encode_json(list(move.evidence)),
        "policy": move.policy,
        "conditions": encode_json(list(move.conditions)),
        "ticket": move.ticket,
        "expires": move.expires,
    }
    inserted = connection.execute(sa.insert(MOVES).values(row).returning(MOVES.c.sequence))
    return cast(int, inserted.scalar_one())


def live_at(history: Sequence[Move], start: str, end: str) -> list[Move]:
    """Return the moves that made what was live at some time from `start` to `end`, both counted in.

    Times are RFC 3339 in UTC. The first was live at `start` already, where the alias was set by then.
    """
    before = [move for move in history if move.at <= start]
    return [*before[-1:], *(move for move in history if start < move.at <= end)]


def before(history: Sequence[Move]) -> Move | None:
    """Return the move that a rollback goes back to; None where there is none.

    A rollback undoes the last move that stands, so that two of them go back two versions. What an override
    put there is passed over: no policy ever accepted it.
    """
    standing: list[Move] = []
    for move in history:
        if move.action == "rollback":
            while standing and standing[-1].to_version.digest != move.to_version.digest:
                standing.pop()
        else:
            standing.append(move)
    live = standing[-1].to_version.digest if standing else None
    accepted = [move for move in standing if move.action != "override" and move.to_version.digest != live]
    return accepted[-1] if accepted else None


def _of(kind: str, project: str, name: str) -> tuple[sa.ColumnElement[bool], ...]:
    return MOVES.c.kind == kind, MOVES.c.project == project, MOVES.c.name == name


def _read(connection: sa.Connection, *conditions: sa.ColumnElement[bool]) -> list[Move]:
    old, new = VERSIONS.alias("old"), VERSIONS.alias("new")
    ends = [
        side.c[key].label(f"{label}_{key}")
        for label, side in (("old", old), ("new", new))
        for key in ("number", "digest")
    ]
    query = (
        sa.select(MOVES, *ends)
        .outerjoin(old, old.c.id == MOVES.c.from_version)
        .join(new, new.c.id == MOVES.c.to_version)
        .where(*conditions)
        .order_by(MOVES.c.sequence)
    )
    return [_move(row) for row in connection.execute(query).mappings()]


def _move(row: sa.RowMapping) -> Move:
    of = Reference(kind=row["kind"], name=row["name"], project=row["project"] or None)
    origin = replace(of, number=row["old_number"], digest=row["old_digest"])
    return Move(
        sequence=row["sequence"],
        alias=row["alias"],
        action=row["action"],
        from_version=origin if row["from_version"] is not None else None,
        to_version=replace(of, number=row["new_number"], digest=row["new_digest"]),
        by=row["by"],
        at=row["at"],
        clock=row["clock"],
        why=row["why"],
        evidence=tuple(decode_json(list[Digest], row["evidence"])),
        policy=row["policy"],
        conditions=tuple(decode_json(list[Condition], row["conditions"])),
        ticket=row["ticket"],
        expires=row["expires"],
    )
