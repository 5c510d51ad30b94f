"""The worker's protocol: JSON lines over the inherited socket, as plain dictionaries.

    parent -> child   start   {target, params}                     load the app
    child  -> parent  ready   {} | refused {error}                 it is loaded, or why not
    parent -> child   answer  {answer, inputs, seed}               answer one case
    child  -> parent  ask     {answer, id, call, arguments}        search, chat, rank, tool, …
    parent -> child   reply   {id, value} | refused {id, error}
    child  -> parent  result  {answer, output | error, outside}    the case's end

`answer` numbers the case, so that what a late thread of an earlier one asks is refused. This file is
imported by the child: the child builds its values without validation (the parent is trusted), the parent
decodes whatever comes from the child.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, cast

from genaiops.core import (
    Answer,
    ChatReply,
    GenaiopsError,
    Grounding,
    Message,
    OutsideError,
    Passage,
    Usage,
    UserError,
)

Wire = dict[str, Any]

MAX_ERROR = 2_000


def told(error: GenaiopsError) -> str:
    """Return an error of ours on one line: what, where, why, and how to go on."""
    what = f"{error.code}: {error.what}" + (f" ({error.where})" if error.where else "")
    return " · ".join(part for part in (what, error.why, error.fix) if part)


def error_to_wire(error: GenaiopsError) -> Wire:
    """Return an error to be raised again on the other side."""
    return {
        "outside": isinstance(error, OutsideError),
        "code": error.code,
        "what": error.what,
        "why": error.why,
        "fix": error.fix,
        "where": error.where,
    }


def error_from_wire(value: Mapping[str, Any]) -> GenaiopsError:
    """Return the error that the other side told; texts are bounded."""
    kind = OutsideError if value.get("outside") else UserError
    text = {key: str(value.get(key, ""))[:MAX_ERROR] for key in ("code", "what", "why", "fix", "where")}
    code = text.pop("code")
    return kind(code, text.pop("what"), **text)


def passage_from_wire(value: Mapping[str, Any]) -> Passage:
    """Return a passage that the parent found."""
    fields: Wire = {**value, "heading": tuple(value.get("heading", ()))}
    return Passage(**fields)


def reply_from_wire(value: Mapping[str, Any]) -> ChatReply:
    """Return a reply that the parent's model gave."""
    fields: Wire = {**value, "usage": Usage(**value["usage"])}
    return ChatReply(**fields)


def messages_to_wire(messages: str | Sequence[Message | Mapping[str, str]]) -> list[Wire]:
    """Return messages, `{role, content}` mappings, or one text as the user's, as plain values."""
    if isinstance(messages, str):
        return [{"role": "user", "content": messages}]
    return [
        dataclasses.asdict(message) if isinstance(message, Message) else dict(message) for message in messages
    ]


def grounding_to_wire(grounding: Grounding | None) -> Wire | None:
    """Return the texts that an answer may rest on as plain values."""
    return dataclasses.asdict(grounding) if grounding else None


def answer_to_wire(value: object) -> Wire:
    """Return what an app returned; raises `TypeError` for anything but str, dict and Answer.

    A mapping's `answer` or `text` is what it says; the mapping itself is kept as data.
    """
    if isinstance(value, str):
        return {"text": value}
    if isinstance(value, Answer):
        return dataclasses.asdict(value)
    if isinstance(value, dict):
        data = cast("dict[str, Any]", value)
        said = next((data[key] for key in ("answer", "text") if isinstance(data.get(key), str)), None)
        return {"data": data} if said is None else {"data": data, "text": said}
    name = type(value).__name__
    hint = ": a path through it may lack its return" if value is None else ""
    raise TypeError(f"the app returned {name}, expected str, dict or genaiops.Answer{hint}")
