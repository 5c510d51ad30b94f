"""What the built-in detectors share: a detector made of a function, its bounds, the words nearby."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from pydantic import BaseModel, ConfigDict

from genaiops.core import DetectorSpec, Finding, Json, Where, decode
from genaiops.guard.model import TooMuch

Parameters = TypeVar("Parameters", bound=BaseModel)
Thing = TypeVar("Thing")

MOST_CANDIDATES = 5_000
"""A detector that meets more stretches to look at closely gives the text up rather than take long."""

_SHORT = 4

NEARBY = 48
"""So many characters before a stretch are looked at for words that say what it is."""


@dataclass(frozen=True, slots=True)
class Pure:
    """A detector made of a function."""

    spec: DetectorSpec
    find: Callable[[str, Where], Iterable[Finding]]

    def detect(self, text: str, where: Where) -> list[Finding]:
        """Return what `find` finds; raises `TooMuch` with what it found until it gave up."""
        found: list[Finding] = []
        try:
            for one in self.find(text, where):
                found.append(one)  # noqa: PERF402  a list made of all would lose these
        except TooMuch:
            raise TooMuch(found) from None
        return found


class NoParameters(BaseModel):
    """What a detector without parameters takes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def parameters_of(kind: type[Parameters], given: Mapping[str, Json]) -> Parameters:
    """Return the parameters of a detector; raises `UserError` naming the one that does not fit."""
    return decode(kind, dict(given), code="GAO-GUARD-022")


class Budget:
    """How much more a detector may look at in one text."""

    def __init__(self, left: int = MOST_CANDIDATES) -> None:
        self.left = left

    def spend(self, cost: int = 1) -> None:
        """Count what a candidate costs; raises `TooMuch` when there were too many."""
        self.left -= cost
        if self.left < 0:
            raise TooMuch


class Share(Budget):
    """What looking for one kind of thing may cost: what all kinds have left, and `least` in any case."""

    def __init__(self, whole: Budget, least: int) -> None:
        super().__init__(least)
        self._whole = whole

    def spend(self, cost: int = 1) -> None:
        """Count what a candidate costs; raises `TooMuch` when there were too many."""
        self.left -= cost
        self._whole.left -= cost
        if self.left < 0 and self._whole.left < 0:
            raise TooMuch


def each_kind(
    kinds: Iterable[Callable[[Budget], Iterator[Thing]]], whole: Budget, *, least: int, found: int = 0
) -> Iterator[Thing]:
    """Yield what looking for each kind brings; too much of one is said after the others were looked for.

    `least`: what a kind may cost in any case; `found`: what each thing found costs. Raises `TooMuch`.
    """
    gave_up = False
    for kind in kinds:
        budget = Share(whole, least)
        try:
            for one in kind(budget):
                yield one
                budget.spend(found)
        except TooMuch:
            gave_up = True
    if gave_up:
        raise TooMuch


def lower(text: str) -> str:
    """Return `text` in lower case, character for character: one letter, İ, would become two."""
    return text.replace("\u0130", "I").lower()


class Words:
    """Words that say what stands after them; short ones whole, longer ones also with an ending."""

    def __init__(self, *words: str) -> None:
        self.every = words
        each = (rf"(?<!\w){re.escape(word)}" + (r"(?!\w)" if len(word) <= _SHORT else "") for word in words)
        self._pattern = re.compile("|".join(each))

    def are_in(self, low: str) -> bool:
        """Say whether one may stand in the lower-case text `low`: quick, and also true inside a word."""
        return any(word in low for word in self.every)

    def before(self, text: str, start: int) -> bool:
        """Say whether one stands in the characters just before `start`."""
        low = lower(text[max(0, start - NEARBY) : start])
        return self.are_in(low) and self._pattern.search(low) is not None
