"""Ways out of an answer: an image that loads itself, a link that carries data to a host nobody allowed.

Markdown and HTML are rendered by what shows an answer: an image's address is asked for without a click, and
what stands in it reaches its host (OWASP LLM01:2025 and LLM05:2025; MITRE ATLAS AML.T0057).
"""

import re
from collections.abc import Iterator, Mapping
from urllib.parse import unquote, urlsplit

from pydantic import BaseModel, ConfigDict

from genaiops.core import DetectorSpec, Finding, Json, UserError, one_line
from genaiops.guard.detectors.base import Budget, Pure, parameters_of

_URL = re.compile(
    r"(?:https?:)?//[^\s<>\"'`|\\^{}()\[\]]{1,2000}|data:[a-z]{2,12}/[^\s<>\"'()]{1,2000}", re.IGNORECASE
)
_IMAGE_TAG = re.compile(
    r"<(?:img|image|video|audio|source|iframe|embed|object|link)\b[^<>]{0,200}$", re.IGNORECASE
)
_CAPTION = 2_048
"""Characters before an address in which its caption is looked for."""

_CALLED = 256
"""So many characters before an address may say that it is an image's."""
_CARRIES = 24
"""A value in an address so long, or longer, may carry what was said."""
_QUERY_VALUE = re.compile(r"[=/]([^&=/?#]{1,2000})")
_HOST = re.compile(r"(?!-)[\w-]{1,63}(?:\.[\w-]{1,63}){0,20}")
_HOST_INSIDE = re.compile(r"[\w-]{1,63}(?:\.[\w-]{1,63}){1,20}")

SPEC = DetectorSpec(
    name="links",
    version="1",
    surfaces=frozenset({"output", "tool_call"}),
    span=48,
    categories=frozenset({"links.image", "links.data"}),
)


class LinksParameters(BaseModel):
    """Hosts that answers may point to; each means its sub-domains too."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    allow: tuple[str, ...] = ()


def links(given: Mapping[str, Json]) -> Pure:
    """Return the detector of images and links that take data out; raises `UserError` for what is no host."""
    allowed = tuple(_host(entry) for entry in parameters_of(LinksParameters, given).allow)
    return Pure(SPEC, lambda text, where: _find(text, allowed))


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


def _find(text: str, allowed: tuple[str, ...]) -> Iterator[Finding]:
    if "//" not in text and "data:" not in text.lower():
        return
    budget = Budget()
    for match in _URL.finditer(text):
        budget.spend()
        url = match.group().rstrip(".,;:!?")
        if _is_allowed(url, allowed):
            continue
        end = match.start() + len(url)
        carries = _carries(url)
        if _is_image(text, match.start()):
            yield _finding(
                "links.image",
                match.start(),
                end,
                0.95 if carries else 0.7,
                "an image from a host that is not allowed",
            )
        elif carries:
            yield _finding(
                "links.data",
                match.start(),
                end,
                0.6,
                "an address with room for data, to a host that is not allowed",
            )


def _is_allowed(url: str, allowed: tuple[str, ...]) -> bool:
    try:
        host = (urlsplit(url if "//" in url[:8] else f"//{url}").hostname or "").lower().rstrip(".")
    except ValueError:
        return False
    return any(host == one or host.endswith(f".{one}") for one in allowed)


def _is_image(text: str, start: int) -> bool:
    """Say whether what loads itself is at `start`: `![…](` in Markdown, `<img src=` and its like in HTML."""
    lead = text[max(0, start - _CAPTION) : start].rstrip(" \t\r\n<")
    if lead.endswith("]("):
        return _is_image_caption(lead[:-1])
    lead = text[max(0, start - _CALLED) : start]
    return _IMAGE_TAG.search(lead[max(0, lead.rfind("<")) :]) is not None


def _is_image_caption(lead: str) -> bool:
    """Say whether the bracket that closes `lead` was opened by `![`; one that began too far back counts."""
    depth = 0
    for at in range(len(lead) - 1, -1, -1):
        depth += (lead[at] == "]") - (lead[at] == "[")
        if depth == 0:
            return at > 0 and lead[at - 1] == "!"
    return True


def _carries(url: str) -> bool:
    """Say whether a part of the address, after its host, is long enough to carry what was said."""
    rest = url.partition("//")[2].partition("/")[2] or url.partition("?")[2]
    return any(
        len(unquote(value)) >= _CARRIES and _is_dense(value) for value in _QUERY_VALUE.findall(f"/{rest}")
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
