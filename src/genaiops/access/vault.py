"""The vault: content of a person is sealed under a key of theirs, and unreadable once that is destroyed.

<config>/keys/vault.secret     32 random bytes, 0600, made on first use

A person is known by a pseudonym only: an HMAC of their name under that secret. Their key (512 random bits)
lies in the store, wrapped under the secret, so that neither the store nor the file alone opens anything.
Sealing is AES-256-SIV (RFC 5297): the same content under the same key gives the same box, and so one digest,
from which nobody without the key can guess the content. A box is as long as what is in it.
"""

import base64
import binascii
import hmac
import os
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESSIV

from genaiops.access import vault_faults as faults
from genaiops.access.audit import append, stamp
from genaiops.access.checks import require
from genaiops.access.model import EVERYWHERE, Event
from genaiops.access.signers import create_private, read_private
from genaiops.access.tables import prepare
from genaiops.access.vault_tables import KEYS, TOMBSTONES, USES
from genaiops.core import Digest, OutsideError, Principal, Settings, UserError, digest_bytes, one_line
from genaiops.store import Database

_SECRET_BYTES, _KEY_BYTES, _NONCE_BYTES = 32, 64, 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """Content under a person's key: their pseudonym, and the box (base64)."""

    subject: str
    box: str

    @property
    def digest(self) -> Digest:
        """What names the content wherever the content itself may not stand."""
        return digest_bytes(self.box.encode())


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """A destroyed key: whose, since when, and which versions rested on what it opened.

    `scrubbed`: no older page of the database holds it any more. It is False while another process reads.
    """

    subject: str
    erased_at: str
    rested: tuple[str, ...]
    scrubbed: bool


class Vault:
    """The keys of people in one store. Nothing is read or made before the first use."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._path = settings.config_dir / "keys" / "vault.secret"
        self._keys: dict[str, bytes] = {}

    def subjects(self, names: Iterable[str]) -> dict[str, str | None]:
        """Return the pseudonym of each person, with a key for who had none; None: their key was destroyed."""
        prepare(self._database)
        secret = self._secret(make=True)
        pseudonyms = {name: _pseudonym(secret, name) for name in names}
        at = stamp(datetime.now(UTC))
        with self._database.write() as connection:
            known = set(connection.execute(sa.select(KEYS.c.subject)).scalars())
            erased = set(connection.execute(sa.select(TOMBSTONES.c.subject)).scalars())
            if new := sorted(set(pseudonyms.values()) - known - erased):
                connection.execute(sa.insert(KEYS), [_row(secret, subject, at) for subject in new])
        return {name: None if subject in erased else subject for name, subject in pseudonyms.items()}

    def seal(self, subject: str, content: bytes) -> Sealed:
        """Return `content` under the key of a pseudonym; raises `UserError` where that was destroyed."""
        key = self._key(subject)
        if key is None:
            raise faults.key_destroyed(subject)
        box = AESSIV(key).encrypt(content, [subject.encode()])
        return Sealed(subject=subject, box=base64.b64encode(box).decode())

    def open(self, sealed: Sealed) -> bytes | None:
        """Return what is in the box; None where its key is destroyed, was never here, or is another user's.

        Raises `UserError` where the box is not what was sealed.
        """
        try:
            key = self._key(sealed.subject)
        except UserError as error:
            if error.code != faults.KEYS_NOT_OURS:
                raise
            key = None
        if key is None:
            return None
        try:
            box = base64.b64decode(sealed.box, validate=True)
            return AESSIV(key).decrypt(box, [sealed.subject.encode()])
        except (InvalidTag, binascii.Error, ValueError) as error:
            raise faults.not_what_was_sealed(sealed.subject) from error

    def erased(self, subject: str) -> bool:
        """Say whether a pseudonym's key was here and is destroyed."""
        prepare(self._database)
        with self._database.read() as connection:
            return _erased_at(connection, subject) is not None

    def erase(self, by: Principal, name: str, *, reason: str, ticket: str, at: datetime) -> Erased:
        """Destroy the key of a person and leave the tombstone; a second time only the database is scrubbed.

        The log gets the pseudonym, never the name. Raises `UserError` for somebody of whom nothing is sealed
        here, and where `by` may not do it.
        """
        if not reason.strip() or not ticket.strip():
            raise faults.no_reason_to_erase()
        prepare(self._database)
        subject = _pseudonym(self._secret(make=False), name)
        with self._database.write() as connection:
            require(connection, by, "subject.erase", EVERYWHERE)
            erased_at = _erased_at(connection, subject)
            if erased_at is None:
                erased_at = stamp(at)
                _bury(connection, subject, erased_at)
                append(connection, _event(by, subject, at, reason, ticket))
            rested = connection.execute(sa.select(USES.c.reference).where(USES.c.subject == subject))
            references = tuple(sorted(rested.scalars()))
        self._keys.pop(subject, None)
        scrubbed = self._database.scrub()
        return Erased(subject=subject, erased_at=erased_at, rested=references, scrubbed=scrubbed)

    def _key(self, subject: str) -> bytes | None:
        if subject not in self._keys:
            prepare(self._database)
            with self._database.read() as connection:
                wrapped = connection.execute(
                    sa.select(KEYS.c.wrapped).where(KEYS.c.subject == subject)
                ).scalar()
            if wrapped is None:
                return None
            self._keys[subject] = _unwrapped(self._secret(make=False), subject, wrapped)
        return self._keys[subject]

    def _secret(self, *, make: bool) -> bytes:
        """Return this user's secret. Another one than the store's keys lie under opens nothing, so it is
        refused, as is a new one beside them: it would take erased people for new ones."""
        with self._database.read() as connection:
            marks = {
                mark
                for table in (KEYS, TOMBSTONES)
                for mark in connection.execute(sa.select(table.c.secret).distinct()).scalars()
            }
        if not self._path.exists():
            if marks:
                raise faults.another_secret(str(self._path))
            if not make:
                raise faults.nothing_sealed()
            _make_secret(self._path)
        secret = read_private(self._path)
        if len(secret) != _SECRET_BYTES or not marks <= {_mark(secret)}:
            raise faults.another_secret(str(self._path))
        return secret


def note_use(database: Database, subjects: Iterable[str], reference: str) -> None:
    """Note that a version rests on what is sealed of these people, so that erasing them can tell."""
    mine = set(subjects)
    if mine:
        known = sa.select(USES.c.subject).where(USES.c.reference == reference)
        with database.write() as connection:
            new = sorted(mine - set(connection.execute(known).scalars()))
            rows = [{"subject": subject, "reference": reference} for subject in new]
            if rows:
                connection.execute(sa.insert(USES), rows)


def _erased_at(connection: sa.Connection, subject: str) -> str | None:
    wanted = sa.select(TOMBSTONES.c.erased_at).where(TOMBSTONES.c.subject == subject)
    return connection.execute(wanted).scalar()


def _bury(connection: sa.Connection, subject: str, erased_at: str) -> None:
    mine = KEYS.c.subject == subject
    secret = connection.execute(sa.select(KEYS.c.secret).where(mine)).scalar()
    if secret is None:
        raise faults.nothing_sealed()
    connection.execute(sa.delete(KEYS).where(mine))
    stone = {"subject": subject, "secret": secret, "erased_at": erased_at}
    connection.execute(sa.insert(TOMBSTONES), stone)


def _event(by: Principal, subject: str, at: datetime, reason: str, ticket: str) -> Event:
    return Event(
        actor=by.id,
        action="subject.erase",
        subject=f"subject:{subject}",
        at=at,
        details={"reason": reason, "ticket": ticket},
    )


def _make_secret(path: Path) -> None:
    try:
        create_private(path, secrets.token_bytes(_SECRET_BYTES))
    except FileExistsError:
        pass  # another process was first: its secret is the secret
    except OSError as error:
        raise OutsideError(
            "GAO-ACCESS-050",
            "the secret of the vault cannot be written",
            why=one_line(str(error)),
            fix="make the folder writable, or point GENAIOPS_CONFIG to one that is",
            where=str(path),
        ) from error


def _row(secret: bytes, subject: str, at: str) -> dict[str, object]:
    nonce = os.urandom(_NONCE_BYTES)
    wrapped = nonce + AESGCM(_derived(secret, "wrap")).encrypt(
        nonce, os.urandom(_KEY_BYTES), subject.encode()
    )
    return {"subject": subject, "secret": _mark(secret), "wrapped": wrapped, "created_at": at}


def _unwrapped(secret: bytes, subject: str, wrapped: bytes) -> bytes:
    nonce, box = wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:]
    try:
        return AESGCM(_derived(secret, "wrap")).decrypt(nonce, box, subject.encode())
    except (InvalidTag, ValueError) as error:
        raise faults.not_what_was_sealed(subject) from error


def _pseudonym(secret: bytes, name: str) -> str:
    return hmac.digest(_derived(secret, "name"), name.encode(), "sha256").hex()[:32]


def _mark(secret: bytes) -> str:
    return _derived(secret, "mark").hex()[:16]


def _derived(secret: bytes, purpose: str) -> bytes:
    return hmac.digest(secret, f"genaiops vault v1: {purpose}".encode(), "sha256")
