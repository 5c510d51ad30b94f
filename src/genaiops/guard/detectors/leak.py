"""What a model was told and must not repeat: its instructions, word for word, and tokens that show it.

`where.context` is the system prompt that the output belongs to. Eight words in a row of it are hardly said by
chance, nor twice as many Chinese or Japanese characters, which no blanks part; a canary, once it is out,
proves that the prompt is, however it is broken up (OWASP LLM07:2025; MITRE ATLAS AML.T0056).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Annotated, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from genaiops.core import DetectorSpec, Finding, Json, Where
from genaiops.guard.detectors.base import Pure, parameters_of

_WORD = re.compile(r"[^\W_]{1,64}")
_CHARACTER = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_CHARACTERS_A_WORD = 2
_CANARY = re.compile(r"canary-(?<!\wcanary-)[0-9a-f]{16,64}\b")
_HYPHEN = r"[-_\u2010-\u2015\u2212\ufe58\ufe63\uff0d]"
_BREAK = r"[\s*`\u00ad\u200b-\u200d\u2060\ufeff]"
"""Up to four such may stand between two characters of a canary: blanks, line breaks, what is not seen."""
_RUNS = re.compile(rf"(-)-*|({_BREAK})+")
_EARLY = 48
_ENOUGH = 40
"""So many characters of a longer canary prove it too: a stream need hold no more."""

SPEC = DetectorSpec(
    name="leak",
    version="2",
    surfaces=frozenset({"output", "tool_call"}),
    span="whole",
    early=_EARLY,
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


class _Told(NamedTuple):
    """All runs of `size` units of the context: words, or characters where no blanks part words."""

    unit: re.Pattern[str]
    size: int
    runs: frozenset[tuple[str, ...]]
    called: str


def _find(text: str, where: Where, parameters: LeakParameters) -> Iterator[Finding]:
    for canary in (*parameters.canaries, *_canaries(where.context)):
        for match in _written(canary).finditer(text):
            yield _finding("leak.canary", *match.span(), 1.0, "a token that no output may hold")
    for told in _told(where.context, parameters.words):
        yield from _repeated(text, told, parameters.share)


@lru_cache(maxsize=256)
def _written(canary: str) -> re.Pattern[str]:
    """Return what finds a canary in any case, broken up, with other hyphens; with digits also without."""
    hyphen = _HYPHEN + ("{0,3}" if any(map(str.isdigit, canary)) else "{1,3}")
    plain = _RUNS.sub(lambda run: run[1] or " ", canary)
    signs = [{"-": hyphen, " ": _BREAK}.get(sign) or re.escape(sign) for sign in plain]
    between = _BREAK + "{0,4}"
    pattern = between.join(signs[:_ENOUGH])
    if len(signs) > _ENOUGH:
        pattern += rf"(?:{between}{between.join(signs[_ENOUGH:])}|[\w-]*)"
    return re.compile(pattern, re.IGNORECASE)


@lru_cache(maxsize=16)  # a stream asks about the same one with every chunk
def _canaries(context: str) -> Sequence[str]:
    return _CANARY.findall(context)


@lru_cache(maxsize=16)
def _told(context: str, words: int) -> Sequence[_Told]:
    """Return what of a context would be told if it were repeated."""
    low, told = context.lower(), list[_Told]()
    for unit, size, called in (
        (_WORD, words, "words"),
        (_CHARACTER, words * _CHARACTERS_A_WORD, "characters"),
    ):
        units = unit.findall(low)
        runs = frozenset(tuple(units[at : at + size]) for at in range(len(units) - size + 1))
        if runs:
            told.append(_Told(unit, size, runs, called))
    return told


def _repeated(text: str, told: _Told, share: float) -> Iterator[Finding]:
    """Yield the stretches of `text` that repeat what was told; surer the more of it is repeated."""
    size = told.size
    spans = [match.span() for match in told.unit.finditer(text)]
    units = [text[start:end].lower() for start, end in spans]
    hits = [at for at in range(len(units) - size + 1) if tuple(units[at : at + size]) in told.runs]
    repeated = len({tuple(units[at : at + size]) for at in hits}) / len(told.runs)
    sure = min(0.95, 0.5 + 0.45 * repeated / share)
    first = last = -1
    for at in [*hits, len(units) + size]:
        if first >= 0 and at > last + size:
            yield _finding(
                "leak.prompt",
                spans[first][0],
                spans[last + size - 1][1],
                sure,
                f"{last + size - first} {told.called} in a row of the instructions",
            )
            first = at
        first, last = (at if first < 0 else first), at


def _finding(category: str, start: int, end: int, confidence: float, reason: str) -> Finding:
    return Finding(
        detector=SPEC.name, category=category, start=start, end=end, confidence=confidence, reason=reason
    )
