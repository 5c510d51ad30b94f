"""A build that is told to stop lets its threads end before it closes what they write to."""

import asyncio
import sys
import threading
from pathlib import Path

import pytest
from tests.support.knowledge import SPEC, WordEmbedder

from genaiops.knowledge import (
    ChunkOptions,
    Corpus,
    EmbeddingCache,
    Recipe,
    build_index,
    parse_document,
)
from genaiops.knowledge import ingest as ingesting
from genaiops.knowledge.threads import on_thread
from genaiops.knowledge.writing import SnapshotWriter
from genaiops.store import Store


class Held:
    """Work that says that it began, and ends when it is told to."""

    def __init__(self) -> None:
        self.begun, self.go = threading.Event(), threading.Event()
        self.ended = False

    def __call__(self) -> None:
        self.begun.set()
        self.go.wait(10)
        self.ended = True


async def cancelled_twice(task: "asyncio.Task[object]", held: Held) -> None:
    """Cancel `task` while `held` works, and again, before that may end."""
    await asyncio.to_thread(held.begun.wait, 10)
    for _ in range(2):
        task.cancel()
        for _ in range(20):
            await asyncio.sleep(0)
    assert not task.done()
    held.go.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert held.ended


def test_work_on_a_thread_has_ended_when_its_caller_is_told_that_it_was_cancelled() -> None:
    async def main() -> None:
        held = Held()
        await cancelled_twice(asyncio.create_task(on_thread(held)), held)
        assert await on_thread(int, "7") == 7
        with pytest.raises(ValueError, match="invalid literal"):
            await on_thread(int, "seven")

    asyncio.run(main())


@pytest.mark.proves("D-CANCELLED-BUILD")
@pytest.mark.parametrize("step", ["add", "arrange", "finish"])
def test_a_build_that_is_cancelled_ends_what_it_is_writing_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    held, real = Held(), getattr(SnapshotWriter, step)

    def slow(writer: SnapshotWriter, *args: object) -> None:
        try:
            held()
        finally:
            real(writer, *args)  # fails where the database is closed by now

    monkeypatch.setattr(SnapshotWriter, step, slow)
    documents = Corpus(documents=(parse_document("a.md", "# A\n\nSome words of a page.\n"),))
    recipe = Recipe(corpus=documents.digest, embedder=SPEC, chunk=ChunkOptions(tokens=32, overlap=0))

    async def main(store: Store) -> None:
        cache, indexes = EmbeddingCache(store), tmp_path / "indexes"
        building = build_index(documents, recipe, WordEmbedder(), folder=indexes, cache=cache)
        await cancelled_twice(asyncio.create_task(building), held)
        assert list(indexes.iterdir()) == []

    with Store.open(tmp_path / ".genaiops") as store:
        asyncio.run(main(store))


def test_two_builds_at_once_leave_the_interpreter_as_they_found_it() -> None:
    usual = sys.getswitchinterval()
    one, other = (ingesting._soon_at_turn() for _ in range(2))  # type: ignore[reportPrivateUsage]
    one.__enter__()
    other.__enter__()
    one.__exit__(None, None, None)
    other.__exit__(None, None, None)
    assert sys.getswitchinterval() == usual
