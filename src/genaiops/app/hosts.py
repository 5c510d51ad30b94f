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
_PART = r"(?:0x[0-9a-f]{0,16}|\d{1,20})"
_GOES_ON = r"[/\\?#:](?=\S{3})"
_NUMBERS = re.compile(
    rf"(?<![\w.]){_PART}(?:\.{_PART}){{3}}(?!\w|\.\w)|(?<![\w./-])(?=[0-9.]*0x){_PART}(?:\.{_PART}){{1,2}}(?!\w|\.\w)"
    rf"|(?<![\w./-]){_PART}(?:\.{_PART}){{0,2}}(?={_GOES_ON})"
)
"""IP addresses of numbers as a browser takes them: of one to four parts, in base 8, 10 or 16 (WHATWG URL).

`3.5` and `3/4` are numbers; with less than four parts something must follow that leaves with the request.
"""
_IGNORED = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]+"
)
"""Default_Ignorable_Code_Point: what is mapped to nothing in a host (UTS #46), or is not seen in it."""
_BREAKS = re.compile(r"[\t\r\n]+")
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
    said = unicodedata.normalize("NFKC", _IGNORED.sub("", unquote(text))).replace("。", ".").lower()
    if " " not in said.strip():  # an address and nothing else: breaks in it are dropped
        said = _BREAKS.sub("", said)
    found = [match.group() for pattern in (_HOST, _SIX) for match in pattern.finditer(said)]
    found += [one for match in _NUMBERS.finditer(said) if _is_address(one := match.group())]
    return frozenset(host for host in found if host.rpartition(".")[2] not in _FILES)


def _is_address(host: str) -> bool:
    """Say whether numbers are an IP address that a browser asks; `0.0.0.0/8` is no host."""
    parts = host.split(".")
    try:
        *first, last = [_number(part) for part in parts]
    except ValueError:
        return False
    if any(part > 255 for part in first) or last >= 256 ** (5 - len(parts)):
        return False
    return bool(first[0] if first else last >> 24)


def _number(part: str) -> int:
    if part.startswith("0x"):
        return int(part[2:] or "0", 16)
    return int(part, 8 if part.startswith("0") and len(part) > 1 else 10)


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
