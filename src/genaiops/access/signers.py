"""Which keys sign evidence and checkpoints, and which are believed: files in the configuration folder only.

<config>/keys/signing.pem       private, 0600, made on first use
<config>/keys/trusted/NAME.pub  public keys of others, put there by hand; under ci/ or human/ it is said
                                whether a runner or a person signs with them
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from genaiops.access.model import SignerRole
from genaiops.core import (
    OutsideError,
    PublicKey,
    Settings,
    SigningKey,
    UserError,
    load_public_key,
    load_signing_key,
    new_signing_key,
    one_line,
)

_MAX_KEY = 65_536
OWN = "this user"
_PLACES: tuple[SignerRole | None, ...] = (None, *get_args(SignerRole))


@dataclass(frozen=True, slots=True)
class KnownKey:
    """A key that is believed, whose it is said to be, and what signs with it: None where nobody said so."""

    key: PublicKey
    label: str
    role: SignerRole | None = None


def signing_key(settings: Settings, *, announce: Callable[[str], None]) -> SigningKey:
    """Return this user's key; on first use one is made, and `announce` is told so."""
    path = _own_path(settings)
    if not path.exists():
        key = new_signing_key()
        try:
            create_private(path, key.pem())
        except FileExistsError:
            pass  # another process was first: its key is the key
        except OSError as error:
            raise OutsideError(
                "GAO-ACCESS-001",
                "the signing key cannot be written",
                why=one_line(str(error)),
                fix="make the folder writable, or point GENAIOPS_CONFIG to one that is",
                where=str(path),
            ) from error
        else:
            announce(f"made a signing key for this user: {path} (key id {key.public.id[:16]})")
    return load_signing_key(read_private(path), where=str(path))


def known_keys(settings: Settings) -> tuple[KnownKey, ...]:
    """Return the keys that are believed: this user's own, and those in `keys/trusted`."""
    own = _own_path(settings)
    known: list[KnownKey] = []
    if own.is_file():
        known.append(KnownKey(load_signing_key(read_private(own), where=str(own)).public, OWN))
    known += [
        KnownKey(load_public_key(read_private(path), where=str(path)), one_line(path.stem, 60), role)
        for role in _PLACES
        for path in sorted((trusted_folder(settings) / (role or "")).glob("*.pub"))
    ]
    return tuple(known)


def trusted_folder(settings: Settings) -> Path:
    """Return the folder that holds the public keys of others."""
    return settings.config_dir / "keys" / "trusted"


def _own_path(settings: Settings) -> Path:
    return settings.config_dir / "keys" / "signing.pem"


def create_private(path: Path, content: bytes) -> None:
    """Write a file that only this user reads; raises `FileExistsError` where another process was first."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.parent.chmod(0o700)
    part = path.with_name(f".{path.name}.{os.getpid()}")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.link(part, path)  # unlike a rename, it fails where another process was first
    finally:
        part.unlink(missing_ok=True)


def read_private(path: Path) -> bytes:
    """Return what a file of keys holds; raises `UserError` where it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(_MAX_KEY)
    except OSError as error:
        raise UserError(
            "GAO-ACCESS-002",
            "a key cannot be read",
            why=one_line(str(error)),
            fix="make the file readable for you, or remove it",
            where=str(path),
        ) from error
