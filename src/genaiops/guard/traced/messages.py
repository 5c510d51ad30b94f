"""Messages of a conversation as the GenAI conventions record them, part by part. Pure.

OpenTelemetry's schemas of input and output messages: `{role, parts}`, a part has a `type`. `content` in place
of `parts`, and `tool_calls`, as the chat APIs themselves write messages, are read too.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, cast

from genaiops.core import Json
from genaiops.guard.traced.model import Broken, Kind, NoText, Part, Said
from genaiops.guard.traced.strict import has_text, opened

Side = Literal["input", "output"]

_ROLES: Mapping[str, Kind] = {
    "system": "instructions",
    "developer": "instructions",
    "assistant": "output",
    "model": "output",
    "ai": "output",
    "tool": "tool_result",
    "function": "tool_result",
}
"""Any other role, and none, is taken for the user: that is looked at most strictly."""

_CALLS = {"tool_call": "arguments", "server_tool_call": "server_tool_call"}
_RESULTS = {
    "tool_call_response": ("response", "result"),
    "server_tool_call_response": ("server_tool_call_response",),
}
_WORD = re.compile(r"[a-z][a-z0-9_.+/-]{0,39}")
_WITHHELD = "__REDACTED__"
"""What OpenInference writes where a text was not to be recorded."""


def read_messages(value: Json, side: Side) -> Iterator[Part]:
    """Yield the parts of messages, the user's last turn as `input` and earlier ones as `history`."""
    if not isinstance(value, list):
        yield Broken(f"{side} messages", "it is no list of messages")
        return
    current = _current(value)
    for number, message in enumerate(value, 1):
        place = f"{side} message {number}"
        if not isinstance(message, dict):
            yield Broken(place, "it is no object")
            continue
        kind: Kind = _kind(message)
        if side == "output":
            kind = "tool_result" if kind == "tool_result" else "output"
        elif kind == "input" and number - 1 not in current:
            kind = "history"
        yield from _message(message, kind, place)


def read_instructions(value: Json) -> Iterator[Part]:
    """Yield the parts of a system's instructions."""
    yield from _parts(value if isinstance(value, list) else [value], "instructions", "instructions")


def said(kind: Kind, value: Json, place: str) -> Iterator[Part]:
    """Yield a value as it stands; nothing where it is empty, and no text where it was withheld."""
    if value == _WITHHELD:
        yield NoText("withheld")
    elif value not in (None, "", [], {}):
        yield Said(kind, opened(value) if kind in ("tool_call", "tool_result") else value, place)


def read_documents(value: Json) -> Iterator[Part]:
    """Yield what was retrieved, document by document; one of which only id and score were kept is no text."""
    if not isinstance(value, list):
        yield Broken("documents", "it is no list of documents")
        return
    for number, document in enumerate(value, 1):
        place = f"document {number}"
        content: Json = document
        if isinstance(document, dict):
            content = {key: opened(one) for key, one in document.items() if key not in ("id", "score")}
        elif not isinstance(document, str):
            yield Broken(place, "it is no object")
            continue
        if has_text(content):
            yield from said("passage", content, place)
        else:
            yield NoText("document without content")


def _kind(message: Mapping[str, Json]) -> Kind:
    role, parts = message.get("role"), message.get("parts")
    kind = _ROLES.get(role.lower(), "input") if isinstance(role, str) else "input"
    # some providers have the user hand in what a tool brought
    handed_in = isinstance(parts, list) and parts and all(_type(part) in _RESULTS for part in parts)
    return "tool_result" if kind == "input" and handed_in else kind


def _current(messages: Sequence[Json]) -> set[int]:
    """Return where the user's last turn stands: the last run of the user's messages."""
    found: set[int] = set()
    for index in reversed(range(len(messages))):
        message = messages[index]
        if isinstance(message, dict) and _kind(message) == "input":
            found.add(index)
        elif found:
            break
    return found


def _message(message: Mapping[str, Json], kind: Kind, place: str) -> Iterator[Part]:
    if not message.keys() & {"parts", "content", "tool_calls"}:
        yield Broken(place, "it has no parts")
    for key in ("parts", "content", "tool_calls"):
        parts = message.get(key)
        if isinstance(parts, str) and key == "content":
            yield from said(kind, parts, place)
        elif isinstance(parts, list):
            yield from _parts(parts, kind, place)
        elif parts is not None:
            yield Broken(place, f"{key} is no list")


def _parts(parts: Sequence[Json], kind: Kind, place: str) -> Iterator[Part]:
    for number, part in enumerate(parts, 1):
        at = place if len(parts) == 1 else f"{place}, part {number}"
        if isinstance(part, str):
            yield from said(kind, part, at)
        elif isinstance(part, dict):
            yield from _part(part, kind, at)
        else:
            yield Broken(at, "it is no object")


def _part(part: Mapping[str, Json], kind: Kind, place: str) -> Iterator[Part]:
    type_ = _type(part)
    function = part.get("function")
    if type_ in _CALLS:
        yield from said("tool_call", part.get(_CALLS[type_]), place)
    elif type_ in _RESULTS:
        for key in _RESULTS[type_]:
            yield from said("tool_result", part.get(key), place)
    elif isinstance(function, dict):
        yield from said("tool_call", function.get("arguments"), place)
    elif type_ in ("blob", "file", "uri", "file_data"):
        yield NoText(_labelled(part, type_))
    elif texts := [one for key in ("content", "text") if isinstance(one := part.get(key), str)]:
        for text in texts:
            yield from said(kind, text, place)
    elif type_ in ("text", "reasoning"):
        yield Broken(place, "its text is none")
    else:
        yield NoText(_word(type_))


def _type(part: object) -> str:
    named = cast("Mapping[str, object]", part).get("type") if isinstance(part, Mapping) else None
    return named if isinstance(named, str) else ""


def _labelled(part: Mapping[str, Json], type_: str) -> str:
    kind = part.get("mime_type") or part.get("modality")
    return f"{type_} {_word(kind)}" if kind else type_


def _word(value: Json) -> str:
    """Return the name of a type where it is one, so that nothing else of a file is repeated."""
    return value if isinstance(value, str) and _WORD.fullmatch(value) else "of another type"
