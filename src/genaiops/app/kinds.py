"""The kinds of artifact that this room owns: an app as it answered, and what calibration learnt for it."""

from collections.abc import Mapping

from genaiops.core import Digest, Json, KindSpec

_DIGEST: dict[str, Json] = {"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"}


def _lines(value: Json, place: str = "") -> dict[str, str]:
    if isinstance(value, dict) and value:
        found: dict[str, str] = {}
        for key, item in value.items():
            found |= _lines(item, f"{place}.{key}" if place else key)
        return found
    return {place: repr(value)}


def _diff(before: Mapping[str, Json], after: Mapping[str, Json]) -> list[str]:
    old, new = _lines(dict(before)), _lines(dict(after))
    said: list[str] = []
    for key in sorted(old.keys() | new.keys()):
        if key not in new:
            said.append(f"- {key}: {old[key]}")
        elif key not in old:
            said.append(f"+ {key}: {new[key]}")
        elif old[key] != new[key]:
            said.append(f"~ {key}: {old[key]} -> {new[key]}")
    return said


APP_KIND = KindSpec(
    kind="app",
    schema={
        "type": "object",
        "required": ["digest", "config"],
        "properties": {"digest": _DIGEST, "config": {"type": "object"}, "tree": {"type": ["string", "null"]}},
    },
    diff=_diff,
    closure=lambda manifest: frozenset[Digest](),
)
"""An app: the digest of everything that makes its outputs, its resolved configuration, its git tree."""

CALIBRATION_KIND = KindSpec(
    kind="calibration",
    schema={
        "type": "object",
        "required": ["values", "learned_on"],
        "properties": {"values": {"type": "object"}, "learned_on": {"type": "object"}},
    },
    diff=_diff,
    closure=lambda manifest: frozenset[Digest](),
)
"""Thresholds and weights (`values`), and the data and index they were learnt on."""
