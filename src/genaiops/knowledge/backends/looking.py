"""One hybrid search among the candidates of a backend, with the oracle's arithmetic (`fusion.py`)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from genaiops.core import Passage
from genaiops.knowledge.backends.ledger import Entry, Ledger
from genaiops.knowledge.backends.seams import Finder, View
from genaiops.knowledge.backends.sieve import Sieve
from genaiops.knowledge.backends.wording import Words, bm25, highest
from genaiops.knowledge.fusion import default_weights, joined, ordered
from genaiops.knowledge.lexical import rarest, rarity
from genaiops.knowledge.snapshot import MAX_MATCHES

_LEAST = 1e-6
"""What a passage scores at least that holds a word, however common."""
_DIGITS = 6


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

    def score(self, words: Words, mean_length: float) -> float:
        """Return a passage's BM25, 0 where none of the terms stands."""
        found = bm25(words, self.idf, mean_length)
        return max(found, _LEAST) if found else 0.0


@dataclass(frozen=True, slots=True)
class Question:
    """A question's own words, and those of what was said before, which count `weight` times as much."""

    own: Asked
    before: Asked
    weight: float

    @property
    def idf(self) -> dict[str, float]:
        """What candidates are looked for by."""
        said = {term: self.weight * idf for term, idf in self.before.idf.items()}
        return {term: self.own.idf.get(term, 0.0) + said.get(term, 0.0) for term in {**said, **self.own.idf}}

    def share(self, words: Words, mean_length: float) -> float:
        """Return the share of the highest BM25 that a passage could reach."""
        score = self.own.score(words, mean_length)
        if self.before.idf:
            score += self.weight * self.before.score(words, mean_length)
        most = self.own.highest + self.weight * self.before.highest
        return round(min(score / max(most, 1e-9), 1.0), _DIGITS)


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
    _entries: dict[str, Entry] = field(default_factory=dict[str, Entry])

    def best(self, depth: int) -> dict[str, float]:
        """Return the joined scores of the `depth` best by either half."""
        near = self.finder.nearest(self.view, self.vector, depth, self.sieve)
        hits = self.finder.matching(self.view, self.question.idf, depth, self.sieve)
        others = [key for key in hits if key not in near]
        cosines = {**near, **self.finder.cosines(self.view, others, self.vector)}
        shares = self._read(cosines)
        ids = {self._entries[id].key: id for id in shares}
        kept = {id for id, _ in ordered({ids[key]: near[key] for key in near if key in ids}, depth)}
        kept |= {id for id, _ in ordered({id: share for id, share in shares.items() if share}, depth)}
        return {id: self._joined(cosines[self._entries[id].key], shares[id]) for id in kept}

    def scores_of(self, ids: Sequence[str]) -> dict[str, float]:
        """Return the joined scores of passages by their ids, less what may not be seen."""
        keys = self.ledger.keys_of(self.view, ids) if ids else []
        keys = sorted(self.finder.allowed(self.view, keys, self.sieve)) if keys else []
        cosines = self.finder.cosines(self.view, keys, self.vector)
        shares = self._read(cosines)
        return {id: self._joined(cosines[self._entries[id].key], share) for id, share in shares.items()}

    def texts(self, ids: Sequence[str]) -> list[str]:
        """Return the texts of passages that were found."""
        return [self._entries[id].passage().text for id in ids]

    def passage(self, id: str, score: float) -> Passage:
        """Return a passage that was found."""
        return replace(self._entries[id].passage(), score=score)

    def _read(self, cosines: Mapping[int, float]) -> dict[str, float]:
        """Read the passages of these keys, and return the shares of their words by their ids."""
        read = self.ledger.entries(self.view, cosines.keys())
        self._entries |= {entry.id: entry for entry in read}
        mean = self.view.mean_length
        return {entry.id: self.question.share(entry.words, mean) for entry in read}

    def _joined(self, cosine: float, share: float) -> float:
        return joined(cosine, share, self.trust, default_weights())
