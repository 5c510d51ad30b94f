"""What a suite can decide, before it runs: the effect that each claim detects, what is in the way. Pure.

The spread comes from an earlier run's scores where there is one, else from the widest that a bounded scorer
allows: the arms' answers unrelated, each half at one end of its scale, and cases of a cluster alike.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist

import numpy as np

from genaiops import stats
from genaiops.arena.compare import FEWEST_FOR_P95, slice_rows
from genaiops.arena.gate import Measured, measure_claims
from genaiops.arena.grid import FloatArray, lay_out
from genaiops.arena.model import Looks, Role, Ruler
from genaiops.arena.words import claim_text
from genaiops.core import Case, ClustersNeeded, Score, check_rule

POWER = 0.8
FEWEST_CLUSTERS = 8
_BARE = ("mean", "p50", "p95", "est")


@dataclass(frozen=True, slots=True, kw_only=True)
class Detectable:
    """How far beyond its bound the truth must lie to be proven at 80 % power, with the range of that.

    None where no distance would do, or none is known.
    """

    effect: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimPlan:
    """One claim before the run. `distance`: how far beyond its bound the truth is planned to lie;
    `power`: the probability that it is then proven; `basis`: what the spread is taken from.
    """

    text: str
    distance: float
    clusters: int
    basis: str
    detectable: Detectable
    power: float | None
    needed: ClustersNeeded | None
    decides: bool
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LooksPlan:
    """What `--sequential` would do: cases complete at each look, and the share of cases it saves on average.

    `saved_planned`: where the truth lies as far beyond the bound as the suite detects at 80 % power;
    `saved_twice`: where it lies twice as far. One claim alone, without stops for futility. `reason`: why the
    suite would run in one look.
    """

    cases: tuple[int, ...] = ()
    clusters: tuple[int, ...] = ()
    saved_planned: float | None = None
    saved_twice: float | None = None
    reason: str = ""


def plan_claims(
    ruler: Ruler, cases: Sequence[Case], earlier: Mapping[Role, Sequence[Score]], source: str
) -> tuple[ClaimPlan, ...]:
    """Return every claim with what the suite can detect; `earlier` are scores of the run named `source`."""
    known = {case.id for case in cases}
    mine: dict[Role, list[Score]] = {
        role: [score for score in scores if score.case in known] for role, scores in earlier.items()
    }
    grid = lay_out(ruler, cases, mine)
    slices = slice_rows(ruler, grid)
    plans: list[ClaimPlan] = []
    for one in measure_claims(ruler, grid):
        rows = grid.everything if one.claim.slice is None else slices[one.claim.slice]
        sizes = np.unique(grid.codes[rows], return_counts=True)[1].astype(np.float64)
        plans.append(_plan(one, sizes, ruler.gate.alpha, source))
    return tuple(plans)


def rule_warnings(rules: Sequence[str], cases: int, *, sequential: bool) -> Iterator[str]:
    """Yield what is wrong with each rule's facts: bare estimates, tails of too few cases, early reading."""
    for rule in rules:
        facts = sorted(check_rule(rule))
        bare = [fact for fact in facts if fact.rpartition(".")[2] in _BARE]
        if bare:
            yield (
                f"the rule {rule!r} reads {', '.join(bare)}, an estimate that is partly luck: read a limit "
                "(diff.S.mean.low, ratio.S.mean.high), or claim `at_least`"
            )
        if cases < FEWEST_FOR_P95 and any(".p95." in fact for fact in facts):
            yield (
                f"the rule {rule!r} reads a ratio of 95 % quantiles, which needs {FEWEST_FOR_P95} cases; "
                f"there are {cases:,}, so it stays undecided"
            )
        if sequential and any(fact.endswith((".low", ".high")) for fact in facts):
            yield f"the rule {rule!r} reads a limit, which is wider where a sequential run stops early"


def claim_warnings(claims: Sequence[ClaimPlan], g_eff: float) -> Iterator[str]:
    """Yield which claims the suite cannot decide, and what would."""
    if g_eff < FEWEST_CLUSTERS - 1e-9:
        yield (
            f"the clusters are worth {g_eff:.3g} equal ones, and below {FEWEST_CLUSTERS} every claim stays "
            "open: collect cases from more sources"
        )
        return
    for claim in claims:
        if not claim.decides and claim.reason:
            yield f"{claim.text}: {claim.reason}"


def looks_plan(looks: Looks | None, reason: str, sizes: Sequence[int], alpha: float) -> LooksPlan:
    """Return when a sequential run looks and what it saves, for clusters of these `sizes` in their order."""
    if looks is None:
        return LooksPlan(reason=reason)
    cases = tuple(sum(sizes[:clusters]) for clusters in looks.clusters)
    shares = tuple(count / cases[-1] for count in cases)
    levels = stats.look_levels(shares, alpha, looks.spending, stats.effective_clusters(sizes))
    return LooksPlan(
        cases=cases,
        clusters=looks.clusters,
        saved_planned=_saved(shares, levels, alpha, 1.0),
        saved_twice=_saved(shares, levels, alpha, 2.0),
    )


def _saved(shares: Sequence[float], levels: Sequence[float], alpha: float, times: float) -> float:
    # of a test that is looked at once: the mean that has the power, its quantile and alpha's together
    drift = times * (NormalDist().inv_cdf(1.0 - alpha) + NormalDist().inv_cdf(POWER))
    stops = stats.stopping_shares(shares, levels, drift)
    asked = sum(stop * share for stop, share in zip(stops, shares, strict=True)) + 1.0 - sum(stops)
    return stats.round_sig(max(1.0 - asked, 0.0))


def _plan(one: Measured, sizes: FloatArray, alpha: float, source: str) -> ClaimPlan:
    interval, widest, basis = _spread(one, sizes, alpha, source)
    plan = ClaimPlan(
        text=claim_text(one.claim, one.spec),
        distance=one.planned_distance,
        clusters=sizes.size,
        basis=basis,
        detectable=Detectable(effect=None, low=None, high=None),
        power=None,
        needed=None,
        decides=False,
    )
    if interval is None:
        return replace(plan, reason=basis)
    effect = stats.detectable_effect(interval, one.bound, one.direction, sizes.size, POWER)
    low, high = stats.detectable_range(interval, one.bound, one.direction, sizes.size, POWER)
    if widest is not None:
        high, low = effect, stats.detectable_effect(widest, one.bound, one.direction, sizes.size, POWER)
    plan = replace(plan, detectable=Detectable(effect=_known(effect), low=_known(low), high=_known(high)))
    if one.planned_distance <= 0.0:
        return replace(plan, reason="the bound is 0, so no distance is planned for: state one with `by`")
    power = stats.claim_power(interval, one.bound, one.direction, one.planned_distance, sizes.size)
    need = stats.clusters_needed(interval, one.bound, one.direction, one.planned_distance, POWER).at_planning
    decides = power >= POWER
    return replace(
        plan,
        power=stats.round_sig(power),
        needed=ClustersNeeded(
            planned=need.clusters, low=need.low, high=need.high, at_estimate=None, have=float(sizes.size)
        ),
        decides=decides,
        reason="" if decides else _too_few(plan, power, need.clusters),
    )


def _spread(
    one: Measured, sizes: FloatArray, alpha: float, source: str
) -> tuple[stats.Interval | None, stats.Interval | None, str]:
    """Return what to plan from, where assumed also with unrelated cases, and in words where it is from."""
    seen = one.planned
    if seen is not None and math.isfinite(seen.se) and seen.se > 0.0 and seen.df >= 1.0:
        return seen, None, f"run {source}"
    before = "no earlier run" if seen is None else f"run {source} shows no spread"
    low, high = one.spec.low, one.spec.high
    if low is None or high is None:
        return None, None, f"{before}, and {one.spec.name} has no widest spread to assume"
    if sizes.size < 2:
        return None, None, "one cluster shows no spread"
    paired = one.claim.kind != "at_least"
    # of values in [low, high] with a mean on the bound, none vary more than (high − mean)(mean − low)
    variance = 0.5 * (high - low) ** 2 if paired else (high - one.bound) * (one.bound - low)
    if variance <= 0.0:
        return None, None, "the bound is at the end of the scale"
    ends = (low - high, high - low) if paired else (None, None)
    alike, apart = (
        stats.assumed_interval(variance, sizes, alpha, alike=same, least=ends[0], greatest=ends[1])
        for same in (True, False)
    )
    return alike, apart, f"{before}: the widest spread that its scale allows"


def _too_few(plan: ClaimPlan, power: float, needed: int | None) -> str:
    effect = plan.detectable.effect
    said = (
        f"planned for a truth {plan.distance:.3g} beyond the bound, which {plan.clusters:,} clusters prove "
        f"with a probability of {100 * power:.0f} %"
    )
    said += f"; they detect {effect:.3g}" if effect is not None else ""
    return said + (f"; {needed:,} clusters would do" if needed else "; no number of clusters would do")


def _known(effect: float) -> float | None:
    return stats.round_sig(effect) if math.isfinite(effect) else None
