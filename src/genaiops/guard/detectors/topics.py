"""Topics by the words of the policy: whole words, whatever their case."""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from genaiops.core import DetectorSpec, Finding, Json
from genaiops.guard.detectors.base import Budget, Pure, lower, parameters_of
from genaiops.guard.policy_file import SURFACES

_Topic = Annotated[str, Field(pattern=r"^[a-z0-9_]{1,40}$")]
_Words = Annotated[
    tuple[Annotated[str, Field(min_length=2, max_length=80)], ...], Field(min_length=1, max_length=500)
]

_SIGN = 8
"""So many characters of a phrase say that it may begin."""


class TopicsParameters(BaseModel):
    """For each topic the words and phrases that stand for it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    words: Annotated[dict[_Topic, _Words], Field(min_length=1, max_length=50)]


def topics(given: Mapping[str, Json]) -> Pure:
    """Return the detector of the topics that the policy lists."""
    words = parameters_of(TopicsParameters, given).words
    listed = [
        (f"topic.{topic}", word.lower(), re.compile(rf"(?<!\w){re.escape(word)}(?!\w)", re.IGNORECASE))
        for topic, several in words.items()
        for word in several
    ]
    spec = DetectorSpec(
        name="topics",
        version="1",
        surfaces=frozenset(SURFACES),
        span=max(len(word) for _, word, _ in listed) + 1,
        categories=frozenset(category for category, _, _ in listed),
        begins=tuple(sorted({lower(word)[:_SIGN] for several in words.values() for word in several})),
    )
    return Pure(spec, lambda text, where: _find(text, listed))


def _find(text: str, listed: list[tuple[str, str, re.Pattern[str]]]) -> Iterator[Finding]:
    low = text.lower()
    budget = Budget()
    for category, word, pattern in listed:
        if word in low:
            for match in pattern.finditer(text):
                budget.spend()
                yield Finding(
                    detector="topics",
                    category=category,
                    start=match.start(),
                    end=match.end(),
                    confidence=1.0,
                    reason="a word that the policy lists for this topic",
                )
