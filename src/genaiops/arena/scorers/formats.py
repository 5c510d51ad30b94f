"""Whether an answer has the form that its caller can read."""

import json
from typing import NoReturn

from genaiops.arena.scorers.base import Mark, scorer
from genaiops.core import Case, Json, Output, ScorerSpec, one_line


@scorer(ScorerSpec(name="json_valid", reads=frozenset({"output"})))
def json_valid(case: Case, output: Output) -> Mark:
    """1 where the answer is data, or a text that is JSON and nothing else."""
    try:
        said_data(output)
    except ValueError as error:
        return Mark(0.0, str(error))
    return Mark(1.0)


def said_data(output: Output) -> Json:
    """Return an output's data, else its text read as JSON; raises `ValueError` where that is not JSON."""
    if output.data is not None:
        return output.data
    try:
        return json.loads(output.text or "", parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"not JSON: {one_line(str(error))}") from error


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON value")
