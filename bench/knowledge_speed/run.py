"""How long does a hybrid search over 50,000 passages take? Must: p95 <= 15 ms, aim 8.

    python -m bench.knowledge_speed.run

Vectors are random (an exact search does the same work for any vector); the text is drawn from a Zipf
distribution over 30,000 words, and questions draw their words from it too, so that common words are as common
as in a language. Expected: about 3 ms for 77 MB of vectors on one core, 3 ms for the words, and more for
words only where a question has several common ones. Reranking is measured with passages whose token vectors
are known, and without the embedder's own time for the question (10 ms for MiniLM): what is added to it.
"""

import asyncio
import json
import os
import platform
import shutil
import tempfile
import time
import zlib
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from genaiops.core import ModelSpec, Passage, Principal, digest_bytes
from genaiops.knowledge import LocalIndex, Recipe, TokenCache, retrieve

RESULTS = Path(__file__).parent.parent / "results" / "knowledge_speed.json"
PASSAGES, DOCUMENTS, DIMENSION, WORDS, QUESTIONS = 50_000, 5_000, 384, 30_000, 300
LENGTH = (60, 130)
ANYONE = Principal(id="bench")
SOME = Principal(id="bench", groups=frozenset({"few"}))
ALL = Principal(id="bench", groups=frozenset({"all"}))
SPEC = ModelSpec(provider="bench", model="random")


class Drawn:
    """An embedder that draws its vectors: a query's, and one for each word of a text."""

    spec = SPEC

    async def embed(self, texts: Sequence[str], kind: str) -> NDArray[np.float32]:
        """Return a unit vector a text."""
        return np.concatenate([drawn(text, 1) for text in texts])

    async def token_vectors(self, texts: Sequence[str]) -> list[NDArray[np.float32]]:
        """Return a unit vector a word of each text."""
        return [drawn(text, len(text.split())) for text in texts]

    async def close(self) -> None:
        """Nothing is open."""


def drawn(text: str, rows: int) -> NDArray[np.float32]:
    """Return unit vectors that depend on a text alone."""
    random = np.random.default_rng(zlib.crc32(text.encode()))
    return unit(random.standard_normal((rows, DIMENSION)).astype(np.float32))


def vocabulary() -> list[str]:
    """Return words that look like words."""
    syllables = [c + v for c in "bcdfghklmnprstvz" for v in "aeiou"]
    random = np.random.default_rng(1)
    return ["".join(random.choice(syllables, size=3)) + str(at % 7) * (at % 3) for at in range(WORDS)]


def unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return rows of length one."""
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def make(folder: Path, words: list[str], weights: NDArray[np.float64]) -> LocalIndex:
    """Return an index of synthetic passages; 6 % of the documents are for the group `few` too."""
    random = np.random.default_rng(2)
    passages: list[Passage] = []
    cumulative = np.cumsum(weights)
    for at in range(PASSAGES):
        drawn = np.searchsorted(cumulative, random.random(random.integers(*LENGTH)) * cumulative[-1])
        document = at % DOCUMENTS
        access = ["few", "all"] if document % 16 == 0 else ["all"]
        text = " ".join(words[word] for word in drawn)
        passages.append(
            Passage(
                id=f"p{at:06d}",
                text=text,
                document=f"d{document}",
                end=len(text),
                metadata={"access": access},
            )
        )
    vectors = unit(random.standard_normal((PASSAGES, DIMENSION)).astype(np.float32))
    index = LocalIndex.create(folder, Recipe(corpus=digest_bytes(b"bench"), embedder=SPEC))
    index.upsert(passages, vectors)
    index.publish()
    return index


def times(search: Callable[[str, NDArray[np.float32]], object], questions: list[str]) -> dict[str, float]:
    """Return the spread of one search's time in milliseconds."""
    random = np.random.default_rng(3)
    vectors = unit(random.standard_normal((len(questions), DIMENSION)).astype(np.float32))
    for question, vector in list(zip(questions, vectors, strict=True))[:10]:
        search(question, vector)
    wall: list[float] = []
    cpu: list[float] = []
    for question, vector in zip(questions, vectors, strict=True):
        began = time.perf_counter(), time.process_time()
        search(question, vector)
        wall.append((time.perf_counter() - began[0]) * 1000)
        cpu.append((time.process_time() - began[1]) * 1000)
    return {
        f"{clock} p{at}": round(float(np.percentile(taken, at)), 2)
        for clock, taken in (("wall", wall), ("cpu", cpu))
        for at in (50, 95)
    }


def reranked(index: LocalIndex, questions: list[str]) -> dict[str, float]:
    """Return the spread of a search with reranking of 20 passages that were met before."""
    index.tokens = TokenCache(max_bytes=1_000_000_000)
    embedder = Drawn()
    with asyncio.Runner() as runner:

        def ask(question: str) -> object:
            return runner.run(retrieve(index, embedder, question, 5, principal=ALL))

        for question in questions:
            ask(question)
        return times(lambda question, _: ask(question), questions)


def main() -> None:
    """Build, measure, write the results."""
    words = vocabulary()
    # ranks from 30 on: the most common words of a language are stop words, which we drop
    weights = 1.0 / np.arange(30, WORDS + 30) ** 1.05
    weights /= weights.sum()
    random = np.random.default_rng(4)
    questions = [
        " ".join(words[word] for word in random.choice(WORDS, size=random.integers(4, 10), p=weights))
        for _ in range(QUESTIONS)
    ]
    folder = Path(tempfile.mkdtemp())
    before = os.getloadavg()
    try:
        began = time.perf_counter()
        index = make(folder / "index", words, weights)
        built = time.perf_counter() - began
        live = index.snapshot()
        results = {
            "hybrid": times(lambda q, v: index.search(live, q, v, 20, principal=ALL), questions),
            "hybrid, 6 % may be read": times(
                lambda q, v: index.search(live, q, v, 20, principal=SOME), questions
            ),
            "vectors": times(lambda q, v: index.dense(live, v, 20, principal=ALL), questions),
            "words": times(lambda q, v: index.lexical(live, q, 20, principal=ALL), questions),
            "hybrid, reranked": reranked(index, questions),
        }
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        index.close()
    finally:
        shutil.rmtree(folder)
    facts = {
        "passages": PASSAGES,
        "questions": QUESTIONS,
        "ms": results,
        "write_s": round(built, 1),
        "disk_mb": round(size / 1e6),
        "machine": {
            "cores": os.cpu_count(),
            "load_before": before,
            "load_after": os.getloadavg(),
            "python": platform.python_version(),
            "numpy": version("numpy"),
        },
    }
    RESULTS.write_text(json.dumps(facts, indent=1) + "\n")
    print(json.dumps(facts, indent=1))


if __name__ == "__main__":
    main()
