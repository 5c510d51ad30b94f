"""The one kind that the Hub owns itself: files of any sort, kept as they are."""

from genaiops.core import (
    FilesManifest,
    Manifest,
    Read,
    compose_files,
    diff_files,
    files_closure,
    listed_files,
    typed_kind,
)


def _diff(old: Manifest, new: Manifest, read: Read) -> list[str]:
    return diff_files(old, new)


BLOB_KIND = typed_kind(
    "blob", FilesManifest, diff=_diff, closure=files_closure, compose=compose_files, files=listed_files
)
"""A file or a folder, as it is."""
