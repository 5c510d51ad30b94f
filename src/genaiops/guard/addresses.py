"""Addresses in a text, and the text without those that nobody trusted named. Pure.

What shows an answer asks an image's address for it, and turns addresses into links: each is a way out for
what was said. An address is read as a browser and a Markdown renderer read it (CommonMark 0.31, WHATWG URL):
entities and escapes decoded, line breaks inside it dropped, `//host` and `www.` as addresses too. What no
pattern knows as a link or a tag is looked at where an address can stand, so that an odd form hides none.
"""

import html
import re
from collections.abc import Callable, Iterable
from urllib.parse import unquote, urlsplit

_TAG = re.compile(r"<\s*[A-Za-z!?/](?:[^<>=]+|=\s*(?:\"[^\"]*\"|'[^']*')|=)*>?")
_ACTING = r"[\s/\"'](?:style|srcdoc|on(?!(?:ce|ly|line|to|going|set|board)\b)[a-z]{2,30})\s*="
_ACTS = re.compile(_ACTING, re.IGNORECASE)
_LOADING = re.compile(
    r"<(?:/?(?:style|script|set|animate[a-z]*)\b|meta\b[^<>]*\bhttp-equiv|base\b[^<>]*\bhref"
    rf"|[a-z/][^<>]*?{_ACTING})(?:=\s*(?:\"[^\"]*\"|'[^']*')|[^<>])*>?",
    re.IGNORECASE,
)
"""A tag that loads or acts by another language than HTML's attributes: it goes, whatever it says."""
_ADDRESS_IN_TAG = re.compile(
    r"(?:src|href|srcset|data|action|poster|background|style|url|content|ping|manifest|codebase|archive)\s*=|//",
    re.IGNORECASE,
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
    rf"(?<![a-z])[a-z][a-z0-9+.-]{{1,20}}:[/\\]{{2,}}{_REST}|(?<![a-z0-9])(?:https?|ftp|wss?):{_REST}"
    rf"|(?<![:/\\])(?<![^\W_])[/\\]{{2,}}[\w`@:%!$&+~=-]{{1,255}}\.{_REST}"
    rf"|(?<![a-z0-9])www\.{_REST}",
    re.IGNORECASE,
)
_BREAK = r"[\\\t\r\n]{0,3}"
_LEADS = "|".join(_BREAK.join((*name, ":")) for name in ("https", "http", "ftp", "wss", "ws", "javascript"))
_PLACED = re.compile(
    r"(\](?:\(|:)[\x00-\x20>]{0,40}<?|(?:=|\burl\()[\x00-\x20]{0,40}[\"']?[\x00-\x20]{0,40})"
    rf"((?:{_BREAK}[/\\]{_BREAK}[/\\]|{_LEADS})(?:\\[!-/:-@\[-`{{-~]|[^\s<>)\"'\\]|\\){{1,4000}})",
    re.IGNORECASE,
)
"""An address where one can stand, whatever stands around it: after `](`, `]:`, `=` and `url(`."""
_AMPERSANDS = re.compile(r"&(?:(?:amp|#0*38|#x0*26)(?:;|(?![a-z0-9])))+", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:(#x)0*([0-9a-f]{1,6});?|(#)0*([0-9]{1,7});?|[a-z][a-z0-9]{1,31};?)", re.IGNORECASE)
_HOST = re.compile(
    r"(?<![\w@.-])(?:[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?\.)+[a-z]{2,24}(?![\w-]|\.[a-z0-9])", re.IGNORECASE
)
_SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_HARMLESS = ("mailto:", "tel:")
_AROUND = "<>'\"" + "".join(map(chr, range(0x21)))

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
        text, count = _once(text, known)
        taken += count
        if not count:
            decoded = _decoded(text)
            if decoded == text or not _once(decoded, known)[1]:
                return text, taken
            text = decoded
    return REMOVED, taken  # made to be put together again and again


def addresses_shown(text: str) -> frozenset[str]:
    """Return the addresses that a renderer of `text` loads or links to, plain; those only named are none."""
    found: set[str] = set()

    def seen(address: str) -> bool:
        plain = _plain(address)
        if _leaves(plain):
            found.add(plain)
        return True

    for read in {text, _decoded(text)}:
        for pattern, instead in _SHOWN:
            _replaced(read, pattern, instead, seen)
    return frozenset(found)


def _once(text: str, known: _Knows) -> tuple[str, int]:
    taken = 0
    for pattern, instead in (*_SHOWN[:-1], _NAMED, _SHOWN[-1]):
        text, some = _replaced(text, pattern, instead, known)
        taken += some
    return text, taken


def _decoded(text: str) -> str:
    """Return `text` with entities read, those of entities too; `<` and `>` stay, or they would make tags."""
    for _ in range(_ROUNDS if "&" in text else 0):
        before, text = text, _ENTITY.sub(_said, _AMPERSANDS.sub("&", text))
        if text == before:
            break
    return text


def _said(entity: re.Match[str]) -> str:
    base, digits = entity[1] or entity[3], entity[2] or entity[4]
    said = html.unescape(f"&{base}{digits};" if base else entity.group())
    if "<" in said or ">" in said:
        return entity.group()
    return said.strip("\t\r\n")  # a browser drops them in an address


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
    plain = _plain(address)
    if plain.lower().startswith(_HARMLESS) or not _leaves(plain):
        return True
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


def _plain(address: str) -> str:
    """Return an address as a browser reads it; `www.` is a host, as renderers take it."""
    plain = re.sub(r"[\t\r\n]", "", _decoded(address)).strip(_AROUND).replace("\\", "/")
    return f"//{plain}" if plain.lower().startswith("www.") else plain


def _leaves(plain: str) -> bool:
    """Say whether an address leads out of the page that shows it."""
    said = unquote(plain)
    return bool(_SCHEME.match(said)) or said.startswith("//")


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
    said = _decoded(tag)
    body = said.strip("<> /")
    if _SCHEME.match(body) and " " not in body:  # <https://…>, an address in brackets
        return known(body)
    acts = bool(_LOADING.search(said) or _ACTS.search(said))
    if not _ADDRESS_IN_TAG.search(said):
        return not acts
    values = [a or b or c for a, b, c in re.findall(r"=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>]+))", said)]
    if not values and not tag.endswith(">"):  # no tag but a sign: addresses after it are read as bare ones
        return not acts and "&" not in tag
    seen = {known(part.strip()) for value in values for part in _parts(value)}
    return seen == {True} and not acts


def _parts(value: str) -> list[str]:
    """Return what in an attribute's value may be an address: of a `srcset` and a `style` each one."""
    listed = (one.split()[0] for one in value.split(",") if one.split())
    return [value, *re.findall(r"url\(\s*['\"]?([^'\")]+)", value), *listed]


_SHOWN: tuple[tuple[re.Pattern[str], _Instead], ...] = (
    (_IMAGE, lambda image, known: None if known(_destination(image[2])) else image[1]),
    (_LINK, lambda link, known: None if known(_destination(link[2])) else link[1]),
    (_DEFINITION, lambda line, known: None if known(line[2]) else ""),
    (_TAG, lambda tag, known: None if _tag_is_known(tag.group(), known) else ""),
    (_LOADING, lambda _, known: ""),
    (_PLACED, lambda at, known: None if known(_destination(at[2])) else f"{at[1]}{REMOVED}"),
)
_NAMED: tuple[re.Pattern[str], _Instead] = (
    _BARE,
    lambda bare, known: None if known(bare.group().rstrip(".,;:!?")) else REMOVED,
)
