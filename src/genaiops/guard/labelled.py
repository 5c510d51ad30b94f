"""Rows that say what they are: attacks and harmless texts, by category and source, to measure a guard on."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from genaiops.guard.rows import Row, no_rows, read_object, row_of


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledRow:
    """A text that should be stopped (`attack`) or let pass, and whose. Rows of one `cluster` are not
    independent."""

    row: Row
    attack: bool
    category: str
    source: str
    cluster: str


class LabelledRows(NamedTuple):
    """The rows of a file, and of each line that was left out its number with the reason."""

    rows: list[LabelledRow]
    left_out: list[tuple[int, str]]


def read_labelled(lines: Iterable[bytes], where: str, *, cluster: str | None = None) -> LabelledRows:
    """Return the labelled rows of a file.

    A row has `id`, `text` and `label` (attack or benign), and perhaps `category`, `surface`, `context`,
    `role`, `app` and `source`. `cluster` names the key whose value its rows share that are not independent;
    without it every row is its own. Raises `UserError` where no row is left.
    """
    rows: list[LabelledRow] = []
    left_out: list[tuple[int, str]] = []
    seen: set[str] = set()
    for number, line in _numbered(lines):
        found = _read(line, cluster)
        if isinstance(found, LabelledRow) and found.row.id in seen:
            found = "id: another row has it"
        if isinstance(found, str):
            left_out.append((number, found))
        else:
            seen.add(found.row.id)
            rows.append(found)
    if not rows:
        raise no_rows(where, left_out[0][1] if left_out else "")
    return LabelledRows(rows, left_out)


def _numbered(lines: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    return ((number, line) for number, line in enumerate(lines, 1) if line.strip())


def _read(line: bytes, cluster: str | None) -> LabelledRow | str:
    values = read_object(line)
    if isinstance(values, str):
        return values
    row = row_of(values, "input")
    if isinstance(row, str):
        return row
    label = values.get("label")
    if label not in ("attack", "benign"):
        return "label: it is neither attack nor benign"
    together = row.id if cluster is None else _word(values, cluster)
    if not together:
        return f"{cluster}: it is missing, and rows of one {cluster} are to be one cluster"
    return LabelledRow(
        row=row,
        attack=label == "attack",
        category=_word(values, "category") or str(label),
        source=_word(values, "source"),
        cluster=together,
    )


def _word(values: Mapping[str, object], key: str) -> str:
    value = values.get(key)
    return value if isinstance(value, str) else ""
