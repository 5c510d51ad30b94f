"""What a study shows, in a few sentences: what is proven, what is open, what cannot be told. Pure."""

from collections.abc import Sequence

from genaiops.arena.report.words import interval
from genaiops.arena.study.model import Contrast, Generation, Retrieval
from genaiops.arena.study.searching import PRIMARY
from genaiops.arena.study.variants import BASELINE


def headline(retrieval: Retrieval, generation: Generation | None) -> tuple[str, ...]:
    """Return one sentence on retrieval and one on the answers."""
    return (_retrieval(retrieval), _generation(generation))


def _retrieval(retrieval: Retrieval) -> str:
    if retrieval.reason:
        return retrieval.reason
    mine = [one for one in retrieval.contrasts if one.measure == PRIMARY and one.against == "dense"]
    return f"Retrieval, {PRIMARY} against naive dense search: {_listed(mine)}."


def _generation(generation: Generation | None) -> str:
    if generation is None:
        return "Answers: not measured."
    if not generation.rows:
        return "Answers: planned, not asked for."
    mine = [one for one in generation.contrasts if one.measure == "right" and one.against == BASELINE]
    if not mine:
        return "Answers: naive RAG alone was asked for; there is nothing to compare."
    return f"Right answers against naive RAG: {_listed(mine)}."


def _listed(contrasts: Sequence[Contrast]) -> str:
    """Return what is proven with its size, and what is not by its name alone."""
    told = [
        f"{one.variant} {one.reading} ({interval(one.diff, signed=True)})"
        for one in contrasts
        if one.reading in ("better", "worse", "not worse")
    ]
    for reading in ("open", "not decidable"):
        names = [one.variant for one in contrasts if one.reading == reading]
        told += [f"{reading}: {', '.join(names)}"] if names else []
    return "; ".join(told)
