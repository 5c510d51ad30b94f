"""The grid of a sweep: `--sweep params.top_k=3,6,9 --sweep params.examples=0,2` as cells. Pure."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod

from genaiops.core import Json, UserError, digest_json, read_yaml

MOST_CELLS = 24
"""More cells than this cost more than they tell: every one of them widens the limits of all."""


@dataclass(frozen=True, slots=True)
class Axis:
    """One value of the project file by its dotted path, and what it is set to in turn."""

    path: str
    values: tuple[Json, ...]


def parse_axes(texts: Sequence[str], overrides: Sequence[str] = ()) -> tuple[Axis, ...]:
    """Read `PATH=VALUE,VALUE,…` texts; each value is read as `--set` reads it, as YAML.

    Raises `UserError` for a text of another form, one value only, a value or a path twice, a path that one of
    `overrides` (`--set`) sets too, and more than 24 cells.
    """
    axes = tuple(_axis(text) for text in texts)
    taken = {text.partition("=")[0].strip() for text in overrides}
    for axis in axes:
        if axis.path in taken:
            raise _refused("262", f"{axis.path} is given twice", "one cell can hold one value of it", axis)
        taken.add(axis.path)
    cells = prod(len(axis.values) for axis in axes)
    if cells > MOST_CELLS:
        sizes = " × ".join(str(len(axis.values)) for axis in axes)
        raise UserError(
            "GAO-ARENA-263",
            f"the sweep has {cells:,} cells ({sizes}); at most {MOST_CELLS} are compared at once",
            why="each cell answers the whole suite, and widens the limits of all others",
            fix="leave values out, or sweep one parameter after the other",
            where="--sweep",
        )
    return axes


def grid_cells(axes: Sequence[Axis]) -> list[tuple[str, ...]]:
    """Return every cell as the `--set` texts that make it, the last axis turning fastest."""
    sides = [[f"{axis.path}={spelled(value)}" for value in axis.values] for axis in axes]
    return list(product(*sides))


def spelled(value: Json) -> str:
    """Return a value as a person would write it after `--set PATH=`."""
    if isinstance(value, str) and value.strip() == value != "" and _read_back(value) == value:
        return value
    return json.dumps(value, ensure_ascii=False)


def refuse_beside_sweep(options: Mapping[str, object]) -> None:
    """Raise `UserError` where one of `options`, by name, is given: each says something of a verdict."""
    given = [name for name, value in options.items() if value]
    if given:
        raise UserError(
            "GAO-ARENA-264",
            f"--sweep and {given[0]} do not go together",
            why="a sweep gives a table and no verdict",
            fix=f"leave {given[0]} out, or run one cell: genaiops arena run --set …",
            where=given[0],
        )


def _axis(text: str) -> Axis:
    path, equals, listed = text.partition("=")
    path = path.strip()
    if not equals or not path:
        raise UserError(
            "GAO-ARENA-261",
            f"--sweep {text!r} names no values",
            why="it reads PATH=VALUE,VALUE,…",
            fix="--sweep params.top_k=3,6,9",
            where="--sweep",
        )
    values = read_yaml(f"[{listed}]", f"--sweep {path}").value
    axis = Axis(path, tuple(values) if isinstance(values, list) else ())
    if (count := len(axis.values)) < 2:
        said = f"{path} has {count} value{'' if count == 1 else 's'}, and a sweep needs two"
        raise _refused("265", said, "one setting is no comparison: --set and a run give its verdict", axis)
    if len({digest_json([value]) for value in axis.values}) < len(axis.values):
        raise _refused("266", f"{path} has a value twice", "two equal cells are one", axis)
    return axis


def _refused(code: str, what: str, why: str, axis: Axis) -> UserError:
    return UserError(
        f"GAO-ARENA-{code}",
        what,
        why=why,
        fix=f"--sweep {axis.path}=VALUE,VALUE, each path and each value once",
        where=f"--sweep {axis.path}",
    )


def _read_back(text: str) -> Json:
    try:
        return read_yaml(text, "").value
    except UserError:
        return None
