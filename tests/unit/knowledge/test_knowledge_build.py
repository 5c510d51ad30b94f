"""Building an index and asking it."""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.support.knowledge import ANYONE, SPEC, STAFF, WordEmbedder, tokens

from genaiops.core import Passage, UserError, digest_bytes
from genaiops.knowledge import (
    ChunkOptions,
    Corpus,
    EmbeddingCache,
    LocalIndex,
    Recipe,
    TokenCache,
    build_index,
    open_index,
    parse_document,
    rank,
    retrieve,
)
from genaiops.knowledge.maxsim import maxsims, pack
from genaiops.store import Store

pytestmark = [pytest.mark.usefixtures("each_store"), pytest.mark.thorough]

TEXTS = {
    "fox.md": "# Foxes\n\nA fox is red. It eats mice.\n\n## Where\n\nFoxes live in woods.\n",
    "dog.md": "# Dogs\n\nA dog is brown. It eats bones.\n",
    "pay.md": "---\naccess: [staff]\n---\n# Pay\n\nThe pay of the fox keeper is low.\n",
}


Rows = NDArray[np.float32]


class Bar:
    """Counts what it is told."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.done = 0

    def __enter__(self) -> "Bar":
        return self

    def __exit__(self, *_: object) -> None: ...

    def advance(self, n: int = 1, note: str = "") -> None:
        self.done += n


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / ".genaiops") as opened:
        yield opened


def corpus(texts: dict[str, str] = TEXTS) -> Corpus:
    return Corpus(documents=tuple(parse_document(path, text) for path, text in sorted(texts.items())))


def build(
    store: Store, embedder: WordEmbedder, texts: dict[str, str] = TEXTS, bars: list[Bar] | None = None
) -> LocalIndex:
    documents = corpus(texts)
    recipe = Recipe(corpus=documents.digest, embedder=SPEC, chunk=ChunkOptions(tokens=40, overlap=0))

    def progress(total: int) -> Bar:
        bar = Bar(total)
        if bars is not None:
            bars.append(bar)
        return bar

    return asyncio.run(
        build_index(
            documents,
            recipe,
            embedder,
            folder=store.path / "indexes",
            cache=EmbeddingCache(store),
            progress=progress,
        )
    )


def ask(
    index: LocalIndex, question: str, embedder: WordEmbedder | None = None, **options: object
) -> list[Passage]:
    given = {"principal": ANYONE, **options}
    return asyncio.run(retrieve(index, embedder or WordEmbedder(), question, 3, **given))  # type: ignore[arg-type]


def test_a_corpus_can_be_asked(store: Store) -> None:
    index = build(store, WordEmbedder())
    best = ask(index, "where do foxes live?")[0]
    assert (best.document, best.heading, best.text) == ("fox.md", ("Foxes", "Where"), "Foxes live in woods.")
    assert TEXTS["fox.md"][best.start : best.end] == best.text
    index.close()


@pytest.mark.parametrize("mode", ["hybrid", "dense", "lexical"])
@pytest.mark.parametrize("rerank", [True, False])
def test_what_one_may_not_read_is_not_found_in_any_mode(store: Store, mode: str, rerank: bool) -> None:
    index = build(store, WordEmbedder())
    question = "pay of the fox keeper"
    assert "pay.md" not in [one.document for one in ask(index, question, mode=mode, rerank=rerank)]
    seen = ask(index, question, mode=mode, rerank=rerank, principal=STAFF)
    assert seen[0].document == "pay.md"
    index.close()


def test_the_same_recipe_is_not_built_twice(store: Store) -> None:
    build(store, WordEmbedder()).close()
    embedder, bars = WordEmbedder(), list[Bar]()
    build(store, embedder, bars=bars).close()
    assert embedder.embedded == []
    assert bars == []


def test_only_what_is_new_is_embedded_when_a_document_changes(store: Store) -> None:
    build(store, WordEmbedder()).close()
    embedder, bars = WordEmbedder(), list[Bar]()
    build(store, embedder, {**TEXTS, "dog.md": "# Dogs\n\nA dog is black.\n"}, bars).close()
    assert embedder.embedded == ["Dogs\nA dog is black."]
    assert [(bar.total, bar.done) for bar in bars] == [(1, 1)]


def test_what_a_killed_build_left_is_swept_and_never_opened(store: Store) -> None:
    folder = store.path / "indexes"
    left = folder / ".building-999999999-abcd"
    left.mkdir(parents=True)
    running = folder / f".building-{os.getppid()}-abcd"
    running.mkdir()
    build(store, WordEmbedder()).close()
    assert not left.exists()
    assert running.exists()


def test_an_index_that_was_not_built_is_none(store: Store) -> None:
    assert open_index(store.path / "indexes", digest_bytes(b"x")) is None


def test_documents_without_text_are_refused(store: Store) -> None:
    with pytest.raises(UserError, match="hold no text"):
        build(store, WordEmbedder(), {"a.md": "# Only a heading\n"})


def test_a_recipe_for_another_embedder_is_refused(store: Store) -> None:
    recipe = Recipe(corpus=corpus().digest, embedder=SPEC.__class__(provider="test", model="other"))
    with pytest.raises(UserError, match="another model"):
        asyncio.run(
            build_index(corpus(), recipe, WordEmbedder(), folder=store.path, cache=EmbeddingCache(store))
        )


def test_an_empty_question_is_refused(store: Store) -> None:
    index = build(store, WordEmbedder())
    with pytest.raises(UserError, match="empty"):
        ask(index, "  \n")
    assert ask(index, "\ud800 fox")
    index.close()


def test_token_vectors_of_a_passage_are_computed_once_for_the_project(store: Store) -> None:
    first, second = WordEmbedder(), WordEmbedder()
    index = build(store, first)
    before = ask(index, "red fox", first)
    index.close()
    again = build(store, second)
    assert ask(again, "red fox", second) == before
    assert second.tokenized == ["red fox"]
    again.close()


def test_rank_tells_how_well_each_text_fits() -> None:
    texts = ["the fox is red", "a dog", "", "red fox"]
    scores = asyncio.run(rank(WordEmbedder(), "red fox", texts))
    assert scores[3] == pytest.approx(1.0, abs=1e-3)
    assert scores[0] == pytest.approx(1.0, abs=1e-3)
    assert scores[1] < 0.5
    assert scores[2] == 0.0
    assert asyncio.run(rank(WordEmbedder(), "", texts)) == [0.0] * 4
    assert asyncio.run(rank(WordEmbedder(), "fox", [])) == []


def test_a_cache_in_memory_forgets_what_was_used_least_recently() -> None:
    embedder = WordEmbedder()
    cache = TokenCache(max_bytes=3 * 32)  # three tokens of 32 numbers

    async def use() -> None:
        for text in ("one", "two", "three", "one", "four", "one", "two"):
            await cache.vectors(embedder, [text])

    asyncio.run(use())
    assert embedder.tokenized == ["one", "two", "three", "four", "two"]


def test_packed_token_vectors_rank_as_the_originals_do() -> None:
    question, texts = (
        tokens("red fox in woods"),
        [tokens("a fox"), tokens("the woods are red"), tokens("dog")],
    )
    exact = [plain_maxsim(question, text) for text in texts]
    packed = maxsims(question, [pack(text) for text in texts])
    assert packed == pytest.approx(exact, abs=0.01)
    assert np.argsort(packed).tolist() == np.argsort(exact).tolist()
    assert pack(np.zeros((0, 32), np.float32)).shape == (0, 32)


def plain_maxsim(question: Rows, text: Rows) -> float:
    return float((question @ text.T).max(axis=1).mean())


@pytest.mark.parametrize("asked", [1, 12, 254])
def test_token_similarity_is_that_of_one_plain_product(asked: int) -> None:
    random = np.random.default_rng(asked)

    def units(count: int) -> Rows:
        rows = random.standard_normal((count, 384)).astype(np.float32)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    question, texts = units(asked), [pack(units(count)) for count in (1, 31, 32, 33, 254)]
    wide = [text / np.linalg.norm(text.astype(np.float32), axis=1, keepdims=True) for text in texts]
    assert maxsims(question, texts) == pytest.approx(
        [plain_maxsim(question, text) for text in wide], abs=2e-6
    )


def test_an_empty_text_or_question_has_no_similarity_beside_others() -> None:
    text = np.eye(3, dtype=np.float32)
    nothing = np.zeros((0, 3), dtype=np.float32)
    empty, one, all = pack(nothing), pack(text[:1]), pack(text)
    assert maxsims(text[:2], [empty, one, empty, all]) == [0.0, 0.5, 0.0, 1.0]
    assert maxsims(nothing, [all]) == [0.0]
    assert maxsims(text, []) == []
