"""What the guard's rooms and plug-ins share: a surface, a finding, a detector."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

Surface = Literal["input", "history", "passage", "tool_call", "tool_result", "output"]
"""Where a text stands: what a user says now or said before, what a search or a tool brings, what a model
wants to call, what it answers."""

CostClass = Literal["cheap", "model", "remote"]
"""Microseconds of pure code; a local model; a call to somebody else. Cheap ones run first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """What is known of a text beside itself: its surface, and what it comes with.

    `context` is the task or system prompt that it belongs to; `language` an ISO 639-1 code where known.
    """

    surface: Surface
    context: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something in `text[start:end]` of a `category` (`pii.iban`, `injection.direct`, …).

    It holds a character at least, but where the text itself is empty. `confidence` is between 0 and 1;
    `reason` tells a person why and never repeats the text found.
    """

    detector: str
    category: str
    start: int
    end: int
    confidence: float
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectorSpec:
    """What a detector is and needs: where it may look, and how much of a text it must see.

    `span` is the most characters that one finding of it covers, or the beginning of one that is found before
    it ends: a stream may release what can no longer begin one. A word that has not ended is held back by
    itself, and may be longer. `begins` are signs in lower case: a finding with more characters than a stream
    holds back begins with one of them, and only from there so much is held back as `span` says. `whole`
    needs all of the text, but what it finds within `early` characters, if any, a stream asks it for on the
    way too. A change of what it finds is a new `version`. `categories` are all that it may find; empty where
    it does not say. `decoded`: what a text encodes is to be looked at too.
    """

    name: str
    version: str
    surfaces: frozenset[Surface]
    span: int | Literal["whole"]
    early: int | None = None
    cost: CostClass = "cheap"
    categories: frozenset[str] = frozenset()
    decoded: bool = True
    begins: tuple[str, ...] = ()


class Detector(Protocol):
    """Looks for one kind of thing. Pure: the same text, the same findings."""

    @property
    def spec(self) -> DetectorSpec:
        """Name, version, surfaces, span, cost."""
        ...

    def detect(self, text: str, where: Where) -> Sequence[Finding]:
        """Return what was found in `text`, with offsets into it as it was given."""
        ...
