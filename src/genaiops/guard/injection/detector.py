"""The classifier as a detector: attacks in what a user says, instructions in what is fetched."""

import math
from collections.abc import Mapping
from functools import lru_cache, partial

import numpy as np

from genaiops.core import DetectorSpec, Finding, Json, Surface, Where
from genaiops.guard.detectors.base import NoParameters, parameters_of
from genaiops.guard.injection.artifact import Model, shipped_model
from genaiops.guard.injection.scoring import Scored, read_context, score_content, score_prompt
from genaiops.guard.injection.vocabulary import Floats

NAME = "injection"
CATEGORIES = frozenset({"injection.jailbreak", "injection.direct", "injection.indirect"})
_PROMPTS: frozenset[Surface] = frozenset({"input", "history"})
_CONTENT: frozenset[Surface] = frozenset({"passage", "tool_result"})
CONTEXTS = 32
"""So many contexts are kept, read: a system prompt comes with every message."""

_SAID = 3
"""So many reasons are given at most."""


class InjectionDetector:
    """Finds at most one injection in a text: the surest. Pure; linear in the text; remembers the last
    contexts, read."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._context = lru_cache(CONTEXTS)(partial(read_context, model=model))
        self.spec = DetectorSpec(
            name=NAME,
            version=model.header.version,
            surfaces=_PROMPTS | _CONTENT,
            span="whole",
            categories=CATEGORIES,
        )

    def detect(self, text: str, where: Where) -> list[Finding]:
        """Return `injection.jailbreak` or `.direct` of a prompt, `.indirect` of what is fetched."""
        raw = text.encode("utf-8", "replace")
        context = self._context(where.context) if where.context else None
        if where.surface in _PROMPTS:
            scored, surface = score_prompt(raw, context, self._model), "input"
        elif where.surface in _CONTENT:
            scored, surface = score_content(raw, context, self._model), "content"
        else:
            return []
        calibration = self._model.header.calibration[surface]
        if scored is None or scored.score < calibration.threshold:
            return []
        kind = "indirect" if surface == "content" else "jailbreak" if scored.jailbreak > 0 else "direct"
        sure = 1 / (
            1 + math.exp(-max(-30.0, min(30.0, calibration.slope * scored.score + calibration.shift)))
        )
        start = len(raw[: scored.start].decode("utf-8", "ignore"))
        return [
            Finding(
                detector=NAME,
                category=f"injection.{kind}",
                start=start,
                end=max(start + 1, len(raw[: scored.end].decode("utf-8", "ignore"))),
                confidence=sure,
                reason=self._reason(scored, "input" if surface == "input" else "segment"),
            )
        ]

    def _reason(self, scored: Scored, head: str) -> str:
        """Return in words which groups of features speak for it."""
        spoken = [] if scored.dense is None else self._spoken(scored.dense * self._model.heads[head].dense)
        return "; ".join(spoken) if spoken else "its wording as a whole is like that of known attacks"

    def _spoken(self, shares: Floats) -> list[str]:
        header = self._model.header
        first = self._model.vocabulary.vectors.shape[1]
        count = len(header.groups)
        by_group = shares[first : first + count] + shares[first + count : first + 2 * count]
        named = [(float(by_group[at]), header.reasons.get(name, "")) for at, name in enumerate(header.groups)]
        barred = float(np.sum(shares[-5:]))
        named.append((barred, header.reasons.get("barred", "")))
        named.sort(reverse=True)
        return [words for share, words in named if share > 0 and words][:_SAID]


def injection(given: Mapping[str, Json]) -> InjectionDetector:
    """Return the detector for a policy, which has nothing to set: thresholds belong to the model."""
    parameters_of(NoParameters, given)
    return injection_detector()


def injection_detector() -> InjectionDetector:
    """Return the detector with the model of this package; raises `OutsideError` where that was changed."""
    return InjectionDetector(shipped_model())
