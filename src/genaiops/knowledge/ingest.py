"""From passages to a snapshot on disk: reading, embedding, keeping vectors and writing at the same time.

The embedder decides how long it takes; all else is done on other threads while it works. It has the next
batches before it is done with one, so that it never waits until another thread lets go of the interpreter.
"""

import asyncio
import sys
from collections import deque
from collections.abc import Callable, Coroutine, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from genaiops.core import Digest, Embedder, Passage, digest_bytes
from genaiops.knowledge.threads import on_thread
from genaiops.knowledge.vectors import embed_texts

if TYPE_CHECKING:  # a cache in a store needs SQLAlchemy, which is slow to import
    from genaiops.knowledge.cache import EmbeddingCache

Vectors = NDArray[np.float32]


class Bar(Protocol):
    """What shows how far a build is."""

    def advance(self, n: int = 1, note: str = "") -> None:
        """Say that `n` more passages have their vector."""
        ...


Progress = Callable[[int], AbstractContextManager[Bar]]
"""Makes a bar for so many passages to embed; asked only where there is something to embed."""

_AT_ONCE = 64
_IN_FLIGHT = 3
"""Batches that the embedder has at once: one that comes back, one that it works on, one that waits there."""
_TURN_S = 0.0005
_USUAL_S = sys.getswitchinterval()
_FIRST, _AHEAD = 64, 2_048
"""Passages that are read before the first of them is embedded, so that batches are of texts of one length.

At first they are few, and each time twice as many, so that the embedder soon has something to do.
"""


@dataclass(frozen=True, slots=True)
class Ingested:
    """The vectors of all passages, one row for each part of each, and how many parts each has."""

    vectors: Vectors
    parts: list[int]


@dataclass(frozen=True, slots=True)
class _Window:
    """Passages with what the embedder reads of them, and the vectors known of that."""

    passages: Sequence[Passage]
    parts: Sequence[int]
    digests: Sequence[Digest]
    texts: Mapping[Digest, str]
    known: Mapping[Digest, Vectors]


async def ingest(
    passages: Iterable[Passage],
    read: Callable[[Passage], Sequence[str]],
    embedder: Embedder,
    cache: "EmbeddingCache",
    write: Callable[[Sequence[Passage]], None],
    written: Callable[[Sequence[int]], None],
    progress: Progress | None,
) -> Ingested:
    """Return the vectors of `passages`, which `write` is given as they come, on another thread.

    `written` is told after the last of them how many vectors each will have, while those are still made.
    `read` tells the texts that the embedder reads of a passage. What was embedded is in the cache also where
    this raises, so that the next build goes on from there.
    """
    windows: asyncio.Queue[_Window | None] = asyncio.Queue()
    waiting: asyncio.Queue[_Window | None] = asyncio.Queue()
    ingested = Ingested(np.zeros((0, 0), np.float32), [])
    with ExitStack() as stack:
        stack.enter_context(_soon_at_turn())
        embedding = _Embedding(embedder, cache)
        source = iter(passages)

        async def reading() -> None:
            try:
                most = _FIRST
                while window := await on_thread(_read, source, most, read, embedder, cache):
                    most = min(2 * most, _AHEAD)
                    embedding.meet(window)
                    windows.put_nowait(window)
                    waiting.put_nowait(window)
                if progress and embedding.wanted:
                    embedding.show(stack.enter_context(progress(embedding.wanted)))
            finally:
                windows.put_nowait(None)
                waiting.put_nowait(None)

        reader = asyncio.create_task(reading())
        try:
            ingested = await _taken(windows, embedding, _write(waiting, write, written))
            await reader
        finally:
            reader.cancel()
            await asyncio.gather(reader, return_exceptions=True)
    return ingested


@contextmanager
def _soon_at_turn() -> Generator[None]:
    """Let a thread wait half a millisecond for the interpreter, where it would five.

    Each batch waits for it several times while another thread reads, and the embedder would wait with it.
    """
    sys.setswitchinterval(_TURN_S)
    try:
        yield
    finally:
        # not what it was when this began: another build may have set that, and be over by now
        sys.setswitchinterval(_USUAL_S)


async def _taken(
    windows: "asyncio.Queue[_Window | None]", embedding: "_Embedding", write: Coroutine[None, None, None]
) -> Ingested:
    """Embed the windows as they come, the next one from before the last is done, while they are written."""
    rows: list[Vectors] = []
    parts: list[int] = []
    begun: deque[tuple[_Window, list[asyncio.Task[None]]]] = deque()
    # it falls behind while windows are read, and nothing waits for it but the end
    writing = asyncio.create_task(write)
    try:
        while window := await windows.get():
            begun.append((window, await embedding.begin(window)))
            parts += window.parts
            if len(begun) > 1:
                rows.append(await embedding.rows(*begun.popleft()))
            if writing.done():
                await writing  # it failed: a disk is full
        rows += [await embedding.rows(*one) for one in begun]
        await embedding.end()
        await writing
    finally:
        writing.cancel()  # where it is not over; what it is just writing it ends
        try:
            await asyncio.gather(writing, return_exceptions=True)
        finally:
            await embedding.end()
    return Ingested(np.concatenate(rows) if rows else np.zeros((0, 0), np.float32), parts)


async def _write(
    waiting: "asyncio.Queue[_Window | None]",
    write: Callable[[Sequence[Passage]], None],
    written: Callable[[Sequence[int]], None],
) -> None:
    await on_thread(write, ())  # what it writes upon is made ready while the first texts are read
    parts: list[int] = []
    while window := await waiting.get():
        await on_thread(write, window.passages)
        parts += window.parts
    await on_thread(written, parts)


class _Embedding:
    """Embeds what is not known, each text once, and keeps it in the cache while the next are embedded."""

    def __init__(self, embedder: Embedder, cache: "EmbeddingCache") -> None:
        self._embedder, self._cache = embedder, cache
        self._fresh: dict[Digest, Vectors] = {}
        self._met: set[Digest] = set()
        self._given: set[Digest] = set()
        self._flying: deque[asyncio.Task[None]] = deque()
        self._dimension: int | None = None
        self._bar: Bar | None = None
        self._unkept: dict[Digest, Vectors] = {}
        self.keeping: asyncio.Task[None] | None = None
        self.wanted = 0
        """Texts met that were not known."""

    def meet(self, window: _Window) -> None:
        """Count what of `window` must be embedded."""
        missing = window.texts.keys() - window.known.keys() - self._met
        self._met |= missing
        self.wanted += len(missing)

    def show(self, bar: Bar) -> None:
        """Tell `bar` what was done before all was met, and what is done from now on."""
        self._bar = bar
        if self._fresh:
            bar.advance(len(self._fresh))

    async def begin(self, window: _Window) -> list[asyncio.Task[None]]:
        """Give the embedder what is not known of `window`; returns once its last batch is under way."""
        for row in window.known.values():
            self._dimension = len(row)
            break
        missing = [text for text in window.texts if text not in window.known and text not in self._given]
        # by length, so that a batch is not padded to one long text
        missing.sort(key=lambda digest: (len(window.texts[digest]), digest))
        self._given.update(missing)
        tasks: list[asyncio.Task[None]] = []
        for at in range(0, len(missing), _AT_ONCE):
            # the first batch goes alone: it tells how many numbers a vector has
            while len(self._flying) >= (_IN_FLIGHT if self._dimension else 1):
                await self._flying.popleft()
            some = {digest: window.texts[digest] for digest in missing[at : at + _AT_ONCE]}
            tasks.append(asyncio.create_task(self._embed(some)))
            self._flying.append(tasks[-1])
        return tasks

    async def rows(self, window: _Window, tasks: Sequence[asyncio.Task[None]]) -> Vectors:
        """Return the vectors of all texts of `window`, in their order, when its `tasks` are done."""
        await asyncio.gather(*tasks)
        known = window.known
        return np.stack([known[one] if one in known else self._fresh[one] for one in window.digests])

    async def end(self) -> None:
        """Give up what is under way, and wait until all that came is in the cache."""
        for task in self._flying:
            task.cancel()
        await asyncio.gather(*self._flying, return_exceptions=True)
        while self.keeping:
            task, self.keeping = self.keeping, None
            await task
            await self._keep({})

    async def _embed(self, texts: Mapping[Digest, str]) -> None:
        vectors = await embed_texts(self._embedder, list(texts.values()), "passage", self._dimension)
        self._dimension = vectors.shape[1]
        fresh = dict(zip(texts, vectors, strict=True))
        self._fresh |= fresh
        await self._keep(fresh)
        if self._bar:
            self._bar.advance(len(texts))

    async def _keep(self, fresh: Mapping[Digest, Vectors]) -> None:
        """Put `fresh` into the cache, what comes meanwhile together: fast embedders make large writes."""
        self._unkept |= fresh
        if self.keeping and self.keeping.done():
            task, self.keeping = self.keeping, None
            await task
        if self._unkept and not self.keeping:
            some, self._unkept = self._unkept, {}
            self.keeping = asyncio.create_task(on_thread(self._cache.put_texts, self._embedder.spec, some))


def _read(
    source: Iterator[Passage],
    most: int,
    read: Callable[[Passage], Sequence[str]],
    embedder: Embedder,
    cache: "EmbeddingCache",
) -> _Window | None:
    """Return the next passages, `most` of them; None where there are none."""
    passages = list(islice(source, most))
    if not passages:
        return None
    parts = [read(passage) for passage in passages]
    texts = [text for some in parts for text in some]
    digests = [digest_bytes(text.encode()) for text in texts]
    known = cache.texts(embedder.spec, list(dict.fromkeys(digests)))
    return _Window(
        passages, [len(some) for some in parts], digests, dict(zip(digests, texts, strict=True)), known
    )
