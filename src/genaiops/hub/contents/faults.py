"""What can be wrong with files that come in or go out, in words."""

from pathlib import Path

from genaiops.core import Digest, NotFound, OutsideError, UserError
from genaiops.hub.model import Version


def unreadable(path: Path, why: str) -> UserError:
    """Return the error for a file of the user's that cannot be read."""
    return UserError(
        "GAO-HUB-060",
        "this cannot be pushed",
        why=why,
        fix="name a file that exists and that you may read, or a folder with at least one",
        where=str(path),
    )


def needs_manifest(kind: str) -> UserError:
    """Return the error for a kind that is not made of files alone."""
    return UserError(
        "GAO-HUB-061",
        f"a {kind} is not made of files alone",
        why="its manifest says what no file does; runs register it by themselves",
        fix="say --manifest FILE (JSON), as `genaiops hub pull` writes it",
    )


def bad_manifest_file(path: Path, why: str) -> UserError:
    """Return the error for a manifest file that is none."""
    return UserError(
        "GAO-HUB-062",
        "this is not a manifest",
        why=why,
        fix="name a file with a JSON object",
        where=str(path),
    )


def not_a_target(text: str) -> UserError:
    """Return the error for a version where an artifact has to be named."""
    return UserError(
        "GAO-HUB-063",
        f"{text!r} names a version",
        why="what is pushed gets its number from the Hub",
        fix="write KIND/[PROJECT/]NAME",
    )


def exists(path: Path) -> UserError:
    """Return the error for a file that pulling would replace."""
    return UserError(
        "GAO-HUB-064",
        "a file is there already",
        why="pulling would replace it, and it is not what the version holds",
        fix="name another folder, or say --force",
        where=str(path),
    )


def leads_out(path: Path) -> UserError:
    """Return the error for a place that is not below the folder that is pulled into."""
    return UserError(
        "GAO-HUB-065",
        "a file would be written outside of the folder",
        why="a link, or a file, stands where a folder is needed",
        fix="pull into an empty folder",
        where=str(path),
    )


def bad_archive(path: Path, why: str) -> UserError:
    """Return the error for an archive of which nothing is taken."""
    return UserError(
        "GAO-HUB-066",
        "this archive is refused, and nothing of it was taken",
        why=why,
        fix="export it again, and copy it whole",
        where=str(path),
    )


def nothing_to_export(what: str) -> UserError:
    """Return the error for an export that would be empty."""
    return UserError(
        "GAO-HUB-067",
        f"there is nothing to export: {what}",
        why="no version is in it",
        fix="name a project, versions, or --all",
    )


def not_written(path: Path, why: str) -> OutsideError:
    """Return the error for an archive that could not be written or read."""
    return OutsideError(
        "GAO-HUB-068",
        "the archive could not be read or written",
        why=why,
        fix="check the path and the disk; nothing was half-written",
        where=str(path),
    )


def bad_retention(why: str) -> UserError:
    """Return the error for a retention that nobody can mean."""
    return UserError(
        "GAO-HUB-069", "this is not a retention", why=why, fix="for example --keep 10 --older-than 90"
    )


def not_confirmed(versions: int) -> UserError:
    """Return the error for a removal that nobody confirmed."""
    return UserError(
        "GAO-HUB-070",
        f"the content of {versions} versions would be removed, and nobody said so",
        why="what is removed does not come back by itself",
        fix="look with --dry-run, then say --yes",
    )


def nothing_to_pull(version: Version) -> UserError:
    """Return the error for a version whose kind is not known here."""
    return UserError(
        "GAO-HUB-071",
        f"{version.short} cannot be pulled here",
        why=f"no room here knows the kind {version.kind}",
        fix="use the genaiops that published it",
    )


def other_content(digest: Digest) -> UserError:
    """Return the error for content that arrived under the digest of another."""
    return UserError(
        "GAO-HUB-074",
        "what arrived is not what its digest names",
        why=f"it was sent as {digest}, and has another digest",
        fix="send it again; where the file changes while it is sent, wait until it is written",
    )


def not_of(version: Version, digest: Digest) -> UserError:
    """Return the error for content that a version does not have."""
    return NotFound(
        "GAO-HUB-075",
        f"{version.short} has no file with this content",
        why=f"none of its files, and no blob, has the digest {digest}",
        fix="ask for its files first: GET /api/hub/files",
    )


def cannot_seal(kind: str) -> UserError:
    """Return the error for a kind whose rows belong to nobody, or a Hub that has no keys of people."""
    return UserError(
        "GAO-HUB-090",
        f"a {kind} cannot be sealed here",
        why="rows of people are those of datasets and recordings, in a store that holds their keys",
        fix="push it without --subject-field if nothing in it belongs to a person",
    )


def sealed_before(artifact: str) -> UserError:
    """Return the error for rows that would be kept in clear where the version before sealed them."""
    return UserError(
        "GAO-HUB-091",
        f"the rows of {artifact} belong to people",
        why="the version before is sealed, and this one would keep them in clear",
        fix="say --subject-field PLACE, or push what belongs to nobody under another name",
    )


def not_one_file(files: int) -> UserError:
    """Return the error for rows of people in several files, or in none."""
    return UserError(
        "GAO-HUB-092",
        "rows that are sealed come in one file of JSON Lines",
        why=f"there are {files} files",
        fix="push one file",
    )
