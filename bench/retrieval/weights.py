"""Which weights are chosen where a set is left out, and what they find there.

A grid over the weight of words and of token similarity, the two that a choice was made of; the others (trust
squared, names 0.3, what was said before) are a stated prior. For each family of sets the pair is taken that
leaves the smallest share of the better single's misses on the *other* families, each family counting alike.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from bench.retrieval.datasets import FAMILIES, Set
from bench.retrieval.systems import NOBODY
from numpy.typing import NDArray

from genaiops.core import Embedder
from genaiops.knowledge import LocalIndex, Query, retrieve_all
from genaiops.knowledge.fusion import default_weights

WORDS = (0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0)
TOKENS = (0.5, 1.0, 1.5, 2.0)
CANDIDATES = 20
K = 5

Pair = tuple[float, float]


@dataclass(frozen=True)
class Parts:
    """The parts of the scores of one question's candidates, and which of them are gold."""

    semantic: NDArray[np.float64]
    shares: NDArray[np.float64]
    links: NDArray[np.float64]
    gold: NDArray[np.bool_]
    wanted: int


def take_apart(data: Set, index: LocalIndex, embedder: Embedder, runner: asyncio.Runner) -> list[Parts]:
    """Return for each question its candidates' parts: `semantic` has cosine and token similarity."""
    reader = index._reader(index.snapshot())  # pyright: ignore[reportPrivateUsage]
    scopes = np.ones(len(reader.scopes), dtype=np.bool_)
    everything = reader.allow(scopes, scopes)
    rows = {passage.id: row for row, passage in enumerate(reader.passages(range(len(reader))))}
    weights = default_weights()

    def found(query: Query, rerank: bool) -> dict[str, float]:
        options = {"principal": NOBODY, "rerank": rerank, "candidates": CANDIDATES}
        passages = runner.run(retrieve_all(index, embedder, [query], CANDIDATES, **options))  # type: ignore[arg-type]
        return {passage.id: passage.score or 0.0 for passage in passages[0]}

    parts: list[Parts] = []
    for question in data.questions:
        fused, ranked = found(question.query, False), found(question.query, True)
        vector = runner.run(embedder.embed([question.query.text], "query"))[0]
        trust = index.trust(question.query.text) ** weights.trust_power
        cosines = reader.similarities(np.asarray(vector), everything)
        matches = reader.matches(question.query.text, everything)
        shares = np.zeros(len(reader))
        shares[matches.rows] = matches.shares
        ids = list(fused)
        cosine = np.array([trust * float(cosines[rows[id]]) for id in ids])
        share = np.array([float(shares[rows[id]]) for id in ids])
        parts.append(
            Parts(
                semantic=np.stack(
                    [cosine, np.array([(ranked[id] - fused[id]) / weights.tokens for id in ids])]
                ),
                shares=share,
                links=np.array([fused[id] for id in ids]) - cosine - weights.words * share,
                gold=np.array([id in question.gold for id in ids]),
                wanted=len(question.gold),
            )
        )
    return parts


def recalls(parts: Sequence[Parts], pair: Pair) -> list[float]:
    """Return each question's recall@5 by these weights."""
    words, tokens = pair
    found: list[float] = []
    for one in parts:
        scores = one.semantic[0] + tokens * one.semantic[1] + words * one.shares + one.links
        best = np.argsort(-np.round(scores, 6), kind="stable")[:K]
        found.append(float(one.gold[best].sum()) / one.wanted)
    return found


def left_out(parts: Mapping[str, Sequence[Parts]], best: Mapping[str, Sequence[float]]) -> dict[str, object]:
    """Return for each family the pair that the others choose, and the recalls of its sets by that pair."""
    grid = [(words, tokens) for words in WORDS for tokens in TOKENS]
    found = {pair: {name: recalls(parts[name], pair) for name in parts} for pair in grid}
    families = {name: FAMILIES[name] for name in parts}
    chosen: dict[str, Pair] = {}
    for family in sorted(set(families.values())):
        chosen[family] = min(grid, key=lambda pair: _left(found[pair], best, families, without=family))
    return {
        "chosen": chosen,
        "on all": min(grid, key=lambda pair: _left(found[pair], best, families)),
        "recall": {name: found[chosen[families[name]]][name] for name in parts},
    }


def _left(
    found: Mapping[str, Sequence[float]],
    best: Mapping[str, Sequence[float]],
    families: Mapping[str, str],
    without: str = "",
) -> float:
    shares: list[float] = []
    for family in sorted(set(families.values()) - {without}):
        names = [name for name, one in families.items() if one == family]
        missed = sum(1 - value for name in names for value in found[name])
        before = sum(1 - value for name in names for value in best[name])
        shares.append(missed / max(before, 1e-9))
    return float(np.mean(shares))
