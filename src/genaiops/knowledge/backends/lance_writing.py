"""Passages as rows: of the table, and of the files beside it."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genaiops.knowledge.backends.lance_faults import arrow
from genaiops.knowledge.backends.seams import Incoming

BATCH = 10_000


def schema_of(dimension: int) -> Any:
    """Return the columns of the table."""
    pa = arrow()
    text: Any = pa.string()
    marks: Any = pa.list_(pa.string())
    return pa.schema(
        [
            *(("snapshot", pa.int32()), ("place", pa.int64()), ("document", text)),
            *(("access", marks), ("tags", marks)),
            ("vector", pa.list_(pa.float32(), dimension)),
        ]
    )


def batches(incoming: Sequence[Incoming], number: int, schema: Any) -> Iterator[Any]:
    """Yield the rows of the parts of passages, in order."""
    pa = arrow()
    place = 0
    for start in range(0, len(incoming), BATCH):
        some = [(one, part) for one in incoming[start : start + BATCH] for part in range(len(one.vectors))]
        vectors = np.concatenate([one.vectors for one in incoming[start : start + BATCH]])
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


def write_at(path: Path, row: int, values: NDArray[Any]) -> None:
    """Write rows of a file from `row` on."""
    path.touch()
    with path.open("r+b") as file:
        file.seek(row * values.strides[0])
        file.write(values.tobytes())
