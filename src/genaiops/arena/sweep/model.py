"""What a sweep measures and tells: plain values."""

from dataclasses import dataclass

from genaiops.arena.grid import FloatArray
from genaiops.arena.model import Reuse
from genaiops.core import Digest, Interval


@dataclass(frozen=True, slots=True)
class Yardstick:
    """What quality is here: its name, and the scale of the scorer: its lowest and highest value."""

    name: str
    higher_is_better: bool = True
    low: float = 0.0
    high: float = 1.0


@dataclass(frozen=True, slots=True)
class Values:
    """What the answers of one cell were worth: an entry a case each, NaN where it is unknown.

    `quality` is on the yardstick's scale, `cost` in USD, `latency` in milliseconds.
    """

    quality: FloatArray
    cost: FloatArray
    latency: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One measure of a cell, over the cases that every cell has it of.

    `value` is the mean, of latency the median. `change` is cell − reference; of latency the typical ratio
    cell ÷ reference (geometric mean over cases). None for the reference, and where nothing may be compared.
    """

    value: float | None = None
    change: Interval | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepCell:
    """One cell by its `--set` texts. The reference is the candidate as it is: `set` is empty, or the cell
    that names what stands in the project file already.

    `front`: no cell is nowhere worse and somewhere better. `behind` is how far the best cell is ahead, None
    for the best itself and where nothing can be told; `beaten` says that this is proven.
    """

    set: tuple[str, ...]
    reference: bool
    digest: Digest
    quality: Measured
    cost_usd: Measured
    latency_ms: Measured
    front: bool
    best: bool
    behind: Interval | None
    beaten: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepReport:
    """What `arena run --sweep --json` prints. `winner` is None unless it is proven better than all others.

    `next` is the command that decides on it; empty without a winner, and where that is the reference.
    Limits hold together but for `alpha` a side. `front_by` names the measures that the front compares.
    `needed` is how many clusters would show a lead of `planned` over each other cell, at a power of 80 %.
    """

    project: str
    suite: str
    quality: str
    higher_is_better: bool
    alpha: float
    cases: int
    clusters: int
    headline: str
    winner: tuple[str, ...] | None
    next: str
    planned: float
    needed: int | None
    front_by: tuple[str, ...]
    cells: tuple[SweepCell, ...]
    model_calls: int
    reused: Reuse
    warnings: tuple[str, ...] = ()
