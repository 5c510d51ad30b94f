"""What the commands on files, archives and retention print with `--json`."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulled:
    """The version that was written as files, and their places."""

    version: str
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """An archive: how many versions and blobs are in it, and how many bytes it has."""

    archive: str
    versions: int
    blobs: int
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Became:
    """A version of an archive, and what became of it; `checked` where nothing was to be taken."""

    version: str
    became: Literal["checked", "new", "unchanged", "restored"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What became of every version of an archive."""

    versions: tuple[Became, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """The versions whose content went, or would go where `removed` is false; blobs that went with them.

    `orphans`: blobs of no version besides; `size`: the bytes of all of them.
    """

    removed: bool
    versions: tuple[str, ...]
    blobs: int
    orphans: int
    size: int
