"""Scorers: from (case, output, trace) to a number, the built-in ones and the door for plug-ins."""

from typing import TYPE_CHECKING

from genaiops.lazy import attach

if TYPE_CHECKING:
    from genaiops.arena.scorers.base import Mark, PureScorer, ScorerContext, ScorerFactory, scorer
    from genaiops.arena.scorers.registry import BUILT_IN, build_scorers, scorer_specs
    from genaiops.arena.scorers.run import check_expectations, score_output

_FILES = {
    "base": "Mark PureScorer ScorerContext ScorerFactory scorer",
    "registry": "BUILT_IN build_scorers scorer_specs",
    "run": "check_expectations score_output",
}

__all__ = [
    "BUILT_IN", "Mark", "PureScorer", "ScorerContext", "ScorerFactory", "build_scorers",
    "check_expectations", "score_output", "scorer", "scorer_specs",
]  # fmt: skip

__getattr__ = attach(__name__, {name: file for file, names in _FILES.items() for name in names.split()})
