"""From names in a suite to scorers: built-in and plug-in ones come through the same door.

A factory is named `module:function`, as in an entry point of the group `genaiops.scorers`; only the names
that a suite uses are loaded.
"""

from collections.abc import Mapping
from difflib import get_close_matches
from importlib.metadata import EntryPoint, entry_points

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
        "similarity": "semantic_similarity",
        "retrieval": "retrieval_recall retrieval_mrr retrieval_ndcg",
        "citations": "citation_precision citation_recall",
        "abstention": "abstention wrong_answers",
        "effort": "latency_ms tokens cost_usd",
    }.items()
    for name in names.split()
}


def build_scorers(ruler: Ruler, *, embedder: Embedder | None = None) -> list[Scorer]:
    """Return the scorers of a suite, in its order; raises `UserError` for an unknown name or parameter.

    Without an `embedder`, a scorer that reads one can be built, but its scores fail.
    """
    uses = {use.name: use for use in ruler.scorers}
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
            built[name] = _build(uses[name], context)
        return built[name]

    context = ScorerContext(embedder, scorer)
    return [scorer(use.name) for use in ruler.scorers]


def scorer_specs(ruler: Ruler) -> dict[str, ScorerSpec]:
    """Return what each scorer of a suite measures: as the ruler keeps it, else as its scorers say."""
    specs = ruler.specs or tuple(scorer.spec for scorer in build_scorers(ruler))
    return {spec.name: spec for spec in specs}


def _build(use: ScorerUse, context: ScorerContext) -> Scorer:
    scorer = _factory(use.name)(use.parameters, context)
    if scorer.spec.name != use.name:
        raise _unusable(use.name, f"it calls itself {scorer.spec.name!r}")
    return scorer


def _factory(name: str) -> ScorerFactory:
    if name in BUILT_IN:
        return EntryPoint(name, BUILT_IN[name], GROUP).load()
    found = tuple(entry_points(group=GROUP, name=name))
    if not found:
        near = get_close_matches(name, BUILT_IN, n=1)
        raise UserError(
            "GAO-ARENA-121",
            f"unknown scorer {name!r}" + (f", did you mean {near[0]!r}?" if near else ""),
            why=f"built in: {', '.join(BUILT_IN)}; no installed package offers it as {GROUP}",
            fix="correct the name, or install the package that brings it",
        )
    try:
        return found[0].load()
    except (ImportError, AttributeError) as error:
        raise _unusable(name, one_line(str(error))) from error


def _unusable(name: str, why: str) -> UserError:
    return UserError(
        "GAO-ARENA-122",
        f"the scorer {name!r} cannot be used",
        why=why,
        fix=f"mend the package that offers it under the entry point group {GROUP}",
    )
