"""What an index knows of its passages, in tables: versioned, so that a snapshot held is still whole.

A passage is in every snapshot from `born` to before `gone`. A snapshot is there once its row is; whatever
else was written for it came in the same transaction. LanceDB has these tables in a SQLite file beside its
own, PostgreSQL in the database itself, under a prefix of the index.
"""

import json
import sys
from collections import Counter
from collections.abc import Collection, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from typing import TypeVar, cast

from sqlalchemy import (
    ColumnElement,
    Connection,
    MetaData,
    and_,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.exc import OperationalError, ProgrammingError

from genaiops.core import OutsideError, Passage, SnapshotId, encode, one_line
from genaiops.knowledge.backends.asking import rows
from genaiops.knowledge.backends.entries import Entry, Known, Shapes
from genaiops.knowledge.backends.seams import View
from genaiops.knowledge.backends.sieve import access_marks, readers_mark
from genaiops.knowledge.backends.tables import (
    passages_table,
    shapes_table,
    sizes_table,
    snapshots_table,
    trust_table,
    withdrawn_table,
)
from genaiops.knowledge.backends.terms import TermTable
from genaiops.knowledge.links import MOST_BEARERS, Titles, name_of
from genaiops.store import Database

Item = TypeVar("Item")
_AT_ONCE = 5_000
_LIVE = """SELECT number, name, mark, passages, documents, length, dimension
FROM {table} ORDER BY number DESC LIMIT 1"""
_NAMED = "SELECT number, name, mark, passages, documents, length, dimension FROM {table} WHERE name = {value}"
_KEYS = """SELECT key FROM {table}
WHERE id {among} AND born <= {value} AND (gone IS NULL OR gone > {value})"""
_IN = 500


class Ledger:
    """The tables of one index, whose names begin with `prefix`."""

    def __init__(self, database: Database, prefix: str = "") -> None:
        self.database = database
        self.prefix = prefix
        self._meta = MetaData()
        self._passages = passages_table(prefix, self._meta)
        self.terms = TermTable(prefix, self._meta)
        self._sizes = sizes_table(prefix, self._meta)
        self._shapes = shapes_table(prefix, self._meta)
        self._snapshots = snapshots_table(prefix, self._meta)
        self._withdrawn = withdrawn_table(prefix, self._meta)
        self._trust = trust_table(prefix, self._meta)

    def create(self, connection: Connection) -> None:
        """Make the tables."""
        self._meta.create_all(connection)

    def there(self, connection: Connection) -> bool:
        """Whether the tables are there."""
        return connection.dialect.has_table(connection, self._snapshots.name)

    @contextmanager
    def view(self, snapshot: SnapshotId | None = None) -> Generator[View | None]:
        """Give a snapshot to read from, None: the live one; None where it is not there."""
        with self._explained(), self.database.read() as connection:
            yield self.at(connection, snapshot)

    @contextmanager
    def write(self) -> Generator[Connection]:
        """Give a transaction."""
        with self._explained(), self.database.write() as connection:
            yield connection

    def at(self, connection: Connection, snapshot: SnapshotId | None = None) -> View | None:
        """Return a snapshot by its name, None: the live one; None where it is not there."""
        sql, given = (_LIVE, ()) if snapshot is None else (_NAMED, (snapshot,))
        for number, name, *facts in rows(connection, sql, self._snapshots.name, *given):
            return View(connection, number, SnapshotId(name), *facts)
        return None

    # reading

    def entries(self, view: View, keys: Collection[int]) -> list[Entry]:
        """Return the passages of `keys`, in any order."""
        sql = "SELECT key, id, body, readers FROM {table} WHERE key {among}"
        return [Entry(*row) for row in rows(view.connection, sql, self._passages.name, keys)]

    def ids_of(self, view: View, keys: Collection[int]) -> dict[int, str]:
        """Return the ids of the passages of `keys`."""
        sql = "SELECT {pairs} FROM {table} WHERE key {among}"
        ((text,),) = rows(view.connection, sql, self._passages.name, keys)
        return dict(json.loads(text))

    def keys_of(self, view: View, ids: Collection[str]) -> list[int]:
        """Return the keys of the passages with these ids."""
        found = rows(view.connection, _KEYS, self._passages.name, ids, view.number, view.number)
        return [key for (key,) in found]

    def documents_of(self, view: View, documents: Collection[str]) -> dict[int, str]:
        """Return the passages of `documents` by key, each with its document; withdrawn ones too."""
        table = self._passages.c
        query = select(table.key, table.document).where(self._visible(view.number))
        return {
            row.key: row.document
            for some in _parts(list(documents), _IN)
            for row in view.connection.execute(query.where(table.document.in_(some)))
        }

    def ids(self, view: View) -> list[tuple[str, int]]:
        """Return every passage's id and key, in the order of the ids."""
        query = select(self._passages.c.id, self._passages.c.key).where(self._visible(view.number))
        return sorted((row.id, row.key) for row in view.connection.execute(query))

    def holding(self, view: View, terms: Collection[str]) -> dict[str, int]:
        """Return in how many passages that are seen each term stands, without those that stand in none."""
        found: Counter[str] = Counter()
        for (term, _), count in self.terms.counts(view, terms).items():
            found[term] += count
        return {term: count for term, count in found.items() if count > 0}

    def known(self, view: View) -> Known:
        """Return what is worth holding in memory."""
        table = self._sizes.c
        query = select(table.readers, table.passages, table.length).where(table.number == view.number)
        shapes = self._shapes_of(view)
        marks = {readers_mark([*access]): access for access, _ in shapes}
        rows = view.connection.execute(query)
        sizes = {row.readers: (marks[row.readers], row.passages, row.length) for row in rows}
        titles, readers_of = self._titles(view)
        openers = frozenset[str]().union(*(access for access, _, _ in sizes.values()))
        return Known(Titles(titles), readers_of, shapes, sizes, openers)

    def _titles(self, view: View) -> tuple[dict[str, list[str]], dict[str, str]]:
        """Return the titles that may be meant by a name, with the ids and readers of what bears them.

        Who may read one passage may read all that have the same readers: a title that more bear means none.
        """
        table = self._passages.c
        visible = and_(self._visible(view.number), table.name != "")
        alike = select(table.name).where(visible).group_by(table.name, table.readers)
        few = alike.having(func.count() <= MOST_BEARERS)
        found: dict[str, list[str]] = {}
        readers_of: dict[str, str] = {}
        query = select(table.name, table.id, table.readers).where(visible, table.name.in_(few))
        for row in view.connection.execute(query):
            found.setdefault(row.name, []).append(row.id)
            readers_of[row.id] = sys.intern(row.readers)
        return {name: sorted(ids) for name, ids in found.items()}, readers_of

    def _shapes_of(self, view: View) -> Shapes:
        """Return which metadata keys there are for whom; keys of passages that are gone stay."""
        rows = view.connection.execute(select(self._shapes.c.shape)).scalars()
        read = [cast("list[list[str]]", json.loads(row)) for row in rows]
        return [(frozenset(access), frozenset(keys)) for access, keys in read]

    def hidden(self, view: View) -> list[str]:
        """Return the documents withdrawn that this snapshot must not show."""
        sql = "SELECT document FROM {table} WHERE last >= {value}"
        return [document for (document,) in rows(view.connection, sql, self._withdrawn.name, view.number)]

    def withdrawn(self, connection: Connection) -> list[str]:
        """Return all documents withdrawn that no later snapshot has brought back."""
        return sorted(connection.execute(select(self._withdrawn.c.document)).scalars())

    def trust(self, connection: Connection) -> dict[str, float]:
        """Return how far the embedder can be trusted."""
        return {row.script: row.value for row in connection.execute(select(self._trust))}

    # writing, each within the caller's transaction

    def keep_trust(self, connection: Connection, trust: Mapping[str, float]) -> None:
        """Replace how far the embedder can be trusted."""
        connection.execute(self._trust.delete())
        if trust:
            rows = [{"script": script, "value": value} for script, value in trust.items()]
            connection.execute(insert(self._trust), rows)

    def withdraw(self, connection: Connection, documents: Collection[str], last: int) -> None:
        """Withdraw documents from snapshots up to the number `last`."""
        table = self._withdrawn
        for some in _parts(list(documents), _IN):
            connection.execute(table.delete().where(table.c.document.in_(some)))
            rows = [{"document": document, "last": last} for document in some]
            connection.execute(insert(table), rows)

    def retire(self, view: View, documents: Collection[str], number: int) -> list[Entry]:
        """End the passages of `documents` before the snapshot `number`, and return them."""
        table = self._passages
        retired: list[Entry] = []
        for some in _parts(list(documents), _IN):
            these = and_(table.c.gone.is_(None), table.c.document.in_(some))
            keys = list(view.connection.execute(select(table.c.key).where(these)).scalars())
            retired += self.entries(view, keys)
            view.connection.execute(update(table).where(these).values(gone=number))
        return retired

    def taken(self, view: View, ids: Collection[str]) -> tuple[str, str] | None:
        """Return the id and document of a passage that is there, and has one of `ids`."""
        table = self._passages.c
        for some in _parts(list(ids), _IN):
            query = select(table.id, table.document).where(table.gone.is_(None), table.id.in_(some)).limit(1)
            row = view.connection.execute(query).one_or_none()
            if row is not None:
                return row.id, row.document
        return None

    def add(
        self,
        connection: Connection,
        number: int,
        keys: Sequence[int],
        passages: Sequence[Passage],
        readers: Sequence[str],
        lengths: Sequence[int],
    ) -> None:
        """Keep passages from the snapshot `number` on."""
        rows: Iterable[dict[str, object]] = (
            {
                "key": key,
                "id": one.id,
                "document": one.document,
                "name": name_of(one.title),
                "body": json.dumps(encode(one)),
                "length": length,
                "readers": mark,
                "born": number,
            }
            for key, one, mark, length in zip(keys, passages, readers, lengths, strict=True)
        )
        for some in _batches(rows):
            connection.execute(insert(self._passages), some)
        known = set(connection.execute(select(self._shapes.c.shape)).scalars())
        fresh = {_shape(one) for one in passages} - known
        if fresh:
            connection.execute(insert(self._shapes), [{"shape": shape} for shape in sorted(fresh)])

    def finish(
        self, connection: Connection, number: int, name: SnapshotId, mark: str, dimension: int
    ) -> None:
        """Make the snapshot `number` the live one, of all that is there now."""
        table = self._passages.c
        counts = select(func.count(), func.count(table.document.distinct()), func.sum(table.length))
        passages, documents, length = connection.execute(counts.where(table.gone.is_(None))).one()
        row = {
            "number": number,
            "name": name,
            "mark": mark,
            "passages": passages,
            "documents": documents,
            "length": length or 0,
            "dimension": dimension,
        }
        connection.execute(insert(self._snapshots), row)
        sizes = select(table.readers, func.count().label("passages"), func.sum(table.length).label("length"))
        rows = connection.execute(sizes.where(table.gone.is_(None)).group_by(table.readers)).mappings().all()
        if rows:
            connection.execute(insert(self._sizes), [{**one, "number": number} for one in rows])

    @contextmanager
    def _explained(self) -> Generator[None]:
        try:
            yield
        except (OperationalError, ProgrammingError) as error:  # what is not the store's to explain
            raise tables_damaged(str(error.orig), self.prefix) from error

    def _visible(self, number: int) -> ColumnElement[bool]:
        table = self._passages.c
        return and_(table.born <= number, or_(table.gone.is_(None), table.gone > number))


def tables_damaged(why: str, prefix: str) -> OutsideError:
    """Return the error for tables that are not as they were made."""
    tables = (
        f"drop the tables whose names begin with {prefix}" if prefix else "remove the folder of the index"
    )
    return OutsideError(
        "GAO-KNOWLEDGE-083",
        "the tables of the index cannot be used",
        why=one_line(why, 300),
        fix=f"{tables}, and run `genaiops index build` again; embeddings are cached",
        where=prefix,
    )


def _shape(passage: Passage) -> str:
    return json.dumps([access_marks(passage), sorted(passage.metadata)])


def _parts(items: Sequence[Item], size: int) -> list[Sequence[Item]]:
    return [items[at : at + size] for at in range(0, len(items), size)]


def _batches(rows: Iterable[dict[str, object]]) -> Generator[list[dict[str, object]]]:
    batch: list[dict[str, object]] = []
    for row in rows:
        batch.append(row)
        if len(batch) == _AT_ONCE:
            yield batch
            batch = []
    if batch:
        yield batch
