"""Does our search find what answers a question, and more often than BM25 or vectors alone?

    python -m bench.retrieval.run --shared ../shared --sets squad2,msdocs_faq

Expected before measuring: hybrid beats the better single by a little on every set, most on mixed vocabulary;
reranking adds to the first rank (MRR) more than to recall@5. Results go into bench/results/retrieval.json.
"""

import argparse
import asyncio
import json
import os
import platform
import time
from importlib.metadata import version
from pathlib import Path
from typing import cast

import numpy as np
from bench.retrieval.datasets import SETS, Question, Set, load
from bench.retrieval.systems import Search, make_index, ours, peer_bm25

from genaiops.core import Egress, Embedder, Settings
from genaiops.knowledge import EmbeddingCache
from genaiops.models import ModelContext, open_embedder
from genaiops.stats import difference, mean_interval
from genaiops.store import Store

RESULTS = Path(__file__).parent.parent / "results" / "retrieval.json"
ALPHA = 0.05
OURS = ("hybrid", "hybrid_rerank")
SINGLES = ("bm25s", "lexical", "dense")
TITLES = {
    "bm25s": "BM25 (bm25s)",
    "lexical": "words only (ours, FTS5)",
    "dense": "vectors only (MiniLM int8)",
    "hybrid": "hybrid (RRF)",
    "hybrid_rerank": "hybrid + rerank",
}


def recall_at_5(found: list[str], question: Question) -> float:
    """Return the share of the gold passages among the first five."""
    return len(question.gold & set(found[:5])) / len(question.gold)


def reciprocal_rank(found: list[str], question: Question) -> float:
    """Return 1 / rank of the first gold passage, 0 where none is among the first ten."""
    return next((1 / rank for rank, id in enumerate(found[:10], start=1) if id in question.gold), 0.0)


METRICS = {"recall@5": recall_at_5, "mrr@10": reciprocal_rank}


def measure(data: Set, search: Search) -> dict[str, object]:
    """Return each question's scores, and how long the searches took."""
    found: list[list[str]] = []
    seconds: list[float] = []
    for question in data.questions:
        began = time.perf_counter()
        found.append(search(question.text))
        seconds.append(time.perf_counter() - began)
    scores = {
        name: [metric(ids, question) for ids, question in zip(found, data.questions, strict=True)]
        for name, metric in METRICS.items()
    }
    return {"scores": scores, "ms": {"p50": p(seconds, 50), "p95": p(seconds, 95)}}


def p(seconds: list[float], percent: int) -> float:
    """Return a percentile in milliseconds."""
    return round(float(np.percentile(seconds, percent)) * 1000, 2)


def summary(data: Set, measured: dict[str, dict]) -> dict[str, object]:
    """Return means with intervals, and our differences to the best single on that set."""
    clusters = [question.cluster for question in data.questions]
    facts: dict[str, object] = {}
    for metric in METRICS:
        means = {name: one["scores"][metric] for name, one in measured.items()}
        best = max(SINGLES, key=lambda name: sum(means[name]))
        facts[metric] = {
            "mean": {
                name: interval(mean_interval(values, clusters, ALPHA)) for name, values in means.items()
            },
            "best_single": best,
            "versus_best_single": {
                name: interval(difference(means[name], means[best], clusters, ALPHA)) for name in OURS
            },
            "versus_bm25s": {
                name: interval(difference(means[name], means["bm25s"], clusters, ALPHA)) for name in OURS
            },
            "rerank_versus_hybrid": interval(
                difference(means["hybrid_rerank"], means["hybrid"], clusters, ALPHA)
            ),
        }
    return facts


def interval(found: object) -> list[float | None]:
    """Return estimate, low, high (90 %, two-sided; CV3 and t over clusters)."""
    return [None if value is None else round(value, 4) for value in (found.estimate, found.low, found.high)]


def run_set(name: str, shared: Path, embedder: Embedder, store: Store, runner: asyncio.Runner) -> dict:
    """Return one set's results."""
    data = load(name, shared)
    cache = EmbeddingCache(store)
    began = time.perf_counter()
    index = runner.run(make_index(data, embedder, store.path / "indexes", cache))
    built = time.perf_counter() - began
    searches = {
        "bm25s": peer_bm25(data),
        "lexical": ours(index, embedder, runner, mode="lexical", rerank=False),
        "dense": ours(index, embedder, runner, mode="dense", rerank=False),
        "hybrid": ours(index, embedder, runner, rerank=False),
        "hybrid_rerank": ours(index, embedder, runner),
    }
    measured = {system: measure(data, search) for system, search in searches.items()}
    facts = {
        "note": data.note,
        "documents": len(data.corpus.documents),
        "chunks": len(index),
        "questions": len(data.questions),
        "clusters": len({question.cluster for question in data.questions}),
        "build_s": round(built, 1),
        "metrics": summary(data, measured),
        "ms": {system: one["ms"] for system, one in measured.items()},
        "raw": {system: rounded(one["scores"]) for system, one in measured.items()},
    }
    index.close()
    return facts


def rounded(scores: dict[str, list[float]]) -> dict[str, list[float]]:
    """Return scores short enough to keep."""
    return {metric: [round(value, 4) for value in values] for metric, values in scores.items()}


def machine() -> dict[str, object]:
    """Return where this ran."""
    return {
        "cpu": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "load": [round(load, 2) for load in os.getloadavg()],
        "python": platform.python_version(),
        "versions": {name: version(name) for name in ("bm25s", "numpy", "onnxruntime", "tokenizers")},
    }


def table(results: dict[str, dict]) -> str:
    """Return the results as Markdown."""
    lines = [
        "| set (documents, questions, clusters) | system | recall@5 | MRR@10 | MRR against the best single |"
    ]
    lines.append("|---|---|---|---|---|")
    for name, one in results.items():
        head = f"{name} ({one['documents']:,}, {one['questions']}, {one['clusters']})"
        for system, title in TITLES.items():
            recall, mrr = (one["metrics"][metric]["mean"][system][0] for metric in METRICS)
            gain = one["metrics"]["mrr@10"]["versus_best_single"].get(system)
            shown = f"{gain[0]:+.3f} [{gain[1]:+.3f}, {gain[2]:+.3f}]" if gain else ""
            lines.append(f"| {head} | {title} | {recall:.3f} | {mrr:.3f} | {shown} |")
            head = ""
    return "\n".join(lines)


def main() -> None:
    """Run the sets that were asked for and merge their results."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--shared", type=Path, default=Path("../shared"))
    arguments.add_argument("--sets", default=",".join(SETS))
    arguments.add_argument("--work", type=Path, default=Path("build/bench-retrieval"))
    arguments.add_argument("--out", type=Path, default=RESULTS)
    given = arguments.parse_args()
    settings = Settings.from_env(os.environ)
    no_way_out = cast(Egress, None)  # a local model opens no connection
    context = ModelContext(settings=settings, egress=no_way_out, root=Path())
    embedder = open_embedder("local:minilm-l6", context)
    given.work.mkdir(parents=True, exist_ok=True)
    kept = json.loads(given.out.read_text()) if given.out.exists() else {"sets": {}}
    with Store.open(given.work) as store, asyncio.Runner() as runner:
        for name in given.sets.split(","):
            kept["sets"][name] = run_set(name, given.shared, embedder, store, runner)
            kept["machine"] = machine()
            kept["sets"] = {name: kept["sets"][name] for name in SETS if name in kept["sets"]}
            given.out.write_text(json.dumps(kept, indent=1) + "\n")
            print(table({name: kept["sets"][name]}), flush=True)
        runner.run(embedder.close())


if __name__ == "__main__":
    main()
