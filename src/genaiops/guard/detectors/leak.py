"""What a model was told and must not repeat: its instructions, word for word, and tokens that show it.

`where.context` is the system prompt that the output belongs to. Eight words in a row of it are hardly said by
chance; a canary, once it is out, proves that the prompt is (OWASP LLM07:2025; MITRE ATLAS AML.T0056).
"""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from genaiops.core import DetectorSpec, Finding, Json, Where
from genaiops.guard.detectors.base import Pure, parameters_of

_WORD = re.compile(r"\w{1,64}")
_CANARY = re.compile(r"\bcanary-[0-9a-f]{16,64}\b")

SPEC = DetectorSpec(
    name="leak",
    version="1",
    surfaces=frozenset({"output", "tool_call"}),
    span="whole",
    categories=frozenset({"leak.prompt", "leak.canary"}),
)


class LeakParameters(BaseModel):
    """`words` in a row of the context that count as repeated; `share` of the context from which it is sure.

    `canaries` are tokens that no output may hold; those of the form `canary-` and 16 or more hexadecimal
    digits in the context need not be listed.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    words: int = Field(default=8, ge=4, le=50)
    share: float = Field(default=0.3, gt=0, le=1)
    canaries: tuple[Annotated[str, Field(min_length=8, max_length=200)], ...] = ()


def leak(given: Mapping[str, Json]) -> Pure:
    """Return the detector of repeated instructions and canaries."""
    parameters = parameters_of(LeakParameters, given)
    return Pure(SPEC, lambda text, where: _find(text, where, parameters))


def _find(text: str, where: Where, parameters: LeakParameters) -> Iterator[Finding]:
    for canary in (*parameters.canaries, *_CANARY.findall(where.context)):
        at = text.find(canary)
        while at >= 0:
            yield _finding("leak.canary", at, at + len(canary), 1.0, "a token that no output may hold")
            at = text.find(canary, at + len(canary))
    if where.context:
        yield from _repeated(text, where.context, parameters)


def _repeated(text: str, context: str, parameters: LeakParameters) -> Iterator[Finding]:
    """Yield the stretches of `text` that repeat words of `context`; surer the more of it is repeated."""
    size = parameters.words
    told = _WORD.findall(context.lower())
    runs = {tuple(told[at : at + size]) for at in range(len(told) - size + 1)}
    if not runs:
        return
    spans = [match.span() for match in _WORD.finditer(text)]
    words = [text[start:end].lower() for start, end in spans]
    hits = [at for at in range(len(words) - size + 1) if tuple(words[at : at + size]) in runs]
    repeated = len({tuple(words[at : at + size]) for at in hits}) / len(runs)
    sure = min(0.95, 0.5 + 0.45 * repeated / parameters.share)
    first = last = -1
    for at in [*hits, len(words) + size]:
        if first >= 0 and at > last + size:
            yield _finding(
                "leak.prompt",
                spans[first][0],
                spans[last + size - 1][1],
                sure,
                f"{last + size - first} words in a row of the instructions",
            )
            first = at
        first, last = (at if first < 0 else first), at


def _finding(category: str, start: int, end: int, confidence: float, reason: str) -> Finding:
    return Finding(
        detector=SPEC.name, category=category, start=start, end=end, confidence=confidence, reason=reason
    )
