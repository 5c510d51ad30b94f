"""Between our frozen dataclasses and JSON: one encoder, one strict decoder, one schema maker."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, TypeVar, cast

from pydantic import TypeAdapter, ValidationError

from genaiops.core.digests import Json
from genaiops.core.errors import UserError

T = TypeVar("T")


@lru_cache(maxsize=256)
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def encode(value: object) -> Json:
    """Return `value` (a contract dataclass, or containers of them) as plain JSON values."""
    return cast(Json, _adapter(type(value)).dump_python(value, mode="json"))


def encode_json(value: object) -> str:
    """Return `value` as JSON text: what `decode_json` reads."""
    return _adapter(type(value)).dump_json(value).decode()


def decode(kind: type[T], value: object, *, where: str = "", code: str = "GAO-CORE-003") -> T:
    """Return `value` as a `kind`; raises `UserError` naming the first key that does not fit."""
    try:
        return cast(T, _adapter(kind).validate_python(value))
    except ValidationError as error:
        raise _not_a(kind, error, where, code) from error


def decode_json(kind: type[T], text: str | bytes, *, where: str = "", code: str = "GAO-CORE-003") -> T:
    """Return the JSON `text` as a `kind`; raises `UserError` naming the first key that does not fit."""
    try:
        return cast(T, _adapter(kind).validate_json(text))
    except ValidationError as error:
        raise _not_a(kind, error, where, code) from error


def decode_each(kind: type[T], lines: Sequence[bytes], *, where: str, code: str = "GAO-CORE-003") -> list[T]:
    """Return each JSON text as a `kind`; raises `UserError` for the first that does not fit, by its line."""
    validate = _adapter(kind).validator.validate_json  # looked up once: there may be ten thousands of lines
    found: list[T] = []
    try:
        found.extend(map(validate, lines))
    except ValidationError as error:
        raise _not_a(kind, error, f"{where}, line {len(found) + 1}", code) from error
    return found


def json_schema(kind: type[object]) -> dict[str, Json]:
    """Return the JSON Schema (2020-12) of a contract."""
    schema = _adapter(kind).json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _not_a(kind: type[object], error: ValidationError, where: str, code: str) -> UserError:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    key = ".".join(str(part) for part in first["loc"])
    return UserError(
        code,
        f"this is not a {kind.__name__}" + (f": {key}" if key else ""),
        why=first["msg"],
        fix="correct the value, or remove the key",
        where=where,
    )
