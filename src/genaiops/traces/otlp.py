"""Spans that another program recorded, as OTLP/JSON writes them. Pure.

opentelemetry-proto 1.11, JSON encoding: `resourceSpans` → `scopeSpans` → `spans`, a value is an object of one
key that names its type. What does not fit is said in words that hold nothing of it.
"""

import base64
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import cast

from genaiops.core import Json, one_line

DEEPEST = 64
"""Levels of lists and objects in a value that are read."""

_ID = re.compile(r"[0-9A-Za-z+/=_-]{1,64}")
_BASE64 = re.compile(r"[0-9A-Za-z+/]{22}==|[0-9A-Za-z+/]{11}=")
"""16 bytes, or 8; as OTLP itself writes them, in hexadecimal, they are longer."""
_LONGEST_NAME = 100


class Misfit(ValueError):
    """A value is none of OTLP's; the message says why and repeats nothing of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedSpan:
    """A span as a file has it; an id that is none is empty.

    `attributes` are pairs, as a key may stand twice, with values for `recorded_value`; those of the span's
    events follow its own, and `status.message` comes last. `dropped` counts those that its recorder says it
    left out. `wrong` says what of the span does not fit, empty where all does.
    """

    trace_id: str
    span_id: str
    name: str
    attributes: tuple[tuple[str, object], ...]
    dropped: int = 0
    wrong: str = ""


def recorded_spans(document: Mapping[str, object]) -> Iterator[RecordedSpan | str]:
    """Yield the spans of an export request; of what should hold spans and does not, what is wrong with it."""
    for resource in _objects(document, "resourceSpans"):
        if isinstance(resource, str):
            yield resource
            continue
        # files from before 2022 name it otherwise
        key = "instrumentationLibrarySpans" if "instrumentationLibrarySpans" in resource else "scopeSpans"
        for scope in _objects(resource, key):
            if isinstance(scope, str):
                yield scope
                continue
            for span in _objects(scope, "spans"):
                yield span if isinstance(span, str) else _span(span)


def recorded_value(value: object, levels: int = DEEPEST) -> Json:
    """Return a value of OTLP; bytes as the base64 in which they are written.

    Raises `Misfit` for anything else, for a key that stands twice and beyond `levels`.
    """
    if value is None or value == {}:
        return None
    if not isinstance(value, dict) or len(cast("dict[str, object]", value)) != 1:
        raise Misfit("it is no value of OTLP")
    if not levels:
        raise Misfit(f"it is nested deeper than {DEEPEST}")
    ((kind, said),) = cast("dict[str, object]", value).items()
    if kind in ("arrayValue", "kvlistValue") and isinstance(said, dict):
        return _many(kind, cast("dict[str, object]", said), levels - 1)
    if kind in ("stringValue", "bytesValue") and isinstance(said, str):
        return said
    if kind == "boolValue" and isinstance(said, bool):
        return said
    if kind in ("intValue", "doubleValue") and isinstance(said, (int, float, str)):
        return _number(kind, said)
    raise Misfit("it is no value of OTLP")


def _many(kind: str, holder: Mapping[str, object], levels: int) -> Json:
    values = holder.get("values", [])
    if not isinstance(values, list):
        raise Misfit("it is no value of OTLP")
    items = cast("list[object]", values)
    if kind == "arrayValue":
        return [recorded_value(item, levels) for item in items]
    pairs = [_pair(item) for item in items]
    if len(dict(pairs)) < len(pairs):
        raise Misfit("a key stands twice in one object")
    return {key: recorded_value(value, levels) for key, value in pairs}


def _number(kind: str, said: float | str) -> Json:
    try:
        return int(said) if kind == "intValue" else float(said)
    except (ValueError, OverflowError):
        raise Misfit("it is no number") from None


def _pair(item: object) -> tuple[str, object]:
    if isinstance(item, dict):
        one = cast("dict[str, object]", item)
        key = one.get("key")
        if isinstance(key, str):
            return key, one.get("value")
    raise Misfit("an attribute has no key")


def _span(span: Mapping[str, object]) -> RecordedSpan:
    pairs: list[tuple[str, object]] = []
    wrong = ""
    for holder in (span, *_objects(span, "events")):
        if isinstance(holder, str):
            wrong = holder
            continue
        for item in _objects(holder, "attributes"):
            try:
                pairs.append(_pair(item))
            except Misfit as error:
                wrong = item if isinstance(item, str) else str(error)
    status = span.get("status")
    if isinstance(status, dict) and "message" in status:
        pairs.append(("status.message", {"stringValue": cast("dict[str, object]", status)["message"]}))
    name, dropped = span.get("name"), span.get("droppedAttributesCount")
    return RecordedSpan(
        trace_id=_id(span.get("traceId")),
        span_id=_id(span.get("spanId")),
        name=one_line(name, _LONGEST_NAME) if isinstance(name, str) else "",
        attributes=tuple(pairs),
        dropped=dropped if isinstance(dropped, int) else 0,
        wrong=wrong,
    )


def _id(value: object) -> str:
    """Return an id as it is written; in hexadecimal where a protobuf library wrote it in base64."""
    if not isinstance(value, str) or not _ID.fullmatch(value):
        return ""
    if not _BASE64.fullmatch(value):
        return value
    return base64.b64decode(value).hex()


def _objects(holder: Mapping[str, object], key: str) -> Iterator[dict[str, object] | str]:
    """Yield the objects of a list; what is wrong where it is no list, or one is no object."""
    values = holder.get(key)
    if values is None:
        return
    if not isinstance(values, list):
        yield f"{key} is no list"
        return
    for value in cast("list[object]", values):
        yield (
            cast("dict[str, object]", value) if isinstance(value, dict) else f"{key} holds what is no object"
        )
