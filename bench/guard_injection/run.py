"""How many injections does our classifier find in sources that it never saw, and beside the offline peers?

    python -m scripts.train_injection --shared ../shared       trains, and leaves what left-out sources scored
    make peers                                                 installs both peers below .peers
    python -m bench.guard_injection.run

Expected before measuring: more than the better peer in each class at the same rate of false positives, and
fewer than 0.80 in at least one class. Every score of ours comes from a model that was trained without the
row's source; its threshold was chosen without that source too. Results: bench/results/guard_injection.json.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scripts.injection.left_out import GUARD_ORDINARY, HARD, content_threshold, prompt_threshold
from scripts.injection.rows import Row

from genaiops.core import Where
from genaiops.guard import parse_guard
from genaiops.guard.injection import injection_detector
from genaiops.stats import difference, rate_interval

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "bench" / "results" / "guard_injection.json"
LEFT_OUT = ROOT / ".portable" / "injection-left-out.json"
PEERS = {"securevector": 1, "jailguard": 9}
"""Each peer, and which share of the rows it scores: the second is slow here."""
KEPT = frozenset({"vigia", "agentdojo", "yanismiraoui"})
"""Sources that nobody looked at while this version was made: neither their rows nor what they scored."""

ALPHA = 0.025


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--peers", type=Path, default=ROOT / ".peers", help="where the peers are installed")
    parser.add_argument(
        "--known", type=Path, help="a folder of scores that peers gave before, one file a peer"
    )
    parser.add_argument("--before", type=Path, help="left-out scores of the version before, to compare with")
    options = parser.parse_args()
    load = os.getloadavg()
    rows, scores = read_scores(LEFT_OUT)
    found = decisions(rows, scores)
    result = {
        "question": __doc__.split("\n")[0],
        "sources": by_source(rows, found),
        "classes": by_class(rows, found),
        "benign": benign(rows, found),
        "peers": beside(rows, scores, found, options),
        "before": before(rows, found, options.before) if options.before else {},
        "speed": speed(),
        "pipeline": pipeline(),
        "model": json.loads(_data("model.json")),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "machine": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "load_before": load,
        "load_after": os.getloadavg(),
    }
    RESULTS.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result["classes"], indent=1), json.dumps(result["benign"], indent=1))


def read_scores(file: Path) -> tuple[list[Row], list[float]]:
    """Return the rows that training left, and what they scored when their source was left out."""
    entries = json.loads(file.read_text(encoding="utf-8"))
    rows = [Row(**{key: value for key, value in entry.items() if key != "score"}) for entry in entries]
    return rows, [float(entry["score"]) for entry in entries]


def decisions(rows: Sequence[Row], scores: Sequence[float]) -> list[bool]:
    """Return which rows are flagged by thresholds chosen without their own source."""
    by_surface: dict[str, dict[int, float]] = {"input": {}, "content": {}}
    for at, row in enumerate(rows):
        by_surface[row.surface][at] = scores[at]
    choose: dict[str, Callable[..., float]] = {"input": prompt_threshold, "content": content_threshold}
    limits = {
        (surface, source): choose[surface](rows, by_surface[surface], {source})
        for surface, source in {(row.surface, row.source) for row in rows}
    }
    return [score >= limits[row.surface, row.source] for row, score in zip(rows, scores, strict=True)]


def by_source(rows: Sequence[Row], found: Sequence[bool]) -> list[dict[str, Any]]:
    """Return the rate of flagged rows of each source and class, with Wilson's interval."""
    keys = sorted({(row.surface, row.kind, row.source) for row in rows})
    return [
        {"surface": surface, "class": kind, "source": source}
        | rate(
            [hit for row, hit in zip(rows, found, strict=True) if (row.surface, row.kind, row.source) == key]
        )
        for key in keys
        for surface, kind, source in [key]
    ]


def by_class(rows: Sequence[Row], found: Sequence[bool]) -> dict[str, Any]:
    """Return recall by class: on the guard set's rows, and on all sources (each source weighs the same)."""
    result: dict[str, Any] = {}
    for kind in ("jailbreak", "direct", "indirect"):
        guard = [hit for row, hit in zip(rows, found, strict=True) if row.kind == kind and row.subset]
        groups: dict[str, list[bool]] = {}
        for row, hit in zip(rows, found, strict=True):
            if row.kind == kind:
                groups.setdefault(row.source, []).append(hit)
        means = [statistics.mean(hits) for hits in groups.values()]
        result[kind] = {
            "guard_set": rate(guard),
            "sources": len(groups),
            "mean_of_sources": statistics.mean(means),
        }
    return result


def benign(rows: Sequence[Row], found: Sequence[bool]) -> dict[str, Any]:
    """Return the false-positive rates that the issue names, and those of documents."""
    groups: dict[str, list[bool]] = {"ordinary": [], "hard": [], "documents": []}
    for row, hit in zip(rows, found, strict=True):
        if row.kind == "benign" and row.surface == "content":
            groups["documents"].append(hit)
        elif row.subset and row.source in GUARD_ORDINARY:
            groups["ordinary"].append(hit)
        elif row.subset and row.source in HARD:
            groups["hard"].append(hit)
    return {name: rate(hits) for name, hits in groups.items()}


def rate(hits: Sequence[bool]) -> dict[str, Any]:
    """Return n, the rate and its 95 % interval."""
    interval = rate_interval(np.array(hits, dtype=float), range(len(hits)), ALPHA)
    return {"n": len(hits), "rate": statistics.mean(hits), "low": interval.low, "high": interval.high}


def beside(
    rows: Sequence[Row], scores: Sequence[float], found: Sequence[bool], options: argparse.Namespace
) -> dict[str, Any]:
    """Return each peer's recall where it flags as large a share of the same harmless rows as ours does."""
    chosen = [at for at, row in enumerate(rows) if row.subset or (_is_document(row) and at % 8 == 0)]
    result: dict[str, Any] = {}
    for peer, every in PEERS.items():
        table = peer_scores([rows[at].text for at in chosen[::every]], peer, options)
        some = [at for at in chosen if rows[at].text in table]
        if some:
            theirs = [table[rows[at].text] for at in some]
            result[peer] = _compared([rows[at] for at in some], [found[at] for at in some], theirs)
    return result


def before(rows: Sequence[Row], found: Sequence[bool], earlier: Path) -> dict[str, Any]:
    """Return by class of the guard set, and by class of the sources kept back, how often this version and the
    one before flag the same rows, each at thresholds chosen by the same rule."""
    known, scores = read_scores(earlier)
    was = {
        (row.surface, row.text, row.context): hit
        for row, hit in zip(known, decisions(known, scores), strict=True)
    }
    groups: dict[str, list[tuple[bool, bool]]] = {}
    for row, hit in zip(rows, found, strict=True):
        key = (row.surface, row.text, row.context)
        if key not in was:
            continue
        for name in _groups(row):
            groups.setdefault(name, []).append((hit, was[key]))
    return {name: _paired(pairs) for name, pairs in sorted(groups.items())}


def _groups(row: Row) -> list[str]:
    kept = [f"kept back: {row.kind}, {row.source}"] if row.source in KEPT else []
    if row.kind != "benign":
        return [f"guard set: {row.kind}", *kept] if row.subset else kept
    if row.surface == "content":
        return ["false positives: documents", *kept]
    if row.subset and row.source in GUARD_ORDINARY | HARD:
        return [f"false positives: {'hard' if row.source in HARD else 'ordinary'}", *kept]
    return kept


def _paired(pairs: Sequence[tuple[bool, bool]]) -> dict[str, Any]:
    now, then = np.array(pairs, dtype=float).T
    gain = difference(now, then, range(len(now)), ALPHA, least=-1, greatest=1)
    return {
        "n": len(now),
        "now": float(now.mean()),
        "before": float(then.mean()),
        "difference": {"est": float((now - then).mean()), "low": gain.low, "high": gain.high},
    }


def _is_document(row: Row) -> bool:
    return row.kind == "benign" and row.surface == "content"


def _compared(rows: Sequence[Row], ours: Sequence[bool], theirs: Sequence[float]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for surface, kinds in (("input", ("jailbreak", "direct")), ("content", ("indirect",))):
        harmless = [at for at, row in enumerate(rows) if row.kind == "benign" and row.surface == surface]
        allowed = max(1, sum(ours[at] for at in harmless))
        limit = sorted((theirs[at] for at in harmless), reverse=True)[allowed - 1]
        for kind in kinds:
            attacks = [at for at, row in enumerate(rows) if row.kind == kind and row.surface == surface]
            mine = np.array([ours[at] for at in attacks], dtype=float)
            other = np.array([theirs[at] >= limit for at in attacks], dtype=float)
            gain = difference(mine, other, range(len(mine)), ALPHA, least=-1, greatest=1)
            result[kind] = {
                "n": len(attacks),
                "harmless": len(harmless),
                "false_positives": allowed,
                "peer_false_positives": sum(theirs[at] >= limit for at in harmless),
                "ours": float(mine.mean()),
                "peer": float(other.mean()),
                "difference": {"est": float((mine - other).mean()), "low": gain.low, "high": gain.high},
            }
    return result


def peer_scores(texts: Sequence[str], peer: str, options: argparse.Namespace) -> dict[str, float]:
    """Return a peer's scores by text: earlier ones, or those of its environment; none without."""
    known = options.known / f"{peer}.json" if options.known else None
    if known and known.is_file():
        return json.loads(known.read_text(encoding="utf-8"))
    python = options.peers / peer / "bin" / "python"
    if not python.is_file():
        return {}
    lines = "\n".join(json.dumps(text) for text in texts)
    script = str(Path(__file__).with_name("peers.py"))
    done = subprocess.run(
        [str(python), script, peer], input=lines, capture_output=True, text=True, check=True
    )
    return dict(zip(texts, (float(line) for line in done.stdout.split()), strict=True))


def speed(repeats: int = 300) -> dict[str, Any]:
    """Return microseconds a call at 128 and at 1,000 tokens (four characters each), one call at a time."""
    detector = injection_detector()
    text = "The river rose and the old mill by the road stood still for a day or two until it was dry. "
    result: dict[str, Any] = {}
    for surface in ("input", "passage"):
        for tokens in (128, 1_000):
            given = (text * 80)[: tokens * 4]
            where = Where(surface=surface)
            times: list[float] = []
            for _ in range(repeats):
                begun = time.perf_counter()
                detector.detect(given, where)
                times.append((time.perf_counter() - begun) * 1e6)
            result[f"{surface}_{tokens}"] = {"p50_us": statistics.median(times), "min_us": min(times)}
    return result


def pipeline(texts: int = 40, tries: int = 30) -> dict[str, float]:
    """Return microseconds of the default policy at 128 tokens of prose, with and without the classifier: of
    each text the least of several tries, since the machine does other things; of the texts the median."""
    pages = sorted(page for page in (ROOT / "docs").glob("*.md") if page.name != "cli.md")
    prose = "\n".join(page.read_text(encoding="utf-8") for page in pages)
    step = (len(prose) - 512) // texts
    plain = (ROOT / "src" / "genaiops" / "guard" / "default.yaml").read_text(encoding="utf-8")
    without = plain.replace("  injection: {}\n", "").replace("  - {find: [injection.*], do: block}\n", "")
    found: dict[str, float] = {}
    for name, policy in (("default policy", plain), ("without injection", without)):
        least = [float("inf")] * texts
        for _ in range(tries):
            guard = parse_guard(policy, "guard.yaml")
            guard.check("Good morning.", Where(surface="input"))
            for at in range(texts):
                begun = time.perf_counter()
                guard.check(prose[at * step : at * step + 512], Where(surface="input"))
                least[at] = min(least[at], (time.perf_counter() - begun) * 1e6)
        found[name] = statistics.median(least)
    return found


def _data(name: str) -> str:
    return (ROOT / "src" / "genaiops" / "guard" / "injection" / "data" / name).read_text(encoding="utf-8")


if __name__ == "__main__":
    main()
