"""From a corpus and a recipe to an index on disk; what is there already is not made again."""

import os
import secrets
import shutil
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from genaiops.core import Digest, Embedder, Json, Passage, UserError, digest_bytes, hex_of
from genaiops.knowledge.anchors import check_cached
from genaiops.knowledge.chunks import Tokenizer, chunk_document
from genaiops.knowledge.index import other_embedding
from genaiops.knowledge.maxsim import TokenCache
from genaiops.knowledge.model import LOCAL, Backend, Chunk, Corpus, Document, Recipe
from genaiops.knowledge.opening import create_index, open_folder
from genaiops.knowledge.passages import PASSAGES, Lengths, ReadyPassages, in_context, parts_of
from genaiops.knowledge.seams import Index
from genaiops.knowledge.vectors import differing, embed_texts

if TYPE_CHECKING:  # a cache in a store needs SQLAlchemy, which is slow to import
    from genaiops.knowledge.cache import EmbeddingCache


class Bar(Protocol):
    """What shows how far a build is."""

    def advance(self, n: int = 1, note: str = "") -> None:
        """Say that `n` more passages have their vector."""
        ...


Progress = Callable[[int], AbstractContextManager[Bar]]
"""Makes a bar for so many passages to embed; asked only where there is something to embed."""

_AT_ONCE = 64
_KEEP_TOKENS_UP_TO = 2_000
"""Passages; each one's token vectors take about 50 kB in the store, so larger indexes keep them in memory."""
_CHARACTERS_A_TOKEN = 3
_SPECIAL_TOKENS = 2


@runtime_checkable
class CountsTokens(Protocol):
    """What an embedder may add: how long texts are in its own tokens, and how many it reads at most."""

    @property
    def window(self) -> int:
        """The most tokens it reads, special tokens included."""
        ...

    def count_tokens(self, texts: Sequence[str]) -> Sequence[int]:
        """Return the length of each text without special tokens."""
        ...


def tokenizer_of(embedder: Embedder) -> Tokenizer:
    """Return how `embedder` counts; where it does not tell, a count that errs on the long side."""
    if isinstance(embedder, CountsTokens):
        return Tokenizer(embedder.count_tokens, embedder.window)
    return Tokenizer(_estimate)


def make_chunks(corpus: Corpus, recipe: Recipe, embedder: Embedder) -> list[Chunk]:
    """Return all chunks of `corpus`; raises `UserError` where it has no text."""
    tokenizer = tokenizer_of(embedder)
    chunks = [chunk for doc in corpus.documents for chunk in chunk_document(doc, recipe.chunk, tokenizer)]
    if not chunks:
        raise _no_text(corpus)
    return chunks


def _no_text(corpus: Corpus) -> UserError:
    why = f"{len(corpus.documents)} document(s), all of them empty below their headings"
    if corpus.left_out:
        first = corpus.left_out[0]
        why = f"{len(corpus.left_out)} document(s) are left out; {first.path}: {first.what}, {first.why}"
    return UserError(
        "GAO-KNOWLEDGE-003",
        "the documents hold no text",
        why=why,
        fix="`genaiops index check` says for each what is the matter" if corpus.left_out else "add text",
    )


async def build_index(
    corpus: Corpus,
    recipe: Recipe,
    embedder: Embedder,
    *,
    folder: Path,
    cache: "EmbeddingCache",
    progress: Progress | None = None,
) -> Index:
    """Return the index of `recipe` under `folder`, building it if it is not there.

    Nothing is visible before it is whole. A build that was cut short goes on from the vectors it had.
    """
    if recipe.corpus != corpus.digest:
        raise ValueError("the recipe is for another corpus")
    if recipe.embedder != embedder.spec:
        raise other_embedding(*differing(embedder.spec, recipe.embedder), folder)
    there = await _there(folder, recipe, embedder, cache)
    if there is not None:
        return there
    passages = [passage_of(chunk) for chunk in make_chunks(corpus, recipe, embedder)]
    return await _build(passages, recipe, embedder, folder, cache, progress)


async def index_passages(
    ready: ReadyPassages,
    embedder: Embedder,
    *,
    folder: Path,
    cache: "EmbeddingCache",
    backend: Backend = LOCAL,
    progress: Progress | None = None,
) -> Index:
    """Return the index of ready-made passages under `folder`, building it if it is not there."""
    recipe = Recipe(corpus=ready.digest, embedder=embedder.spec, parser=PASSAGES, backend=backend)
    there = await _there(folder, recipe, embedder, cache)
    if there is not None:
        return there
    return await _build(ready.passages, recipe, embedder, folder, cache, progress)


async def _build(
    passages: Sequence[Passage],
    recipe: Recipe,
    embedder: Embedder,
    folder: Path,
    cache: "EmbeddingCache",
    progress: Progress | None,
) -> Index:
    read = text_reader(embedder, Lengths())
    parts = [read(passage) for passage in passages]
    rows = await _embed([part for some in parts for part in some], embedder, cache, progress)
    vectors = np.split(rows, np.cumsum([len(some) for some in parts])[:-1])
    await _publish(folder, recipe, passages, vectors, embedder)
    return _open(folder / hex_of(recipe.digest), cache)


async def _there(folder: Path, recipe: Recipe, embedder: Embedder, cache: "EmbeddingCache") -> Index | None:
    """Return the index of `recipe` where it is here, or in a database to which another machine wrote it."""
    there = open_index(folder, recipe.digest, cache)
    if there is not None or recipe.backend.name != "postgres":
        return there
    partial = _partial(folder)
    index = create_index(partial, recipe)
    published = index.published()
    if published:
        await index.anchors.keep(embedder)
    index.close()
    if not published:
        shutil.rmtree(partial)
        return None
    _move(partial, folder / hex_of(recipe.digest))
    return open_index(folder, recipe.digest, cache)


def open_index(folder: Path, recipe: Digest, cache: "EmbeddingCache | None" = None) -> Index | None:
    """Return the index of the recipe with that digest; None where it has not been built."""
    place = folder / hex_of(recipe)
    return _open(place, cache) if place.is_dir() else None


def _open(place: Path, cache: "EmbeddingCache | None") -> Index:
    index = open_folder(place)
    if cache and len(index) <= _KEEP_TOKENS_UP_TO:
        index.tokens = TokenCache(stored=cache)
    return index


def passage_of(chunk: Chunk) -> Passage:
    """Return a chunk as the passage that search returns."""
    return Passage(
        id=chunk.id,
        text=chunk.text,
        document=chunk.document.id,
        title=chunk.document.title,
        heading=chunk.heading,
        start=chunk.start,
        end=chunk.end,
        page=chunk.page,
        metadata=_metadata(chunk.document),
    )


def _metadata(document: Document) -> dict[str, Json]:
    if document.access is None:
        return document.metadata
    return {**document.metadata, "access": [*sorted(document.access)]}


async def _embed(
    wanted: Sequence[str], embedder: Embedder, cache: "EmbeddingCache", progress: Progress | None
) -> NDArray[np.float32]:
    digests = [digest_bytes(text.encode()) for text in wanted]
    texts = dict(zip(digests, wanted, strict=True))
    await check_cached(embedder, cache)
    known = cache.texts(embedder.spec, list(texts))
    dimension = len(next(iter(known.values()))) if known else None
    # by length, so that a batch is not padded to one long text
    missing = sorted((digest for digest in texts if digest not in known), key=lambda d: (len(texts[d]), d))
    with progress(len(missing)) if progress and missing else nullcontext() as bar:
        for at in range(0, len(missing), _AT_ONCE):
            some = missing[at : at + _AT_ONCE]
            vectors = await embed_texts(embedder, [texts[digest] for digest in some], "passage", dimension)
            dimension = vectors.shape[1]
            fresh = dict(zip(some, vectors, strict=True))
            cache.put_texts(embedder.spec, fresh)
            known.update(fresh)
            if bar:
                bar.advance(len(some))
    return np.stack([known[digest] for digest in digests])


def text_reader(embedder: Embedder, lengths: Lengths) -> Callable[[Passage], list[str]]:
    """Return what gives the texts that `embedder` reads of a passage, one for each of its vectors."""
    if not isinstance(embedder, CountsTokens):
        return lambda passage: [in_context(passage)]
    counter, window = embedder, embedder.window - _SPECIAL_TOKENS
    count = lengths.counting(lambda text: counter.count_tokens([text])[0])
    return lambda passage: parts_of(passage, count, window)


async def _publish(
    folder: Path,
    recipe: Recipe,
    passages: Sequence[Passage],
    vectors: Sequence[NDArray[np.float32]],
    embedder: Embedder,
) -> None:
    partial = _partial(folder)
    index = create_index(partial, recipe)
    index.upsert(passages, vectors)
    index.publish()
    await index.measure(embedder)
    await index.anchors.keep(embedder)
    index.close()
    _move(partial, folder / hex_of(recipe.digest))


def _move(partial: Path, place: Path) -> None:
    try:
        partial.rename(place)
    except OSError:
        # somebody else built the same recipe meanwhile; equal recipes make equal indexes
        shutil.rmtree(partial)
        if not place.is_dir():
            raise


def _partial(folder: Path) -> Path:
    """Return where an index is made, and remove what builds left that were killed."""
    for left in folder.glob(".building-*-*"):
        pid = int(left.name.split("-")[1])
        if pid != os.getpid() and not _alive(pid):
            shutil.rmtree(left, ignore_errors=True)
    return folder / f".building-{os.getpid()}-{secrets.token_hex(4)}"


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _estimate(texts: Sequence[str]) -> list[int]:
    return [sum(max(1, -(-len(word) // _CHARACTERS_A_TOKEN)) for word in text.split()) for text in texts]
