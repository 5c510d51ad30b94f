"""Environments of their own: the packages of a lockfile, installed once and kept by digest.

An environment is a folder of the store. It is made where it stays, since its scripts name its path, and it
counts from the moment when `environment.json` is in it; whatever a kill leaves has none and is made anew.
Installing runs foreign code: build scripts of packages, and the network they ask for.
"""

import asyncio
import importlib.util
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import genaiops
from genaiops.app.installed import installed_packages
from genaiops.app.installing import Lockfile, installation
from genaiops.app.services import Services
from genaiops.core import (
    Digest,
    Json,
    OutsideError,
    decode_json,
    encode,
    encode_json,
    hex_of,
    one_line,
    plain,
)
from genaiops.store import disk_error
from genaiops.work import ChildProcess, Limits, install_environment

NEEDED: Mapping[str, str] = {
    "annotated_types": "annotated-types",
    "jinja2": "jinja2",
    "markupsafe": "markupsafe",
    "pydantic": "pydantic",
    "pydantic_core": "pydantic-core",
    "rfc8785": "rfc8785",
    "typing_extensions": "typing-extensions",
    "typing_inspection": "typing-inspection",
    "yaml": "pyyaml",
}
"""What the worker imports that is not ours, with its distribution: shown behind what a lockfile brings."""

INSTALL_SECONDS = 3600.0
_MARK = "environment.json"
_KEPT = 4
_TAIL_LINES = 3
_LIMITS = Limits(memory_bytes=None, file_bytes=None, open_files=4096)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnEnvironment:
    """An environment that is complete: where it is, what it was made from, what is installed in it."""

    folder: Path
    lockfile: str
    digest: Digest
    packages: dict[str, str]

    @property
    def facts(self) -> dict[str, Json]:
        """Return what an app's digest reads of it: all that its app may import."""
        ours = installed_packages()
        behind = {name for name in NEEDED.values() if name not in self.packages and name in ours}
        return {
            "lockfile": self.lockfile,
            "environment": self.digest,
            "packages": encode(self.packages),
            "from_genaiops": {name: ours[name] for name in sorted(behind)},
        }

    def environ(self, env: Mapping[str, str]) -> dict[str, str]:
        """Return `env` with this environment as the active one."""
        path = f"{self.folder / 'bin'}:{env['PATH']}" if "PATH" in env else str(self.folder / "bin")
        return {**env, "VIRTUAL_ENV": str(self.folder), "PATH": path}

    def command(self, module: str, *arguments: str) -> list[str]:
        """Return the command that runs a module of ours in it."""
        return _command(self.folder, module, *arguments)


def found_environment(lockfile: Lockfile, services: Services) -> OwnEnvironment | None:
    """Return the environment that was made from `lockfile`, None where there is none that is whole."""
    folder = _folder(lockfile, services)
    mark = folder / _MARK
    if not mark.is_file() or not (folder / "bin" / "python").exists():  # its Python may have been removed
        return None
    mark.touch()  # the time of last use, for pruning
    packages = decode_json(dict[str, str], mark.read_bytes(), where=str(mark), code="GAO-APP-064")
    return OwnEnvironment(
        folder=folder, lockfile=lockfile.path.name, digest=lockfile.digest, packages=packages
    )


async def own_environment(lockfile: Lockfile, services: Services, label: str) -> OwnEnvironment:
    """Return the environment of `lockfile`, made first where there is none; ARENA's lock is held.

    Raises `UserError` where its tool is missing, `OutsideError` where the installation fails.
    """
    if (found := found_environment(lockfile, services)) is not None:
        return found
    folder = _folder(lockfile, services)
    installation(lockfile.path, folder, services.settings.env)  # what is missing is said before anything runs
    services.console.note(
        f"{label}: making an environment of its own from {lockfile.path.name}, once; "
        "its packages are installed, which may take minutes"
    )
    began = time.monotonic()
    try:
        _prune(folder.parent)
        await _make(lockfile, folder, services, label)
    except OSError as error:
        raise disk_error(error, folder) from error
    finally:
        if not (folder / _MARK).exists():
            shutil.rmtree(folder, ignore_errors=True)
    made = found_environment(lockfile, services)
    assert made is not None
    took = time.monotonic() - began
    services.console.note(f"{label}: {len(made.packages)} packages installed in {took:.0f} s")
    return made


def _folder(lockfile: Lockfile, services: Services) -> Path:
    return services.store.path / "environments" / hex_of(lockfile.digest)[:32]


def _prune(environments: Path) -> None:
    """Remove what a kill left without its mark, and environments that were not used for long."""
    environments.mkdir(mode=0o700, exist_ok=True)
    marks = sorted(environments.glob(f"*/{_MARK}"), key=lambda mark: mark.stat().st_mtime)
    kept = {mark.parent for mark in marks[-(_KEPT - 1) :]}
    for folder in environments.iterdir():
        if folder not in kept and folder.name != "cache":
            shutil.rmtree(folder, ignore_errors=True)


async def _make(lockfile: Lockfile, folder: Path, services: Services, label: str) -> None:
    install = installation(lockfile.path, folder, services.settings.env)
    with tempfile.TemporaryDirectory(prefix="genaiops-install-") as name:
        home = Path(name)
        env = install_environment(services.settings.env, home, folder.parent / "cache")
        words = [] if install.pip else ["--without-pip"]
        await _run([sys.executable, "-m", "venv", *words, str(folder)], home, env, label, lockfile)
        await _run(install.argv, lockfile.path.parent, {**env, **install.env}, label, lockfile)
        listed = home / "installed.json"
        probe = _command(folder, "genaiops.app.installed", "--", str(listed))
        await _run(probe, home, env, label, lockfile)
        part = folder / f"{_MARK}.part"
        part.write_bytes(encode_json(decode_json(dict[str, str], listed.read_bytes())).encode())
        part.replace(folder / _MARK)


async def _run(
    argv: Sequence[str], cwd: Path, env: Mapping[str, str], label: str, lockfile: Lockfile
) -> None:
    try:
        async with asyncio.timeout(INSTALL_SECONDS):
            async with await ChildProcess.spawn(argv, cwd=cwd, env=env, limits=_LIMITS) as child:
                status = await child.wait()
                said = child.stderr_tail + b"\n" + child.stdout_tail
    except TimeoutError:
        raise _failed(label, lockfile, f"it was not done within {INSTALL_SECONDS:g} s") from None
    if status != 0:
        raise _failed(label, lockfile, _reason(said, status))


def _reason(said: bytes, status: int) -> str:
    """Return the lines that say why: those that call themselves errors, else the last ones."""
    lines = [line.strip() for line in plain(said.decode("utf-8", "replace")).splitlines() if line.strip()]
    errors = [line for line in lines if line.lower().startswith("error") or "Error:" in line]
    return one_line(" / ".join((errors or lines)[-_TAIL_LINES:]), 500) or f"it ended with status {status}"


def _failed(label: str, lockfile: Lockfile, why: str) -> OutsideError:
    return OutsideError(
        "GAO-APP-062",
        f"{label}: no environment could be made from {lockfile.path.name}",
        why=why,
        fix="mend the lockfile or the way to its packages, or accept one environment with --same-env",
        where=lockfile.path.name,
    )


def _command(folder: Path, module: str, *arguments: str) -> list[str]:
    """Return the command that runs `module` of ours by the Python in `folder`, and shows it nothing else."""
    ours = Path(genaiops.__file__).parent
    places = [f"genaiops={ours.parent}", *(f"{name}={place}" for name, place in _places().items())]
    bootstrap = str(ours / "app" / "bootstrap.py")
    return [str(folder / "bin" / "python"), "-P", "-B", bootstrap, module, *places, *arguments]


def _places() -> dict[str, str]:
    """Return the folder in which this environment holds each name that the worker needs."""
    found: dict[str, str] = {}
    for name in NEEDED:
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.origin is not None:
            origin = Path(spec.origin)
            found[name] = str(origin.parent.parent if spec.submodule_search_locations else origin.parent)
    return found
