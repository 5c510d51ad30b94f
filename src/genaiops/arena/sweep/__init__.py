"""Many settings of one app over one suite: a table, a front, and a winner only where it is one."""

from typing import TYPE_CHECKING

from genaiops.lazy import attach

if TYPE_CHECKING:
    from genaiops.arena.sweep.grid import Axis, grid_cells, parse_axes, refuse_beside_sweep
    from genaiops.arena.sweep.model import Measured, SweepCell, SweepReport, Values, Yardstick
    from genaiops.arena.sweep.run import run_sweep
    from genaiops.arena.sweep.telling import Answers, named, tell
    from genaiops.arena.sweep.weigh import front, lead, weigh

_FILES = {
    "grid": "Axis grid_cells parse_axes refuse_beside_sweep",
    "model": "Measured SweepCell SweepReport Values Yardstick",
    "run": "run_sweep",
    "telling": "Answers named tell",
    "weigh": "front lead weigh",
}

__all__ = [
    "Answers", "Axis", "Measured", "SweepCell", "SweepReport", "Values", "Yardstick", "front", "grid_cells",
    "lead", "named", "parse_axes", "refuse_beside_sweep", "run_sweep", "tell", "weigh",
]  # fmt: skip

__getattr__ = attach(__name__, {name: file for file, names in _FILES.items() for name in names.split()})
