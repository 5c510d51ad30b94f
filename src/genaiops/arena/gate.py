"""Claims to decisions: proven, refuted or open, each at its one-sided alpha.

Paired claims are decided with a pseudo-case: one more cluster with the worst difference that a case can show
(for the limit that would prove) or the best (for the limit that would refute), so that neither a regression
nor a gain too rare to have been met is ruled out by luck. An unbounded scorer has none, and its claim says
so.

A claim on a judge is decided on the judge's scores, and says so, until people have labelled enough of its
cases. From then on people's labels decide, and the judge's scores are what is known of all cases: see
`stats.corrected_mean` (Angelopoulos, Duchi and Zrnic, "PPI++: efficient prediction-powered inference", 2023).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from genaiops import stats
from genaiops.arena.compare import nothing_to_show, shown, slice_rows
from genaiops.arena.grid import Column, Grid, IntArray
from genaiops.arena.labelled import ENOUGH, People
from genaiops.arena.model import Gate, Ruler
from genaiops.arena.scale import judge_behind
from genaiops.arena.words import claim_text, whose_word
from genaiops.core import Claim, ClaimResult, ClustersNeeded, JudgedBy, Outcome, ScorerSpec, Spending

TIE = 1e-9
"""As in `stats`: nothing is decided within this of its bound."""

_UNPLANNED = "more labels narrow it, and so do more cases: how many of each is not planned for"

PLANNED_SHARE = 0.05
"""The distance, as a share of the scorer's range, at which an `at_least` claim is planned."""


@dataclass(frozen=True, slots=True)
class AtLook:
    """One look of a sequential run: `shares[claim]` is which share of its cases each look has,
    `clusters[claim]` how many clusters the claim has in the whole suite, and `worth[claim]` how many equal
    ones they are worth."""

    number: int
    shares: tuple[tuple[float, ...], ...]
    clusters: tuple[int, ...]
    worth: tuple[float, ...]
    spending: Spending

    def early(self, claim: int) -> bool:
        """Whether a claim has cases that are still to come."""
        return self.shares[claim][self.number] < 1.0

    def level(self, claim: int, alpha: float) -> float:
        """Return the nominal level at which a claim is tested here, so that alpha holds over all looks."""
        return self.levels(claim, alpha)[self.number]

    def levels(self, claim: int, alpha: float) -> tuple[float, ...]:
        """Return the levels of all looks."""
        return stats.look_levels(self.shares[claim], alpha, self.spending, self.worth[claim])


@dataclass(frozen=True, slots=True)
class Measured:
    """A claim with what was measured; `hold` is why it stays open whatever the numbers say.

    `planned` is what more cases are planned from, `have` how many clusters the suite has for the claim.
    """

    claim: Claim
    spec: ScorerSpec
    plain: stats.Interval | None
    decided: stats.Interval | None
    planned: stats.Interval | None
    have: float
    hold: str
    note: str
    judged_by: JudgedBy | None = None

    @property
    def upwards(self) -> bool:
        """Whether higher is better."""
        return self.spec.better == "higher"

    @property
    def direction(self) -> stats.Direction:
        """To which side of the bound the claim says that the truth lies."""
        return "above" if self.upwards else "below"

    @property
    def opposite(self) -> stats.Direction:
        """To which side the truth lies where the claim is refuted."""
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
        """Return the decision, before Holm's correction of refutations."""
        if self.decided is None or self.hold:
            return "open"
        return stats.decide(self.decided, self.bound, self.direction)

    def p_refuted(self) -> float:
        """Return the p-value of the claim's refutation; 1 where nothing can be decided."""
        if self.decided is None or self.hold:
            return 1.0
        return stats.p_value(self.decided, self.bound, self.opposite)


def decide_claims(
    ruler: Ruler, grid: Grid, at: AtLook | None = None, people: Mapping[str, People] | None = None
) -> tuple[ClaimResult, ...]:
    """Return every claim of the gate with its decision; refutations are corrected by Holm over all claims.

    `at` is the look of a sequential run: each claim is then tested at the level of that look. `people` is
    what people said, by judge; a look has none.
    """
    measured = measure_claims(ruler, grid, at, people)
    p_values = [one.p_refuted() for one in measured]
    final = _holm(p_values, ruler.gate.alpha, at) if p_values else ()
    return tuple(_result(*one) for one in zip(measured, p_values, final, strict=True))


class Prospect(NamedTuple):
    """How likely the complete suite proves an open claim, and how likely it refutes it after Holm."""

    proven: float
    refuted: float


def prospects(ruler: Ruler, grid: Grid, at: AtLook) -> list[Prospect | None]:
    """Return what each open claim can still become after a look; None where it is decided or held open."""
    return [
        _prospect(ruler.gate, one, one.plain, at, index)
        if one.plain and one.decision() == "open" and not one.hold and one.planned_distance > 0.0
        else None
        for index, one in enumerate(measure_claims(ruler, grid, at))
    ]


def _prospect(gate: Gate, one: Measured, plain: stats.Interval, at: AtLook, index: int) -> Prospect:
    share = at.shares[index][at.number]

    def chance(direction: stats.Direction, distance: float, alpha: float) -> float:
        return stats.conditional_power(
            plain,
            one.bound,
            direction,
            distance=distance,
            fraction=share,
            final_level=at.levels(index, alpha)[-1],
        )

    return Prospect(
        proven=chance(one.direction, one.planned_distance, gate.alpha),
        refuted=chance(one.opposite, 0.0, gate.alpha / len(gate.claims)),
    )


def _holm(p_values: Sequence[float], alpha: float, at: AtLook | None) -> tuple[bool, ...]:
    """Holm's step-down; at a look each step's alpha is spent as the claim's is (Maurer and Bretz, 2013)."""
    if at is None:
        return stats.holm(p_values, alpha)
    rejected: set[int] = set()
    while len(rejected) < len(p_values):
        share = alpha / (len(p_values) - len(rejected))
        more = {index for index, p in enumerate(p_values) if p < at.level(index, share) - TIE}
        if more <= rejected:
            break
        rejected |= more
    return tuple(index in rejected for index in range(len(p_values)))


def measure_claims(
    ruler: Ruler, grid: Grid, at: AtLook | None = None, people: Mapping[str, People] | None = None
) -> list[Measured]:
    """Return every claim of the gate with what the grid shows of it; nothing is decided."""
    slices = slice_rows(ruler, grid)
    found: list[Measured] = []
    for index, claim in enumerate(ruler.gate.claims):
        rows = grid.everything if claim.slice is None else slices.get(claim.slice, _NO_ROWS)
        one = _measure(ruler, grid, index, rows, at)
        if (judge := judge_behind(ruler, claim.scorer)) is not None:
            alone = JudgedBy(judge=judge.name, model=judge.model)
            # labels are of the judge's own scale: what is computed from it is not corrected by them
            said = (people or {}).get(claim.scorer)
            one = replace(one, judged_by=alone) if said is None else _helped(one, alone, said, grid, rows)
        found.append(one)
    return found


_NO_ROWS: IntArray = np.array([], dtype=np.int64)


def _measure(ruler: Ruler, grid: Grid, index: int, rows: IntArray, at: AtLook | None) -> Measured:
    claim, alpha = ruler.gate.claims[index], ruler.gate.alpha
    column = grid.columns[claim.scorer]
    measure = _one_sample if claim.kind == "at_least" else _paired
    plain, decided = measure(column, grid, rows, alpha if at is None else at.level(index, alpha))
    planned = decided if at is None else measure(column, grid, rows, alpha)[1]
    have = at.clusters[index] if at else decided.clusters if decided else 0
    early = at is not None and at.early(index) and claim.kind != "at_least"
    hold = column.too_much_missing(rows) or (_no_difference_yet(plain) if early else "")
    unguarded = claim.kind != "at_least" and _range(column.spec) is None
    note = "no worst value is known, so a rare breakdown is not guarded against" if unguarded else ""
    return Measured(claim, column.spec, plain, decided, planned, float(have), hold, note)


def _no_difference_yet(plain: stats.Interval | None) -> str:
    """Say why a look decides nothing where the arms agree on every case: what breaks may be to come."""
    same = plain is not None and plain.estimate == plain.se == 0.0
    return "no case differs at this look" if same else ""


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


def _helped(one: Measured, alone: JudgedBy, people: People, grid: Grid, rows: IntArray) -> Measured:
    """Say how many of a claim's cases people labelled, and correct its intervals where these are enough."""
    inside: list[int] = rows.tolist()
    index = {grid.cases[row].id: row for row in inside}
    drawn = [case for case in people.order if case in index]
    told = [case for case in drawn if all(case in side for side in people.values.values())]
    said = replace(alone, labelled=len(told), labels=sum(people.counts[case] for case in told))
    if len(told) < ENOUGH or one.plain is None:
        return replace(one, judged_by=replace(said, sample=people.sample_for(drawn)))
    plain, decided = _corrected(one, people, grid, [index[case] for case in sorted(drawn)], one.plain.alpha)
    said = replace(said, raw=shown(one.plain))
    return replace(one, plain=plain, decided=decided, planned=None, judged_by=said)


def _corrected(
    one: Measured, people: People, grid: Grid, inside: list[int], alpha: float
) -> tuple[stats.Interval, stats.Interval]:
    """The claim's intervals from the labels of a random sample of its cases and the judge's scores of all."""
    spec, sides = one.spec, grid.columns[one.claim.scorer].sides
    rows, ids = np.array(inside, dtype=np.int64), [grid.cases[row].id for row in inside]
    codes = grid.codes[rows]
    after, before = (people.values[role] for role in ("candidate", "baseline"))
    scores = sides["candidate"].values[rows]
    if one.claim.kind == "at_least":
        labels = [after.get(case) for case in ids]
        least, greatest = spec.low, spec.high
    else:
        scores = scores - sides["baseline"].values[rows]
        labels = [after[case] - before[case] if case in after else None for case in ids]
        width = _range(spec)
        least, greatest = (None, None) if width is None else (-width, width)
    plain = stats.corrected_mean(labels, scores, codes, alpha)
    return plain, stats.corrected_mean(labels, scores, codes, alpha, least=least, greatest=greatest)


def _range(spec: ScorerSpec) -> float | None:
    return None if spec.low is None or spec.high is None else spec.high - spec.low


def _result(one: Measured, p_refuted: float, final: bool) -> ClaimResult:
    decision, judged = one.decision(), one.judged_by
    notes = [one.hold, one.note, _UNPLANNED if judged and judged.raw and decision == "open" else ""]
    empty = nothing_to_show("no case has a score to decide on")
    return ClaimResult(
        claim=one.claim,
        text=claim_text(one.claim, one.spec) + whose_word(judged),
        interval=shown(one.plain) if one.plain else empty,
        decided_on=shown(one.decided) if one.decided else empty,
        decision=decision,
        refuted_after_holm=final and decision == "refuted",
        p_refuted=stats.round_sig(p_refuted) if one.decided else None,
        needed=_needed(one) if decision == "open" else None,
        note="; ".join(part for part in notes if part),
        judged_by=judged,
    )


def _needed(one: Measured) -> ClustersNeeded | None:
    """Plan for the claim's own bound; None where a spread cannot be told from the data."""
    interval = one.planned
    if interval is None or not math.isfinite(interval.se) or interval.df <= 0.0:
        return None
    if one.planned_distance <= 0.0:
        return ClustersNeeded(planned=None, low=None, high=None, at_estimate=None, have=one.have)
    plan = stats.clusters_needed(interval, one.bound, one.direction, one.planned_distance)
    return ClustersNeeded(
        planned=plan.at_planning.clusters,
        low=plan.at_planning.low,
        high=plan.at_planning.high,
        at_estimate=plan.at_estimate.clusters if plan.at_estimate else None,
        have=one.have,
    )


def outcome_of(claims: Sequence[ClaimResult], rules: Sequence[str]) -> Outcome:
    """Return pass, fail or inconclusive from decisions and the rules' outcomes alone."""
    if "false" in rules or any(claim.refuted_after_holm for claim in claims):
        return "fail"
    proven = all(claim.decision == "proven" for claim in claims)
    return "pass" if proven and all(rule == "true" for rule in rules) else "inconclusive"
