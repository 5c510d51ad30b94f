"""What the Hub must know about a prompt."""

import difflib
import json
from collections.abc import Mapping
from typing import cast

from genaiops.core import Digest, Json, KindSpec

Manifest = Mapping[str, Json]


def _lines(manifest: Manifest) -> list[str]:
    """Return a prompt as the lines of its file, for people to compare."""
    lines: list[str] = []
    for key, value in sorted(cast("dict[str, Json]", manifest.get("parameters", {})).items()):
        lines.append(f"{key}: {json.dumps(value, ensure_ascii=False)}")
    for turn in cast("list[dict[str, str]]", manifest.get("turns", [])):
        lines += [f"# {turn['role']}", *turn["template"].split("\n")]
    for example in cast("list[Json]", manifest.get("examples", [])):
        lines.append(f"example: {json.dumps(example, ensure_ascii=False, sort_keys=True)}")
    return lines


def _diff(old: Manifest, new: Manifest) -> list[str]:
    found = difflib.unified_diff(_lines(old), _lines(new), "before", "after", n=2, lineterm="")
    return list(found)


def _closure(manifest: Manifest) -> frozenset[Digest]:
    return frozenset()


PROMPT_KIND = KindSpec(
    kind="prompt",
    schema={
        "type": "object",
        "required": ["name", "turns", "digest"],
        "properties": {
            "name": {"type": "string"},
            "description": {"type": "string"},
            "turns": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["role", "template"],
                    "properties": {
                        "role": {"enum": ["system", "user", "assistant"]},
                        "template": {"type": "string"},
                    },
                },
            },
            "parameters": {"type": "object"},
            "examples": {"type": "array"},
            "digest": {"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"},
        },
    },
    diff=_diff,
    closure=_closure,
)
