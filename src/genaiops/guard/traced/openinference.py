"""OpenInference's attributes, which write lists flat, put together again as messages and documents. Pure.

`llm.input_messages.0.message.content` and the like (Arize-ai/openinference, `spec/`).
"""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from genaiops.core import Json

_MESSAGE = re.compile(r"llm\.(input|output)_messages\.(\d{1,6})\.message\.(.+)", re.DOTALL)
_DOCUMENT = re.compile(r"retrieval\.documents\.(\d{1,6})\.document\.(id|score|content|metadata)")
_CONTENT = re.compile(r"contents\.(\d{1,6})\.message_content\.(.+)", re.DOTALL)
_CALL = re.compile(r"tool_calls\.(\d{1,6})\.tool_call\.(.+)", re.DOTALL)
_ARGUMENTS = ("function.arguments", "function_call_arguments_json")
_NAMES = ("role", "id", "name", "function.name", "tool_call_id", "function_call_name", "finish_reason")
_ALONE = -1
"""The number of a call that is in no list: the older form."""


class Flat(NamedTuple):
    """What the flat attributes of a span say; `rest` are keys of messages that are not read."""

    inputs: list[Json]
    outputs: list[Json]
    documents: list[Json]
    rest: list[str]


def is_flat(key: str) -> bool:
    """Say whether an attribute is part of a flat list that is read here."""
    return bool(_MESSAGE.fullmatch(key) or _DOCUMENT.fullmatch(key))


def put_together(values: Iterable[tuple[str, Json]]) -> Flat:
    """Return the lists that flat attributes are, in the order of their numbers."""
    sides: dict[str, dict[int, dict[str, Json]]] = {"input": {}, "output": {}}
    documents: dict[int, dict[str, Json]] = {}
    for key, value in values:
        if match := _MESSAGE.fullmatch(key):
            sides[match[1]].setdefault(int(match[2]), {})[match[3]] = value
        elif match := _DOCUMENT.fullmatch(key):
            documents.setdefault(int(match[1]), {})[match[2]] = value
    rest: list[str] = []
    inputs, outputs = (
        [_message(flat, f"llm.{side}_messages.N.message", rest) for _, flat in sorted(sides[side].items())]
        for side in ("input", "output")
    )
    return Flat(inputs, outputs, [one for _, one in sorted(documents.items())], rest)


def _message(flat: Mapping[str, Json], name: str, rest: list[str]) -> Json:
    """Return a message in the form of the chat APIs: an image or a sound is a part, too, with its type."""
    contents: dict[int, dict[str, Json]] = {}
    calls: dict[int, dict[str, Json]] = {}
    for key, value in flat.items():
        content, call = _CONTENT.fullmatch(key), _CALL.fullmatch(key)
        inner = call[2] if call else key
        if content:
            contents.setdefault(int(content[1]), {})[content[2]] = value
        elif inner in _ARGUMENTS:
            calls[int(call[1]) if call else _ALONE] = {"type": "tool_call", "arguments": value}
        elif key != "content" and inner not in _NAMES:
            rest.append(f"{name}.{re.sub('[0-9]+', 'N', key)}")
    parts: list[Json] = [part for found in (contents, calls) for _, part in sorted(found.items())]
    return {"role": flat.get("role"), "content": flat.get("content"), "parts": parts}
