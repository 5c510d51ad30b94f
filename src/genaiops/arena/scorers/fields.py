"""Data against `expected.data`, field by field: the app's data, or its text where that is JSON.

A field that is wrong was both said in vain and not found, so it counts against precision and recall. Data
that say nothing have no precision: 0 where something was expected. `comparing` says what a field is.
"""

from collections.abc import Callable, Mapping

from genaiops.arena.scorers.answers import abstention_mark
from genaiops.arena.scorers.base import Mark, PureScorer, ScorerContext, take_parameters
from genaiops.arena.scorers.comparing import DEFAULTS, Compared, comparing
from genaiops.arena.scorers.expected import answerable
from genaiops.arena.scorers.formats import said_data
from genaiops.core import Case, Json, Output, ScorerSpec


def field_f1(parameters: Mapping[str, Json], context: ScorerContext) -> PureScorer:
    """Harmonic mean of precision and recall over fields; 1 where nothing was expected and nothing said."""
    return _scorer("field_f1", parameters, _f1)


def field_precision(parameters: Mapping[str, Json], context: ScorerContext) -> PureScorer:
    """Share of the fields said that are right."""
    return _scorer("field_precision", parameters, _precision)


def field_recall(parameters: Mapping[str, Json], context: ScorerContext) -> PureScorer:
    """Share of the fields expected that are right; what else was said does not count."""
    return _scorer("field_recall", parameters, _recall, fewest=1)


def _f1(found: Compared) -> float:
    both = found.expected + found.said
    return 2 * found.right / both if both else 1.0


def _precision(found: Compared) -> float:
    return found.right / found.said if found.said else float(found.expected == 0)


def _recall(found: Compared) -> float:
    return found.right / found.expected


def _scorer(
    name: str,
    parameters: Mapping[str, Json],
    measure: Callable[[Compared], float],
    *,
    fewest: int = 0,
) -> PureScorer:
    rules = comparing(name, take_parameters(name, parameters, DEFAULTS))

    def applies(case: Case) -> bool:
        data = case.expected.get("data")
        stated = data is not None and rules.compare(None, data).expected >= fewest
        return stated or answerable(case) is False

    def mark(case: Case, output: Output) -> Mark:
        decided = abstention_mark(case, output)
        if decided is not None:
            return decided
        try:
            said = said_data(output)
        except ValueError as error:
            return Mark(0.0, str(error))
        found = rules.compare(said, case.expected.get("data"))
        return Mark(measure(found), found.reason)

    return PureScorer(ScorerSpec(name=name), mark, applies)
