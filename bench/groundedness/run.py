"""Does the groundedness of an answer agree with what people say of it, and better than word overlap does?

    python -m bench.groundedness.run --shared ../shared --fever FeverSymmetric --snli e-SNLI

Expected before measuring: overlap is good where an answer is copied or made up, and near chance on claims
that were written to mislead (FM2). Must: a higher AUC than word overlap on FM2 and over all sets, the
interval of the difference excluding 0; the scorer is named word overlap otherwise. Each set is judged by
networks that saw no judging set and a rule that was learnt without this set. Results go into
bench/results/groundedness.json.
"""

import asyncio
import json
import os
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

import numpy as np
from bench.groundedness.learning import opinions
from bench.groundedness.pairs import Kept, Measured, measure_answers
from bench.groundedness.rivals import OVERLAPS, auc, cosines, overlaps, reliability, resampled
from bench.groundedness.sources import JUDGING, Answer, answers, passages
from bench.groundedness.train import Learnt, arguments, learn, open_vectors

from genaiops.app.reading.support import judge_claims
from genaiops.core import TokenEmbedder

RESULTS = Path(__file__).parent.parent / "results" / "groundedness.json"
OURS, COSINE = "ours", "cosine (MiniLM)"
DRAWS = 2000
Statistic = Callable[[np.ndarray], float]
TIMED = 40


def ours(learnt: Learnt, found: Sequence[Answer], measured: Sequence[Sequence[Measured]]) -> list[float]:
    """Return the mean probability of an answer's claims, by the rule that was learnt without its set."""
    rules = {name: learnt.rule(leave_out=name) for name in JUDGING}
    return [_mean(rules[one.source], learnt, some) for one, some in zip(found, measured, strict=True)]


def _mean(rule: np.ndarray, learnt: Learnt, measured: Sequence[Measured]) -> float:
    if not measured:
        return 1.0
    said = opinions(learnt.members, learnt.scaling, measured)
    logits = rule[0] + rule[1] * np.array([one.features["words_held"] for one in measured]) + rule[2] * said
    return float(np.mean(1 / (1 + np.exp(-logits))))


def of_set(rows: Sequence[int], found: Sequence[Answer], scores: dict[str, list[float]]) -> dict[str, object]:
    """Return the AUC of every system on a set, and ours minus the best overlap, over groups drawn again."""
    labels = np.array([found[row].supported for row in rows])
    groups = [found[row].group for row in rows]
    values = {name: np.array([all_[row] for row in rows]) for name, all_ in scores.items()}
    best = max(OVERLAPS, key=lambda name: auc(values[name], labels))

    def above(drawn: np.ndarray, other: str) -> float:
        return auc(values[OURS][drawn], labels[drawn]) - auc(values[other][drawn], labels[drawn])

    everything = np.arange(len(rows))
    return {
        "answers": len(rows),
        "groups": len(set(groups)),
        "auc": {name: round(auc(some, labels), 4) for name, some in values.items()},
        "best_overlap": best,
        "minus_best_overlap": _interval(above(everything, best), groups, lambda drawn: above(drawn, best)),
        "minus_cosine": _interval(above(everything, COSINE), groups, lambda drawn: above(drawn, COSINE)),
        "calibration": reliability(values[OURS], labels),
    }


def pooled(
    found: Sequence[Answer], scores: dict[str, list[float]], sets: dict[str, dict]
) -> dict[str, object]:
    """Return the mean over sets of ours minus the best overlap of each, and one AUC over all answers."""
    labels = np.array([one.supported for one in found])
    sources = np.array([one.source for one in found])
    groups = [one.group for one in found]
    mine = np.array(scores[OURS])
    theirs = {name: np.array(scores[name]) for name in OVERLAPS}
    single = max(OVERLAPS, key=lambda name: auc(theirs[name], labels))

    one_form = max(OVERLAPS, key=lambda name: sum(one["auc"][name] for one in sets.values()))
    everything = np.arange(len(found))

    def by_set(drawn: np.ndarray, forms: Mapping[str, str]) -> float:
        gains: list[float] = []
        for name, form in forms.items():
            some = drawn[sources[drawn] == name]
            gains.append(auc(mine[some], labels[some]) - auc(theirs[form][some], labels[some]))
        return float(np.mean(gains))

    def at_once(drawn: np.ndarray) -> float:
        return auc(mine[drawn], labels[drawn]) - auc(theirs[single][drawn], labels[drawn])

    def interval(forms: Mapping[str, str]) -> list[float]:
        return _interval(by_set(everything, forms), groups, lambda drawn: by_set(drawn, forms))

    return {
        "mean_auc": {
            name: round(float(np.mean([one["auc"][name] for one in sets.values()])), 4) for name in scores
        },
        "mean_of_best_overlaps": round(
            float(np.mean([one["auc"][one["best_overlap"]] for one in sets.values()])), 4
        ),
        "minus_best_overlap_of_each": interval({name: sets[name]["best_overlap"] for name in JUDGING}),
        "one_overlap": one_form,
        "minus_one_overlap": interval(dict.fromkeys(JUDGING, one_form)),
        "auc": {name: round(auc(some, labels), 4) for name, some in scores.items()},
        "best_overlap": single,
        "minus_best_overlap": _interval(at_once(everything), groups, at_once),
        "calibration": reliability(scores[OURS], labels),
    }


def _interval(estimate: float, groups: Sequence[str], statistic: Statistic) -> list[float]:
    return [round(value, 4) for value in (estimate, *resampled(statistic, groups, DRAWS, seed=1))]


def cost(embedder: TokenEmbedder, shared: Path) -> dict[str, float]:
    """Return the processor time of a claim in milliseconds, vectors of claim and passages included."""
    rows = [
        json.loads(line)
        for line in (shared / "data/faithfulness/labelled_responses.jsonl").read_text("utf-8").split("\n")
        if line
    ]
    spent: dict[str, float] = {}
    for source in JUDGING:
        some = [row for row in rows if row["source"] == source][:TIMED]
        began, claims = time.process_time(), 0
        for row in some:
            judged = judge_claims(embedder, row["question"] or "", row["response"], passages(row["context"]))
            claims += len(asyncio.run(judged))
        spent[source] = round((time.process_time() - began) / max(1, claims) * 1000, 1)
    return spent


def report(learnt: Learnt, kept: Kept, embedder: TokenEmbedder, shared: Path) -> dict[str, object]:
    """Return what was measured of a model: by set, over all, and what a claim costs."""
    before = os.getloadavg()
    found = answers(shared)
    measured = measure_answers(kept, embedder, found)
    rivals = [overlaps(one, some) for one, some in zip(found, measured, strict=True)]
    scores = {OURS: ours(learnt, found, measured)}
    scores |= {name: [one[name] for one in rivals] for name in OVERLAPS}
    scores |= {COSINE: cosines(embedder, found)}
    sets = {
        name: of_set([at for at, one in enumerate(found) if one.source == name], found, scores)
        for name in JUDGING
    }
    return {
        "machine": machine(before),
        "overall": pooled(found, scores, sets),
        "sets": sets,
        "rules": {name: [round(float(v), 4) for v in learnt.rule(leave_out=name)] for name in JUDGING},
        "cpu_ms_per_claim": cost(embedder, shared),
    }


def main() -> None:
    """Measure and write."""
    given = arguments(__doc__)
    kept, embedder = Kept(given.work), open_vectors()
    learnt = learn(given.shared, given.fever, given.snli, kept, embedder)
    facts = report(learnt, kept, embedder, given.shared)
    (given.out or RESULTS).write_text(json.dumps(facts, indent=1) + "\n")
    print(json.dumps(facts["overall"], indent=1))


def machine(before: Sequence[float]) -> dict[str, object]:
    """Return where this ran."""
    return {
        "cpu": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "load_before": [round(load, 2) for load in before],
        "load_after": [round(load, 2) for load in os.getloadavg()],
        "python": platform.python_version(),
        "versions": {name: version(name) for name in ("numpy", "onnxruntime", "tokenizers")},
    }


if __name__ == "__main__":
    main()
