"""In which language a text is, where the policy says which are allowed.

By script, then by small words and letters (`languages`). A stretch is a line; one too short, or without small
words (code, a list of names), is in no language and never found. Nothing is said of a language that is not
listed: a policy that allows what this cannot tell is refused.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Annotated, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from genaiops.core import DetectorSpec, Finding, Json, UserError
from genaiops.guard.detectors.base import Pure, parameters_of
from genaiops.guard.detectors.languages import LANGUAGES, LETTERS, SCRIPTS, WORDS
from genaiops.guard.policy_file import SURFACES, nearest

SPEC = DetectorSpec(
    name="language",
    version="1",
    surfaces=frozenset(SURFACES),
    span="whole",
    categories=frozenset({"language.other"}),
    decoded=False,
)
_WORD = re.compile(r"[^\W\d_]+")
_LINE = re.compile(r"[^\n]+")
_FOREIGN = re.compile("[" + "".join(f"{chr(first)}-{chr(last)}" for _, first, last in SCRIPTS) + "]+")
_LETTERS = re.compile("[" + re.escape("".join(LETTERS)) + "]")
_FEWEST_LETTERS = 12
_FEWEST_HITS = 1.5
_FEWEST_KINDS = 2
_LETTER = 1.5
"""A letter that few languages have weighs as one and a half words, once."""
_LEAST_SHARE = 0.12
"""Of ordinary sentences a third to a half are small words; less than this is no sentence of the language."""
_LONGEST_LINE = 2_000
"""Characters of a line that are read: a paragraph tells its language sooner."""


class LanguageParameters(BaseModel):
    """The languages that are allowed (ISO 639-1)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    allow: Annotated[tuple[str, ...], Field(min_length=1)]


class Guess(NamedTuple):
    """A language and how sure it is, from 0 to 1."""

    language: str
    confidence: float


def language(given: Mapping[str, Json]) -> Pure:
    """Return the detector of other languages than the policy allows."""
    allowed = parameters_of(LanguageParameters, given).allow
    for code in allowed:
        if code not in LANGUAGES:
            raise UserError(
                "GAO-GUARD-024",
                f"the detector 'language' cannot tell {code!r}",
                why="texts in it would be taken for another language",
                fix=nearest(code, sorted(LANGUAGES)),
            )
    return Pure(SPEC, lambda text, where: _find(text, frozenset(allowed)))


def guess(text: str) -> Guess | None:
    """Return the language that a stretch of text is in; None where it is too short or in none."""
    scripts: Counter[str] = Counter()
    for run in _FOREIGN.findall(text):
        scripts.update(map(_script, run))
    words = _WORD.findall(text.lower())
    letters = sum(map(len, words))
    if scripts and (most := _by_script(scripts, letters)):
        return most
    if letters < _FEWEST_LETTERS:
        return None
    return _by_words(words, text)


def _find(text: str, allowed: frozenset[str]) -> Iterator[Finding]:
    for line in _LINE.finditer(text):
        found = guess(line[0][:_LONGEST_LINE])
        if found is not None and found.language not in allowed:
            yield Finding(
                detector=SPEC.name,
                category="language.other",
                start=line.start(),
                end=line.end(),
                confidence=found.confidence,
                reason=f"it reads as {found.language}, which the policy does not allow",
            )


def _script(letter: str) -> str:
    code = ord(letter)
    return next(language for language, first, last in SCRIPTS if first <= code <= last)


def _by_script(scripts: Counter[str], letters: int) -> Guess | None:
    if scripts["ja"]:  # Japanese writes its nouns in Chinese characters
        scripts["ja"] += scripts.pop("zh", 0)
    language, count = scripts.most_common(1)[0]
    fewest = 4 if language in ("zh", "ja", "ko", "th") else _FEWEST_LETTERS / 2
    share = count / max(letters, count)
    return Guess(language, min(1.0, 0.5 + share / 2)) if count >= fewest and share > 0.5 else None


def _by_words(words: list[str], text: str) -> Guess | None:
    hits: dict[str, float] = {}
    small: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    for word, times in Counter(words).items():
        for language, weight in WORDS.get(word, {}).items():
            hits[language] = hits.get(language, 0.0) + weight * times
            small[language] += times
            kinds[language] += 1
    for letter in set(_LETTERS.findall(text)) if hits else ():
        for language, weight in LETTERS[letter].items():
            hits[language] = hits.get(language, 0.0) + _LETTER * weight
    ranked = sorted(hits, key=hits.__getitem__, reverse=True)
    if not ranked or hits[ranked[0]] < _FEWEST_HITS:
        return None
    first, most = ranked[0], hits[ranked[0]]
    if kinds[first] < _FEWEST_KINDS or small[first] < _LEAST_SHARE * len(words):
        return None
    return Guess(first, most / (most + (hits[ranked[1]] if len(ranked) > 1 else 0.0)))
