"""Plainly harmful requests: an act and its object close together in a sentence that asks for it.

A grammar of words (`harmful.yaml`) and no model: what it says of a sentence can be read off. It misses what
is put in other words, and it does not know what somebody is after; what follows is for a policy to say.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from genaiops.core import DetectorSpec, Finding, Json, Where
from genaiops.guard.detectors.base import Budget, NoParameters, lower, parameters_of
from genaiops.guard.detectors.harm_words import Lexicon, lexicon

_TOKEN = re.compile(r"[\w'’-]+|[.!?\n]")
_ENDS = frozenset(".!?\n")
_REACH = 9
"""An act and its object stand at most so many words apart."""
_OPENING = 8
_LONGEST = 60
"""A sentence of more words is read in parts."""
_ASKED, _HIDDEN, _SHIELDED, _NOT_ASKED = 0.15, 0.15, 0.4, 0.25
_LEAST, _MOST = 0.05, 0.95
_KNOWN_WORDS = 4096


class _Word(NamedTuple):
    text: str
    start: int
    end: int


class _Listed(NamedTuple):
    """A word or a run of words as it is listed: the words after the first, and whose act or object it is."""

    rest: tuple[str, ...]
    acts: tuple[int, ...]
    objects: tuple[int, ...]


class HarmfulDetector:
    """Finds in each sentence at most one act with its object of a kind of harm. Linear in the text."""

    def __init__(self, words: Lexicon) -> None:
        self.spec = DetectorSpec(
            name="harmful",
            version="1",
            surfaces=frozenset({"input", "history"}),
            span="whole",
            categories=frozenset(f"harmful.{harm.category}" for harm in words.harms),
        )
        self._words = words
        self._first = _by_first_word(words)
        self._listed = lru_cache(maxsize=_KNOWN_WORDS)(self._look_up)

    def detect(self, text: str, where: Where) -> list[Finding]:
        """Return what is asked for; raises `TooMuch` for a text of little else."""
        budget = Budget()
        found: list[Finding] = []
        for sentence in _sentences(text):
            asked = self._asked(sentence)
            shift = self._shift([word.text for word in sentence]) if asked else 0.0
            for kind, (first, last) in asked.items():
                budget.spend()
                harm = self._words.harms[kind]
                found.append(
                    Finding(
                        detector=self.spec.name,
                        category=f"harmful.{harm.category}",
                        start=sentence[first].start,
                        end=sentence[last].end,
                        confidence=min(_MOST, max(_LEAST, harm.sure + shift)),
                        reason=harm.reason,
                    )
                )
        return found

    def _asked(self, sentence: Sequence[_Word]) -> dict[int, tuple[int, int]]:
        """Return kinds of harm with the places of an act and, behind it, of its object."""
        found: dict[int, tuple[int, int]] = {}
        acts: dict[int, int] = {}
        texts = [word.text for word in sentence]
        for at, text in enumerate(texts):
            there = [one for one in self._listed(text) if _stands(one.rest, texts, at + 1)]
            for one in there:
                for kind in one.objects:
                    if kind in acts and 0 < at - acts[kind] <= _REACH:
                        found.setdefault(kind, (acts[kind], at + len(one.rest)))
            acts.update((kind, at) for one in there for kind in one.acts)
        return found

    def _look_up(self, word: str) -> tuple[_Listed, ...]:
        """Return what is listed of a word and of what it may be a form of."""
        return tuple(one for form in _forms(word, self._words.forms) for one in self._first.get(form, ()))

    def _shift(self, texts: Sequence[str]) -> float:
        """Return how much a sentence's other words speak for (above 0) or against a harmful request."""
        words = {*texts, *map("_".join, pairwise(texts))}
        shift = -_NOT_ASKED if self._words.asks.isdisjoint(texts[:_OPENING]) else _ASKED
        if not self._words.hides.isdisjoint(words):
            return shift + _HIDDEN
        return shift if self._words.shields.isdisjoint(words) else shift - _SHIELDED


def harmful(given: Mapping[str, Json]) -> HarmfulDetector:
    """Return the detector of plainly harmful requests."""
    parameters_of(NoParameters, given)
    return HarmfulDetector(lexicon())


def _by_first_word(words: Lexicon) -> dict[str, list[_Listed]]:
    acts = [words.acts_of(harm) for harm in words.harms]
    objects = [harm.objects for harm in words.harms]
    found: dict[str, list[_Listed]] = {}
    for name in sorted(frozenset[str]().union(*acts, *objects)):
        first, *rest = name.split("_")
        which = [tuple(at for at, names in enumerate(each) if name in names) for each in (acts, objects)]
        found.setdefault(first, []).append(_Listed(tuple(rest), *which))
    return found


def _sentences(text: str) -> Iterator[list[_Word]]:
    words: list[_Word] = []
    for match in _TOKEN.finditer(lower(text)):
        if match[0] in _ENDS or len(words) == _LONGEST:
            if words:
                yield words
            words = []
        if match[0] not in _ENDS:
            words.append(_Word(match[0].replace("’", "'"), match.start(), match.end()))
    if words:
        yield words


def _stands(rest: tuple[str, ...], texts: Sequence[str], at: int) -> bool:
    return not rest or tuple(texts[at : at + len(rest)]) == rest


def _forms(word: str, others: Mapping[str, str]) -> tuple[str, ...]:
    """Return a word and what it may be a form of."""
    if word in others:
        return word, others[word]
    if word.endswith("ing") and len(word) > 5:
        return word, word[:-3], word[:-3] + "e"
    if word.endswith("ed") and len(word) > 4:
        return word, word[:-2], word[:-1]
    if word.endswith(("'s", "s")) and len(word) > 3:
        return word, word.removesuffix("'s").removesuffix("s")
    return (word,)
