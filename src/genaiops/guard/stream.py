"""An output that streams, checked on its way: what can no longer begin a finding is released at once.

A detector whose span is within the policy's `stream.hold`, or that says how its longer findings begin, looks
at a window as text comes in. A finding is settled when as many characters as are held back follow it; until
then nothing from its start on is released, nor of a word that has not ended: an address or a token may be
longer than any hold-back. So what is decided does not depend on how the text was cut. At the end the whole
text is checked once more, with every detector: what was passed on is what that check lets pass, or the stream
ends with an error and is counted. With `stream.whole: buffer` a policy that needs all of a text waits for it,
and is never late.
"""

import re
from dataclasses import replace
from datetime import date
from typing import NamedTuple

from genaiops.core import DetectorSpec, Finding, Where
from genaiops.guard.detectors.base import lower
from genaiops.guard.model import Failed, GuardResult, Judged
from genaiops.guard.pipeline import Pipeline
from genaiops.guard.policy import NOBODY_KNOWN, Asker, judge, redacted

LOOK_BACK = 384
"""So many released characters stay in the window: what stands before a finding can make it likelier."""

LONGEST_BRACKET = 2048
"""So many characters more stay while a bracket before them is open: it says what an address after it is."""

LONGEST_WORD = 512
"""So many characters of a word that has not ended are held back: it may become an address, a token, a URL."""

LONGEST_OPEN = 8192
"""A finding may grow, and hold back the text from its start on, to so many characters; then it ends."""

_BRACKETS = ("[]", "<>")
_WORD_TURNED = re.compile(r"[\w!#$%&'*+,./:;=?@\\^~-]*")


class Piece(NamedTuple):
    """What may be passed on now; `result` comes once, with the last: after it nothing more is released."""

    text: str
    result: GuardResult | None = None


class Stream:
    """One streamed output: `feed` it each chunk, then `close`. Not for several threads at once."""

    def __init__(self, pipeline: Pipeline, where: Where, asker: Asker = NOBODY_KNOWN) -> None:
        self._pipeline = pipeline
        self._where = where
        self._asker = asker
        self._today: date = pipeline.today()
        policy = pipeline.policy
        every = pipeline.detectors(where.surface)
        self._local = [one for one in every if _is_local(one.spec, policy.stream.hold)]
        needs_whole = policy.decode.depth > 0 or any(
            one.spec.span == "whole" or one not in self._local for one in every
        )
        self._buffers = policy.stream.whole == "buffer" and needs_whole
        self._hold = max((_held(one.spec, policy.stream.hold) for one in self._local), default=0)
        self._longer = [one.spec for one in self._local if one.spec.begins and _span(one.spec) > self._hold]
        self._parts: list[str] = []
        self._size = 0
        self._tail = ""
        self._done = 0  # so much of the tail is released
        self._released: list[str] = []
        self._ended = False

    def feed(self, chunk: str) -> Piece:
        """Take the next characters; return what may be passed on, and the result where it is stopped."""
        if self._ended or not chunk:
            return Piece("")
        self._parts.append(chunk)
        size = _bytes(chunk)
        self._size += size
        if not size or self._size > self._pipeline.policy.max_bytes:
            return self._stopped()
        if self._buffers:
            return Piece("")
        self._tail += chunk
        return self._advance()

    def close(self) -> Piece:
        """Take the end; return what is left to be passed on, and the result for the whole."""
        return Piece("") if self._ended else self._concluded(self._check())

    def _advance(self) -> Piece:
        findings: list[Finding] = []
        for called in self._local:
            answer = called([self._tail], self._where)
            for found in answer.found:
                findings += found
            if answer.failed:
                self._pipeline.count_failed(answer.failed)
                if self._pipeline.policy.fail == "closed":
                    return self._stopped(answer.failed)
        settled = self._settled()
        judged = judge(self._pipeline.policy, self._where.surface, findings, self._asker, self._today)
        stopping = [one for one in judged if one.action in ("ask", "block", "redact") and self._is_new(one)]
        cut = _cut(stopping, settled)
        if any(one.finding.end <= settled and one.action != "redact" for one in stopping):
            return self._stopped()
        if len(self._tail) - cut > LONGEST_OPEN or any(one.finding.start < self._done for one in stopping):
            return self._stopped()
        return self._release(cut, stopping)

    def _settled(self) -> int:
        """Return up to where nothing can begin a finding that is not there yet."""
        size = len(self._tail)
        settled = size - self._hold
        if self._local:
            settled = min(settled, size - _open_word(self._tail))
        for spec in self._longer:
            far = max(0, size - _span(spec))
            low = lower(self._tail[far:])
            places = [low.find(sign) for sign in spec.begins]
            settled = min([settled, *(far + at for at in places if at >= 0)])
        return settled

    def _is_new(self, judged: Judged) -> bool:
        return judged.finding.end > self._done

    def _release(self, cut: int, stopping: list[Judged]) -> Piece:
        if cut <= self._done:
            return Piece("")
        inside = [_moved(one, -self._done) for one in stopping if one.finding.end <= cut]
        text = redacted(self._tail[self._done : cut], inside)
        self._released.append(text)
        self._done = cut
        self._forget()
        return Piece(text)

    def _forget(self) -> None:
        """Let go of what no detector looks back to, up to a blank: half a word could be read as another."""
        far = self._done - LOOK_BACK
        if far <= 0 or (far < LONGEST_BRACKET and _is_open(self._tail, far)):
            return
        blank = max(self._tail.rfind(" ", 0, far), self._tail.rfind("\n", 0, far))
        if blank > 0:
            self._tail = self._tail[blank:]
            self._done -= blank

    def _stopped(self, *failed: Failed) -> Piece:
        """End the stream before its end: what was said so far never passes."""
        result = self._check()
        if failed:
            result = replace(result, failed=failed, score=1.0)
        return self._concluded(self._pipeline.late(result) if result.passes else result)

    def _concluded(self, result: GuardResult) -> Piece:
        """End the stream by what the check of the whole says; what is out already can only be late."""
        self._ended = True
        released = "".join(self._released)
        if result.passes and not result.text.startswith(released):
            result = self._pipeline.late(result)
        if result.passes:
            return Piece(result.text[len(released) :], result)
        if released:
            self._pipeline.count("stream.ended")
        return Piece("", result)

    def _check(self) -> GuardResult:
        return self._pipeline.check("".join(self._parts), self._where, self._asker)


def _span(spec: DetectorSpec) -> int:
    span = spec.early or spec.span
    return span if isinstance(span, int) else LONGEST_OPEN + 1


def _is_local(spec: DetectorSpec, hold: int) -> bool:
    """Say whether a window shows all that a detector finds."""
    return spec.cost == "cheap" and (_span(spec) <= hold or (spec.span != "whole" and bool(spec.begins)))


def _held(spec: DetectorSpec, hold: int) -> int:
    """Return how many characters are always held back for a detector: a sign of a longer finding is whole."""
    return min(_span(spec), max(hold, *map(len, spec.begins), 0))


def _bytes(chunk: str) -> int:
    """Return the size of a piece, 0 where it holds half a character."""
    try:
        return len(chunk.encode())
    except UnicodeEncodeError:
        return 0


def _open_word(text: str) -> int:
    """Return how long the word is that `text` ends in; it may go on."""
    match = _WORD_TURNED.match(text[-LONGEST_WORD:][::-1])
    return match.end() if match else 0


def _is_open(text: str, end: int) -> bool:
    """Say whether a bracket before `end` is open there."""
    return any(text.count(opens, 0, end) > text.count(closes, 0, end) for opens, closes in _BRACKETS)


def _cut(stopping: list[Judged], settled: int) -> int:
    """Return how far may be released: to `settled`, and never into a finding."""
    cut = settled
    for one in reversed(stopping):
        finding = one.finding
        if finding.end > cut:
            cut = min(cut, finding.start)
    return cut


def _moved(judged: Judged, by: int) -> Judged:
    one = judged.finding
    return replace(judged, finding=replace(one, start=one.start + by, end=one.end + by))
