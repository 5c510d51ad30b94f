"""The one way to name content: SHA-256 over bytes, or over canonical JSON (RFC 8785)."""

import hashlib
import re
from typing import NewType

import rfc8785
from pydantic import JsonValue

from genaiops.core.errors import UserError

Json = JsonValue
"""Any JSON value."""

Digest = NewType("Digest", str)
"""`sha256:` and 64 hexadecimal digits: the algorithm travels with the value."""

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def canonical(value: Json) -> bytes:
    """Return the canonical JSON bytes (RFC 8785) of `value`.

    Raises `UserError` where JSON cannot hold it: NaN, infinity, an integer beyond 2**53.
    """
    try:
        return rfc8785.dumps(value)  # pyright: ignore[reportArgumentType]  its type lists tuples, ours is JSON
    except rfc8785.CanonicalizationError as error:
        raise UserError(
            "GAO-CORE-001",
            "a value cannot be written as canonical JSON",
            why=str(error),
            fix="use finite numbers below 2**53, text, lists and objects with text keys",
        ) from error


def digest_bytes(content: bytes) -> Digest:
    """Return the digest of `content`."""
    return Digest("sha256:" + hashlib.sha256(content).hexdigest())


def digest_json(value: Json) -> Digest:
    """Return the digest of the canonical JSON of `value`: equal values, equal digests."""
    return digest_bytes(canonical(value))


def parse_digest(text: str) -> Digest:
    """Return `text` as a digest; raises `UserError` where it is none."""
    if not _DIGEST.fullmatch(text):
        raise UserError(
            "GAO-CORE-002",
            f"{text!r} is not a digest",
            why="a digest is 'sha256:' and 64 hexadecimal digits",
            fix="copy it whole, as `genaiops hub show` prints it",
        )
    return Digest(text)


def hex_of(digest: Digest) -> str:
    """Return the 64 hexadecimal digits, without the algorithm: a blob's file name."""
    return digest.removeprefix("sha256:")
