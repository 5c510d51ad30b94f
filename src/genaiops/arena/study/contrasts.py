"""Differences between variants: paired, clustered, held together, and read no further than they carry. Pure.

Intervals are those of every verdict (CV3 with t, the pseudo-case against luck; docs/decisions.md); the limits
of all contrasts of one measure hold together (max-T, `stats.joint_alpha`).
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from genaiops import stats
from genaiops.arena.compare import nothing_to_show, shown
from genaiops.arena.grid import FloatArray, IntArray
from genaiops.arena.study.model import Contrast, Reading
from genaiops.stats import round_sig

POWER = 0.8
MARGIN = 0.05
"""What *not worse* allows, as everywhere; of measures between 0 and 1."""

Level = Callable[[str, str, float | None], str]
"""Why the comparison of two arms cannot be decided, given what it can detect; nothing where it can."""


@dataclass(frozen=True, slots=True)
class Ruled:
    """What all contrasts share: the clusters of the questions, the error, and what fixes the resampling."""

    codes: IntArray
    alpha: float
    key: int


def contrast_all(
    measure: str,
    values: Mapping[str, FloatArray],
    pairs: Sequence[tuple[str, str]],
    ruled: Ruled,
    *,
    level: Level | None = None,
) -> tuple[Contrast, ...]:
    """Return the contrasts of `pairs` (variant, against) in one measure on [0, 1], higher is better.

    `values` holds one value a question and arm, NaN where there is none; only questions that all arms of the
    pairs have are compared.
    """
    if not pairs:
        return ()
    arms = sorted({name for pair in pairs for name in pair})
    rows = np.flatnonzero(np.isfinite(np.stack([values[name] for name in arms])).all(axis=0))
    if not rows.size:
        return tuple(
            Contrast(
                measure=measure,
                variant=one,
                against=other,
                diff=nothing_to_show("no question has a value on both sides"),
                reading="not decidable",
                why="no question has a value on both sides",
            )
            for one, other in pairs
        )
    known = {name: values[name][rows] for name in arms}
    codes = ruled.codes[rows]
    each = stats.joint_alpha(
        [known[one] - known[other] for one, other in pairs], codes, ruled.alpha, key=ruled.key
    )
    return tuple(_contrast(measure, one, other, known, codes, each, level) for one, other in pairs)


def contrast_slice(
    measure: str, name: str, pair: tuple[str, str], values: Mapping[str, FloatArray], ruled: Ruled
) -> tuple[Contrast, float]:
    """Return one contrast in a slice with its own limits, and its two-sided p-value."""
    one, other = pair
    rows = np.flatnonzero(np.isfinite(values[one]) & np.isfinite(values[other]))
    if not rows.size:
        empty = nothing_to_show("no question has a value on both sides")
        found = Contrast(
            measure=measure, variant=one, against=other, diff=empty, reading="not decidable", slice=name
        )
        return found, 1.0
    diff = stats.difference(
        values[one][rows], values[other][rows], ruled.codes[rows], ruled.alpha, least=-1.0, greatest=1.0
    )
    p = min(1.0, 2.0 * min(stats.p_value(diff, 0.0, "above"), stats.p_value(diff, 0.0, "below")))
    reading: Reading = read(diff, None)
    return Contrast(
        measure=measure, variant=one, against=other, diff=shown(diff), reading=reading, slice=name
    ), p


def detectable(interval: stats.Interval) -> float | None:
    """Return the difference from 0 that clusters like these show with a power of 80 %; None for none."""
    if not math.isfinite(interval.se) or interval.se <= 0.0 or interval.df < 1.0:
        return None
    found = stats.detectable_effect(interval, 0.0, "above", interval.clusters, POWER)
    return round_sig(found, 3) if math.isfinite(found) else None


def read(interval: stats.Interval, margin: float | None) -> Reading:
    """Return what an interval shows; with a `margin` also *not worse*."""
    if not interval.decidable:
        return "not decidable"
    if stats.decide(interval, 0.0, "above") == "proven":
        return "better"
    if stats.decide(interval, 0.0, "below") == "proven":
        return "worse"
    if margin is not None and stats.decide(interval, -margin, "above") == "proven":
        return "not worse"
    return "open"


def _contrast(
    measure: str,
    one: str,
    other: str,
    known: Mapping[str, FloatArray],
    codes: IntArray,
    alpha: float,
    level: Level | None,
) -> Contrast:
    diff = stats.difference(known[one], known[other], codes, alpha, least=-1.0, greatest=1.0)
    found = detectable(diff)
    reading, why = read(diff, MARGIN), diff.reason or ""
    if reading == "open" and diff.se == 0.0 and diff.estimate == 0.0:
        why = "both ended alike in every question"
    if level is not None and reading in ("open", "not worse") and (low := level(one, other, found)):
        reading, why = "not decidable", low
    return Contrast(
        measure=measure,
        variant=one,
        against=other,
        diff=shown(diff),
        reading=reading,
        why=why,
        detectable=found,
        needed=_needed(diff) if reading in ("open", "not decidable") else None,
    )


def _needed(diff: stats.Interval) -> int | None:
    if not math.isfinite(diff.se) or diff.se <= 0.0 or diff.df < 1.0:
        return None
    return stats.clusters_needed(diff, 0.0, "above", MARGIN, POWER).at_planning.clusters
