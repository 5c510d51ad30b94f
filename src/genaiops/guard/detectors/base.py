"""What the built-in detectors share: a detector made of a function, overlapping matches, words nearby."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from pydantic import BaseModel, ConfigDict

from genaiops.core import DetectorSpec, Finding, Json, Where, decode
from genaiops.guard.model import TooMuch

Parameters = TypeVar("Parameters", bound=BaseModel)

MOST_CANDIDATES = 10_000
"""A detector that meets more stretches to look at closely gives the text up rather than take long."""

LONGEST = 64
"""No pattern for `overlapping` matches more characters, what it looks ahead to included."""

NEARBY = 48
"""So many characters before a stretch are looked at for words that say what it is."""


@dataclass(frozen=True, slots=True)
class Pure:
    """A detector made of a function."""

    spec: DetectorSpec
    find: Callable[[str, Where], Iterable[Finding]]

    def detect(self, text: str, where: Where) -> list[Finding]:
        """Return what `find` finds."""
        return list(self.find(text, where))


class NoParameters(BaseModel):
    """What a detector without parameters takes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def parameters_of(kind: type[Parameters], given: Mapping[str, Json]) -> Parameters:
    """Return the parameters of a detector; raises `UserError` naming the one that does not fit."""
    return decode(kind, dict(given), code="GAO-GUARD-022")


class Budget:
    """How many more candidates a detector may look at in one text."""

    def __init__(self, left: int = MOST_CANDIDATES) -> None:
        self._left = left

    def spend(self) -> None:
        """Count one candidate; raises `TooMuch` when there were too many."""
        self._left -= 1
        if self._left < 0:
            raise TooMuch


def overlapping(
    pattern: re.Pattern[str], text: str, start: int, end: int, budget: Budget
) -> Iterator[re.Match[str]]:
    """Yield each match that begins in `text[start:end]`, also inside an earlier one.

    So what is found does not depend on where the search began: a stream finds what the whole text does.
    """
    match = pattern.search(text, start, end + LONGEST)
    while match is not None and match.start() < end:
        budget.spend()
        yield match
        match = pattern.search(text, match.start() + 1, end + LONGEST)


def before(text: str, start: int) -> str:
    """Return the characters before `start` that may say what stands there, in lower case."""
    return text[max(0, start - NEARBY) : start].lower()
