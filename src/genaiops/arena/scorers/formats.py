"""Whether an answer has the form that its caller can read."""

import json
from collections.abc import Mapping
from typing import NoReturn

from genaiops.arena.scorers.base import Mark, PureScorer, ScorerContext, take_parameters
from genaiops.core import Case, Json, Output, ScorerSpec, one_line


def json_valid(parameters: Mapping[str, Json], context: ScorerContext) -> PureScorer:
    """1 where the answer is data, or a text that is JSON and nothing else."""
    take_parameters("json_valid", parameters, {})
    return PureScorer(ScorerSpec(name="json_valid", reads=frozenset({"output"})), _mark)


def _mark(case: Case, output: Output) -> Mark:
    if output.data is not None:
        return Mark(1.0)
    try:
        json.loads(output.text or "", parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        return Mark(0.0, one_line(str(error)))
    return Mark(1.0)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
