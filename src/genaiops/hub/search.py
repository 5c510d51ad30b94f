"""Words in versions: names, labels, descriptions and manifests, through SQLite's full-text index (FTS5).

Everything that knows FTS5 is here: another store needs this file's four functions and nothing else. The index
keeps no text of its own, so a row is taken out by giving back what it was made of.
"""

import json
import re
from collections.abc import Iterator, Mapping

import sqlalchemy as sa

from genaiops.core import Json
from genaiops.hub.events import DESCRIPTIONS
from genaiops.hub.tables import LABELS, VERSIONS

_TABLE = """CREATE VIRTUAL TABLE hub_search USING fts5(
    kind, text, content='', prefix='2 3', tokenize='unicode61 remove_diacritics 2')"""
_INSERT = sa.text("INSERT INTO hub_search(rowid, kind, text) VALUES (:id, :kind, :text)")
_LAST = sa.select(sa.func.max(DESCRIPTIONS.c.id)).where(DESCRIPTIONS.c.version == sa.bindparam("of"))
_SAID = sa.select(DESCRIPTIONS.c.value).where(DESCRIPTIONS.c.id.in_(_LAST.group_by(DESCRIPTIONS.c.field)))
_WORD = re.compile(r"\w+")


def create(connection: sa.Connection) -> None:
    """Make the index, of what is there already too."""
    connection.exec_driver_sql(_TABLE)
    for (row,) in connection.execute(sa.select(VERSIONS.c.id)).all():
        # descriptions are a later step: there is none yet
        connection.execute(_INSERT, _entry(connection, row, described=False))


def add(connection: sa.Connection, row: int) -> None:
    """Put the version with row id `row` into the index as it is now."""
    connection.execute(_INSERT, _entry(connection, row))


def remove(connection: sa.Connection, row: int) -> None:
    """Take a version out, before its labels or what is said of it change."""
    statement = sa.text(
        "INSERT INTO hub_search(hub_search, rowid, kind, text) VALUES ('delete', :id, :kind, :text)"
    )
    connection.execute(statement, _entry(connection, row))


def matching(text: str, kind: str | None, labels: Mapping[str, str]) -> sa.Select[tuple[int]]:
    """Return a query for the row ids of versions that hold every word of `text`, newest first.

    A word matches where a word of the version begins with it, whatever its case and accents. A text without
    a word matches nothing. The words of `labels` only narrow what is found: whether a version has exactly
    these labels is for the caller to ask.
    """
    asked = _WORD.findall(text)
    held = [word for label in labels.items() for part in label for word in _WORD.findall(part)]
    words = " ".join(f'"{word}"*' for word in [*asked, *held])
    wanted = f"text : ({words})" if asked else 'text : ""'
    if kind is not None:
        quoted = kind.replace('"', '""')
        wanted = f'kind : "{quoted}" AND {wanted}'
    found = sa.table("hub_search", sa.column("rowid", sa.Integer))
    match = sa.text("hub_search MATCH :wanted").bindparams(wanted=wanted)
    return sa.select(found.c.rowid).where(match).order_by(found.c.rowid.desc())


def _entry(connection: sa.Connection, row: int, *, described: bool = True) -> dict[str, str | int]:
    version = connection.execute(sa.select(VERSIONS).where(VERSIONS.c.id == row)).mappings().one()
    labels = sa.select(LABELS.c.key, LABELS.c.value).where(LABELS.c.version == row).order_by(LABELS.c.key)
    parts = [version["kind"], version["project"], version["name"]]
    parts += [part for key, value in connection.execute(labels) for part in (key, value)]
    parts += (
        connection.execute(_SAID.order_by(DESCRIPTIONS.c.field), {"of": row}).scalars() if described else []
    )
    parts += _words(json.loads(version["manifest"]))
    return {"id": row, "kind": version["kind"], "text": "\n".join(parts)}


def _words(value: Json) -> Iterator[str]:
    """Yield the keys and texts of a manifest; nobody searches for a digest by its words."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from _words(item)
    elif isinstance(value, list):
        for item in value:
            yield from _words(item)
    elif isinstance(value, str) and not value.startswith("sha256:"):
        yield value
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield str(value)
