"""What people say about a version besides its content: owner, licence, sensitivity, description.

None of it is part of the digest, so equal content stays one version. Every row is an event: it is added and
never changed, and what holds is what the last one says. Every function runs inside its caller's transaction.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

import sqlalchemy as sa

from genaiops.core import SENSITIVITIES
from genaiops.hub import faults, search
from genaiops.hub.events import DESCRIPTIONS, freeze
from genaiops.hub.model import Version
from genaiops.hub.tables import META, VERSIONS

SENSITIVE = frozenset({"confidential", "personal"})
"""Who reads such a version needs the right to, and it is written down."""

FIELDS: Mapping[str, int] = MappingProxyType(
    {"owner": 200, "licence": 200, "sensitivity": 20, "description": 4000}
)
"""What can be said, and how many characters at most."""

NOTHING: Mapping[str, str] = MappingProxyType({})

_SAID = sa.select(DESCRIPTIONS.c.version, DESCRIPTIONS.c.field, DESCRIPTIONS.c.value).order_by(
    DESCRIPTIONS.c.id
)
_IDS: sa.BindParameter[list[int]] = sa.bindparam("ids", expanding=True)
_SAID_OF = _SAID.where(DESCRIPTIONS.c.version.in_(_IDS))


def create(connection: sa.Connection) -> None:
    """Make the table."""
    META.create_all(connection, [DESCRIPTIONS])
    freeze(connection, [DESCRIPTIONS])


def checked(said: Mapping[str, str]) -> dict[str, str]:
    """Return `said` without blanks around it; raises `UserError` for what cannot be said."""
    clean = {field: value.strip() for field, value in said.items()}
    for field, value in clean.items():
        if field not in FIELDS:
            raise faults.bad_description(field, f"what can be said is {', '.join(FIELDS)}")
        if len(value) > FIELDS[field]:
            raise faults.bad_description(
                field, f"it has {len(value):,} characters, of at most {FIELDS[field]:,}"
            )
        if field == "sensitivity" and value and value not in SENSITIVITIES:
            raise faults.bad_description(field, f"{value!r} is not one of {', '.join(SENSITIVITIES)}")
    return clean


def veiled(version: Version) -> Version:
    """Return a version without its manifest, where it is sensitive."""
    sensitive = version.described.get("sensitivity") in SENSITIVE
    return replace(version, manifest={}) if sensitive else version


def latest(connection: sa.Connection, ids: Sequence[int] | None) -> dict[int, dict[str, str]]:
    """Return what is said of versions by row id; None: of all. What was taken back is not there."""
    rows = connection.execute(_SAID) if ids is None else connection.execute(_SAID_OF, {"ids": ids})
    found: dict[int, dict[str, str]] = {}
    for version, field, value in rows:
        found.setdefault(version, {})[field] = value
    return {
        version: {field: said[field] for field in FIELDS if said.get(field)}
        for version, said in found.items()
    }


def add(connection: sa.Connection, row: int, said: Mapping[str, str], by: str, at: str) -> None:
    """Append what is new in `said`; an empty text takes back what was said."""
    before = latest(connection, [row]).get(row, {})
    rows = [
        {"version": row, "field": field, "value": value, "by": by, "at": at}
        for field, value in said.items()
        if before.get(field, "") != value
    ]
    if rows:
        search.remove(connection, row)
        connection.execute(sa.insert(DESCRIPTIONS), rows)
        search.add(connection, row)


def inherited(connection: sa.Connection, row: int) -> dict[str, str]:
    """Return what is said of the version before: a new one keeps owner, licence and sensitivity."""
    here = (
        sa.select(VERSIONS.c.kind, VERSIONS.c.project, VERSIONS.c.name).where(VERSIONS.c.id == row).subquery()
    )
    query = sa.select(sa.func.max(VERSIONS.c.id)).where(
        VERSIONS.c.id < row,
        VERSIONS.c.kind == here.c.kind,
        VERSIONS.c.project == here.c.project,
        VERSIONS.c.name == here.c.name,
    )
    before = connection.execute(query).scalar()
    said = latest(connection, [before]).get(before, {}) if before is not None else {}
    return {field: value for field, value in said.items() if field != "description"}


SENSITIVE_ROW: sa.ColumnElement[bool] = sa.func.coalesce(
    sa.select(DESCRIPTIONS.c.value)
    .where(DESCRIPTIONS.c.version == VERSIONS.c.id, DESCRIPTIONS.c.field == "sensitivity")
    .order_by(DESCRIPTIONS.c.id.desc())
    .limit(1)
    .scalar_subquery(),
    "",
).in_(sorted(SENSITIVE))
"""The condition for rows of `VERSIONS` that are sensitive."""


def holds(field: str, value: str) -> sa.Select[tuple[int]]:
    """Return a query for the row ids of versions of which this is said now."""
    last = sa.select(sa.func.max(DESCRIPTIONS.c.id)).where(DESCRIPTIONS.c.field == field)
    last = last.group_by(DESCRIPTIONS.c.version)
    return sa.select(DESCRIPTIONS.c.version).where(
        DESCRIPTIONS.c.field == field, DESCRIPTIONS.c.value == value, DESCRIPTIONS.c.id.in_(last)
    )
