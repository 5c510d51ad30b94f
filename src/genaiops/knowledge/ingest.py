"""From passages to a snapshot on disk: reading, embedding, keeping vectors and writing at the same time.

The embedder decides how long it takes; all else is done on other threads while it works.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from genaiops.core import Digest, Embedder, Passage, digest_bytes
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
_AHEAD = 2_048
"""Passages that are read before the first of them is embedded, so that batches are of texts of one length."""


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
    progress: Progress | None,
) -> Ingested:
    """Return the vectors of `passages`, which `write` is given as they come, on another thread.

    `read` tells the texts that the embedder reads of a passage. What was embedded is in the cache also where
    this raises, so that the next build goes on from there.
    """
    windows: asyncio.Queue[_Window | None] = asyncio.Queue()
    ingested = Ingested(np.zeros((0, 0), np.float32), [])
    with ExitStack() as stack:
        embedding = _Embedding(embedder, cache)
        source = iter(passages)

        async def reading() -> None:
            try:
                while window := await asyncio.to_thread(_read, source, read, embedder, cache):
                    embedding.meet(window)
                    windows.put_nowait(window)
                if progress and embedding.wanted:
                    embedding.show(stack.enter_context(progress(embedding.wanted)))
            finally:
                windows.put_nowait(None)

        reader = asyncio.create_task(reading())
        try:
            ingested = await _taken(windows, embedding, write)
            await reader
        finally:
            reader.cancel()
            await asyncio.gather(reader, return_exceptions=True)
    return ingested


async def _taken(
    windows: "asyncio.Queue[_Window | None]",
    embedding: "_Embedding",
    write: Callable[[Sequence[Passage]], None],
) -> Ingested:
    """Embed and write the windows as they come."""
    rows: list[Vectors] = []
    parts: list[int] = []
    writing: list[asyncio.Task[None]] = []
    try:
        while window := await windows.get():
            if writing:
                await writing.pop()
            writing.append(asyncio.create_task(asyncio.to_thread(write, window.passages)))
            rows.append(await embedding.rows(window))
            parts += window.parts
        await asyncio.gather(*writing)
    finally:
        await asyncio.gather(*writing, return_exceptions=True)
        await embedding.kept()
    return Ingested(np.concatenate(rows) if rows else np.zeros((0, 0), np.float32), parts)


class _Embedding:
    """Embeds what is not known, each text once, and keeps it in the cache while the next are embedded."""

    def __init__(self, embedder: Embedder, cache: "EmbeddingCache") -> None:
        self._embedder, self._cache = embedder, cache
        self._fresh: dict[Digest, Vectors] = {}
        self._met: set[Digest] = set()
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

    async def rows(self, window: _Window) -> Vectors:
        """Return the vectors of all texts of `window`, in their order."""
        for row in window.known.values():
            self._dimension = len(row)
            break
        missing = [text for text in window.texts if text not in window.known and text not in self._fresh]
        # by length, so that a batch is not padded to one long text
        missing.sort(key=lambda digest: (len(window.texts[digest]), digest))
        for at in range(0, len(missing), _AT_ONCE):
            some = missing[at : at + _AT_ONCE]
            texts = [window.texts[digest] for digest in some]
            vectors = await embed_texts(self._embedder, texts, "passage", self._dimension)
            self._dimension = vectors.shape[1]
            fresh = dict(zip(some, vectors, strict=True))
            self._fresh |= fresh
            await self._keep(fresh)
            if self._bar:
                self._bar.advance(len(some))
        known = window.known
        return np.stack([known[one] if one in known else self._fresh[one] for one in window.digests])

    async def kept(self) -> None:
        """Wait until all is in the cache."""
        while self.keeping:
            task, self.keeping = self.keeping, None
            await task
            await self._keep({})

    async def _keep(self, fresh: Mapping[Digest, Vectors]) -> None:
        """Put `fresh` into the cache, what comes meanwhile together: fast embedders make large writes."""
        self._unkept |= fresh
        if self.keeping and self.keeping.done():
            task, self.keeping = self.keeping, None
            await task
        if self._unkept and not self.keeping:
            some, self._unkept = self._unkept, {}
            self.keeping = asyncio.create_task(
                asyncio.to_thread(self._cache.put_texts, self._embedder.spec, some)
            )


def _read(
    source: Iterator[Passage],
    read: Callable[[Passage], Sequence[str]],
    embedder: Embedder,
    cache: "EmbeddingCache",
) -> _Window | None:
    """Return the next passages; None where there are none."""
    passages = list(islice(source, _AHEAD))
    if not passages:
        return None
    parts = [read(passage) for passage in passages]
    texts = [text for some in parts for text in some]
    digests = [digest_bytes(text.encode()) for text in texts]
    known = cache.texts(embedder.spec, list(dict.fromkeys(digests)))
    return _Window(
        passages, [len(some) for some in parts], digests, dict(zip(digests, texts, strict=True)), known
    )
