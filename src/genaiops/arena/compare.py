"""Both arms side by side: for every scorer, over all cases and in every slice, with plain intervals.

Differences are candidate − baseline, paired by case. These intervals describe; what claims are decided on is
in `gate`. Which declared slices stand out is told by Benjamini and Hochberg's procedure.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from genaiops import stats
from genaiops.arena.grid import Column, FloatArray, Grid, IntArray, lay_out
from genaiops.arena.model import Role, Ruler
from genaiops.arena.suites import slices_of, suite_digest
from genaiops.core import (
    ArmFacts,
    Case,
    Comparison,
    Interval,
    Score,
    ScorerSpec,
    check_rule,
    fact_path,
    hex_of,
)
from genaiops.stats import round_sig

FEWEST_FOR_P95 = 400
MOST_FOR_P95_UNASKED = 1_000


def compare(
    ruler: Ruler, cases: Sequence[Case], scores: Mapping[Role, Sequence[Score]]
) -> tuple[tuple[Comparison, ...], tuple[Comparison, ...]]:
    """Return the comparisons over all cases, in the suite's order, and those of the slices, worst first."""
    grid = lay_out(ruler, cases, scores)
    return compare_all(ruler, grid), compare_slices(ruler, grid)


def compare_all(ruler: Ruler, grid: Grid) -> tuple[Comparison, ...]:
    """Return one comparison a scorer, over all cases."""
    read = _rule_facts(ruler)
    return tuple(
        comparison(ruler, grid, column, None, grid.everything, read) for column in grid.columns.values()
    )


def compare_slices(ruler: Ruler, grid: Grid) -> tuple[Comparison, ...]:
    """Return one comparison a scorer and slice, the worst change first; all of them are one family."""
    read = _rule_facts(ruler)
    found = [
        comparison(ruler, grid, column, name, rows, read)
        for name, rows in slice_rows(ruler, grid).items()
        for column in grid.columns.values()
    ]
    p_values = [1.0 if one.p_value is None else one.p_value for one in found]
    outstanding = stats.benjamini_hochberg(p_values, ruler.gate.alpha)
    marked = [replace(one, stands_out=out) for one, out in zip(found, outstanding, strict=True)]
    return worst_first(marked, grid)


def worst_first(found: Iterable[Comparison], grid: Grid) -> tuple[Comparison, ...]:
    """Return comparisons in the order of their change for the better, the least first."""
    return tuple(sorted(found, key=lambda one: _badness(one, grid.columns[one.scorer].spec)))


def slice_rows(ruler: Ruler, grid: Grid) -> dict[str, IntArray]:
    """Return which rows of the grid each slice holds."""
    return {
        name: np.array(rows, dtype=np.int64)
        for place in ruler.slices
        for name, rows in slices_of(place, grid.cases).items()
    }


def resampling_key(ruler: Ruler) -> int:
    """Return the key of all resampling: it derives from the suite, and nobody can choose it."""
    return int(hex_of(suite_digest(ruler))[:32], 16)


def shown(interval: stats.Interval) -> Interval:
    """Return an estimator's interval as a verdict keeps it: 9 significant digits, None for infinities."""
    return Interval(
        estimate=_finite(interval.estimate),
        low=_finite(interval.low),
        high=_finite(interval.high),
        cases=interval.n,
        clusters=interval.clusters,
        g_eff=round_sig(interval.g_eff),
        decidable=interval.decidable,
        reason=interval.reason or "",
    )


def nothing_to_show(reason: str) -> Interval:
    """Return the interval of no cases at all."""
    return Interval(
        estimate=None, low=None, high=None, cases=0, clusters=0, g_eff=0.0, decidable=False, reason=reason
    )


def two_sided(interval: stats.Interval) -> float:
    """Return the p-value for no difference at all; 1 where the interval cannot decide."""
    above, below = stats.p_value(interval, 0.0, "above"), stats.p_value(interval, 0.0, "below")
    return stats.round_sig(min(1.0, 2.0 * min(above, below)))


def comparison(
    ruler: Ruler,
    grid: Grid,
    column: Column,
    name: str | None,
    rows: IntArray,
    read: frozenset[str] = frozenset(),
) -> Comparison:
    """Return one scorer on both arms over `rows`: the slice `name`, or all cases. `read`: facts of rules."""
    spec = column.spec
    pairs = column.paired(rows)
    after, before = (column.sides[role].values[pairs] for role in ("candidate", "baseline"))
    codes, alpha = grid.codes[pairs], ruler.gate.alpha
    positive = spec.low is not None and spec.low >= 0.0 and pairs.size > 0
    diff = stats.difference(after, before, codes, alpha) if pairs.size else None
    ratio = shown(stats.ratio_of_means(after, before, codes, alpha)) if positive else None
    wanted = positive and spec.high is None and _wants_p95(spec.name, name, pairs.size, read)
    return Comparison(
        scorer=spec.name,
        slice=name,
        better=spec.better,
        unit=spec.unit,
        baseline=_arm(column, "baseline", rows),
        candidate=_arm(column, "candidate", rows),
        diff=shown(diff) if diff else nothing_to_show(_NO_PAIR),
        p_value=None if name is None else two_sided(diff) if diff else 1.0,
        ratio=ratio,
        ratio_p95=_p95_ratio(ruler, after, before, codes) if wanted else None,
    )


_NO_PAIR = "no case has a value on both sides"


def _wants_p95(scorer: str, name: str | None, cases: int, read: frozenset[str]) -> bool:
    """A ratio of tails is resampled, which takes seconds for many cases: then only where a rule reads it."""
    place = () if name is None else ("slice", name)
    asked = any(fact_path(*place, "ratio", scorer, "p95", part) in read for part in ("est", "low", "high"))
    return asked or (name is None and cases <= MOST_FOR_P95_UNASKED)


def _rule_facts(ruler: Ruler) -> frozenset[str]:
    return frozenset(fact for rule in ruler.gate.rules for fact in check_rule(rule))


def _p95_ratio(ruler: Ruler, after: FloatArray, before: FloatArray, codes: IntArray) -> Interval | None:
    if min(float(after.min()), float(before.min())) <= 0.0:
        return None
    if after.size < FEWEST_FOR_P95:
        estimate = quantile(after.tolist(), 0.95) / quantile(before.tolist(), 0.95)
        sizes = np.unique(codes, return_counts=True)[1].astype(np.float64)
        return Interval(
            estimate=round_sig(estimate),
            low=None,
            high=None,
            cases=after.size,
            clusters=sizes.size,
            g_eff=round_sig(stats.effective_clusters(sizes)),
            decidable=False,
            reason=f"{after.size} cases; a ratio of 95 % quantiles needs at least {FEWEST_FOR_P95}",
        )
    return shown(stats.quantile_ratio(after, before, codes, ruler.gate.alpha, key=resampling_key(ruler)))


def _arm(column: Column, role: Role, rows: IntArray) -> ArmFacts:
    side = column.sides[role]
    values = side.values[rows]
    known: list[float] = np.sort(values[np.isfinite(values)]).tolist()
    return ArmFacts(
        mean=round_sig(math.fsum(known) / len(known)) if known else None,
        p50=quantile(known, 0.5) if known else None,
        p95=quantile(known, 0.95) if known else None,
        n=len(known),
        missing=int((column.applies[rows] & ~np.isfinite(values)).sum()),
    )


def quantile(values: Iterable[float], q: float) -> float:
    """Return the smallest value that at least a share `q` of the values does not exceed."""
    ordered = sorted(values)
    return round_sig(ordered[max(0, math.ceil(q * len(ordered) - 1e-9) - 1)])


def _badness(one: Comparison, spec: ScorerSpec) -> tuple[bool, float, str, str]:
    """Order by the change for the better, as a share of the scorer's range, else of the baseline."""
    estimate, scale = one.diff.estimate, one.baseline.mean
    if spec.low is not None and spec.high is not None:
        scale = spec.high - spec.low
    sign = 1.0 if one.better == "higher" else -1.0
    return estimate is None, sign * (estimate or 0.0) / (scale or 1.0), one.slice or "", one.scorer


def _finite(value: float) -> float | None:
    return round_sig(value) if math.isfinite(value) else None
