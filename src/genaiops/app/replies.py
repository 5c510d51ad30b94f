"""What an endpoint replied, read as an answer: JSON in our shape, any other object, or plain text. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import cast

from pydantic_core import from_json

from genaiops.core import Answer, Citation, Json, Passage, ToolCall, Usage, UserError, decode, one_line


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """The JSON that an endpoint may answer: the fields of `Answer`, and what the answer took."""

    text: str | None = None
    data: Json = None
    passages: tuple[Passage, ...] = ()
    citations: tuple[Citation, ...] = ()
    tool_calls: tuple[ToolCall, ...] = ()
    abstained: bool = False
    signals: dict[str, float] = field(default_factory=dict[str, float])
    usage: Usage | None = None
    cost_nanousd: int | None = None

    @property
    def answer(self) -> Answer:
        """The part that a Python app would return."""
        return Answer(
            self.text,
            self.data,
            passages=self.passages,
            citations=self.citations,
            tool_calls=self.tool_calls,
            abstained=self.abstained,
            signals=self.signals,
        )

    def saying(self, answer: Answer) -> "Reply":
        """Return the reply with another answer in it; what it took stays."""
        return replace(
            self,
            text=answer.text,
            data=answer.data,
            passages=tuple(answer.passages),
            citations=tuple(answer.citations),
            tool_calls=tuple(answer.tool_calls),
            abstained=answer.abstained,
            signals=answer.signals,
        )


_KEYS = tuple(one.name for one in fields(Reply))


def read_reply(content: bytes, media_type: str, secret: str | None = None) -> Reply:
    """Return the reply in `content`; raises `ValueError` saying what does not fit.

    An object that has one of our keys has no others; one that has none of them is data, and its `answer` is
    what it says. `secret` is taken out of every text, wherever the endpoint may have put it.
    """
    kind = media_type.partition(";")[0].strip().lower()
    if kind == "application/json" or kind.endswith("+json"):
        value = cast(Json, from_json(content, allow_inf_nan=False))
    elif kind in ("", "text/plain"):
        value = content.decode("utf-8")
    else:
        raise ValueError(f"it is {one_line(kind, 60)}; expected application/json or text/plain")
    return _reply(without(value, secret))


def without(value: Json, secret: str | None) -> Json:
    """Return `value` with every occurrence of `secret` in its texts and keys replaced."""
    if not secret:
        return value
    if isinstance(value, str):
        return value.replace(secret, "[key]")
    if isinstance(value, list):
        return [without(item, secret) for item in value]
    if isinstance(value, dict):
        return {key.replace(secret, "[key]"): without(item, secret) for key, item in value.items()}
    return value


def _reply(value: Json) -> Reply:
    if isinstance(value, str):
        if not value.strip():
            raise ValueError("it is empty")
        return Reply(text=value)
    if not isinstance(value, dict):
        raise ValueError("expected an object or a text")
    if not value.keys() & set(_KEYS):
        said = value.get("answer")
        return Reply(data=value, text=said if isinstance(said, str) else None)
    return _in_our_shape(value)


def _in_our_shape(value: Mapping[str, Json]) -> Reply:
    unknown = sorted(value.keys() - set(_KEYS))
    if unknown:
        raise ValueError(f"unknown key {one_line(repr(unknown[0]), 60)}; known: {', '.join(_KEYS)}")
    try:
        reply = decode(Reply, value)
    except UserError as error:
        raise ValueError(f"{error.what.partition(': ')[2]}: {error.why}") from error
    usage = reply.usage or Usage()
    if min(usage.input_tokens, usage.output_tokens, usage.calls, reply.cost_nanousd or 0) < 0:
        raise ValueError("usage and cost_nanousd are never negative")
    return reply
