"""An index of a corpus that changed a little takes over the rest, and answers as one made from nothing."""

import asyncio
import json
import os
import random
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.support.knowledge import ANYONE, STAFF, WordEmbedder, damage, vector

from genaiops.core import ModelSpec, OutsideError, Principal
from genaiops.knowledge import (
    ChunkOptions,
    Corpus,
    EmbeddingCache,
    LocalIndex,
    Recipe,
    build_index,
    index_passages,
    parse_document,
    read_passages,
)
from genaiops.store import Store

WORDS = [f"word{at}" for at in range(60)]
SHORT = ChunkOptions(tokens=32, overlap=0)


class Counting(WordEmbedder):
    """Reads 24 words at once, so that long passages have parts."""

    window = 26

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(text.split()) for text in texts]


def page(at: int, version: int = 0) -> str:
    draw = random.Random(1000 * version + at)
    front = "---\naccess: [staff]\n---\n" if at % 5 == 0 else ""
    body = "\n\n".join(
        f"## Part {part}\n\n{' '.join(draw.choices(WORDS, k=30)).capitalize()}." for part in range(3)
    )
    return f"{front}# Page {WORDS[at]}\n\n{body}\n"


def corpus(pages: dict[int, int]) -> Corpus:
    return Corpus(
        documents=tuple(
            parse_document(f"{at}.md", page(at, version)) for at, version in sorted(pages.items())
        )
    )


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / ".genaiops") as opened:
        yield opened


def build(documents: Corpus, embedder: WordEmbedder, folder: Path, store: Store) -> LocalIndex:
    recipe = Recipe(corpus=documents.digest, embedder=embedder.spec, chunk=SHORT)
    return asyncio.run(build_index(documents, recipe, embedder, folder=folder, cache=EmbeddingCache(store)))


def answers(index: LocalIndex) -> list[object]:
    live, found = index.snapshot(), list[object]()
    for principal in (ANYONE, STAFF):
        for word in WORDS[::10]:
            question, near = f"{word} page part", vector(f"{word} part")
            found += [
                index.search(live, question, near, 7, principal=principal, context="word3"),
                index.dense(live, near, 7, principal=principal),
                index.lexical(live, question, 7, principal=principal),
            ]
    return found


def segments(index: LocalIndex) -> int:
    """Return in how many pieces its full text is kept."""
    with closing(sqlite3.connect(index.folder / "snapshots" / index.snapshot() / "passages.db")) as database:
        return database.execute("SELECT count(DISTINCT segid) FROM words_idx").fetchone()[0]


@pytest.mark.proves("D-INCREMENTAL")
@pytest.mark.parametrize("embedder", [WordEmbedder, Counting])
def test_an_index_that_takes_over_an_earlier_one_is_one_made_from_nothing(
    store: Store, tmp_path: Path, embedder: type[WordEmbedder]
) -> None:
    before = dict.fromkeys(range(15), 0)
    after = {at: int(at in (3, 10)) for at in (*range(1, 14), 40)}
    build(corpus(before), embedder(), tmp_path / "indexes", store).close()
    counted = embedder()
    carried = build(corpus(after), counted, tmp_path / "indexes", store)
    fresh = build(corpus(after), embedder(), tmp_path / "elsewhere", store)
    assert carried.facts() | {"snapshot": ""} == fresh.facts() | {"snapshot": ""}
    assert answers(carried) == answers(fresh)
    assert segments(carried) <= 1 + segments(fresh), "each merges with the others one day, which takes long"
    again = build(corpus({**after, 5: 2}), embedder(), tmp_path / "indexes", store)
    plain = build(corpus({**after, 5: 2}), embedder(), tmp_path / "elsewhere too", store)
    assert answers(again) == answers(plain)
    for index in (carried, fresh, again, plain):
        index.close()


@pytest.mark.proves("D-INCREMENTAL")
@pytest.mark.parametrize("table", ["scopes", "passages", "words_data", "ids"])
def test_an_earlier_index_that_is_damaged_is_not_taken_over(store: Store, tmp_path: Path, table: str) -> None:
    pages = dict.fromkeys(range(12), 0)
    build(corpus(pages), WordEmbedder(), tmp_path / "indexes", store).close()
    (database,) = (tmp_path / "indexes").glob("*/snapshots/*/passages.db")
    if table == "ids":
        (database.parent / "ids.json").write_text('["one"]')
    else:
        damage(database, table)
    after = corpus({**pages, 3: 1})
    index, fresh = (build(after, WordEmbedder(), tmp_path / at, store) for at in ("indexes", "elsewhere"))
    assert answers(index) == answers(fresh)
    index.close()
    fresh.close()
    assert len(list((tmp_path / "indexes").iterdir())) == 2


@pytest.mark.proves("D-ON-DISK")
def test_what_an_index_answers_from_is_on_the_disk_before_the_index_is_there(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced, fsync = dict[int, tuple[int, int]](), os.fsync

    def watched(descriptor: int) -> None:
        fsync(descriptor)
        status = os.fstat(descriptor)
        synced[status.st_ino] = (status.st_size, status.st_mtime_ns)

    monkeypatch.setattr(os, "fsync", watched)
    pages = dict.fromkeys(range(12), 0)
    for documents in (pages, {**pages, 3: 1}):
        index = build(corpus(documents), WordEmbedder(), tmp_path / "indexes", store)
        snapshot = index.folder / "snapshots" / index.snapshot()
        index.close()
        # without the last, a later build takes longer, and that is all
        files = [*(one for one in snapshot.iterdir() if one.name != "ids.json"), index.folder / "CURRENT"]
        assert len(files) == 7
        for file in (*files, snapshot, index.folder / "trust.json"):
            status = file.stat()
            assert synced[status.st_ino] == (status.st_size, status.st_mtime_ns), file.name


def test_only_documents_that_changed_are_read_again(store: Store, tmp_path: Path) -> None:
    read = list[str]()

    class Watched(Counting):
        def count_tokens(self, texts: Sequence[str]) -> list[int]:
            read.extend(texts)
            return super().count_tokens(texts)

    pages = dict.fromkeys(range(20), 0)
    build(corpus(pages), Watched(), tmp_path / "indexes", store).close()
    everything = len(read)
    read.clear()
    build(corpus({**pages, 7: 1}), Watched(), tmp_path / "indexes", store).close()
    assert len(read) < everything / 10
    assert not any(f"Page {WORDS[8]}" in text for text in read)


@pytest.mark.proves("D-TRUST")
def test_trust_is_measured_again_when_a_twentieth_of_the_documents_changed(
    store: Store, tmp_path: Path
) -> None:
    pages = dict.fromkeys(range(60), 0)
    build(corpus(pages), WordEmbedder(), tmp_path / "indexes", store).close()
    for at, measured in enumerate((False, False, False, True, False)):
        pages[at] = 1
        embedder = WordEmbedder()
        index = build(corpus(pages), embedder, tmp_path / "indexes", store)
        assert index.facts()["trust"]
        assert any(not text.startswith("Page") for text in embedder.embedded) is measured
        index.close()


def test_who_may_read_a_document_is_taken_from_it_as_it_is_now(store: Store, tmp_path: Path) -> None:
    pages = dict.fromkeys(range(20), 0)
    build(corpus(pages), WordEmbedder(), tmp_path / "indexes", store).close()
    documents = list(corpus(pages).documents)
    documents[1] = parse_document(documents[1].path, "---\naccess: [board]\n---\n" + documents[1].text)
    changed = Corpus(documents=tuple(documents))
    index = build(changed, WordEmbedder(), tmp_path / "indexes", store)
    for groups, seen in ((frozenset[str](), False), (frozenset({"board"}), True)):
        found = index.dense(index.snapshot(), vector(page(1)), 60, principal=Principal(id="x", groups=groups))
        assert (documents[1].id in {one.document for one in found}) is seen
    index.close()


def test_ready_made_passages_with_parts_are_taken_over_too(store: Store, tmp_path: Path) -> None:
    draw, file = random.Random(1), tmp_path / "passages.jsonl"
    texts = {f"p{at}": " ".join(draw.choices(WORDS, k=draw.choice((5, 60)))) for at in range(30)}

    def index(texts: dict[str, str], folder: str, embedder: WordEmbedder) -> LocalIndex:
        file.write_text(
            "\n".join(json.dumps({"id": id, "text": text}) for id, text in texts.items()), "utf-8"
        )
        ready, cache = read_passages(file), EmbeddingCache(store)
        return asyncio.run(index_passages(ready, embedder, folder=tmp_path / folder, cache=cache))

    index(texts, "indexes", Counting()).close()
    embedder = Counting()
    changed = {**texts, "p3": "quite another text"} | {"p31": " ".join(WORDS[:50])}
    del changed["p0"]
    made, fresh = index(changed, "indexes", embedder), index(changed, "elsewhere", Counting())
    assert "quite another text" in embedder.embedded
    assert made.facts() | {"snapshot": ""} == fresh.facts() | {"snapshot": ""}
    assert len(made) == 30
    assert answers(made) == answers(fresh)
    made.close()
    fresh.close()


class Behind(WordEmbedder):
    """An endpoint without a version, behind which another model may answer one day."""

    spec = ModelSpec(provider="test", model="endpoint")


class Moved(Behind):
    async def embed(self, texts: Sequence[str], kind: Literal["query", "passage"]) -> NDArray[np.float32]:
        return (await super().embed(texts, kind))[:, ::-1]


def test_vectors_of_an_embedder_that_moved_are_not_taken_over(store: Store, tmp_path: Path) -> None:
    pages = dict.fromkeys(range(10), 0)
    build(corpus(pages), Behind(), tmp_path / "indexes", store).close()
    with Store.open(tmp_path / "without its cache") as another:
        embedder = Moved()
        index = build(corpus({**pages, 3: 1}), embedder, tmp_path / "indexes", another)
        assert len([text for text in embedder.embedded if text.startswith("Page")]) == len(index)
        index.close()


class Busy(WordEmbedder):
    """Tells how many batches it has at once; where `odd`, vectors of the third have another size."""

    def __init__(self, odd: bool) -> None:
        super().__init__()
        self.odd, self.calls, self.now, self.most = odd, 0, 0, 0

    async def embed(self, texts: Sequence[str], kind: Literal["query", "passage"]) -> NDArray[np.float32]:
        self.calls, self.now = self.calls + 1, self.now + 1
        self.most = max(self.most, self.now)
        odd = self.odd and self.calls == 3
        for _ in range(10):
            await asyncio.sleep(0)
        self.now -= 1
        rows = await super().embed(texts, kind)
        return np.pad(rows, ((0, 0), (0, 1))) if odd else rows


@pytest.mark.proves("D-BAD-EMBEDDER-FAILS")
def test_an_embedder_has_its_next_batches_before_it_is_done_and_may_not_change_its_size(
    store: Store, tmp_path: Path
) -> None:
    pages = corpus(dict.fromkeys(range(60), 0))
    with pytest.raises(OutsideError, match="GAO-KNOWLEDGE-190"):
        build(pages, Busy(odd=True), tmp_path / "indexes", store)
    embedder = Busy(odd=False)
    with Store.open(tmp_path / "without its cache") as another:
        build(pages, embedder, tmp_path / "indexes", another).close()
    assert embedder.most == 3


class Failing(WordEmbedder):
    """Fails at its third batch of passages."""

    async def embed(self, texts: Sequence[str], kind: Literal["query", "passage"]) -> NDArray[np.float32]:
        if len(self.embedded) >= 128:
            raise ConnectionError("the embedder is gone")
        return await super().embed(texts, kind)


@pytest.mark.proves("D-BAD-EMBEDDER-FAILS")
def test_after_an_embedder_that_failed_the_next_build_goes_on(store: Store, tmp_path: Path) -> None:
    pages = corpus(dict.fromkeys(range(60), 0))
    with pytest.raises(ConnectionError):
        build(pages, Failing(), tmp_path / "indexes", store)
    assert list((tmp_path / "indexes").iterdir()) == []
    embedder = WordEmbedder()
    index = build(pages, embedder, tmp_path / "indexes", store)
    assert len([text for text in embedder.embedded if text.startswith("Page")]) == len(index) - 128
    index.close()
