"""The one way to name content: SHA-256 over bytes, or over canonical JSON (RFC 8785)."""

import hashlib
import json
import re
from typing import NewType, cast

import rfc8785
from pydantic import JsonValue

from genaiops.core.errors import UserError

Json = JsonValue
"""Any JSON value."""

Digest = NewType("Digest", str)
"""`sha256:` and 64 hexadecimal digits: the algorithm travels with the value."""

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_MOST = 2**53 - 1
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True, check_circular=False)


def canonical(value: Json) -> bytes:
    """Return the canonical JSON bytes (RFC 8785) of `value`.

    Raises `UserError` where JSON cannot hold it: NaN, infinity, an integer beyond 2**53.
    """
    if _plain(value):
        return _ENCODER.encode(value).encode()
    try:
        return rfc8785.dumps(value)  # pyright: ignore[reportArgumentType]  its type lists tuples, ours is JSON
    except (
        rfc8785.CanonicalizationError,
        UnicodeEncodeError,
    ) as error:  # the latter: half a character as a key
        raise UserError(
            "GAO-CORE-001",
            "a value cannot be written as canonical JSON",
            why=str(error),
            fix="use finite numbers below 2**53, text, lists and objects with text keys",
        ) from error


def _plain(value: object) -> bool:
    """Say whether the standard encoder writes `value` as RFC 8785 does: no float, no key beyond ASCII.

    It is ten times as fast, and most of what is digested is so.
    """
    kind = type(value)
    if kind is str:
        return cast(str, value).isascii() or not _SURROGATE.search(cast(str, value))
    if kind is dict:
        return all(
            type(key) is str and key.isascii() and _plain(item)
            for key, item in cast("dict[object, object]", value).items()
        )
    if kind is list:
        return all(map(_plain, cast("list[object]", value)))
    if kind is int:
        return -_MOST <= cast(int, value) <= _MOST
    return kind is bool or value is None


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
