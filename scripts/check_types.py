"""Pyright where something changed: in a file, in what it imports, in the settings, in what is installed.

A file's key is the digest of all that, what it imports followed to the end. Keys under which Pyright had no
complaint are kept in `.pyright.checked`; without it every file is checked.
"""

import hashlib
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import distributions
from pathlib import Path
from typing import cast

ROOT = Path(__file__).resolve().parent.parent
KEPT = ROOT / ".pyright.checked"
# more than there are, where a text only looks like an import: then a file is checked once too often
_FROM = re.compile(r"^\s*from (\.*[\w.]*) import (\((?:[^)#]|#[^\n]*)*\)|[^\n]*)", re.MULTILINE)
_IMPORT = re.compile(r"^\s*import ([\w.]+)", re.MULTILINE)
# a seventh less processor time than with the small spaces of node's default
_NODE = "--max-semi-space-size=64"


def checked_files() -> list[Path]:
    """Return what the settings say is checked."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["pyright"]
    left_out = [ROOT / each for each in settings["exclude"]]
    found = [path for each in settings["include"] for path in sorted((ROOT / each).rglob("*.py"))]
    return [path for path in found if not any(path.is_relative_to(each) for each in left_out)]


@cache
def imports(path: Path) -> frozenset[Path]:
    """Return the files of ours that one names in its imports."""
    text, found = path.read_text(encoding="utf-8"), set[Path]()
    for module, names in _FROM.findall(text):
        if module.startswith("."):
            raise SystemExit(f"{path}: a relative import, which this does not follow")
        found.update(files(module, path))
        for name in re.findall(r"\w+", names):
            found.update(files(f"{module}.{name}", path))
    for module in _IMPORT.findall(text):
        parts = module.split(".")
        for size in range(1, len(parts) + 1):
            found.update(files(".".join(parts[:size]), path))
    return frozenset(found)


def files(module: str, asked_in: Path) -> Iterator[Path]:
    """Yield the files that a module's name may mean."""
    for place in (ROOT / "src", ROOT, asked_in.parent):
        base = place.joinpath(*module.split("."))
        for path in (base.with_suffix(".py"), base / "__init__.py"):
            if is_file(path):
                yield path


@cache
def is_file(path: Path) -> bool:
    """Say whether there is such a file."""
    return path.is_file()


def reached(path: Path) -> set[Path]:
    """Return a file and every one that it imports, directly or not."""
    found, open_ends = {path}, [path]
    while open_ends:
        new = imports(open_ends.pop()) - found
        found |= new
        open_ends.extend(new)
    return found


def around() -> str:
    """Return what is the same for every file: the settings, and what is installed."""
    installed = sorted(f"{each.name} {each.version}" for each in distributions())
    settings = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    return "\n".join([sys.version, settings, Path(__file__).read_text(encoding="utf-8"), *installed])


@cache
def content(path: Path) -> str:
    """Return a file's name and the digest of what is in it."""
    return f"{path.relative_to(ROOT)} {hashlib.sha256(path.read_bytes()).hexdigest()}"


def keys() -> dict[str, str]:
    """Return the key of every file that is checked."""
    same = around()
    return {
        str(path.relative_to(ROOT)): hashlib.sha256(
            "\n".join([same, *sorted(map(content, reached(path)))]).encode()
        ).hexdigest()
        for path in checked_files()
    }


def main() -> int:
    """Check what has another key than when it was last without complaint; return the exit status."""
    now = keys()
    before = cast("dict[str, str]", json.loads(KEPT.read_text(encoding="utf-8"))) if KEPT.is_file() else {}
    changed = [file for file, key in now.items() if before.get(file) != key]
    print(f"types: {len(changed)} of {len(now)} files to check")
    if changed:
        pyright = Path(sys.executable).with_name("pyright")
        env = {**os.environ, "NODE_OPTIONS": _NODE}
        done = subprocess.run([pyright, "--warnings", *changed], cwd=ROOT, env=env, check=False)
        if done.returncode:
            return done.returncode
    whole = KEPT.with_suffix(".new")
    whole.write_text(json.dumps(now), encoding="utf-8")
    whole.replace(KEPT)  # never half of it, where somebody interrupts
    return 0


if __name__ == "__main__":
    sys.exit(main())
