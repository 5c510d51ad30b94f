"""A JSON value as one text to be checked, and the value again with what was found taken out.

A number or a secret may stand apart from the word that names it, so the texts of a value are looked at
together.
"""

import json
import math
from collections.abc import Iterator
from dataclasses import replace

from genaiops.core import Json, Where
from genaiops.guard.model import GuardResult
from genaiops.guard.pipeline import Pipeline
from genaiops.guard.policy import NOBODY_KNOWN, Asker, merged

_BETWEEN = "\n\n"
_LONG_NUMBER = 10_000_000
"""Whole numbers from here on are texts too: an account may be written as one."""
_LONGEST_NAME = 20
_FORM = "json"
"""The detector that looks at how a value is written, and not at its texts."""


def check_value(
    guard: Pipeline, value: Json, where: Where, asker: Asker = NOBODY_KNOWN, *, whole: bool = True
) -> tuple[GuardResult, Json]:
    """Return what becomes of the texts in `value`, and the value that may go on; None where it is stopped.

    The detector `json` reads the value as it is written in JSON, a text as it is; it is not asked of a value
    that is not `whole` what is said at that place, such as a quotation, nor where there is none.
    """
    texts = list(_texts(value))
    text = _BETWEEN.join(texts)
    formed = any(one.spec.name == _FORM for one in guard.detectors(where.surface))
    if not formed or (whole and isinstance(value, str) and value):
        result = guard.check(text, where, asker)
    else:
        result = _check_form(guard, text, value if whole else None, where, asker)
    if not result.passes:
        return result, None
    if result.action != "redact":
        return result, value
    if isinstance(value, str):
        return result, result.text
    return result, _with(value, iter(_redacted(texts, result)))


def _check_form(guard: Pipeline, text: str, value: Json, where: Where, asker: Asker) -> GuardResult:
    """Check the texts of a value as ever, and its form apart from them."""
    form = "" if value in (None, "") else json.dumps(value, ensure_ascii=False)
    if any(len(one.encode(errors="replace")) > guard.policy.max_bytes for one in (text, form)):
        return guard.check(text if len(text) > len(form) else form, where, asker)  # it refuses it
    today = guard.today()
    on = guard.detectors(where.surface)
    others = [one for one in on if one.spec.name != _FORM]
    found, failed = guard.scan(text, where, others, asker, today)
    if form:
        told, broken = guard.scan(form, where, [one for one in on if one not in others], asker, today)
        found += [replace(one, start=0, end=len(text)) for one in told if one.detector == _FORM]
        failed += broken
    return guard.conclude(text, found, failed, where.surface, asker, today)


def _texts(value: Json) -> Iterator[str]:
    """Yield what is read of a value, in order: texts, long numbers, and keys that are no plain names."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, (int, float)):
        if digits := _digits(value):
            yield digits
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if not _is_name(key):
                yield key
            yield from _texts(item)


def _digits(value: float) -> str:
    """Return a long number's whole part as it is written; empty for any other number."""
    long = math.isfinite(value) and abs(value) >= _LONG_NUMBER
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
        return {(key if _is_name(key) else next(texts)): _with(item, texts) for key, item in value.items()}
    return value
