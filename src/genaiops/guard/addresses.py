"""Addresses in a text, and the text without those that nobody trusted named. Pure.

What shows an answer asks an image's address for it, and turns addresses into links: each is a way out for
what was said. An address is read as a browser and a Markdown renderer read it (CommonMark 0.31, WHATWG URL):
entities and escapes decoded, line breaks inside it dropped, `//host` and `www.` as addresses too.
"""

import html
import re
from collections.abc import Callable, Iterable
from urllib.parse import unquote, urlsplit

_TAG = re.compile(r"<\s*[A-Za-z!?/][^<>]{0,4000}>?")
_ADDRESS_IN_TAG = re.compile(
    r"(?:src|href|srcset|data|action|poster|background|style|url|content)\s*=|//", re.IGNORECASE
)
_CAPTION = r"\[((?:[^\[\]]|\[[^\[\]]{0,200}\]){0,2000})\]"
_TARGET = (
    r"\([ \t\n]{0,9}((?:<[^<>\n]{0,4000}>|[^()\n]{0,4000}(?:\([^()\n]{0,200}\)[^()\n]{0,4000})?)"
    r"[^()\n]{0,500})\)?"
)
_IMAGE = re.compile("!" + _CAPTION + _TARGET)
_LINK = re.compile(_CAPTION + _TARGET)
_DEFINITION = re.compile(
    r"^[ \t>*+-]{0,20}(?:\d{1,3}[.)] )?\[([^\]]{1,500})\]:[ \t]{0,9}\n?[ \t]{0,9}(\S{1,4000})[^\n]{0,500}$",
    re.MULTILINE,
)
_REST = r"[^\s<>\"'`|^{}\[\])]{1,4000}"
_BARE = re.compile(
    rf"\b[a-z][a-z0-9+.-]{{1,20}}:[/\\]{{2,}}{_REST}|\b(?:https?|ftp|wss?):{_REST}"
    rf"|(?<![\w:/\\])[/\\]{{2,}}[a-z0-9-]{{1,63}}\.{_REST}"
    rf"|\bwww\.{_REST}",
    re.IGNORECASE,
)
_HOST = re.compile(
    r"(?<![\w@.-])(?:[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?\.)+[a-z]{2,24}(?![\w-]|\.[a-z0-9])", re.IGNORECASE
)
_SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_HARMLESS = ("mailto:", "tel:")

REMOVED = "[address removed]"
_ROUNDS = 8
_Knows = Callable[[str], bool]
_Instead = Callable[[re.Match[str], _Knows], str | None]
"""What stands instead of a match; None where it may stay."""


def hosts_in(texts: Iterable[str]) -> frozenset[str]:
    """Return the hosts that texts name: of addresses, and bare ones such as `docs.example.com`."""
    return frozenset(host.lower() for text in texts for host in _HOST.findall(text))


def without_addresses(text: str, hosts: Iterable[str], named: frozenset[str]) -> tuple[str, int]:
    """Return `text` without images and addresses of other hosts, and how many were taken out.

    `hosts` are those of the policy, each with its sub-domains, `*` any; `named` those that trusted text
    names. An image leaves its caption, a link its words.
    """
    allowed = tuple(host.lower().lstrip(".") for host in hosts)
    if "*" in allowed or not _may_hold_one(text):
        return text, 0

    def known(address: str) -> bool:
        return is_known(address, allowed, named)

    taken = 0
    for _ in range(_ROUNDS):  # what stood around an address may make another one
        before, count = text, 0
        for pattern, instead in _PLACES:
            text, some = _replaced(text, pattern, instead, known)
            count += some
        taken += count
        if text == before:
            return text, taken
    return REMOVED, taken  # made to be put together again and again


def _replaced(text: str, pattern: re.Pattern[str], instead: _Instead, known: _Knows) -> tuple[str, int]:
    taken = 0

    def one(match: re.Match[str]) -> str:
        nonlocal taken
        with_ = instead(match, known)
        taken += with_ is not None
        return match.group() if with_ is None else with_

    return pattern.sub(one, text), taken


def is_known(address: str, allowed: tuple[str, ...], named: frozenset[str]) -> bool:
    """Say whether an address stays in its own place, or leads to a host that is allowed or named."""
    plain = re.sub(r"[\t\r\n]", "", html.unescape(address)).strip(" <>'\"").replace("\\", "/")
    if plain.lower().startswith(_HARMLESS):
        return True
    if plain.lower().startswith("www."):
        plain = f"//{plain}"
    if not _SCHEME.match(unquote(plain)) and not unquote(plain).startswith("//"):
        return True  # within the page that shows it
    try:
        host = (urlsplit(plain).hostname or "").rstrip(".").lower()
    except ValueError:
        return False
    if not host:
        return False
    return (
        host in named
        or host.removeprefix("www.") in named
        or any(host == one or host.endswith(f".{one}") for one in allowed)
    )


def _may_hold_one(text: str) -> bool:
    """Say whether any address can be in `text`: most answers hold none of these signs."""
    return (
        any(sign in text for sign in ("//", "\\\\", "/\\", "\\/", "](", "]:", "<", "&"))
        or "www." in text.lower()
    )


def _destination(inside: str) -> str:
    """Return the address in the brackets of a link, without its title; backslash escapes are taken away."""
    said = re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", inside.strip())
    if said.startswith("<"):
        return said[1:].partition(">")[0]
    return said.split(maxsplit=1)[0] if said else ""


def _tag_is_known(tag: str, known: Callable[[str], bool]) -> bool:
    """Say whether a tag names no address, or known ones only; what cannot be told is not known."""
    said = html.unescape(tag)
    body = said.strip("<> /")
    if _SCHEME.match(body) and " " not in body:  # <https://…>, an address in brackets
        return known(body)
    if not _ADDRESS_IN_TAG.search(said):
        return True
    values = [a or b or c for a, b, c in re.findall(r"=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>]+))", said)]
    if not values and not tag.endswith(">"):  # no tag but a sign: addresses after it are read as bare ones
        return "&" not in tag
    return bool(values) and all(known(part.strip()) for value in values for part in _parts(value))


def _parts(value: str) -> list[str]:
    """Return what in an attribute's value may be an address: of a `srcset` and a `style` each one."""
    listed = (one.split()[0] for one in value.split(",") if one.split())
    return [value, *re.findall(r"url\(\s*['\"]?([^'\")]+)", value), *listed]


_PLACES: tuple[tuple[re.Pattern[str], _Instead], ...] = (
    (_IMAGE, lambda image, known: None if known(_destination(image[2])) else image[1]),
    (_LINK, lambda link, known: None if known(_destination(link[2])) else link[1]),
    (_DEFINITION, lambda line, known: None if known(line[2]) else ""),
    (_TAG, lambda tag, known: None if _tag_is_known(tag.group(), known) else ""),
    (_BARE, lambda bare, known: None if known(bare.group().rstrip(".,;:!?")) else REMOVED),
)
