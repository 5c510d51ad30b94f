"""Suites and scores out of thin air, for tests of comparisons and verdicts."""

from collections.abc import Mapping, Sequence

from genaiops.arena.model import Correct, Gate, Role, Ruler, ScorerUse
from genaiops.core import Case, Claim, Digest, Score, ScorerSpec

QUALITY = ScorerSpec(name="quality")
WRONG = ScorerSpec(name="wrong", unit="share", better="lower")
COST = ScorerSpec(name="cost_usd", unit="USD", better="lower", high=None)
LATENCY = ScorerSpec(name="latency_ms", unit="ms", better="lower", high=None)
SPECS = (QUALITY, WRONG, COST, LATENCY)
Values = Mapping[str, Sequence[float | None]]
"""A value a case, by scorer; None is a missing row."""


def make_ruler(
    *claims: Claim,
    rules: Sequence[str] = (),
    alpha: float = 0.05,
    slices: Sequence[str] = (),
    repeats: int = 1,
    specs: Sequence[ScorerSpec] = SPECS,
    **gate: object,
) -> Ruler:
    return Ruler(
        name="qa",
        dataset_digest=Digest("sha256:" + "1" * 64),
        scorers=tuple(ScorerUse(name=spec.name) for spec in specs),
        specs=tuple(specs),
        slices=tuple(slices),
        repeats=repeats,
        correct=Correct(scorer="quality", threshold=0.5),
        gate=Gate(alpha=alpha, claims=claims, rules=tuple(rules), **gate),  # type: ignore[arg-type]
    )


def make_cases(count: int, cluster_size: int = 1, **tags: Sequence[str]) -> tuple[Case, ...]:
    return tuple(
        Case(
            id=f"c{index:05}",
            inputs={},
            cluster=f"d{index // cluster_size}",
            tags={key: values[index % len(values)] for key, values in tags.items()},
        )
        for index in range(count)
    )


def make_scores(baseline: Values, candidate: Values) -> dict[Role, list[Score]]:
    return {"baseline": _rows(baseline), "candidate": _rows(candidate)}


def claim(scorer: str, kind: str, bound: float, slice: str | None = None) -> Claim:
    return Claim(scorer=scorer, kind=kind, bound=bound, slice=slice)  # type: ignore[arg-type]


def _rows(values: Values) -> list[Score]:
    return [
        Score(
            scorer=scorer,
            case=f"c{index:05}",
            value=value,
            status="failed" if value is None else "ok",
        )
        for scorer, column in values.items()
        for index, value in enumerate(column)
    ]
