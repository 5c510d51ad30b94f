"""The lines of a trace file: export requests in OTLP/JSON, one a line or one in all."""

import codecs
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import cast

from genaiops.guard.traced.strict import strict_json
from genaiops.traces import Misfit

LONGEST_LINE = 64 * 1024 * 1024
"""A collector writes a whole batch of spans as one line."""

_DEEPEST = 400
"""Levels of the line: each one of a value takes up to four of them."""

_BLANK = codecs.BOM_UTF8 + b" \t\r"

Line = dict[str, object] | str


def read_lines(lines: Iterable[bytes], longest: int = LONGEST_LINE) -> Iterator[tuple[int, Line]]:
    """Yield the objects of a file with the number of their line, or what is wrong with the line.

    A file whose first line is no object by itself may be one object in all, up to `longest` bytes.
    """
    numbered = ((number, line) for number, line in enumerate(lines, 1) if line.strip())
    first = next(numbered, None)
    if first is None:
        return
    alone = _read(first[1])
    if isinstance(alone, str) and first[1].lstrip(_BLANK).startswith(b"{"):
        held, size = [first], len(first[1])
        for each in numbered:
            held.append(each)
            size += len(each[1])
            if size > longest:
                break
        whole = _read(b"\n".join(line for _, line in held)) if size <= longest else ""
        if not isinstance(whole, str):
            yield first[0], whole
            return
        numbered = chain(held[1:], numbered)
    yield first[0], alone
    for number, line in numbered:
        yield number, _read(line)


def kind_of(line: dict[str, object]) -> str:
    """Return what an object holds: `spans`, `ours` (a trace that this package recorded), `other` (logs or
    metrics) or, where it is none of these, nothing."""
    if "resourceSpans" in line:
        return "spans"
    if line.keys() & {"resourceLogs", "resourceMetrics", "resourceProfiles"}:
        return "other"
    spans = line.get("spans")
    if isinstance(spans, list) and "id" in line:
        first = next(iter(cast("list[object]", spans)), None)
        return "ours" if isinstance(first, dict) and {"trace_id", "operation"} <= first.keys() else ""
    return ""


def is_binary(line: bytes) -> bool:
    """Say whether a line is no text at all: compressed, or protobuf."""
    return any(byte < 9 or 13 < byte < 32 for byte in line[:1000])


def _read(line: bytes) -> Line:
    try:
        value = strict_json(line.decode("utf-8-sig"), _DEEPEST)
    except UnicodeDecodeError:
        return "binary: protobuf, or compressed" if is_binary(line) else "not UTF-8"
    except Misfit as error:
        return "binary: protobuf, or compressed" if is_binary(line) else str(error)
    return cast("dict[str, object]", value) if isinstance(value, dict) else "not an object"
