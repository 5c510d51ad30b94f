"""Versions of the Hub as components of a bill of materials. Pure.

What is known of licence, owner and sensitivity is read in one place, `known_of`.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from genaiops.core import Digest, Json, Kind, hex_of
from genaiops.hub import Version

Part = dict[str, Json]
IsSpdx = Callable[[str], bool]

UNKNOWN = "unknown"

_DATA: dict[Kind, str] = {
    "prompt": "configuration",
    "guard": "configuration",
    "scorer": "configuration",
    "suite": "configuration",
    "calibration": "configuration",
    "policy": "configuration",
    "blueprint": "source-code",
    "dataset": "dataset",
    "corpus": "dataset",
    "recording": "dataset",
    "index": "other",
    "embedding": "other",
}
_CONTENT = ("rows", "content")
"""Blobs that are the artifact itself: their digest is that of a file, so it may stand as a hash."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What people said about a version; empty where nobody did."""

    licence: str = ""
    owner: str = ""
    sensitivity: str = ""
    description: str = ""


def known_of(version: Version) -> Known:
    """Return what people said about a version."""
    return Known(**version.described)


def properties(facts: Mapping[str, Json]) -> list[Json]:
    """Return facts as properties under our prefix; a fact that is None or empty is left out."""
    return [
        {"name": f"genaiops:{name}", "value": value if isinstance(value, str) else json.dumps(value)}
        for name, value in facts.items()
        if value is not None and value != ""
    ]


def licences(known: str, is_spdx: IsSpdx) -> list[Json]:
    """Return a licence by its SPDX identifier, else by its name; where none is known, that is said."""
    return [{"license": {"id": known} if known and is_spdx(known) else {"name": known or UNKNOWN}}]


def hashes(digest: Digest | None) -> list[Json]:
    """Return a content's digest as the standard writes it; none where there is none."""
    return [{"alg": "SHA-256", "content": hex_of(digest)}] if digest else []


def data_part(version: Version, is_spdx: IsSpdx, licence: str = "") -> Part:
    """Return an artifact as a component of type `data`; `licence` is what else says it."""
    known = known_of(version)
    licence = licence or str(version.manifest.get("licence") or "")  # an embedding says that of its weights
    described = known.description or _described(version)
    data: dict[str, Json] = {"type": _DATA.get(cast(Kind, version.kind), "other"), "name": version.artifact}
    if described:
        data["description"] = described
    if known.sensitivity:
        data["classification"] = known.sensitivity
    if known.owner:
        data["governance"] = {"owners": [{"contact": {"name": known.owner}}]}
    content = next((version.blobs[name] for name in _CONTENT if name in version.blobs), None)
    part: Part = {
        "type": "data",
        "bom-ref": version.reference,
        "name": version.artifact,
        "version": f"v{version.number}",
        "hashes": hashes(content),
        "licenses": licences(known.licence or licence, is_spdx),
        "data": [data],
        "properties": properties({"kind": version.kind, "digest": version.digest, **_recipe(version)}),
    }
    return {key: value for key, value in part.items() if value != []}


def unnamed_dataset(digest: str, learnt: str) -> Part:
    """Return a dataset of which only the digest is known, and what was `learnt` on it."""
    return {
        "type": "data",
        "bom-ref": f"dataset/{digest}",
        "name": f"data of {learnt}",
        "licenses": [{"license": {"name": UNKNOWN}}],
        "data": [{"type": "dataset", "description": f"what {learnt} was learnt on; it is not in the Hub"}],
        "properties": properties({"kind": "dataset", "digest": digest}),
    }


def package_parts(packages: Mapping[str, str]) -> list[Json]:
    """Return Python packages as libraries with their package URL; their licence is not looked up."""
    return [
        {
            "type": "library",
            "bom-ref": purl(name, version),
            "name": name,
            "version": version,
            "purl": purl(name, version),
            "licenses": [{"license": {"name": UNKNOWN}}],
        }
        for name, version in sorted(packages.items())
    ]


def purl(name: str, version: str) -> str:
    """Return the package URL of a Python distribution."""
    # of what a version may hold (PEP 440) only these two are not written as they are
    written = version.replace("!", "%21").replace("+", "%2B")
    return f"pkg:pypi/{name.lower().replace('_', '-')}@{written}"


def once(parts: Iterable[Part]) -> list[Part]:
    """Return the parts with each reference once, the first one, in the order of their references."""
    found: dict[str, Part] = {}
    for part in parts:
        found.setdefault(str(part["bom-ref"]), part)
    return [found[reference] for reference in sorted(found)]


def _recipe(version: Version) -> dict[str, Json]:
    """Return how an index was made, its corpus and its embedder apart: they are components themselves."""
    if version.kind != "index":
        return {}
    recipe = cast("Mapping[str, Json]", version.manifest.get("recipe") or {})
    return {f"recipe.{key}": recipe[key] for key in sorted(recipe.keys() - {"corpus", "embedder"})}


def _described(version: Version) -> str:
    manifest = version.manifest
    if version.kind == "corpus":
        if manifest.get("passages"):
            return f"{manifest['passages']:,} ready-made passages"
        documents = cast("Sequence[Mapping[str, Json]]", manifest.get("documents") or [])
        restricted = sum(each.get("access") is not None for each in documents)
        return f"{len(documents):,} documents, {restricted:,} of them restricted to groups"
    if version.kind == "dataset" and "cases" in manifest:
        return f"{manifest['cases']} cases"
    return str(manifest.get("description") or "")
