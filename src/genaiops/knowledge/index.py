"""The default index: exact vectors and SQLite full text, published whole, filtered before the search.

<recipe>/recipe.json        what it was made by
<recipe>/CURRENT            the live snapshot's name, replaced atomically
<recipe>/snapshots/NAME/    immutable
<recipe>/trust.json         how far the embedder can be trusted with this corpus
<recipe>/anchors.json       vectors of fixed texts, where the embedder has no version
<recipe>/withdrawn.json     documents withdrawn, and the last snapshot that must not show them
"""

import fcntl
import json
import os
import secrets
import shutil
import sqlite3
from collections.abc import Generator, Mapping, Sequence
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
    OutsideError,
    Passage,
    Principal,
    SnapshotId,
    UserError,
    canonical,
    decode_json,
    encode,
)
from genaiops.knowledge.anchors import Anchors
from genaiops.knowledge.filters import allowed_scopes, check_readers
from genaiops.knowledge.fusion import default_weights, fuse, joined, ordered, with_links
from genaiops.knowledge.maxsim import TokenCache
from genaiops.knowledge.model import Recipe
from genaiops.knowledge.snapshot import Allowed, Snapshot, damaged, write_snapshot
from genaiops.knowledge.trust import measure_trust, trust_in
from genaiops.store import disk_error

Where = Mapping[str, Json]
_FILTERS = 64


class LocalIndex:
    """An index in a folder. Several processes may read; publishing takes a lock."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.tokens = TokenCache()
        """Token vectors of the passages that reranking met."""
        self.anchors = Anchors(folder)
        """What tells whether an embedder without a version is still the same."""
        try:
            self.recipe = decode_json(Recipe, (folder / "recipe.json").read_bytes())
        except (OSError, UserError) as error:
            raise damaged(folder, str(error)) from error
        self._trust = _read_trust(folder)
        self._open: dict[SnapshotId, Snapshot] = {}
        self._staged: list[Passage] = []
        self._vectors: list[NDArray[np.float32]] = []
        self._withdrawn: tuple[tuple[int, int, int], dict[str, int]] = ((0, 0, 0), {})
        self._allowed = lru_cache(maxsize=_FILTERS)(self._allow)

    @classmethod
    def create(cls, folder: Path, recipe: Recipe) -> "LocalIndex":
        """Make an index without a snapshot in the new `folder`; publish gives it the first one."""
        (folder / "snapshots").mkdir(parents=True)
        _replace(folder / "recipe.json", canonical(encode(recipe)))
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
        hidden: list[Json] = [*sorted(self._tombstones())]
        return {
            "recipe": encode(self.recipe),
            "recipe_digest": self.recipe.digest,
            "snapshot": live,
            "withdrawn": hidden,
            "trust": dict(self._trust),
            **self._reader(live).facts,
        }

    def snapshot(self) -> SnapshotId:
        """Return the snapshot that is live now."""
        try:
            return SnapshotId((self.folder / "CURRENT").read_text("utf-8").strip())
        except OSError as error:
            raise damaged(self.folder, "it has no live snapshot") from error

    def search(
        self,
        snapshot: SnapshotId,
        query: str,
        vector: Sequence[float] | NDArray[np.float32],
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
            lambda rows: [passage.text for passage in reader.passages(rows)],
            lambda row: joined(cosines[row], shares[row], trust, weights) if allowed.rows[row] else None,
            weights.named,
        )
        return _scored(reader, ordered(found, k))

    def dense(
        self,
        snapshot: SnapshotId,
        vector: Sequence[float] | NDArray[np.float32],
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
        return trust_in(self._trust, query)

    async def measure(self, embedder: Embedder) -> None:
        """Find out how far `embedder` can be trusted with the live snapshot, and keep that."""
        self._trust = await measure_trust(self._reader(self.snapshot()), embedder)
        _replace(self.folder / "trust.json", canonical(dict(self._trust)))

    def upsert(
        self, passages: Sequence[Passage], vectors: Sequence[Sequence[float] | NDArray[np.float32]]
    ) -> None:
        """Stage passages for the next snapshot; a document staged replaces all its earlier passages.

        A passage has one vector, or a row for each of its parts.
        """
        if len(passages) != len(vectors):
            raise ValueError(f"{len(passages)} passages, {len(vectors)} vectors")
        check_readers(passages)
        self._staged += passages
        self._vectors += [np.atleast_2d(np.asarray(vector, dtype=np.float32)) for vector in vectors]

    def tombstone(self, documents: Sequence[str]) -> None:
        """Withdraw documents at once, in every snapshot there is and from what is staged."""
        gone = set(documents)
        kept = [at for at, passage in enumerate(self._staged) if passage.document not in gone]
        self._staged = [self._staged[at] for at in kept]
        self._vectors = [self._vectors[at] for at in kept]
        with self._writing():
            newest = self._reader(self.snapshot()).number
            withdrawn = {**self._tombstones(), **dict.fromkeys(documents, newest)}
            _replace(self.folder / "withdrawn.json", json.dumps(withdrawn, sort_keys=True).encode())

    def publish(self) -> SnapshotId:
        """Make the live snapshot of what was live and what is staged, atomically."""
        with self._writing(), _explained(self.folder):
            number, passages, vectors = self._next()
            _check_unique(passages)
            name = SnapshotId(f"{number:06d}-{secrets.token_hex(4)}")
            partial = self.folder / "snapshots" / f".{name}"
            try:
                write_snapshot(partial, number, passages, vectors)
                partial.rename(self.folder / "snapshots" / name)
            finally:
                shutil.rmtree(partial, ignore_errors=True)
            _replace(self.folder / "CURRENT", name.encode())
        self._staged, self._vectors = [], []
        return name

    def close(self) -> None:
        """Let go of all files."""
        for reader in self._open.values():
            reader.close()
        self._open.clear()
        self._allowed.cache_clear()

    def _next(self) -> tuple[int, list[Passage], list[NDArray[np.float32]]]:
        """Return the next snapshot's number, passages and vectors."""
        if not (self.folder / "CURRENT").exists():
            return 1, list(self._staged), list(self._vectors)
        live = self._reader(self.snapshot())
        gone = {passage.document for passage in self._staged} | self._hidden(live.number)
        carried = live.passages(range(len(live)))
        kept = [at for at, passage in enumerate(carried) if passage.document not in gone]
        vectors = [*(live.vectors_of(at) for at in kept), *self._vectors]
        return live.number + 1, [*(carried[at] for at in kept), *self._staged], vectors

    def _view(
        self, snapshot: SnapshotId, k: int, principal: Principal, where: Where | None
    ) -> tuple[Snapshot, Allowed]:
        if not 1 <= k <= 1000:
            raise UserError(
                "GAO-KNOWLEDGE-021",
                f"k is {k!r}",
                why="a search returns between 1 and 1000 passages",
                fix="ask for between 1 and 1000",
            )
        reader = self._reader(snapshot)
        stamp = self._stamp()
        wanted = canonical(dict(where or {}))
        return reader, self._allowed(snapshot, principal.groups, wanted, stamp)

    def _allow(
        self, snapshot: SnapshotId, groups: frozenset[str], where: bytes, stamp: tuple[int, int, int]
    ) -> Allowed:
        # `stamp` is part of the key: a withdrawal makes every filter computed before it unreachable
        reader = self._reader(snapshot)
        wanted = cast("dict[str, Json]", json.loads(where))
        return reader.allow(allowed_scopes(reader.scopes, groups, wanted, self._hidden(reader.number)))

    def _reader(self, snapshot: SnapshotId) -> Snapshot:
        if snapshot not in self._open:
            folder = self.folder / "snapshots" / Path(snapshot).name
            self._open[snapshot] = Snapshot(folder)
        return self._open[snapshot]

    def _query_vector(
        self, reader: Snapshot, vector: Sequence[float] | NDArray[np.float32]
    ) -> NDArray[np.float32]:
        query = np.asarray(vector, dtype=np.float32)
        if query.shape != (reader.vectors.shape[1],):
            raise other_embedding(f"{query.shape} numbers", f"{reader.vectors.shape[1]} numbers", self.folder)
        return query

    def _stamp(self) -> tuple[int, int, int]:
        try:
            status = os.stat(self.folder / "withdrawn.json")
        except FileNotFoundError:
            return (0, 0, 0)
        return (status.st_ino, status.st_mtime_ns, status.st_size)

    def _tombstones(self) -> dict[str, int]:
        stamp = self._stamp()
        if stamp != self._withdrawn[0]:
            content = json.loads((self.folder / "withdrawn.json").read_bytes())
            self._withdrawn = (stamp, cast("dict[str, int]", content))
        return self._withdrawn[1]

    def _hidden(self, number: int) -> set[str]:
        return {document for document, last in self._tombstones().items() if number <= last}

    @contextmanager
    def _writing(self) -> Generator[None]:
        with (self.folder / "lock").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise OutsideError(
                    "GAO-KNOWLEDGE-022",
                    "another process is changing this index",
                    fix="run the command again when it is done",
                    where=str(self.folder),
                ) from error
            yield


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


def _read_trust(folder: Path) -> dict[str, float]:
    file = folder / "trust.json"
    if not file.exists():
        return {}
    try:
        return decode_json(dict[str, float], file.read_bytes())
    except (OSError, UserError) as error:
        raise damaged(folder, str(error)) from error


def _check_unique(passages: Sequence[Passage]) -> None:
    first: dict[str, Passage] = {}
    for passage in passages:
        other = first.setdefault(passage.id, passage)
        if other is not passage:
            raise UserError(
                "GAO-KNOWLEDGE-024",
                f"two passages have the id {passage.id!r}",
                why=f"one is of {other.document}, one of {passage.document}",
                fix="give each passage its own id",
            )


@contextmanager
def _explained(folder: Path) -> Generator[None]:
    try:
        yield
    except OSError as error:
        raise disk_error(error, folder) from error
    except sqlite3.OperationalError as error:
        raise OutsideError(
            "GAO-KNOWLEDGE-028",
            "the index could not be written",
            why=str(error),
            fix="free some space or check the disk, then run the same command again",
            where=str(folder),
        ) from error


def _replace(path: Path, content: bytes) -> None:
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with partial.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
