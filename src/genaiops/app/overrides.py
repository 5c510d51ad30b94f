"""Values that replace those of the project file: `--set params.top_k=8`, `GENAIOPS_PARAMS__TOP_K=8`.

An override must name a key that the file has (or that the file's schema knows): a misspelt one would
change nothing, and a comparison would then say that the change makes no difference.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import cast

from genaiops.core import Json, KeyPath, UserError, read_yaml

PREFIX = "GENAIOPS_"
_ROLES = ("chat", "embed")


@dataclass(frozen=True, slots=True)
class Override:
    """One value, the dotted path it replaces, and where it was given."""

    path: str
    value: Json
    origin: str


@dataclass(frozen=True, slots=True)
class Overrides:
    """Overrides in the order in which they apply: the environment's first, then the command line's."""

    items: tuple[Override, ...] = ()

    @classmethod
    def parse(cls, sets: Sequence[str], env: Mapping[str, str], top_keys: Sequence[str]) -> "Overrides":
        """Read `KEY=VALUE` texts and the variables whose first part is one of the file's top keys."""
        return cls((*_from_env(env, top_keys), *(_from_text(text) for text in sets)))

    def apply(self, tree: Mapping[str, Json], known: Mapping[str, Sequence[str]]) -> "Applied":
        """Return the file's values with the overrides in place; `known`: schema keys by place."""
        values: Json = _copied(dict(tree))
        origins: dict[KeyPath, str] = {}
        for item in self.items:
            path = _replace(values, item, known)
            origins[path] = item.origin
        return Applied(cast("dict[str, Json]", values), origins)


@dataclass(frozen=True, slots=True)
class Applied:
    """The merged values, and for each overridden place who gave it."""

    values: dict[str, Json]
    origins: Mapping[KeyPath, str]


def nearest(name: str, known: Sequence[str]) -> str:
    """Return words that name the nearest of `known`, or all of them where none is near."""
    close = get_close_matches(name, known, n=1, cutoff=0.5)
    if close:
        return f"did you mean {close[0]!r}? Known: {', '.join(sorted(known))}"
    return f"known: {', '.join(sorted(known))}" if known else "no key is known here"


def _from_text(text: str) -> Override:
    path, equals, value = text.partition("=")
    if not equals or not path.strip():
        raise UserError(
            "GAO-APP-005",
            f"--set {text!r} is no override",
            why="it reads KEY=VALUE",
            fix="--set params.top_k=8",
        )
    origin = f"--set {path.strip()}"
    return Override(path.strip(), read_yaml(value, origin).value, origin)


def _from_env(env: Mapping[str, str], top_keys: Sequence[str]) -> list[Override]:
    found: list[Override] = []
    for name in sorted(env):
        parts = name.removeprefix(PREFIX).lower().split("__")
        if not name.startswith(PREFIX) or (len(parts) == 1 and parts[0] not in top_keys):
            continue
        found.append(Override(".".join(parts), read_yaml(env[name], name).value, name))
    return found


def _copied(value: Json) -> Json:
    if isinstance(value, dict):
        return {key: _copied(item) for key, item in value.items()}
    return [_copied(item) for item in value] if isinstance(value, list) else value


def _replace(tree: Json, item: Override, known: Mapping[str, Sequence[str]]) -> KeyPath:
    """Put the override into `tree`, in place; return the path as the tree spells it."""
    path: KeyPath = ()
    here, rest = tree, item.path.split(".")
    while True:
        key, taken = _step(here, rest, path, item, known)
        path, rest = (*path, key), rest[taken:]
        if not rest:
            break
        here = _child(here, key)
    if isinstance(here, list):
        here[cast(int, key)] = item.value
    else:
        holder = cast("dict[str, Json]", here)
        _same_sort(holder.get(cast(str, key)), item, path)
        holder[cast(str, key)] = item.value
    return path


def _child(here: Json, key: str | int) -> Json:
    if isinstance(here, list):
        return here[cast(int, key)]
    holder = cast("dict[str, Json]", here)
    if holder.get(cast(str, key)) is None:
        holder[cast(str, key)] = {}
    return holder[cast(str, key)]


def _step(
    here: Json, rest: Sequence[str], path: KeyPath, item: Override, known: Mapping[str, Sequence[str]]
) -> tuple[str | int, int]:
    """Return the next key, and how many parts of the path it takes: a key itself may hold dots."""
    if isinstance(here, list):
        if rest[0].isdigit() and int(rest[0]) < len(here):
            return int(rest[0]), 1
        raise _unknown(item, rest[0], path, [str(at) for at in range(len(here))])
    if not isinstance(here, dict):
        raise _unknown(item, rest[0], path, [])
    names = [*here, *(key for key in _schema_keys(path, known) if key not in here)]
    from_env = item.origin.startswith(PREFIX)
    for taken in range(len(rest), 0, -1):
        wanted = ".".join(rest[:taken])
        for name in names:
            if name == wanted or (from_env and _env_form(name) == wanted):
                return name, taken
    raise _unknown(item, rest[0], path, names)


def _env_form(name: str) -> str:
    return "".join(sign if sign.isalnum() else "_" for sign in name.lower())


def _schema_keys(path: KeyPath, known: Mapping[str, Sequence[str]]) -> Sequence[str]:
    match path:
        case ():
            return known[""]
        case ("models",):
            return _ROLES
        case ("models", "embed"):
            return known["embed"]
        case ("prices", _):
            return known["price"]
        case ("knowledge", _):
            return known["knowledge"]
        case ("knowledge", _, "chunk"):
            return known["chunk"]
        case ("suites", _):
            return known["suite"]
        case ("suites", _, "gate"):
            return known["gate"]
        case ("app",):
            return ("url", "version", "key_env")
        case ("reuse",):
            return known["reuse"]
        case _:
            return ()


def _unknown(item: Override, name: str, path: KeyPath, names: Sequence[str]) -> UserError:
    place = ".".join(str(part) for part in path) or "the project file"
    return UserError(
        "GAO-APP-015",
        f"{item.path!r} names nothing: {place} has no {name!r}",
        why="an override replaces a value of the project file",
        fix=nearest(name, names),
        where=item.origin,
    )


def _sort(value: Json) -> str:
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "text"
    return "a list" if isinstance(value, list) else "a mapping" if isinstance(value, dict) else "nothing"


def _same_sort(before: Json, item: Override, path: KeyPath) -> None:
    """A free-form parameter keeps its sort: `top_k=eight` is a slip, not a new kind of parameter."""
    if path[0] != "params" or before is None or item.value is None or _sort(before) == _sort(item.value):
        return
    raise UserError(
        "GAO-APP-016",
        f"{item.path} is {_sort(item.value)}",
        why=f"expected {_sort(before)}, as in the project file",
        fix="give a value of the same sort",
        where=item.origin,
    )
