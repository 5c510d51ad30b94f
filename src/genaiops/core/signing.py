"""Signed statements: in-toto Statement v1 in a DSSE envelope, ed25519. Pure functions of bytes and keys."""

import binascii
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, cast

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)
from pydantic_core import from_json
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import FormatError, VerificationError
from securesystemslib.signer import (
    CryptoSigner,  # pyright: ignore[reportPrivateImportUsage]  its documented name
    SSlibKey,  # pyright: ignore[reportPrivateImportUsage]
)

from genaiops.core.digests import Json, canonical
from genaiops.core.errors import UserError

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PAYLOAD_TYPE = "application/vnd.in-toto+json"


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that signatures are checked with. Two keys with one `id` are one key."""

    id: str
    raw: bytes

    def pem(self) -> bytes:
        """Return the key as people pass it on."""
        key = Ed25519PublicKey.from_public_bytes(self.raw)
        return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key, and the public one that belongs to it. Its `repr` says nothing secret."""

    public: PublicKey
    _signer: CryptoSigner

    def pem(self) -> bytes:
        """Return the private key as it is kept on disk."""
        return self._signer.private_bytes

    def __repr__(self) -> str:
        return f"SigningKey(id={self.public.id!r})"


@dataclass(frozen=True, slots=True)
class Subject:
    """What a statement is about: a name, and its digest by algorithm (`sha256`, `gitTree`)."""

    name: str
    digest: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """An in-toto Statement v1."""

    subjects: tuple[Subject, ...]
    predicate_type: str
    predicate: dict[str, Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedStatement:
    """A statement out of its envelope. `signer` is None where no key given made a valid signature."""

    statement: Statement
    key_ids: tuple[str, ...]
    signer: str | None


def new_signing_key() -> SigningKey:
    """Return a fresh ed25519 key."""
    return _signing_key(CryptoSigner.generate_ed25519())


def load_signing_key(pem: bytes, *, where: str = "") -> SigningKey:
    """Return the private key in `pem`; raises `UserError` where it is no ed25519 key."""
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise _bad_key(where) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise _bad_key(where)
    return _signing_key(CryptoSigner(key))


def load_public_key(pem: bytes, *, where: str = "") -> PublicKey:
    """Return the public key in `pem`; raises `UserError` where it is no ed25519 key."""
    try:
        key = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise _bad_key(where) from error
    if not isinstance(key, Ed25519PublicKey):
        raise _bad_key(where)
    return _public_key(SSlibKey.from_crypto(key))


def sign_statement(statement: Statement, key: SigningKey) -> bytes:
    """Return the envelope as one line: canonical JSON and a newline, so that equal is byte-equal."""
    body: Json = {
        "_type": STATEMENT_TYPE,
        "subject": [{"name": s.name, "digest": dict(s.digest)} for s in statement.subjects],
        "predicateType": statement.predicate_type,
        "predicate": statement.predicate,
    }
    envelope = Envelope(canonical(body), PAYLOAD_TYPE, {})
    envelope.sign(key._signer)  # pyright: ignore[reportPrivateUsage]  the key hands it to nobody else
    return canonical(cast(Json, envelope.to_dict())) + b"\n"  # pyright: ignore[reportUnknownMemberType]  it has no types of its own


def open_statement(content: bytes, keys: Sequence[PublicKey], *, where: str = "") -> SignedStatement:
    """Return what an envelope says, and which of `keys` signed it.

    Only the exact bytes that `sign_statement` writes are accepted: base64 and JSON have several spellings
    of one value, and a byte that may change unseen is a byte that nobody vouches for.
    Raises `UserError` where it is no such envelope.
    """
    envelope = _envelope(content, where)
    signer = None
    if keys:
        known = [_sslib(key) for key in keys]
        try:
            signer = next(iter(envelope.verify(list(known), 1)))
        except VerificationError:
            signer = None
    statement = _statement(envelope.payload, where)
    return SignedStatement(statement=statement, key_ids=tuple(envelope.signatures), signer=signer)


def _envelope(content: bytes, where: str) -> Envelope:
    try:
        loaded: Any = from_json(content, allow_inf_nan=False)
        envelope = Envelope.from_dict(deepcopy(loaded))  # it empties what it is given  # pyright: ignore[reportUnknownMemberType]  it has no types of its own
        again = canonical(cast(Json, envelope.to_dict())) + b"\n"  # pyright: ignore[reportUnknownMemberType]  it has no types of its own
    except (ValueError, KeyError, TypeError, AttributeError, FormatError, binascii.Error) as error:
        raise _no_statement(where, "it is not a DSSE envelope") from error
    if again != content:
        raise _no_statement(where, "its bytes are not the ones that were written when it was signed")
    if envelope.payload_type != PAYLOAD_TYPE:
        raise _no_statement(where, "its payload is not an in-toto statement")
    return envelope


def _statement(payload: bytes, where: str) -> Statement:
    try:
        body: Any = from_json(payload, allow_inf_nan=False)
        if body["_type"] != STATEMENT_TYPE:
            raise _no_statement(where, "its payload is not an in-toto statement v1")
        return Statement(
            subjects=tuple(_subject(item) for item in body["subject"]),
            predicate_type=str(body["predicateType"]),
            predicate=dict(body["predicate"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _no_statement(where, "its statement lacks a part, or a part is of the wrong type") from error


def _subject(item: Any) -> Subject:
    digest = {str(name): str(value) for name, value in item["digest"].items()}
    return Subject(str(item["name"]), digest)


def _signing_key(signer: CryptoSigner) -> SigningKey:
    return SigningKey(_public_key(signer.public_key), signer)


def _public_key(key: SSlibKey) -> PublicKey:
    return PublicKey(key.keyid, bytes.fromhex(cast(str, key.keyval["public"])))


def _sslib(key: PublicKey) -> SSlibKey:
    return SSlibKey.from_crypto(Ed25519PublicKey.from_public_bytes(key.raw))


def _bad_key(where: str) -> UserError:
    return UserError(
        "GAO-CORE-005",
        "this is not an ed25519 key",
        why="signatures are made and checked with ed25519 keys in PEM files",
        fix="copy the whole file again, or remove it",
        where=where,
    )


def _no_statement(where: str, why: str) -> UserError:
    return UserError(
        "GAO-CORE-006",
        "this is not a signed statement",
        why=why,
        fix="get the evidence again from whoever made it",
        where=where,
    )
