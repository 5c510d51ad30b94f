"""`tools:` of guard.yaml: which tools an app may call, how, and whose word it takes."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from genaiops.core import Json

_FORBID = ConfigDict(extra="forbid", frozen=True)

ToolName = Annotated[str, Field(pattern=r"^[A-Za-z_][\w.:/-]{0,99}$")]
_Word = Annotated[str, Field(min_length=1, max_length=100, pattern=r"\w")]
_Path = Annotated[str, Field(pattern=r"^(?:\*|[^\s.*]+)(?:\.(?:\*|[^\s.*]+))*$", max_length=200)]
_Kind = Literal["string", "integer", "number", "boolean", "null", "array", "object"]


class Shape(BaseModel):
    """What a value must be: the part of JSON Schema that is read.

    An object has no other properties than those described. Where none are, arguments are none, and an object
    in them may have any.
    """

    model_config = _FORBID

    type: _Kind | None = None
    description: str = ""
    enum: tuple[JsonValue, ...] | None = None
    default: JsonValue = None
    properties: dict[str, "Shape"] | None = None
    required: tuple[str, ...] = ()
    additional_properties: Literal[False] = Field(default=False, alias="additionalProperties")
    items: "Shape | None" = None
    minimum: float | None = None
    maximum: float | None = None
    max_length: int | None = Field(default=None, alias="maxLength", ge=0)
    max_items: int | None = Field(default=None, alias="maxItems", ge=0)


class ToolEntry(BaseModel):
    """One tool. `effect: write`, the default, is whatever is felt outside the answer; `read` is felt nowhere.

    `arguments`: their shape. Once the app has seen text from outside, a tool that writes is called only where
    the user asked for it, by its name's words or by all words of one in `asked_by`, or where a model that had
    seen none of that text named it; and each argument must be words of theirs but those in `free`. `untraced`
    says what becomes of another call: it is refused, or a person is asked. `approve`: a person always is.
    `trusted`: fields of its result (`from`, `items.*.id`) that count like the user's words; `*`: all of it.
    """

    model_config = _FORBID

    effect: Literal["read", "write"] = "write"
    arguments: Shape | None = None
    asked_by: tuple[_Word, ...] = ()
    free: tuple[str, ...] = ()
    untraced: Literal["refuse", "ask"] = "refuse"
    approve: bool = False
    trusted: tuple[_Path, ...] = ()


_KINDS: Mapping[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "null": type(None),
    "array": list,
    "object": dict,
}


def misfit(shape: Shape, value: Json, where: str = "arguments") -> str:
    """Return what of a call's arguments does not fit, by its place and never by itself; empty where all does.

    Arguments of which none is described are none; an object in them that describes none may have any.
    """
    whole = shape if shape.properties is not None else shape.model_copy(update={"properties": {}})
    return next(_misfits(whole, value, where), "")


def _misfits(shape: Shape, value: Json, where: str) -> Iterator[str]:
    if shape.type and not _is_a(shape.type, value):
        yield f"{where} is not of type {shape.type}"
        return
    if shape.enum is not None and not any(type(value) is type(one) and value == one for one in shape.enum):
        yield f"{where} is none of the {len(shape.enum)} values it may have"
    yield from _beyond(shape, value, where)
    if isinstance(value, dict) and shape.properties is not None:
        yield from (f"{where} lacks {name}" for name in shape.required if name not in value)
        for name, item in value.items():
            if name not in shape.properties:
                yield f"{where} has a property that is not known"
            else:
                yield from _misfits(shape.properties[name], item, f"{where}.{name}")
    if isinstance(value, list) and shape.items is not None:
        for at, item in enumerate(value):
            yield from _misfits(shape.items, item, f"{where}[{at}]")


def _is_a(kind: str, value: Json) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    return isinstance(value, _KINDS[kind])


def _beyond(shape: Shape, value: Json, where: str) -> Iterator[str]:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        if shape.minimum is not None and value < shape.minimum:
            yield f"{where} is below {shape.minimum:g}"
        if shape.maximum is not None and value > shape.maximum:
            yield f"{where} is above {shape.maximum:g}"
    if isinstance(value, str) and shape.max_length is not None and len(value) > shape.max_length:
        yield f"{where} is longer than {shape.max_length}"
    if isinstance(value, list) and shape.max_items is not None and len(value) > shape.max_items:
        yield f"{where} has more than {shape.max_items} items"


def fields(value: Json, paths: Sequence[str]) -> list[Json]:
    """Return what stands in `value` at each dotted path; `*` is every item, or every field."""
    found: list[Json] = []
    for path in paths:
        here = [value]
        for part in path.split("."):
            here = [below for one in here for below in _below(one, part)]
        found += here
    return found


def _below(value: Json, part: str) -> list[Json]:
    if isinstance(value, dict):
        return list(value.values()) if part == "*" else [value[part]] if part in value else []
    return list(value) if isinstance(value, list) and part == "*" else []


def unread(name: str, entry: ToolEntry) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield the keys of an entry that can have no effect, each with why."""
    given = entry.model_fields_set
    taint = [key for key in ("asked_by", "free", "untraced") if key in given]
    for key in taint if entry.effect == "read" else ():
        yield (name, key), "it is for tools that write"
    for key in taint if entry.effect == "write" and entry.approve else ():
        yield (name, key), "a person is asked whatever it says"
    shape = entry.arguments
    if shape is None:
        return
    if shape.type not in (None, "object"):
        yield (name, "arguments"), "the arguments of a call are an object"
    for argument in entry.free:
        if argument not in (shape.properties or {}):
            yield (name, "free"), f"{argument!r} is no argument of it"
    for argument in _undescribed(shape):
        yield (name, "arguments"), f"{argument!r} is required and not described"


def _undescribed(shape: Shape) -> Iterator[str]:
    """Yield what a shape, or one in it, requires and does not describe: nothing would ever fit it."""
    known = shape.properties or {}
    yield from (name for name in shape.required if name not in known)
    for each in (*known.values(), *([shape.items] if shape.items else ())):
        yield from _undescribed(each)


def words_of(name: str) -> str:
    """Return the words in a tool's name: `send_e-mail`, `calendar.createEvent`."""
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return " ".join(word for word in re.split(r"[\W_\d]+", apart) if len(word) > 2)


def is_default(entry: ToolEntry, argument: str, value: Json) -> bool:
    """Say whether the policy states `value` as an argument's default."""
    known = _described(entry)
    stated = known[argument].default if argument in known else None
    return stated is not None and type(stated) is type(value) and stated == value


def is_described(entry: ToolEntry, argument: str) -> bool:
    """Say whether the policy names an argument of this tool."""
    return argument in _described(entry)


def goes_bare(entry: ToolEntry) -> bool:
    """Say whether a call may leave out all arguments: there are none, or each is free or has a default."""
    return entry.arguments is not None and all(
        argument in entry.free or shape.default is not None for argument, shape in _described(entry).items()
    )


def _described(entry: ToolEntry) -> Mapping[str, Shape]:
    return (entry.arguments.properties if entry.arguments else None) or {}
