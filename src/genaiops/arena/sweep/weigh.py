"""The cells of a sweep against the reference, the front, and a winner only where there is one. Pure.

Of twelve settings one looks good by luck. So the limits of all cells hold together (max-T over the cells,
whole clusters at a time), and the best cell is a winner only where it is proven better than every other one,
the reference among them (`stats.best_of`). The front compares estimates: it describes and proves nothing.

Costs are compared by their means. Latencies are skewed, so they are compared by the mean of their logarithms:
the typical ratio. Sources: Romano and Wolf (2005) for max-T, Hsu (1996) for the best of several, as
`stats.simultaneous` says.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from genaiops import stats
from genaiops.arena.compare import shown
from genaiops.arena.grid import FloatArray, IntArray
from genaiops.arena.sweep.model import Measured, Values, Yardstick
from genaiops.core import Interval
from genaiops.stats import round_sig

PLANNED = 0.05
"""The lead for which clusters are planned, as a share of the scorer's range: a claim's usual margin."""
_NO_BOUNDS = (None, None)
_Bounds = tuple[float | None, float | None]


@dataclass(frozen=True, slots=True)
class Leader:
    """The best cell by its estimate, as an index. `ahead[i]` is best − cell i, None for itself.

    `open_against` holds the cells that it is not proven better than: where there are none, it is the winner.
    `needed` is how many clusters would show a lead of `PLANNED` over each of the others.
    """

    best: int
    ahead: tuple[Interval | None, ...]
    open_against: tuple[int, ...]
    needed: int | None


@dataclass(frozen=True, slots=True)
class Weighed:
    """The measures of the cells, in the order given, and which of them are on the front by `front_by`."""

    quality: tuple[Measured, ...]
    cost: tuple[Measured, ...]
    latency: tuple[Measured, ...]
    front: tuple[bool, ...]
    front_by: tuple[str, ...]


def lead(
    cells: Sequence[Values], codes: IntArray, yardstick: Yardstick, alpha: float, *, key: int
) -> Leader | None:
    """Return which cell is best in quality, and whether that is proven; None where no case is in all cells.

    `codes` numbers the cluster of each case; `key` fixes the resampling. Raises ValueError for fewer than two
    cells.
    """
    sign = 1.0 if yardstick.higher_is_better else -1.0
    rows = known_in_all([cell.quality for cell in cells])
    if not rows.size:
        return None
    values = [sign * cell.quality[rows] for cell in cells]
    span = yardstick.high - yardstick.low
    found = stats.best_of(values, codes[rows], alpha, key=key, least=-span, greatest=span)
    others = {index: one for index, one in enumerate(found.ahead) if one is not None}
    return Leader(
        best=found.leader,
        ahead=tuple(None if one is None else shown(one) for one in found.ahead),
        open_against=tuple(
            index for index, one in others.items() if stats.decide(one, 0.0, "above") != "proven"
        ),
        needed=_needed(list(others.values()), PLANNED * span),
    )


def weigh(
    cells: Sequence[Values],
    codes: IntArray,
    yardstick: Yardstick,
    alpha: float,
    *,
    key: int,
    side_by_side: bool,
) -> Weighed:
    """Compare all cells with the first, the reference, in quality, cost and latency.

    `side_by_side`: all latencies were measured together, so they may be compared; else they are only told.
    """
    span = yardstick.high - yardstick.low
    quality = _means([cell.quality for cell in cells], codes, alpha, key, (-span, span))
    cost = _means([cell.cost for cell in cells], codes, alpha, key)
    latency = _latencies([cell.latency for cell in cells], codes, alpha, key, side_by_side=side_by_side)
    sign = -1.0 if yardstick.higher_is_better else 1.0
    axes = {"quality": (sign, quality), "cost": (1.0, cost)}
    if side_by_side:
        axes["latency"] = (1.0, latency)
    places = {
        name: [factor * one.value for one in measured if one.value is not None]
        for name, (factor, measured) in axes.items()
        if all(one.value is not None for one in measured)
    }
    points = list(zip(*places.values(), strict=True)) or [()] * len(cells)
    return Weighed(quality, cost, latency, front(points), tuple(places))


def front(points: Sequence[Sequence[float]]) -> tuple[bool, ...]:
    """Say of each point (lower is better in every place) whether no other dominates it.

    One point dominates another where it is nowhere worse and somewhere better; equal points do not.
    """
    return tuple(
        not any(
            all(a <= b for a, b in zip(other, point, strict=True))
            and any(a < b for a, b in zip(other, point, strict=True))
            for other in points
        )
        for point in points
    )


def known_in_all(columns: Sequence[FloatArray]) -> IntArray:
    """Return the cases that have a value in every cell: only those are compared."""
    return np.flatnonzero(np.isfinite(np.stack(columns)).all(axis=0)).astype(np.int64)


def _means(
    columns: Sequence[FloatArray],
    codes: IntArray,
    alpha: float,
    key: int,
    bounds: _Bounds = _NO_BOUNDS,
) -> tuple[Measured, ...]:
    rows = known_in_all(columns)
    if not rows.size:
        return tuple(Measured() for _ in columns)
    changes = _changes([column[rows] for column in columns], codes[rows], alpha, key, bounds)
    means = [round_sig(math.fsum(column[rows].tolist()) / rows.size) for column in columns]
    return tuple(Measured(value=mean, change=change) for mean, change in zip(means, changes, strict=True))


def _latencies(
    columns: Sequence[FloatArray], codes: IntArray, alpha: float, key: int, *, side_by_side: bool
) -> tuple[Measured, ...]:
    """Return medians; changes, as ratios, only of what was measured together."""
    rows = known_in_all(columns)
    if not rows.size:
        return tuple(Measured() for _ in columns)
    known = [column[rows] for column in columns]
    middles = [Measured(value=round_sig(float(np.median(column)))) for column in known]
    if not side_by_side:
        return tuple(middles)
    logs = [np.log(column) for column in known]
    changes = _changes(logs, codes[rows], alpha, key, _NO_BOUNDS)
    return tuple(
        replace(middle, change=None if change is None else _as_ratio(change))
        for middle, change in zip(middles, changes, strict=True)
    )


def _changes(
    columns: Sequence[FloatArray],
    codes: IntArray,
    alpha: float,
    key: int,
    bounds: _Bounds,
) -> tuple[Interval | None, ...]:
    """Return column − first column for all but the first, with limits that hold together."""
    reference, *others = columns
    each = stats.joint_alpha([other - reference for other in others], codes, alpha, key=key)
    least, greatest = bounds
    changes = (
        stats.difference(other, reference, codes, each, least=least, greatest=greatest) for other in others
    )
    return (None, *(shown(change) for change in changes))


def _as_ratio(change: Interval) -> Interval:
    estimate, low, high = (
        None if value is None else round_sig(math.exp(value))
        for value in (change.estimate, change.low, change.high)
    )
    return replace(change, estimate=estimate, low=low, high=high)


def _needed(ahead: Sequence[stats.Interval], distance: float) -> int | None:
    """Return how many clusters show a lead of `distance` over each of the others with a power of 80 %."""
    if any(math.isinf(one.se) for one in ahead):
        return None  # a single cluster tells nothing of the others
    needs = [stats.clusters_needed(one, 0.0, "above", distance).at_planning.clusters for one in ahead]
    known = [need for need in needs if need is not None]
    return max(known) if len(known) == len(needs) else None
