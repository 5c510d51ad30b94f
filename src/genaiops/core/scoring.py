"""Scorers and scores: from (case, output, trace) to a number."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from genaiops.core.cases import Case, Output
from genaiops.core.traces import Trace

Reads = Literal["inputs", "expected", "output", "trace", "model"]
"""What a scorer looks at. One that reads `model` calls a model and is never deterministic."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScorerSpec:
    """What a scorer measures, in which unit and direction, and what an app's failure counts as.

    `on_app_failure` is the score of an app error, a timeout or an unparsable answer: where it is None
    the worst bound counts, and where the worst side is unbounded the row is missing.
    """

    name: str
    version: str = "1"
    unit: str = ""
    better: Literal["higher", "lower"] = "higher"
    low: float | None = 0.0
    high: float | None = 1.0
    on_app_failure: float | None = None
    reads: frozenset[Reads] = frozenset({"expected", "output"})
    deterministic: bool = True

    @property
    def worst(self) -> float | None:
        """The bound on the worse side; None where there is none."""
        return self.low if self.better == "higher" else self.high

    @property
    def failure_score(self) -> float | None:
        """What an app's failure scores; None means that the row is missing."""
        return self.worst if self.on_app_failure is None else self.on_app_failure


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """One scorer's view of one output. `failed` is the scorer's own failure, never a silent zero."""

    scorer: str
    case: str
    repeat: int = 0
    value: float | None = None
    label: str | None = None
    reason: str | None = None
    status: Literal["ok", "not_applicable", "failed"] = "ok"


class Scorer(Protocol):
    """A function from (case, output, trace) to scores, with a spec."""

    @property
    def spec(self) -> ScorerSpec:
        """What it measures."""
        ...

    async def score(self, case: Case, output: Output, trace: Trace) -> Sequence[Score]:
        """Return the scores of one output; `case.expected` is visible here and only here."""
        ...
