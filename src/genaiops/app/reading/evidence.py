"""From passages to the few sentences that a model should read. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from genaiops.app.reading.words import terms
from genaiops.core import Passage
from genaiops.knowledge import sentence_spans

_COVERAGE_WEIGHT = 0.3
_RANK_WEIGHT = 0.1


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a passage, verbatim; `rank` is its passage's place in the search, from 0."""

    passage: str
    title: str
    text: str
    rank: int
    start: int

    @property
    def ranked(self) -> str:
        """What is compared with the question: the sentence under its document's title."""
        return f"{self.title}. {self.text}" if self.title else self.text


@dataclass(frozen=True, slots=True)
class Evidence:
    """A sentence with its similarity to the question, the share of the question's words in it, its score."""

    sentence: Sentence
    similarity: float
    coverage: float
    score: float


def sentences(passages: Sequence[Passage]) -> list[Sentence]:
    """Return the sentences of the passages, in order, each one once."""
    found: dict[tuple[str, str], Sentence] = {}
    for rank, passage in enumerate(passages):
        for start, end in sentence_spans(passage.text):
            text = passage.text[start:end]
            found.setdefault((passage.document, text), Sentence(passage.id, passage.title, text, rank, start))
    return list(found.values())


def weigh(question: str, found: Sequence[Sentence], similarities: Sequence[float]) -> list[Evidence]:
    """Return every sentence with what speaks for it.

    A sentence counts by its token-level similarity (`ctx.rank`), by how many of the question's words it or
    its title holds, and a little by its passage's place.
    """
    asked = terms(question)
    return [_scored(asked, one, similarity) for one, similarity in zip(found, similarities, strict=True)]


def select_evidence(weighed: Sequence[Evidence], *, limit: int = 3, words: int = 100) -> list[Evidence]:
    """Return the best sentences, at most `limit` of together about `words` words, in reading order."""
    chosen: list[Evidence] = []
    used = 0
    for one in sorted(weighed, key=lambda one: (-one.score, one.sentence.rank, one.sentence.start)):
        length = len(one.sentence.text.split())
        if chosen and (len(chosen) >= limit or used + length > words):
            break
        chosen.append(one)
        used += length
    return sorted(chosen, key=lambda one: (one.sentence.rank, one.sentence.start))


def _scored(asked: frozenset[str], one: Sentence, similarity: float) -> Evidence:
    coverage = _share(asked, one.text)
    score = similarity + _COVERAGE_WEIGHT * _share(asked, one.ranked) + _RANK_WEIGHT / (1 + one.rank)
    return Evidence(one, similarity, coverage, score)


def _share(asked: frozenset[str], text: str) -> float:
    return len(asked & terms(text)) / len(asked) if asked else 0.0
