"""Which of the slices found in the inputs changed unlike the other cases. Reported, never deciding."""

from collections.abc import Iterator, Mapping

import numpy as np

from genaiops import stats
from genaiops.arena.compare import comparison, shown, slice_rows, two_sided, worst_first
from genaiops.arena.discover import discover
from genaiops.arena.grid import Grid, IntArray
from genaiops.arena.model import Ruler
from genaiops.core import Discovered, DiscoveredSlice


def compare_discovered(ruler: Ruler, grid: Grid) -> Discovered | None:
    """Return the slices that stand out at false discovery rate alpha; None where the suite wants none.

    The family is every discovered slice by every bounded scorer. A slice that is declared too is left to the
    suite's own slices.
    """
    if not ruler.discover:
        return None
    declared = {tuple(rows.tolist()) for rows in slice_rows(ruler, grid).values()}
    found = {
        name: np.array(rows, dtype=np.int64)
        for name, rows in discover(grid.cases).items()
        if rows not in declared
    }
    tested = list(_tested(grid, found, ruler.gate.alpha))
    p_values = [two_sided(apart) for _, _, apart in tested]
    flags = stats.benjamini_hochberg(p_values, ruler.gate.alpha)
    outstanding = {
        (name, scorer): (apart, p)
        for (name, scorer, apart), p, out in zip(tested, p_values, flags, strict=True)
        if out
    }
    compared = [
        comparison(ruler, grid, grid.columns[scorer], name, found[name]) for name, scorer in outstanding
    ]
    return Discovered(
        looked_for=len(found),
        stand_out=tuple(
            DiscoveredSlice(comparison=one, apart=shown(apart), p_value=p)
            for one in worst_first(compared, grid)
            for apart, p in [outstanding[one.slice or "", one.scorer]]
        ),
    )


def _tested(
    grid: Grid, slices: Mapping[str, IntArray], alpha: float
) -> Iterator[tuple[str, str, stats.Interval]]:
    """Yield slice, scorer, and the slice's mean difference minus the others', where both have a pair."""
    for scorer, column in grid.columns.items():
        if column.spec.low is None or column.spec.high is None:
            continue
        pairs = column.paired(grid.everything)
        after, before = (column.sides[role].values[pairs] for role in ("candidate", "baseline"))
        for name, rows in slices.items():
            held = np.zeros(len(grid.cases), dtype=np.bool_)
            held[rows] = True
            inside = held[pairs]
            if inside.any() and not inside.all():
                yield name, scorer, stats.contrast(after - before, inside, grid.codes[pairs], alpha)
