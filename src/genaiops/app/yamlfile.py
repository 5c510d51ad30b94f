"""YAML as plain JSON values, with the place of every key, and without YAML's surprises."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import yaml

from genaiops.core import Json, UserError, one_line

KeyPath = tuple[str | int, ...]
"""Where a value stands: keys of mappings and numbers of list items, from the top."""

MAX_BYTES = 1_000_000
MAX_DEPTH = 40


@dataclass(frozen=True, slots=True)
class Located:
    """A document's value, and the line and column (from 1) of each of its keys and items."""

    value: Json
    places: Mapping[KeyPath, tuple[int, int]]


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader without aliases (a few lines of them can stand for gigabytes)."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Compose the next node; an alias or an anchor is an error."""
        event = cast(yaml.Event, self.peek_event())  # pyright: ignore[reportUnknownMemberType]
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise yaml.MarkedYAMLError(
                problem="anchors (&) and aliases (*) are not allowed here; write the value out",
                problem_mark=event.start_mark,
            )
        self.depth = getattr(self, "depth", 0) + 1
        if self.depth > MAX_DEPTH:
            raise yaml.MarkedYAMLError(
                problem=f"more than {MAX_DEPTH} levels of nesting", problem_mark=event.start_mark
            )
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


def read_yaml(text: str, where: str) -> Located:
    """Return the one document in `text`; raises `UserError` with `where`, line and column."""
    if len(text) > MAX_BYTES:
        raise _bad(f"the file is longer than {MAX_BYTES:,} characters", where)
    places: dict[KeyPath, tuple[int, int]] = {}
    try:
        loader = _Loader(text)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise _bad("it holds a control character", f"{where}:{line}") from error
    try:
        node = loader.get_single_node()
        value = None if node is None else _plain(loader, node, (), places)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{where}:{mark.line + 1}:{mark.column + 1}" if mark else where
        raise _bad(error.problem or error.context or "it cannot be parsed", place) from error
    except yaml.YAMLError as error:
        raise _bad(str(error), where) from error
    finally:
        loader.dispose()  # pyright: ignore[reportUnknownMemberType]
    return Located(value, places)


def _bad(why: str, where: str) -> UserError:
    return UserError(
        "GAO-APP-002",
        "the file is not the YAML that is expected here",
        why=one_line(why),
        fix="correct it at the place named; docs/project-file.md shows a whole file",
        where=where,
    )


def _plain(loader: _Loader, node: yaml.Node, path: KeyPath, places: dict[KeyPath, tuple[int, int]]) -> Json:
    places.setdefault(path, (node.start_mark.line + 1, node.start_mark.column + 1))
    if isinstance(node, yaml.MappingNode) and node.tag == "tag:yaml.org,2002:map":
        return _mapping(loader, node, path, places)
    if isinstance(node, yaml.SequenceNode) and node.tag == "tag:yaml.org,2002:seq":
        return [_plain(loader, item, (*path, at), places) for at, item in enumerate(node.value)]
    return _scalar(loader, node)


def _mapping(
    loader: _Loader, node: yaml.MappingNode, path: KeyPath, places: dict[KeyPath, tuple[int, int]]
) -> Json:
    values: dict[str, Json] = {}
    for key_node, value_node in node.value:
        key = _scalar(loader, key_node) if isinstance(key_node, yaml.ScalarNode) else None
        if isinstance(key, bool) or not isinstance(key, str | int):
            raise yaml.MarkedYAMLError(problem="a key must be text", problem_mark=key_node.start_mark)
        name = str(key)
        if name in values:
            raise yaml.MarkedYAMLError(
                problem=f"the key {name!r} stands here twice", problem_mark=key_node.start_mark
            )
        places[(*path, name)] = (key_node.start_mark.line + 1, key_node.start_mark.column + 1)
        values[name] = _plain(loader, value_node, (*path, name), places)
    return values


def _scalar(loader: _Loader, node: yaml.Node) -> Json:
    if isinstance(node, yaml.ScalarNode) and node.tag in (
        "tag:yaml.org,2002:timestamp",
        "tag:yaml.org,2002:value",
    ):
        return str(node.value)
    if not isinstance(node, yaml.ScalarNode):
        raise yaml.MarkedYAMLError(
            problem=f"the tag {node.tag!r} is not allowed", problem_mark=node.start_mark
        )
    try:
        value = cast(object, loader.construct_object(node))  # pyright: ignore[reportUnknownMemberType]
    except ValueError as error:  # an integer of thousands of digits
        raise yaml.MarkedYAMLError(problem=str(error), problem_mark=node.start_mark) from error
    if isinstance(value, float) and not math.isfinite(value):
        raise yaml.MarkedYAMLError(problem="a number must be finite", problem_mark=node.start_mark)
    if value is None or isinstance(value, str | bool | int | float):
        return value
    raise yaml.MarkedYAMLError(
        problem=f"a value of kind {node.tag.rpartition(':')[2]!r} is not allowed",
        problem_mark=node.start_mark,
    )
