"""YAML as plain JSON values, without YAML's surprises: no aliases, no dates, no key twice.

Text may carry front matter: a YAML mapping between two lines `---` at its very beginning.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import yaml

from genaiops.core.digests import Json
from genaiops.core.errors import UserError
from genaiops.core.text import one_line

KeyPath = tuple[str | int, ...]
"""Where a value stands: keys of mappings and numbers of list items, from the top."""

MAX_CHARACTERS = 1_000_000
MAX_DEPTH = 40

_OPENING = re.compile(r"---[ \t]*\n")
_CLOSING = re.compile(r"^(?:---|\.\.\.)[ \t]*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Located:
    """A value, and the line and column (from 1) of each of its keys and items."""

    value: Json
    lines: Mapping[KeyPath, int]
    columns: Mapping[KeyPath, int]


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """The mapping at the head of a text (empty where there is none), and where the body begins."""

    values: dict[str, Json]
    lines: Mapping[KeyPath, int]
    body_start: int


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader without aliases (a few lines of them can stand for gigabytes)."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event = cast("yaml.Event", self.peek_event())  # pyright: ignore[reportUnknownMemberType]
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


def read_yaml(text: str, where: str, *, first_line: int = 1) -> Located:
    """Return the one document in `text`, whose first line is line `first_line` of `where`.

    Raises `UserError` with file, line and column.
    """
    if len(text) > MAX_CHARACTERS:
        raise _bad(f"it is longer than {MAX_CHARACTERS:,} characters", where)
    try:
        reader = _Reader(text, first_line)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + first_line
        raise _bad("it holds a control character", f"{where}:{line}") from error
    try:
        return reader.read()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{where}:{mark.line + first_line}:{mark.column + 1}" if mark else where
        raise _bad(error.problem or error.context or "it cannot be parsed", place) from error
    except yaml.YAMLError as error:
        raise _bad(str(error), where) from error


def read_front_matter(text: str, where: str) -> FrontMatter:
    """Return the front matter of `text`; raises `UserError` where it does not end or is no mapping."""
    opening = _OPENING.match(text)
    if opening is None:
        return FrontMatter({}, {}, 0)
    closing = _CLOSING.search(text, opening.end())
    if closing is None:
        raise UserError(
            "GAO-CORE-011",
            "front matter begins here and does not end",
            why="a text whose first line is --- has YAML up to a second line ---",
            fix="add a line --- after the last key, or remove the first line",
            where=f"{where}:1",
        )
    located = read_yaml(text[opening.end() : closing.start()], where, first_line=2)
    if located.value is not None and not isinstance(located.value, dict):
        raise _bad("front matter is a mapping: one `key: value` a line", f"{where}:2")
    return FrontMatter(located.value or {}, located.lines, min(closing.end() + 1, len(text)))


def _bad(why: str, where: str) -> UserError:
    return UserError(
        "GAO-CORE-010",
        "this is not the YAML that is expected here",
        why=one_line(why),
        fix="correct it at the place named",
        where=where,
    )


class _Reader:
    def __init__(self, text: str, first_line: int) -> None:
        self._loader = _Loader(text)
        self._first_line = first_line
        self._lines: dict[KeyPath, int] = {}
        self._columns: dict[KeyPath, int] = {}

    def read(self) -> Located:
        try:
            node = self._loader.get_single_node()
            value = None if node is None else self._plain(node, ())
        finally:
            self._loader.dispose()  # pyright: ignore[reportUnknownMemberType]
        return Located(value, self._lines, self._columns)

    def _plain(self, node: yaml.Node, path: KeyPath) -> Json:
        if path not in self._lines:  # the value of a key stands where its key does
            self._place(node, path)
        if isinstance(node, yaml.MappingNode) and node.tag == "tag:yaml.org,2002:map":
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode) and node.tag == "tag:yaml.org,2002:seq":
            return [self._plain(item, (*path, at)) for at, item in enumerate(node.value)]
        return self._scalar(node)

    def _mapping(self, node: yaml.MappingNode, path: KeyPath) -> Json:
        values: dict[str, Json] = {}
        for key_node, value_node in node.value:
            key = self._scalar(key_node) if isinstance(key_node, yaml.ScalarNode) else None
            if isinstance(key, bool) or not isinstance(key, str | int):
                raise yaml.MarkedYAMLError(problem="a key must be text", problem_mark=key_node.start_mark)
            name = str(key)
            if name in values:
                raise yaml.MarkedYAMLError(
                    problem=f"the key {name!r} stands here twice", problem_mark=key_node.start_mark
                )
            self._place(key_node, (*path, name))
            values[name] = self._plain(value_node, (*path, name))
        return values

    def _place(self, node: yaml.Node, path: KeyPath) -> None:
        self._lines[path] = node.start_mark.line + self._first_line
        self._columns[path] = node.start_mark.column + 1

    def _scalar(self, node: yaml.Node) -> Json:
        if not isinstance(node, yaml.ScalarNode):
            raise yaml.MarkedYAMLError(
                problem=f"the tag {node.tag!r} is not allowed", problem_mark=node.start_mark
            )
        if node.tag in ("tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:value"):
            return str(node.value)
        try:
            value = cast(object, self._loader.construct_object(node))  # pyright: ignore[reportUnknownMemberType]
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
