"""People's labels in the project's store: added to, never changed. A correction is a later row.

A label is found by what it is about: the digest of the answer, of its rival where two were compared, and of
the rubric. So those of an answer that did not change are found again in a later run.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa

from genaiops.core import Annotation, decode_json, encode_json
from genaiops.store import Store

_metadata = sa.MetaData()

_labels = sa.Table(
    "arena_labels",
    _metadata,
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("scorer", sa.Text, nullable=False),
    sa.Column("version", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("against", sa.Text, nullable=False),
    sa.Column("case", sa.Text, nullable=False),
    sa.Column("annotation", sa.Text, nullable=False),
    sa.Index("arena_labels_found", "scorer", "version"),
)


def _create(connection: sa.Connection) -> None:
    _metadata.create_all(connection)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A label as it is kept: of which case, and `against` which rival where two answers were compared."""

    case: str
    annotation: Annotation
    against: str = ""

    @property
    def about(self) -> tuple[str, str]:
        """The answer, and its rival where two were compared, by digest."""
        return self.annotation.subject, self.against


class LabelBook:
    """The labels of a project."""

    def __init__(self, store: Store) -> None:
        self._database = store.database
        self._database.migrate("arena_labels", (_create,))

    def add(self, entries: Iterable[Entry]) -> None:
        """Write labels, durably, all or none."""
        rows = [
            {
                "scorer": one.annotation.name,
                "version": one.annotation.version,
                "subject": one.annotation.subject,
                "against": one.against,
                "case": one.case,
                "annotation": encode_json(one.annotation),
            }
            for one in entries
        ]
        if rows:
            with self._database.write() as connection:
                connection.execute(sa.insert(_labels), rows)

    def latest(self, scorer: str, version: str) -> list[Entry]:
        """Return what each author last said of each answer, in the order in which it was said."""
        query = (
            sa.select(_labels)
            .where(_labels.c.scorer == scorer, _labels.c.version == version)
            .order_by(_labels.c.number)
        )
        found: dict[tuple[str, str, str], Entry] = {}
        with self._database.read() as connection:
            for row in connection.execute(query):
                note = decode_json(Annotation, row.annotation)
                entry = Entry(case=row.case, annotation=note, against=row.against)
                found.pop((*entry.about, note.author), None)
                found[*entry.about, note.author] = entry
        return list(found.values())
