"""A new metric over outputs that were recorded: no model call, and the verdict stays what it was."""

from collections.abc import Sequence
from dataclasses import replace

from genaiops.arena.compare import compare
from genaiops.arena.judges import Given, Panel
from genaiops.arena.model import ROLES, Gate, Judge, Role, Run, ScorerUse
from genaiops.arena.scorers import build_scorers, score_output, scorer_specs
from genaiops.arena.sealing import no_way_to_seal
from genaiops.core import Comparison, Embedder, Json, Score, Trace


async def rescore(
    run: Run,
    scorer: str,
    parameters: dict[str, Json],
    *,
    embedder: Embedder | None = None,
    judges: tuple[Judge, ...] = (),
    panel: Panel | None = None,
) -> tuple[tuple[Comparison, ...], tuple[Comparison, ...]]:
    """Return the comparison by `scorer` over all cases that were asked, and over the suite's slices.

    `judges` holds the scorer where it is a judge, and `panel` asks it. Raises `UserError` for an unknown
    scorer, parameters that it does not take, or a judge that is no ruler.
    """
    if run.sealed:
        raise no_way_to_seal(run.suite.ruler.name, "its outputs are sealed: they are scored in its own runs")
    use = ScorerUse(name=scorer, parameters=parameters)
    ruler = replace(run.suite.ruler, scorers=(use,), specs=(), correct=None, judges=judges)
    ruler = replace(ruler, specs=tuple(scorer_specs(ruler).values()), gate=Gate(alpha=ruler.gate.alpha))
    asked = {row.case for row in run.rows}  # a sequential run stops before it has asked them all
    cases = {case.id: case for case in run.suite.cases if case.id in asked}
    traces = {trace.id: trace for trace in run.traces}
    given = [
        Given(row.role, cases[row.case], row.repeat, row.output)
        for row in run.rows
        if row.case in cases and row.repeat < ruler.repeats
    ]
    judged = await panel.judged(given) if panel else {}
    scores: dict[Role, Sequence[Score]] = {}
    for role in ROLES:
        scorers = build_scorers(ruler, embedder=embedder, judged=judged.get(role))
        found: list[Score] = []
        for one in given:
            if one.arm == role:
                trace = traces.get(one.output.trace_id, Trace(id=one.output.trace_id))
                found += await score_output(scorers, one.case, one.repeat, one.output, trace)
        scores[role] = found
    return compare(ruler, list(cases.values()), scores)
