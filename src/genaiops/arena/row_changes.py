"""Which rows of two JSON Lines files were removed, added or changed, by key and field; each is read once."""

import json
from collections.abc import Callable, Iterable, Iterator
from hashlib import blake2b
from typing import cast

from genaiops.core import Json, one_line

MOST_LINES = 1000
_KEY = 120
Row = dict[str, Json]


def diff_rows(old: Iterable[bytes], new: Iterable[bytes], key: Callable[[Row], str], what: str) -> list[str]:
    """Return a line with the counts, then one for each row that was removed (-), added (+) or changed (~).

    Of a row only the digests of its fields are held, so memory grows with the number of rows and not with
    their size. At most `MOST_LINES` rows are named.
    """
    before = dict(_rows(old, key))
    was = len(before)
    added: list[str] = []
    changed: list[str] = []
    number = 0
    for name, fields in _rows(new, key):
        number += 1
        earlier = before.pop(name, None)
        if earlier is None:
            added.append(f"+ {one_line(name, _KEY)}")
        elif earlier != fields:
            places = sorted(
                place for place in earlier.keys() | fields.keys() if earlier.get(place) != fields.get(place)
            )
            changed.append(f"~ {one_line(name, _KEY)} ({one_line(', '.join(places), _KEY)})")
    named = [*(f"- {one_line(name, _KEY)}" for name in before), *added, *changed]
    if not named and was == number:
        return []
    counts = f"{len(before)} removed, {len(added)} added, {len(changed)} changed"
    more = [f"… and {len(named) - MOST_LINES:,} more"] if len(named) > MOST_LINES else []
    return [f"{what}: {was} -> {number} ({counts})", *named[:MOST_LINES], *more]


def _rows(lines: Iterable[bytes], key: Callable[[Row], str]) -> Iterator[tuple[str, dict[str, bytes]]]:
    for line in lines:
        if line.strip():
            row = cast("Row", json.loads(line))
            yield key(row), {place: _hash(value) for place, value in _fields(row)}


def _fields(row: Row) -> Iterator[tuple[str, Json]]:
    for name, value in row.items():
        if isinstance(value, dict):
            yield from ((f"{name}.{part}", item) for part, item in value.items())
        else:
            yield name, value


def _hash(value: Json) -> bytes:
    return blake2b(json.dumps(value, sort_keys=True).encode(), digest_size=8).digest()
