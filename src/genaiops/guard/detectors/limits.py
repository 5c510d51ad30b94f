"""How long a text may be, and how much it may repeat itself: both cost money, and wear a model's rules out.

OWASP LLM10:2025, Unbounded Consumption. Tokens are counted as four characters each, which is near for
English; repetition is how small a text becomes when it is compressed (DEFLATE, RFC 1951).
"""

import zlib
from collections.abc import Iterator, Mapping

from pydantic import BaseModel, ConfigDict, Field

from genaiops.core import DetectorSpec, Finding, Json
from genaiops.guard.detectors.base import Pure, parameters_of
from genaiops.guard.policy_file import MAX_BYTES, SURFACES

_CHARACTERS_A_TOKEN = 4

SPEC = DetectorSpec(
    name="limits",
    version="1",
    surfaces=frozenset(SURFACES),
    span="whole",
    categories=frozenset({"limits.length", "limits.repetition"}),
)


class LimitsParameters(BaseModel):
    """`tokens` at most, about; from `repeats_from` characters on, at least `variety` must be left of a text
    when it is compressed.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    tokens: int = Field(default=MAX_BYTES // _CHARACTERS_A_TOKEN, ge=1)
    repeats_from: int = Field(default=8_000, ge=200)
    variety: float = Field(default=0.02, ge=0, le=1)


def limits(given: Mapping[str, Json]) -> Pure:
    """Return the detector of texts that are too long or repeat themselves."""
    parameters = parameters_of(LimitsParameters, given)
    return Pure(SPEC, lambda text, where: _find(text, parameters))


def _find(text: str, parameters: LimitsParameters) -> Iterator[Finding]:
    size = len(text)
    most = parameters.tokens * _CHARACTERS_A_TOKEN
    if size > most:
        yield _finding("limits.length", most, size, f"longer than about {parameters.tokens} tokens")
    if size >= parameters.repeats_from:
        raw = text.encode()
        if len(zlib.compress(raw, 1)) < parameters.variety * len(raw):
            yield _finding("limits.repetition", 0, size, "the same over and over")


def _finding(category: str, start: int, end: int, reason: str) -> Finding:
    return Finding(detector=SPEC.name, category=category, start=start, end=end, confidence=1.0, reason=reason)
