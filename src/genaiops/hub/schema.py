"""Whether a manifest fits its kind: required keys, known keys, types of the top level."""

from collections.abc import Mapping
from typing import cast

from genaiops.core import Json

_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}


def misfit(schema: Mapping[str, Json], manifest: Mapping[str, Json]) -> str:
    """Return the first thing in `manifest` that `schema` does not allow; empty where it fits.

    Deliberately less than JSON Schema: the room that made the manifest built it from checked types.
    """
    properties = cast("dict[str, dict[str, Json]]", schema.get("properties", {}))
    for key in cast("list[str]", schema.get("required", [])):
        if key not in manifest:
            return f"the key {key!r} is missing"
    for key, value in manifest.items():
        if key not in properties:
            if schema.get("additionalProperties", True) is False:
                return f"the key {key!r} is not known; known: {', '.join(properties)}"
        elif not _is(value, properties[key].get("type")):
            return f"{key!r} is not of type {properties[key]['type']}"
    return ""


def _is(value: Json, wanted: Json) -> bool:
    names = [wanted] if isinstance(wanted, str) else cast("list[str]", wanted or [])
    return not names or any(_one(value, name) for name in names)


def _one(value: Json, name: str) -> bool:
    if isinstance(value, bool):  # in Python a bool is an int, in JSON it is not
        return name == "boolean"
    return isinstance(value, _TYPES[name])
