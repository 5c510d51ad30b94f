"""What a scorer is made of: a spec, where it applies, and a pure function from case and output to a mark."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from genaiops.core import Case, Embedder, Json, Output, Score, Scorer, ScorerSpec, Trace, UserError


@dataclass(frozen=True, slots=True)
class Mark:
    """What a scorer says of one output: a value, and why. A value of None: it could not be told."""

    value: float | None
    reason: str | None = None
    label: str | None = None


def everywhere(case: Case) -> bool:
    """Apply to any case."""
    return True


@dataclass(frozen=True, slots=True)
class PureScorer:
    """A scorer whose mark is a function of case and output alone.

    `applies` looks at the case only: what an app answers must never decide whether it is scored.
    """

    spec: ScorerSpec
    mark: Callable[[Case, Output], Mark]
    applies: Callable[[Case], bool] = everywhere

    async def score(self, case: Case, output: Output, trace: Trace) -> Sequence[Score]:
        """Return the one score of this output."""
        return (score_of(self.spec, case, self.mark(case, output) if self.applies(case) else None),)


def score_of(spec: ScorerSpec, case: Case, mark: Mark | None) -> Score:
    """Return a mark as a score; None means that the scorer does not apply to the case."""
    if mark is None:
        return Score(scorer=spec.name, case=case.id, status="not_applicable")
    status = "failed" if mark.value is None else "ok"
    return Score(
        scorer=spec.name,
        case=case.id,
        value=mark.value,
        label=mark.label,
        reason=mark.reason,
        status=status,
    )


@dataclass(frozen=True, slots=True)
class ScorerContext:
    """What a factory may ask for: the suite's embedder, and the other scorers of the suite by name."""

    embedder: Embedder | None
    scorer: Callable[[str], Scorer]


ScorerFactory = Callable[[Mapping[str, Json], ScorerContext], Scorer]
"""From parameters in the project file to a scorer: what an entry point of `genaiops.scorers` names."""


def take_parameters(
    scorer: str, parameters: Mapping[str, Json], defaults: Mapping[str, Json]
) -> dict[str, Json]:
    """Return `parameters` over `defaults`; raises `UserError` for a name that the scorer does not know."""
    for name in parameters:
        if name not in defaults:
            known = ", ".join(defaults) or "none"
            raise UserError(
                "GAO-ARENA-123",
                f"the scorer {scorer} has no parameter {name!r}",
                why=f"its parameters: {known}",
                fix="correct or remove it in the suite's `scorers`",
            )
    return {**defaults, **parameters}


def wrong_parameter(scorer: str, name: str, value: Json, needed: str) -> UserError:
    """Return the error for a parameter that does not fit."""
    return UserError(
        "GAO-ARENA-123",
        f"{name} of the scorer {scorer} is {value!r}",
        why=f"it must be {needed}",
        fix="correct it in the suite's `scorers`",
    )
