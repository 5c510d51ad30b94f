"""What is said about a document beside its text: in its front matter, or in a sidecar `NAME.meta.yaml`."""

import difflib
from dataclasses import dataclass
from datetime import date
from typing import Literal

from genaiops.core import SENSITIVITIES, FrontMatter, Json, UserError, read_yaml

SIDECAR = ".meta.yaml"
DATES = ("valid_from", "valid_until")

_OWN_KEYS = ("access", "title", "id")
_KNOWN = (*_OWN_KEYS, *DATES, "sensitivity", "source", "licence")
_NEVER_MISSPELT = ("access", *DATES, "sensitivity")
"""Misspelt, these would let everyone read, or keep what has expired."""


@dataclass(frozen=True, slots=True)
class Described:
    """What front matter or a sidecar says; `metadata` is all that has no field of its own."""

    id: str = ""
    title: str = ""
    access: frozenset[str] | None = None
    metadata: dict[str, Json] | None = None


def describe(front: FrontMatter, path: str) -> Described:
    """Return what `front` says of the document; raises `UserError` for the first key that cannot be used."""
    for key in front.values:
        _check_key(key, front, path)
    for key in DATES:
        if key in front.values:
            _date(key, front, path)
    first, last = (front.values.get(key) for key in DATES)
    if first is not None and last is not None and str(first) > str(last):
        raise _bad_key("valid_until", f"it lies before valid_from, {first}", front, path)
    sensitivity = front.values.get("sensitivity", SENSITIVITIES[0])
    if sensitivity not in SENSITIVITIES:
        raise _bad_key("sensitivity", f"it is one of {', '.join(SENSITIVITIES)}", front, path)
    return Described(
        id=_text_of("id", front, path),
        title=_text_of("title", front, path),
        access=_access(front, path),
        metadata={key: value for key, value in front.values.items() if key not in _OWN_KEYS},
    )


def read_sidecar(text: str, path: str) -> FrontMatter:
    """Return what a sidecar says: the keys of front matter, one file for one document."""
    located = read_yaml(text, path)
    if not isinstance(located.value, dict):
        raise UserError(
            "GAO-KNOWLEDGE-019",
            "a sidecar is a mapping: one `key: value` a line",
            fix="for example access: [staff]",
            where=f"{path}:1",
        )
    return FrontMatter(located.value, located.lines, 0)


def validity(metadata: dict[str, Json], today: date) -> Literal["valid", "expired", "not_yet_valid"]:
    """Return whether a document is valid on that day; both its dates belong to its time."""
    first, last = (metadata.get(key) for key in DATES)
    if first is not None and today < date.fromisoformat(str(first)):
        return "not_yet_valid"
    if last is not None and today > date.fromisoformat(str(last)):
        return "expired"
    return "valid"


def _date(key: str, front: FrontMatter, path: str) -> date:
    value = front.values[key]
    try:
        if not isinstance(value, str) or len(value) != 10:
            raise ValueError
        return date.fromisoformat(value)
    except ValueError as error:
        raise _bad_key(key, f"it must be a day, such as {key}: 2026-12-31", front, path) from error


def _text_of(key: str, front: FrontMatter, path: str) -> str:
    value = front.values.get(key, "")
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        raise _bad_key(key, "it must be text", front, path)
    return str(value).strip()


def _access(front: FrontMatter, path: str) -> frozenset[str] | None:
    if "access" not in front.values:
        return None
    groups = front.values["access"]
    names = [groups] if isinstance(groups, str) else groups
    if not isinstance(names, list) or not names:
        raise _bad_key("access", "it must name at least one group: access: [staff]", front, path)
    if not all(isinstance(name, str) and name.strip() for name in names):
        raise _bad_key("access", "every group is a name in text", front, path)
    return frozenset(str(name).strip() for name in names)


def _check_key(key: str, front: FrontMatter, path: str) -> None:
    if key in _KNOWN:
        return
    folded = key.casefold().strip()
    near = difflib.get_close_matches(folded, _NEVER_MISSPELT, 1, 0.8)
    if near:
        raise _bad_key(key, f"did you mean {near[0]}? {_MISSPELT[near[0]]}", front, path)


_MISSPELT = {
    "access": "Misspelt, it would let everyone read",
    "sensitivity": "Misspelt, it would say nothing",
    **dict.fromkeys(DATES, "Misspelt, it would let the document stay for ever"),
}


def _bad_key(key: str, why: str, front: FrontMatter, path: str) -> UserError:
    return UserError(
        "GAO-KNOWLEDGE-017",
        f"the metadata's {key!r} cannot be used",
        why=why,
        fix="correct the key or remove it",
        where=f"{path}:{front.lines.get((key,), 1)}",
    )
