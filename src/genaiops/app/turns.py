"""What in a case's inputs are the user's words, and what may be somebody else's. Pure."""

from collections.abc import Iterator

from genaiops.core import Json

TALKS = frozenset({"history", "messages", "chat_history", "conversation", "transcript"})
"""Inputs that hold a conversation, whatever their shape."""

ROLES = ("user", "assistant", "system", "developer", "tool", "function")
"""The roles of turns; another one is read like any text."""


def user_words(name: str, value: Json) -> tuple[list[str], bool]:
    """Return the user's words in the input `name`, and whether there may be other text in it.

    A turn of a conversation is the user's only where it is `{"role": "user", "content": …}`, its content a
    text or blocks of text; one in any other shape may hold what a model said, or what it had read.
    """
    told = list(_told(value, talk=name in TALKS))
    return [one for one in told if one is not None], None in told


def _told(value: Json, *, talk: bool) -> Iterator[str | None]:
    """Yield the user's words; None for what may not be theirs."""
    if isinstance(value, dict) and (talk or "role" in value):
        yield from _turn(value)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _told(item, talk=key in TALKS)
    elif isinstance(value, list):
        talk = talk or any(isinstance(item, dict) and "role" in item for item in value)
        for item in value:
            yield from _told(item, talk=talk)
    elif talk and value not in (None, ""):
        yield None
    elif value is not None and not isinstance(value, bool):
        yield str(value)


def _turn(turn: dict[str, Json]) -> Iterator[str | None]:
    content = turn.get("content")
    if turn.keys() != {"role", "content"} or turn["role"] != "user":
        yield None
    elif isinstance(content, list):
        yield from map(_block, content)
    else:
        yield content if isinstance(content, str) else None


def _block(block: Json) -> str | None:
    if not isinstance(block, dict) or block.keys() != {"type", "text"} or block["type"] != "text":
        return None
    return text if isinstance(text := block["text"], str) else None
