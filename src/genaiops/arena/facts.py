"""What rules read: the numbers of a comparison under one name each."""

from collections.abc import Iterable, Iterator, Sequence

from genaiops.core import ArmFacts, Comparison, Interval, fact_path

_ARM = ("mean", "p50", "p95", "n", "missing")
_LIMITS = ("est", "low", "high")
_NAMES = (
    *(("candidate", part) for part in _ARM),
    *(("baseline", part) for part in _ARM),
    *(("diff", "mean", part) for part in _LIMITS),
    *(("ratio", statistic, part) for statistic in ("mean", "p95") for part in _LIMITS),
)


def fact_names(scorers: Iterable[str], slices: Iterable[str]) -> frozenset[str]:
    """Return the names of all facts that a suite with these scorers and slices gives."""
    places = [(), *(("slice", name) for name in slices)]
    names = list(scorers)
    return frozenset(
        fact_path(*place, first, scorer, *rest)
        for place in places
        for scorer in names
        for first, *rest in _NAMES
    )


def facts_of(comparisons: Sequence[Comparison], slices: Sequence[Comparison]) -> dict[str, float | None]:
    """Return every fact by name; None where there is no number, or none that a decision may rest on.

    The limits of an interval that is not decidable are None; its estimate is told.
    """
    return {name: value for one in (*comparisons, *slices) for name, value in _facts(one)}


def _facts(one: Comparison) -> Iterator[tuple[str, float | None]]:
    place = () if one.slice is None else ("slice", one.slice)
    for role, arm in (("candidate", one.candidate), ("baseline", one.baseline)):
        for part, value in zip(_ARM, _arm_values(arm), strict=True):
            yield fact_path(*place, role, one.scorer, part), value
    measured = {("diff", "mean"): one.diff, ("ratio", "mean"): one.ratio, ("ratio", "p95"): one.ratio_p95}
    for (kind, statistic), interval in measured.items():
        for part, value in zip(_LIMITS, _limits(interval), strict=True):
            yield fact_path(*place, kind, one.scorer, statistic, part), value


def _arm_values(arm: ArmFacts) -> tuple[float | None, ...]:
    return arm.mean, arm.p50, arm.p95, float(arm.n), float(arm.missing)


def _limits(interval: Interval | None) -> tuple[float | None, float | None, float | None]:
    if interval is None:
        return None, None, None
    if not interval.decidable:
        return interval.estimate, None, None
    return interval.estimate, interval.low, interval.high
