"""A new metric over outputs that were recorded: no model call, and the verdict stays what it was."""

from collections.abc import Sequence
from dataclasses import replace

from genaiops.arena.compare import compare
from genaiops.arena.model import ROLES, Gate, Role, Run, ScorerUse
from genaiops.arena.scorers import build_scorers, score_output, scorer_specs
from genaiops.core import Comparison, Embedder, Json, Score, Trace


async def rescore(
    run: Run, scorer: str, parameters: dict[str, Json], *, embedder: Embedder | None = None
) -> tuple[tuple[Comparison, ...], tuple[Comparison, ...]]:
    """Return the comparison by `scorer` over all cases that were asked, and over the suite's slices.

    Raises `UserError` for an unknown scorer, or parameters that it does not take.
    """
    use = ScorerUse(name=scorer, parameters=parameters)
    ruler = replace(run.suite.ruler, scorers=(use,), specs=(), correct=None)
    ruler = replace(ruler, specs=tuple(scorer_specs(ruler).values()), gate=Gate(alpha=ruler.gate.alpha))
    scorers = build_scorers(ruler, embedder=embedder)
    asked = {row.case for row in run.rows}  # a sequential run stops before it has asked them all
    cases = {case.id: case for case in run.suite.cases if case.id in asked}
    traces = {trace.id: trace for trace in run.traces}
    scores: dict[Role, Sequence[Score]] = {}
    for role in ROLES:
        found: list[Score] = []
        for row in run.rows:
            if row.role == role and row.case in cases and row.repeat < ruler.repeats:
                trace = traces.get(row.output.trace_id, Trace(id=row.output.trace_id))
                found += await score_output(scorers, cases[row.case], row.repeat, row.output, trace)
        scores[role] = found
    return compare(ruler, list(cases.values()), scores)
