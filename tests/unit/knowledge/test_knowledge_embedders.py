"""What an embedder may not do: return what is no vector, or become another one unnoticed."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.support.knowledge import ANYONE, SPEC, WordEmbedder, make_index, passage

from genaiops.core import Digest, ModelSpec, OutsideError, UserError, digest_bytes
from genaiops.knowledge import (
    EmbeddingCache,
    LocalIndex,
    ReadyPassages,
    TokenCache,
    index_passages,
    retrieve,
)
from genaiops.store import Store

UNVERSIONED = ModelSpec(provider="http", model="//host/v1#m")


class Spoilt(WordEmbedder):
    """Returns what `spoil` makes of the vectors of its calls after the first `good`."""

    def __init__(self, spoil: Callable[[Any], Any], good: int = 0, spec: ModelSpec = SPEC) -> None:
        super().__init__()
        self.spec = spec
        self.spoil = spoil
        self.good = good

    async def embed(self, texts: Sequence[str], kind: str) -> np.ndarray:  # type: ignore[override]
        rows = await super().embed(texts, "passage")
        self.good -= 1
        return rows if self.good >= 0 else self.spoil(rows)


class Turned(WordEmbedder):
    """Another model under the same name: every vector is turned by the angle with this cosine."""

    spec = UNVERSIONED

    def __init__(self, cosine: float = 1.0) -> None:
        super().__init__()
        self.cosine = cosine

    async def embed(self, texts: Sequence[str], kind: str) -> np.ndarray:  # type: ignore[override]
        rows = await super().embed(texts, "passage")
        aside = np.roll(rows, 1, axis=1)
        aside -= (aside * rows).sum(axis=1, keepdims=True) * rows
        aside /= np.linalg.norm(aside, axis=1, keepdims=True)
        return (self.cosine * rows + np.sqrt(1 - self.cosine**2) * aside).astype(np.float32)


def with_number(rows: np.ndarray, number: float) -> np.ndarray:
    rows = rows.copy()
    rows[-1, 3] = number
    return rows


BAD: dict[str, Callable[[Any], Any]] = {
    "not finite": lambda rows: with_number(rows, float("nan")),
    "not finite ": lambda rows: with_number(rows, float("inf")),
    "zero": lambda rows: rows * np.float32(0),
    "length": lambda rows: rows * np.float32(7),
    "shape": lambda rows: rows[:-1],
    "shape ": lambda rows: rows[0],
    "numbers": lambda rows: rows[:, :16] / np.linalg.norm(rows[:, :16], axis=1, keepdims=True),
}


def ready(count: int) -> ReadyPassages:
    some = tuple(passage(f"{at}", f"passage number {at} of the file") for at in range(count))
    return ReadyPassages(some, digest_bytes(f"{count}".encode()), ())


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / ".genaiops") as opened:
        yield opened


def build(store: Store, embedder: WordEmbedder, count: int = 70) -> LocalIndex:
    cache = EmbeddingCache(store)
    return asyncio.run(index_passages(ready(count), embedder, folder=store.path / "indexes", cache=cache))


def kept(store: Store, spec: ModelSpec, count: int = 70) -> int:
    digests = [digest_bytes(one.text.encode()) for one in ready(count).passages]
    return len(EmbeddingCache(store).texts(spec, digests))


@pytest.mark.proves("D-BAD-EMBEDDER")
@pytest.mark.parametrize("bad", BAD)
def test_what_is_no_embedding_is_refused_before_any_of_it_is_kept(store: Store, bad: str) -> None:
    """The first batch is good, so that a dimension that changes is seen too."""
    with pytest.raises(OutsideError, match=bad.strip()) as caught:
        build(store, Spoilt(BAD[bad], good=1))
    assert caught.value.code == "GAO-KNOWLEDGE-190"
    assert kept(store, SPEC) == 64, "the good batch only"
    assert not [each for each in (store.path / "indexes").glob("*") if not each.name.startswith(".")]
    build(store, WordEmbedder()).close()
    assert kept(store, SPEC) == 70, "what was good was not lost"


@pytest.mark.proves("D-BAD-EMBEDDER")
def test_the_stated_dimension_binds_the_first_batch_too(store: Store) -> None:
    spec = replace(SPEC, settings={"dimension": 32})
    with pytest.raises(OutsideError, match="16 numbers"):
        build(store, Spoilt(BAD["numbers"], spec=spec))
    assert kept(store, spec) == 0


@pytest.mark.proves("D-BAD-EMBEDDER")
@pytest.mark.parametrize("bad", ["not finite", "zero"])
def test_a_question_whose_vector_is_none_is_refused(tmp_path: Path, bad: str) -> None:
    index = make_index(tmp_path / "i", [passage("a", "apples"), passage("b", "pears")])
    with pytest.raises(OutsideError, match="no embedding"):
        asyncio.run(retrieve(index, Spoilt(BAD[bad]), "apples?", 1, principal=ANYONE))
    index.close()


@pytest.mark.proves("D-BAD-EMBEDDER")
def test_token_vectors_that_are_not_finite_are_not_remembered(store: Store) -> None:
    class Nan(WordEmbedder):
        async def token_vectors(self, texts: Sequence[str]) -> list[np.ndarray]:
            return [rows * np.float32("nan") for rows in await super().token_vectors(texts)]

    tokens = TokenCache(stored=EmbeddingCache(store))
    with pytest.raises(OutsideError, match="not finite"):
        asyncio.run(tokens.vectors(Nan(), ["some words"]))
    assert EmbeddingCache(store).tokens(SPEC, [digest_bytes(b"some words")]) == {}


@pytest.mark.proves("D-SAME-EMBEDDING")
@pytest.mark.parametrize(
    ("ours", "named"),
    [
        ({"version": "2"}, "version '2'"),
        ({"digest": Digest("sha256:" + "0" * 64)}, "digest"),
        ({"settings": {"query_prefix": "query: "}}, "query_prefix 'query: '"),
        ({"settings": {"dimension": 32}}, "dimension 32"),
        ({"settings": {"pooling": "cls"}}, "pooling 'cls'"),
    ],
)
def test_the_same_name_is_another_embedding_where_anything_of_it_differs(
    tmp_path: Path, ours: dict[str, Any], named: str
) -> None:
    index = make_index(tmp_path / "i", [passage("a", "apples")])
    with pytest.raises(UserError) as caught:
        asyncio.run(
            retrieve(
                index, Spoilt(lambda rows: rows, spec=replace(SPEC, **ours)), "apples", 1, principal=ANYONE
            )
        )
    assert caught.value.code == "GAO-KNOWLEDGE-023"
    assert named in caught.value.why
    index.close()


@pytest.mark.proves("D-SAME-EMBEDDING")
def test_an_endpoint_whose_vectors_moved_is_refused_when_the_index_is_searched(store: Store) -> None:
    index = build(store, Turned())
    found = asyncio.run(retrieve(index, Turned(0.9999), "passage number 7", 1, principal=ANYONE))
    assert [one.document for one in found] == ["7"]
    index.close()
    again = build(store, Turned())  # opened anew: it is there
    with pytest.raises(UserError, match="no longer the embedder") as caught:
        asyncio.run(retrieve(again, Turned(0.99), "passage number 7", 1, principal=ANYONE))
    assert caught.value.code == "GAO-KNOWLEDGE-191"
    assert "version:" in caught.value.fix
    again.close()


@pytest.mark.proves("D-SAME-EMBEDDING")
def test_an_open_index_asks_for_its_anchors_once(store: Store) -> None:
    index, embedder = build(store, Turned()), Turned()
    for _ in range(3):
        asyncio.run(retrieve(index, embedder, "passage", 1, principal=ANYONE))
    assert len(embedder.embedded) == 4 + 3
    index.close()


@pytest.mark.proves("D-SAME-EMBEDDING")
def test_vectors_of_before_and_after_a_move_never_share_an_index(store: Store) -> None:
    build(store, Turned()).close()
    with pytest.raises(UserError, match="no longer the embedder"):
        build(store, Turned(0.9), count=71)
    assert kept(store, UNVERSIONED, 71) == 70, "nothing of the other one was kept"


def test_what_has_a_digest_or_a_version_is_never_asked_for_anchors(store: Store) -> None:
    embedder = WordEmbedder()
    index = build(store, embedder, count=2)
    asyncio.run(retrieve(index, embedder, "file", 1, principal=ANYONE))
    assert len(embedder.embedded) == 2 + 1
    assert not (index.folder / "anchors.json").exists()
    index.close()
