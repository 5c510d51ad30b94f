"""A project whose index is written, migrated, withdrawn from and rolled back while processes ask it.

Its embedders are hashed words: deterministic, cheap, and of different dimensions, so that a question that met
the other one's index would be refused. Each gives way before it answers: a switch can fall into any request.
"""

import asyncio
import json
import multiprocessing
import time
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from multiprocessing.process import BaseProcess
from pathlib import Path
from random import Random
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from genaiops.app import Project, Services, hold, load_project
from genaiops.app.releasing import publish
from genaiops.core import Egress, Embedder, ModelSpec, Principal, Settings, UserError
from genaiops.knowledge import retrieve
from genaiops.models import EmbedSettings
from genaiops.store import Store
from genaiops.work import Console

GONE = "page-7.md"
"""The document that is withdrawn; every fourth question is about it."""
DIMENSIONS = {"load:small": 32, "load:large": 48}
ANYONE = Principal(id="local")


class HashedWords:
    """Equal words, equal vectors."""

    def __init__(self, reference: str) -> None:
        self._dimension = DIMENSIONS[reference]
        self.spec = ModelSpec(
            provider="load", model=reference, version="1", settings={"dimension": self._dimension}
        )

    async def embed(self, texts: Sequence[str], kind: Literal["query", "passage"]) -> NDArray[np.float32]:
        await asyncio.sleep(0)
        rows = np.stack(
            [sum(_word(word, self._dimension) for word in text.lower().split()) for text in texts]
        )
        return (rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)).astype(np.float32)

    async def close(self) -> None: ...


@lru_cache(maxsize=50_000)
def _word(word: str, dimension: int) -> NDArray[np.float32]:
    seed = int.from_bytes(sha256(word.encode()).digest()[:8], "little")
    return np.random.default_rng(seed).standard_normal(dimension).astype(np.float32)


class LoadServices(Services):
    """Services that know the embedders of this file."""

    async def embed_model(self, root: Path, reference: str, said: EmbedSettings) -> Embedder:
        if reference in DIMENSIONS:
            return HashedWords(reference)
        return await super().embed_model(root, reference, said)


class Nowhere(Egress):
    """No way out."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: when, which index it held, what it found, and what failed."""

    began: int
    ended: int
    recipe: str
    found: tuple[str, ...]
    documents: tuple[str, ...]
    error: str = ""


def write_project(folder: Path, documents: int, embed: str = "load:small") -> None:
    """Write a project of so many pages, each with its question."""
    for name in ("docs", "data"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "genaiops.yaml").write_text(
        "project: load\napp: 'app:answer'\n"
        f"models: {{embed: '{embed}'}}\n"
        "knowledge: {docs: {source: docs}}\n"
        "suites: {qa: {dataset: data/qa.jsonl, cluster_missing: own,\n"
        "  scorers: [{retrieval_recall: {k: 5}}]}}\n"
    )
    rows: list[str] = []
    for at in range(documents):
        write_page(folder, at, 0)
        passages = [{"document": f"page-{at}.md"}]
        rows.append(
            json.dumps(
                {"id": f"q{at}", "inputs": {"question": question(at)}, "expected": {"passages": passages}}
            )
        )
    (folder / "data" / "qa.jsonl").write_text("\n".join(rows) + "\n")


def write_page(folder: Path, at: int, edition: int) -> None:
    """Write a page anew, in one step."""
    path = folder / "docs" / f"page-{at}.md"
    part = path.with_suffix(".part")
    part.write_text(f"# Page {at}\n\nOf topic{at} and theme{at}, edition {edition}.\n\n{'filler ' * 20}\n")
    part.replace(path)


def question(at: int) -> str:
    return f"what is said of topic{at} and theme{at}"


@asynccontextmanager
async def services_in(
    folder: Path, *, serving: bool, kind: type[LoadServices] = LoadServices
) -> AsyncGenerator[tuple[Services, Project]]:
    settings = Settings(config_dir=folder / ".config", cache_dir=folder / ".cache", env={})
    with Store.open(folder / ".genaiops", {}) as store:
        services = kind(settings, store, Nowhere(), Console(quiet=True), released=serving)  # type: ignore[abstract]
        try:
            yield services, load_project(folder)
        finally:
            await services.close()


def ask(folder: Path, out: Path, queries: int, seed: int, documents: int, at_once: int = 8) -> None:
    """Ask at least so many questions, `at_once` at a time, as one process, and until `over` is there.

    What came of each is written to `out`.
    """
    random = Random(seed)
    asked: list[Asked] = []

    def pages() -> Iterator[int]:
        turn = 0
        while turn < queries or not (folder / "over").exists():
            yield 7 if turn % 4 == 0 else random.randrange(documents)
            turn += 1

    async def one(services: Services, project: Project, page: int) -> None:
        began, recipe, found, error = time.monotonic_ns(), "", [], ""
        try:
            held = await hold(services, folder, project, "docs")
            recipe = held.index.recipe.digest
            found = await retrieve(
                held.index, held.embedder, question(page), 5, principal=ANYONE, snapshot=held.snapshot
            )
        except Exception as problem:  # noqa: BLE001  every failure is counted, whatever it is
            error = f"{type(problem).__name__}: {problem}"
        asked.append(
            Asked(
                began,
                time.monotonic_ns(),
                recipe,
                tuple(one.id for one in found),
                tuple(one.document for one in found),
                error,
            )
        )

    async def run() -> None:
        async with services_in(folder, serving=True) as (services, project):
            waiting = pages()

            async def work() -> None:
                for page in waiting:
                    await one(services, project, page)

            await asyncio.gather(*(work() for _ in range(at_once)))

    asyncio.run(run())
    out.write_text("\n".join(json.dumps([getattr(one, key) for key in Asked.__slots__]) for one in asked))


def keep_writing(folder: Path, editions: int, documents: int, done: Path) -> None:
    """Rewrite a tenth of the pages and publish in whatever way is live, so many times, as one process."""

    async def run() -> None:
        async with services_in(folder, serving=False) as (services, project):
            for edition in range(1, editions + 1):
                for at in range(edition % 10, documents, 10):
                    write_page(folder, at, edition)
                await _publish_as_live(services, project)
        done.write_text("done")

    asyncio.run(run())


async def _publish_as_live(services: Services, project: Project) -> None:
    while True:
        corpus, named = await services.corpus(project, "docs"), services.releases.get("docs")
        assert named is not None
        try:
            await publish(services, project.root, "docs", corpus, named.live.holding(corpus.digest))
            return
        except UserError as error:  # it was switched in between: the other way is live now
            if error.code != "GAO-KNOWLEDGE-097":
                raise


@dataclass(frozen=True, slots=True)
class Tally:
    """What came of all requests."""

    queries: int
    failed: tuple[str, ...]
    mixed: int
    withdrawn_shown: int
    releases: int
    p50_ms: float
    p95_ms: float
    began_after: dict[str, int]


def tally(folder: Path, outs: Sequence[Path], marks: Mapping[str, int]) -> Tally:
    """Return what came of the requests; those that began after the mark `withdrawn` must not show `GONE`."""
    asked = [Asked(*json.loads(line)) for out in outs for line in out.read_text().splitlines()]
    times = sorted((one.ended - one.began) / 1e6 for one in asked)
    recipes = {one.recipe for one in asked if not one.error}
    held = asyncio.run(_held(folder, recipes))
    good = [one for one in asked if not one.error]
    return Tally(
        queries=len(asked),
        failed=tuple(one.error for one in asked if one.error),
        mixed=sum(not set(one.found) <= held[one.recipe] or len(one.found) != 5 for one in good),
        withdrawn_shown=sum(GONE in one.documents for one in good if one.began > marks["withdrawn"]),
        releases=len(recipes),
        p50_ms=round(times[len(times) // 2], 2),
        p95_ms=round(times[len(times) * 95 // 100], 2),
        began_after={mark: sum(one.began > at for one in asked) for mark, at in marks.items()},
    )


async def _held(folder: Path, recipes: set[str]) -> Mapping[str, set[str]]:
    """Return the ids of all passages of each index."""
    found: dict[str, set[str]] = {}
    async with services_in(folder, serving=True) as (services, _):
        for recipe in recipes:
            index = await services.built_index(recipe)  # type: ignore[arg-type]
            assert index is not None
            names = {path.name for path in (folder / "docs").iterdir()}
            found[recipe] = {one.id for one in index.passages_of(names)}  # type: ignore[attr-defined]
    return found


def start(target: object, *arguments: object) -> BaseProcess:
    """Start a process of its own."""
    process = multiprocessing.get_context("spawn").Process(target=target, args=arguments)  # type: ignore[arg-type]
    process.start()
    return process
