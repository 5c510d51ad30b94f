"""Does our search find what answers a question more often than LlamaIndex and Haystack do by default?

    make peers                                                 installs both below .peers
    python -m bench.retrieval.run --shared ../shared           ours (and writes bench/results/retrieval.json)
    python -m bench.retrieval.peers --shared ../shared         both; writes retrieval_peers.json

Each runs in its own environment and tells only the ids it found; vectors come from the same MiniLM (int8), a
passage's text is its title above its text as everywhere here, and the scoring is one. Our scores are those of
the last `bench.retrieval.run`. The peer on each set is the best of all their retrievers *on that set*, which
nobody could have picked before. Expected: vectors as our `dense` row, BM25 near `bm25s`, and their fusions
between, so that we miss clearly less over all sets.
"""

import argparse
import asyncio
import json
import os
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

import numpy as np
from bench.retrieval.datasets import FAMILIES, SETS, Set, load
from bench.retrieval.run import ALPHA, METRICS, RECALL, RESULTS, interval, machine, rounded
from bench.retrieval.systems import DEPTH, joined

from genaiops.core import Egress, Embedder, Settings, digest_bytes
from genaiops.knowledge import EmbeddingCache
from genaiops.knowledge.passages import in_context
from genaiops.models import ModelContext, open_embedder
from genaiops.stats import difference, mean_interval
from genaiops.store import Store

OUT = RESULTS.with_name("retrieval_peers.json")
HERE = Path(__file__).parent
ENVIRONMENTS = HERE.parent.parent / ".peers"
PEERS = ("llama_index", "haystack")
AT_ONCE = 64
OURS = "hybrid_rerank"
Scores = Mapping[str, Mapping[str, Sequence[float]]]


async def vectors_of(
    texts: Sequence[str], embedder: Embedder, cache: EmbeddingCache
) -> dict[str, list[float]]:
    """Return each text's vector, computing only those that are not kept."""
    named = {digest_bytes(text.encode()): text for text in texts}
    known = cache.texts(embedder.spec, list(named))
    missing = [digest for digest in named if digest not in known]
    for at in range(0, len(missing), AT_ONCE):
        some = missing[at : at + AT_ONCE]
        rows = await embedder.embed([named[digest] for digest in some], "passage")
        fresh = {digest: np.asarray(row) for digest, row in zip(some, rows, strict=True)}
        cache.put_texts(embedder.spec, fresh)
        known.update(fresh)
    return {text: [float(value) for value in known[digest]] for digest, text in named.items()}


def ask(peer: str, data: Set, vectors: Mapping[str, list[float]]) -> dict:
    """Return what a peer's retrievers find, and its versions."""
    given = {
        "depth": DEPTH,
        "passages": [[one.id, in_context(one)] for one in data.passages],
        "questions": [joined(question.query) for question in data.questions],
        "vectors": vectors,
    }
    python = ENVIRONMENTS / peer / "bin" / "python"
    with tempfile.TemporaryDirectory() as folder:
        asked, told = Path(folder, "in.json"), Path(folder, "out.json")
        asked.write_text(json.dumps(given), "utf-8")
        subprocess.run([python, HERE / f"peer_{peer}.py", asked, told], check=True, capture_output=True)
        return json.loads(told.read_text("utf-8"))


def run_set(data: Set, vectors: Mapping[str, list[float]], ours: Mapping[str, Sequence[float]]) -> dict:
    """Return one set's scores by every retriever, and ours beside the best of theirs."""
    told = [ask(peer, data, vectors) for peer in PEERS]
    raw: dict[str, Mapping[str, Sequence[float]]] = {"ours": ours}
    for one in told:
        for name, found in one["found"].items():
            scores = {
                metric: [of(ids, question) for ids, question in zip(found, data.questions, strict=True)]
                for metric, of in METRICS.items()
            }
            raw[name] = rounded(scores)
    clusters = [question.cluster for question in data.questions]
    return {
        "note": data.note,
        "questions": len(data.questions),
        "metrics": {metric: summary(raw, metric, clusters) for metric in METRICS},
        "versions": {name: number for one in told for name, number in one["versions"].items()},
        "clustered_by": clusters,
        "raw": {name: scores for name, scores in raw.items() if name != "ours"},
    }


def best_peer(scores: Scores, metric: str) -> str:
    """Return which retriever of the peers is best on a set."""
    return max((name for name in scores if name != "ours"), key=lambda name: sum(scores[name][metric]))


def summary(scores: Scores, metric: str, clusters: Sequence[str]) -> dict:
    """Return means with 90 % intervals, and ours beside the best peer's with 90 and 95 %."""
    best = best_peer(scores, metric)
    return {
        "mean": {name: interval(mean_interval(one[metric], clusters, ALPHA)) for name, one in scores.items()},
        "best_peer": best,
        "ours_versus_best": both(scores["ours"][metric], scores[best][metric], clusters),
    }


def both(ours: Sequence[float], theirs: Sequence[float], clusters: Sequence[str]) -> dict:
    """Return the paired difference with its 95 % interval (two-sided; CV3 and t over clusters)."""
    return {"95 %": interval(difference(ours, theirs, clusters, 0.025))}


def pooled(sets: Mapping[str, dict], ours: Mapping[str, Scores], names: Sequence[str]) -> dict:
    """Return ours over `names` beside the best peer of each set, and beside each retriever of theirs."""
    clusters = [f"{FAMILIES[name]} {cluster}" for name in names for cluster in sets[name]["clustered_by"]]
    mine = [value for name in names for value in ours[name][RECALL]]

    def beside(chosen: Mapping[str, str]) -> dict:
        theirs = [value for name in names for value in sets[name]["raw"][chosen[name]][RECALL]]
        missed, before = sum(1 - one for one in mine), sum(1 - one for one in theirs)
        return {
            "recall@5": round(float(np.mean(theirs)), 4),
            "missed": round(before, 1),
            "fewer": round(1 - missed / before, 4) if before else 0.0,
            "difference": both(mine, theirs, clusters)["95 %"],
        }

    systems = list(sets[names[0]]["raw"])
    return {
        "questions": len(mine),
        "clusters": len(set(clusters)),
        "ours": {"recall@5": round(float(np.mean(mine)), 4), "missed": round(sum(1 - v for v in mine), 1)},
        "best of each set": beside({name: best_peer(sets[name]["raw"], RECALL) for name in names}),
        **{system: beside(dict.fromkeys(names, system)) for system in systems},
    }


def keep(sets: Mapping[str, dict], ours: Mapping[str, Scores]) -> None:
    """Write what was measured so far, pooled."""
    together = [name for name in sets if name in FAMILIES]
    spaced = [name for name in together if name not in ("xquad_zh", "xquad_ar")]
    facts = {
        "machine": machine(),
        "overall": {
            which: pooled(sets, ours, names)
            for which, names in (("all", together), ("without Chinese and Arabic", spaced))
            if names
        },
        "sets": sets,
    }
    OUT.write_text(json.dumps(facts, indent=1) + "\n")


def main() -> None:
    """Ask the peers on the sets that were asked for and write their results, pooled."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--shared", type=Path, default=Path("../shared"))
    arguments.add_argument("--sets", default=",".join(SETS))
    arguments.add_argument("--work", type=Path, default=Path("build/bench-retrieval"))
    given = arguments.parse_args()
    kept = json.loads(RESULTS.read_text("utf-8"))["sets"]
    names = [name for name in given.sets.split(",") if name in kept]
    ours = {name: one["raw"][OURS] for name, one in kept.items()}
    no_way_out = cast(Egress, None)  # a local model opens no connection
    context = ModelContext(settings=Settings.from_env(os.environ), egress=no_way_out, root=Path())
    embedder = open_embedder("local:minilm-l6", context)
    given.work.mkdir(parents=True, exist_ok=True)
    # some sets again: the others stay, beside what ours finds today
    others = json.loads(OUT.read_text("utf-8"))["sets"] if OUT.exists() else {}
    sets: dict[str, dict] = {name: others[name] for name in others.keys() - set(names) if name in kept}
    with Store.open(given.work) as store, asyncio.Runner() as runner:
        cache = EmbeddingCache(store)
        for name in names:
            data = load(name, given.shared)
            texts = [
                *map(in_context, data.passages),
                *(joined(question.query) for question in data.questions),
            ]
            sets[name] = run_set(data, runner.run(vectors_of(texts, embedder, cache)), ours[name])
            recall = sets[name]["metrics"][RECALL]
            print(name, {system: mean[0] for system, mean in recall["mean"].items()}, flush=True)
            keep(sets, ours)
        runner.run(embedder.close())


if __name__ == "__main__":
    main()
