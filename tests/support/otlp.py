"""Recorded spans as OTLP/JSON writes them, from plain values."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

TRACE = "5b8efff798038103d269b633813fc60c"


def value(plain: Any) -> dict[str, Any]:
    """Return a plain value as OTLP writes it: an object of one key that names its type."""
    match plain:
        case bool():
            return {"boolValue": plain}
        case int():
            return {"intValue": str(plain)}  # 64 bits are written as a text
        case float():
            return {"doubleValue": plain}
        case list():
            return {"arrayValue": {"values": [value(one) for one in plain]}}
        case dict():
            return {"kvlistValue": {"values": pairs(plain)}}
        case None:
            return {}
        case _:
            return {"stringValue": plain}


def pairs(attributes: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return attributes as OTLP writes them."""
    return [{"key": key, "value": value(plain)} for key, plain in attributes.items()]


def span(attributes: Mapping[str, Any], *, id: str = "eee19b7ec3c1b174", **more: Any) -> dict[str, Any]:
    """Return a span with `attributes`."""
    return {"traceId": TRACE, "spanId": id, "name": "chat", "kind": 3, "attributes": pairs(attributes)} | more


def request(*spans: Any) -> dict[str, Any]:
    """Return an export request of one scope."""
    scope = {"name": "opentelemetry.instrumentation.any"}
    resource = {"attributes": pairs({"service.name": "desk"})}
    return {"resourceSpans": [{"resource": resource, "scopeSpans": [{"scope": scope, "spans": list(spans)}]}]}


def messages(*said: tuple[str, str]) -> str:
    """Return messages of one text each as they stand on a span: a text of JSON."""
    return json.dumps([{"role": role, "parts": [{"type": "text", "content": text}]} for role, text in said])


def write(file: Path, *lines: Any) -> str:
    """Write one export request a line; bytes as they are."""
    file.write_bytes(
        b"\n".join(one if isinstance(one, bytes) else json.dumps(one).encode() for one in lines) + b"\n"
    )
    return str(file)
