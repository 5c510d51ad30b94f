"""Calling a detector so that it answers or is known to have failed: nothing else comes out.

Ours are linear in time and run where they are called. Foreign ones and models run in threads of their own
and may take so long: one text with all that it encodes has one deadline. A text that hangs stays closed, and
is not tried again until its thread is back; others go on in other threads.
"""

import logging
import re
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Literal, NamedTuple, cast

from genaiops.core import Detector, DetectorSpec, Finding, Where
from genaiops.guard.model import Failed, FailedKind, TooMuch
from genaiops.guard.reasons import without_echo
from genaiops.guard.threads import Threads

_log = logging.getLogger("genaiops.guard")
_CATEGORY = re.compile(r"[a-z][a-z0-9_]*(?:\.[a-z0-9_]+)*")
_LONGEST_WORD = 300


class Answered(NamedTuple):
    """What a detector found in each of the texts that it came to, in order, and whether it then failed."""

    found: Sequence[Sequence[Finding]]
    failed: Failed | None = None


class _Said(NamedTuple):
    """What a detector says of one text: what it found, and how it failed where it did."""

    found: Sequence[Finding]
    kind: FailedKind | Literal[""] = ""
    error: str = ""


_NOTHING_SAID = _Said(())
_SILENT = [_NOTHING_SAID]
_NOTHING = Answered(((),))


class Called:
    """A detector as the pipeline calls it; one that is `ours` and cheap needs no thread."""

    def __init__(self, name: str, detector: Detector, *, ours: bool, seconds: float) -> None:
        self.name = name
        self.spec: DetectorSpec = detector.spec
        self._detector = detector
        self._ours = ours
        self._threads = None if ours and self.spec.cost == "cheap" else Threads(f"guard-{name}")
        self._seconds = seconds

    def __call__(self, texts: Sequence[str], where: Where) -> Answered:
        """Return what was found in `texts`, a text and then what it encodes, checked; raises nothing."""
        said: list[_Said] = []
        if self._threads is None:
            # the time of this thread alone: what else the machine does must not close a text
            self._look(texts, where, said, time.thread_time)
            return _NOTHING if said == _SILENT else self._answered(said, "")
        work = partial(self._look, texts, where, said, time.monotonic)
        ended: FailedKind | Literal[""] = self._threads.run(texts[0], work, self._seconds)
        every = tuple(said)  # a thread that was given up may still add to it
        if not ended and (not every or (not every[-1].kind and len(every) < len(texts))):
            ended = "raised"
        return self._answered(every, ended)

    def _answered(self, said: Sequence[_Said], ended: FailedKind | Literal[""]) -> Answered:
        kind, error = (ended, "") if ended else (said[-1].kind, said[-1].error)
        return Answered([one.found for one in said], self._failed(kind, error) if kind else None)

    def _look(
        self, texts: Sequence[str], where: Where, said: list[_Said], clock: Callable[[], float]
    ) -> None:
        """Add to `said` what is found in each text, until one fails or the time is over."""
        until = clock() + self._seconds
        for text in texts:
            answer = self._answer(text, where)
            if not answer.kind and clock() > until:
                answer = answer._replace(kind="late")
            said.append(answer)
            if answer.kind:
                return

    def _answer(self, text: str, where: Where) -> _Said:
        try:
            found = self._detector.detect(text, where)
            return self._checked(found, text, where)
        except TooMuch as error:
            return self._checked(error.found, text, where)._replace(kind="too_much")
        except BaseException as error:
            if self._threads is None and isinstance(error, KeyboardInterrupt):
                raise  # the person at the keyboard: ours raise none, and no other thread is told of it
            return _Said((), "raised", type(error).__name__)

    def _checked(self, found: object, text: str, where: Where) -> _Said:
        if not isinstance(found, (list, tuple)):
            return _Said((), "nonsense")
        if not found:
            return _NOTHING_SAID
        for finding in cast("Sequence[object]", found):
            if not _sound(finding, self.spec, len(text)):
                return _Said((), "nonsense")
        findings = cast("Sequence[Finding]", found)
        if not self._ours:
            findings = without_echo(findings, self.name, (text, where.context))
        return _Said(findings)

    def _failed(self, kind: FailedKind, error: str = "") -> Failed:
        _log.warning("detector %s failed: %s%s", self.name, kind, f" ({error})" if error else "")
        return Failed(self.name, kind)


def _sound(finding: object, spec: DetectorSpec, size: int) -> bool:
    """Say whether a finding can be one: of its type, inside the text, of a category that its detector has."""
    if not isinstance(finding, Finding):
        return False
    values = cast("tuple[object, ...]", (finding.start, finding.end))
    if not all(type(value) is int for value in values):
        return False
    if not (0 <= finding.start < finding.end <= size or finding.start == finding.end == size == 0):
        return False
    confidence = cast("object", finding.confidence)
    if not isinstance(confidence, (int, float)) or isinstance(confidence, bool) or not 0 <= confidence <= 1:
        return False  # NaN compares false
    words = cast("tuple[object, ...]", (finding.category, finding.reason, finding.detector))
    if not all(isinstance(word, str) and len(word) <= _LONGEST_WORD for word in words):
        return False
    if spec.categories:
        return finding.category in spec.categories
    return _CATEGORY.fullmatch(finding.category) is not None
