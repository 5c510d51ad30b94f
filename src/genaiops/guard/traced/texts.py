"""From a recorded span to its texts: which attribute holds what, by OpenTelemetry's GenAI conventions and by
OpenInference. Pure.

What should be read and cannot be is `Broken`, and what may hold texts and is not read is `Unread`: nothing is
passed over in silence.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import cast

from genaiops.core import Json
from genaiops.guard.traced.messages import read_documents, read_instructions, read_messages, said
from genaiops.guard.traced.model import Broken, Part, Unread
from genaiops.guard.traced.openinference import is_flat, put_together
from genaiops.guard.traced.strict import strict_json
from genaiops.traces import Misfit, RecordedSpan, recorded_value

Reader = Callable[[Json], Iterator[Part]]

# lists, on spans mostly written as a string of JSON
_LISTS: Mapping[str, Reader] = {
    "gen_ai.system_instructions": read_instructions,
    "gen_ai.input.messages": lambda value: read_messages(value, "input"),
    "gen_ai.output.messages": lambda value: read_messages(value, "output"),
    "gen_ai.retrieval.documents": read_documents,
}
_VALUES: Mapping[str, Reader] = {
    "gen_ai.tool.call.arguments": lambda value: said("tool_call", value, "tool call arguments"),
    "gen_ai.tool.call.result": lambda value: said("tool_result", value, "tool call result"),
    "gen_ai.retrieval.query.text": lambda value: said("input", value, "query"),
}
_OF_TOOLS: Mapping[str, Reader] = {
    "input.value": _VALUES["gen_ai.tool.call.arguments"],
    "output.value": _VALUES["gen_ai.tool.call.result"],
}
"""What OpenInference's spans of the kind TOOL hold; on spans of other kinds these are anything."""

_ELSEWHERE = re.compile(
    r"gen_ai\.(prompt|completion)(\.\d.*)?|gen_ai\.tool\.definitions|gen_ai\.evaluation\.explanation"
    r"|(input|output)\.value|llm\.(prompts|(input|output)_messages|function_call).*|traceloop\.entity\..*"
    r"|(retrieval|reranker)\..*document.*",
    re.DOTALL,
)
_LONG = 80
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,79}")


def read_span(span: RecordedSpan) -> Iterator[Part]:
    """Yield what a span says, part by part, and what of it is no text, is not read or cannot be."""
    if span.wrong:
        yield Broken("attributes", span.wrong)
    readers = {**_LISTS, **_VALUES, **(_OF_TOOLS if _is_tool(span) else {})}
    flat: list[tuple[str, Json]] = []
    for key, value in span.attributes:
        if not is_flat(key) and key not in readers:
            yield from _unread(key, value)
            continue
        try:
            plain = recorded_value(value)
            if key in _LISTS and isinstance(plain, str):
                plain = strict_json(plain)
        except Misfit as error:
            yield Broken(_named(key), str(error))
            continue
        if key not in readers:
            flat.append((key, plain))
        elif plain is not None:
            yield from readers[key](plain)
    yield from _flat(flat)


def _flat(values: list[tuple[str, Json]]) -> Iterator[Part]:
    for key, times in Counter(key for key, _ in values).items():
        if times > 1:
            yield Broken(_named(key), "it stands there twice")
    found = put_together(values)
    yield from read_messages(found.inputs, "input")
    yield from read_messages(found.outputs, "output")
    yield from read_documents(found.documents)
    yield from (Unread(_named(key)) for key in found.rest)


def _is_tool(span: RecordedSpan) -> bool:
    return any(
        key == "openinference.span.kind" and value == {"stringValue": "TOOL"}
        for key, value in span.attributes
    )


def _unread(key: str, value: object) -> Iterator[Part]:
    """Yield an attribute that is known to hold texts elsewhere, or whose value reads like one."""
    text = cast("dict[str, object]", value).get("stringValue") if isinstance(value, dict) else None
    long = isinstance(text, str) and len(text) >= _LONG and any(map(str.isspace, text))
    if long or (_ELSEWHERE.fullmatch(key) and value not in (None, {}, {"stringValue": ""})):
        yield Unread(_named(key))


def _named(key: str) -> str:
    """Return an attribute's name with its numbers left out; one that is no plain name is not repeated."""
    return re.sub(r"\.\d+(?=\.|$)", ".N", key) if _NAME.fullmatch(key) else "of another name"
