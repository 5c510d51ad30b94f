"""What the support model is held against: word overlap in five forms, and likeness by the same embedder.

An overlap is a share of the answer's words that stand in the context: of all words or of the stems of those
that carry content, over the whole answer or as the mean over its claims and their evidence, or the longest
run of words in common. The comparison is with the best of the five on each set, chosen in hindsight.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from bench.groundedness.pairs import Measured
from bench.groundedness.sources import Answer

from genaiops.app.reading.support.features import word_features
from genaiops.core import Embedder

OVERLAPS = ("words, answer", "content, answer", "words, claims", "content, claims", "longest run, claims")


def overlaps(answer: Answer, measured: Sequence[Measured]) -> dict[str, float]:
    """Return the five overlaps of an answer; one that claims nothing is held supported, as with ours."""
    whole = word_features("", answer.text, [answer.context])

    def mean(name: str) -> float:
        return float(np.mean([one.features[name] for one in measured])) if measured else 1.0

    values = (
        whole["words_held"],
        whole["content_held"],
        mean("words_held"),
        mean("content_held"),
        mean("run"),
    )
    return dict(zip(OVERLAPS, values, strict=True))


def cosines(embedder: Embedder, found: Sequence[Answer]) -> list[float]:
    """Return the mean over an answer's claims of the cosine with the evidence's nearest sentence."""
    texts = list(dict.fromkeys(t for one in found for p in one.pairs for t in (p.claim, *p.evidence)))
    vectors = dict(zip(texts, asyncio.run(embedder.embed(texts, "passage")), strict=True))
    return [
        float(np.mean([max(vectors[p.claim] @ vectors[e] for e in p.evidence) for p in one.pairs] or [1.0]))
        for one in found
    ]


def auc(values: Sequence[float], labels: Sequence[bool]) -> float:
    """Return the chance that a supported answer is above an unsupported one, ties half (Mann and Whitney)."""
    score, truth = np.asarray(values, float), np.asarray(labels, bool)
    if truth.all() or not truth.any():
        return float("nan")  # a draw of few groups may hold one kind only; the interval leaves it out
    order = np.sort(score[~truth])
    below = np.searchsorted(order, score[truth], "left") + np.searchsorted(order, score[truth], "right")
    return float(below.sum() / 2 / (truth.sum() * (~truth).sum()))


def resampled(
    statistic: Callable[[np.ndarray], float], groups: Sequence[str], draws: int, seed: int
) -> tuple[float, float]:
    """Return the 95 % interval of a statistic of row numbers when groups are drawn with replacement."""
    members: dict[str, list[int]] = {}
    for row, group in enumerate(groups):
        members.setdefault(group, []).append(row)
    rows = [np.array(some) for some in members.values()]
    random = np.random.default_rng(seed)
    values = [
        statistic(np.concatenate([rows[at] for at in random.integers(0, len(rows), len(rows))]))
        for _ in range(draws)
    ]
    low, high = np.nanquantile(values, [0.025, 0.975])
    return float(low), float(high)


def reliability(likely: Sequence[float], labels: Sequence[bool], bins: int = 10) -> Mapping[str, object]:
    """Return the expected calibration error over bins of equal numbers, the Brier score, and the bins."""
    order = np.argsort(likely, kind="stable")
    parts = [part for part in np.array_split(order, bins) if len(part)]
    said = [float(np.mean(np.asarray(likely)[part])) for part in parts]
    true = [float(np.mean(np.asarray(labels, float)[part])) for part in parts]
    gap = sum(len(part) * abs(a - b) for part, a, b in zip(parts, said, true, strict=True)) / len(order)
    brier = float(np.mean((np.asarray(likely) - np.asarray(labels, float)) ** 2))
    pairs = [[round(a, 3), round(b, 3)] for a, b in zip(said, true, strict=True)]
    return {"error": round(float(gap), 4), "brier": round(brier, 4), "bins": pairs}
