"""From names in a suite to scorers: built-in and plug-in ones come through the same door.

A factory is named `module:function`, as in an entry point of the group `genaiops.scorers`; only the names
that a suite uses are loaded.
"""

from collections.abc import Mapping
from difflib import get_close_matches
from importlib.metadata import EntryPoint, entry_points

from genaiops.arena.judges.scorer import Judged, JudgeScorer, judge_spec
from genaiops.arena.model import Ruler, ScorerUse
from genaiops.arena.scorers.base import ScorerContext, ScorerFactory
from genaiops.core import Embedder, Scorer, ScorerSpec, UserError, one_line

GROUP = "genaiops.scorers"
_ROOM = "genaiops.arena.scorers"
BUILT_IN: Mapping[str, str] = {
    name: f"{_ROOM}.{file}:{name}"
    for file, names in {
        "answers": "exact_match answer_f1 added_f1 contains",
        "formats": "json_valid",
        "fields": "field_f1 field_precision field_recall",
        "calls": "tool_call_f1",
        "trajectory": "trajectory tool_rules",
        "similarity": "semantic_similarity",
        "groundedness": "groundedness",
        "retrieval": "retrieval_recall retrieval_mrr retrieval_ndcg",
        "citations": "citation_precision citation_recall",
        "abstention": "abstention wrong_answers",
        "turns": "every_turn",
        "resisting": "resists",
        "effort": "latency_ms tokens cost_usd steps",
    }.items()
    for name in names.split()
}
ADAPTERS: Mapping[str, str] = {"autoevals": f"{_ROOM}.autoevals:autoevals"}
"""Other people's metrics, by the name of their package, which is imported where a suite names it."""


def build_scorers(
    ruler: Ruler, *, embedder: Embedder | None = None, judged: Mapping[str, Judged] | None = None
) -> list[Scorer]:
    """Return the scorers of a suite, in its order; raises `UserError` for an unknown name or parameter.

    Without an `embedder` a scorer that reads one can be built, and a judge without what it said (`judged`, by
    its name), but their scores fail.
    """
    uses = {use.name: use for use in ruler.scorers}
    judges = {judge.name: judge for judge in ruler.judges}
    built: dict[str, Scorer] = {}

    def scorer(name: str) -> Scorer:
        if name not in uses:
            raise UserError(
                "GAO-ARENA-124",
                f"another scorer needs {name!r}, which the suite lacks",
                why="what it reads must be shown beside it",
                fix=f"add {name} to the suite's `scorers`",
            )
        if name not in built:
            judge = judges.get(name)
            built[name] = (
                _build(uses[name], context)
                if judge is None
                else JudgeScorer(judge_spec(judge), judge, (judged or {}).get(name))
            )
        return built[name]

    context = ScorerContext(embedder, scorer)
    return [scorer(use.name) for use in ruler.scorers]


def scorer_specs(ruler: Ruler) -> dict[str, ScorerSpec]:
    """Return what each scorer of a suite measures: as the ruler keeps it, else as its scorers say."""
    specs = ruler.specs or tuple(scorer.spec for scorer in build_scorers(ruler))
    return {spec.name: spec for spec in specs}


def _build(use: ScorerUse, context: ScorerContext) -> Scorer:
    scorer = _made(use, _factory(use.name), context)
    if scorer.spec.name != use.name:
        raise _unusable(use.name, f"it calls itself {scorer.spec.name!r}")
    return scorer


def _made(use: ScorerUse, factory: ScorerFactory, context: ScorerContext) -> Scorer:
    try:
        scorer = factory(use.parameters, context)
    except TypeError as error:  # most often a class or function that takes something else
        if use.name in BUILT_IN:
            raise
        raise _unusable(
            use.name, f"it is no factory of (parameters, context): {one_line(str(error))}"
        ) from error
    if not hasattr(scorer, "spec") or not hasattr(scorer, "score"):
        raise _unusable(use.name, f"it makes {type(scorer).__name__}, which is no scorer")
    return scorer


def _factory(name: str) -> ScorerFactory:
    ours = {**BUILT_IN, **ADAPTERS}
    if name in ours:
        return EntryPoint(name, ours[name], GROUP).load()
    found = tuple(entry_points(group=GROUP, name=name))
    if not found:
        near = get_close_matches(name, ours, n=1)
        raise UserError(
            "GAO-ARENA-121",
            f"unknown scorer {name!r}" + (f", did you mean {near[0]!r}?" if near else ""),
            why=f"built in: {', '.join(ours)}; no installed package offers it as {GROUP}",
            fix="correct the name, or install the package that brings it",
        )
    try:
        return found[0].load()
    except Exception as error:  # a plug-in is anybody's code: its import can raise anything
        raise _unusable(name, f"{type(error).__name__}: {one_line(str(error))}") from error


def _unusable(name: str, why: str) -> UserError:
    return UserError(
        "GAO-ARENA-122",
        f"the scorer {name!r} cannot be used",
        why=why,
        fix=f"mend the package that offers it under the entry point group {GROUP}",
    )
