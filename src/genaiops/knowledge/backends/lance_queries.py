"""A sieve and rows in LanceDB's SQL."""

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from genaiops.knowledge.backends.sieve import Sieve, Wanted

_IN = 5_000


def condition(sieve: Sieve) -> str:
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


def listed(keys: Sequence[int]) -> str:
    """Return keys as LanceDB's SQL lists them."""
    return ", ".join(map(str, keys))


def row_ids(query: Any, *score: str) -> NDArray[np.int64]:
    """Return the ids of the rows that a query finds, in its order."""
    found = query.select(["_rowid", *score]).with_row_id(True).to_arrow()
    return cast("NDArray[np.int64]", found["_rowid"].to_numpy().astype(np.int64))


def delete(table: Any, rows: Sequence[int]) -> None:
    """Take rows out of the table."""
    for at in range(0, len(rows), _IN):
        table.delete(f"_rowid IN ({listed(rows[at : at + _IN])})")
