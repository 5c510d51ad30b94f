"""What the built-in detectors share: a detector made of a function, its bounds, the words nearby."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from pydantic import BaseModel, ConfigDict

from genaiops.core import DetectorSpec, Finding, Json, Where, decode
from genaiops.guard.model import TooMuch

Parameters = TypeVar("Parameters", bound=BaseModel)

MOST_CANDIDATES = 5_000
"""A detector that meets more stretches to look at closely gives the text up rather than take long."""

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


def before(text: str, start: int) -> str:
    """Return the characters before `start` that may say what stands there, in lower case."""
    return text[max(0, start - NEARBY) : start].lower()
