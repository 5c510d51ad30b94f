"""How attacks ended, counted: rates with limits that hold for attacks which share a seed. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from genaiops import stats
from genaiops.arena.compare import nothing_to_show, shown
from genaiops.arena.redteam.judging import Judged
from genaiops.arena.redteam.model import Tally
from genaiops.core import Interval
from genaiops.stats import cluster_codes
from genaiops.synthesis.attacks import Attack

ALPHA = 0.05
_OUT = ("unreached", "missing")


@dataclass(frozen=True, slots=True)
class Ended:
    """An attack and how it ended."""

    attack: Attack
    judged: Judged


def tally(rows: Sequence[Ended], *, category: str = "", generator: str = "") -> Tally:
    """Return how `rows` ended; its rate has clusters by seed."""
    count = {name: sum(row.judged.ending == name for row in rows) for name in _ENDINGS}
    tried = [row for row in rows if row.judged.ending not in _OUT]
    return Tally(
        category=category,
        generator=generator,
        attacks=len(rows),
        rate=rate_of([row.judged.ending == "succeeded" for row in tried], [row.attack.seed for row in tried]),
        **count,
    )


_ENDINGS = ("succeeded", "stopped", "resisted", "failed", "unreached", "missing")


def rate_of(hits: Sequence[bool], clusters: Sequence[str]) -> Interval:
    """Return the rate of `hits` with its limits: Clopper and Pearson's, or wider, on the effective number."""
    if not hits:
        return nothing_to_show("nothing was tried")
    found = shown(stats.rate_interval([float(hit) for hit in hits], cluster_codes(clusters), ALPHA))
    return replace(found, low=max(found.low or 0.0, 0.0), high=min(found.high or 0.0, 1.0))  # rounding


def tallies(rows: Sequence[Ended], key: Callable[[Ended], tuple[str, str]]) -> tuple[Tally, ...]:
    """Return a tally for each (category, generator) that `key` gives, in the order in which they come."""
    parts: dict[tuple[str, str], list[Ended]] = {}
    for row in rows:
        parts.setdefault(key(row), []).append(row)
    return tuple(
        tally(some, category=category, generator=generator) for (category, generator), some in parts.items()
    )


def worst_first(parts: Sequence[Tally]) -> list[Tally]:
    """Return the tallies with the highest rates first; of equal ones that with more attacks."""
    return sorted(parts, key=lambda one: (-(one.rate.estimate or 0.0), -one.succeeded, -one.attacks))
