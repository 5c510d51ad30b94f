"""The default index: exact vectors and SQLite full text, published whole, filtered before the search.

Beside what `home.py` keeps: <recipe>/snapshots/NAME/, immutable.
"""

import json
import secrets
import shutil
import threading
from collections.abc import Collection, Generator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from genaiops.core import (
    Embedder,
    Json,
    ModelSpec,
    Passage,
    Principal,
    SnapshotId,
    UserError,
    canonical,
)
from genaiops.knowledge.anchors import Anchors
from genaiops.knowledge.filters import allowed_scopes, readable_scopes
from genaiops.knowledge.fusion import default_weights, fuse, joined, ordered, with_links
from genaiops.knowledge.home import Home, Stamp
from genaiops.knowledge.maxsim import TokenCache
from genaiops.knowledge.model import Recipe
from genaiops.knowledge.seams import Vector, Where
from genaiops.knowledge.snapshot import Allowed, Snapshot
from genaiops.knowledge.staging import Staged, check_k, check_unique
from genaiops.knowledge.trust import drawn, measure_trust, trust_in
from genaiops.knowledge.writing import Base, SnapshotWriter, explained, write_snapshot

_FILTERS = 64


class LocalIndex:
    """An index in a folder. Several processes may read; publishing takes a lock."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.tokens = TokenCache()
        """Token vectors of the passages that reranking met."""
        self.anchors = Anchors(folder)
        """What tells whether an embedder without a version is still the same."""
        self._home = Home(folder)
        self.recipe = self._home.recipe
        self._open: dict[SnapshotId, Snapshot] = {}
        self._opening = threading.Lock()
        self._staged = Staged()
        self._allowed = lru_cache(maxsize=_FILTERS)(self._allow)

    @classmethod
    def create(cls, folder: Path, recipe: Recipe) -> "LocalIndex":
        """Make an index without a snapshot in the new `folder`; publish gives it the first one."""
        Home.create(folder, recipe)
        (folder / "snapshots").mkdir()
        return cls(folder)

    @property
    def embedder(self) -> ModelSpec:
        """The embedder that made the vectors; queries must use the same."""
        return self.recipe.embedder

    def __len__(self) -> int:
        return len(self._reader(self.snapshot()))

    def facts(self) -> dict[str, Json]:
        """Return what is on disk: recipe, snapshot, counts, documents withdrawn."""
        live = self.snapshot()
        hidden: list[Json] = [*sorted(self._home.hidden(self._reader(live).number))]
        return {
            "recipe": self.recipe.facts,
            "recipe_digest": self.recipe.digest,
            "snapshot": live,
            "withdrawn": hidden,
            "trust": dict(self._home.trust),
            **self._reader(live).facts,
        }

    def published(self) -> bool:
        """Whether it has a snapshot."""
        return self._home.published()

    def snapshot(self) -> SnapshotId:
        """Return the snapshot that is live now."""
        return self._home.live()

    def search(
        self,
        snapshot: SnapshotId,
        query: str,
        vector: Vector,
        k: int,
        *,
        principal: Principal,
        where: Where | None = None,
        context: str = "",
    ) -> list[Passage]:
        """Return the `k` best passages by words, vectors and names, of those `principal` may read.

        Words of `context`, what was said before, count too, but less. `vector` may hold it already.
        """
        reader, allowed = self._view(snapshot, k, principal, where)
        weights = default_weights()
        cosines = reader.similarities(self._query_vector(reader, vector), allowed)
        matches = reader.matches(query, allowed, context, weights.history_words)
        shares = np.zeros(len(reader), dtype=np.float32)
        shares[matches.rows] = matches.shares
        trust = self.trust(query)
        found = with_links(
            fuse(cosines, shares, k, trust=trust, weights=weights),
            query,
            reader.titles,
            allowed.may_read,
            lambda rows: [passage.text for passage in reader.passages(rows)],
            lambda rows: {
                row: joined(cosines[row], shares[row], trust, weights) for row in rows if allowed.rows[row]
            },
            weights.named,
        )
        return _scored(reader, ordered(found, k))

    def dense(
        self,
        snapshot: SnapshotId,
        vector: Vector,
        k: int,
        *,
        principal: Principal,
        where: Where | None = None,
    ) -> list[Passage]:
        """Return the `k` passages nearest to `vector`, of those `principal` may read."""
        reader, allowed = self._view(snapshot, k, principal, where)
        return _scored(reader, reader.dense(self._query_vector(reader, vector), k, allowed))

    def lexical(
        self, snapshot: SnapshotId, query: str, k: int, *, principal: Principal, where: Where | None = None
    ) -> list[Passage]:
        """Return the `k` passages whose words fit best (BM25), of those `principal` may read."""
        reader, allowed = self._view(snapshot, k, principal, where)
        return _scored(reader, reader.lexical(query, k, allowed))

    def trust(self, query: str) -> float:
        """Return how far the embedder can be trusted with `query` here, from 0 to 1 (`trust.py`)."""
        return trust_in(self._home.trust, query)

    async def measure(self, embedder: Embedder) -> None:
        """Find out how far `embedder` can be trusted with the live snapshot, and keep that."""
        reader = self._reader(self.snapshot())
        scopes = np.ones(len(reader.scopes), dtype=np.bool_)
        everything = reader.allow(scopes, scopes)
        rows = drawn(len(reader))
        trust = await measure_trust(
            dict(zip(rows, reader.passages(rows), strict=True)),
            lambda vector, k: reader.dense(vector, k, everything),
            lambda text, k: reader.lexical(text, k, everything),
            embedder,
        )
        self._home.keep_trust(trust)

    def upsert(self, passages: Sequence[Passage], vectors: Sequence[Vector]) -> None:
        """Stage passages for the next snapshot; a document staged replaces all its earlier passages.

        A passage has one vector, or a row for each of its parts.
        """
        self._staged.add(passages, vectors)

    def tombstone(self, documents: Sequence[str]) -> None:
        """Withdraw documents at once, in every snapshot there is and from what is staged."""
        self._staged.remove(set(documents))
        with self._home.writing():
            self._home.withdraw(documents, self._reader(self.snapshot()).number)

    def publish(self) -> SnapshotId:
        """Make the live snapshot of what was live and what is staged, atomically."""
        with self._home.writing(), explained(self.folder):
            number, passages, vectors = self._next()
            check_unique(passages)
            name = SnapshotId(f"{number:06d}-{secrets.token_hex(4)}")
            partial = self.folder / "snapshots" / f".{name}"
            try:
                write_snapshot(partial, number, passages, vectors)
                partial.rename(self.folder / "snapshots" / name)
            finally:
                shutil.rmtree(partial, ignore_errors=True)
            self._home.make_live(name)
        self._staged.clear()
        return name

    @contextmanager
    def writing_first(self, base: Base | None) -> Generator[SnapshotWriter]:
        """Write the first snapshot bit by bit, on top of `base` where there is one; live after the block."""
        name = SnapshotId(f"{1:06d}-{secrets.token_hex(4)}")
        partial = self.folder / "snapshots" / f".{name}"
        with self._home.writing():
            writer = SnapshotWriter(partial, base)
            try:
                yield writer
            finally:
                writer.close()
            with explained(self.folder):
                partial.rename(self.folder / "snapshots" / name)
                self._home.make_live(name)

    def showing(self, documents: Collection[str]) -> set[str]:
        """Return which of `documents` are in the live snapshot and not withdrawn from it."""
        reader = self._reader(self.snapshot())
        return set(reader.documents.intersection(documents)) - self._home.hidden(reader.number)

    def passages_of(self, documents: Collection[str]) -> list[Passage]:
        """Return all passages of `documents` in the live snapshot, withdrawn ones too.

        This is for whoever keeps the index: nobody's access is asked.
        """
        reader = self._reader(self.snapshot())
        return reader.passages(reader.rows_of(documents))

    def drawn(self, count: int, seed: int) -> list[tuple[Passage, NDArray[np.float32]]]:
        """Return up to `count` passages drawn at random from the live snapshot, each with its vectors.

        This is for whoever keeps the index, as `passages_of` is.
        """
        reader = self._reader(self.snapshot())
        drawing = np.random.default_rng(seed)
        rows = sorted(drawing.choice(len(reader), min(count, len(reader)), replace=False).tolist())
        vectors = [reader.vectors_of(row) for row in rows]
        return list(zip(reader.passages(rows), vectors, strict=True))

    def close(self) -> None:
        """Let go of all files."""
        for reader in self._open.values():
            reader.close()
        self._open.clear()
        self._allowed.cache_clear()

    def _next(self) -> tuple[int, list[Passage], list[NDArray[np.float32]]]:
        """Return the next snapshot's number, passages and vectors."""
        if not self._home.published():
            return 1, list(self._staged.passages), list(self._staged.vectors)
        live = self._reader(self.snapshot())
        gone = self._staged.documents() | self._home.hidden(live.number)
        carried = live.passages(range(len(live)))
        kept = [at for at, passage in enumerate(carried) if passage.document not in gone]
        vectors = [*(live.vectors_of(at) for at in kept), *self._staged.vectors]
        return live.number + 1, [*(carried[at] for at in kept), *self._staged.passages], vectors

    def _view(
        self, snapshot: SnapshotId, k: int, principal: Principal, where: Where | None
    ) -> tuple[Snapshot, Allowed]:
        check_k(k)
        reader = self._reader(snapshot)
        stamp = self._home.stamp()
        wanted = canonical(dict(where or {}))
        return reader, self._allowed(snapshot, principal.groups, wanted, stamp)

    def _allow(self, snapshot: SnapshotId, groups: frozenset[str], where: bytes, stamp: Stamp) -> Allowed:
        # `stamp` is part of the key: a withdrawal makes every filter computed before it unreachable
        reader = self._reader(snapshot)
        wanted = cast("dict[str, Json]", json.loads(where))
        scopes = allowed_scopes(reader.scopes, groups, wanted, self._home.hidden(reader.number))
        return reader.allow(scopes, readable_scopes(reader.scopes, groups))

    def _reader(self, snapshot: SnapshotId) -> Snapshot:
        # one thread at a time: Python 3.11 now and then fails to read two headers of arrays at once
        with self._opening:
            if snapshot not in self._open:
                folder = self.folder / "snapshots" / Path(snapshot).name
                self._open[snapshot] = Snapshot(folder)
            return self._open[snapshot]

    def _query_vector(self, reader: Snapshot, vector: Vector) -> NDArray[np.float32]:
        query = np.asarray(vector, dtype=np.float32)
        if query.shape != (reader.vectors.shape[1],):
            raise other_embedding(f"{query.shape} numbers", f"{reader.vectors.shape[1]} numbers", self.folder)
        return query


def other_embedding(asked: str, made: str, folder: Path) -> UserError:
    """Return the refusal of a query whose vector is not of the index's embedding."""
    return UserError(
        "GAO-KNOWLEDGE-023",
        "the question was embedded by another model than the index",
        why=f"the question: {asked}; the index: {made}; their distances mean nothing",
        fix="build the index with the model named in models.embed: genaiops index build",
        where=str(folder),
    )


def _scored(reader: Snapshot, found: Sequence[tuple[int, float]]) -> list[Passage]:
    passages = reader.passages([row for row, _ in found])
    return [
        Passage(
            id=passage.id,
            text=passage.text,
            document=passage.document,
            title=passage.title,
            heading=passage.heading,
            start=passage.start,
            end=passage.end,
            page=passage.page,
            score=score,
            metadata=passage.metadata,
        )
        for passage, (_, score) in zip(passages, found, strict=True)
    ]
