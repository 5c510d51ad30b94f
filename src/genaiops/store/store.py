"""The project's `.genaiops` folder, and what it keeps elsewhere."""

import os
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType

from genaiops.core import UserError
from genaiops.store.faults import disk_error
from genaiops.store.locks import hold
from genaiops.store.places import blobs_of, database_of
from genaiops.store.seams import Blobs, Database

FOLDER = ".genaiops"
PROJECT_FILE = "genaiops.yaml"


class Store:
    """Database, blobs, indexes and trees of one project. Several processes may have it open at once."""

    def __init__(self, path: Path, database: Database, blobs: Blobs) -> None:
        self._path = path
        self._database = database
        self._blobs = blobs

    @classmethod
    def open(cls, folder: Path, env: Mapping[str, str] | None = None) -> "Store":
        """Open the store in `folder` (`<project>/.genaiops`), making it where it does not exist.

        `GENAIOPS_DATABASE` (`postgresql://…`) and `GENAIOPS_BLOBS` (`s3://…`) of `env`, without it of the
        process, say that tables and blobs are kept elsewhere. Raises `UserError` where they name nothing.
        """
        folder = folder.absolute()
        if folder.exists() and not folder.is_dir():
            raise UserError(
                "GAO-STORE-002",
                f"{folder.name} is not a folder",
                why="the store is a folder, and a file has its name",
                fix="move the file away",
                where=str(folder),
            )
        try:
            _make(folder)
            given = os.environ if env is None else env
            return cls(folder, database_of(folder, given), blobs_of(folder, given))
        except OSError as error:
            raise disk_error(error, folder) from error

    @property
    def path(self) -> Path:
        """The folder itself; `indexes` and `trees` in it belong to the rooms that fill them."""
        return self._path

    @property
    def database(self) -> Database:
        """Tables."""
        return self._database

    @property
    def blobs(self) -> Blobs:
        """Bytes by digest."""
        return self._blobs

    def lock(self, name: str) -> AbstractContextManager[None]:
        """Hold `name` against every other holder, here and in other processes.

        Raises `OutsideError` with the holder's process id where it is taken; ends with the process.
        """
        return hold(self._path / "locks", name)

    def close(self) -> None:
        """Close the database's connections."""
        self._database.close()

    def __enter__(self) -> "Store":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def find_store(start: Path) -> Path:
    """Return the store's folder of the project that `start` lies in; it need not exist yet.

    Raises `UserError` where neither `start` nor any folder above it is a project.
    """
    start = start.absolute()
    for folder in (start, *start.parents):
        if (folder / PROJECT_FILE).is_file() or (folder / FOLDER).is_dir():
            return folder / FOLDER
    raise UserError(
        "GAO-STORE-001",
        "this is not a genaiops project",
        why=f"there is no {PROJECT_FILE} here or in any folder above",
        fix="go to your project, or make one: genaiops init (in a repository) or genaiops new rag-assistant",
        where=str(start),
    )


def _make(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in ("indexes", "trees"):
        (folder / name).mkdir(mode=0o700, exist_ok=True)
    ignore = folder / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n", encoding="utf-8")
