"""Many chunks out of few: real passages and their MiniLM vectors, jittered by a seed.

A chunk is a passage of the data folder in which some words come from another passage, and whose vector is the
passage's plus noise of `NOISE` of its length. 1 in 16 of the documents may be read by the group `few` too.
"""

import asyncio
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
from bench.retrieval.datasets import SETS, Set, load
from numpy.typing import NDArray

from genaiops.core import Egress, Embedder, Passage, Settings
from genaiops.knowledge import Query
from genaiops.models import ModelContext, open_embedder

NOISE = 0.4
DOCUMENT = 8
"""Chunks of one document."""

_NAMES = ("squad2", "msdocs_faq", "mtrag", "multihop")
_PASSAGES, _QUESTIONS = 4_000, 400
_BLOCK = 10_000
_EXCHANGED = 0.15
_WORDS = 100


@dataclass(frozen=True)
class Base:
    """Real passages and questions with their unit vectors; `vectors[n]` is of `passages[n]`."""

    passages: list[Passage]
    vectors: NDArray[np.float32]
    questions: list[str]
    asked: NDArray[np.float32]


def base(shared: Path, work: Path, seed: int) -> Base:
    """Return the passages that are jittered; their vectors are kept in `work`."""
    sets = [load(name, shared) for name in _NAMES if name in SETS]
    passages, questions = _drawn(sets, seed)
    file = work / f"base-{seed}.npz"
    if not file.exists():
        work.mkdir(parents=True, exist_ok=True)
        asked = asyncio.run(_embedded([one.text for one in questions], "query"))
        vectors = asyncio.run(_embedded([f"{one.title}\n{one.text}" for one in passages], "passage"))
        partial = file.with_suffix(".partial.npz")
        np.savez(partial, vectors=vectors, asked=asked)
        partial.replace(file)
    with np.load(file, allow_pickle=False) as kept:
        return Base(passages, kept["vectors"], [one.text for one in questions], kept["asked"])


def blocks(base: Base, rows: int, seed: int) -> Iterator[tuple[list[Passage], NDArray[np.float32]]]:
    """Yield `rows` chunks with their vectors, 10,000 at once; a block depends on its number and the seed."""
    words = [one.text.split()[:_WORDS] for one in base.passages]
    for start in range(0, rows, _BLOCK):
        random = np.random.default_rng([seed, start])
        count = min(_BLOCK, rows - start)
        picked = random.integers(len(words), size=(count, 2))
        passages = [
            _chunk(base, words, start + at, int(one), int(other), random)
            for at, (one, other) in enumerate(picked)
        ]
        noise = random.standard_normal((count, base.vectors.shape[1]), dtype=np.float32)
        noise *= NOISE / np.linalg.norm(noise, axis=1, keepdims=True)
        vectors = base.vectors[picked[:, 0]] + noise
        yield passages, vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def _chunk(
    base: Base, words: list[list[str]], at: int, one: int, other: int, random: np.random.Generator
) -> Passage:
    text = list(words[one])
    foreign = words[other]
    for place in random.integers(max(1, len(text)), size=int(len(text) * _EXCHANGED)):
        text[place] = foreign[place % len(foreign)] if foreign else text[place]
    body = " ".join(text)
    document = at // DOCUMENT
    return Passage(
        id=f"p{at:08d}",
        text=body,
        document=f"d{document:07d}",
        title=base.passages[one].title,
        end=len(body),
        metadata={"access": ["all", "few"] if document % 16 == 0 else ["all"], "shelf": document % 10},
    )


def _drawn(sets: list[Set], seed: int) -> tuple[list[Passage], list[Query]]:
    random = np.random.default_rng(seed)
    passages = [one for some in sets for one in some.passages]
    questions = [one.query for some in sets for one in some.questions]
    return (
        [passages[at] for at in random.choice(len(passages), min(_PASSAGES, len(passages)), replace=False)],
        [
            questions[at]
            for at in random.choice(len(questions), min(_QUESTIONS, len(questions)), replace=False)
        ],
    )


async def _embedded(texts: list[str], kind: str) -> NDArray[np.float32]:
    settings = Settings.from_env(os.environ)
    no_way_out = cast(Egress, None)  # a local model opens no connection
    embedder: Embedder = open_embedder(
        "local:minilm-l6", ModelContext(settings=settings, egress=no_way_out, root=Path())
    )
    order = sorted(range(len(texts)), key=lambda at: len(texts[at]))
    found: dict[int, NDArray[np.float32]] = {}
    for at in range(0, len(order), 64):
        some = order[at : at + 64]
        rows = await embedder.embed([texts[one] for one in some], kind)  # type: ignore[arg-type]
        found.update(zip(some, np.asarray(rows, np.float32), strict=True))
    await embedder.close()
    return np.stack([found[at] for at in range(len(texts))])
