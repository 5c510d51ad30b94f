"""Flaky cases, quarantine, broken and mended cases, and slices that stand out: as words and rows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from genaiops.arena.report.words import clip, interval, is_resource, number, percent
from genaiops.core import (
    Changes,
    Comparison,
    Discovered,
    Flakiness,
    Interval,
    Quarantine,
    Quarantined,
    Steadiness,
    Verdict,
)

_NAMED = 12


@dataclass(frozen=True, slots=True)
class ArmSteadiness:
    """One arm's cases over their repeats, as a row."""

    role: str
    stable_pass: str
    stable_fail: str
    flaky: str
    unknown: str
    pass_1: str
    pass_k: str
    names: str


@dataclass(frozen=True, slots=True)
class DiscoveredView:
    """A discovered slice that stands out, as a row."""

    slice: str
    name: str
    cases: int
    diff: str
    apart: str


def steadiness(flakiness: Flakiness | None) -> list[ArmSteadiness]:
    """Return a row an arm; none without repeats."""
    if flakiness is None:
        return []
    return [_row("baseline", flakiness.baseline), _row("candidate", flakiness.candidate)]


def steadiness_lead(flakiness: Flakiness) -> str:
    """Return what the rows mean."""
    k = flakiness.repeats
    return (
        f"Each case was asked {k} times on each arm. Stable cases were right ({clip(flakiness.by, 80)}) "
        "every time or never, flaky ones sometimes; flaky cases count in every mean. "
        f"pass^{k} is the chance that {k} answers to a case are all right; "
        f"between the arms it differs by {_signed(flakiness.pass_diff)}."
    )


def quarantine_lines(quarantine: Quarantine | None) -> list[str]:
    """Return what quarantine did, a sentence each; nothing where the suite has none."""
    if quarantine is None:
        return []
    lines: list[str] = []
    if quarantine.left_out:
        lines.append(
            f"In quarantine, left out on both arms: {_entries(quarantine.left_out)}. "
            f"Without them: {quarantine.outcome_left_out}; with all cases: {quarantine.outcome_with_all}."
        )
    if quarantine.expired:
        lines.append(
            f"Quarantine that ran out before {clip(quarantine.on, 20)}, ignored: "
            f"{_entries(quarantine.expired)}."
        )
    if quarantine.not_flaky:
        lines.append(
            "In the quarantine file, and not flaky on the baseline in this run, so they count: "
            f"{_entries(quarantine.not_flaky)}."
        )
    return lines


def _signed(one: Interval) -> str:
    few = "" if one.decidable else " (too few clusters for an interval)"
    return interval(one, signed=True) if one.decidable else number(one.estimate, signed=True) + few


def changes_text(changes: Changes | None) -> str:
    """Return how many cases broke and how many were mended, with the interval of their difference."""
    if changes is None or not changes.cases:
        return ""
    said = f"{changes.broke:,} broke and {changes.mended:,} were mended of {changes.cases:,} cases"
    return f"{said} (by {clip(changes.by, 80)}); in all {_signed(changes.diff)}"


def family_text(verdict: Verdict) -> str:
    """Return how many of the declared slices stand out, and under which correction."""
    slices = [one for one in verdict.slices if one.stands_out is not None]
    if not slices:
        return ""
    outstanding = sorted(
        (one for one in slices if one.stands_out), key=lambda one: is_resource(one.unit)
    )  # quality first
    if not outstanding:
        return (
            f"Of {len(slices):,} slice comparisons none stands out "
            f"(Benjamini–Hochberg at {100 * verdict.alpha:g} %)."
        )
    named = ", ".join(_slice(one) for one in outstanding[:_NAMED])
    return (
        f"{len(outstanding):,} of {len(slices):,} slice comparisons "
        f"stand{'s' if len(outstanding) == 1 else ''} out "
        f"(Benjamini–Hochberg at {100 * verdict.alpha:g} %): {named}{_more(outstanding)}."
    )


def discovered_text(discovered: Discovered | None) -> str:
    """Return how many slices were looked for in the inputs, and whether one stands out."""
    if discovered is None:
        return ""
    count = discovered.looked_for
    looked = f"Of {count:,} slice{'' if count == 1 else 's'} looked for in the inputs"
    names = {one.comparison.slice for one in discovered.stand_out}
    if not names:
        return f"{looked}, none stands out."
    stand = "1 stands" if len(names) == 1 else f"{len(names):,} stand"
    return f"{looked}, {stand} out: the change there is unlike that of the other cases."


def discovered_rows(discovered: Discovered | None) -> list[DiscoveredView]:
    """Return the discovered slices that stand out, the worst change first."""
    return [
        DiscoveredView(
            slice=clip(one.comparison.slice or "", 80),
            name=clip(one.comparison.scorer, 60),
            cases=one.comparison.diff.cases,
            diff=interval(one.comparison.diff, one.comparison.unit, signed=True),
            apart=interval(one.apart, one.comparison.unit, signed=True),
        )
        for one in (discovered.stand_out if discovered else ())
    ]


def _row(role: str, arm: Steadiness) -> ArmSteadiness:
    total = arm.stable_pass + arm.stable_fail + arm.flaky + arm.unknown
    names = ", ".join(clip(case, 60) for case in arm.flaky_cases[:_NAMED])
    more = arm.flaky - min(len(arm.flaky_cases), _NAMED)
    passes = [_passes(arm.pass_k[at]) if arm.pass_k else "–" for at in (0, -1)]
    return ArmSteadiness(
        role=role,
        stable_pass=f"{arm.stable_pass:,}",
        stable_fail=f"{arm.stable_fail:,}",
        flaky=f"{arm.flaky:,}  {percent(arm.flaky, total)}",
        unknown=f"{arm.unknown:,}",
        pass_1=passes[0],
        pass_k=passes[1],
        names=names + (f" and {more:,} more" if more else ""),
    )


def _passes(one: Interval) -> str:
    return interval(one) if one.decidable else number(one.estimate)


def _entries(entries: Sequence[Quarantined]) -> str:
    return "; ".join(_told(entries[:_NAMED])) + _more(entries)


def _told(entries: Sequence[Quarantined]) -> Iterator[str]:
    for one in entries:
        yield f"{clip(one.case, 60)} ({clip(one.owner, 40)}, until {one.expires}: {clip(one.reason, 120)})"


def _slice(one: Comparison) -> str:
    return f"{clip(one.slice or '', 60)} {clip(one.scorer, 40)}"


def _more(found: Sequence[object]) -> str:
    return f" and {len(found) - _NAMED:,} more" if len(found) > _NAMED else ""
