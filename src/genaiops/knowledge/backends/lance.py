"""LanceDB: an index in files that need not fit into memory, for a million passages on one machine.

lance/chunks.lance   vectors and what sieves compare, a version for each snapshot
vectors.f32          the same vectors, row by row: candidates are compared exactly without asking LanceDB
codes.u8             the signs of the same vectors (`codes.py`)
parts.i4             of how many rows the passage is that begins in a row; 0 where none begins
ledger.db            the ledger (`ledger.py`)

LanceDB's row ids are stable, given in the order in which rows come, and never used again: they are the keys.
Which rows a sieve lets through, LanceDB says once for each sieve and snapshot. Where they are few, all their
codes are compared, in a tenth of the time of LanceDB's cells; where they are many, LanceDB looks into cells.
Either names candidates, and these are compared exactly.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from genaiops.knowledge.arrays import to_disk
from genaiops.knowledge.backends.codes import codes_of
from genaiops.knowledge.backends.held import Held
from genaiops.knowledge.backends.lance_faults import arrow, broken, explained, library
from genaiops.knowledge.backends.lance_queries import condition, delete, listed, row_ids
from genaiops.knowledge.backends.lance_rows import Rows, Some
from genaiops.knowledge.backends.lance_writing import BATCH, batches, schema_of, write_at
from genaiops.knowledge.backends.seams import Incoming, View
from genaiops.knowledge.backends.sieve import Sieve
from genaiops.knowledge.fusion import DEPTH

if TYPE_CHECKING:
    from sqlalchemy import Connection

LEAST_INDEXED = 20_000
"""Vectors; fewer are compared one by one, which is exact and as fast."""

_TABLE = "chunks"
_HANDLES = 4
_SIEVED = 256_000_000
"""Bytes of rows of sieves that are held in memory, of all snapshots: a sieve has 7 MB of them at most with
vectors of 384 numbers, and 39 MB with 3,072."""
_A_SIEVE = 64_000
"""Bytes that are counted for a sieve itself, so that not too many are held that let nothing through."""

_FOR_EVER = timedelta(days=36_500)

_Sieved = Held[tuple[str, Sieve], Some | None]
"""By a snapshot's mark and the sieve."""


class LanceFinder:
    """Candidates from a LanceDB table in `folder`; threads may share it."""

    def __init__(self, folder: Path, settings: Mapping[str, int]) -> None:
        self._folder = folder
        self._lance = library()
        self._nprobes, self._refine = settings["nprobes"], settings["refine"]
        self._open: Held[str, Rows] = Held(_HANDLES)
        self._sieved: _Sieved = Held(_SIEVED, _size)

    def add(
        self,
        connection: "Connection",
        live: View | None,
        incoming: Sequence[Incoming],
        retired: Sequence[int],
        number: int,
    ) -> tuple[list[int], str]:
        """Keep `live` less the keys `retired`, with `incoming`, as `number`; return their keys, a mark."""
        with explained(self._folder):
            before = self._at(live) if live and live.mark else None
            if before is None and not incoming:
                return [], ""
            table = self._writable(live, incoming)
            keys = self._append(table, incoming, number) if incoming else []
            if before is not None:
                delete(table, before.rows_of(retired))
            self._index(table)
            end = max(
                [
                    before.end if before else 0,
                    *(key + len(one.vectors) for key, one in zip(keys, incoming, strict=True)),
                ]
            )
            return keys, f"{table.version}:{end}"

    def nearest(self, view: View, vector: NDArray[np.float32], n: int, sieve: Sieve) -> Mapping[int, float]:
        """Return about the `n` passages nearest to `vector`, with the largest cosine of their parts."""
        if not view.mark:
            return {}
        with explained(self._folder):
            rows = self._at(view)
            some = self._some(view, rows, sieve)
            limit = max(n, DEPTH) * self._refine
            bounded = rows.indexed
            while True:
                if some is not None:
                    found = some.nearest(vector, limit)
                    whole = len(found) == len(some)
                else:
                    found = self._in_cells(rows, vector, limit, sieve, bounded)
                    whole = not bounded and len(found) < limit
                keys = rows.owners(found)
                if len(keys) >= n or whole:
                    return rows.best(keys, vector, n)
                # parts of few passages fill the list; a filter leaves too little in the nearest cells
                limit = limit if bounded and some is None else limit * 2
                bounded = False

    def _in_cells(
        self, rows: "Rows", vector: NDArray[np.float32], limit: int, sieve: Sieve, bounded: bool
    ) -> NDArray[np.int64]:
        query = rows.table.search(vector, vector_column_name="vector").distance_type("cosine")
        query = query.nprobes(self._nprobes) if bounded else query.maximum_nprobes(0)
        return row_ids(query.where(condition(sieve), prefilter=True).limit(limit), "_distance")

    def cosines(self, view: View, keys: Sequence[int], vector: NDArray[np.float32]) -> Mapping[int, float]:
        """Return the largest cosine of each passage's parts."""
        if not keys:
            return {}
        return dict(zip(keys, self._at(view).cosines(np.array(keys), vector).tolist(), strict=True))

    def allowed(self, view: View, keys: Sequence[int], sieve: Sieve) -> set[int]:
        """Return which of `keys` the sieve lets through."""
        if not keys or not view.mark:
            return set()
        with explained(self._folder):
            rows = self._at(view)
            some = self._some(view, rows, sieve)
            if some is not None:
                return some.among(keys)
            wanted = f"_rowid IN ({listed(keys)}) AND {condition(sieve)}"
            return set(row_ids(rows.table.search().where(wanted).limit(len(keys))).tolist())

    def close(self) -> None:
        """Let go of the files."""
        self._open.clear()
        self._sieved.clear()

    def _at(self, view: View) -> "Rows":
        def opened() -> "Rows":
            version, end = (int(part) for part in view.mark.split(":"))
            table = self._table()
            table.checkout(version)
            return Rows(self._folder, table, end, view.dimension)

        return self._open.get(view.mark, opened)

    def _some(self, view: View, rows: "Rows", sieve: Sieve) -> "Some | None":
        return self._sieved.get((view.mark, sieve), lambda: rows.some(sieve))

    def _table(self) -> Any:
        return self._lance.connect(str(self._folder / "lance")).open_table(_TABLE)

    def _writable(self, live: View | None, incoming: Sequence[Incoming]) -> Any:
        """Return the table as it is in `live`, whatever a publish left behind that did not end."""
        if live is None or not live.mark:
            database = self._lance.connect(str(self._folder / "lance"))
            options = {"new_table_enable_stable_row_ids": "true"}
            schema = schema_of(incoming[0].vectors.shape[1])
            return database.create_table(_TABLE, schema=schema, mode="overwrite", storage_options=options)
        table, version = self._table(), int(live.mark.partition(":")[0])
        if table.version != version:
            table.checkout(version)
            table.restore()
        return table

    def _append(self, table: Any, incoming: Sequence[Incoming], number: int) -> list[int]:
        """Add rows and return the first row of each passage."""
        pa = arrow()
        schema = schema_of(incoming[0].vectors.shape[1])
        table.add(pa.RecordBatchReader.from_batches(schema, batches(incoming, number, schema)))
        parts = np.array([len(one.vectors) for one in incoming], np.int64)
        mine = table.search().where(f"snapshot = {number}").select(["place", "_rowid"]).with_row_id(True)
        found = mine.limit(int(parts.sum()) + 1).to_arrow()
        rows = found["_rowid"].to_numpy().astype(np.int64)
        first = int(rows.min())
        if len(rows) != parts.sum() or not np.array_equal(rows - first, found["place"].to_numpy()):
            raise broken(self._folder, "its rows are not numbered in the order in which they came")
        starts = first + np.cumsum(parts) - parts
        counts = np.zeros(int(parts.sum()), "<i4")
        counts[starts - first] = parts
        write_at(self._folder / "parts.i4", first, counts)
        for at in range(0, len(incoming), BATCH):
            some = np.concatenate([one.vectors for one in incoming[at : at + BATCH]])
            write_at(self._folder / "vectors.f32", int(starts[at]), some)
            write_at(self._folder / "codes.u8", int(starts[at]), codes_of(some))
        for name in ("parts.i4", "vectors.f32", "codes.u8"):
            to_disk(self._folder / name)  # the ledger's commit is there after a power cut: so are these
        return [int(start) for start in starts]

    def _index(self, table: Any) -> None:
        """Index what is new; the vectors once there are enough of them."""
        from lancedb.index import IvfRq, IvfSq, LabelList  # optional: extra [lance]

        known = {index.columns[0] for index in table.list_indices()}
        if not known:
            table.create_index("access", config=LabelList())
            table.create_index("tags", config=LabelList())
        else:
            table.optimize(cleanup_older_than=_FOR_EVER)
        count = table.count_rows()
        if "vector" not in known and count >= LEAST_INDEXED:
            dimension = table.schema.field("vector").type.list_size
            cells = max(1, int(count**0.5))
            # a bit a number, which packs them by eight; built in a tenth of the time of IVF-PQ
            coded = IvfRq if dimension % 8 == 0 else IvfSq
            table.create_index("vector", config=coded(distance_type="cosine", num_partitions=cells))


def _size(some: Some | None) -> int:
    return _A_SIEVE + (some.rows.nbytes + some.codes.nbytes if some else 0)
