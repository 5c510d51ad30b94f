"""guard.yaml: which detectors look, and what becomes of what they find."""

from collections.abc import Mapping, Sequence
from datetime import date
from difflib import get_close_matches
from typing import Annotated, Literal, cast

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from genaiops.core import Json, KeyPath, Located, Surface, UserError, one_line, read_yaml
from genaiops.guard.model import Action
from genaiops.guard.tools import Shape, ToolEntry, ToolName, unread

_FORBID = ConfigDict(extra="forbid", frozen=True)
MAX_BYTES = 256 * 1024
SURFACES: tuple[Surface, ...] = ("input", "history", "passage", "tool_call", "tool_result", "output")

CategoryPattern = Annotated[
    str, Field(pattern=r"^(?:\*|[a-z][a-z0-9_]*(?:\.[a-z0-9_]+)*(?:\.\*)?)$", max_length=100)
]
_Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]
_Host = Annotated[str, Field(pattern=r"^(?:\*|[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*)$", max_length=253)]
_Surfaces = Annotated[tuple[Surface, ...], Field(min_length=1)]


class RuleEntry(BaseModel):
    """What becomes of findings of these categories (`pii.card`, `pii.*`, `*`); the first that fits decides.

    `at_least` is the confidence from which it fits; `roles` and `apps` narrow it, empty fits all.
    """

    model_config = _FORBID

    find: Annotated[tuple[CategoryPattern, ...], Field(min_length=1)]
    surfaces: _Surfaces = SURFACES
    at_least: float = Field(default=0.5, ge=0, le=1)
    do: Action
    roles: tuple[_Name, ...] = ()
    apps: tuple[_Name, ...] = ()


class ExceptionEntry(BaseModel):
    """What is let pass, where a rule would not, up to and including the day `until`; `reason` says why."""

    model_config = _FORBID

    find: Annotated[tuple[CategoryPattern, ...], Field(min_length=1)]
    surfaces: _Surfaces = SURFACES
    roles: tuple[_Name, ...] = ()
    apps: tuple[_Name, ...] = ()
    until: date
    reason: str = Field(min_length=1, max_length=500)


class DecodeEntry(BaseModel):
    """How far encoded stretches (base64, hex, URL, HTML, ROT13, leet) are decoded and looked at again.

    `depth` 0 turns it off; `max_characters` bounds all that is decoded of one text.
    """

    model_config = _FORBID

    depth: int = Field(default=3, ge=0, le=5)
    max_characters: int = Field(default=65_536, ge=0, le=MAX_BYTES)


class StreamEntry(BaseModel):
    """How an output that streams is checked.

    `hold` characters are held back, and more of a word that has not ended and from where a longer finding may
    begin: what a detector with a span up to it, or with signs of its longer findings, finds is stopped or
    redacted in time. `whole`: a detector that needs more either makes the stream wait to its end (`buffer`),
    or can only end it with an error (`end`).
    """

    model_config = _FORBID

    hold: int = Field(default=48, ge=1, le=4096)
    whole: Literal["end", "buffer"] = "end"


class GuardFile(BaseModel):
    """A guard's policy: its detectors by name with their parameters, then rules and exceptions.

    `fail: closed` stops a text that a detector failed on; `open` lets it pass and flags it. `timeout_ms` is
    how long one detector may take for one text with what it encodes, `message` what the user reads where a
    text is stopped. `tools` are those that an app may call; `outside` its inputs that are not the user's
    words, `hosts` where answers may point to, each with its sub-domains, beside what those words name; `*`
    any.
    """

    model_config = _FORBID

    fail: Literal["closed", "open"] = "closed"
    max_bytes: int = Field(default=MAX_BYTES, ge=1, le=MAX_BYTES)
    timeout_ms: int = Field(default=1000, ge=1, le=60_000)
    message: str = Field(
        default="This was stopped by the policy of this service.", min_length=1, max_length=500
    )
    decode: DecodeEntry = DecodeEntry()
    stream: StreamEntry = StreamEntry()
    detectors: Annotated[dict[_Name, dict[str, JsonValue]], Field(min_length=1)]
    rules: Annotated[tuple[RuleEntry, ...], Field(min_length=1)]
    exceptions: tuple[ExceptionEntry, ...] = ()
    tools: dict[ToolName, ToolEntry] = {}
    outside: tuple[_Name, ...] = ()
    hosts: tuple[_Host, ...] = ()


def read_guard_file(text: str, where: str) -> tuple[GuardFile, "Places"]:
    """Return the file in `text`, and where its keys stand; raises `UserError` naming line and nearest key."""
    located = read_yaml(text, where)
    places = Places(where, located)
    if not isinstance(located.value, dict):
        raise UserError(
            "GAO-GUARD-001",
            f"{where} is not a mapping of keys",
            why="a policy needs at least `detectors` and `rules`",
            fix="`genaiops guard check --help` says how a policy is given; docs/guard.md shows one",
            where=f"{where}:1",
        )
    try:
        policy = GuardFile.model_validate(_without_nulls(located.value))
    except ValidationError as error:
        raise _invalid(error, places) from None
    _check_tools(policy, places)
    return policy, places


def _check_tools(policy: GuardFile, places: "Places") -> None:
    """Raise `UserError` for a key of a tool that can have no effect."""
    for name, entry in policy.tools.items():
        for path, why in unread(name, entry):
            raise UserError(
                "GAO-GUARD-013",
                f"tools.{'.'.join(path)} has no effect",
                why=f"{why}; a setting that is not applied would look like protection",
                fix="correct it, or remove it",
                where=places.of("tools", *path),
            )


def _without_nulls(values: Mapping[str, Json]) -> dict[str, Json]:
    """Return `values` where a detector or a tool that stands alone (`secrets:`) has no parameters."""
    return {
        key: {name: {} if given is None else given for name, given in value.items()}
        if key in ("detectors", "tools") and isinstance(value, dict)
        else value
        for key, value in values.items()
    }


class Places:
    """Where each key of a file stands."""

    def __init__(self, file: str, located: Located) -> None:
        self.file = file
        self._located = located

    def of(self, *path: str | int) -> str:
        """Return file, line and column of the innermost part of `path` that is there."""
        for size in range(len(path), 0, -1):
            if path[:size] in self._located.lines:
                return f"{self.file}:{self._located.lines[path[:size]]}:{self._located.columns[path[:size]]}"
        return self.file


def nearest(name: str, known: Sequence[str]) -> str:
    """Return words that name the nearest of `known`, or all of them where none is near."""
    close = get_close_matches(name, known, n=1, cutoff=0.5)
    return (f"did you mean {close[0]!r}? " if close else "") + f"Known: {', '.join(sorted(known))}"


_KNOWN: Mapping[str, type[BaseModel]] = {
    "": GuardFile,
    "rules": RuleEntry,
    "exceptions": ExceptionEntry,
    "decode": DecodeEntry,
    "stream": StreamEntry,
    "tools": ToolEntry,
}


def _invalid(error: ValidationError, places: Places) -> UserError:
    details = error.errors(include_url=False)
    first = min(details, key=lambda item: item["type"] != "extra_forbidden")
    path: KeyPath = tuple(first["loc"])
    last = path[len(path) - 1] if path else ""
    dotted = ".".join(map(str, path))
    if first["type"] == "extra_forbidden":
        model = (
            Shape
            if "arguments" in path[:-1]
            else _KNOWN.get(str(path[0]) if len(path) > 1 else "", GuardFile)
        )
        known = [field.alias or key for key, field in model.model_fields.items()]
        return UserError(
            "GAO-GUARD-002",
            f"unknown key {one_line(dotted, 80)!r}",
            why="the guard does not know it, and a setting that is not applied would be worse than none",
            fix=nearest(str(last), known),
            where=places.of(*path),
        )
    if first["type"] == "missing":
        return UserError(
            "GAO-GUARD-003",
            f"the key {dotted!r} is missing",
            fix=f"add `{dotted.rpartition('.')[2]}:`; schemas/guard.schema.json lists every key",
            where=places.of(*path[:-1]),
        )
    return UserError(
        "GAO-GUARD-004",
        f"{dotted or 'the file'} does not fit: {one_line(repr(cast('object', first['input'])), 80)}",
        why=first["msg"].replace("Input should be", "expected", 1),
        fix="correct the value; schemas/guard.schema.json lists every key",
        where=places.of(*path),
    )
