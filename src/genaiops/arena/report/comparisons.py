"""Comparisons as a table: what a re-scored run shows, without a gate."""

from collections.abc import Sequence

from rich.table import Table

from genaiops.arena.report import words
from genaiops.core import Comparison


def render_comparisons(comparisons: Sequence[Comparison]) -> Table:
    """Return a table of both arms and their difference with its interval."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("scorer", "slice", "baseline", "candidate", "difference"):
        table.add_column(name, justify="left" if name in ("scorer", "slice") else "right")
    for one in comparisons:
        table.add_row(
            one.scorer,
            words.clip(one.slice or "all cases", 40),
            words.number(one.baseline.mean, one.unit),
            words.number(one.candidate.mean, one.unit),
            words.interval(one.diff, one.unit, signed=True) if one.diff.decidable else one.diff.reason,
        )
    return table
