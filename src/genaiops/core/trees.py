"""Files under relative paths, as a manifest lists them. Paths come from outside and are not believed."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, cast

from pydantic import BaseModel, ConfigDict, Field

from genaiops.core.digests import Digest, Json
from genaiops.core.errors import UserError
from genaiops.core.text import plain

DigestText = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]
"""A digest in a manifest."""

_LONGEST_PART = 255
_LONGEST_PATH = 1024
_DRIVE = re.compile(r"[A-Za-z]:")


class FileEntry(BaseModel):
    """A file: its path relative to what it belongs to, its size in bytes, and its content's digest."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: str
    size: int = Field(ge=0)
    digest: DigestText


class FilesManifest(BaseModel):
    """Files and nothing else: the manifest of a `blob`, and part of the manifests of weights."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    files: tuple[FileEntry, ...] = Field(min_length=1)


def check_paths(paths: Iterable[str], where: str) -> None:
    """Raise `UserError` for a path that leads out of its folder, or for two that one file system confuses."""
    seen: dict[str, str] = {}
    for path in paths:
        why = _trick(path)
        if why:
            raise _bad_path(path, why, where)
        folded = _folded(path)
        if folded in seen:
            raise _bad_path(path, f"{seen[folded]!r} differs from it only by case or accents", where)
        seen[folded] = path
    for folded, path in seen.items():
        above = folded.rpartition("/")[0]
        while above:
            if above in seen:
                raise _bad_path(path, f"{seen[above]!r} is a file, not a folder", where)
            above = above.rpartition("/")[0]


def file_entries(manifest: Mapping[str, Json]) -> tuple[FileEntry, ...]:
    """Return the files that a manifest lists under `files`."""
    return tuple(FileEntry.model_validate(entry) for entry in cast("list[Json]", manifest.get("files", [])))


def files_closure(manifest: Mapping[str, Json]) -> frozenset[Digest]:
    """Return the digests of the files of a manifest."""
    return frozenset(Digest(entry.digest) for entry in file_entries(manifest))


def diff_files(old: Mapping[str, Json], new: Mapping[str, Json]) -> list[str]:
    """Return one line for each file that was removed (-), added (+) or changed (~), with its size."""
    before, after = ({entry.path: entry for entry in file_entries(each)} for each in (old, new))
    lines: list[str] = []
    for path in sorted(before.keys() | after.keys()):
        was, is_now = before.get(path), after.get(path)
        if was is None and is_now is not None:
            lines.append(f"+ {path} ({is_now.size:,} bytes)")
        elif was is not None and is_now is None:
            lines.append(f"- {path} ({was.size:,} bytes)")
        elif was is not None and is_now is not None and was.digest != is_now.digest:
            lines.append(f"~ {path} ({was.size:,} -> {is_now.size:,} bytes)")
    return lines


def split_lines(pieces: Iterable[bytes], longest: int, where: str) -> Iterator[bytes]:
    """Yield the lines of a text that comes in pieces, without their ends.

    Raises `UserError` for a line of more than `longest` bytes: such a file is no JSON Lines.
    """
    rest = b""
    number = 1
    for piece in pieces:
        *lines, rest = (rest + piece).split(b"\n")
        yield from lines
        number += len(lines)
        if len(rest) > longest:
            raise UserError(
                "GAO-CORE-031",
                f"a line has more than {longest:,} bytes",
                why="it is read as a whole",
                fix="write one row a line, and large contents to files of their own",
                where=f"{where}:{number}",
            )
    if rest:
        yield rest


def _trick(path: str) -> str:
    parts = path.split("/")
    if not path or any(part in ("", ".", "..") for part in parts):
        return "it has an empty part, or one that is . or .."
    if "\\" in path or _DRIVE.match(path):
        return "it is a path of another operating system"
    if plain(path) != path or "\n" in path or "\t" in path:
        return "it holds control characters"
    if any(0xD800 <= ord(letter) <= 0xDFFF for letter in path):
        return "it holds half a character"
    too_long = any(len(part.encode()) > _LONGEST_PART for part in parts)
    return "it is too long" if too_long or len(path.encode()) > _LONGEST_PATH else ""


def _folded(path: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())


def _bad_path(path: str, why: str, where: str) -> UserError:
    return UserError(
        "GAO-CORE-030",
        f"{path!r} cannot be the path of a file here",
        why=why,
        fix="rename the file; a path is relative and stays below its folder",
        where=where,
    )
