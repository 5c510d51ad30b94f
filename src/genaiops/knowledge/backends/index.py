"""An index in a backend: its own search names candidates, and what they score is the oracle's arithmetic.

The nearest by vector and the best by words are looked for among what the asker may see; each of either half
gets its exact cosine and its BM25, so that the order within them is that of `LocalIndex`.
"""

import secrets
import threading
from collections.abc import Collection, Generator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from genaiops.core import Embedder, Json, ModelSpec, OutsideError, Passage, Principal, SnapshotId
from genaiops.knowledge.anchors import Anchors
from genaiops.knowledge.backends.entries import Entry, Known
from genaiops.knowledge.backends.held import Held
from genaiops.knowledge.backends.ledger import Ledger
from genaiops.knowledge.backends.looking import NOTHING, Asked, Look, Question
from genaiops.knowledge.backends.seams import Finder, Incoming, View
from genaiops.knowledge.backends.sieve import (
    EVERYTHING,
    Sieve,
    access_marks,
    document_mark,
    reader_marks,
    readers_mark,
    sieve_for,
    tag_marks,
)
from genaiops.knowledge.backends.wording import words_of
from genaiops.knowledge.filters import check_keys
from genaiops.knowledge.fusion import DEPTH, default_weights, ordered, with_links
from genaiops.knowledge.index import other_embedding
from genaiops.knowledge.lexical import Terms, content_words
from genaiops.knowledge.maxsim import TokenCache
from genaiops.knowledge.model import Recipe
from genaiops.knowledge.seams import Vector, Where
from genaiops.knowledge.snapshot import damaged
from genaiops.knowledge.staging import Staged, check_k, check_unique, same_id
from genaiops.knowledge.trust import drawn, measure_trust, trust_in

_SNAPSHOTS = 4
"""Whose titles and metadata keys are held in memory."""


class StoredIndex:
    """An index whose tables are a `Ledger` and whose search is a `Finder`; threads may share it."""

    def __init__(
        self,
        folder: Path,
        recipe: Recipe,
        ledger: Ledger,
        finder: Finder,
        gate: AbstractContextManager[None] | None = None,
    ) -> None:
        """Bring together what is kept; searches pass `gate` where this process computes them."""
        self._gate = gate or nullcontext()
        self.folder = folder
        self.recipe = recipe
        self.tokens = TokenCache()
        """Token vectors of the passages that reranking met."""
        self.anchors = Anchors(folder)
        """What tells whether an embedder without a version is still the same."""
        self._ledger = ledger
        self._finder = finder
        self._staged = Staged()
        self._lock = threading.Lock()
        self._terms = Terms()
        self._known: Held[SnapshotId, Known] = Held(_SNAPSHOTS)
        with ledger.view() as view:
            self._trust = ledger.trust(view.connection) if view else {}

    @property
    def embedder(self) -> ModelSpec:
        """The embedder that made the vectors; queries must use the same."""
        return self.recipe.embedder

    def __len__(self) -> int:
        with self._view() as view:
            return view.passages

    def facts(self) -> dict[str, Json]:
        """Return what is kept: recipe, snapshot, counts, documents withdrawn."""
        with self._view() as view:
            return {
                "recipe": self.recipe.facts,
                "recipe_digest": self.recipe.digest,
                "snapshot": view.name,
                "withdrawn": [*self._ledger.withdrawn(view.connection)],
                "trust": dict(self._trust),
                "number": view.number,
                "passages": view.passages,
                "documents": view.documents,
                "dimension": view.dimension,
            }

    def snapshot(self) -> SnapshotId:
        """Return the snapshot that is live now."""
        with self._view() as view:
            return view.name

    def published(self) -> bool:
        """Whether there is a snapshot."""
        with self._ledger.view() as view:
            return view is not None

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
        check_k(k)
        weights = default_weights()
        with self._gate, self._view(snapshot) as whole:
            view, known = self._seen_by(whole, principal)
            sieve = self._sieve(view, principal, where)
            near = self._query_vector(view, vector)
            question = self._question(view, query, context, weights.history_words)
            look = self._look(view, sieve, near, question, self.trust(query))
            scores = look.best(max(DEPTH, k))
            found = with_links(
                scores,
                query,
                known.titles,
                lambda id: view.readers is None or known.readers_of[id] in view.readers,
                look.texts,
                look.scores_of,
                weights.named,
            )
            return look.passages(ordered(found, k))

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
        check_k(k)
        with self._gate, self._view(snapshot) as view:
            look = self._look(view, self._sieve(view, principal, where), self._query_vector(view, vector))
            return look.passages(look.nearest(k))

    def lexical(
        self, snapshot: SnapshotId, query: str, k: int, *, principal: Principal, where: Where | None = None
    ) -> list[Passage]:
        """Return the `k` passages whose words fit best (BM25), of those `principal` may read."""
        check_k(k)
        with self._gate, self._view(snapshot) as whole:
            view, _ = self._seen_by(whole, principal)
            look = self._look(view, self._sieve(view, principal, where), question=self._question(view, query))
            return look.passages(look.matching(k))

    def trust(self, query: str) -> float:
        """Return how far the embedder can be trusted with `query` here, from 0 to 1 (`trust.py`)."""
        return trust_in(self._trust, query)

    async def measure(self, embedder: Embedder) -> None:
        """Find out how far `embedder` can be trusted with the live snapshot, and keep that."""
        with self._view() as view:
            ids = self._ledger.ids(view)
            keys = [ids[row][1] for row in drawn(len(ids))]
            entries = {entry.key: entry for entry in self._ledger.entries(view, keys)}
        trust = await measure_trust(
            {entries[key].id: entries[key].passage() for key in keys},
            self._nearest_of_all,
            self._matching_of_all,
            embedder,
        )
        with self._ledger.write() as connection:
            self._ledger.keep_trust(connection, trust)
        self._trust = trust

    def showing(self, documents: Collection[str]) -> set[str]:
        """Return which of `documents` are in the live snapshot and not withdrawn from it."""
        with self._view() as view:
            there = set(self._ledger.documents_of(view, documents).values())
            return there - set(self._ledger.hidden(view))

    def passages_of(self, documents: Collection[str]) -> list[Passage]:
        """Return all passages of `documents` in the live snapshot, withdrawn ones too.

        This is for whoever keeps the index: nobody's access is asked.
        """
        with self._view() as view:
            keys = self._ledger.documents_of(view, documents)
            return [entry.passage() for entry in self._ledger.entries(view, keys)]

    def upsert(self, passages: Sequence[Passage], vectors: Sequence[Vector]) -> None:
        """Stage passages for the next snapshot; a document staged replaces all its earlier passages.

        A passage has one vector, or a row for each of its parts.
        """
        self._staged.add(passages, vectors)

    def tombstone(self, documents: Sequence[str]) -> None:
        """Withdraw documents at once, in every snapshot there is and from what is staged."""
        self._staged.remove(set(documents))
        with self._ledger.write() as connection:
            live = self._ledger.at(connection)
            if live is None:
                raise self._no_snapshot("it has no live snapshot")
            self._ledger.withdraw(connection, documents, live.number)

    def publish(self) -> SnapshotId:
        """Make the live snapshot of what was live and what is staged, atomically."""
        passages, vectors = list(self._staged.passages), list(self._staged.vectors)
        check_unique(passages)
        words = words_of(passages)
        with self._ledger.write() as connection:
            live = self._ledger.at(connection)
            number = live.number + 1 if live else 1
            dimension = self._dimension(live, vectors)
            retired: list[Entry] = []
            if live:
                gone = self._staged.documents() | set(self._ledger.hidden(live))
                retired = self._ledger.retire(live, gone, number)
                self._check_ids(live, passages)
            incoming = [
                Incoming(access_marks(one), tag_marks(one), document_mark(one.document), rows)
                for one, rows in zip(passages, vectors, strict=True)
            ]
            old = [entry.key for entry in retired]
            keys, mark = self._finder.add(connection, live, incoming, old, number)
            readers = [readers_mark(one.access) for one in incoming]
            self._ledger.add(connection, number, keys, passages, readers, words.lengths.tolist())
            less = (words_of([entry.passage() for entry in retired]), [entry.readers for entry in retired])
            self._ledger.terms.keep(connection, live, number, (words, keys, readers), less)
            name = SnapshotId(f"{number:06d}-{secrets.token_hex(4)}")
            self._ledger.finish(connection, number, name, mark, dimension)
        self._staged.clear()
        return name

    def close(self) -> None:
        """Let go of all files and connections."""
        self._finder.close()
        self._ledger.database.close()
        self._terms.close()

    @contextmanager
    def _view(self, snapshot: SnapshotId | None = None) -> Generator[View]:
        with self._ledger.view(snapshot) as view:
            if view is None:
                raise self._no_snapshot(
                    f"it has no snapshot {snapshot}" if snapshot else "it has no snapshot"
                )
            yield view

    def _no_snapshot(self, why: str) -> OutsideError:
        return damaged(self.folder, why)

    def _sieve(self, view: View, principal: Principal, where: Where | None) -> Sieve:
        known, mine = self._known_of(view), reader_marks(principal.groups)
        if where:
            seen = [keys for access, keys in known.shapes if not access.isdisjoint(mine)]
            if seen:
                check_keys(where, frozenset[str]().union(*seen))
        # without the groups that open nothing here: what is found for one is then found for all like them
        return sieve_for(known.opening(mine), where or {}, self._ledger.hidden(view))

    def _query_vector(self, view: View, vector: Vector) -> NDArray[np.float32]:
        query = np.asarray(vector, dtype=np.float32)
        if query.shape != (view.dimension,):
            raise other_embedding(f"{query.shape} numbers", f"{view.dimension} numbers", self.folder)
        return query

    def _question(self, view: View, text: str, context: str = "", weight: float = 0.0) -> Question:
        words = content_words(text)
        also = [word for word in content_words(context) if word not in words] if context else []
        with self._lock:
            terms = self._terms.of([*words, *also])
        holding = self._ledger.holding(view, set(terms))
        own = Asked.of(dict(zip(words, terms, strict=False)), holding, view.passages)
        before = Asked.of(dict(zip(also, terms[len(words) :], strict=True)), holding, view.passages)
        return Question(own, before, weight)

    def _seen_by(self, view: View, principal: Principal) -> tuple[View, Known]:
        """Return the snapshot as if it held only what `principal` may read, and what is known of it."""
        known = self._known_of(view)
        return known.seen_by(view, reader_marks(principal.groups)), known

    def _known_of(self, view: View) -> Known:
        return self._known.get(view.name, lambda: self._ledger.known(view))

    def _dimension(self, live: View | None, vectors: Sequence[NDArray[np.float32]]) -> int:
        """Return the dimension of all vectors, staged and kept."""
        found = {rows.shape[1] for rows in vectors}
        if live and live.dimension:
            found.add(live.dimension)
        if len(found) > 1:
            some = " and ".join(f"{one}" for one in sorted(found))
            raise other_embedding(f"{some} numbers", "one number of them for all", self.folder)
        return found.pop() if found else 0

    def _check_ids(self, live: View, passages: Sequence[Passage]) -> None:
        staged = {one.id: one.document for one in passages}
        taken = self._ledger.taken(live, staged)
        if taken:
            raise same_id(taken[0], taken[1], staged[taken[0]])

    def _look(
        self,
        view: View,
        sieve: Sieve,
        vector: NDArray[np.float32] | None = None,
        question: Question = NOTHING,
        trust: float = 1.0,
    ) -> Look:
        return Look(
            view=view,
            ledger=self._ledger,
            finder=self._finder,
            sieve=sieve,
            vector=np.zeros(view.dimension, np.float32) if vector is None else vector,
            question=question,
            trust=trust,
        )

    def _nearest_of_all(self, vector: NDArray[np.float32], k: int) -> list[tuple[str, float]]:
        with self._view() as view:
            return self._look(view, EVERYTHING, vector).nearest(k)

    def _matching_of_all(self, text: str, k: int) -> list[tuple[str, float]]:
        with self._view() as view:
            return self._look(view, EVERYTHING, question=self._question(view, text)).matching(k)
