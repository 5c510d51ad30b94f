"""From a corpus and a recipe to an index on disk; what is there already is not made again."""

import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np

from genaiops.core import Digest, Embedder, Json, Passage, UserError, hex_of
from genaiops.knowledge.anchors import Anchors, check_cached
from genaiops.knowledge.chunks import Tokenizer, chunk_document
from genaiops.knowledge.incremental import (
    Digests,
    document_digest,
    keep_documents,
    nearest,
    passage_digest,
    take_trust,
)
from genaiops.knowledge.index import LocalIndex, other_embedding
from genaiops.knowledge.ingest import Progress, ingest
from genaiops.knowledge.maxsim import TokenCache
from genaiops.knowledge.model import LOCAL, Backend, Chunk, Corpus, Document, Recipe
from genaiops.knowledge.opening import create_index, open_folder
from genaiops.knowledge.passages import PASSAGES, Lengths, ReadyPassages, in_context, parts_of
from genaiops.knowledge.seams import Index
from genaiops.knowledge.threads import on_thread
from genaiops.knowledge.vectors import differing
from genaiops.knowledge.writing import Base, BaseUnusableError

if TYPE_CHECKING:  # a cache in a store needs SQLAlchemy, which is slow to import
    from genaiops.knowledge.cache import EmbeddingCache


_KEEP_TOKENS_UP_TO = 2_000
"""Passages; each one's token vectors take about 50 kB in the store, so larger indexes keep them in memory."""
_TOKEN = re.compile(r"\S{1,3}")
"""Three characters of a word, or what is left of it."""
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
    chunks = list(_chunks(corpus.documents, recipe, embedder))
    if not chunks:
        raise _no_text(corpus)
    return chunks


def _chunks(documents: Iterable[Document], recipe: Recipe, embedder: Embedder) -> Iterator[Chunk]:
    tokenizer = tokenizer_of(embedder)
    for document in documents:
        yield from chunk_document(document, recipe.chunk, tokenizer)


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
    digests = {document.id: document_digest(document) for document in corpus.documents}
    base = await _base(folder, recipe, digests, embedder)

    def passages(known: Digests) -> Iterable[Passage]:
        new = [one for one in corpus.documents if known.get(one.id) != digests[one.id]]
        return map(passage_of, _chunks(new, recipe, embedder))

    index = await _build(_Source(passages, digests, base), recipe, embedder, folder, cache, progress)
    if index is None:
        raise _no_text(corpus)
    return index


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
    digests = {passage.id: passage_digest(passage) for passage in ready.passages}
    base = await _base(folder, recipe, digests, embedder)

    def passages(known: Digests) -> Iterable[Passage]:
        return [one for one in ready.passages if known.get(one.id) != digests[one.id]]

    index = await _build(_Source(passages, digests, base), recipe, embedder, folder, cache, progress)
    assert index is not None
    return index


async def _base(folder: Path, recipe: Recipe, documents: Digests, embedder: Embedder) -> Base | None:
    """Return the index to start from; none whose vectors `embedder` would not make again."""
    base = nearest(folder, recipe, documents) if recipe.backend == LOCAL else None
    if base:
        try:
            await Anchors(base.snapshot.folder.parent.parent).check(embedder)
        except UserError:
            base.snapshot.close()
            return None
    return base


@dataclass(frozen=True, slots=True)
class _Source:
    """What an index is made of.

    `passages` are those of documents that are not known as they are; `documents` the digests of all; the rest
    is in `base`.
    """

    passages: Callable[[Digests], Iterable[Passage]]
    documents: Digests
    base: Base | None


async def _build(
    source: _Source,
    recipe: Recipe,
    embedder: Embedder,
    folder: Path,
    cache: "EmbeddingCache",
    progress: Progress | None,
) -> Index | None:
    """Return the index of `source`; None where it has no passage."""
    await check_cached(embedder, cache)
    if recipe.backend != LOCAL:
        return await _build_stored(source.passages({}), recipe, embedder, folder, cache, progress)
    try:
        return await _build_local(source, recipe, embedder, folder, cache, progress)
    except BaseUnusableError:  # without it takes longer, and that is all
        return await _build_local(replace(source, base=None), recipe, embedder, folder, cache, progress)


async def _build_local(
    source: _Source,
    recipe: Recipe,
    embedder: Embedder,
    folder: Path,
    cache: "EmbeddingCache",
    progress: Progress | None,
) -> Index | None:
    partial, place = _partial(folder), folder / hex_of(recipe.digest)
    passages = source.passages(source.base.documents if source.base else {})
    index = LocalIndex.create(partial, recipe)
    try:
        with index.writing_first(source.base) as writer:
            read = text_reader(embedder, Lengths())
            found = await ingest(passages, read, embedder, cache, writer.add, writer.arrange, progress)
            await on_thread(writer.finish, 1, found.vectors)
        if not writer.ids:
            return None
        drifted = take_trust(source.base, source.documents, partial) if source.base else 0
        keep_documents(partial, index.snapshot(), source.documents, drifted)
        if not drifted:
            await index.measure(embedder)
        await index.anchors.keep(embedder)
        _put(partial, place)
    finally:
        if source.base:
            source.base.snapshot.close()
        index.close()
        shutil.rmtree(partial, ignore_errors=True)
    return _open(place, cache)


async def _build_stored(
    source: Iterable[Passage],
    recipe: Recipe,
    embedder: Embedder,
    folder: Path,
    cache: "EmbeddingCache",
    progress: Progress | None,
) -> Index | None:
    """Return the index of `source` in another backend than the default one; None where it has no passage."""
    passages: list[Passage] = []
    read = text_reader(embedder, Lengths())
    found = await ingest(source, read, embedder, cache, passages.extend, lambda parts: None, progress)
    if not passages:
        return None
    partial = _partial(folder)
    index = create_index(partial, recipe)
    try:
        index.upsert(passages, np.split(found.vectors, np.cumsum(found.parts)[:-1]))
        await on_thread(index.publish)
        await index.measure(embedder)
        await index.anchors.keep(embedder)
        index.close()
        _put(partial, folder / hex_of(recipe.digest))
    finally:
        index.close()
        shutil.rmtree(partial, ignore_errors=True)
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
    _put(partial, folder / hex_of(recipe.digest))
    shutil.rmtree(partial, ignore_errors=True)
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


def text_reader(embedder: Embedder, lengths: Lengths) -> Callable[[Passage], list[str]]:
    """Return what gives the texts that `embedder` reads of a passage, one for each of its vectors."""
    if not isinstance(embedder, CountsTokens):
        return lambda passage: [in_context(passage)]
    counter, window = embedder, embedder.window - _SPECIAL_TOKENS
    count = lengths.counting(lambda text: counter.count_tokens([text])[0])
    return lambda passage: parts_of(passage, count, window)


def _put(partial: Path, place: Path) -> None:
    try:
        partial.rename(place)
    except OSError:
        # somebody else built the same recipe meanwhile; equal recipes make equal indexes
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
    return [len(_TOKEN.findall(text)) for text in texts]
