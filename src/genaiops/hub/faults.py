"""What can be wrong with what the Hub is given or asked, in words."""

from collections.abc import Iterable

from genaiops.core import Digest, NotFound, Reference, UserError
from genaiops.hub.model import Version

BAD_MANIFEST = "GAO-HUB-002"


def unknown_kind(kind: str, known: Iterable[str]) -> UserError:
    """Return the error for a kind that no room has registered here."""
    return UserError(
        "GAO-HUB-001",
        f"{kind!r} is not a kind that can be published here",
        why=f"known: {', '.join(sorted(known)) or 'none'}",
        fix="correct the name, or keep files of a kind that no room owns yet as blob/NAME",
    )


def bad_manifest(kind: str, name: str, why: str) -> UserError:
    """Return the error for a manifest that does not fit its kind."""
    return UserError(
        BAD_MANIFEST, f"this is not the manifest of a {kind}", why=why, fix="correct it", where=name
    )


def absent(kind: str, name: str, digest: Digest) -> UserError:
    """Return the error for a manifest that rests on something that is not here."""
    return UserError(
        "GAO-HUB-004",
        f"{kind}/{name} rests on something that is not in the store",
        why=f"neither a blob nor a version has the digest {digest}",
        fix="publish what it rests on first",
        where=name,
    )


def not_found(what: str, kind: str | None) -> UserError:
    """Return the error for a reference that names nothing."""
    shown = f"genaiops hub list --kind {kind}" if kind else "genaiops hub list"
    return NotFound(
        "GAO-HUB-005",
        f"{what} is not in the Hub",
        why="no version has this name, number and digest",
        fix=f"see what is there: {shown}",
    )


def unknown_alias(reference: Reference, known: Iterable[str]) -> UserError:
    """Return the error for an alias that nobody has set."""
    name = f"{reference.kind}/{reference.name}"
    return NotFound(
        "GAO-HUB-006",
        f"{name} has no alias {reference.alias!r}",
        why=f"it has: {', '.join([*known, 'latest'])}",
        fix=f"write {name} for the newest version, or name one: {name}:v1",
    )


def ambiguous(what: str, choices: Iterable[str]) -> UserError:
    """Return the error for a reference that several artifacts fit."""
    return UserError(
        "GAO-HUB-007",
        f"{what} names more than one artifact",
        why=f"it may be {', '.join(choices)}",
        fix="write the one that you mean in full",
    )


def different_kinds(one: str, other: str) -> UserError:
    """Return the error for comparing what cannot be compared."""
    return UserError(
        "GAO-HUB-008",
        f"{one} and {other} cannot be compared",
        why="they are of different kinds",
        fix="name two versions of one kind",
    )


def circle(version: Version, parent: Version) -> UserError:
    """Return the error for a parent that was made from its child."""
    return UserError(
        "GAO-HUB-009",
        f"{version.short} cannot be made from {parent.short}",
        why=f"{parent.short} was itself made from {version.short}; equal content is one version",
        fix=f"see genaiops hub lineage {parent.short}, and leave that parent out",
    )


def bad_description(field: str, why: str) -> UserError:
    """Return the error for what cannot be said of a version."""
    return UserError(
        "GAO-HUB-050",
        f"this cannot be the {field} of a version",
        why=why,
        fix="say owner, licence, sensitivity or description, in a few words",
    )


def changed_meanwhile(kind: str, name: str, key: str) -> UserError:
    """Return the error for content that is no longer what it was when it was read first."""
    return UserError(
        "GAO-HUB-051",
        f"{key} of {kind}/{name} changed or went while it was published",
        why="a version is exactly one content",
        fix="run the same command again",
    )


def content_removed(version: Version) -> UserError:
    """Return the error for content that retention removed."""
    return UserError(
        "GAO-HUB-052",
        f"the content of {version.short} was removed",
        why=f"`hub prune` did so at {version.removed}; the version, its lineage and what was decided stay",
        fix="push the same content again, or import it from an archive: it becomes this version again",
    )
