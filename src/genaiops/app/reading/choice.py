"""A possible answer with what speaks for it, and how an app hands its choices to calibration. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from genaiops.app.reading.evidence import Evidence
from genaiops.core import Json, encode

UNKNOWN_CONFIDENCE = -2.0
"""The mean log-probability of a draft whose model does not tell it."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A possible answer: the words, the sentence they stand in, and its features by name."""

    text: str
    evidence: Evidence
    features: dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """What a calibrating app returns as data: the features' names, and (text, values) of every choice."""

    features: tuple[str, ...]
    choices: tuple[tuple[str, tuple[float, ...]], ...]


def offer(found: Sequence[Choice]) -> Json:
    """Return the choices as the data from which `genaiops arena calibrate` learns."""
    names = tuple(found[0].features) if found else ()
    rows = tuple((one.text, tuple(round(one.features[name], 6) for name in names)) for one in found)
    return encode(Offered(features=names, choices=rows))
