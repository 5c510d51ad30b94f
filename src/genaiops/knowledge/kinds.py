"""What the Hub must know about a corpus and an index."""

from collections.abc import Mapping
from typing import cast

from genaiops.core import Digest, Json, KindSpec, encode
from genaiops.knowledge.model import Recipe

_DIGEST: dict[str, Json] = {"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"}
Manifest = Mapping[str, Json]


def index_facts(recipe: Recipe) -> dict[str, Json]:
    """Return the manifest of an index: its recipe, for vectors differ in their last bits by machine."""
    return {"recipe": encode(recipe), "digest": recipe.digest}


def _corpus_diff(old: Manifest, new: Manifest) -> list[str]:
    before, after = _documents(old), _documents(new)
    lines = [f"- {path}" for path in sorted(before.keys() - after.keys())]
    lines += [f"+ {path}" for path in sorted(after.keys() - before.keys())]
    for path in sorted(before.keys() & after.keys()):
        if before[path]["digest"] != after[path]["digest"]:
            access = _access_change(before[path], after[path])
            lines.append(f"~ {path}{access}")
    return lines


def _documents(manifest: Manifest) -> dict[str, dict[str, Json]]:
    documents = cast("list[dict[str, Json]]", manifest.get("documents", []))
    return {str(document["path"]): document for document in documents}


def _access_change(old: Mapping[str, Json], new: Mapping[str, Json]) -> str:
    before, after = old.get("access"), new.get("access")
    return "" if before == after else f" (access: {_groups(before)} -> {_groups(after)})"


def _groups(access: Json) -> str:
    return ", ".join(map(str, access)) if isinstance(access, list) else "everyone"


def _corpus_closure(manifest: Manifest) -> frozenset[Digest]:
    return frozenset(Digest(str(document["digest"])) for document in _documents(manifest).values())


def _index_diff(old: Manifest, new: Manifest) -> list[str]:
    before, after = _flat(old.get("recipe"), ""), _flat(new.get("recipe"), "")
    return [
        f"{key}: {before.get(key, '(none)')} -> {after.get(key, '(none)')}"
        for key in sorted(before.keys() | after.keys())
        if before.get(key) != after.get(key)
    ]


def _flat(value: Json, path: str) -> dict[str, Json]:
    if not isinstance(value, dict):
        return {path: value}
    flat: dict[str, Json] = {}
    for key, item in value.items():
        flat |= _flat(item, f"{path}.{key}" if path else key)
    return flat


def _nothing(manifest: Manifest) -> frozenset[Digest]:
    return frozenset()


CORPUS_KIND = KindSpec(
    kind="corpus",
    schema={
        "type": "object",
        "required": ["documents", "digest"],
        "properties": {"documents": {"type": "array"}, "digest": _DIGEST, "ignored": {"type": "array"}},
    },
    diff=_corpus_diff,
    closure=_corpus_closure,
)
INDEX_KIND = KindSpec(
    kind="index",
    schema={
        "type": "object",
        "required": ["recipe", "digest"],
        "properties": {"recipe": {"type": "object"}, "digest": _DIGEST},
    },
    diff=_index_diff,
    closure=_nothing,
)
