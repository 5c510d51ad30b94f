"""Ways out of an answer: an image that loads itself, a link that carries data to a host nobody allowed.

Markdown and HTML are rendered by what shows an answer: an image's address is asked for without a click, and
what stands in it reaches its host (OWASP LLM01:2025 and LLM05:2025; MITRE ATLAS AML.T0057). Addresses are
read as a browser reads them (`guard.addresses`), wherever Markdown, a tag or a style has one.
"""

import html
import re
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple
from urllib.parse import unquote

from pydantic import BaseModel, ConfigDict

from genaiops.core import DetectorSpec, Finding, Json, UserError, one_line
from genaiops.guard.addresses import is_known
from genaiops.guard.detectors.base import Budget, Pure, lower, parameters_of
from genaiops.guard.model import TooMuch

_URL = re.compile(
    r"(?:(?:https?|ftp|wss?):)?//[^\s<>\"'`|\\^{}()\[\]]{1,2000}|data:[a-z]{2,12}/[^\s<>\"'()]{1,2000}",
    re.IGNORECASE,
)
_PLACE = r"[ \t\r\n]{0,40}<?([^\s<>()]{1,2000})"
_IN_BRACKETS = re.compile(r"\]\(" + _PLACE)
_DEFINITION = re.compile(r"^[^\[\n]{0,24}\[([^\[\]\n]{1,500})\]:" + _PLACE, re.MULTILINE)
_REFERENCE = re.compile(r"!\[([^\[\]]{1,500})\](?:\[([^\[\]]{1,500})\])?|\]\[([^\[\]]{1,500})\]")
_LEADS_OUT = re.compile(r"[:/\\&%]")  # no address without one does
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_TAG = re.compile(
    r"<([a-z]{1,20})(?=[\s/])((?:[^<>=]+|=\s*(?:\"[^\"]*\"|'[^']*')|=)*)", re.IGNORECASE
)  # what stands in quotes belongs to it, `>` too
_ATTRIBUTE = re.compile(
    r"(?<![a-z:-])(src|(?:image)?srcset|(?:xlink:)?href|data|poster|background|ping|style|content)"
    r"\s{0,40}=\s{0,40}(?:\"([^\"]*)|'([^']*)|([^\s\"'>]+))",
    re.IGNORECASE,
)
_STYLE = re.compile(r"(?:url\(\s{0,40}[\"']?|@import\s{1,40}[\"'])([^\s<>\"')]{1,2000})", re.IGNORECASE)
_REFRESH = re.compile(r"url\s{0,40}=\s{0,40}[\"']?([^\s\"']+)", re.IGNORECASE)
_IMAGE_TAG = re.compile(
    r"<(?:img|image|video|audio|source|iframe|embed|object|link)\b[^<>]{0,200}$", re.IGNORECASE
)
_CAPTION = 2_048
"""Characters before an address in which its caption is looked for."""

_CALLED = 256
"""So many characters before an address may say that it is an image's."""
_BRACKETS = 32
"""To look at so many in captions costs as much as a candidate."""

_CARRIES = 24
"""A value in an address so long, or longer, may carry what was said."""
_QUERY_VALUE = re.compile(r"[=/]([^&=/?#]{1,2000})")
_HOST_BEFORE = re.compile(r"^(?:[a-z]{2,5}:)?/*[^/?]*", re.IGNORECASE)
_HOST = re.compile(r"(?!-)[\w-]{1,63}(?:\.[\w-]{1,63}){0,20}")
_HOST_INSIDE = re.compile(r"[\w-]{1,63}(?:\.[\w-]{1,63}){1,20}")

SPEC = DetectorSpec(
    name="links",
    version="2",
    surfaces=frozenset({"output", "tool_call"}),
    span=48,
    categories=frozenset({"links.image", "links.data"}),
)
_Knows = Callable[[str], bool]


class _Address(NamedTuple):
    """An address of a host that is not allowed, at `text[start:end]`; `loads`: nobody need click it."""

    start: int
    end: int
    loads: bool


class LinksParameters(BaseModel):
    """Hosts that answers may point to; each means its sub-domains too."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    allow: tuple[str, ...] = ()


def links(given: Mapping[str, Json]) -> Pure:
    """Return the detector of images and links that take data out; raises `UserError` for what is no host."""
    allowed = tuple(_host(entry) for entry in parameters_of(LinksParameters, given).allow)

    def known(url: str) -> bool:
        return _LEADS_OUT.search(url) is None or is_known(url, allowed, frozenset())

    return Pure(SPEC, lambda text, where: _find(text, known))


def _host(entry: str) -> str:
    host = entry.lower().lstrip(".")
    if _HOST.fullmatch(host):
        return host
    inside = _HOST_INSIDE.search(host)
    raise UserError(
        "GAO-GUARD-027",
        f"links.allow: {one_line(entry, 80)!r} is no host name, and allows nothing",
        why="a host stands there without scheme, port and path; it means its sub-domains too",
        fix=f"write {inside.group()!r}"
        if inside
        else "write a name such as 'docs.example.com', or remove it",
    )


def _find(text: str, known: _Knows) -> Iterator[Finding]:
    if not any(sign in text for sign in ("//", "](", "]:", "<")) and "data:" not in text.lower():
        return
    found: list[_Address] = []
    gave_up = False
    for look in (_bare, _in_markdown, _in_tags, _in_styles):
        try:
            for one in look(text, known):
                found.append(one)  # noqa: PERF402  a list made of all would lose these
        except TooMuch:
            gave_up = True
    until = 0
    for start, end, loads in sorted(found, key=lambda one: (one.start, not one.loads)):
        if start < until:  # the same one, read in two ways
            continue
        carries = _carries(text[start:end])
        if loads:
            reason = "an image from a host that is not allowed"
            yield _finding("links.image", start, end, 0.95 if carries else 0.7, reason)
        elif carries:
            reason = "an address with room for data, to a host that is not allowed"
            yield _finding("links.data", start, end, 0.6, reason)
        until = end if loads or carries else until
    if gave_up:
        raise TooMuch


def _bare(text: str, known: _Knows) -> Iterator[_Address]:
    """Yield what is an address by its own look."""
    budget = Budget()
    for match in _URL.finditer(text):
        budget.spend()
        url = match.group().rstrip(".,;:!?")
        if not known(url):
            start = match.start()
            loads = _is_captioned(text, start, budget) or _is_in_image_tag(text, start)
            yield _Address(start, start + len(url), loads)


def _in_markdown(text: str, known: _Knows) -> Iterator[_Address]:
    """Yield where images and links lead that are written as Markdown."""
    budget = Budget()
    for match in _IN_BRACKETS.finditer(text) if "](" in text else ():
        if "&" in match[1]:  # to read its entities takes a while
            budget.spend()
        if not known(_ESCAPED.sub(r"\1", match[1])):
            budget.spend()
            yield _Address(*match.span(1), _is_captioned(text, match.start(1), budget))
    labels: frozenset[str] | None = None
    for match in _DEFINITION.finditer(text) if "]:" in text else ():
        if not known(_ESCAPED.sub(r"\1", match[2])):
            budget.spend()
            labels = _labels_of_images(text) if labels is None else labels
            yield _Address(*match.span(2), _label(match[1]) in labels)


def _labels_of_images(text: str) -> frozenset[str]:
    """Return by which labels images name their address: `![x]` and `![…][x]`."""
    if "![" not in text:
        return frozenset()
    budget, labels = Budget(), set[str]()
    for match in _REFERENCE.finditer(text):
        budget.spend()
        if match[1] or _is_image_caption(text[max(0, match.start() - _CAPTION) : match.start()], budget):
            labels.add(_label(match[match.lastindex or 0]))
    return frozenset(labels)


def _label(said: str) -> str:
    return " ".join(said.casefold().split())


def _in_tags(text: str, known: _Knows) -> Iterator[_Address]:
    """Yield what tags of HTML load or, where one has to click them, lead to."""
    budget = Budget()
    for tag in _TAG.finditer(text) if "<" in text else ():
        for value in _ATTRIBUTE.finditer(tag[2]) if "=" in tag[2] else ():
            at = value.lastindex or 0
            name = value[1].lower()
            if all(map(known, _said(name, value[at]))):
                continue
            budget.spend()
            clicked = tag[1].lower() in ("a", "area") and name.endswith("href")
            start, end = value.span(at)
            yield _Address(tag.start(2) + start, tag.start(2) + end, not clicked)


def _said(name: str, value: str) -> list[str]:
    """Return the addresses in the value of an attribute."""
    if name == "style":
        return _STYLE.findall(html.unescape(value))
    if name == "content":  # of <meta http-equiv=refresh>
        return _REFRESH.findall(html.unescape(value))
    if name.endswith("srcset"):
        return [one.split()[0] for one in value.split(",") if one.strip()]
    return [value]


def _in_styles(text: str, known: _Knows) -> Iterator[_Address]:
    """Yield what a `<style>` loads."""
    begins = lower(text).find("<style") if "<" in text else -1
    budget = Budget()
    for match in _STYLE.finditer(text, begins) if begins >= 0 else ():
        if not known(match[1]):
            budget.spend()
            yield _Address(*match.span(1), loads=True)


def _is_captioned(text: str, start: int, budget: Budget) -> bool:
    """Say whether the address at `start` is that of a Markdown image: `![…](`."""
    lead = text[max(0, start - _CAPTION) : start].rstrip(" \t\r\n<")
    return lead.endswith("](") and _is_image_caption(lead[:-2], budget)


def _is_in_image_tag(text: str, start: int) -> bool:
    lead = text[max(0, start - _CALLED) : start]
    return _IMAGE_TAG.search(lead[max(0, lead.rfind("<")) :]) is not None


def _is_image_caption(lead: str, budget: Budget) -> bool:
    """Say whether the caption that ends with `lead` was opened by `![`; one that began too far counts."""
    depth, at, seen = 1, len(lead), 0
    while (at := max(lead.rfind("[", 0, at), lead.rfind("]", 0, at))) >= 0:
        seen += 1
        if seen % _BRACKETS == 0:
            budget.spend()
        depth += 1 if lead[at] == "]" else -1
        if depth == 0:
            return lead[:at].endswith("!")
    return True


def _carries(url: str) -> bool:
    """Say whether a part of the address, after its host, is long enough to carry what was said."""
    rest = _HOST_BEFORE.sub("", url.replace("\\", "/"))
    return any(
        len(unquote(value)) >= _CARRIES and _is_dense(value)
        for value in _QUERY_VALUE.findall(f"/{rest.lstrip('/?')}")
    )


def _is_dense(value: str) -> bool:
    """Say whether a value is no slug: encoded blanks, signs of base64, or letters mixed with digits."""
    said = unquote(value)
    if any(char in said for char in " +@:;,") or "%" in value:
        return True
    return any(map(str.isdigit, said)) and any(map(str.isupper, said)) and "-" not in said


def _finding(category: str, start: int, end: int, confidence: float, reason: str) -> Finding:
    return Finding(
        detector=SPEC.name, category=category, start=start, end=end, confidence=confidence, reason=reason
    )
