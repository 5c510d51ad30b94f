"""Does our search find what answers a question, and more often than what others do by default?

    python -m bench.retrieval.run --shared ../shared --sets squad2,msdocs_faq

Expected before measuring: the better of BM25 and vectors changes from set to set, so a fixed fusion loses to
it somewhere; ours should not, by more than chance. Must: over all sets at least 10 % fewer gold passages
missed among the first five than the better single of each set, and no set worse than its better single by
more than 0.02. Results go into bench/results/retrieval.json.
"""

import argparse
import asyncio
import json
import os
import platform
import time
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import cast

import numpy as np
from bench.retrieval.datasets import FAMILIES, SETS, Question, Set, load
from bench.retrieval.systems import (
    Remembering,
    Search,
    bm25_peer,
    dense_peer,
    joined,
    make_index,
    ours,
    rrf_peer,
)
from bench.retrieval.weights import Parts, left_out, take_apart

from genaiops.core import Egress, Settings
from genaiops.knowledge import EmbeddingCache
from genaiops.models import ModelContext, open_embedder
from genaiops.models.providers.onnx import OnnxEmbedder
from genaiops.stats import difference, mean_interval
from genaiops.store import Store

RESULTS = Path(__file__).parent.parent / "results" / "retrieval.json"
ALPHA = 0.05
OURS = ("hybrid", "hybrid_rerank")
SINGLES = ("bm25s", "dense")
RECALL = "recall@5"


def recall_at_5(found: list[str], question: Question) -> float:
    """Return the share of the gold passages among the first five."""
    return len(question.gold & set(found[:5])) / len(question.gold)


def reciprocal_rank(found: list[str], question: Question) -> float:
    """Return 1 / rank of the first gold passage, 0 where none is among the first ten."""
    return next((1 / rank for rank, id in enumerate(found[:10], start=1) if id in question.gold), 0.0)


METRICS = {RECALL: recall_at_5, "mrr@10": reciprocal_rank}


def measure(data: Set, search: Search) -> dict[str, object]:
    """Return each question's scores, and how long the searches took."""
    found: list[list[str]] = []
    seconds: list[float] = []
    for question in data.questions:
        began = time.perf_counter()
        found.append(search(question.query))
        seconds.append(time.perf_counter() - began)
    scores = {
        name: [metric(ids, question) for ids, question in zip(found, data.questions, strict=True)]
        for name, metric in METRICS.items()
    }
    return {"scores": scores, "ms": {"p50": p(seconds, 50), "p95": p(seconds, 95)}}


def p(seconds: list[float], percent: int) -> float:
    """Return a percentile in milliseconds."""
    return round(float(np.percentile(seconds, percent)) * 1000, 2)


def best_single(scores: Mapping[str, Mapping[str, Sequence[float]]], metric: str) -> str:
    """Return which of the two peers is better on a set."""
    return max(SINGLES, key=lambda name: sum(scores[name][metric]))


def summary(
    clusters: Sequence[str], scores: Mapping[str, Mapping[str, Sequence[float]]]
) -> dict[str, object]:
    """Return means with intervals, and our differences to the better single of that set."""
    facts: dict[str, object] = {}
    for metric in METRICS:
        means = {name: one[metric] for name, one in scores.items()}
        best = best_single(scores, metric)
        facts[metric] = {
            "mean": {
                name: interval(mean_interval(values, clusters, ALPHA)) for name, values in means.items()
            },
            "best_single": best,
            "versus_best_single": {
                name: interval(difference(means[name], means[best], clusters, ALPHA)) for name in OURS
            },
            "rerank_versus_hybrid": interval(
                difference(means["hybrid_rerank"], means["hybrid"], clusters, ALPHA)
            ),
        }
    return facts


def interval(found: object) -> list[float | None]:
    """Return estimate, low, high (90 %, two-sided; CV3 and t over clusters)."""
    return [None if value is None else round(value, 4) for value in (found.estimate, found.low, found.high)]


def run_set(
    name: str, shared: Path, embedder: Remembering, store: Store, runner: asyncio.Runner
) -> tuple[dict, list[Parts]]:
    """Return one set's results, and the parts of its scores."""
    data = load(name, shared)
    cache = EmbeddingCache(store)
    began = time.perf_counter()
    index = runner.run(make_index(data, embedder, store.path / "indexes", cache))
    built = time.perf_counter() - began
    singles = {
        depth: (bm25_peer(data, depth), dense_peer(data, embedder, cache, runner, depth))
        for depth in (10, 50)
    }
    searches = {
        "bm25s": singles[10][0],
        "dense": singles[10][1],
        "rrf": rrf_peer(singles[50]),
        "hybrid": ours(index, embedder, runner, rerank=False),
        "hybrid_rerank": ours(index, embedder, runner, rerank=True),
    }
    runner.run(_know(embedder, data))
    measured = {system: measure(data, search) for system, search in searches.items()}
    clusters = [question.cluster for question in data.questions]
    facts = {
        "note": data.note,
        "passages": len(data.passages),
        "questions": len(data.questions),
        "clusters": len(set(clusters)),
        "trust": index.facts()["trust"],
        "build_s": round(built, 1),
        "metrics": summary(clusters, {system: one["scores"] for system, one in measured.items()}),
        "ms": {system: one["ms"] for system, one in measured.items()},
        "clustered_by": clusters,
        "raw": {system: rounded(one["scores"]) for system, one in measured.items()},
    }
    parts = take_apart(data, index, embedder, runner) if name in FAMILIES else []
    index.close()
    return facts, parts


async def _know(embedder: Remembering, data: Set) -> None:
    """Compute what depends on the questions alone, so that times are those of the searches."""
    texts = [question.query.text for question in data.questions]
    await embedder.embed([*texts, *(question.query.in_context for question in data.questions)], "query")
    await embedder.embed([joined(question.query) for question in data.questions], "query")
    await embedder.token_vectors(texts)


def rounded(scores: dict[str, list[float]]) -> dict[str, list[float]]:
    """Return scores short enough to keep."""
    return {metric: [round(value, 4) for value in values] for metric, values in scores.items()}


def pooled(sets: Mapping[str, dict], found: Mapping[str, Sequence[float]], names: Sequence[str]) -> dict:
    """Return what `found` misses among five passages, beside the better single of each set in `names`."""
    mine: list[float] = []
    theirs: list[float] = []
    clusters: list[str] = []
    for name in names:
        scores = sets[name]["raw"]
        mine += found[name]
        theirs += scores[best_single(scores, RECALL)][RECALL]
        clusters += [f"{FAMILIES[name]} {cluster}" for cluster in sets[name]["clustered_by"]]
    missed, before = sum(1 - one for one in mine), sum(1 - one for one in theirs)
    return {
        "questions": len(mine),
        "clusters": len(set(clusters)),
        "missed": round(missed, 1),
        "better_single_missed": round(before, 1),
        "fewer": round(1 - missed / before, 4),
        "difference": interval(difference(mine, theirs, clusters, ALPHA)),
        "worst_set": min(
            (
                round(
                    float(np.mean(found[name]))
                    - sets[name]["metrics"][RECALL]["mean"][best_single(sets[name]["raw"], RECALL)][0],
                    4,
                ),
                name,
            )
            for name in names
        ),
    }


def overall(sets: Mapping[str, dict], parts: Mapping[str, list[Parts]]) -> dict[str, object]:
    """Return the pooled comparisons, with all of our weights and with those chosen without each family."""
    names = list(parts)
    best = {name: sets[name]["raw"][best_single(sets[name]["raw"], RECALL)][RECALL] for name in names}
    without = left_out(parts, best)
    english = [name for name in names if name not in ("xquad_zh", "xquad_ar")]
    systems = {
        system: {name: sets[name]["raw"][system][RECALL] for name in names} for system in ("rrf", *OURS)
    }
    systems["left_out"] = cast("dict[str, list[float]]", without["recall"])
    return {
        "chosen": without["chosen"],
        "chosen_on_all": without["on all"],
        "left_out": {name: round(float(np.mean(values)), 4) for name, values in systems["left_out"].items()},
        "all": {system: pooled(sets, found, names) for system, found in systems.items()},
        "without Chinese and Arabic": {
            system: pooled(sets, found, english) for system, found in systems.items()
        },
    }


def machine() -> dict[str, object]:
    """Return where this ran."""
    return {
        "cpu": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "load": [round(load, 2) for load in os.getloadavg()],
        "python": platform.python_version(),
        "versions": {name: version(name) for name in ("bm25s", "numpy", "onnxruntime", "tokenizers")},
    }


def main() -> None:
    """Run the sets that were asked for and write their results, pooled."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--shared", type=Path, default=Path("../shared"))
    arguments.add_argument("--sets", default=",".join(SETS))
    arguments.add_argument("--work", type=Path, default=Path("build/bench-retrieval"))
    arguments.add_argument("--out", type=Path, default=RESULTS)
    given = arguments.parse_args()
    settings = Settings.from_env(os.environ)
    no_way_out = cast(Egress, None)  # a local model opens no connection
    context = ModelContext(settings=settings, egress=no_way_out, root=Path())
    embedder = Remembering(cast(OnnxEmbedder, open_embedder("local:minilm-l6", context)))
    given.work.mkdir(parents=True, exist_ok=True)
    sets: dict[str, dict] = {}
    parts: dict[str, list[Parts]] = {}
    with Store.open(given.work) as store, asyncio.Runner() as runner:
        for name in given.sets.split(","):
            sets[name], taken = run_set(name, given.shared, embedder, store, runner)
            parts |= {name: taken} if taken else {}
            means = {system: mean[0] for system, mean in sets[name]["metrics"][RECALL]["mean"].items()}
            print(name, means, flush=True)
        runner.run(embedder.close())
    facts = {"machine": machine(), "overall": {}, "sets": sets}
    if FAMILIES.keys() <= sets.keys():
        facts["overall"] = overall(sets, parts)
    elif given.out.exists():  # some sets again: the others, and what was pooled of them, stay
        before = json.loads(given.out.read_text("utf-8"))
        facts = {**before, "sets": before["sets"] | sets}
    given.out.write_text(json.dumps(facts, indent=1) + "\n")
    print(json.dumps(facts["overall"], indent=1))


if __name__ == "__main__":
    main()
