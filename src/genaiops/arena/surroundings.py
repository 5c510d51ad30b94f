"""In which environment an arm runs: in this one, or in one of its own.

This environment is taken to be made from the working tree's lockfile, as far as that can be known. An arm
that runs here and whose lockfile is another one runs in an environment made from it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from genaiops.app import (
    LOCKFILES,
    OwnEnvironment,
    Project,
    Services,
    found_environment,
    own_environment,
    read_lockfile,
)
from genaiops.arena.candidates import Exported, environment
from genaiops.arena.git import Repository, TreeFile, discard, snapshot_tree, tree_files
from genaiops.arena.model import Role
from genaiops.core import Json, UserError, one_line


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where one arm runs: what its app's digest reads of it, and its own environment where it has one."""

    facts: dict[str, Json]
    own: OwnEnvironment | None = None
    said: tuple[str, ...] = ()


class Place:
    """This environment with the working tree's lockfile, from which each arm's surroundings follow.

    `make` False: nothing is installed, and an environment that is not there yet is only named.
    """

    def __init__(self, repository: Repository, services: Services, *, same_env: bool, make: bool) -> None:
        self._repository = repository
        self._services = services
        self._same_env = same_env
        self._make = make
        self._here = {**environment(), "same_env": True} if same_env else environment()

    @property
    def here(self) -> dict[str, Json]:
        """Return the facts of this environment."""
        return dict(self._here)

    async def of(self, role: Role, exported: Exported, project: Project) -> Surroundings:
        """Return the surroundings of an arm whose app is `project`'s, in its exported tree.

        Raises `UserError` where nothing says what the arm needs or its tool is missing, `OutsideError` where
        an installation fails.
        """
        if self._same_env or project.app.url is not None:
            return Surroundings(self.here)
        theirs, ours = lockfile_of(exported, exported.files), self._current(exported)
        if theirs == ours:
            return Surroundings(self.here)
        if theirs is None:
            raise _unknown_packages(role, ours)
        tree = exported.source.tree or ""
        lockfile = read_lockfile(_top(exported) / theirs.path, tree)
        if self._make:
            own = await own_environment(lockfile, self._services, role)
        else:
            own = found_environment(lockfile, self._services)
        if own is None:
            said = (
                f"the {role} gets an environment of its own, made from {one_line(theirs.path, 80)} by the run"
            )
            return Surroundings(
                {**self.here, "packages": None, "environment": lockfile.digest}, None, (said,)
            )
        said = f"the {role} runs in an environment of its own, made from {one_line(theirs.path, 80)}"
        return Surroundings({**self.here, **own.facts}, own, (f"{said} ({own.digest[:19]}…)",))

    def _current(self, exported: Exported) -> TreeFile | None:
        """Return the working tree's lockfile."""
        if exported.source.kind == "working tree":
            return lockfile_of(exported, exported.files)
        tree, env = snapshot_tree(self._repository)
        try:
            return lockfile_of(exported, tree_files(self._repository, tree, env))
        finally:
            discard(env)


def lockfile_of(exported: Exported, files: Iterable[TreeFile]) -> TreeFile | None:
    """Return the lockfile among `files` that decides: the nearest at or above the project, else below it.

    A neighbour's lockfile is its own. Of several in one folder the order of `LOCKFILES` decides.
    """
    found: list[tuple[tuple[bool, int, int], TreeFile]] = []
    for file in files:
        path = PurePosixPath(file.path)
        if path.name not in LOCKFILES:
            continue
        above = exported.prefix.is_relative_to(path.parent)
        if above or path.is_relative_to(exported.prefix):
            depth = len(path.parts)
            rank = (not above, -depth if above else depth, LOCKFILES.index(path.name))
            found.append((rank, file))
    return min(found, key=lambda pair: (pair[0], pair[1].path))[1] if found else None


def _top(exported: Exported) -> Path:
    return exported.root.parents[len(exported.prefix.parts) - 1] if exported.prefix.parts else exported.root


def _unknown_packages(role: Role, ours: TreeFile | None) -> UserError:
    name = one_line(ours.path, 80) if ours else ""
    return UserError(
        "GAO-ARENA-146",
        f"nothing says which packages the {role} needs: it has no lockfile, and the working tree has {name}",
        why="both would run in this environment, and one of them was not made for it",
        fix="commit a lockfile first, or accept one environment for both with --same-env",
        where=name,
    )
