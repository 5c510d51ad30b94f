"""A version as files again: whole or absent, below one folder and nowhere else. Names are not believed."""

import json
import os
import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from genaiops.core import Digest, KindSpec, Read, check_paths
from genaiops.hub.contents import faults
from genaiops.hub.model import Version
from genaiops.store import disk_error, write_new

MANIFEST = "manifest.json"
_CHUNK = 1 << 20


def files_of(version: Version, spec: KindSpec, read: Read) -> Mapping[str, bytes | Digest]:
    """Return the files that `version` is written as: its kind's, else its manifest and its blobs."""
    if spec.files is not None:
        return spec.files(version.manifest, read)
    manifest = json.dumps(version.manifest, indent=2, ensure_ascii=False, sort_keys=True) + "\n"
    return {MANIFEST: manifest.encode(), **version.blobs}


def write_files(
    folder: Path, files: Mapping[str, bytes | Digest], read: Read, *, force: bool, where: str
) -> list[Path]:
    """Write `files` below `folder` and return their places; all are there at the end, or none is new.

    Each is written under another name first and gets its own once all are whole. A file that is there and
    holds the same is left alone. Raises `UserError` for a name that plays tricks, a place outside, and,
    without `force`, a file that would be replaced; `OutsideError` where a blob is absent or damaged.
    """
    check_paths(files, where)
    folder = folder.absolute()
    places = {folder / path: content for path, content in files.items()}
    wanted = {place: content for place, content in places.items() if not _same(place, content)}
    for place in places:
        _inside(folder, place)
        if place in wanted and os.path.lexists(place) and (place.is_dir() or not force):
            raise faults.exists(place)
    parts: dict[Path, Path] = {}
    try:
        for place, content in wanted.items():
            place.parent.mkdir(parents=True, exist_ok=True)
            parts[place] = place.with_name(f".{secrets.token_hex(8)}.part")
            write_new(parts[place], _pieces(content, read), 0o666)
        for place, part in parts.items():
            part.replace(place)
    except OSError as error:
        raise disk_error(error, folder) from error
    finally:
        for part in parts.values():
            part.unlink(missing_ok=True)
    return sorted(places)


def _inside(folder: Path, place: Path) -> None:
    for above in place.relative_to(folder).parents[:-1]:
        here = folder / above
        if os.path.lexists(here) and (here.is_symlink() or not here.is_dir()):
            raise faults.leads_out(here)


def _same(place: Path, content: bytes | Digest) -> bool:
    if place.is_symlink() or not place.is_file():
        return False
    hasher = sha256()
    with suppress(OSError), place.open("rb") as file:
        while piece := file.read(_CHUNK):
            hasher.update(piece)
        wanted = (
            sha256(content).hexdigest() if isinstance(content, bytes) else content.removeprefix("sha256:")
        )
        return hasher.hexdigest() == wanted
    return False


def _pieces(content: bytes | Digest, read: Read) -> Iterable[bytes] | Iterator[bytes]:
    return [content] if isinstance(content, bytes) else read(content)
