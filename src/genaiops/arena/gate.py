"""Claims to decisions: proven, refuted or open, each at its one-sided alpha.

Paired claims are decided with a pseudo-case: one more cluster with the worst difference that a case can show
(for the limit that would prove) or the best (for the limit that would refute), so that neither a regression
nor a gain too rare to have been met is ruled out by luck. An unbounded scorer has none, and its claim says
so.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from genaiops import stats
from genaiops.arena.compare import nothing_to_show, shown, slice_rows
from genaiops.arena.grid import Column, Grid, IntArray
from genaiops.arena.model import Ruler
from genaiops.arena.words import claim_text
from genaiops.core import Claim, ClaimResult, ClustersNeeded, Outcome, ScorerSpec

PLANNED_SHARE = 0.05
"""The distance, as a share of the scorer's range, at which an `at_least` claim is planned."""


@dataclass(frozen=True, slots=True)
class _Measured:
    """A claim with what was measured; `hold` is why it stays open whatever the numbers say."""

    claim: Claim
    spec: ScorerSpec
    plain: stats.Interval | None
    decided: stats.Interval | None
    hold: str
    note: str

    @property
    def upwards(self) -> bool:
        return self.spec.better == "higher"

    @property
    def direction(self) -> stats.Direction:
        return "above" if self.upwards else "below"

    @property
    def opposite(self) -> stats.Direction:
        return "below" if self.upwards else "above"

    @property
    def bound(self) -> float:
        """The claim's bound in the unit and sign of what is measured."""
        sign = 1.0 if self.upwards else -1.0
        match self.claim.kind:
            case "better":
                return sign * self.claim.bound
            case "not_worse":
                return -sign * self.claim.bound
            case "at_least":
                return self.claim.bound

    @property
    def planned_distance(self) -> float:
        """How far beyond the bound the truth is taken to lie: the margin or `by` itself."""
        if self.claim.kind != "at_least":
            return self.claim.bound
        if self.spec.low is None or self.spec.high is None:
            return PLANNED_SHARE * abs(self.claim.bound)
        return PLANNED_SHARE * (self.spec.high - self.spec.low)

    def decision(self) -> stats.Decision:
        if self.decided is None or self.hold:
            return "open"
        return stats.decide(self.decided, self.bound, self.direction)

    def p_refuted(self) -> float:
        if self.decided is None or self.hold:
            return 1.0
        return stats.p_value(self.decided, self.bound, self.opposite)


def decide_claims(ruler: Ruler, grid: Grid) -> tuple[ClaimResult, ...]:
    """Return every claim of the gate with its decision; refutations are corrected by Holm over all claims."""
    slices = slice_rows(ruler, grid)
    measured = [_measure(ruler, grid, claim, slices.get(claim.slice or "")) for claim in ruler.gate.claims]
    p_values = [one.p_refuted() for one in measured]
    final = stats.holm(p_values, ruler.gate.alpha) if p_values else ()
    return tuple(_result(*one) for one in zip(measured, p_values, final, strict=True))


def _measure(ruler: Ruler, grid: Grid, claim: Claim, slice_of: IntArray | None) -> _Measured:
    column = grid.columns[claim.scorer]
    rows = grid.everything if claim.slice is None else slice_of
    if rows is None:
        rows = np.array([], dtype=np.int64)
    measure = _one_sample if claim.kind == "at_least" else _paired
    plain, decided = measure(column, grid, rows, ruler.gate.alpha)
    hold = column.too_much_missing(rows)
    unguarded = claim.kind != "at_least" and _range(column.spec) is None
    note = "no worst value is known, so a rare breakdown is not guarded against" if unguarded else ""
    return _Measured(claim, column.spec, plain, decided, hold, note)


def _paired(
    column: Column, grid: Grid, rows: IntArray, alpha: float
) -> tuple[stats.Interval | None, stats.Interval | None]:
    pairs = column.paired(rows)
    if not pairs.size:
        return None, None
    after, before = (column.sides[role].values[pairs] for role in ("candidate", "baseline"))
    width = _range(column.spec)
    plain = stats.difference(after, before, grid.codes[pairs], alpha)
    if width is None:
        return plain, plain
    return plain, stats.difference(after, before, grid.codes[pairs], alpha, least=-width, greatest=width)


def _one_sample(
    column: Column, grid: Grid, rows: IntArray, alpha: float
) -> tuple[stats.Interval | None, stats.Interval | None]:
    values = column.sides["candidate"].values
    known = rows[np.isfinite(values[rows])]
    if not known.size:
        return None, None
    spec, told, codes = column.spec, values[known], grid.codes[known]
    if (spec.low, spec.high) == (0.0, 1.0) and bool(np.isin(told, (0.0, 1.0)).all()):
        rate = stats.rate_interval(told, codes, alpha)
        return rate, rate
    nothing = np.zeros(told.size)
    plain = stats.mean_interval(told, codes, alpha)
    return plain, stats.difference(told, nothing, codes, alpha, least=spec.low, greatest=spec.high)


def _range(spec: ScorerSpec) -> float | None:
    return None if spec.low is None or spec.high is None else spec.high - spec.low


def _result(one: _Measured, p_refuted: float, final: bool) -> ClaimResult:
    decision = one.decision()
    empty = nothing_to_show("no case has a score to decide on")
    return ClaimResult(
        claim=one.claim,
        text=claim_text(one.claim, one.spec),
        interval=shown(one.plain) if one.plain else empty,
        decided_on=shown(one.decided) if one.decided else empty,
        decision=decision,
        refuted_after_holm=final and decision == "refuted",
        p_refuted=stats.round_sig(p_refuted) if one.decided else None,
        needed=_needed(one) if decision == "open" else None,
        note="; ".join(part for part in (one.hold, one.note) if part),
    )


def _needed(one: _Measured) -> ClustersNeeded | None:
    """Plan for the claim's own bound; None where a spread cannot be told from the data."""
    interval = one.decided
    if interval is None or not math.isfinite(interval.se) or interval.df <= 0.0:
        return None
    if one.planned_distance <= 0.0:
        return ClustersNeeded(
            planned=None, low=None, high=None, at_estimate=None, have=float(interval.clusters)
        )
    plan = stats.clusters_needed(interval, one.bound, one.direction, one.planned_distance)
    return ClustersNeeded(
        planned=plan.at_planning.clusters,
        low=plan.at_planning.low,
        high=plan.at_planning.high,
        at_estimate=plan.at_estimate.clusters if plan.at_estimate else None,
        have=float(interval.clusters),
    )


def outcome_of(claims: Sequence[ClaimResult], rules: Sequence[str]) -> Outcome:
    """Return pass, fail or inconclusive from decisions and the rules' outcomes alone."""
    if "false" in rules or any(claim.refuted_after_holm for claim in claims):
        return "fail"
    proven = all(claim.decision == "proven" for claim in claims)
    return "pass" if proven and all(rule == "true" for rule in rules) else "inconclusive"
