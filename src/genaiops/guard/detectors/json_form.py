"""Whether a text is JSON that fits a schema: RFC 8259, and JSON Schema as its draft says.

Duplicate keys, which parsers read differently, and numbers that JSON does not have are no JSON here. Nothing
is fetched for a schema, and its patterns are matched in linear time (no look-around, no back-reference).
"""

import json
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from typing import Any, NoReturn, cast

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from genaiops.core import DetectorSpec, Finding, Json, UserError, one_line
from genaiops.guard.detectors.base import Pure, parameters_of
from genaiops.models import need_extra

SPEC = DetectorSpec(
    name="json",
    version="1",
    surfaces=frozenset({"output", "tool_call", "tool_result"}),
    span="whole",
    categories=frozenset({"json.syntax", "json.schema"}),
    decoded=False,
)
_SURE = 1.0


class JsonParameters(BaseModel):
    """The schema, and how deep a text may nest and how many values it may hold. `true` fits every JSON."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    fits: dict[str, JsonValue] | bool = Field(default=True, alias="schema")
    depth: int = Field(default=64, ge=1, le=200)
    values: int = Field(default=10_000, ge=1, le=100_000)


def json_form(given: Mapping[str, Json]) -> Pure:
    """Return the detector of texts that are no JSON, or not of the policy's schema.

    Raises `UserError` for a schema that is none, and where the extra `json` is not installed.
    """
    parameters = parameters_of(JsonParameters, given)
    misfit = _misfit(parameters.fits)
    return Pure(SPEC, lambda text, where: _find(text, parameters, misfit))


def _misfit(schema: dict[str, JsonValue] | bool) -> Callable[[Json], str]:
    """Return what says in which rule of the schema a value does not fit; empty where it does."""
    if schema is True:
        return lambda value: ""
    need_extra("jsonschema-rs", "json", "the detector 'json' with a schema")
    library: Any = import_module("jsonschema_rs")
    try:
        validator = library.validator_for(schema, offline=True, pattern_options=library.RegexOptions())
    except ValueError as error:
        raise UserError(
            "GAO-GUARD-025",
            "the schema of the detector 'json' is no JSON Schema",
            why=one_line(str(error), 200),
            fix="correct it; it must stand in the policy whole, with patterns that need no look-around",
        ) from error

    def misfit(value: Json) -> str:
        first = next(iter(validator.iter_errors(value)), None)
        return "" if first is None else "/".join(map(str, first.schema_path)) or "it"

    return misfit


def _find(text: str, parameters: JsonParameters, misfit: Callable[[Json], str]) -> Iterator[Finding]:
    try:
        value = cast(Json, json.loads(text, parse_constant=_no_number, object_pairs_hook=_object))
    except RecursionError:
        yield _finding(text, "json.syntax", "JSON that is nested too deep")
        return
    except ValueError as error:
        why = (
            "the same key twice in one object" if isinstance(error, _TwiceError) else "not JSON, or not only"
        )
        yield _finding(text, "json.syntax", why)
        return
    if too := _too_large(value, parameters):
        yield _finding(text, "json.syntax", too)
    elif rule := misfit(value):
        yield _finding(text, "json.schema", one_line(f"the schema's rule {rule} does not hold", 200))


class _TwiceError(ValueError):
    """A key stands twice in one object."""


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _TwiceError
    return found


def _no_number(name: str) -> NoReturn:
    raise ValueError


def _too_large(value: Json, parameters: JsonParameters) -> str:
    """Return in words what bound a value exceeds; empty where none."""
    seen, level = 0, [value]
    for _ in range(parameters.depth):
        seen += len(level)
        if seen > parameters.values:
            return f"JSON of more than {parameters.values:,} values"
        level = [
            part
            for each in level
            for part in (each.values() if isinstance(each, dict) else each if isinstance(each, list) else ())
        ]
    return f"JSON that is nested deeper than {parameters.depth}" if level else ""


def _finding(text: str, category: str, reason: str) -> Finding:
    return Finding(
        detector=SPEC.name, category=category, start=0, end=len(text), confidence=_SURE, reason=reason
    )
