"""What a scorer is made of: a spec, where it applies, and a pure function from case and output to a mark."""

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps

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


def applies_to(scorer: Scorer, case: Case) -> bool:
    """Say whether a scorer applies to a case: by its `applies`, if it has one; else only its score tells."""
    applies: Callable[[Case], bool] | None = getattr(scorer, "applies", None)
    return applies is None or applies(case)


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


def scorer(
    spec: ScorerSpec, applies: Callable[[Case], bool] = everywhere
) -> Callable[[Callable[..., float | Mark]], ScorerFactory]:
    """Make a factory of a function of case and output.

    What the function takes beyond those two has a default, and is what a suite may set: a value of another
    type than the default's is refused. Raises `TypeError` for a function that is not of this form.
    """

    def make(measure: Callable[..., float | Mark]) -> ScorerFactory:
        defaults = _defaults(measure)

        @wraps(measure)
        def factory(parameters: Mapping[str, Json], context: ScorerContext) -> PureScorer:
            given = take_parameters(spec.name, parameters, defaults)
            for name, value in given.items():
                if not _alike(value, defaults[name]):
                    raise wrong_parameter(spec.name, name, value, f"of the same kind as {defaults[name]!r}")

            def mark(case: Case, output: Output) -> Mark:
                value = measure(case, output, **given)
                return value if isinstance(value, Mark) else Mark(float(value))

            return PureScorer(spec, mark, applies)

        return factory

    return make


def _defaults(measure: Callable[..., float | Mark]) -> dict[str, Json]:
    _, _, *rest = inspect.signature(measure).parameters.values()
    for one in rest:
        if one.default is one.empty:
            raise TypeError(f"the parameter {one.name!r} of {measure.__name__} needs a default")
    return {one.name: one.default for one in rest}


def _alike(value: Json, default: Json) -> bool:
    if isinstance(default, float):
        return isinstance(value, int | float) and not isinstance(value, bool)
    return default is None or type(value) is type(default)


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


def choice(scorer: str, parameters: Mapping[str, Json], name: str, options: Iterable[str]) -> str:
    """Return a parameter that is one of `options`; raises `UserError` for any other value."""
    value = parameters[name]
    if isinstance(value, str) and value in options:
        return value
    raise wrong_parameter(scorer, name, value, " or ".join(options))


def wrong_parameter(scorer: str, name: str, value: Json, needed: str) -> UserError:
    """Return the error for a parameter that does not fit."""
    return UserError(
        "GAO-ARENA-123",
        f"{name} of the scorer {scorer} is {value!r}",
        why=f"it must be {needed}",
        fix="correct it in the suite's `scorers`",
    )


def right_by(scorer: str, parameters: Mapping[str, Json], context: ScorerContext) -> tuple[Scorer, float]:
    """Return the scorer of the suite that `right` names, and the value `from` which on an answer is right."""
    right, threshold = parameters["right"], parameters["from"]
    if not isinstance(right, str) or right == scorer:
        raise wrong_parameter(scorer, "right", right, "the name of another scorer of this suite")
    if not isinstance(threshold, int | float) or isinstance(threshold, bool):
        raise wrong_parameter(scorer, "from", threshold, "a number")
    found = context.scorer(right)
    if found.spec.better != "higher":
        raise wrong_parameter(scorer, "right", right, "a scorer where higher is better")
    return found, float(threshold)


def is_right(told: Score, threshold: float) -> bool | None:
    """Say whether a score is right, ties within 1e-9 included; None where the scorer could not tell."""
    return None if told.value is None else told.value >= threshold - 1e-9
