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

import os
import warnings
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from genaiops.core import OutsideError, UserError, one_line
from genaiops.knowledge.arrays import to_disk
from genaiops.knowledge.backends.codes import closest, codes_of, width
from genaiops.knowledge.backends.held import Held
from genaiops.knowledge.backends.seams import Incoming, View
from genaiops.knowledge.backends.sieve import Sieve, Wanted
from genaiops.knowledge.fusion import DEPTH
from genaiops.store import disk_error

if TYPE_CHECKING:
    from sqlalchemy import Connection

LEAST_INDEXED = 20_000
"""Vectors; fewer are compared one by one, which is exact and as fast."""

_TABLE = "chunks"
_BATCH = 10_000
_IN = 5_000
_HANDLES = 4
_DIGITS = 6
NARROW = 100_000
"""Rows that a sieve may let through for their codes to be compared one by one."""
FEW = 2_000
"""Rows whose vectors are compared without a look at their codes."""
_SIEVED = 256_000_000
"""Bytes of rows of sieves that are held in memory, of all snapshots: a sieve has 7 MB of them at most with
vectors of 384 numbers, and 39 MB with 3,072."""
_A_SIEVE = 64_000
"""Bytes that are counted for a sieve itself, so that not too many are held that let nothing through."""

_FOR_EVER = timedelta(days=36_500)


class LanceFinder:
    """Candidates from a LanceDB table in `folder`; threads may share it."""

    def __init__(self, folder: Path, settings: Mapping[str, int]) -> None:
        self._folder = folder
        self._lance = _library()
        self._nprobes, self._refine = settings["nprobes"], settings["refine"]
        self._open: Held[str, _Rows] = Held(_HANDLES)
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
        with _explained(self._folder):
            before = self._at(live) if live and live.mark else None
            if before is None and not incoming:
                return [], ""
            table = self._writable(live, incoming)
            keys = self._append(table, incoming, number) if incoming else []
            if before is not None:
                _delete(table, before.rows_of(retired))
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
        with _explained(self._folder):
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
        self, rows: "_Rows", vector: NDArray[np.float32], limit: int, sieve: Sieve, bounded: bool
    ) -> NDArray[np.int64]:
        query = rows.table.search(vector, vector_column_name="vector").distance_type("cosine")
        query = query.nprobes(self._nprobes) if bounded else query.maximum_nprobes(0)
        return _row_ids(query.where(_condition(sieve), prefilter=True).limit(limit), "_distance")

    def cosines(self, view: View, keys: Sequence[int], vector: NDArray[np.float32]) -> Mapping[int, float]:
        """Return the largest cosine of each passage's parts."""
        if not keys:
            return {}
        return dict(zip(keys, self._at(view).cosines(np.array(keys), vector).tolist(), strict=True))

    def allowed(self, view: View, keys: Sequence[int], sieve: Sieve) -> set[int]:
        """Return which of `keys` the sieve lets through."""
        if not keys or not view.mark:
            return set()
        with _explained(self._folder):
            rows = self._at(view)
            some = self._some(view, rows, sieve)
            if some is not None:
                return some.among(keys)
            condition = f"_rowid IN ({_listed(keys)}) AND {_condition(sieve)}"
            return set(_row_ids(rows.table.search().where(condition).limit(len(keys))).tolist())

    def close(self) -> None:
        """Let go of the files."""
        self._open.clear()
        self._sieved.clear()

    def _at(self, view: View) -> "_Rows":
        def opened() -> "_Rows":
            version, end = (int(part) for part in view.mark.split(":"))
            table = self._table()
            table.checkout(version)
            return _Rows(self._folder, table, end, view.dimension)

        return self._open.get(view.mark, opened)

    def _some(self, view: View, rows: "_Rows", sieve: Sieve) -> "_Some | None":
        return self._sieved.get((view.mark, sieve), lambda: rows.some(sieve))

    def _table(self) -> Any:
        return self._lance.connect(str(self._folder / "lance")).open_table(_TABLE)

    def _writable(self, live: View | None, incoming: Sequence[Incoming]) -> Any:
        """Return the table as it is in `live`, whatever a publish left behind that did not end."""
        if live is None or not live.mark:
            database = self._lance.connect(str(self._folder / "lance"))
            options = {"new_table_enable_stable_row_ids": "true"}
            schema = _schema(incoming[0].vectors.shape[1])
            return database.create_table(_TABLE, schema=schema, mode="overwrite", storage_options=options)
        table, version = self._table(), int(live.mark.partition(":")[0])
        if table.version != version:
            table.checkout(version)
            table.restore()
        return table

    def _append(self, table: Any, incoming: Sequence[Incoming], number: int) -> list[int]:
        """Add rows and return the first row of each passage."""
        pa = _arrow()
        schema = _schema(incoming[0].vectors.shape[1])
        table.add(pa.RecordBatchReader.from_batches(schema, _batches(incoming, number, schema)))
        parts = np.array([len(one.vectors) for one in incoming], np.int64)
        mine = table.search().where(f"snapshot = {number}").select(["place", "_rowid"]).with_row_id(True)
        found = mine.limit(int(parts.sum()) + 1).to_arrow()
        rows = found["_rowid"].to_numpy().astype(np.int64)
        first = int(rows.min())
        if len(rows) != parts.sum() or not np.array_equal(rows - first, found["place"].to_numpy()):
            raise _broken(self._folder, "its rows are not numbered in the order in which they came")
        starts = first + np.cumsum(parts) - parts
        counts = np.zeros(int(parts.sum()), "<i4")
        counts[starts - first] = parts
        _write_at(self._folder / "parts.i4", first, counts)
        for at in range(0, len(incoming), _BATCH):
            some = np.concatenate([one.vectors for one in incoming[at : at + _BATCH]])
            _write_at(self._folder / "vectors.f32", int(starts[at]), some)
            _write_at(self._folder / "codes.u8", int(starts[at]), codes_of(some))
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


@dataclass(frozen=True, slots=True)
class _Some:
    """The rows that a sieve lets through, in order, and a column of each word of their codes."""

    rows: NDArray[np.int64]
    codes: NDArray[np.uint64]

    def __len__(self) -> int:
        return len(self.rows)

    def nearest(self, vector: NDArray[np.float32], n: int) -> NDArray[np.int64]:
        """Return the `n` rows whose codes are nearest to a vector's."""
        if len(self.rows) <= max(n, FEW):
            return self.rows
        return self.rows[closest(self.codes, codes_of(vector[None])[0], n)]

    def among(self, keys: Sequence[int]) -> set[int]:
        """Return which of `keys` it lets through."""
        if not len(self.rows):
            return set()
        asked = np.array(keys, np.int64)
        at = np.minimum(np.searchsorted(self.rows, asked), len(self.rows) - 1)
        return set(asked[self.rows[at] == asked].tolist())


_Sieved = Held[tuple[str, Sieve], _Some | None]
"""By a snapshot's mark and the sieve."""


def _size(some: _Some | None) -> int:
    return _A_SIEVE + (some.rows.nbytes + some.codes.nbytes if some else 0)


class _Rows:
    """One version of the table, with the vectors of its rows."""

    def __init__(self, folder: Path, table: Any, end: int, dimension: int) -> None:
        self.table, self.end = table, end
        self._folder = folder
        self.indexed = any(index.columns[0] == "vector" for index in table.list_indices())
        self._vectors = _mapped(folder / "vectors.f32", "<f4", (end, dimension))
        self._codes = _mapped(folder / "codes.u8", "<u8", (end, width(dimension)))
        self._parts = _mapped(folder / "parts.i4", "<i4", (end,))

    def some(self, sieve: Sieve) -> _Some | None:
        """Return the rows that a sieve lets through; None where they are too many to compare each."""
        rows = np.sort(_row_ids(self.table.search().where(_condition(sieve)).limit(NARROW + 1)))
        return _Some(rows, self._codes[rows].T.copy()) if len(rows) <= NARROW else None

    def owners(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the keys of the passages that rows belong to, in order."""
        keys = rows
        while (inside := self._parts[keys] == 0).any():
            keys = np.unique(keys - inside)
            if keys[0] < 0:
                raise _broken(self._folder, "parts.i4 is not as it was written: its first rows are nobody's")
        return keys

    def rows_of(self, keys: Iterable[int]) -> list[int]:
        """Return all rows of these passages."""
        return [row for key in keys for row in range(key, key + int(self._parts[key]))]

    def cosines(self, keys: NDArray[np.int64], vector: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the largest cosine of each passage's parts."""
        parts = self._parts[keys]
        if int(parts.max(initial=1)) == 1:
            return _products(self._vectors[keys], vector)
        scores = _products(self._vectors[self.rows_of(keys.tolist())], vector)
        return np.maximum.reduceat(scores, np.cumsum(parts) - parts)

    def best(self, keys: NDArray[np.int64], vector: NDArray[np.float32], n: int) -> dict[int, float]:
        """Return the `n` passages nearest to `vector`, of equal ones those that come first."""
        scores = np.round(self.cosines(keys, vector).astype(np.float64), _DIGITS)
        order = np.argsort(-scores, kind="stable")[:n]
        return dict(zip(keys[order].tolist(), scores[order].tolist(), strict=True))


def _mapped(path: Path, kind: str, shape: tuple[int, ...]) -> NDArray[Any]:
    # as a plain array: a memmap's rows are memmaps again, which takes longer than to read them
    return np.memmap(path, kind, "r", shape=shape).view(np.ndarray)


def _products(rows: NDArray[np.float32], vector: NDArray[np.float32]) -> NDArray[np.float32]:
    # not by BLAS, whose threads stand in each other's way where several search at once
    return np.einsum("ij,j->i", rows, vector)


def _schema(dimension: int) -> Any:
    pa = _arrow()
    text: Any = pa.string()
    marks: Any = pa.list_(pa.string())
    return pa.schema(
        [
            *(("snapshot", pa.int32()), ("place", pa.int64()), ("document", text)),
            *(("access", marks), ("tags", marks)),
            ("vector", pa.list_(pa.float32(), dimension)),
        ]
    )


def _batches(incoming: Sequence[Incoming], number: int, schema: Any) -> Iterator[Any]:
    pa = _arrow()
    place = 0
    for start in range(0, len(incoming), _BATCH):
        some = [(one, part) for one in incoming[start : start + _BATCH] for part in range(len(one.vectors))]
        vectors = np.concatenate([one.vectors for one in incoming[start : start + _BATCH]])
        columns: list[Any] = [
            pa.array([number] * len(some), pa.int32()),
            pa.array(range(place, place + len(some)), pa.int64()),
            pa.array([one.document for one, _ in some], pa.string()),
            pa.array([one.access for one, _ in some], schema.field("access").type),
            pa.array([one.tags for one, _ in some], schema.field("tags").type),
            pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), vectors.shape[1]),
        ]
        yield pa.record_batch(columns, schema=schema)
        place += len(some)


def _write_at(path: Path, row: int, values: NDArray[Any]) -> None:
    path.touch()
    with path.open("r+b") as file:
        file.seek(row * values.strides[0])
        file.write(values.tobytes())


def _delete(table: Any, rows: Sequence[int]) -> None:
    for at in range(0, len(rows), _IN):
        table.delete(f"_rowid IN ({_listed(rows[at : at + _IN])})")


def _condition(sieve: Sieve) -> str:
    """Return a sieve in LanceDB's SQL; marks are hexadecimal, so that nothing has to be escaped."""
    parts = [_wanted(one) for one in sieve.wanted]
    if sieve.readers is not None:
        parts.append(_any("access", sieve.readers))
    if sieve.hidden:
        parts.append(f"document NOT IN ({_quoted(sieve.hidden)})")
    return " AND ".join(parts) or "true"


def _wanted(one: Wanted) -> str:
    found = _any("tags", one.any_of) if one.any_of else "false"
    return f"({found} OR NOT {_any('tags', (one.absent,))})" if one.absent else found


def _any(column: str, marks: Sequence[str]) -> str:
    return f"array_has_any({column}, [{_quoted(marks)}])"


def _quoted(marks: Sequence[str]) -> str:
    return ", ".join(f"'{mark}'" for mark in marks)


def _listed(keys: Sequence[int]) -> str:
    return ", ".join(map(str, keys))


def _row_ids(query: Any, *score: str) -> NDArray[np.int64]:
    found = query.select(["_rowid", *score]).with_row_id(True).to_arrow()
    return cast("NDArray[np.int64]", found["_rowid"].to_numpy().astype(np.int64))


def _library() -> Any:
    os.environ.setdefault("LANCEDB_LOG", "error")  # read at its import; else it warns of each new table
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of modules that it imports
            import lancedb  # optional: extra [lance]
    except ImportError as error:
        raise UserError(
            "GAO-KNOWLEDGE-081",
            "an index in LanceDB needs lancedb, which is not installed",
            fix="pip install 'genaiops[lance]', or take index: local",
        ) from error
    return lancedb


def _arrow() -> Any:
    import pyarrow  # comes with lancedb

    return pyarrow


@contextmanager
def _explained(folder: Path) -> Generator[None]:
    try:
        yield
    except OSError as error:
        if error.errno:
            raise disk_error(error, folder) from error
        raise _broken(folder, str(error)) from error
    except (ValueError, RuntimeError) as error:  # what LanceDB raises for whatever goes wrong below it
        raise _broken(folder, str(error)) from error


def _broken(folder: Path, why: str) -> OutsideError:
    return OutsideError(
        "GAO-KNOWLEDGE-082",
        "the index in LanceDB cannot be read or written",
        why=one_line(why, 300),
        fix=f"check the disk; if it is damaged, remove the folder {folder} and run `genaiops index build`",
        where=str(folder),
    )
