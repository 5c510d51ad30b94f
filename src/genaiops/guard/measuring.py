"""How good and how fast a guard is on labelled rows: shares with intervals, times by length.

Two readings of every category and source: what the policy stops, and what would be stopped if its threshold
were set so that a fixed share of the harmless rows of the same surface is stopped. The second compares
guards whose thresholds differ; its threshold is chosen on these rows, which its interval does not know.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from genaiops import stats
from genaiops.core import Digest, Surface
from genaiops.guard.labelled import LabelledRow
from genaiops.guard.model import Action
from genaiops.guard.pipeline import Pipeline
from genaiops.guard.policy_file import SURFACES

ALPHA = 0.025
"""Each limit errs at most so often: an interval of 95 %."""

_CHARACTERS_A_TOKEN = 4
_BANDS = (32, 128, 512, 1_000)


class Told(NamedTuple):
    """What a guard says of one row, and how long it took: milliseconds of the clock and of the processor.

    Times are None where the answer was known already, or is recorded. `failed`: a detector did, or the text
    was refused.
    """

    action: Action
    score: float
    failed: bool = False
    wall_ms: float | None = None
    cpu_ms: float | None = None

    @property
    def stopped(self) -> bool:
        """Whether the text may not go on, or a person must decide."""
        return self.action in ("ask", "block")


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A share of `rows` with its 95 % interval over `clusters`; too few of them are not `decidable`."""

    rows: int
    clusters: int
    rate: float
    low: float
    high: float
    decidable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """On one surface: a score above this is stopped by as many harmless rows as allowed, or fewer."""

    surface: Surface
    above: float
    false_positives: Share


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Rows of one category, and of one source where it is named.

    `stopped` by the policy; `at_fixed_rate` by the thresholds, None where no harmless row shares the surface.
    Of attacks this is recall, of harmless rows the rate of false positives.
    """

    category: str
    source: str | None
    attack: bool
    stopped: Share
    at_fixed_rate: Share | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """Texts of up to so many tokens (four characters each), None: longer. Milliseconds."""

    tokens_up_to: int | None
    rows: int
    wall_p50: float
    wall_p95: float
    cpu_p50: float
    cpu_p95: float


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardMeasured:
    """One guard on labelled rows. `policy`: the digest of policy and detectors' versions."""

    name: str
    policy: Digest
    rows: int
    failed: int
    thresholds: tuple[Threshold, ...]
    groups: tuple[Group, ...]
    latency: tuple[Latency, ...]


def ask_all(
    guards: Sequence[Pipeline], rows: Sequence[LabelledRow], advance: Callable[[], None]
) -> list[list[Told]]:
    """Return what each guard says of every row. They are asked in turns, so that a slow minute meets all."""
    told: list[list[Told]] = [[] for _ in guards]
    known: set[tuple[object, ...]] = set()
    for at, row in enumerate(rows):
        fresh = tuple(row.row[1:]) not in known
        known.add(tuple(row.row[1:]))
        order = range(len(guards)) if at % 2 == 0 else reversed(range(len(guards)))
        for which in order:
            told[which].append(_ask(guards[which], row, timed=fresh))
        advance()
    return told


def _ask(guard: Pipeline, row: LabelledRow, *, timed: bool) -> Told:
    began = time.perf_counter(), time.process_time()
    result = guard.check(row.row.text, row.row.where, row.row.asker)
    wall, cpu = time.perf_counter() - began[0], time.process_time() - began[1]
    failed = bool(result.failed or result.refused)
    score = stats.round_sig(result.score)
    return Told(result.action, score, failed, *((1000 * wall, 1000 * cpu) if timed else (None, None)))


def measured(
    name: str, policy: Digest, rows: Sequence[LabelledRow], told: Sequence[Told], fixed_rate: float
) -> GuardMeasured:
    """Return what is known of a guard after it was asked of all `rows`; `told` is in their order."""
    pairs = list(zip(rows, told, strict=True))
    thresholds = list(_thresholds(pairs, fixed_rate))
    above: dict[Surface, float] = {one.surface: one.above for one in thresholds}
    return GuardMeasured(
        name=name,
        policy=policy,
        rows=len(rows),
        failed=sum(one.failed for one in told),
        thresholds=tuple(thresholds),
        groups=tuple(_groups(pairs, above)),
        latency=tuple(_latency(pairs)),
    )


_Pair = tuple[LabelledRow, Told]


def _thresholds(pairs: Sequence[_Pair], rate: float) -> Iterable[Threshold]:
    for surface in SURFACES:
        harmless = [pair for pair in pairs if not pair[0].attack and pair[0].row.where.surface == surface]
        if harmless:
            scores = sorted((told.score for _, told in harmless), reverse=True)
            above = scores[min(int(rate * len(scores) + 1e-9), len(scores) - 1)]
            reached = _share(harmless, [told.score > above for _, told in harmless])
            yield Threshold(surface=surface, above=above, false_positives=reached)


def _groups(pairs: Sequence[_Pair], above: dict[Surface, float]) -> Iterable[Group]:
    for benign, category in sorted({(not row.attack, row.category) for row, _ in pairs}):
        mine = [one for one in pairs if (not one[0].attack, one[0].category) == (benign, category)]
        sources = sorted({row.source for row, _ in mine})
        for source in (None, *(sources if len(sources) > 1 or sources[0] else ())):
            some = [one for one in mine if source is None or one[0].source == source]
            fixed = [one for one in some if one[0].row.where.surface in above]
            reached = [told.score > above[row.row.where.surface] for row, told in fixed]
            yield Group(
                category=category,
                source=source,
                attack=not benign,
                stopped=_share(some, [told.stopped for _, told in some]),
                at_fixed_rate=_share(fixed, reached) if fixed else None,
            )


def _share(pairs: Sequence[_Pair], hits: Sequence[bool]) -> Share:
    found = stats.rate_interval([float(hit) for hit in hits], [row.cluster for row, _ in pairs], ALPHA)
    return Share(
        rows=len(pairs),
        clusters=found.clusters,
        rate=stats.round_sig(found.estimate),
        low=stats.round_sig(max(0.0, found.low)),
        high=stats.round_sig(min(1.0, found.high)),
        decidable=found.decidable,
    )


def _latency(pairs: Sequence[_Pair]) -> Iterable[Latency]:
    least = 0
    for most in (*_BANDS, None):
        times = [
            (told.wall_ms, told.cpu_ms)
            for row, told in pairs
            if told.wall_ms is not None
            and told.cpu_ms is not None
            and least < _tokens(row) <= (most or _tokens(row))
        ]
        least = most or least
        if times:
            wall, cpu = (sorted(column) for column in zip(*times, strict=True))
            yield Latency(
                tokens_up_to=most,
                rows=len(times),
                wall_p50=_quantile(wall, 0.5),
                wall_p95=_quantile(wall, 0.95),
                cpu_p50=_quantile(cpu, 0.5),
                cpu_p95=_quantile(cpu, 0.95),
            )


def _tokens(row: LabelledRow) -> int:
    return max(1, -(-len(row.row.text) // _CHARACTERS_A_TOKEN))


def _quantile(ordered: Sequence[float], q: float) -> float:
    return stats.round_sig(ordered[min(len(ordered) - 1, int(q * len(ordered)))], 4)
