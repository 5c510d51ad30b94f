"""What ARENA asks of git: which commit, which tree, and a tree's files written out without side effects.

A tree is written from its raw objects (`cat-file`), so that neither hooks nor filters of the repository
run, nothing is checked out, and no worktree state is left behind. git itself gets an own configuration on
the command line that switches off what could run code.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from genaiops.core import UserError, one_line

_SAFE = ("-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "core.quotePath=false")
_NO_FILTERS = ("-c", "filter.lfs.process=", "-c", "filter.lfs.clean=", "-c", "filter.lfs.required=false")
_OTHER_REPOSITORY = frozenset(
    {
        *("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR", "GIT_NAMESPACE"),
        *("GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_CEILING_DIRECTORIES"),
    }
)
_UNSAFE = frozenset({"..", ".git", "/"})
_LFS = b"version https://git-lfs.github.com/spec/"
_SUBMODULE = "160000"
_SYMLINK = "120000"
_EXECUTABLE = "100755"


@dataclass(frozen=True, slots=True)
class Repository:
    """A git repository and the project folder inside it (`prefix`, empty at the top)."""

    top: Path
    prefix: PurePosixPath

    def git(self, *arguments: str, env: dict[str, str] | None = None) -> bytes:
        """Run git and return its standard output; raises `UserError` with git's own last line."""
        command = ["git", *_SAFE, *_NO_FILTERS, "-C", str(self.top), *arguments]
        environment = _environment(env)
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, env=environment, check=False
        )
        if done.returncode != 0:
            raise _git_failed(arguments[0], done.stderr, self.top)
        return done.stdout

    def objects(self, oids: Sequence[str], env: dict[str, str] | None = None) -> Generator[bytes]:
        """Yield the content of objects in their order, one in memory at a time."""
        command = ["git", *_SAFE, *_NO_FILTERS, "-C", str(self.top), "cat-file", "--batch"]
        with tempfile.TemporaryFile() as wanted, tempfile.TemporaryFile() as complaints:
            wanted.write("".join(f"{oid}\n" for oid in oids).encode())
            wanted.seek(0)
            with subprocess.Popen(
                command, stdin=wanted, stdout=subprocess.PIPE, stderr=complaints, env=_environment(env)
            ) as process:
                assert process.stdout is not None
                for _ in oids:
                    head = process.stdout.readline().split()
                    if len(head) != 3:  # "<oid> missing", or the end: a damaged or shallow repository
                        complaints.seek(0)
                        process.kill()
                        raise _git_failed("cat-file", complaints.read() or b" ".join(head), self.top)
                    yield process.stdout.read(int(head[2]))
                    process.stdout.read(1)

    def text(self, *arguments: str) -> str:
        """Run git and return its trimmed output as text."""
        return self.git(*arguments).decode(errors="replace").strip()

    def commit_of(self, ref: str) -> str:
        """Return the commit that `ref` names; raises `UserError` where there is none."""
        try:
            return self.text("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
        except UserError as error:
            known = ", ".join(self.text("for-each-ref", "--count=6", "--format=%(refname:short)").split())
            raise UserError(
                "GAO-ARENA-142",
                f"there is no commit {ref!r} in this repository",
                why="a baseline is a branch, a tag or a commit of this repository"
                + ("" if known else ", and it has no commit yet"),
                fix=f"name one that exists ({known})"
                if known
                else "commit the project once: git add -A && git commit",
                where=str(self.top),
            ) from error

    def tree_of(self, commit: str) -> str:
        """Return the tree id of a commit."""
        return self.text("rev-parse", f"{commit}^{{tree}}")

    def has(self, name: str) -> bool:
        """Say whether the object `name` is in this repository."""
        try:
            self.git("cat-file", "-e", name)
        except UserError:
            return False
        return True

    def is_dirty(self) -> bool:
        """Say whether the working tree differs from HEAD, untracked files included."""
        return bool(self.git("status", "--porcelain", "--untracked-files=normal"))

    def default_baseline(self) -> str:
        """Return HEAD where the tree is dirty, else the merge base with the default branch, else HEAD."""
        head = self.commit_of("HEAD")
        if self.is_dirty():
            return head
        for branch in ("origin/HEAD", "origin/main", "origin/master", "main", "master"):
            try:
                return self.text("merge-base", "HEAD", self.commit_of(branch))
            except UserError:
                continue
        return head


@dataclass(frozen=True, slots=True)
class TreeFile:
    """A file of a tree: git's mode and object id, and its path."""

    mode: str
    oid: str
    path: str


def _environment(env: dict[str, str] | None) -> dict[str, str]:
    """Return git's environment, without what a hook inherits: another repository, another index."""
    kept = {name: value for name, value in os.environ.items() if name not in _OTHER_REPOSITORY}
    return {**kept, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C", **(env or {})}


def _git_failed(command: str, said: bytes, where: Path) -> UserError:
    last = said.decode(errors="replace").strip().splitlines()
    return UserError(
        "GAO-ARENA-141",
        f"git {command} failed",
        why=one_line(last[-1] if last else "it gave no reason"),
        fix="run the same in the repository and mend what it names",
        where=str(where),
    )


def find_repository(folder: Path) -> Repository:
    """Return the repository that `folder` is in; raises `UserError` where there is none."""
    probe = ["git", *_SAFE, "-C", str(folder), "rev-parse", "--show-toplevel", "--show-prefix"]
    try:
        done = subprocess.run(probe, capture_output=True, env=_environment(None), check=False)
    except FileNotFoundError as error:
        raise UserError(
            "GAO-ARENA-143",
            "git is not installed",
            why="ARENA compares a change with a commit",
            fix="install git and make it reachable on PATH",
        ) from error
    if done.returncode != 0 and b"not a git repository" not in done.stderr:
        raise _git_failed("rev-parse", done.stderr, folder)
    if done.returncode != 0:
        raise UserError(
            "GAO-ARENA-144",
            "this project is not in a git repository",
            why="the baseline of a comparison is a commit",
            fix="git init && git add -A && git commit -m 'Baseline', then change something and run again",
            where=str(folder),
        )
    top, prefix, *_ = [*done.stdout.decode().split("\n"), ""]
    return Repository(Path(top), PurePosixPath(prefix))


def snapshot_tree(repository: Repository) -> tuple[str, dict[str, str]]:
    """Return the tree id of the working tree as it is now (ignored files apart), and git's environment
    for reading it. Neither the index nor the object store of the repository is touched.
    """
    scratch = Path(tempfile.mkdtemp(prefix="genaiops-git-"))
    (scratch / "objects").mkdir()
    objects = repository.text("rev-parse", "--path-format=absolute", "--git-path", "objects")
    env = {
        "GIT_INDEX_FILE": str(scratch / "index"),
        "GIT_OBJECT_DIRECTORY": str(scratch / "objects"),
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": objects,
    }
    index = Path(repository.text("rev-parse", "--path-format=absolute", "--git-path", "index"))
    if index.exists():  # a copy of it spares git from hashing files that did not change
        shutil.copy2(index, scratch / "index")
    repository.git("add", "--all", "--ignore-errors", ".", env=env)
    return repository.git("write-tree", env=env).decode().strip(), env


def discard(env: dict[str, str]) -> None:
    """Remove the scratch folder of `snapshot_tree`."""
    shutil.rmtree(Path(env["GIT_INDEX_FILE"]).parent, ignore_errors=True)


def export_tree(repository: Repository, tree: str, folder: Path, env: dict[str, str] | None = None) -> None:
    """Write the files of `tree` into `folder`, read-only, whole or not at all.

    Raises `UserError` for a submodule, a Git LFS pointer or a link that leaves the tree: an app that
    lacks a part of itself would be measured wrongly.
    """
    if folder.exists():
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=".partial-", dir=folder.parent))
    try:
        for mode, path, content in _objects(repository, tree, env):
            _write(partial, mode, path, content)
        partial.chmod(0o755)
        partial.rename(folder)
    except OSError:
        if not folder.exists():  # another process published the same tree first
            raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def tree_files(repository: Repository, tree: str, env: dict[str, str] | None = None) -> list[TreeFile]:
    """Return the files of a tree, in git's order."""
    listing = repository.git("ls-tree", "-r", "-z", "--full-tree", tree, env=env)
    entries = [entry.partition("\t") for entry in os.fsdecode(listing).split("\0") if entry]
    return [TreeFile(head.split()[0], head.split()[2], path) for head, _, path in entries]


def _objects(
    repository: Repository, tree: str, env: dict[str, str] | None
) -> Iterator[tuple[str, str, bytes]]:
    files = tree_files(repository, tree, env)
    for file in files:
        if file.mode == _SUBMODULE:
            raise _incomplete(
                file.path,
                "it is a git submodule, or a repository inside this one",
                "vendor its files, install it as a package, or let .gitignore name it",
            )
        if not _UNSAFE.isdisjoint(PurePosixPath(file.path).parts):
            raise _incomplete(file.path, "no file of a tree may have such a path", "remove it from the tree")
    files.sort(key=lambda file: file.mode == _SYMLINK)  # links last: nothing is ever written through one
    with closing(repository.objects([file.oid for file in files], env)) as contents:
        for file, content in zip(files, contents, strict=True):
            yield file.mode, file.path, content


def _write(root: Path, mode: str, path: str, content: bytes) -> None:
    if content.startswith(_LFS):
        raise _incomplete(
            path, "it is a Git LFS pointer, not the file", "commit the file itself, or read it by a URL"
        )
    target = root / path
    target.parent.mkdir(parents=True, exist_ok=True)
    if mode == _SYMLINK:
        link = os.fsdecode(content)
        inside = os.path.normpath(os.path.join(os.path.dirname(path), link))
        if os.path.isabs(link) or inside.startswith(".."):
            raise _incomplete(path, "it is a link that leaves the repository", "commit what it points to")
        target.symlink_to(link)
        return
    target.write_bytes(content)
    target.chmod(0o555 if mode == _EXECUTABLE else 0o444)


def _incomplete(path: str, why: str, fix: str) -> UserError:
    return UserError(
        "GAO-ARENA-145", f"the tree cannot be exported whole: {one_line(path)}", why=why, fix=fix
    )
