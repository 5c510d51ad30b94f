"""Words in versions: names, labels, descriptions and manifests, in the full-text index of the database.

Another store needs these functions and nothing else. SQLite's index is FTS5 and keeps no text of its own, so
a row is taken out by giving back what it was made of; PostgreSQL's are columns of `tsvector`, made from words
that are cut and folded here as FTS5 cuts and folds them, so that both find the same. Words of the manifest
are apart from the others: not everybody may find them.
"""

import json
import re
from collections.abc import Iterator, Mapping

import sqlalchemy as sa

from genaiops.core import Json
from genaiops.hub import vectors
from genaiops.hub.events import DESCRIPTIONS
from genaiops.hub.tables import LABELS, VERSIONS

_FTS5 = "CREATE VIRTUAL TABLE hub_search USING fts5({}, content='', prefix='2 3', tokenize='{}')"
_TOKENS = "unicode61 remove_diacritics 2"
_FIRST_SQLITE = (_FTS5.format("kind, text", _TOKENS),)
_FIRST_POSTGRES = (
    "CREATE TABLE hub_search (id INTEGER PRIMARY KEY, kind TEXT NOT NULL, words TSVECTOR NOT NULL)",
    "CREATE INDEX hub_search_words ON hub_search USING gin (words)",
)
_SQLITE = ("DROP TABLE hub_search", _FTS5.format("kind, text, manifest", _TOKENS))
# words: all of them, and so what is looked for; said: those that everybody may find
_POSTGRES = (
    "DROP TABLE hub_search",
    "CREATE TABLE hub_search (id INTEGER PRIMARY KEY, kind TEXT NOT NULL, words TSVECTOR NOT NULL,"
    " said TSVECTOR NOT NULL)",
    "CREATE INDEX hub_search_words ON hub_search USING gin (words)",
)
_LAST = sa.select(sa.func.max(DESCRIPTIONS.c.id)).where(DESCRIPTIONS.c.version == sa.bindparam("of"))
_SAID = sa.select(DESCRIPTIONS.c.value).where(DESCRIPTIONS.c.id.in_(_LAST.group_by(DESCRIPTIONS.c.field)))
_WORD = re.compile(r"\w+")


def create(connection: sa.Connection) -> None:
    """Make the first index, which held a version's words in one column; `split` fills the one that counts."""
    for statement in _FIRST_POSTGRES if _is_postgres(connection) else _FIRST_SQLITE:
        connection.exec_driver_sql(statement)


def split(connection: sa.Connection) -> None:
    """Make the index, of what is there already too, with the words of manifests apart."""
    for statement in _POSTGRES if _is_postgres(connection) else _SQLITE:
        connection.exec_driver_sql(statement)
    for (row,) in connection.execute(sa.select(VERSIONS.c.id)).all():
        add(connection, row)


def add(connection: sa.Connection, row: int) -> None:
    """Put the version with row id `row` into the index as it is now."""
    write(connection, [_entry(connection, row)])


def write(connection: sa.Connection, entries: list[dict[str, str | int]]) -> None:
    """Put entries (`id`, `kind`, `text`, `manifest`) into the index."""
    if _is_postgres(connection):
        made = [
            {
                **entry,
                "words": vectors.vector(f"{entry['text']}\n{entry['manifest']}"),
                "said": vectors.vector(str(entry["text"])),
            }
            for entry in entries
        ]
        statement = (
            "INSERT INTO hub_search(id, kind, words, said)"
            " VALUES (:id, :kind, CAST(:words AS tsvector), CAST(:said AS tsvector))"
        )
        connection.execute(sa.text(statement), made)
    else:
        statement = (
            "INSERT INTO hub_search(rowid, kind, text, manifest) VALUES (:id, :kind, :text, :manifest)"
        )
        connection.execute(sa.text(statement), entries)


def remove(connection: sa.Connection, row: int) -> None:
    """Take a version out, before its labels or what is said of it change."""
    if _is_postgres(connection):
        connection.execute(sa.text("DELETE FROM hub_search WHERE id = :id"), {"id": row})
        return
    statement = (
        "INSERT INTO hub_search(hub_search, rowid, kind, text, manifest)"
        " VALUES ('delete', :id, :kind, :text, :manifest)"
    )
    connection.execute(sa.text(statement), _entry(connection, row))


def matching(
    connection: sa.Connection,
    text: str,
    kind: str | None,
    labels: Mapping[str, str],
    *,
    manifests: bool = True,
) -> sa.Select[tuple[int]]:
    """Return a query for the row ids of versions that hold every word of `text`, newest first.

    A word matches where a word of the version begins with it, whatever its case and accents; without
    `manifests`, a word of its name, its labels or of what is said of it. A text without a word matches
    nothing. The words of `labels` only narrow what is found: whether a version has exactly these labels is
    for the caller to ask.
    """
    asked = _WORD.findall(text)
    held = [word for label in labels.items() for part in label for word in _WORD.findall(part)]
    if _is_postgres(connection):
        return _in_vectors(asked, held, kind, "words" if manifests else "said")
    return _in_fts5(asked, held, kind, "{text manifest}" if manifests else "text")


def _in_fts5(asked: list[str], held: list[str], kind: str | None, columns: str) -> sa.Select[tuple[int]]:
    words = " ".join(f'"{word}"*' for word in [*asked, *held])
    wanted = f"{columns} : ({words})" if asked else 'text : ""'
    if kind is not None:
        quoted = kind.replace('"', '""')
        wanted = f'kind : "{quoted}" AND {wanted}'
    found = sa.table("hub_search", sa.column("rowid", sa.Integer))
    match = sa.text("hub_search MATCH :wanted").bindparams(_once(wanted))
    return sa.select(found.c.rowid.label("id")).where(match).order_by(found.c.rowid.desc())


def _in_vectors(asked: list[str], held: list[str], kind: str | None, column: str) -> sa.Select[tuple[int]]:
    found = sa.table("hub_search", sa.column("id", sa.Integer), sa.column("kind", sa.Text))
    wanted = vectors.query([*asked, *held]) if vectors.query(asked) else ""
    match = sa.text(f"{column} @@ CAST(:wanted AS tsquery)").bindparams(_once(wanted))
    narrowed = () if kind is None else (found.c.kind == kind,)
    return sa.select(found.c.id).where(match, *narrowed).order_by(found.c.id.desc())


def _once(wanted: str) -> sa.BindParameter[str]:
    # unique: one statement may look twice, in different columns
    return sa.bindparam("wanted", wanted, unique=True)


def _is_postgres(connection: sa.Connection) -> bool:
    return connection.dialect.name == "postgresql"


def _entry(connection: sa.Connection, row: int) -> dict[str, str | int]:
    version = connection.execute(sa.select(VERSIONS).where(VERSIONS.c.id == row)).mappings().one()
    labels = sa.select(LABELS.c.key, LABELS.c.value).where(LABELS.c.version == row).order_by(LABELS.c.key)
    parts = [version["kind"], version["project"], version["name"]]
    parts += [part for key, value in connection.execute(labels) for part in (key, value)]
    parts += connection.execute(_SAID.order_by(DESCRIPTIONS.c.field), {"of": row}).scalars()
    manifest = "\n".join(_words(json.loads(version["manifest"])))
    return {"id": row, "kind": version["kind"], "text": "\n".join(parts), "manifest": manifest}


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
