"""PostgreSQL with pgvector: an index that machines share, in the database that holds the Hub.

<prefix>vectors   a row a part: vector, what sieves compare, from which snapshot to before which

and the ledger beside them (`ledger.py`). One transaction publishes; whoever reads sees none of it before.
Vectors are compared one by one, or with `ef_search` through an HNSW graph (Malkov and Yashunin 2018).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from genaiops.core import OutsideError, UserError, one_line
from genaiops.knowledge.backends.ledger import tables_damaged
from genaiops.knowledge.backends.seams import Incoming, View
from genaiops.knowledge.backends.sieve import Sieve

if TYPE_CHECKING:  # SQLAlchemy takes 180 ms to import
    from sqlalchemy import Connection

_MOST_NUMBERS = {False: 16_000, True: 2_000}
"""Of a vector that pgvector keeps; with True, of one that an HNSW graph takes."""

_MOST_EF = 1_000
_TABLES = """
CREATE TABLE {p}vectors (
    key bigint NOT NULL, part integer NOT NULL, embedding vector({dimension}) NOT NULL,
    access text[] NOT NULL, tags text[] NOT NULL, document text NOT NULL,
    born integer NOT NULL, gone integer, PRIMARY KEY (key, part));
"""
_INDEXES = """
CREATE INDEX {p}vectors_access ON {p}vectors USING gin (access);
CREATE INDEX {p}vectors_tags ON {p}vectors USING gin (tags);
"""
_GRAPH = "CREATE INDEX {p}vectors_graph ON {p}vectors USING hnsw (embedding vector_ip_ops)"
_NEAREST = """
SELECT key, max(cosine) AS cosine, count(*) AS parts FROM (
    SELECT key, -(embedding <#> CAST(%(vector)s AS vector)) AS cosine FROM {p}vectors
    WHERE {seen} ORDER BY embedding <#> CAST(%(vector)s AS vector) LIMIT %(limit)s
) AS rows GROUP BY key"""
_COSINES = """
SELECT key, max(-(embedding <#> CAST(%(vector)s AS vector))) AS cosine FROM {p}vectors
WHERE key = ANY(%(keys)s) GROUP BY key"""
_ALLOWED = "SELECT key FROM {p}vectors WHERE part = 0 AND key = ANY(%(keys)s) AND {seen}"
# the extension may stand in a schema that the address does not name
_PREPARED = """
SELECT set_config('search_path', current_setting('search_path') || ', ' || quote_ident(spaces.nspname), true),
    set_config('hnsw.ef_search', %(ef)s, true), set_config('hnsw.iterative_scan', 'strict_order', true),
    set_config('jit', 'off', true), set_config('plan_cache_mode', 'force_custom_plan', true)
FROM pg_extension AS extensions JOIN pg_namespace AS spaces ON spaces.oid = extensions.extnamespace
WHERE extensions.extname = 'vector'"""


class PostgresFinder:
    """Candidates from tables whose names begin with `prefix`."""

    def __init__(self, prefix: str, settings: Mapping[str, int]) -> None:
        self._prefix = prefix
        self._ef = settings["ef_search"]

    def add(
        self,
        connection: "Connection",
        live: View | None,
        incoming: Sequence[Incoming],
        retired: Sequence[int],
        number: int,
    ) -> tuple[list[int], str]:
        """Keep `live` less the keys `retired`, with `incoming`, as `number`; return their keys, a mark."""
        fresh = live is None or not live.dimension
        if fresh and not incoming:
            return [], ""
        self._prepare(connection)
        if fresh:
            self._create(connection, incoming[0].vectors.shape[1])
        first = connection.exec_driver_sql(self._sql("SELECT max(key) FROM {p}vectors")).scalar()
        start = 0 if first is None else int(first) + 1
        keys = list(range(start, start + len(incoming)))
        self._copy(connection, _vector_rows(keys, incoming, number))
        if fresh:  # after the rows: many times faster than with each of them
            self._script(connection, _INDEXES + (_GRAPH if self._ef else ""))
        gone = self._sql("UPDATE {p}vectors SET gone = %(number)s WHERE key = ANY(%(keys)s)")
        connection.exec_driver_sql(gone, {"number": number, "keys": list(retired)})
        return keys, "1"

    def nearest(self, view: View, vector: NDArray[np.float32], n: int, sieve: Sieve) -> Mapping[int, float]:
        """Return about the `n` passages nearest to `vector`, with the largest cosine of their parts."""
        if not view.dimension:
            return {}
        limit = n
        while True:
            self._prepare(view.connection, limit)
            seen, values = _seen(view, sieve)
            sql = self._sql(_NEAREST, seen)
            given = {**values, "vector": _text(vector), "limit": limit}
            rows = view.connection.exec_driver_sql(sql, given).all()
            # parts of few passages may fill the list
            if len(rows) >= n or sum(row.parts for row in rows) < limit:
                return {row.key: float(row.cosine) for row in rows}
            limit *= 2

    def cosines(self, view: View, keys: Sequence[int], vector: NDArray[np.float32]) -> Mapping[int, float]:
        """Return the largest cosine of each passage's parts."""
        if not keys:
            return {}
        self._prepare(view.connection)
        given = {"keys": list(keys), "vector": _text(vector)}
        rows = view.connection.exec_driver_sql(self._sql(_COSINES), given)
        return {row.key: float(row.cosine) for row in rows}

    def allowed(self, view: View, keys: Sequence[int], sieve: Sieve) -> set[int]:
        """Return which of `keys` the sieve lets through."""
        seen, values = _seen(view, sieve)
        sql = self._sql(_ALLOWED, seen)
        return {row.key for row in view.connection.exec_driver_sql(sql, {**values, "keys": list(keys)})}

    def close(self) -> None:
        """Nothing is open beside the ledger's connections."""

    def check(self, connection: "Connection", dimension: int) -> None:
        """Raise `OutsideError` where the tables are not those that were made for this dimension."""
        query = """SELECT atttypmod FROM pg_attribute
            WHERE attrelid = to_regclass(%(table)s) AND attname = 'embedding'"""
        found = connection.exec_driver_sql(query, {"table": f"{self._prefix}vectors"}).scalar()
        if found != dimension:
            why = f"its vectors have {found} numbers, not {dimension}" if found else "its vectors are gone"
            raise tables_damaged(why, self._prefix)

    def _prepare(self, connection: "Connection", limit: int = 0) -> None:
        """Set what a search needs for the rest of the transaction."""
        ef = str(min(max(self._ef, limit, 1), _MOST_EF))
        if connection.exec_driver_sql(_PREPARED, {"ef": ef}).one_or_none() is None:
            raise _extension_missing("the extension vector was removed from it")

    def _create(self, connection: "Connection", dimension: int) -> None:
        most = _MOST_NUMBERS[self._ef > 0]
        if dimension > most:
            raise UserError(
                "GAO-KNOWLEDGE-084",
                f"PostgreSQL cannot keep vectors of {dimension} numbers" + " in a graph" * (self._ef > 0),
                why=f"pgvector takes {most:,} at most",
                fix="leave ef_search out, or take index: lance" if self._ef else "take index: lance",
            )
        connection.exec_driver_sql(self._sql("DROP TABLE IF EXISTS {p}vectors"))
        self._script(connection, _TABLES, dimension)

    def _copy(self, connection: "Connection", rows: Iterable[tuple[object, ...]]) -> None:
        driver = cast(Any, connection.connection.driver_connection)
        with driver.cursor() as cursor, cursor.copy(self._sql("COPY {p}vectors FROM STDIN")) as copy:
            for row in rows:
                copy.write_row(row)

    def _script(self, connection: "Connection", script: str, dimension: int = 0) -> None:
        for statement in script.format(p=self._prefix, dimension=dimension).split(";"):
            if statement.strip():
                connection.exec_driver_sql(statement)

    def _sql(self, sql: str, seen: str = "") -> str:
        return sql.format(p=self._prefix, seen=seen)


def make_extension(connection: "Connection") -> None:
    """See that the database has pgvector; raises `OutsideError` where it has not and may not get it."""
    from sqlalchemy.exc import DBAPIError  # 180 ms

    known = "SELECT 1 FROM pg_extension WHERE extname = 'vector'"
    if connection.exec_driver_sql(known).scalar():
        return
    try:
        connection.exec_driver_sql("CREATE EXTENSION vector WITH SCHEMA public")
    except DBAPIError as error:
        raise _extension_missing(one_line(str(error.orig), 200)) from error


def _extension_missing(why: str) -> OutsideError:
    return OutsideError(
        "GAO-KNOWLEDGE-085",
        "the database has no pgvector",
        why=why,
        fix="install pgvector on the server and run CREATE EXTENSION vector in this database",
        where="GENAIOPS_DATABASE",
    )


def _seen(view: View, sieve: Sieve) -> tuple[str, dict[str, Any]]:
    """Return a sieve and a snapshot as a condition on the table of vectors, with its values."""
    parts = ["born <= %(number)s", "(gone IS NULL OR gone > %(number)s)"]
    values: dict[str, Any] = {"number": view.number}
    if sieve.readers is not None:
        parts.append("access && CAST(%(readers)s AS text[])")
        values["readers"] = list(sieve.readers)
    for at, one in enumerate(sieve.wanted):
        either = f"tags && CAST(%(any{at})s AS text[])"
        values[f"any{at}"] = list(one.any_of)
        if one.absent:
            either += f" OR NOT tags @> ARRAY[%(absent{at})s]::text[]"
            values[f"absent{at}"] = one.absent
        parts.append(f"({either})")
    if sieve.hidden:
        parts.append("document <> ALL(CAST(%(hidden)s AS text[]))")
        values["hidden"] = list(sieve.hidden)
    return " AND ".join(parts), values


def _vector_rows(
    keys: Sequence[int], incoming: Sequence[Incoming], number: int
) -> Iterable[tuple[object, ...]]:
    for key, one in zip(keys, incoming, strict=True):
        for part, row in enumerate(one.vectors):
            yield key, part, _text(row), one.access, one.tags, one.document, number, None


def _text(vector: NDArray[np.float32]) -> str:
    return f"[{','.join(map(str, vector.tolist()))}]"
