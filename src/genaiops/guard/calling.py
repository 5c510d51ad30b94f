"""Calling a detector so that it answers or is known to have failed: nothing else comes out.

Ours are linear in time and run where they are called. Foreign ones and models run in a thread of their own
and may take so long; one that hangs is not called again until it has come back. A thread cannot be killed:
what never returns keeps its thread, and the texts it was to look at stay closed.
"""

import logging
import re
import threading
import time
from collections.abc import Sequence
from typing import cast

from genaiops.core import Detector, DetectorSpec, Finding, Where
from genaiops.guard.model import Failed, FailedKind, TooMuch

_log = logging.getLogger("genaiops.guard")
_CATEGORY = re.compile(r"[a-z][a-z0-9_]*(?:\.[a-z0-9_]+)*")
_LONGEST_WORD = 300


class Called:
    """A detector as the pipeline calls it; `inline`: it is ours and cheap, and needs no thread."""

    def __init__(self, name: str, detector: Detector, *, inline: bool, seconds: float) -> None:
        self.name = name
        self.spec: DetectorSpec = detector.spec
        self._detector = detector
        self._inline = inline
        self._seconds = seconds
        self._hanging: list[threading.Thread] = []

    def __call__(self, text: str, where: Where) -> Sequence[Finding] | Failed:
        """Return what was found in `text`, checked, or that the detector failed; raises nothing."""
        if self._hanging:
            self._hanging = [thread for thread in self._hanging if thread.is_alive()]
        if self._hanging:
            return self._failed("busy")
        return self._here(text, where) if self._inline else self._apart(text, where)

    def _here(self, text: str, where: Where) -> Sequence[Finding] | Failed:
        began = time.thread_time()  # of this thread alone: what else the machine does must not close a text
        answer = self._answer(text, where)
        late = time.thread_time() - began > self._seconds
        return self._failed("late") if late and not isinstance(answer, Failed) else answer

    def _apart(self, text: str, where: Where) -> Sequence[Finding] | Failed:
        answers: list[Sequence[Finding] | Failed] = []
        thread = threading.Thread(
            target=lambda: answers.append(self._answer(text, where)), name=f"guard-{self.name}", daemon=True
        )
        try:
            thread.start()
        except RuntimeError:  # the system gives no more threads
            return self._failed("busy")
        thread.join(self._seconds)
        if thread.is_alive():
            self._hanging.append(thread)
            return self._failed("late")
        return answers[0] if answers else self._failed("raised")

    def _answer(self, text: str, where: Where) -> Sequence[Finding] | Failed:
        try:
            found = self._detector.detect(text, where)
            return self._checked(found, len(text))
        except TooMuch:
            return self._failed("too_much")
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            return self._failed("raised", type(error).__name__)

    def _checked(self, found: object, size: int) -> Sequence[Finding] | Failed:
        if not isinstance(found, (list, tuple)):
            return self._failed("nonsense")
        findings = cast("Sequence[object]", found)
        if all(_sound(finding, self.spec, size) for finding in findings):
            return cast("Sequence[Finding]", findings)
        return self._failed("nonsense")

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
