"""The kind of artifact that this room owns: a blueprint, the files that an app is started from."""

from collections.abc import Sequence

from genaiops.app import PROJECT_FILE
from genaiops.core import (
    Composed,
    FileEntry,
    FilesManifest,
    Manifest,
    Read,
    UserError,
    compose_files,
    diff_files,
    files_closure,
    listed_files,
    typed_kind,
)


def _compose(files: Sequence[FileEntry], read: Read) -> Composed:
    if PROJECT_FILE not in (entry.path for entry in files):
        raise UserError(
            "GAO-BLUEPRINTS-030",
            "this is no blueprint",
            why=f"a blueprint is a project to start from, and there is no {PROJECT_FILE} at its top",
            fix="push the project's folder; files of another sort can be a blob",
        )
    return compose_files(files, read)


def _diff(old: Manifest, new: Manifest, read: Read) -> list[str]:
    return diff_files(old, new)


BLUEPRINT_KIND = typed_kind(
    "blueprint", FilesManifest, diff=_diff, closure=files_closure, compose=_compose, files=listed_files
)
"""A project to start from."""

KINDS = (BLUEPRINT_KIND,)
