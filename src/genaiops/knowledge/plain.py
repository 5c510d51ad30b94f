"""Markdown and text as documents. Pure: no file, no process."""

from collections.abc import Sequence
from pathlib import Path

from genaiops.core import FrontMatter, digest_bytes, one_line, read_front_matter
from genaiops.knowledge.blocks import markdown_blocks, text_blocks
from genaiops.knowledge.metadata import describe
from genaiops.knowledge.model import Block, Body, Document


def parse_document(path: str, text: str) -> Document:
    """Return the Markdown or text at `path` (relative, for people).

    Raises `UserError` where its front matter cannot be used.
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    markdown = path.lower().endswith(".md")
    front = read_front_matter(text, path) if markdown else FrontMatter({}, {}, 0)
    described = describe(front, path)
    blocks = tuple((markdown_blocks if markdown else text_blocks)(text, front.body_start))
    return Document(
        id=described.id or path,
        path=path,
        body=Body((text, blocks)),
        digest=digest_bytes(text.encode()),
        title=described.title or first_heading(blocks) or named(path),
        body_start=front.body_start,
        access=described.access,
        metadata=described.metadata or {},
    )


def first_heading(blocks: Sequence[Block]) -> str:
    """Return the title of the first heading of level 1; empty where there is none."""
    titles = (block.title for block in blocks if block.kind == "heading" and block.level == 1)
    return one_line(next(filter(None, titles), ""))


def named(path: str) -> str:
    """Return a title made of a file's name."""
    return Path(path).stem.replace("_", " ").replace("-", " ")
