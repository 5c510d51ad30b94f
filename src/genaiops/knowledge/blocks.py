"""Markdown and plain text as blocks with their offsets. CommonMark decides what a block is."""

import re
from functools import lru_cache
from itertools import accumulate

from markdown_it import MarkdownIt
from markdown_it.token import Token

from genaiops.knowledge.model import Block, BlockKind

_KINDS: dict[str, BlockKind] = {
    "heading_open": "heading",
    "paragraph_open": "prose",
    "blockquote_open": "prose",
    "html_block": "prose",
    "bullet_list_open": "list",
    "ordered_list_open": "list",
    "table_open": "table",
    "fence": "code",
    "code_block": "code",
}
_HEADING = re.compile(r"^[ ]{0,3}#{1,6}[ \t]+|[ \t]+#+[ \t]*$|\n[ ]{0,3}(?:=+|-+)[ \t]*$")
_MARKS = re.compile(r"[*_`]+|\[([^\]]*)\]\([^)]*\)|\{#[^}]*\}")
_PARAGRAPH = re.compile(r"[^\n]*\S[^\n]*(?:\n[^\n]*\S[^\n]*)*")


def markdown_blocks(text: str, start: int = 0) -> list[Block]:
    """Return the top-level blocks of the Markdown in `text[start:]`, with offsets into `text`."""
    body = text[start:]
    line_starts = [0, *accumulate(len(line) + 1 for line in body.split("\n"))]
    blocks: list[Block] = []
    for token in _parser().parse(body):
        kind = _KINDS.get(token.type)
        if kind is None or token.map is None or token.level != 0:
            continue
        left, right = line_starts[token.map[0]], min(line_starts[token.map[1]], len(body))
        if block := _block(body, kind, left, right, token):
            blocks.append(_moved(block, start))
    return blocks


def text_blocks(text: str, start: int = 0) -> list[Block]:
    """Return the paragraphs of `text[start:]`: what blank lines part."""
    return [Block("prose", match.start(), match.end()) for match in _PARAGRAPH.finditer(text, start)]


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark").enable("table")
    # where a block begins and ends is all that is needed: inline marks stay in the text as they are
    parser.core.ruler.enableOnly(["block"])
    return parser


def _block(body: str, kind: BlockKind, left: int, right: int, token: Token) -> Block | None:
    piece = body[left:right]
    end = left + len(piece.rstrip())
    if kind != "code":
        left += len(piece) - len(piece.lstrip())
    if left >= end:
        return None
    if kind == "heading":
        return Block(kind, left, end, level=int(token.tag[1]), title=heading_title(body[left:end]))
    return Block(kind, left, end)


def heading_title(source: str) -> str:
    """Return the words of a heading's source line, without its marks."""
    bare = _HEADING.sub("", _HEADING.sub("", source))
    return " ".join(_MARKS.sub(lambda match: match[1] or "", bare).split())


def _moved(block: Block, by: int) -> Block:
    return Block(block.kind, block.start + by, block.end + by, block.level, block.title)
