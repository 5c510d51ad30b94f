"""The files of a folder of documents: found, sized, and decoded; everything wrong with one is said."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from genaiops.core import UserError
from genaiops.knowledge.formats.kinds import FORMATS
from genaiops.knowledge.metadata import SIDECAR
from genaiops.knowledge.model import MAX_DOCUMENT_BYTES

SUFFIXES = tuple(FORMATS)
"""How the names of documents end."""

_MARKS = (
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)


@dataclass(frozen=True, slots=True)
class Files:
    """Paths below the folder: documents, their sidecars, files of other kinds, and links out of it."""

    documents: tuple[str, ...]
    sidecars: frozenset[str]
    ignored: tuple[str, ...]
    leaving: tuple[str, ...]


def find_files(folder: Path) -> Files:
    """Return what lies under `folder`; what begins with a dot is nobody's document."""
    found: list[str] = []
    sidecars: list[str] = []
    ignored: list[str] = []
    leaving: list[str] = []
    for path in _walk(folder, leaving):
        if path.endswith(SIDECAR):
            sidecars.append(path)
        else:
            (found if path.lower().endswith(SUFFIXES) else ignored).append(path)
    return Files(tuple(sorted(found)), frozenset(sidecars), tuple(sorted(ignored)), tuple(sorted(leaving)))


def _walk(folder: Path, leaving: list[str]) -> Iterator[str]:
    """Yield the paths below `folder`; those that lead out of it are added to `leaving`."""
    waiting = [""]
    while waiting:
        below = waiting.pop()
        try:
            with os.scandir(folder / below) as scanned:
                entries = list(scanned)
        except OSError:  # it went, or is not ours to look into
            continue
        for entry in entries:
            path = below + entry.name
            if entry.name.startswith("."):
                continue
            if entry.is_dir(follow_symlinks=False):
                waiting.append(f"{path}/")
            elif not entry.is_symlink():
                yield path
            # a link in somebody else's tree must not make us read this machine's files
            elif not (folder / path).resolve().is_relative_to(folder.resolve()):
                leaving.append(path)
            elif not (folder / path).is_dir():
                yield path


def link_out(path: str) -> UserError:
    """Return what is said of a link that leads out of the folder."""
    return UserError(
        "GAO-KNOWLEDGE-012",
        "a link leads out of the folder of documents",
        fix="put the document itself there, or remove the link",
        where=path,
    )


def read_content(path: Path, limit: int) -> bytes:
    """Return a file's bytes; raises `UserError` where it cannot be read or is larger than `limit`."""
    try:
        size = path.stat().st_size
        check_size(size, str(path), limit)
        return path.read_bytes()
    except OSError as error:
        raise UserError(
            "GAO-KNOWLEDGE-013",
            "the document cannot be read",
            why=error.strerror or "",
            fix="check that it exists and that you may read it",
            where=str(path),
        ) from error


def check_size(size: int, path: str, limit: int = MAX_DOCUMENT_BYTES) -> None:
    """Raise `UserError` for what is too large to be a document."""
    if size > limit:
        raise UserError(
            "GAO-KNOWLEDGE-014",
            f"the document is too large: {size:,} bytes",
            why=f"at most {limit:,} bytes a document; this may be data, not text",
            fix="split it by chapter, or move it out of the folder",
            where=path,
        )


def decode_document(content: bytes, path: str) -> str:
    """Return the text of a document; raises `UserError` with the line where it is none.

    UTF-8 is expected; UTF-16 and UTF-32 are read where their mark says so. Nothing else is guessed.
    """
    encoding = marked_encoding(content)
    if not encoding and (zero := content.find(b"\0")) >= 0:
        utf16 = _utf16(content)
        raise UserError(
            "GAO-KNOWLEDGE-015",
            "the document is not text",
            why=f"it looks like {utf16.upper()} without a byte order mark"
            if utf16
            else "it holds a zero byte",
            fix=_recode(utf16) if utf16 else "save it as UTF-8, or move it out of the folder",
            where=f"{path}:{_line(content, zero)}",
        )
    try:
        return content.decode(encoding or "utf-8")
    except UnicodeDecodeError as error:
        raise UserError(
            "GAO-KNOWLEDGE-016",
            f"the document is not {(encoding or 'utf-8').upper()}",
            why=f"byte 0x{content[error.start]:02x} cannot stand here"
            + ("" if encoding else "; it may be Windows-1252 or Latin-1"),
            fix="save it again" if encoding else _recode("windows-1252"),
            where=f"{path}:{_line(content, error.start)}",
        ) from error


def marked_encoding(content: bytes) -> str:
    """Return the encoding that a byte order mark names, other than UTF-8; empty where there is none."""
    return next((encoding for mark, encoding in _MARKS if content.startswith(mark)), "")


def _utf16(content: bytes) -> str:
    """Return which UTF-16 the zero bytes of a Western text tell; empty where they do not."""
    even, odd = content[0:2000:2].count(0), content[1:2000:2].count(0)
    half = max(1, min(len(content), 2000) // 2)
    if max(even, odd) < 0.7 * half or min(even, odd) > 0.05 * half:
        return ""
    return "utf-16be" if even > odd else "utf-16le"


def _recode(encoding: str) -> str:
    return f"save it as UTF-8 (iconv -f {encoding} -t utf-8 FILE)"


def _line(content: bytes, offset: int) -> int:
    return 1 + content.count(b"\n", 0, offset)
