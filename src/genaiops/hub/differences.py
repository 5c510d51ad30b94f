"""How two manifests differ, key by key: for kinds that have nothing better to say."""

import json
from collections.abc import Iterator, Mapping

from genaiops.core import Json, Read


def diff_json(old: Mapping[str, Json], new: Mapping[str, Json], read: Read | None = None) -> list[str]:
    """Return one line for each value that was removed (-), added (+) or changed (~); no blob is read."""
    before, after = dict(_leaves(dict(old), "")), dict(_leaves(dict(new), ""))
    lines: list[str] = []
    for key in sorted(before.keys() | after.keys()):
        if key not in after:
            lines.append(f"- {key}: {_show(before[key])}")
        elif key not in before:
            lines.append(f"+ {key}: {_show(after[key])}")
        elif before[key] != after[key]:
            lines.append(f"~ {key}: {_show(before[key])} -> {_show(after[key])}")
    return lines


def _leaves(value: Json, place: str) -> Iterator[tuple[str, Json]]:
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from _leaves(item, f"{place}.{key}" if place else key)
    elif isinstance(value, list) and value:
        for index, item in enumerate(value):
            yield from _leaves(item, f"{place}[{index}]")
    else:
        yield place, value


def _show(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False)
