"""The two things that are compared: trees of a repository, exported and named by digest.

Both arms are treated alike. A git ref is exported from its objects; the working tree is snapshot as git
sees it (ignored files apart) and exported too, so that what ran can be named afterwards, and so that
editing on during a run changes nothing.
"""

import platform
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import genaiops
from genaiops.app import PROJECT_FILE, Project, installed_packages, load_project
from genaiops.arena.git import Repository, TreeFile, discard, export_tree, snapshot_tree, tree_files
from genaiops.arena.locks import LOCK_FILE
from genaiops.arena.model import ArmSource
from genaiops.core import Digest, Json, ModelSpec, digest_json, encode
from genaiops.knowledge import SUFFIXES

_DOCUMENTATION = ("README", "CHANGELOG", "LICENSE", "NOTICE", "CONTRIBUTING")
_KEEP_TREES = 12


@dataclass(frozen=True, slots=True)
class Exported:
    """A tree on disk: where it came from, its files, and the project folder inside it."""

    source: ArmSource
    files: tuple[TreeFile, ...]
    root: Path
    prefix: PurePosixPath

    def own_files(self) -> Iterable[TreeFile]:
        """Yield the tree's files with paths relative to the project folder, `../` outside it."""
        for file in self.files:
            path = PurePosixPath(file.path)
            inside = path.is_relative_to(self.prefix)
            name = path.relative_to(self.prefix) if inside else PurePosixPath("..", path)
            yield TreeFile(file.mode, file.oid, str(name))


def export(repository: Repository, trees: Path, ref: str | None, overrides: Sequence[str] = ()) -> Exported:
    """Export `ref`, or the working tree where it is None, below `trees`; an exported tree is used again.

    Raises `UserError` for an unknown ref, submodules, Git LFS pointers.
    """
    _prune(trees)
    if ref is not None:
        commit = repository.commit_of(ref)
        source = ArmSource(
            kind="git ref",
            ref=ref,
            commit=commit,
            tree=repository.tree_of(commit),
            overrides=tuple(overrides),
        )
        return written(repository, trees, source, None)
    tree, env = snapshot_tree(repository)
    try:
        head = repository.commit_of("HEAD")
        source = ArmSource(
            kind="working tree",
            ref="HEAD",
            commit=head,
            tree=tree,
            dirty=tree != repository.tree_of(head),
            overrides=tuple(overrides),
        )
        return written(repository, trees, source, env)
    finally:
        discard(env)


def written(repository: Repository, trees: Path, source: ArmSource, env: dict[str, str] | None) -> Exported:
    """Export the tree that `source` names; `env` is git's environment where the tree is a snapshot."""
    assert source.tree is not None
    folder = trees / source.tree
    export_tree(repository, source.tree, folder, env)
    folder.touch()  # the time of last use, for pruning
    files = tree_files(repository, source.tree, env)
    return Exported(source, tuple(files), folder / repository.prefix, repository.prefix)


def _prune(trees: Path) -> None:
    """Remove what a kill left half-written, and trees that were not used for long. ARENA's lock is held."""
    known = sorted(trees.glob("[0-9a-f]*"), key=lambda folder: folder.stat().st_mtime)
    for folder in (*trees.glob(".partial-*"), *known[:-_KEEP_TREES]):
        shutil.rmtree(folder, ignore_errors=True)


def project_of(exported: Exported, fallback: Project | None, env: Mapping[str, str]) -> Project:
    """Return the tree's project, its overrides applied.

    A baseline from before `genaiops.yaml` existed is read through the candidate's (`fallback`): the app
    that is there can be measured although nobody had described it yet. A guard that it lacked it has not now.
    """
    if fallback is not None and not (exported.root / PROJECT_FILE).is_file():
        kept = fallback.guard if fallback.guard and (exported.root / fallback.guard).is_file() else None
        return replace(fallback, root=exported.root, guard=kept)
    return load_project(exported.root, exported.source.overrides, env)


def app_digest(
    exported: Exported,
    project: Project,
    *,
    specs: Mapping[str, ModelSpec],
    recipes: Mapping[str, Digest],
    environment: Json,
    guard: Digest | None = None,
) -> Digest:
    """Return the digest of everything that makes the app's outputs; `guard` is that of its policy.

    Suites, datasets, quarantines, their locks and documents are no part of it: those judge, the last are in
    `recipes`.
    """
    suites = project.suites.values()
    judged = {
        str(PurePosixPath(path)) for suite in suites for path in (suite.dataset, suite.quarantine) if path
    } | {LOCK_FILE}
    sources = [PurePosixPath(knowledge.source) for knowledge in project.knowledge.values()]
    files: list[Json] = [
        [file.mode, file.oid, file.path]
        for file in exported.own_files()
        if file.path not in judged and file.path != PROJECT_FILE and not _is_apart(file.path, sources)
    ]
    parts: dict[str, Json] = {
        "files": files,
        "config": project.resolved(),
        "models": {role: encode(spec) for role, spec in specs.items()},
        "indexes": dict(recipes),
        "environment": environment,
    }
    return digest_json(parts if guard is None else {**parts, "guard": guard})


def _is_apart(path: str, sources: Sequence[PurePosixPath]) -> bool:
    where = PurePosixPath(path)
    return (
        where.parts[0] in {"tests", ".github", ".gitlab", ".gitlab-ci.yml", ".gitignore"}
        or (len(where.parts) == 1 and where.name.startswith(_DOCUMENTATION))
        or (where.suffix.lower() in SUFFIXES and any(where.is_relative_to(source) for source in sources))
    )


def environment() -> dict[str, Json]:
    """Return what both arms run on: interpreter, machine, and every installed distribution."""
    return {
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "genaiops": genaiops.__version__,
        "packages": encode(installed_packages()),
    }
