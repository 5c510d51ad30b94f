"""How two JSON values compare, field by field: what the scorers of data and of tool calls share.

A field is a text, number or truth value at its path; null, `{}` and `[]` hold none. Paths are written with
dots, `*` for every position of a list; what is said of a path holds for everything below it, and the longest
path counts. Where nothing is said, a field must be equal, in value and in type (1 is 1.0, and neither true
nor "1").
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from genaiops.arena.scorers.aligning import any_order
from genaiops.arena.scorers.base import choice, wrong_parameter
from genaiops.core import Json, normalise

Path = tuple[str | int, ...]
Leaf = str | int | float | bool
How = Callable[[Leaf, Leaf], bool]
"""Whether what was said at a path is what was meant."""

DEFAULTS: dict[str, Json] = {"match": "exact", "fields": {}}
"""The parameters that `comparing` reads."""

_NEEDED = "exact, normalised, ignore, any_order, {absolute: number ≥ 0} or {relative: number ≥ 0}"


@dataclass(frozen=True, slots=True)
class Compared:
    """How many fields are right, were expected, were said; and which differ, lack or stand besides."""

    right: int
    expected: int
    said: int
    differ: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()

    @property
    def same(self) -> bool:
        """Whether every field is right and none is there besides."""
        return self.right == self.expected == self.said

    @property
    def reason(self) -> str | None:
        """Return the fields that are not right, by name; None where all are."""
        parts = {"differ": self.differ, "missing": self.missing, "not expected": self.extra}
        said = [f"{word}: {', '.join(names)}" for word, names in parts.items() if names]
        return "; ".join(said) or None


@dataclass(frozen=True, slots=True)
class Comparing:
    """Rules by path; None leaves a field out. `bags` are the lists whose order does not count."""

    default: How
    rules: Mapping[tuple[str, ...], How | None]
    bags: frozenset[tuple[str, ...]]

    def compare(self, said: Json, meant: Json, at: Path = ()) -> Compared:
        """Compare two values that stand at the path `at`."""
        wanted, found = self._sort(meant, at), self._sort(said, at)
        differ = [
            path
            for path, leaf in wanted.fields.items()
            if path in found.fields and not self._fits(path, found.fields[path], leaf)
        ]
        missing = [path for path in wanted.fields if path not in found.fields]
        extra = [path for path in found.fields if path not in wanted.fields]
        right = len(wanted.fields) - len(differ) - len(missing)
        expected, there = len(wanted.fields), len(found.fields)
        for place in dict.fromkeys((*wanted.bags, *found.bags)):
            mine, theirs = wanted.bags.get(place, []), found.bags.get(place, [])
            pairs = len(any_order(len(mine), len(theirs), self._items(mine, theirs)))
            right, expected, there = right + pairs, expected + len(mine), there + len(theirs)
            differ += [place] if pairs < max(len(mine), len(theirs)) else []
        return Compared(right, expected, there, _names(differ), _names(missing), _names(extra))

    def _items(self, mine: "list[_Item]", theirs: "list[_Item]") -> Callable[[int, int], bool]:
        def fits(i: int, j: int) -> bool:
            one, other = mine[i], theirs[j]
            return one.fields.keys() == other.fields.keys() and all(
                self._fits((*one.at, *path), other.fields[path], leaf) for path, leaf in one.fields.items()
            )

        return fits

    def _fits(self, path: Path, said: Leaf, meant: Leaf) -> bool:
        how = self._rule(path)
        return how is None or how(said, meant)

    def _rule(self, path: Path) -> How | None:
        covering = [pattern for pattern in self.rules if _covers(pattern, path)]
        return self.rules[max(covering, key=len)] if covering else self.default

    def _sort(self, value: Json, at: Path) -> "_Sorted":
        """Part the fields of a value into those that stand for themselves and the items of bags."""
        done = _Sorted()
        items: dict[tuple[Path, int], _Item] = {}
        for path, leaf in leaves(value, at):
            if self._rule(path) is None:
                continue
            place = self._bag(path)
            if place is None:
                done.fields[path] = leaf
                continue
            number = path[len(place)]
            assert isinstance(number, int)
            if (place, number) not in items:
                items[place, number] = _Item((*place, number))
                done.bags.setdefault(place, []).append(items[place, number])
            items[place, number].fields[path[len(place) + 1 :]] = leaf
        return done

    def _bag(self, path: Path) -> Path | None:
        """Return the place of the outermost bag that a field lies in."""
        for size in sorted({len(pattern) for pattern in self.bags}):
            inside = size < len(path) and isinstance(path[size], int)
            if inside and any(len(p) == size and _covers(p, path) for p in self.bags):
                return path[:size]
        return None


@dataclass(slots=True)
class _Item:
    """One item of a bag: where it stands, and its fields by their path inside it."""

    at: Path
    fields: dict[Path, Leaf] = field(default_factory=dict[Path, Leaf])


@dataclass(slots=True)
class _Sorted:
    fields: dict[Path, Leaf] = field(default_factory=dict[Path, Leaf])
    bags: dict[Path, list[_Item]] = field(default_factory=dict[Path, list[_Item]])


def leaves(value: Json, at: Path = ()) -> list[tuple[Path, Leaf]]:
    """Return every field of a value with its path, in the value's order, however deep it goes."""
    found: list[tuple[Path, Leaf]] = []
    waiting: list[tuple[Path, Json]] = [(at, value)]
    while waiting:
        path, one = waiting.pop()
        if isinstance(one, dict):
            waiting += [((*path, key), inner) for key, inner in reversed(one.items())]
        elif isinstance(one, list):
            waiting += [((*path, number), one[number]) for number in range(len(one) - 1, -1, -1)]
        elif one is not None:
            found.append((path, one))
    return found


def comparing(scorer: str, parameters: Mapping[str, Json]) -> Comparing:
    """Return the rules that `match` and `fields` state; raises `UserError` for a rule that is none."""
    match, fields = choice(scorer, parameters, "match", _BY_NAME), parameters["fields"]
    if not isinstance(fields, dict):
        raise wrong_parameter(scorer, "fields", fields, f"a mapping from paths to {_NEEDED}")
    bags = frozenset(_pattern(path) for path, how in fields.items() if how == "any_order")
    rules = {_pattern(path): _how(scorer, path, how) for path, how in fields.items() if how != "any_order"}
    return Comparing(_BY_NAME[match], rules, bags)


def _how(scorer: str, path: str, how: Json) -> How | None:
    if how == "ignore":
        return None
    if isinstance(how, str) and how in _BY_NAME:
        return _BY_NAME[how]
    if isinstance(how, dict) and len(how) == 1:
        ((kind, size),) = how.items()
        if kind in ("absolute", "relative") and isinstance(size, int | float) and _is_size(size):
            return _within(float(size), relative=kind == "relative")
    raise wrong_parameter(scorer, f"fields.{path}", how, _NEEDED)


def _is_size(value: float) -> bool:
    return not isinstance(value, bool) and math.isfinite(value) and value >= 0


def _within(size: float, *, relative: bool) -> How:
    def near(said: Leaf, meant: Leaf) -> bool:
        if not (_is_number(said) and _is_number(meant)):
            return False
        try:
            apart, limit = abs(float(said) - float(meant)), size * (abs(float(meant)) if relative else 1.0)
        except OverflowError:  # an integer that no float can hold
            return False
        # 1.1 lies within 0.1 of 1.0, though their floats do not
        return math.isfinite(apart) and (apart <= limit or math.isclose(apart, limit))

    return near


def _equal(said: Leaf, meant: Leaf) -> bool:
    return said == meant and isinstance(said, bool) == isinstance(meant, bool)


def _alike(said: Leaf, meant: Leaf) -> bool:
    if isinstance(said, str) and isinstance(meant, str):
        return said == meant or normalise(said) == normalise(meant) != ""
    return _equal(said, meant)


_BY_NAME: dict[str, How] = {"exact": _equal, "normalised": _alike}


def _is_number(value: Leaf) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _pattern(path: str) -> tuple[str, ...]:
    return tuple(path.split("."))


def _covers(pattern: tuple[str, ...], path: Path) -> bool:
    return len(pattern) <= len(path) and all(
        one in ("*", str(part)) for one, part in zip(pattern, path, strict=False)
    )


def _names(paths: list[Path]) -> tuple[str, ...]:
    return tuple(".".join(str(part) for part in path) or "the value" for path in paths)
