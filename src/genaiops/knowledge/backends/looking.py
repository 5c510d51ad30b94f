"""One hybrid search among the candidates of a backend, with the oracle's arithmetic (`fusion.py`)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from genaiops.core import Passage
from genaiops.knowledge.backends.ledger import Ledger
from genaiops.knowledge.backends.seams import Finder, View
from genaiops.knowledge.backends.sieve import Sieve
from genaiops.knowledge.backends.wording import Posting, bm25, highest
from genaiops.knowledge.fusion import default_weights, joined, ordered
from genaiops.knowledge.lexical import rarest, rarity
from genaiops.knowledge.snapshot import MAX_MATCHES

_LEAST = 1e-6
"""What a passage scores at least that holds a word, however common."""
_DIGITS = 6
_TIE = 1e-9
_MOST_TIES = 1_000
"""Of passages with one score that are looked at together; their ids say which of them come first."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Terms that are looked for, with their idf; `highest` is the score that no passage exceeds."""

    idf: Mapping[str, float]
    highest: float

    @classmethod
    def of(cls, terms: Mapping[str, str], holding: Mapping[str, int], passages: int) -> "Asked":
        """Return what is looked for of the words in `terms`, as the oracle chooses among them."""
        found = {word: holding.get(term, 0) for word, term in terms.items()}
        kept = rarest(found, MAX_MATCHES) if passages > MAX_MATCHES else list(found)
        idf: dict[str, float] = {}
        for word in kept:
            if found[word]:  # two words of one term count twice, as in the oracle
                idf[terms[word]] = idf.get(terms[word], 0.0) + rarity(passages, found[word])
        most = {word: rarity(passages, count) for word, count in found.items() if count}
        return cls(idf, highest(most))


@dataclass(frozen=True, slots=True)
class Question:
    """A question's own words, and those of what was said before, which count `weight` times as much."""

    own: Asked
    before: Asked
    weight: float

    @property
    def terms(self) -> set[str]:
        """What is looked for."""
        return {*self.own.idf, *self.before.idf}

    @property
    def highest(self) -> float:
        """The score that no passage exceeds."""
        return self.own.highest + self.weight * self.before.highest


NOTHING = Question(Asked({}, 0.0), Asked({}, 0.0), 0.0)


@dataclass(frozen=True, slots=True)
class Weighed:
    """Passages in which words of a question stand, by their keys in order, and their BM25."""

    keys: NDArray[np.uint32]
    scores: NDArray[np.float64]

    @classmethod
    def of(cls, question: Question, postings: Mapping[str, Posting], mean_length: float) -> "Weighed":
        """Weigh the words of a question where they stand."""
        if not any(len(one.keys) for one in postings.values()):
            return cls(np.zeros(0, np.uint32), np.zeros(0))
        every: NDArray[np.uint32] = np.concatenate([one.keys for one in postings.values()])
        order = np.argsort(every, kind="stable")
        first = np.flatnonzero(np.diff(every[order].astype(np.int64), prepend=-1))
        keys: NDArray[np.uint32] = every[order][first]
        scores = np.zeros(len(first), np.float64)
        for asked, weight in ((question.own, 1.0), (question.before, question.weight)):
            if asked.idf:
                parts = [bm25(one, asked.idf.get(term, 0.0), mean_length) for term, one in postings.items()]
                found = np.add.reduceat(np.concatenate(parts)[order], first)
                scores += weight * np.where(found > 0, np.maximum(found, _LEAST), 0.0)
        return cls(keys, scores)

    def best(self, n: int, allowed: Callable[[Sequence[int]], set[int]]) -> list[int]:
        """Return the `n` best of those that are allowed, and what ties with the last of them."""
        order = np.argsort(-self.scores, kind="stable")
        falling = -self.scores[order]
        kept: list[int] = []
        start = 0
        while start < len(order) and len(kept) < n:
            end = min(2 * start + n, len(order))
            tied = int(np.searchsorted(falling, falling[end - 1 : end] + _TIE, "right")[0])
            end = max(end, min(tied, end + _MOST_TIES))
            some: list[int] = self.keys[order[start:end]].tolist()
            may = allowed(some)
            kept += [key for key in some if key in may]
            start = end
        return kept

    def scores_of(self, keys: Sequence[int]) -> NDArray[np.float64]:
        """Return the score of each of these passages, 0 where no word stands."""
        if not len(self.keys):
            return np.zeros(len(keys), np.float64)
        asked = np.array(keys, np.uint32)
        at = np.minimum(np.searchsorted(self.keys, asked), len(self.keys) - 1)
        return np.where(self.keys[at] == asked, self.scores[at], 0.0)


@dataclass(slots=True, kw_only=True)
class Look:
    """What one search has found so far."""

    view: View
    ledger: Ledger
    finder: Finder
    sieve: Sieve
    vector: NDArray[np.float32]
    question: Question
    trust: float
    _weighed: Weighed = field(init=False)
    _keys: dict[str, int] = field(default_factory=dict[str, int])
    _passages: dict[str, Passage] = field(default_factory=dict[str, Passage])

    def __post_init__(self) -> None:
        postings = self.ledger.terms.postings(self.view, self.question.terms) if self.question.terms else {}
        self._weighed = Weighed.of(self.question, postings, self.view.mean_length)

    def best(self, depth: int) -> dict[str, float]:
        """Return the joined scores of the `depth` best by either half."""
        near = self.finder.nearest(self.view, self.vector, depth, self.sieve)
        hits = self._weighed.best(depth, self._allowed)
        others = [key for key in hits if key not in near]
        cosines = {**near, **self.finder.cosines(self.view, others, self.vector)}
        ids, shares = self._known(list(cosines))
        found = [*near, *(key for key in self._first(hits, shares, ids, depth) if key not in near)]
        return self._joined({ids[key]: (cosines[key], shares[key]) for key in found})

    def _first(
        self, hits: Sequence[int], shares: Mapping[int, float], ids: Mapping[int, str], depth: int
    ) -> Sequence[int]:
        """Return the `depth` best by words: of those that tie, whose ids come first."""
        if len(hits) <= depth:
            return hits
        best = {id for id, _ in ordered({ids[key]: shares[key] for key in hits}, depth)}
        return [key for key in hits if ids[key] in best]

    def matching(self, k: int) -> list[tuple[str, float]]:
        """Return the `k` passages whose words fit best, with their BM25."""
        hits = self._weighed.best(k, self._allowed)
        ids, _ = self._known(hits)
        scores: list[float] = self._weighed.scores_of(hits).tolist()
        return ordered({ids[key]: score for key, score in zip(hits, scores, strict=True)}, k)

    def nearest(self, k: int) -> list[tuple[str, float]]:
        """Return the `k` passages nearest to the question's vector, with their cosine."""
        near = self.finder.nearest(self.view, self.vector, k, self.sieve)
        ids, _ = self._known(list(near))
        return ordered({ids[key]: cosine for key, cosine in near.items()}, k)

    def scores_of(self, ids: Sequence[str]) -> dict[str, float]:
        """Return the joined scores of passages by their ids, less what may not be seen."""
        keys = self.ledger.keys_of(self.view, ids) if ids else []
        keys = sorted(self._allowed(keys)) if keys else []
        cosines = self.finder.cosines(self.view, keys, self.vector)
        named, shares = self._known(keys)
        return self._joined({named[key]: (cosines[key], shares[key]) for key in keys})

    def texts(self, ids: Sequence[str]) -> list[str]:
        """Return the texts of passages that were found."""
        return [passage.text for passage in self._read(ids)]

    def passages(self, found: Sequence[tuple[str, float]]) -> list[Passage]:
        """Return passages that were found, with their scores."""
        read = self._read([id for id, _ in found])
        return [replace(passage, score=score) for passage, (_, score) in zip(read, found, strict=True)]

    def _read(self, ids: Sequence[str]) -> list[Passage]:
        keys = [self._keys[id] for id in ids if id not in self._passages]
        entries = self.ledger.entries(self.view, keys) if keys else []
        self._passages |= {entry.id: entry.passage() for entry in entries}
        return [self._passages[id] for id in ids]

    def _allowed(self, keys: Sequence[int]) -> set[int]:
        return self.finder.allowed(self.view, keys, self.sieve)

    def _known(self, keys: Sequence[int]) -> tuple[dict[int, str], dict[int, float]]:
        """Return the ids of passages, and the shares of the highest BM25 that they reach."""
        ids = self.ledger.ids_of(self.view, keys) if keys else {}
        self._keys |= {id: key for key, id in ids.items()}
        shares = np.minimum(self._weighed.scores_of(keys) / max(self.question.highest, 1e-9), 1.0)
        return ids, dict(zip(keys, np.round(shares, _DIGITS).tolist(), strict=True))

    def _joined(self, found: Mapping[str, tuple[float, float]]) -> dict[str, float]:
        weights = default_weights()
        return {id: joined(cosine, share, self.trust, weights) for id, (cosine, share) in found.items()}
