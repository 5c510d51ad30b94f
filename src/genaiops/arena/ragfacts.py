"""How an arm's RAG system was configured, and what its traces show that it really did.

A comparison that leaves out its retrieval proves nothing: every report states corpus, chunks, index,
search, prompt, model and questions. What nothing shows is left out here, and reads *not measured* there.
"""

import json
from collections.abc import Iterable, Sequence

from genaiops.arena.arms import Prepared
from genaiops.arena.model import Suite
from genaiops.core import Json, Trace
from genaiops.knowledge import Corpus, Recipe


def rag_facts(prepared: Prepared, suite: Suite, traces: Sequence[Trace]) -> dict[str, Json]:
    """Return what is known of an arm's configuration, nested as the report reads it."""
    facts: dict[str, Json] = {}
    for name, recipe in prepared.recipes.items():
        facts |= knowledge_facts(recipe, prepared.corpora[name])
    if (embedder := prepared.specs.get("embed")) is not None:
        facts["embed"] = {"model": embedder.reference, **_known(dimension=embedder.settings.get("dimension"))}
    if (chat := prepared.specs.get("chat")) is not None:
        decoding = _seen(traces, "chat", ("gen_ai.request.temperature", "gen_ai.request.max_tokens"))
        seed = _seen(traces, "chat", ("gen_ai.request.seed",))
        facts["model"] = {
            "reference": chat.reference,
            "revision": chat.digest or chat.version,
            **_known(decoding=decoding, seed=seed),
        }
    facts["search"] = _search(prepared, traces)
    facts["prompt"] = _prompts(prepared)
    facts["answer"] = _known(abstention=_calibrations(prepared))
    facts["questions"] = _questions(suite)
    if prepared.guard is not None:
        facts["guard"] = {"policy": prepared.project.guard, "digest": prepared.guard.digest}
    return facts


def knowledge_facts(recipe: Recipe, corpus: Corpus) -> dict[str, Json]:
    """Return what is known of a corpus and of the index made of it."""
    licences = sorted(
        {str(document.metadata["licence"]) for document in corpus.documents if "licence" in document.metadata}
    )
    restricted = sum(document.access is not None for document in corpus.documents)
    return {
        "corpus": {
            "digest": recipe.corpus,
            "documents": len(corpus.documents),
            "size": f"{sum(len(document.text) for document in corpus.documents):,} characters",
            **_known(licence=", ".join(licences) or None),
            "access": f"front matter; {restricted} of {len(corpus.documents)} documents restricted",
        },
        "chunk": {
            "parser": recipe.parser,
            "by": recipe.chunk.by,
            "tokens": recipe.chunk.tokens,
            "overlap": recipe.chunk.overlap,
        },
        "index": {"kind": recipe.backend.title, "digest": recipe.digest},
    }


def _search(prepared: Prepared, traces: Sequence[Trace]) -> dict[str, Json]:
    lexical = next((recipe.lexical for recipe in prepared.recipes.values()), None)
    return _known(
        mode=_seen(traces, "retrieval", ("genaiops.retrieval.mode",)),
        k=_seen(traces, "retrieval", ("gen_ai.retrieval.top_k",)),
        rerank=_seen(traces, "retrieval", ("genaiops.retrieval.rerank",)),
        lexical=lexical,
    )


def _prompts(prepared: Prepared) -> dict[str, Json]:
    digests = [f"{name} {prompt.digest}" for name, prompt in prepared.prompts.items()]
    return _known(
        digest=", ".join(digests) or None, context_tokens=prepared.project.params.get("context_tokens")
    )


def _calibrations(prepared: Prepared) -> str | None:
    found = [
        f"{name}: {json.dumps(calibration.manifest['values'])} {calibration.digest}"
        for name, calibration in prepared.calibrations.items()
    ]
    return "; ".join(found) or None


def _questions(suite: Suite) -> dict[str, Json]:
    answerable = [case.expected["answerable"] for case in suite.cases if "answerable" in case.expected]
    share = f"{sum(map(bool, answerable))} of {len(answerable)}" if answerable else None
    origins = sorted({str(case.tags["origin"]) for case in suite.cases if "origin" in case.tags})
    return _known(origin=", ".join(origins) or None, answerable=share)


def _seen(traces: Sequence[Trace], operation: str, names: Iterable[str]) -> str | None:
    """Return the values that spans of `operation` really had, as a text; None where there is no such span."""
    said: list[str] = []
    for name in names:
        values = {
            json.dumps(span.attributes[name])
            for trace in traces
            for span in trace.spans
            if span.operation == operation and name in span.attributes
        }
        if values:
            label = name.rpartition(".")[2]
            said.append(f"{label} {', '.join(sorted(values)[:4])}")
    return "; ".join(said).replace('"', "") or None


def _known(**values: Json) -> dict[str, Json]:
    return {name: value for name, value in values.items() if value is not None}
