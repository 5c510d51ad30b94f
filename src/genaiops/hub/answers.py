"""What the Hub answers in JSON: the same from a command, over HTTP and to a client."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from genaiops.core import Digest
from genaiops.hub.model import Approval, Move, Standing, Version


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown(Version):
    """A version with what was decided about it."""

    standing: Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed(Version):
    """A version with the aliases that point at it.

    `overrides`: those among them that an override of the policy put there, and when each expires.
    """

    aliases: tuple[str, ...]
    overrides: dict[str, str] = field(default_factory=dict[str, str])


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

    @property
    def short(self) -> str:
        """Both versions, without their digests."""
        return " and ".join(each.partition("@")[0] for each in (self.a, self.b))


@dataclass(frozen=True, slots=True, kw_only=True)
class Approved:
    """A version and the approval that was given or taken back."""

    version: str
    approval: Approval


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """The version that an alias points at; None where nobody has set it."""

    version: Version | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page of Markdown."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsent:
    """The blobs that the caller has to send."""

    digests: tuple[Digest, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """The files that a version is written as: by path, the digest of their content."""

    version: Version
    files: dict[str, Digest]


def shown(version: Version, standing: Standing) -> Shown:
    """Return a version with what was decided about it."""
    return Shown(**_parts(version), standing=standing)


def listed(versions: Sequence[Version], aliases: Mapping[str, Sequence[Move]]) -> Versions:
    """Return versions, each with the aliases that point at it, as `Governance.aliases` gives them."""
    return Versions(
        versions=tuple(
            Listed(
                **_parts(each),
                aliases=tuple(move.alias for move in aliases.get(each.reference, ())),
                overrides={
                    move.alias: move.expires
                    for move in aliases.get(each.reference, ())
                    if move.expires is not None
                },
            )
            for each in versions
        )
    )


def _parts(version: Version) -> dict[str, Any]:
    return {each.name: getattr(version, each.name) for each in fields(Version)}
