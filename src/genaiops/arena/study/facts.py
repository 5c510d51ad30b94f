"""Every item that a full RAG report states, group by group: a value, or that nobody measured it. Pure.

The list is data, so that no item can be left out: what a study cannot say reads *not measured*.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from genaiops.arena.report.words import NOT_MEASURED
from genaiops.arena.scorers.expected import answerable
from genaiops.arena.study.asked import question_of
from genaiops.arena.study.material import Material
from genaiops.arena.study.model import Answers, Generation, Retrieval, Robustness
from genaiops.arena.study.overlap import RUN, overlapping
from genaiops.arena.study.searching import DEPTH
from genaiops.core import Json, ModelSpec
from genaiops.knowledge import default_weights
from genaiops.prompts import Prompt

ITEMS: Mapping[str, tuple[str, ...]] = {
    "corpus": ("digest", "documents", "size", "licence", "access"),
    "chunks": ("parser", "by", "tokens", "overlap", "passages"),
    "index": ("embedder", "embedder revision", "dimension", "pooling", "kind", "ANN parameters", "recipe"),
    "retrieval": (
        "modes",
        "lexical",
        "fusion",
        "k before rerank",
        "k after rerank",
        "reranker",
        "query transforms",
    ),
    "prompt": ("digests", "context budget", "truncated"),
    "generator": ("model", "revision", "decoding", "seed", "tuned model"),
    "questions": (
        "origin",
        "split",
        "contamination",
        "answerable share",
        "slices",
        "rows",
    ),
    "retrieval quality": ("recall@k", "nDCG@10", "MRR"),
    "answer quality": (
        "correctness",
        "faithfulness",
        "citation precision and recall",
        "abstention precision and recall",
        "hallucination, sufficient context",
        "hallucination, insufficient context",
    ),
    "cost": ("latency p50 and p95", "tokens", "money"),
    "judge": ("judge", "prompt", "agreement with people"),
    "method": (
        "interval",
        "clusters",
        "baseline",
        "failures counted",
        "variants tried",
    ),
    "robustness": ("distractors", "injection", "stale documents"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the facts are read from; None for a part that was not made."""

    material: Material
    retrieval: Retrieval
    generation: Generation | None
    robustness: Robustness | None
    prompts: Mapping[str, Prompt]
    k: int
    budget: int
    chat: ModelSpec | None
    tuned: ModelSpec | None
    variants: int


def system_facts(known: Known) -> dict[str, dict[str, Json]]:
    """Return every item of `ITEMS`, in its order."""
    given: dict[str, dict[str, Json]] = {
        **_knowledge(known),
        **_asking(known),
        **_measured(known),
        "method": _method(known),
        "robustness": _robustness(known.robustness),
    }
    return {
        group: {item: _said(given.get(group, {}).get(item)) for item in items}
        for group, items in ITEMS.items()
    }


def _said(value: Json) -> Json:
    return NOT_MEASURED if value is None or value == "" else value


def _knowledge(known: Known) -> dict[str, dict[str, Json]]:
    material = known.material
    stated = material.corpus
    corpus, chunk = _part(stated, "corpus"), _part(stated, "chunk")
    spec, facts = material.embedder.spec, material.index.facts()
    weights, backend = default_weights(), material.index.recipe.backend
    return {
        "corpus": corpus,
        "chunks": {**chunk, "passages": facts.get("passages")},
        "index": {
            "embedder": spec.reference,
            "embedder revision": spec.digest or spec.version,
            "dimension": facts.get("dimension"),
            "pooling": spec.settings.get("pooling"),
            "kind": backend.title,
            "ANN parameters": ", ".join(f"{key} {value}" for key, value in backend.settings.items())
            or "none: exact search",
            "recipe": material.index.recipe.digest,
        },
        "retrieval": {
            "modes": "dense, lexical, hybrid, hybrid with rerank",
            "lexical": material.index.recipe.lexical,
            "fusion": f"weights version {weights.version}; trust in the embedder {_trust(facts)}",
            "k before rerank": DEPTH,
            "k after rerank": known.k,
            "reranker": f"token similarity (MaxSim), {spec.reference}",
            "query transforms": "none; what was said before joins the question in a conversation",
        },
    }


def _trust(facts: Mapping[str, Json]) -> str:
    trust = _part(facts, "trust")
    told = [
        f"{name or 'any script'} {value:.2f}" for name, value in trust.items() if isinstance(value, float)
    ]
    return ", ".join(told) or "1, as nothing is known of it"


def _asking(known: Known) -> dict[str, dict[str, Json]]:
    material, generation = known.material, known.generation
    stated = [one for case in material.cases if (one := answerable(case)) is not None]
    origins = sorted({str(case.tags["origin"]) for case in material.cases if "origin" in case.tags})
    shared, long = overlapping([question_of(case) for case in material.cases], material.texts)
    digests = "; ".join(f"{name} {prompt.digest}" for name, prompt in known.prompts.items())
    cut = {row.variant: row.truncated for row in generation.rows} if generation else {}
    told = ", ".join(f"{name} {count}" for name, count in cut.items())
    return {
        "prompt": {
            "digests": digests,
            "context budget": f"{known.budget:,} tokens, {known.k} passages",
            "truncated": f"of {generation.cases} contexts each: {told}" if generation else None,
        },
        "generator": _generator(known),
        "questions": {
            "origin": ", ".join(origins) or None,
            "split": "all rows are test rows: nothing was learnt from them here",
            "contamination": f"{shared} of {long} questions of {RUN} words or more share {RUN} in a row with "
            "a document",
            "answerable share": f"{sum(stated)} of {len(stated)}" if stated else None,
            "slices": ", ".join(material.suite.ruler.slices) or "none",
            "rows": len(material.cases),
        },
    }


def _generator(known: Known) -> dict[str, Json]:
    if known.generation is None or known.chat is None:
        return {}
    return {
        "model": known.chat.reference,
        "revision": known.chat.digest or known.chat.version or "the endpoint states none",
        "decoding": "temperature 0; max_tokens of each prompt",
        "seed": "0, the repeat's",
        "tuned model": known.tuned.reference if known.tuned else "none given",
    }


def _measured(known: Known) -> dict[str, dict[str, Json]]:
    found = {one.search: one.measures for one in known.retrieval.found}
    quality: dict[str, Json] = {}
    if found:
        quality = {
            "recall@k": {
                name: {k: v for k, v in m.items() if k.startswith("recall")} for name, m in found.items()
            },
            "nDCG@10": {name: m["nDCG@10"] for name, m in found.items()},
            "MRR": {name: m["MRR@20"] for name, m in found.items()},
        }
    rows = known.generation.rows if known.generation else ()
    return {
        "retrieval quality": quality,
        "answer quality": _answer_quality(rows),
        "cost": {
            "latency p50 and p95": _each(rows, _times),
            "tokens": _each(rows, lambda row: _pair(row.tokens_in, row.tokens_out)),
            "money": _each(rows, lambda row: row.cost_per_right_usd),
        }
        if rows
        else {},
        "judge": {
            "judge": "no judge: right and wrong are told by the scorer named under correctness",
            "prompt": "none",
            "agreement with people": "none: no judge",
        }
        if rows
        else {},
    }


def _answer_quality(rows: tuple[Answers, ...]) -> dict[str, Json]:
    if not rows:
        return {}
    grounded = [row for row in rows if row.groundedness is not None]
    return {
        "correctness": _each(rows, lambda row: f"{row.right} right, {row.wrong} wrong, {row.silent} silent"),
        "faithfulness": _each(tuple(grounded), lambda row: row.groundedness) if grounded else None,
        "citation precision and recall": _each(
            rows, lambda row: _pair(row.citation_precision, row.citation_recall)
        ),
        "abstention precision and recall": _each(
            rows,
            lambda row: (
                f"{row.abstention_precision.part}/{row.abstention_precision.whole}, "
                f"{row.abstention_recall.part}/{row.abstention_recall.whole}"
            ),
        ),
        "hallucination, sufficient context": _each(
            rows, lambda row: f"{row.wrong_sufficient.part}/{row.wrong_sufficient.whole}"
        ),
        "hallucination, insufficient context": _each(
            rows, lambda row: f"{row.wrong_insufficient.part}/{row.wrong_insufficient.whole}"
        ),
    }


def _method(known: Known) -> dict[str, Json]:
    level = 1 - 2 * known.material.suite.ruler.gate.alpha
    missing = sum(one.failed for one in known.retrieval.found)
    rows = known.generation.rows if known.generation else ()
    failed, gone = sum(row.failed for row in rows), sum(row.missing for row in rows)
    return {
        "interval": f"paired, cluster jackknife (CV3) with t, {level:.0%}, all of a measure together (max-T)",
        "clusters": f"{known.retrieval.clusters} in retrieval"
        + (f", {known.generation.clusters} in generation" if known.generation else ""),
        "baseline": "naive RAG: dense search, no rerank",
        "failures counted": f"{missing} searches failed; {failed} answers failed, {gone} are missing",
        "variants tried": known.variants,
    }


def _robustness(robustness: Robustness | None) -> dict[str, Json]:
    if robustness is None or not robustness.trials:
        return {}
    told: dict[str, list[str]] = {}
    for trial in robustness.trials:
        kind = trial.name.partition(":")[0]
        caught = "" if trial.caught is None else f", {trial.caught} carried it"
        told.setdefault(kind, []).append(
            f"{trial.name.partition(':')[2]}: {trial.right} of {trial.cases} right "
            f"({trial.against} undisturbed){caught}"
        )
    return {kind: "; ".join(lines) for kind, lines in told.items()}


def _part(facts: Mapping[str, Json], name: str) -> dict[str, Json]:
    value = facts.get(name)
    return value if isinstance(value, dict) else {}


def _each(rows: tuple[Answers, ...], told: Callable[[Answers], Json]) -> dict[str, Json]:
    return {row.variant: _said(told(row)) for row in rows}


def _pair(one: float | None, other: float | None) -> str | None:
    return None if one is None or other is None else f"{one:.4g}, {other:.4g}"


def _times(row: Answers) -> str:
    if row.p50_ms is None or row.p95_ms is None:
        return "all answers were used again: not measured"
    return f"{row.p50_ms:.4g} ms, {row.p95_ms:.4g} ms ({row.timed} fresh answers, search apart)"
