"""Detectors of other packages as a policy meets them: their factories, some of which misbehave."""

import threading
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from genaiops.core import DetectorSpec, Finding, Json, Where

RELEASE = threading.Event()
"""Lets `hangs` come back."""


def found(**changed: Any) -> Finding:
    """Return a finding of the detector `foreign`, with changes."""
    values = {
        "detector": "foreign",
        "category": "foreign.word",
        "start": 0,
        "end": 1,
        "confidence": 0.9,
        "reason": "a word",
    }
    return Finding(**(values | changed))


class Foreign:
    """Finds what it was told to, in every text."""

    spec = DetectorSpec(
        name="foreign", version="1", surfaces=frozenset({"input", "output"}), span="whole", cost="cheap"
    )

    def __init__(self, *answers: Any) -> None:
        self._answers = answers

    def detect(self, text: str, where: Where) -> Any:
        return list(self._answers)


class Raises(Foreign):
    """Raises with the text in its error."""

    def detect(self, text: str, where: Where) -> Any:
        raise SystemExit(text)


class Hangs(Foreign):
    """Does not come back from a text with POISON until it is let go; counts how often it is asked of one."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    def detect(self, text: str, where: Where) -> Any:
        if "POISON" in text:
            self.asked += 1
            RELEASE.wait(30)
        return []


class Interrupts(Foreign):
    """Raises what a person at the keyboard would, with the text in it."""

    def detect(self, text: str, where: Where) -> Any:
        raise KeyboardInterrupt(text)


class Answers(Foreign):
    """Answers something that is no list of findings."""

    def __init__(self, answer: Any) -> None:
        super().__init__()
        self._answer = answer

    def detect(self, text: str, where: Where) -> Any:
        return self._answer


def foreign(parameters: Mapping[str, Json]) -> Foreign:
    return Foreign(found())


def broken(parameters: Mapping[str, Json]) -> Foreign:
    raise RuntimeError("no model here")


def no_signs(parameters: Mapping[str, Json]) -> Foreign:
    detector = Foreign()
    detector.spec = replace(Foreign.spec, begins=("",))
    return detector


def no_detector(parameters: Mapping[str, Json]) -> object:
    return object()
