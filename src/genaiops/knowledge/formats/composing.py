"""From what a parser found to one text with offsets: Markdown to read, blocks to cut, pages to cite. Pure."""

import re
from typing import NamedTuple

from genaiops.knowledge.formats.model import Parsed, Part
from genaiops.knowledge.model import Block

_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_FENCE = re.compile(r"`{3,}")


class Composed(NamedTuple):
    """A document's text, its blocks, and where each page begins."""

    text: str
    blocks: tuple[Block, ...]
    pages: tuple[int, ...]


def compose(parsed: Parsed) -> Composed:
    """Return the text of a parsed document. The blocks say what is what; nobody parses the text again."""
    pieces: list[str] = []
    blocks: list[Block] = []
    begins: dict[int, int] = {}
    at = 0
    for part in parsed.parts:
        text = _written(part)
        if not text.strip():
            continue
        begins.setdefault(part.page, at)
        title = " ".join(part.text.split()) if part.kind == "heading" else ""
        blocks.append(Block(part.kind, at, at + len(text), part.level, title))
        pieces.append(text)
        at += len(text) + 2
    text = "\n\n".join(pieces)
    return Composed(text + "\n" if text else "", tuple(blocks), _pages(parsed.pages, begins, len(text)))


def _written(part: Part) -> str:
    text = _CONTROLS.sub("", part.text.replace("\r\n", "\n").replace("\r", "\n"))
    if part.kind == "heading":
        return f"{'#' * part.level} {' '.join(text.split())}"
    if part.kind == "code":
        longest = max((len(fence) for fence in _FENCE.findall(text)), default=2)
        fence = "`" * (longest + 1)
        return f"{fence}\n{text}\n{fence}"
    return text.strip()


def _pages(count: int, begins: dict[int, int], end: int) -> tuple[int, ...]:
    """Return where each page begins; an empty one where the next does."""
    starts: list[int] = []
    following = end
    for page in range(count, 0, -1):
        following = min(begins.get(page, following), following)
        starts.append(following)
    return tuple(reversed(starts))
