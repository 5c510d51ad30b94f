"""Whose word a call of a tool follows: pure, and blind to what a text says.

Text from outside (passages, results of tools, files, what a model said after it saw them) may not choose a
tool that writes, its arguments, or an address. So once there is any, a call must be traced to what no such
text had a hand in. How likely an attack is does not matter: what cannot be traced is not done.
(Debenedetti et al. 2025, *Defeating prompt injections by design*; Willison 2023, *The dual LLM pattern*.)
"""

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Literal

from genaiops.core import Json
from genaiops.guard.dates import days_in, is_said, without_days
from genaiops.guard.tools import ToolEntry, is_default, misfit, words_of

_SEPARATORS = re.compile(r"[\s\"'`()\[\]{}<>,;|=*\\“”‘’«»]+")
_GROUPED = re.compile(r"(?<=\d),(?=\d{3}\b)")
_NUMBER = re.compile(r"(?<![\w.])[-+]?\d+(?:\.\d+)?(?![\d])")
_COUNTED = (
    *("one", "two", "three", "four", "five", "six"),
    *("seven", "eight", "nine", "ten", "eleven", "twelve"),
)
_LONG_WORD = 4
_EDGES = ".:!?-–—/#$€£%&"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known at one moment of an answer.

    `user`: the user's words. `plans`: what models said before they saw text from outside. `system`: the
    project's own prompts. `fields`: results' fields that the policy trusts. `outside`: whether the app has
    seen text from outside.
    """

    user: tuple[str, ...] = ()
    plans: tuple[str, ...] = ()
    system: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    outside: bool = False
    before: frozenset[str] = field(default_factory=frozenset[str])
    """Messages that models were sent before that."""

    @property
    def trusted(self) -> tuple[str, ...]:
        """All texts that an argument may be traced to."""
        return (*self.user, *self.plans, *self.system, *self.fields)

    def are_clean(self, contents: Sequence[str]) -> bool:
        """Whether no text from outside can stand in a request: there is none, or each part is trusted."""
        return not self.outside or all(
            one in self.before or any(_plain(one) in _plain(text) for text in self.trusted)
            for one in contents
        )

    def sent(self, contents: Sequence[str], reply: str) -> "Known":
        """Return what is known after a model answered `reply` to messages of these contents."""
        if not self.are_clean(contents):
            return self
        return replace(self, plans=(*self.plans, reply), before=self.before | set(contents))


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a call may happen; `why` names the argument and the rule, never a value."""

    do: Literal["allow", "ask", "refuse"]
    why: str = ""


def decide(
    tools: Mapping[str, ToolEntry], name: str, arguments: Mapping[str, Json], known: Known
) -> Decision:
    """Return whether the app may call the tool `name` with `arguments`, by what is known now."""
    entry = tools.get(name)
    if entry is None:
        return Decision("refuse", "the policy does not list this tool")
    if entry.arguments is not None and (wrong := misfit(entry.arguments, dict(arguments))):
        return Decision("refuse", wrong)
    if entry.approve:
        return Decision("ask", "the policy has a person decide each call")
    if entry.effect == "read" or not known.outside:
        return Decision("allow")
    why = next(_untraced(entry, name, arguments, known), "")
    return Decision("refuse" if entry.untraced == "refuse" else "ask", why) if why else Decision("allow")


def _untraced(entry: ToolEntry, name: str, arguments: Mapping[str, Json], known: Known) -> Iterator[str]:
    after = "text from outside was seen, and"
    if not _asked_for(entry, name, known):
        yield f"{after} neither the user nor a plan made before asks for this tool"
    for argument, value in arguments.items():
        if argument in entry.free or is_default(entry, argument, value):
            continue
        if not all(_traced(argument, leaf, known) for leaf in _leaves(value)):
            yield f"{after} {argument} is neither the user's word nor of a plan made before"


def _asked_for(entry: ToolEntry, name: str, known: Known) -> bool:
    if any(name.casefold() in _words(plan) for plan in known.plans):
        return True
    said = {word for text in known.user for word in _words(text)}
    phrases = [_words(phrase) for phrase in entry.asked_by or (words_of(name),)]
    return any(words and all(_said(word, said) for word in words) for words in phrases)


def _said(word: str, said: set[str]) -> bool:
    """Say whether a word was said, perhaps with an ending: `booking` for `book`."""
    return word in said or (len(word) >= _LONG_WORD and any(one.startswith(word) for one in said))


def _traced(argument: str, value: Json, known: Known) -> bool:
    if isinstance(value, str):
        if _is_said(value, known.trusted):
            return True
        days = days_in(value)
        return (
            bool(days)
            and _is_said(without_days(value), known.trusted)
            and any(is_said(day, days_in(text)) for day in days for text in known.trusted)
        )
    if isinstance(value, bool) or value is None:
        said = (*_words(argument), json.dumps(value))
        return any(_within(said, _words(plan)) for plan in known.plans)
    return any(value in _numbers(text) for text in known.trusted)


def _is_said(value: str, texts: Sequence[str]) -> bool:
    wanted = _words(value)
    return not wanted or any(_within(wanted, _words(text)) for text in texts)


def _leaves(value: Json) -> Iterator[Json]:
    if isinstance(value, list):
        for item in value:
            yield from _leaves(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from _leaves(item)
    else:
        yield value


def _plain(text: str) -> str:
    return " ".join(text.split())


@lru_cache(maxsize=512)
def _words(text: str) -> tuple[str, ...]:
    """Return the words of a text as they are compared; an address or a path is one word."""
    said = unicodedata.normalize("NFKC", _GROUPED.sub("", text)).casefold()
    return tuple(word for part in _SEPARATORS.split(said) if (word := part.strip(_EDGES)))


@lru_cache(maxsize=512)
def _numbers(text: str) -> frozenset[float]:
    """Return the numbers in a text: in digits, and in words up to twelve."""
    digits = {float(one) for one in _NUMBER.findall(_GROUPED.sub("", text))}
    return frozenset(digits | {float(_COUNTED.index(one) + 1) for one in _words(text) if one in _COUNTED})


def _within(wanted: Sequence[str], words: Sequence[str]) -> bool:
    """Say whether `wanted` stands in `words`, word after word."""
    first, size = wanted[0], len(wanted)
    return any(
        word == first and tuple(words[at : at + size]) == tuple(wanted) for at, word in enumerate(words)
    )
