"""The generation part: a plan from the first clusters, then every answer, then what the differences show."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from genaiops import stats
from genaiops.arena.compare import resampling_key
from genaiops.arena.grid import FloatArray
from genaiops.arena.model import Reuse
from genaiops.arena.right import correct_words
from genaiops.arena.schedule import in_order
from genaiops.arena.study.answering import Answering, Asked, asked_of
from genaiops.arena.study.contrasts import MARGIN, POWER, Ruled, contrast_all
from genaiops.arena.study.level import Levels
from genaiops.arena.study.material import Material
from genaiops.arena.study.model import Contrast, Generation, Plan, Step
from genaiops.arena.study.outcomes import Ended, sufficient, summed, values_of
from genaiops.arena.study.searching import Hits
from genaiops.arena.study.variants import BASELINE, Variant
from genaiops.core import NANO, Case, OutsideError, one_line, usd
from genaiops.stats import cluster_codes, round_sig
from genaiops.work import Console

_PILOT_CLUSTERS = 8
_PILOT_SHARE = 0.1
_PILOT_EACH = 3
_ASSUMED_SECONDS = 5.0
_Rows = Mapping[str, Sequence[Ended]]


@dataclass(frozen=True, slots=True)
class Work:
    """What is to be answered: the questions that take part, in their seeded order, under which variants."""

    material: Material
    variants: tuple[Variant, ...]
    cases: tuple[Case, ...]
    hits: Hits
    k: int
    seed: str

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Each variant against naive RAG, and against the variant that it follows."""
        names = [one.name for one in self.variants]
        found = [(name, BASELINE) for name in names if name != BASELINE]
        steps = [(one.name, one.after) for one in self.variants if one.after and one.after != BASELINE]
        return found + [(one, other) for one, other in steps if other in names and (other, one) not in found]

    @property
    def asked(self) -> list[Asked]:
        """Every answer to get, in its order."""
        return asked_of(self.variants, self.cases, self.hits, self.k, self.seed)


def drawn(cases: Sequence[Case], limit: int | None, seed: str) -> tuple[Case, ...]:
    """Return the questions that take part: whole clusters in the seeded order, until there are `limit`."""
    found: list[Case] = []
    for _, cluster in groupby(in_order(cases, seed), key=lambda case: case.cluster):
        if limit is not None and len(found) >= limit:
            break
        found += cluster
    return tuple(found)


async def generate(work: Work, answering: Answering, console: Console) -> Generation:
    """Answer every question under every variant and compare; raises `OutsideError` where a model is gone."""
    asked = work.asked
    settled = await answering.settle(asked)
    left = answering.left(asked)
    console.note(
        f"{len(asked):,} answers, {len(asked) - left:,} are there or equal to another; "
        f"about {left:,} model calls; time and money after the first"
    )
    pilot = _pilot(asked)
    first = [one for one in asked if one.case.id in pilot]
    tried = await answering.answer(first, "pilot")
    refuse_gone(first, tried)
    plan = planned(work, _by_variant(work, first, tried), left, answering.jobs)
    for line in plan_lines(plan):
        console.note(line)
    rest = [one for one in asked if one.case.id not in pilot]
    ended = tried + await answering.answer(rest, "answers")
    rows = _by_variant(work, first + rest, ended)
    old = [one.answered.kept.at for one in ended if one.output.trace_id not in answering.fresh]
    fresh = frozenset(answering.fresh)
    return Generation(
        cases=len(work.cases),
        clusters=len({case.cluster for case in work.cases}),
        correct=correct_words(work.material.correct),
        margin=MARGIN,
        plan=plan,
        rows=tuple(summed(one.name, one.title, rows[one.name], fresh) for one in work.variants),
        contrasts=_contrasts(work, rows),
        model_calls=answering.calls + settled.calls,
        reused=Reuse(outputs=len(old), oldest=min(old, default=None)),
        warnings=settled.warnings,
    )


def refuse_gone(asked: Sequence[Asked], ended: Sequence[Ended]) -> None:
    """Raise `OutsideError` where no answer of one app came: it would be missing in every comparison."""
    came = {one.step.arm for one, row in zip(asked, ended, strict=True) if row.output.status != "infra_error"}
    for one, row in zip(asked, ended, strict=True):
        if one.step.arm not in came:
            raise OutsideError(
                "GAO-ARENA-416",
                f"{one.step.arm} cannot be measured: none of its answers in the pilot came",
                why=one_line(row.output.error or "no reason was given", 300),
                fix="mend what it names and run the same command again: finished answers are kept",
            )


def _pilot(asked: Sequence[Asked]) -> set[str]:
    """Return which questions are answered first: a few of each of the first clusters, eight or a tenth."""
    by_cluster: dict[str, list[str]] = {}
    for one in asked:
        mine = by_cluster.setdefault(one.case.cluster, [])
        if one.case.id not in mine:
            mine.append(one.case.id)
    first = max(_PILOT_CLUSTERS, math.ceil(_PILOT_SHARE * len(by_cluster)))
    return {id for some in [*by_cluster.values()][:first] for id in some[:_PILOT_EACH]}


def _by_variant(work: Work, asked: Sequence[Asked], ended: Sequence[Ended]) -> dict[str, list[Ended]]:
    """Return what ended by variant, in one order of questions for all."""
    found: dict[str, list[Ended]] = {one.name: [] for one in work.variants}
    for one, row in zip(asked, ended, strict=False):
        found[one.who].append(row)
    return found


def planned(work: Work, rows: _Rows | None, left: int, jobs: int) -> Plan:
    """Return what the answers take and what they can show; `rows` are the pilot's, None before any answer."""
    codes = [case.cluster for case in work.cases]
    clusters = len(set(codes))
    steps: list[Step] = []
    basis = "the widest spread that right and wrong allow"
    if rows is not None and rows[BASELINE]:
        count, some = len(rows[BASELINE]), len({row.case.cluster for row in rows[BASELINE]})
        basis = f"a pilot of {count} questions in {some} clusters, the first of the seeded order"
    levels = _levels(work, rows, clusters) if rows is not None else None
    for one, other in work.pairs:
        found = _detectable(work, rows, one, other, clusters)
        few = "the clusters are too few to decide anything"
        why = few if found is None else levels.why(one, other, found) if levels else ""
        steps.append(Step(variant=one, against=other, detectable=found, decidable=not why, why=why))
    known = [row.output for some in (rows or {}).values() for row in some if row.output.status == "ok"]
    seconds = sum(one.latency_ns for one in known) / 1e9 / len(known) if known else _ASSUMED_SECONDS
    costs = [one.cost_nanousd for one in known]
    cost = None if not known or None in costs else sum(one or 0 for one in costs) / len(costs) / NANO * left
    tokens = sum(one.usage.input_tokens + one.usage.output_tokens for one in known) / max(len(known), 1)
    total = len(work.cases) * len(work.variants)
    return Plan(
        answers=total,
        reused=total - left,
        calls=left,
        tokens=round(tokens * left),
        cost_usd=None if cost is None else round_sig(cost, 4),
        minutes=round_sig(left * seconds / jobs / 60, 3),
        assumption="as the pilot's answers" if known else f"assumed {_ASSUMED_SECONDS:g} s an answer",
        basis=basis,
        cases=len(work.cases),
        clusters=clusters,
        steps=tuple(steps),
    )


def plan_lines(plan: Plan) -> list[str]:
    """Return the plan in lines: what it takes, and what each comparison can show."""
    money = "cost unknown" if plan.cost_usd is None else usd(round(plan.cost_usd * NANO))
    tokens = f"{plan.tokens:,} tokens" if plan.tokens else "tokens unknown"
    lines = [
        f"plan: {plan.calls:,} model calls, {tokens}, {money}, {plan.minutes:g} minutes "
        f"({plan.assumption}); {plan.cases:,} questions in {plan.clusters:,} clusters; "
        f"spread from {plan.basis}"
    ]
    for step in plan.steps:
        shows = "nothing" if step.detectable is None else f"differences from {step.detectable:.3f} on"
        why = f"; {step.why}" if step.why else ""
        lines.append(f"plan: {step.variant} against {step.against} shows {shows} at 80 % power{why}")
    return lines


def _detectable(work: Work, rows: _Rows | None, one: str, other: str, clusters: int) -> float | None:
    alpha = work.material.suite.ruler.gate.alpha / len(work.pairs)  # held together, at the worst
    interval = _seen(rows, one, other, alpha) if rows is not None else None
    if interval is None:
        sizes = np.unique(cluster_codes([case.cluster for case in work.cases]), return_counts=True)[1]
        if sizes.size < 2:
            return None
        interval = stats.assumed_interval(
            0.5, sizes.astype(np.float64), alpha, alike=False, least=-1.0, greatest=1.0
        )
    found = stats.detectable_effect(interval, 0.0, "above", clusters, POWER)
    return round_sig(found, 3) if math.isfinite(found) else None


def _seen(rows: _Rows, one: str, other: str, alpha: float) -> stats.Interval | None:
    """Return the pilot's difference in right answers; None where it shows no spread."""
    mine, theirs = (values_of(rows[name])["right"] for name in (one, other))
    both = np.flatnonzero(np.isfinite(mine) & np.isfinite(theirs))
    codes = cluster_codes([row.case.cluster for row in rows[one]])
    if not both.size:
        return None
    diff = stats.difference(mine[both], theirs[both], codes[both], alpha, least=-1.0, greatest=1.0)
    return diff if math.isfinite(diff.se) and diff.se > 0.0 and diff.df >= 1.0 else None


def _levels(work: Work, rows: _Rows, clusters: int) -> Levels:
    """Return the generator's levels; what the searches give is counted over all questions that take part."""
    enough = {
        one.name: np.array([_enough(work, one, case) for case in work.cases], dtype=np.bool_)
        for one in work.variants
    }
    right = {name: _mean(values_of(some)["right"]) for name, some in rows.items()}
    used: dict[str, float | None] = {}
    for name, some in rows.items():
        whole = [row for row in some if row.sufficient and row.end != "missing"]
        used[name] = sum(row.end == "right" for row in whole) / len(whole) if whole else None
    apart = {pair: float((enough[pair[0]] != enough[pair[1]]).mean()) for pair in work.pairs}
    return Levels(right, used, apart, clusters)


def _enough(work: Work, variant: Variant, case: Case) -> bool:
    if variant.search is None:
        return False
    return sufficient(case, (work.hits[variant.search][case.id] or ())[: work.k])


def _mean(values: FloatArray) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else 0.0


def _contrasts(work: Work, rows: _Rows) -> tuple[Contrast, ...]:
    codes = cluster_codes([row.case.cluster for row in rows[BASELINE]])
    ruler = work.material.suite.ruler
    ruled = Ruled(codes, ruler.gate.alpha, resampling_key(ruler))
    levels = _levels(work, rows, len(set(codes.tolist())))
    columns = {name: values_of(some) for name, some in rows.items()}
    found: list[Contrast] = []
    for measure in ("right", "not wrong"):
        values = {name: column[measure] for name, column in columns.items()}
        found += contrast_all(measure, values, work.pairs, ruled, level=levels.why)
    return tuple(found)
