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
from genaiops.guard.dates import Day, days_in, is_said, without_days
from genaiops.guard.tools import ToolEntry, goes_bare, is_default, is_described, misfit, words_of

_SEPARATORS = re.compile(r"[\s\"'`()\[\]{}<>,;|=*\\“”‘’«»]+")
_GROUPED = re.compile(r"(?<=\d),(?=\d{3}\b)")
_NUMBER = re.compile(r"(?<![\w.])[-+]?\d+(?:\.\d+)?(?![\d])")
_DOTTED = r"(?<![\w.,])[-+]?[1-9]\d{0,2}(?:\.\d{3})+(?:,\d{1,2})?(?!\d|[.,]\d)"
_MONEY = re.compile(
    rf"(?:(?<=[€$£])|(?<=[€$£] )|(?<=\beur )|(?<=\busd ))(?:{_DOTTED})"
    rf"|(?:{_DOTTED})(?=\s?(?:[€$£]|(?:euros?|eur|usd|dollars?|chf|francs?|gbp|pounds?)\b))",
    re.IGNORECASE,
)
"""`1.000 Euro` is a thousand, where `1.000` alone may be one, too."""
_CONTINENTAL = re.compile(rf"{_DOTTED}|(?<![\w.,])[-+]?\d{{1,9}},\d{{1,2}}(?!\d|[.,]\d)")
_COUNTED = (
    *("one", "two", "three", "four", "five", "six"),
    *("seven", "eight", "nine", "ten", "eleven", "twelve"),
)
_LONG_WORD = 4
_EDGES = ".:!?-–—/#$€£%&"
_GAPS = re.compile(r"[\s\"'()\[\]{}<>,=\\“”‘’«»]+")
_LEADING, _TRAILING = ":!#€£", ".:!-–—/#€£"


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
    if not arguments and not goes_bare(entry):
        yield f"{after} without arguments it may do more than was asked for"
    for argument, value in arguments.items():
        if argument in entry.free or is_default(entry, argument, value):
            continue
        if not all(_traced(argument, leaf, known) for leaf in _leaves(value)):
            # a name that the policy does not know is the model's own text
            said = argument if is_described(entry, argument) else "an argument"
            yield f"{after} {said} is neither the user's word nor of a plan made before"


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
    if isinstance(value, (list, dict)):
        return False  # an empty one: there is no word in it, and it may well mean all
    if isinstance(value, str):
        return _is_said(value, known.trusted) or _is_said_day(value, known.trusted)
    if isinstance(value, bool) or value is None:
        said = (*_words(argument), json.dumps(value))
        return any(_line(said) in _line(_words(plan)) for plan in known.plans)
    return any(value in _numbers(text) for text in known.trusted)


def _is_said(value: str, texts: Sequence[str]) -> bool:
    """Say whether a value stands in one of the texts, word after word; without words it is nobody's."""
    wanted = _line(_signed(value))
    return any(map(str.isalnum, wanted)) and any(wanted in line for text in texts for line in _lines(text))


def _is_said_day(value: str, texts: Sequence[str]) -> bool:
    days, rest = days_in(value), without_days(value)
    return (
        bool(days)
        and (not _signed(rest) or _is_said(rest, texts))
        and any(is_said(day, _days_of(text)) for day in days for text in texts)
    )


def _leaves(value: Json) -> Iterator[Json]:
    if isinstance(value, list) and value:
        for item in value:
            yield from _leaves(item)
    elif isinstance(value, dict) and value:
        for key, item in value.items():
            yield key
            yield from _leaves(item)
    else:
        yield value


@lru_cache(maxsize=512)
def _plain(text: str) -> str:
    return " ".join(text.split())


@lru_cache(maxsize=512)
def _words(text: str) -> tuple[str, ...]:
    """Return the words of a text, without the signs around them; an address or a path is one word."""
    return tuple(said for part in _SEPARATORS.split(_folded(text)) if (said := _word(part)))


def _word(part: str) -> str:
    word = part.strip(_EDGES)
    minus = word[:1].isdigit() and "-" in part[: part.index(word)]
    return f"-{word}" if minus else word


def _signed(text: str) -> tuple[str, ...]:
    """Return the words of a text with the signs that may change what is done: `-100`, `/etc`, `draft*`."""
    return tuple(word for part in _GAPS.split(_folded(text)) if (word := _trimmed(part)))


def _trimmed(part: str) -> str:
    word = part.lstrip(_LEADING)
    return word.rstrip(_TRAILING) or word


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", _GROUPED.sub("", text)).casefold()


@lru_cache(maxsize=512)
def _lines(text: str) -> tuple[str, ...]:
    """Return the ways to read a trusted text: with its signs, without question marks, without any."""
    signed = _signed(text)
    unasked = tuple(word.rstrip("?" + _TRAILING) or word for word in signed)
    return tuple({_line(words): None for words in (signed, unasked, _words(text))})


def _line(words: Sequence[str]) -> str:
    """Return words as one line, in which others are looked for in linear time."""
    return f" {' '.join(words)} "


@lru_cache(maxsize=512)
def _days_of(text: str) -> frozenset[Day]:
    return days_in(text)


def _point(number: str) -> str:
    """Return a number with dots between thousands and a decimal comma as it is written in English."""
    return number.replace(".", "").replace(",", ".")


@lru_cache(maxsize=512)
def _numbers(text: str) -> frozenset[float]:
    """Return the numbers in a text: in digits, and in words up to twelve.

    `1.234,5` and `1,234.5` are the same number; what may be read in both ways is both.
    """
    said = _MONEY.sub(lambda match: _point(match[0]), text)
    digits = {float(one) for one in _NUMBER.findall(_GROUPED.sub("", said))}
    digits |= {float(_point(one)) for one in _CONTINENTAL.findall(said)}
    return frozenset(digits | {float(_COUNTED.index(one) + 1) for one in _words(text) if one in _COUNTED})
