"""A JSON value as one text to be checked, and the value again with what was found taken out.

A number or a secret may stand apart from the word that names it, so the texts of a value are looked at
together, and once more with the name of its key before each. The names are no texts of anybody: what judges a
whole text, by its wording or its repetitions, does not see them.
"""

import json
import math
import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import accumulate

from genaiops.core import Finding, Json, Where
from genaiops.guard.model import GuardResult
from genaiops.guard.pipeline import Pipeline
from genaiops.guard.policy import NOBODY_KNOWN, Asker, merged

_BETWEEN = "\n\n"
_LONG_NUMBER = 10_000_000
"""Whole numbers from here on are texts too: an account may be written as one."""
_LONGEST_NAME = 20
_LONGEST_BESIDE = 40
"""A longer key names nothing, and is not put before each of its texts."""
_JOINTS = re.compile(r"(?<=[a-z])(?=[A-Z])|[_.-]+")
FORM = "json"
"""The detector that looks at how a value is written, and not at its texts."""


@dataclass(frozen=True, slots=True)
class _Text:
    """A text of a value and the name of what it stands under, its words apart; empty for none."""

    says: str
    name: str = ""


def check_value(
    guard: Pipeline, value: Json, where: Where, asker: Asker = NOBODY_KNOWN, *, whole: bool = True
) -> tuple[GuardResult, Json]:
    """Return what becomes of the texts in `value`, and the value that may go on; None where it is stopped.

    The detector `json` reads the value as it is written in JSON, a text as it is; it is not asked of a value
    that is not `whole` what is said at that place, such as a quotation, nor where there is none. A value is
    refused as too long where its texts with their names are.
    """
    texts = list(_texts(value))
    text = _BETWEEN.join(one.says for one in texts)
    formed = any(one.spec.name == FORM for one in guard.detectors(where.surface))
    if not formed or (whole and isinstance(value, str) and value):
        result = guard.check(text, where, asker)
    else:
        result = _check_form(guard, text, value if whole else None, where, asker)
    if any(one.name for one in texts):
        result = _with_named(guard, text, texts, result, where, asker)
    if not result.passes:
        return result, None
    if result.action != "redact":
        return result, value
    if isinstance(value, str):
        return result, result.text
    return result, _with(value, iter(_redacted([one.says for one in texts], result)))


def is_readable(guard: Pipeline, text: str) -> bool:
    """Say whether a text is one, without half characters, and not longer than the policy lets be read."""
    try:
        return len(text.encode()) <= guard.policy.max_bytes
    except UnicodeEncodeError:
        return False


def keyed(pairs: Iterable[tuple[str, Json]]) -> dict[str, Json]:
    """Return an object of what stands under keys; what was redacted to the same key stays apart."""
    made: dict[str, Json] = {}
    again: Counter[str] = Counter()
    for key, item in pairs:
        name = key
        while name in made:
            again[key] += 1
            name = f"{key} {again[key] + 1}"
        made[name] = item
    return made


def _check_form(guard: Pipeline, text: str, value: Json, where: Where, asker: Asker) -> GuardResult:
    """Check the texts of a value as ever, and its form apart from them."""
    form = "" if value in (None, "") else json.dumps(value, ensure_ascii=False)
    for one in (text, form):
        if not is_readable(guard, one):
            return guard.check(one, where, asker)  # it refuses it
    today = guard.today()
    on = guard.detectors(where.surface)
    others = [one for one in on if one.spec.name != FORM]
    found, failed = guard.scan(text, where, others, asker, today)
    if form:
        told, broken = guard.scan(form, where, [one for one in on if one not in others], asker, today)
        found += [replace(one, start=0, end=len(text)) for one in told if one.detector == FORM]
        failed += broken
    return guard.conclude(text, found, failed, where.surface, asker, today)


def _with_named(
    guard: Pipeline, text: str, texts: list[_Text], result: GuardResult, where: Where, asker: Asker
) -> GuardResult:
    """Return a result with what is found where names stand before the texts; a name itself is none."""
    near = [one for one in guard.detectors(where.surface) if one.spec.span != "whole"]
    if result.refused or not near:
        return result
    lines = [f"{one.name}: {one.says}" if one.name else one.says for one in texts]
    named = _BETWEEN.join(lines)
    if not is_readable(guard, named):
        return guard.check(named, where, asker)  # it refuses it
    today = guard.today()
    told, failed = guard.scan(named, where, near, asker, today)
    before = [one.finding for one in result.findings]
    known = {(one.start, one.end, one.category) for one in before}
    more = [one for one in _unnamed(told, texts, lines) if (one.start, one.end, one.category) not in known]
    if not more and not failed:
        return result
    again = [one for one in failed if one not in result.failed]
    return guard.conclude(text, [*before, *more], [*result.failed, *again], where.surface, asker, today)


def _unnamed(told: Iterable[Finding], texts: list[_Text], lines: list[str]) -> Iterator[Finding]:
    """Yield findings in texts with names at their places without; those in names alone are left out."""
    gap = len(_BETWEEN)
    ends = list(accumulate((len(line) + gap for line in lines), initial=-gap))[1:]
    places = list(accumulate((len(one.says) + gap for one in texts), initial=0))
    for one in told:
        first, last = bisect_right(ends, one.start), bisect_left(ends, one.end)
        start = _place(one.start, first, texts, ends, places)
        end = _place(one.end, last, texts, ends, places)
        if start < end:
            yield replace(one, start=start, end=end)


def _place(at: int, line: int, texts: list[_Text], ends: list[int], places: list[int]) -> int:
    """Return the place without names of place `at`, which lies in a line or before it."""
    says = len(texts[line].says)
    return places[line] + max(0, at - (ends[line] - says))


def _texts(value: Json, name: str = "") -> Iterator[_Text]:
    """Yield what is read of a value, in order: texts, long numbers, and keys that are no plain names."""
    if isinstance(value, str):
        yield _Text(value, name)
    elif isinstance(value, (int, float)):
        if digits := _digits(value):
            yield _Text(digits, name)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item, name)
    elif isinstance(value, dict):
        for key, item in value.items():
            if not _is_name(key):
                yield _Text(key)
            yield from _texts(item, _JOINTS.sub(" ", key) if len(key) <= _LONGEST_BESIDE else "")


def _digits(value: float) -> str:
    """Return a long number's whole part as it is written; empty for any other number."""
    whole = isinstance(value, int)  # of any length, which a float has not
    long = (whole or math.isfinite(value)) and abs(value) >= _LONG_NUMBER
    return str(int(value)) if long else ""


def _is_name(key: str) -> bool:
    """Say whether a key is a plain name; one with a digit may be a key of another kind."""
    plain = key.replace("-", "_").replace(".", "_").isidentifier()
    return plain and len(key) <= _LONGEST_NAME and not any(map(str.isdigit, key))


def _redacted(texts: list[str], result: GuardResult) -> Iterator[str]:
    """Yield each text with `[category]` for what was found in it; a stretch over two is taken from both."""
    stretches = merged(result.findings)
    start = 0
    for text in texts:
        end = start + len(text)
        parts: list[str] = []
        done = start
        for first, last, category in stretches:
            if first < end and last > start:
                parts += [text[done - start : max(first, done) - start], f"[{category}]"]
                done = min(last, end)
        yield "".join(parts) + text[done - start :]
        start = end + len(_BETWEEN)


def _with(value: Json, texts: Iterator[str]) -> Json:
    if isinstance(value, str):
        return next(texts)
    if isinstance(value, (int, float)) and (digits := _digits(value)):
        said = next(texts)
        return value if said == digits else said
    if isinstance(value, list):
        return [_with(item, texts) for item in value]
    if isinstance(value, dict):
        return keyed(
            (key if _is_name(key) else next(texts), _with(item, texts)) for key, item in value.items()
        )
    return value
