"""How much slower than its embedder is an index built, and how long does a small change take?

    python -m bench.knowledge_speed.ingest                   with an embedder of 5,000 texts a second
    python -m bench.knowledge_speed.ingest --minilm          with MiniLM, fewer documents
    python -m bench.knowledge_speed.ingest --minilm --short --documents 10000      one short chunk a document

Must: at least 0.7 of the embedder's rate (aim 0.95), and after 1 % of 10,000 documents changed at most 3 % of
the full time. A document has three sections of about 90 words (*short*: 20 words in all), and everything is
counted: reading the folder, cutting, embedding, keeping vectors, writing, measuring trust. *Reading* is also
told alone; what did not change is known by its files' stamps, as in `genaiops index build`. *Start* is a
process that imports all of it and does nothing: it comes once to either build, and is in neither.

The stub waits as an endpoint would and gives away the processor; what it is given meanwhile waits its turn:
it never does more than 5,000 texts a second. Its rate alone is taken with as many batches of 64 under way
as a build has. Expected: near the embedder's rate, since all else is done while it works and costs less than
0.2 ms a chunk; for a change, about a third each is looking at 10,000 files, waiting for 600 chunks to be
embedded, and bringing a copy of 60,000 passages with their vectors to the disk.
"""

import argparse
import asyncio
import gc
import json
import os
import platform
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from genaiops.core import Egress, Embedder, ModelSpec, Settings
from genaiops.knowledge import (
    Corpus,
    EmbeddingCache,
    KnownDocuments,
    LocalIndex,
    Reading,
    Recipe,
    build_index,
    make_chunks,
    read_corpus,
)
from genaiops.models import ModelContext, open_embedder
from genaiops.store import Store

RESULTS = Path(__file__).parent.parent / "results" / "knowledge_ingest.json"
RATE = 5_000
DOCUMENTS, FEW = 10_000, 200
SECTIONS, SENTENCES, LENGTH = 3, 8, 11
SHORT = 20
"""Words of a short document."""
SETTLED_S = 2.1
"""So old are files whose stamps are trusted."""
WORDS = [f"{''.join(random.Random(at).choices('bcdfglmnprstaeiou', k=6))}" for at in range(5_000)]
DIMENSION = 384
SAMPLE = {False: 256, True: 5_120}
"""Chunks by which MiniLM, and the stub, is timed alone, before and after."""
AT_ONCE = 3
OBJECTS = 100_000
"""Between two looks for cycles, as the command sets it."""
NEEDED = ("EmbeddingCache", "KnownDocuments", "LocalIndex", "Reading", "build_index", "read_corpus")


class Stub:
    """Waits for as long as an embedder of `RATE` texts a second takes, one call after the other."""

    spec = ModelSpec(provider="bench", model="stub", version="1")

    def __init__(self) -> None:
        rows = np.random.default_rng(0).standard_normal((4096, DIMENSION)).astype(np.float32)
        self._rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        self._free = 0.0

    async def embed(self, texts: Sequence[str], kind: str) -> NDArray[np.float32]:
        """Return a unit vector a text."""
        now = time.perf_counter()
        self._free = max(now, self._free) + len(texts) / RATE
        await asyncio.sleep(self._free - now)
        return self._rows[[zlib.crc32(text.encode()) % len(self._rows) for text in texts]]

    async def close(self) -> None:
        """Nothing is open."""


def document(seed: int) -> str:
    """Return one document as Markdown."""
    draw = random.Random(seed)

    def sentence() -> str:
        return " ".join(draw.choices(WORDS, k=LENGTH)).capitalize() + "."

    parts = [f"## Part {at}\n\n{' '.join(sentence() for _ in range(SENTENCES))}" for at in range(SECTIONS)]
    return f"# Document {seed}\n\n" + "\n\n".join(parts) + "\n"


def short(seed: int) -> str:
    """Return a document of one short chunk as Markdown."""
    draw = random.Random(seed)
    return f"# Document {seed}\n\n{' '.join(draw.choices(WORDS, k=SHORT)).capitalize()}.\n"


def timed(work: Callable[[], object]) -> tuple[object, dict[str, float]]:
    """Return what `work` returns, with the seconds of wall and CPU that it took."""
    began = time.perf_counter(), time.process_time()
    done = work()
    wall, cpu = time.perf_counter() - began[0], time.process_time() - began[1]
    return done, {"wall_s": round(wall, 3), "cpu_s": round(cpu, 3)}


async def embedded(embedder: Embedder, texts: Sequence[str]) -> float:
    """Return how many texts a second the embedder does alone, in batches of 64, three of them at once."""
    batches = iter([texts[at : at + 64] for at in range(0, len(texts), 64)])

    async def some() -> None:
        for batch in batches:
            await embedder.embed(batch, "passage")

    began = time.perf_counter()
    await asyncio.gather(*(some() for _ in range(AT_ONCE)))
    return len(texts) / (time.perf_counter() - began)


def started() -> dict[str, float]:
    """Return the least wall and CPU seconds of five processes that import what a build needs."""
    code = f"from genaiops.knowledge import {', '.join(NEEDED)}; from genaiops.store import Store"
    taken: list[tuple[float, float]] = []
    for _ in range(5):
        wall, before = time.perf_counter(), os.times()
        subprocess.run([sys.executable, "-c", code], check=True)
        after = os.times()
        cpu = after.children_user + after.children_system - before.children_user - before.children_system
        taken.append((time.perf_counter() - wall, cpu))
    return {
        "wall_s": round(min(wall for wall, _ in taken), 3),
        "cpu_s": round(min(cpu for _, cpu in taken), 3),
    }


def measure(embedder: Embedder, count: int, root: Path, written: Callable[[int], str]) -> dict[str, object]:
    """Return the times of a first build, of the embedder alone, and of a build after a small change."""
    docs = root / "docs"
    docs.mkdir()
    for at in range(count):
        (docs / f"{at:05}.md").write_text(written(at), "utf-8")
    time.sleep(SETTLED_S)
    how = Reading(known=KnownDocuments(root / "known.db"))
    with Store.open(root / "store") as store, asyncio.Runner() as runner:

        def build(corpus: Corpus) -> LocalIndex:
            recipe = Recipe(corpus=corpus.digest, embedder=embedder.spec)
            cache = EmbeddingCache(store)
            return runner.run(build_index(corpus, recipe, embedder, folder=root / "indexes", cache=cache))

        def both() -> dict[str, object]:
            corpus, reading = timed(lambda: read_corpus(docs, how))
            index, building = timed(lambda: build(cast(Corpus, corpus)))
            with_index = cast(LocalIndex, index)
            chunks = len(with_index)
            with_index.close()
            return {"chunks": chunks, "reading": reading, "building": building}

        corpus = read_corpus(docs)
        chunks = make_chunks(corpus, Recipe(corpus=corpus.digest, embedder=embedder.spec), embedder)
        texts = [
            chunk.embedded for chunk in chunks[:: max(1, len(chunks) // SAMPLE[isinstance(embedder, Stub)])]
        ]
        runner.run(embedder.embed(texts[:8], "passage"))
        before = runner.run(embedded(embedder, texts))
        first = both()
        after = runner.run(embedded(embedder, texts))
        for at in range(0, count, 100):
            (docs / f"{at:05}.md").write_text(written(count + at), "utf-8")
        again = both()
    alone = cast(int, first["chunks"]) / ((before + after) / 2)
    return {
        "documents": count,
        "chunks": first["chunks"],
        "embedder_s": round(alone, 2),
        "embedder_rate": round((before + after) / 2, 1),
        "start": started(),
        "first": first,
        "of the embedder's rate": ratios(alone, first),
        "after 1 % changed": again,
        "of the first build": {
            "with reading": round(whole(again) / whole(first), 4),
            "without": round(seconds(again, "building") / seconds(first, "building"), 4),
        },
    }


def seconds(found: dict[str, object], step: str) -> float:
    """Return the wall seconds of a step."""
    return cast(dict[str, float], found[step])["wall_s"]


def whole(found: dict[str, object]) -> float:
    """Return the wall seconds of reading and building."""
    return seconds(found, "reading") + seconds(found, "building")


def ratios(alone: float, first: dict[str, object]) -> dict[str, float]:
    """Return the embedder's own time as a share of the whole, with and without reading the folder."""
    return {
        "with reading": round(alone / whole(first), 3),
        "without": round(alone / seconds(first, "building"), 3),
    }


def main() -> None:
    """Measure one embedder and write its results beside the other's."""
    gc.set_threshold(OBJECTS)
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--minilm", action="store_true")
    arguments.add_argument("--documents", type=int)
    arguments.add_argument("--short", action="store_true")
    given = arguments.parse_args()
    no_way_out = cast(Egress, None)  # a local model opens no connection
    context = ModelContext(settings=Settings.from_env(os.environ), egress=no_way_out, root=Path())
    embedder = open_embedder("local:minilm-l6", context) if given.minilm else Stub()
    load = os.getloadavg()
    with tempfile.TemporaryDirectory() as folder:
        count = given.documents or (FEW if given.minilm else DOCUMENTS)
        found = measure(embedder, count, Path(folder), short if given.short else document)
    machine = {
        "cores": os.cpu_count(),
        "load_before": load,
        "load_after": os.getloadavg(),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
    }
    facts = json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else {}
    name = "MiniLM" if given.minilm else "stub, 5,000 texts a second"
    facts[f"{name}, short documents" if given.short else name] = found | {"machine": machine}
    RESULTS.write_text(json.dumps(facts, indent=1) + "\n")
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
