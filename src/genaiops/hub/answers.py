"""What the Hub answers in JSON: the same from a command, over HTTP and to a client."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from genaiops.hub.model import Approval, Move, Standing, Version


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown(Version):
    """A version with what was decided about it."""

    standing: Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed(Version):
    """A version with the aliases that point at it."""

    aliases: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Versions:
    """Versions, in the order that was asked for."""

    versions: tuple[Listed, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """Moves of an alias, newest first."""

    alias: str
    moves: tuple[Move, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """In lines how the version `b` differs from `a`."""

    a: str
    b: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Approved:
    """A version and the approval that was given or taken back."""

    version: str
    approval: Approval


def shown(version: Version, standing: Standing) -> Shown:
    """Return a version with what was decided about it."""
    return Shown(**_parts(version), standing=standing)


def listed(versions: Sequence[Version], aliases: Mapping[str, Sequence[Move]]) -> Versions:
    """Return versions, each with the aliases that point at it, as `Governance.aliases` gives them."""
    return Versions(
        versions=tuple(
            Listed(**_parts(each), aliases=tuple(move.alias for move in aliases.get(each.reference, ())))
            for each in versions
        )
    )


def _parts(version: Version) -> dict[str, Any]:
    return {each.name: getattr(version, each.name) for each in fields(Version)}
