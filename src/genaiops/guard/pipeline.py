"""The one place that puts the guard in order: size, text, cache, cheap detectors first, then the policy.

Every detector answers or is known to have failed, and a failure is what the policy's `fail` says: there is no
way through here on which an error allows a text.
"""

import hashlib
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import groupby
from typing import cast

from genaiops.core import (
    CostClass,
    Detector,
    DetectorSpec,
    Digest,
    Finding,
    Json,
    Surface,
    Where,
    digest_json,
)
from genaiops.guard.cache import ResultCache
from genaiops.guard.calling import Called
from genaiops.guard.decoding import View, decoded
from genaiops.guard.model import Action, Failed, GuardResult, Judged, Refusal
from genaiops.guard.policy import NOBODY_KNOWN, Asker, expired, judge, redacted, score, sternest
from genaiops.guard.policy_file import SURFACES, GuardFile
from genaiops.guard.reach import needed

CACHE_CHARACTERS = 8_000_000
DECODING = DetectorSpec(
    name="decoding",
    version="2",
    surfaces=frozenset(SURFACES),
    span="whole",
    categories=frozenset({"encoded.beyond"}),
)
"""What the pipeline itself finds: an encoded stretch that lies deeper, or is longer, than it decodes."""

_COSTS: tuple[CostClass, ...] = ("cheap", "model", "remote")
_SURE = 1.0


class Pipeline:
    """A policy with its detectors, ready to check texts; for several threads at once.

    `detectors` are by the name in the policy; those in `ours` run without a thread where they are cheap.
    `today` gives the day by which exceptions end.
    """

    def __init__(
        self,
        policy: GuardFile,
        detectors: Mapping[str, Detector],
        *,
        ours: frozenset[str] = frozenset(),
        today: Callable[[], date] = lambda: datetime.now(UTC).date(),
        cache_characters: int = CACHE_CHARACTERS,
    ) -> None:
        self.policy = policy
        self.versions = {name: each.spec.version for name, each in detectors.items()}
        self.digest = _digest(policy, {**self.versions, DECODING.name: DECODING.version})
        self.today = today
        self._cache = ResultCache(cache_characters)
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()
        called = [
            Called(name, each, ours=name in ours, seconds=policy.timeout_ms / 1000)
            for name, each in detectors.items()
        ]
        called.sort(key=lambda one: _COSTS.index(one.spec.cost))
        self._on: dict[Surface, list[Called]] = {
            surface: [one for one in called if needed(policy, one.spec, surface)] for surface in SURFACES
        }

    @property
    def counts(self) -> dict[str, int]:
        """How often what failed, was refused or ended a stream: `failed.NAME.late`, `refused.too_long`, …"""
        with self._lock:
            return dict(self._counts)

    def expired(self) -> list[str]:
        """Return the policy's exceptions that no longer count today, by name with their last day."""
        return expired(self.policy, self.today())

    def count(self, what: str) -> None:
        """Count one more of something that an operator should see."""
        with self._lock:
            self._counts[what] += 1

    def count_failed(self, failed: Failed) -> None:
        """Count a detector that failed, by its name and how."""
        self.count(f"failed.{failed.detector}.{failed.kind}")

    def detectors(self, surface: Surface) -> Sequence[Called]:
        """Return what looks at texts of `surface`, the cheapest first."""
        return self._on[surface]

    def check(self, text: str | bytes, where: Where, asker: Asker = NOBODY_KNOWN) -> GuardResult:
        """Return what becomes of `text`; bytes are read as UTF-8. Never raises for what a text holds."""
        whole, raw, refusal = _as_text(text, self.policy.max_bytes)
        if refusal:
            return self._refused(refusal)
        today = self.today()
        key = (
            _hash(raw),
            where.surface,
            where.language,
            _hash(where.context.encode(errors="surrogatepass")),
            asker,
            today,
        )
        known = self._cache.get(key)
        if known is not None:
            return known
        findings, failed = self.scan(whole, where, self._on[where.surface], asker, today)
        result = self.conclude(whole, findings, failed, where.surface, asker, today)
        if not failed:
            self._cache.put(key, result)
        return result

    def late(self, result: GuardResult) -> GuardResult:
        """Return `result` where it came too late: text that it would not let pass so is out already."""
        self.count("stream.late")
        return replace(result, action="block", text="", message=self.policy.message)

    def scan(
        self, text: str, where: Where, detectors: Sequence[Called], asker: Asker, today: date
    ) -> tuple[list[Finding], list[Failed]]:
        """Return what `detectors` find in `text` and in what it encodes, and which failed.

        Where cheap ones stop the text already, dearer ones are not asked.
        """
        found: list[Finding] = []
        failed: list[Failed] = []
        views: list[View] = []
        if self.policy.decode.depth and (detectors or needed(self.policy, DECODING, where.surface)):
            said = decoded(text, self.policy.decode.depth, self.policy.decode.max_characters)
            views = said.views
            found += [_beyond(view) for view in said.beyond]
        alone = [text]
        texts = [text, *(view.says for view in views)] if views else alone
        for _, group in groupby(detectors, key=lambda one: one.spec.cost):
            for called in group:
                self._ask(called, texts if called.spec.decoded else alone, views, where, found, failed)
            if self._action(found, failed, where.surface, asker, today) == "block":
                break
        return (_once(found) if views else found), failed

    def conclude(
        self,
        text: str,
        findings: Sequence[Finding],
        failed: Sequence[Failed],
        surface: Surface,
        asker: Asker,
        today: date,
    ) -> GuardResult:
        """Return what the policy makes of what was found and what failed."""
        judged = judge(self.policy, surface, findings, asker, today)
        action = sternest([*(one.action for one in judged), *self._for_failures(failed)])
        stopped = action in ("ask", "block")
        closed = failed and self.policy.fail == "closed"
        return GuardResult(
            action=action,
            text="" if stopped else redacted(text, judged),
            policy=self.digest,
            score=_SURE if closed else score(self.policy, surface, judged, asker),
            findings=judged,
            failed=tuple(failed),
            message=self.policy.message if stopped else "",
        )

    def _ask(
        self,
        called: Called,
        texts: Sequence[str],
        views: Sequence[View],
        where: Where,
        found: list[Finding],
        failed: list[Failed],
    ) -> None:
        """Ask one detector about a text and what `views` of it say; after a failure it is not asked on."""
        answer = called(texts, where)
        for at, findings in enumerate(answer.found):
            if findings:
                found += _placed(findings, views[at - 1]) if at else findings
        if answer.failed:
            self.count_failed(answer.failed)
            failed.append(answer.failed)

    def _action(
        self,
        found: Sequence[Finding],
        failed: Sequence[Failed],
        surface: Surface,
        asker: Asker,
        today: date,
    ) -> Action:
        judged: tuple[Judged, ...] = judge(self.policy, surface, found, asker, today) if found else ()
        return sternest([*(one.action for one in judged), *self._for_failures(failed)])

    def _for_failures(self, failed: Sequence[Failed]) -> Iterator[Action]:
        if failed:
            yield "block" if self.policy.fail == "closed" else "flag"

    def _refused(self, refusal: Refusal) -> GuardResult:
        self.count(f"refused.{refusal}")
        return GuardResult(
            action="block",
            text="",
            policy=self.digest,
            score=_SURE,
            refused=refusal,
            message=self.policy.message,
        )


def _digest(policy: GuardFile, versions: Mapping[str, str]) -> Digest:
    return digest_json({"policy": cast("Json", policy.model_dump(mode="json")), "versions": dict(versions)})


def _as_text(text: str | bytes, most: int) -> tuple[str, bytes, Refusal]:
    """Return a text whole, its bytes, and why it is refused; a longer one is not even encoded."""
    if len(text) > most:
        return "", b"", "too_long"
    try:
        whole = text.decode("utf-8") if isinstance(text, bytes) else text
        raw = text if isinstance(text, bytes) else text.encode("utf-8")
    except UnicodeError:
        return "", b"", "not_text"
    return (whole, raw, "") if len(raw) <= most else ("", b"", "too_long")


def _hash(raw: bytes) -> bytes:
    return hashlib.sha256(raw).digest() if raw else b""


def _placed(answer: Sequence[Finding], view: View) -> list[Finding]:
    """Return findings in a view at their place in the text."""
    how = ", ".join(view.layers)
    placed: list[Finding] = []
    for one in answer:
        start, end = view.place(one.start, one.end)
        placed.append(replace(one, start=start, end=end, reason=f"{one.reason} (written as {how})"))
    return placed


def _once(found: Sequence[Finding]) -> list[Finding]:
    """Return what was found in a text and again in a view of it once: as it was found first."""
    firsts: dict[tuple[int, int, str], Finding] = {}
    for one in found:
        firsts.setdefault((one.start, one.end, one.category), one)
    return list(firsts.values())


def _beyond(view: View) -> Finding:
    return Finding(
        detector=DECODING.name,
        category="encoded.beyond",
        start=view.start,
        end=view.end,
        confidence=_SURE,
        reason=f"encoded text that is not looked at: {len(view.layers)} layers, too long, or one of too many",
    )
