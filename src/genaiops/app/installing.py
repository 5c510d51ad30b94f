"""How a lockfile is installed: which tool, with which words. Pure, but for reading the lockfile.

The project itself is never installed: its code comes from the exported tree.
"""

import platform
import re
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from genaiops.core import Digest, UserError, digest_bytes, digest_json

LOCKFILES = (
    "uv.lock",
    "poetry.lock",
    "pdm.lock",
    "pylock.toml",
    "requirements.txt",
    "Pipfile.lock",
    "conda-lock.yml",
)
"""Every lockfile that is known; of several in one folder the first decides."""

_TOOLS = {"uv.lock": "uv", "poetry.lock": "poetry", "pdm.lock": "pdm", "pylock.toml": "uv"}
_BESIDE = re.compile(
    # pip: other files, editable or local packages
    r"^\s*(-r|-c|-e|-f|--requirement|--constraint|--editable|--find-links|\.|/|file:)|@\s*file:"
    # uv, poetry, pdm: a package that is a folder or file; the project itself (".") is not installed
    r'|\b(editable|directory|path)\s*=\s*"(?!\.")|^type\s*=\s*"(directory|file)"',
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Lockfile:
    """A lockfile in an exported tree. `digest` names the environment that it makes with this Python."""

    path: Path
    digest: Digest


@dataclass(frozen=True, slots=True)
class Install:
    """What to run once the empty environment is there. `pip`: the environment needs pip of its own."""

    argv: tuple[str, ...]
    env: dict[str, str]
    pip: bool = False


def read_lockfile(path: Path, tree: str) -> Lockfile:
    """Return the lockfile at `path` of the exported `tree` (git's id).

    One that names files beside it (`-r base.txt`, `-e .`) makes an environment for this tree alone.
    """
    content = path.read_bytes()
    beside = _BESIDE.search(content.decode("utf-8", "replace"))
    return Lockfile(
        path,
        digest_json(
            {
                "lockfile": path.name,
                "content": digest_bytes(content),
                "tree": tree if beside else None,
                "python": f"{platform.python_implementation()} {platform.python_version()}",
                "machine": f"{platform.system()} {platform.machine()}",
            }
        ),
    )


def installation(lockfile: Path, folder: Path, env: Mapping[str, str]) -> Install:
    """Return how to install `lockfile` into the environment at `folder`.

    Raises `UserError` where nothing here can: the tool is not on PATH, or the kind is unknown to us.
    """
    name, python, project = lockfile.name, str(folder / "bin" / "python"), str(lockfile.parent)
    if name == "requirements.txt":
        words = ("install", "--no-input", "--disable-pip-version-check", "-r", str(lockfile))
        if find_spec("pip") is None:  # as where uv made this environment
            return Install((python, "-P", "-m", "pip", *words), {}, pip=True)
        return Install((sys.executable, "-P", "-m", "pip", "--python", python, *words), {})
    tool = _tool(name, env)
    active = {"VIRTUAL_ENV": str(folder)}
    match name:
        case "uv.lock":
            words = ("sync", "--frozen", "--no-dev", "--no-install-project", "--project", project)
            return Install((tool, *words), {"UV_PROJECT_ENVIRONMENT": str(folder), "UV_PYTHON": python})
        case "pylock.toml":
            return Install((tool, "pip", "sync", "--python", python, str(lockfile)), {})
        case "poetry.lock":
            words = ("install", "--no-root", "--no-interaction", "--only", "main", "--directory", project)
            return Install((tool, *words), active)
        case _:
            words = ("sync", "--no-self", "--prod", "--project", project)
            return Install((tool, *words), {**active, "PDM_IGNORE_SAVED_PYTHON": "1"})


def _tool(name: str, env: Mapping[str, str]) -> str:
    tool = _TOOLS.get(name)
    if tool is None:
        raise UserError(
            "GAO-APP-060",
            f"no environment can be made from {name}",
            why=f"genaiops installs {', '.join(known for known in LOCKFILES[:5])}",
            fix="lock the packages in one of these too, or accept one environment for both with --same-env",
            where=name,
        )
    found = shutil.which(tool, path=env.get("PATH"))
    if found is None:
        raise UserError(
            "GAO-APP-061",
            f"{name} cannot be installed: {tool} is not on PATH",
            why="an arm that locks other packages than the working tree runs in an environment of its own",
            fix=f"install {tool}, or accept one environment for both with --same-env",
            where=name,
        )
    return found
