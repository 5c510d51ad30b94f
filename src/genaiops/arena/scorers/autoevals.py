"""Metrics of the package `autoevals` that compute by themselves; those that ask a model are refused.

autoevals asks models through clients and keys of its own, past the egress policy and the count of costs.
"""

import math
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from importlib import import_module
from importlib.metadata import version
from typing import Any

from genaiops.arena.scorers.answers import abstention_mark, has_reference
from genaiops.arena.scorers.base import (
    Mark,
    PureScorer,
    ScorerContext,
    everywhere,
    take_parameters,
    wrong_parameter,
)
from genaiops.arena.scorers.expected import answers
from genaiops.core import Case, Json, Output, ScorerSpec, UserError, one_line

_TEXT, _DATA, _NUMBER, _FORM = "text", "data", "number", "form"
METRICS = {
    "ExactMatch": _TEXT,
    "Levenshtein": _TEXT,
    "JSONDiff": _DATA,
    "NumericDiff": _NUMBER,
    "ValidJSON": _FORM,
}
"""Each metric with what it looks at: texts, data, a number, or the answer's form alone."""


def autoevals(parameters: Mapping[str, Json], context: ScorerContext) -> PureScorer:
    """One metric of autoevals, 0 to 1, over the case's inputs, the output and what is expected."""
    metric = take_parameters("autoevals", parameters, {"metric": None})["metric"]
    if not isinstance(metric, str) or metric not in METRICS:
        raise wrong_parameter("autoevals", "metric", metric, _needed(metric))
    measure, release = _load(metric)
    spec = ScorerSpec(name="autoevals", version=f"autoevals {release} {metric}")
    mark, applies = _MARKS[METRICS[metric]]
    return PureScorer(spec, lambda case, output: mark(measure, case, output), applies)


Measure = Callable[[Json, Json], float]
"""From what was said and what was meant to a metric's value."""


def _needed(metric: Json) -> str:
    near = get_close_matches(str(metric), METRICS, n=1)
    hint = f" (did you mean {near[0]}?)" if near else ""
    return f"one of {', '.join(METRICS)}{hint}; metrics of autoevals that ask a model are not supported"


def _load(metric: str) -> tuple[Measure, str]:
    try:
        made: Any = getattr(import_module("autoevals"), metric)()
        release = version("autoevals")
    except (ImportError, AttributeError) as error:
        raise UserError(
            "GAO-ARENA-127",
            f"the scorer autoevals needs {metric} of the package autoevals, which is not there",
            why=one_line(str(error)),
            fix="pip install 'genaiops[autoevals]'",
        ) from error

    def measure(said: Json, meant: Json) -> float:
        value: float | None = made.eval(output=said, expected=meant).score
        return math.nan if value is None else float(value)

    return measure, release


def _text_mark(measure: Measure, case: Case, output: Output) -> Mark:
    decided = abstention_mark(case, output)
    said = output.text or ""
    return decided or Mark(max(measure(said, reference) for reference in answers(case)))


def _data_mark(measure: Measure, case: Case, output: Output) -> Mark:
    return Mark(measure(_said(output), case.expected.get("data")))


def _number_mark(measure: Measure, case: Case, output: Output) -> Mark:
    said, meant = _number(_said(output)), _wanted_number(case)
    assert meant is not None  # the case was asked first
    return Mark(0.0, "the answer is no number") if said is None else Mark(measure(said, meant))


def _form_mark(measure: Measure, case: Case, output: Output) -> Mark:
    return Mark(measure(_said(output), None))


def _said(output: Output) -> Json:
    return output.data if output.data is not None else output.text or ""


def _wanted_number(case: Case) -> float | None:
    return _number(case.expected.get("data", case.expected.get("answer")))


def _number(value: Json) -> float | None:
    """Return a finite number, also one written as text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


_MARKS: dict[str, tuple[Callable[[Measure, Case, Output], Mark], Callable[[Case], bool]]] = {
    _TEXT: (_text_mark, has_reference),
    _DATA: (_data_mark, lambda case: case.expected.get("data") is not None),
    _NUMBER: (_number_mark, lambda case: _wanted_number(case) is not None),
    _FORM: (_form_mark, everywhere),
}
