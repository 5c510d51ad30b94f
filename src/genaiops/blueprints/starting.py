"""`new`: a blueprint's files copied into a folder, as a project with a git history of its own."""

import shutil
import subprocess
from importlib.resources import as_file, files
from pathlib import Path

from genaiops.core import UserError

BLUEPRINTS = {"rag-assistant": "genaiops.blueprints.rag_assistant"}
_IGNORED = shutil.ignore_patterns("__pycache__", "*.pyc", ".genaiops")


def start(blueprint: str, target: Path) -> Path:
    """Copy the blueprint's template into `target`, which must be absent or empty, and return it.

    Raises `UserError` for an unknown blueprint or a folder that holds something.
    """
    if blueprint not in BLUEPRINTS:
        raise UserError(
            "GAO-NEW-020",
            f"there is no blueprint {blueprint!r}",
            why=f"there is: {', '.join(BLUEPRINTS)}",
            fix=f"genaiops new {next(iter(BLUEPRINTS))}",
        )
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise UserError(
            "GAO-NEW-021",
            f"{target} is not empty",
            why="a blueprint never mixes with files that are there",
            fix="name another folder: genaiops new rag-assistant my-assistant",
        )
    with as_file(files(BLUEPRINTS[blueprint]) / "template") as template:
        shutil.copytree(template, target, ignore=_IGNORED, dirs_exist_ok=True)
    (target / "gitignore").rename(target / ".gitignore")  # a wheel would read the dotted name as its own
    return target


def commit(folder: Path, message: str) -> None:
    """Commit everything in `folder`, in a repository of its own where there is none yet."""
    if not (folder / ".git").exists():
        git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--no-verify", "--allow-empty", "-m", message)


def git(folder: Path, *arguments: str) -> None:
    """Run git in `folder`, as an identity of its own and without hooks; raises `UserError` if it fails."""
    identity = (
        "-c",
        "user.name=genaiops",
        "-c",
        "user.email=genaiops@localhost",
        "-c",
        "commit.gpgsign=false",
    )
    command = ["git", *identity, "-c", "core.hooksPath=/dev/null", "-C", str(folder), *arguments]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except FileNotFoundError as error:
        raise UserError(
            "GAO-NEW-022", "git is not installed", fix="install git, and run the same again"
        ) from error
    except subprocess.CalledProcessError as error:
        raise UserError(
            "GAO-NEW-023",
            f"git {arguments[0]} failed in {folder}",
            why=error.stderr.decode(errors="replace").strip()[-300:],
            fix="mend what it names and run the same again",
        ) from error
