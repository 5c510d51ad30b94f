"""A JSON value as one text to be checked, and the value again with what was found taken out.

A number or a secret may stand apart from the word that names it, so the texts of a value are looked at
together.
"""

import math
from collections.abc import Iterator

from genaiops.core import Json, Where
from genaiops.guard.model import GuardResult
from genaiops.guard.pipeline import Pipeline
from genaiops.guard.policy import NOBODY_KNOWN, Asker, merged

_BETWEEN = "\n\n"
_LONG_NUMBER = 10_000_000
"""Whole numbers from here on are texts too: an account may be written as one."""
_LONGEST_NAME = 20


def check_value(
    guard: Pipeline, value: Json, where: Where, asker: Asker = NOBODY_KNOWN
) -> tuple[GuardResult, Json]:
    """Return what becomes of the texts in `value`, and the value that may go on; None where it is stopped."""
    texts = list(_texts(value))
    result = guard.check(_BETWEEN.join(texts), where, asker)
    if not result.passes:
        return result, None
    if result.action != "redact":
        return result, value
    if isinstance(value, str):
        return result, result.text
    return result, _with(value, iter(_redacted(texts, result)))


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
