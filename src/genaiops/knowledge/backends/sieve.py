"""What one search may see, as marks that a backend can compare before it looks for anything.

A mark is a digest of what it stands for: a group that may read, a value of a metadata key, a document. Marks
all look alike, so no name or value can be read as a part of a query, and none is too long for an index.
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from genaiops.core import Json, Passage, canonical

_LENGTH = 32


def mark(*parts: Json) -> str:
    """Return the mark of `parts`: 32 hexadecimal digits."""
    return hashlib.sha256(canonical(list(parts))).hexdigest()[:_LENGTH]


EVERYONE = mark("everyone")


@lru_cache(maxsize=10_000)
def _named(kind: str, name: str) -> str:
    """Return the mark of a group or a key: there are few, borne by many passages."""
    return mark(kind, name)


@dataclass(frozen=True, slots=True)
class Wanted:
    """One condition: any of the marks; or, where `absent` is given, that this mark is not there."""

    any_of: tuple[str, ...]
    absent: str | None = None


@dataclass(frozen=True, slots=True)
class Sieve:
    """Any of `readers` (None: whoever may read it), all of `wanted`, none of the documents `hidden`."""

    readers: tuple[str, ...] | None
    wanted: tuple[Wanted, ...] = ()
    hidden: tuple[str, ...] = ()


EVERYTHING = Sieve(readers=None)


def sieve_for(readers: tuple[str, ...], where: Mapping[str, Json], hidden: Collection[str]) -> Sieve:
    """Return what the bearers of the marks `readers` may see, as `where` says, less documents `hidden`."""
    return Sieve(
        readers=readers,
        wanted=tuple(_wanted(key, value) for key, value in where.items()),
        hidden=tuple(document_mark(document) for document in sorted(hidden)),
    )


def reader_marks(groups: frozenset[str]) -> tuple[str, ...]:
    """Return the marks that a member of `groups` bears."""
    return (EVERYONE, *(_named("group", group) for group in sorted(groups)))


def access_marks(passage: Passage) -> list[str]:
    """Return the marks of those who may read a passage."""
    groups = passage.metadata.get("access")
    if not isinstance(groups, list):
        return [EVERYONE]
    return [_named("group", group) for group in sorted({str(group) for group in groups})]


def readers_mark(marks: Sequence[str]) -> str:
    """Return the mark of all who may read a passage, from their marks."""
    return mark("readers", *sorted(marks))


def tag_marks(passage: Passage) -> list[str]:
    """Return a mark for each metadata key of a passage, and one for each of its values."""
    marks: list[str] = []
    for key, value in passage.metadata.items():
        values = value if isinstance(value, list) else [value]
        marks += [_named("key", key), *(_value_mark(key, one) for one in values)]
    return list(dict.fromkeys(marks))


@lru_cache(maxsize=10_000)
def document_mark(document: str) -> str:
    """Return the mark of a document."""
    return mark("document", document)


@lru_cache(maxsize=10_000)
def _text_mark(key: str, value: str) -> str:
    return mark("value", key, value)


def _value_mark(key: str, value: Json) -> str:
    # of texts alone is kept what was found: 1, 1.0 and True would be one for a cache
    return _text_mark(key, value) if isinstance(value, str) else mark("value", key, value)


def _wanted(key: str, value: Json) -> Wanted:
    choices: Sequence[Json] = value if isinstance(value, list) else [value]
    absent = mark("key", key) if None in choices else None
    return Wanted(tuple(_value_mark(key, choice) for choice in choices), absent)
