"""Claims, measures and slices with their intervals, as the page and the terminal show them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from markupsafe import Markup

from genaiops.arena.labelled import ENOUGH
from genaiops.arena.report.draw import Picture, draw_interval
from genaiops.arena.report.words import clip, interval, is_resource, number, scale
from genaiops.core import ClaimResult, Comparison, Decision, Interval, Verdict

_MARKS: dict[Decision, str] = {"proven": "✓", "refuted": "✗", "open": "?"}
Tone = Literal["better", "worse", "unclear", "small"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimView:
    """A claim as it is shown."""

    text: str
    decision: Decision
    mark: str
    numbers: str
    size: str
    notes: tuple[str, ...]
    picture: Markup
    left: str = ""
    right: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureView:
    """A comparison as it is shown; `loss` orders slices, the worst first."""

    name: str
    slice: str
    better: str
    baseline: str
    candidate: str
    cases: int
    decidable: bool
    diff: str
    picture: Markup
    loss: float
    stands_out: bool
    tone: Tone


def claims(verdict: Verdict) -> list[ClaimView]:
    """Return the verdict's claims."""
    known = {c.scorer: c for c in (*verdict.slices, *verdict.comparisons)}
    return [_claim(result, known.get(result.claim.scorer)) for result in verdict.claims]


def needed(result: ClaimResult) -> str:
    """Return what would settle an open claim; nothing where it is settled."""
    if result.decision != "open" or result.needed is None:
        return ""
    wanted = result.needed
    if wanted.planned is None:
        return "No number of clusters would settle this: the effect planned for lies on the bound."
    more = max(wanted.planned - round(wanted.have), 0)
    span = f" ({wanted.low:,}–{wanted.high:,})" if wanted.low is not None and wanted.high is not None else ""
    at = wanted.at_estimate
    seen = "" if at is None else f" If the effect seen here is the true one, {at:,} would do."
    return (
        f"To settle it: {wanted.planned:,} independent clusters{span}; "
        f"this suite has {wanted.have:,.0f}; {more:,} more are needed.{seen}"
    )


def measures(comparisons: Sequence[Comparison]) -> list[MeasureView]:
    """Return comparisons in the order given."""
    return [_measure(comparison) for comparison in comparisons]


def slices(verdict: Verdict) -> list[MeasureView]:
    """Return the slices' comparisons of quality: worst first, what is too small last."""
    shown = [c for c in verdict.slices if not is_resource(c.unit)]
    return sorted(measures(shown), key=lambda view: (not view.decidable, -view.loss, view.slice, view.name))


def tone(comparison: Comparison) -> Tone:
    """Return whether the whole interval lies on one side of no difference; `small`: too few to say."""
    low, high = comparison.diff.low, comparison.diff.high
    if not comparison.diff.decidable:
        return "small"
    if low is None or high is None or low <= 0 <= high:
        return "unclear"
    return "better" if (low > 0) == (comparison.better == "higher") else "worse"


def _claim(result: ClaimResult, comparison: Comparison | None) -> ClaimView:
    claim, unit = result.claim, comparison.unit if comparison else ""
    relative = claim.kind != "at_least"
    higher = comparison is None or comparison.better == "higher"
    shown = interval(result.interval, unit, signed=relative)
    corrected = result.judged_by is not None and result.judged_by.raw is not None
    kind = "labelled cases" if corrected else "cases"
    size = f"{result.interval.cases:,} {kind} in {result.interval.clusters:,} clusters"
    said = (_judged(result, unit, relative), _decided(result, unit, relative), clip(result.note, 400))
    notes = [note for note in (*said, needed(result)) if note]
    return ClaimView(
        text=clip(result.text, 300),
        decision=result.decision,
        mark=_MARKS[result.decision],
        numbers=shown,
        size=size,
        notes=tuple(notes),
        picture=_claim_picture(result, unit, higher),
        left=("worse" if higher else "better") if relative else "",
        right=("better" if higher else "worse") if relative else "",
    )


def _judged(result: ClaimResult, unit: str, signed: bool) -> str:
    judged = result.judged_by
    if judged is None:
        return ""
    if judged.raw is not None:
        return (
            "Decided on people’s labels, with the judge’s scores of all cases as help. "
            f"The judge alone: {interval(judged.raw, unit, signed=signed)}."
        )
    enough = f"; {ENOUGH} drawn by chance would decide instead" if judged.sample is not None else ""
    return f"The judge’s word alone: people labelled {judged.labelled:,} of its cases on both arms{enough}."


def _decided(result: ClaimResult, unit: str, signed: bool) -> str:
    decided = result.decided_on
    if not decided.decidable:
        return f"Not decidable: {clip(decided.reason, 300)}."
    if (decided.low, decided.high) == (result.interval.low, result.interval.high):
        return ""
    low, high = number(decided.low, unit, signed=signed), number(decided.high, unit, signed=signed)
    added = "the worst that can happen to a case, or to cases that break together, is added against luck"
    return f"Decided on [{low}, {high}], the thin line: {added}."


def _claim_picture(result: ClaimResult, unit: str, higher: bool) -> Markup:
    claim, bound = result.claim, result.claim.bound
    if claim.kind == "not_worse":
        bound = -bound
    if claim.kind != "at_least" and not higher:
        bound = -bound
    return picture(
        result.interval,
        decided=result.decided_on,
        bound=bound,
        zero=None if claim.kind == "at_least" else 0.0,
        good="right" if higher else "left",
        unit=unit,
        tone=result.decision,
        label=f"{clip(result.text, 200)}: {interval(result.interval, unit)}, bound {number(bound, unit)}",
    )


def _measure(comparison: Comparison) -> MeasureView:
    unit, words = comparison.unit, ""
    if unit == "USD":
        factor, words = scale((comparison.baseline.mean, comparison.candidate.mean))
        comparison = _scaled(comparison, factor)
    diff = comparison.diff
    sign = -1.0 if comparison.better == "higher" else 1.0
    return MeasureView(
        name=clip(comparison.scorer, 60),
        slice=clip(comparison.slice or "all cases", 80),
        better=f"{comparison.better} is better" + (f", {words} cases" if words else ""),
        baseline=number(comparison.baseline.mean, unit),
        candidate=number(comparison.candidate.mean, unit),
        cases=diff.cases,
        decidable=diff.decidable and diff.estimate is not None,
        diff=_difference(diff, unit),
        picture=picture(
            diff,
            zero=0.0,
            unit=unit,
            tone=tone(comparison),
            label=f"{clip(comparison.scorer, 60)}, candidate − baseline: {interval(diff, unit)}",
        ),
        loss=sign * diff.estimate if diff.estimate is not None else float("-inf"),
        stands_out=bool(comparison.stands_out),
        tone=tone(comparison),
    )


def _difference(diff: Interval, unit: str) -> str:
    if diff.estimate is None:
        return "–"
    if diff.low is None or diff.high is None or not diff.decidable:
        return f"{number(diff.estimate, unit, signed=True)} (too few clusters)"
    return interval(diff, unit, signed=True)


def _scaled(comparison: Comparison, factor: int) -> Comparison:
    def times(value: float | None) -> float | None:
        return None if value is None else factor * value

    diff = comparison.diff
    return replace(
        comparison,
        baseline=replace(comparison.baseline, mean=times(comparison.baseline.mean)),
        candidate=replace(comparison.candidate, mean=times(comparison.candidate.mean)),
        diff=replace(diff, estimate=times(diff.estimate), low=times(diff.low), high=times(diff.high)),
    )


def picture(
    shown: Interval,
    *,
    decided: Interval | None = None,
    bound: float | None = None,
    zero: float | None,
    good: str = "",
    unit: str,
    tone: str,
    label: str,
    ends: tuple[float, ...] = (),
) -> Markup:
    """Return an interval's drawing, or words where it has no limits; `ends` are values its axis names."""
    if shown.estimate is None or shown.low is None or shown.high is None:
        return Markup('<span class="small faint">not decidable</span>')
    wide = None
    if decided is not None and decided.low is not None and decided.high is not None:
        wide = (decided.low, decided.high)
    return draw_interval(
        Picture(
            low=shown.low,
            high=shown.high,
            estimate=shown.estimate,
            wide=wide,
            bound=bound,
            zero=zero,
            good=good,
            unit=unit,
            tone=tone,
            label=label,
            ends=ends,
        )
    )
