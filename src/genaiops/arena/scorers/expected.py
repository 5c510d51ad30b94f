"""Reading what a case expects: answers, whether it can be answered, passages, tool calls, tools, turns.

What must be written in one way only (tool calls, tools) raises `UserError` where a case writes it in another:
a suite asks every case for it before anything runs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeGuard, cast

from genaiops.core import Case, Json, Passage, UserError, one_line

TOOL_LISTS = ("allowed", "required", "forbidden")
_SHARE = 0.5
_SHORTEST = 20


def answers(case: Case) -> tuple[str, ...]:
    """Return the answers that count as right: `expected.answers`, or the one `expected.answer`."""
    given = case.expected.get("answers", case.expected.get("answer"))
    items = given if isinstance(given, list) else [given]
    return tuple(item for item in items if isinstance(item, str) and item)


def answerable(case: Case) -> bool | None:
    """Return `expected.answerable`, True where there are answers, None where the case does not say."""
    stated = case.expected.get("answerable")
    if isinstance(stated, bool):
        return stated
    return True if answers(case) else None


@dataclass(frozen=True, slots=True)
class Gold:
    """Where the answer stands: a quote, a document, or both; `either` is a text that may name or quote."""

    document: str | None = None
    quote: str | None = None
    either: str | None = None


def gold(case: Case) -> tuple[Gold, ...]:
    """Return `expected.passages`: texts, or {document, quote} with at least one of the two."""
    given = case.expected.get("passages")
    found = [_gold(item) for item in given] if isinstance(given, list) else []
    return tuple(item for item in found if item is not None)


def matches(item: Gold, passage: Passage) -> bool:
    """Return whether `passage` holds what the gold points at.

    A quote stands in the passage's text, or the two share an end and a beginning (a chunk's border can cut
    a quote) of at least half the shorter one; white space counts as one blank. A text alone names a passage's
    id or document, or is a quote.
    """
    if item.either is not None:
        return item.either in (passage.id, passage.document) or _holds(passage.text, item.either)
    if item.document is not None and item.document != passage.document:
        return False
    return item.quote is None or _holds(passage.text, item.quote)


@dataclass(frozen=True, slots=True)
class WantedCall:
    """A tool call that is expected; `accept` lists, by argument, the values of which any will do."""

    name: str
    arguments: Mapping[str, Json]
    accept: Mapping[str, list[Json]]


def wanted_calls(case: Case) -> tuple[WantedCall, ...] | None:
    """Return `expected.tool_calls`, None where the case does not say; raises `UserError` for another form."""
    given = case.expected.get("tool_calls")
    if given is None:
        return None
    if not isinstance(given, list):
        raise _refused(case, "tool_calls", given, "a list of {name, arguments}")
    return tuple(_wanted_call(case, index, item) for index, item in enumerate(given))


def wanted_path(case: Case) -> tuple[str, ...] | None:
    """Return the tools expected in their order: `expected.trajectory`, else those of the tool calls.

    None where the case says neither; raises `UserError` for another form.
    """
    given = case.expected.get("trajectory")
    if given is None:
        calls = wanted_calls(case)
        return None if calls is None else tuple(call.name for call in calls)
    if not is_names(given):
        raise _refused(case, "trajectory", given, "a list of names of tools")
    return tuple(given)


def wanted_tools(case: Case) -> Mapping[str, list[str]]:
    """Return `expected.tools`, lists by `TOOL_LISTS`, {} for none; raises `UserError` for another form."""
    given = case.expected.get("tools", {})
    if not isinstance(given, dict) or not given.keys() <= set(TOOL_LISTS):
        raise _refused(case, "tools", given, f"an object with lists: {', '.join(TOOL_LISTS)}")
    found: dict[str, list[str]] = {}
    for key, value in given.items():
        if not is_names(value):
            raise _refused(case, f"tools.{key}", value, "a list of names of tools")
        found[key] = value
    return found


def is_names(value: Json) -> TypeGuard[list[str]]:
    """Say whether a value is a list of names."""
    return isinstance(value, list) and all(isinstance(item, str) and item for item in value)


def _wanted_call(case: Case, index: int, item: Json) -> WantedCall:
    if not isinstance(item, dict) or not item.keys() <= {"name", "arguments", "accept"}:
        raise _refused(case, f"tool_calls.{index}", item, "{name, arguments}, with accept where several do")
    name, arguments, accept = item.get("name"), item.get("arguments", {}), item.get("accept", {})
    if not isinstance(name, str) or not name:
        raise _refused(case, f"tool_calls.{index}.name", name, "the name of a tool")
    if not isinstance(arguments, dict):
        raise _refused(case, f"tool_calls.{index}.arguments", arguments, "an object")
    if not isinstance(accept, dict) or not all(isinstance(each, list) and each for each in accept.values()):
        raise _refused(case, f"tool_calls.{index}.accept", accept, "{argument: [value, …]}")
    return WantedCall(name, arguments, cast("dict[str, list[Json]]", accept))


def _refused(case: Case, place: str, value: Json, needed: str) -> UserError:
    return UserError(
        "GAO-ARENA-126",
        f"expected.{place} of the case {one_line(case.id, 60)!r} is {one_line(repr(value), 60)}",
        why=f"it must be {needed}",
        fix="correct this row of the dataset",
    )


def _gold(item: Json) -> Gold | None:
    if isinstance(item, str) and item:
        return Gold(either=item)
    if not isinstance(item, dict):
        return None
    document, quote = item.get("document"), item.get("quote")
    found = Gold(
        document=document if isinstance(document, str) and document else None,
        quote=quote if isinstance(quote, str) and quote else None,
    )
    return found if found.document or found.quote else None


def _holds(text: str, quote: str) -> bool:
    whole, part = " ".join(text.split()), " ".join(quote.split())
    if not whole or not part:
        return False
    if part in whole:
        return True
    fewest = max(_SHORTEST, int(min(len(whole), len(part)) * _SHARE))
    return (whole in part and len(whole) >= _SHORTEST) or _overlap(whole, part) >= fewest


def _overlap(whole: str, part: str) -> int:
    """Return the longest end of one that is the beginning of the other."""
    for size in range(min(len(whole), len(part)), 0, -1):
        if whole.endswith(part[:size]) or part.endswith(whole[:size]):
            return size
    return 0
