"""Which sentences of the passages could support a claim. Pure, and linear in the length of the passages."""

from collections.abc import Sequence
from dataclasses import dataclass

from genaiops.app.reading.evidence import Sentence, sentences
from genaiops.app.reading.support.wording import content
from genaiops.core import Passage

MAX_SENTENCES = 3
_LONG = 40
_LENGTH_WEIGHT = 0.02
_MAX_CHARACTERS = 2_000
"""A sentence longer than this is a table or no sentence; its beginning is looked at."""


@dataclass(frozen=True, slots=True)
class Sources:
    """The sentences of an output's passages with their content, and in which of them each word stands."""

    sentences: tuple[Sentence, ...]
    contents: tuple[frozenset[str], ...]
    places: dict[str, tuple[int, ...]]


def read_sources(passages: Sequence[Passage]) -> Sources:
    """Return what claims are held against."""
    found = tuple(sentences(passages))
    contents = tuple(frozenset(content(one.text[:_MAX_CHARACTERS])) for one in found)
    places: dict[str, list[int]] = {}
    for at, words in enumerate(contents):
        for word in words:
            places.setdefault(word, []).append(at)
    return Sources(found, contents, {word: tuple(at) for word, at in places.items()})


def choose(claim: str, sources: Sources) -> list[Sentence]:
    """Return at most `MAX_SENTENCES` sentences that together hold most of the claim's words, the best first.

    Where none holds any, the first sentence stands for them all.
    """
    left = set(content(claim))
    chosen: list[int] = []
    while len(chosen) < MAX_SENTENCES:
        shared: dict[int, int] = {}
        for word in left:
            for at in sources.places.get(word, ()):
                shared[at] = shared.get(at, 0) + 1
        if not shared:
            break
        best = max(shared, key=lambda at: (shared[at] - _length(sources.contents[at]), -at))
        chosen.append(best)
        left -= sources.contents[best]
    return [sources.sentences[at] for at in chosen or range(min(1, len(sources.sentences)))]


def evidence_text(sentence: Sentence) -> str:
    """Return the part of a sentence that is looked at."""
    return sentence.text[:_MAX_CHARACTERS]


def _length(words: frozenset[str]) -> float:
    return _LENGTH_WEIGHT * min(len(words), _LONG) / _LONG
