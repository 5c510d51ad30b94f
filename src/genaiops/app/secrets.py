"""Finding values that look like secrets, so that they are refused before anything keeps them."""

import re
from collections.abc import Iterator

from genaiops.core import Json, KeyPath

_SHAPES = re.compile(
    r"\bsk-[A-Za-z0-9_-]{16,}"  # OpenAI, Anthropic and their like
    r"|\bAKIA[0-9A-Z]{16}\b|\bAIza[0-9A-Za-z_-]{30,}"  # clouds
    r"|\bgh[pousr]_[A-Za-z0-9]{20,}|\bglpat-[A-Za-z0-9_-]{16,}|\bhf_[A-Za-z0-9]{20,}"
    r"|\bxox[abprs]-[A-Za-z0-9-]{10,}|\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----"
    r"|\bhttps?://[^/\s:@]+:[^/\s@]+@"  # a password in an address
)
_NAMES = re.compile(
    r"(?:^|_)(?:api_?key|secret|passwd|password|access_?token|auth_?token|bearer)(?:$|_)", re.I
)


def find_secrets(value: Json, path: KeyPath = ()) -> Iterator[KeyPath]:
    """Yield the paths of values (or keys) in `value` that look like a key, a password or a token."""
    if isinstance(value, dict):
        for key, item in value.items():
            if _SHAPES.search(key) or (_names_secret(key) and isinstance(item, str) and item):
                yield (*path, key)
            else:
                yield from find_secrets(item, (*path, key))
    elif isinstance(value, list):
        for at, item in enumerate(value):
            yield from find_secrets(item, (*path, at))
    elif isinstance(value, str) and _SHAPES.search(value):
        yield path


def _names_secret(key: str) -> bool:
    return _NAMES.search(key.replace("-", "_")) is not None
