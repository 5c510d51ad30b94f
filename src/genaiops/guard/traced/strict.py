"""JSON in which nothing can hide: a key that stands twice, or what is nested too deep, is refused."""

import json
from collections.abc import Iterator
from typing import cast

from genaiops.core import Json
from genaiops.traces import Misfit

_DEEPEST = 64


def strict_json(text: str, deepest: int = _DEEPEST) -> Json:
    """Return the value in `text`; raises `Misfit`, whose message repeats nothing of it."""
    try:
        value = cast(Json, json.loads(text, object_pairs_hook=_object))
    except RecursionError:
        raise Misfit("nested too deep") from None
    except Misfit:
        raise
    except ValueError:
        raise Misfit("broken JSON") from None
    if _is_deeper(value, deepest):
        raise Misfit("nested too deep")
    return value


def opened(value: Json) -> Json:
    """Return the object or list that a text is in JSON; any other text, and any other value, as it is."""
    if not isinstance(value, str) or not value.lstrip().startswith(("{", "[")):
        return value
    try:
        return strict_json(value)
    except Misfit:
        return value


def has_text(value: Json) -> bool:
    """Say whether a value holds a text that is not empty."""
    level = [value]
    while level:
        if any(isinstance(one, str) and one.strip() for one in level):
            return True
        level = [part for one in level for part in _inside(one)]
    return False


def _is_deeper(value: Json, deepest: int) -> bool:
    level = [value]
    for _ in range(deepest):
        level = [part for one in level for part in _inside(one)]
        if not level:
            return False
    return True


def _inside(value: Json) -> Iterator[Json]:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list):
        yield from value


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise Misfit("a key stands twice in one object")
    return found
