"""The tables of what search finds beside its peers, how fast indexes are built, and what leaks."""

from collections.abc import Mapping, Sequence
from typing import Any

from scripts.measured import machine, measured, table

_RECALL = "recall@5"
_OF_RATE = "of the embedder's rate"


def retrieval_peers() -> str:
    """Return ours beside the best retriever of the peers on each set."""
    found = measured("retrieval_peers")
    rows: list[list[str]] = []
    for name, one in found["sets"].items():
        recall, rank = one["metrics"][_RECALL], one["metrics"]["mrr@10"]
        best = recall["best_peer"]
        means = [f"{recall['mean'][system][0]:.3f}" for system in ("ours", best)]
        gains = [_signed(part["ours_versus_best"]["95 %"]) for part in (recall, rank)]
        rows.append([f"`{name}`", best, *means, *gains])
    head = ["set", "best of theirs", "ours", "theirs", "recall@5: ours − theirs", "MRR@10: ours − theirs"]
    return table(head, rows) + "\n" + machine(found["machine"])


def retrieval_peers_pooled() -> str:
    """Return ours over all sets beside each retriever of the peers, and beside the best one of each set."""
    found: Mapping[str, Mapping[str, Any]] = measured("retrieval_peers")["overall"]
    rows: list[list[str]] = []
    for which, systems in found.items():
        mine = f"{systems['ours']['missed']:.0f}"
        for system, one in systems.items():
            if system in ("ours", "questions", "clusters"):
                continue
            fewer, gain = f"{one['fewer']:.1%}".replace("-", "−"), _signed(one["difference"])
            rows.append(
                [f"{system}; {which}", f"{one['recall@5']:.3f}", f"{one['missed']:.0f}", mine, fewer, gain]
            )
    head = ["theirs; sets", "recall@5", "misses", "ours misses", "fewer", "ours − theirs"]
    return table(head, rows)


def knowledge_ingest() -> str:
    """Return how fast an index is built beside its embedder, and again after a small change."""
    found = measured("knowledge_ingest")
    rows = [
        [name, f"{one['documents']:,}", f"{one['chunks']:,}", f"{one['embedder_rate']:,.0f}"]
        + [f"{one[_OF_RATE][key]:.2f}" for key in ("without", "with reading")]
        + [f"{one['of the first build'][key]:.1%}" for key in ("without", "with reading")]
        + [f"{one['first']['reading']['cpu_s'] + one['first']['building']['cpu_s']:.1f}"]
        + [f"{one['after 1 % changed']['reading']['cpu_s']:.1f}"]
        + [f"{one['after 1 % changed']['building']['cpu_s']:.1f}"]
        for name, one in found.items()
    ]
    head = ["embedder", "documents", "chunks", "texts/s alone", "build ÷ embedder", "with reading"]
    head += ["after 1 % changed: build", "with reading", "CPU s, first", "CPU s, reading", "CPU s, build"]
    return table(head, rows) + "\n" + machine(next(iter(found.values()))["machine"])


def leaks() -> str:
    """Return what two principals got of each other in how many questions."""
    found = measured("leaks")
    beside, words = found["beside an index of only what may be read"], found["words elsewhere"]
    rows = [
        ["questions", f"{found['queries']:,}"],
        ["answers with anything that the asker may not read", f"{found['leaks']}"],
        ["95 % upper limit of the rate", f"{found['upper 95 % limit of the rate']:.5f}"],
        ["answers that a cache filled by the other changed", f"{found['answers that a cache changed']}"],
        [
            "scores beside an index of only what may be read: largest difference",
            f"{beside['largest difference of a score']:.3f}",
        ],
        ["the same: answers in another order", f"{beside['another order']} of {beside['compared']}"],
        ["the same: other errors", f"{beside['other errors']} of {beside['errors']}"],
        [
            "a word, title or value in closed rows alone told from one that stands nowhere",
            f"{words['told apart']} of {words['tried']}",
        ],
    ]
    return table(["", "found"], rows)


def leaks_paths() -> str:
    """Return what the other paths hold of documents that the asker may not read."""
    found = measured("leaks_paths")
    groups = {
        "what the commands print": ("run", "run, used again", "search", "study"),
        "evidence, reports": (".genaiops/evidence", ".genaiops/blobs", ".genaiops/trees"),
        "the study's files": ("study/study.html", "study/study.json", "study/study.md", ".genaiops/study"),
        "outputs that are used again": ("table arena_outputs",),
        "traces": ("table spans", "table traces"),
        "the Hub, the audit log, cached vectors": (),
    }
    places: dict[str, Mapping[str, int]] = found["places"]
    named = {place for group in groups.values() for place in group}
    rows: list[list[str]] = []
    for group, names in groups.items():
        ours = [one for place, one in places.items() if (place in names if names else place not in named)]
        keys = ("looked at", "with an open document", "closed canaries")
        rows.append([group, *(f"{sum(one[key] for one in ours):,}" for key in keys)])
    head = ["place", "files, rows", "of them with open documents", "words of closed documents"]
    return table(head, rows)


def _signed(values: Sequence[float]) -> str:
    middle, low, high = (f"{value:+.3f}".replace("-", "−") for value in values)
    return f"{middle} [{low}, {high}]"
