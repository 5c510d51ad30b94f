"""Hosts in what goes to a tool that reads: with a scheme or without, and addresses of numbers. Pure.

A tool may put `https://` before what it is given, and what follows the host, or stands before it, leaves the
house with the request. Names of files are let be where their ending is that of no domain.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import unquote

from genaiops.guard import hosts_in

_NAME = r"(?:\w[\w-]{0,62}\.)+(?:xn--[\w-]{1,59}|[^\W\d_]{2,24})"
_END = r"(?![\w@-]|\.\w)"
_HOST = re.compile(rf"(?<![\w.@-]){_NAME}{_END}|(?<=@){_NAME}(?=[/?#:\\])")
_NUMBERS = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w]|\.\d)")
_SIX = re.compile(r"(?<![\w:])(?:\[[0-9a-f:.]{2,45}\]|(?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4})", re.IGNORECASE)
_ADDRESS = re.compile(r"(?:\b[a-z][a-z0-9+.-]{1,20}://|\bwww\.)[^\s/?#\\\"'<>]{1,300}", re.IGNORECASE)
_FILES = frozenset(
    (
        *(
            "csv",
            "doc",
            "docx",
            "gif",
            "htm",
            "html",
            "ini",
            "jpeg",
            "jpg",
            "json",
            "jsonl",
            "log",
            "odt",
            "pdf",
        ),
        *("png", "ppt", "pptx", "svg", "toml", "tsv", "txt", "wav", "xls", "xlsx", "xml", "yaml", "yml"),
    )
)
"""Endings of files that are no top-level domains."""


def hosts_of(text: str) -> frozenset[str]:
    """Return the hosts that a text names in any way, in small letters; IP addresses too."""
    said = unicodedata.normalize("NFKC", unquote(text)).replace("。", ".").lower()
    found: list[str] = [
        match.group() for pattern in (_HOST, _NUMBERS, _SIX) for match in pattern.finditer(said)
    ]
    return frozenset(host for host in found if host.rpartition(".")[2] not in _FILES)


def trusted_hosts(user: Iterable[str], others: Iterable[str]) -> frozenset[str]:
    """Return the hosts that the user names, bare ones too, and those of addresses in other trusted texts.

    A file's name, as `main.rs`, is a host by its looks; only where the user says it does it count.
    """
    own = (host for text in user for host in _bare_hosts(text))
    return frozenset((*own, *(host for text in others for host in _address_hosts(text))))


def is_foreign(text: str, allowed: Iterable[str], named: frozenset[str]) -> bool:
    """Say whether a text names a host that is neither `allowed`, with its sub-domains, nor `named`."""
    ours = tuple(one.lower().lstrip(".") for one in allowed)
    return "*" not in ours and not all(
        host in named
        or host.removeprefix("www.") in named
        or any(host == one or host.endswith(f".{one}") for one in ours)
        for host in hosts_of(text)
    )


@lru_cache(maxsize=512)
def _bare_hosts(text: str) -> frozenset[str]:
    return hosts_in([text]) | hosts_of(text)


@lru_cache(maxsize=512)
def _address_hosts(text: str) -> frozenset[str]:
    return hosts_in(_ADDRESS.findall(text))
