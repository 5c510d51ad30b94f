"""From a document to chunks: cut at headings, packed to a token target, never inside a sentence.

A table row, a list item, a line of code counts as a sentence. Only what alone is longer than the
embedder's window is cut at a space. Sizes are counted on the pieces; tokenisers that cut at white
space first (WordPiece) make that exact.
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from genaiops.core import UserError, canonical
from genaiops.knowledge.blocks import Block, markdown_blocks, text_blocks
from genaiops.knowledge.model import Chunk, ChunkOptions, Document
from genaiops.knowledge.sentences import sentence_spans

Count = Callable[[Sequence[str]], Sequence[int]]
"""How many tokens each of these texts has for the embedder, without its special tokens."""

_LINE = re.compile(r"[^\n]*\S[^\n]*")
_ITEM = re.compile(r"^[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]", re.MULTILINE)
_WORD = re.compile(r"\S+")
_LONGEST_WORD = 200


@dataclass(frozen=True, slots=True)
class Tokenizer:
    """How the embedder counts, and how many tokens it reads at most, special tokens included."""

    count: Count
    window: int = 256


@dataclass(frozen=True, slots=True)
class _Piece:
    start: int
    end: int
    tokens: int


@dataclass(frozen=True, slots=True)
class _Section:
    heading: tuple[str, ...]
    blocks: tuple[Block, ...]


def chunk_document(document: Document, options: ChunkOptions, tokenizer: Tokenizer) -> list[Chunk]:
    """Return the chunks of `document`, in its order."""
    chunks: list[Chunk] = []
    seen: dict[bytes, int] = {}
    for section in _sections(document):
        room = _room(document, section.heading, options, tokenizer)
        pieces = _pieces(document.text, section.blocks, room, tokenizer.count)
        for start, end in _pack(pieces, room, min(options.overlap, room // 2)):
            chunks.append(_chunk(document, section.heading, start, end, seen))
    return chunks


def _chunk(
    document: Document, heading: tuple[str, ...], start: int, end: int, seen: dict[bytes, int]
) -> Chunk:
    text = document.text[start:end]
    place = canonical([document.id, list(heading), text])
    # the same words twice under one heading are two passages: the place tells them apart
    seen[place] = seen.get(place, 0) + 1
    identity = hashlib.sha256(place + b"%d" % seen[place]).hexdigest()[:16]
    return Chunk(id=identity, document=document, heading=heading, start=start, end=end, text=text)


def _sections(document: Document) -> Iterator[_Section]:
    markdown = document.path.lower().endswith(".md")
    blocks = (markdown_blocks if markdown else text_blocks)(document.text, document.body_start)
    path: list[tuple[int, str]] = []
    own: list[Block] = []
    for block in blocks:
        if block.kind != "heading":
            own.append(block)
            continue
        if own:
            yield _Section(tuple(title for _, title in path), tuple(own))
            own = []
        path = [(level, title) for level, title in path if level < block.level]
        path.append((block.level, block.title))
    if own:
        yield _Section(tuple(title for _, title in path), tuple(own))


def _room(document: Document, heading: tuple[str, ...], options: ChunkOptions, tokenizer: Tokenizer) -> int:
    probe = Chunk(id="", document=document, heading=heading, start=0, end=0, text="")
    header = tokenizer.count([probe.header])[0] if probe.header else 0
    room = min(options.tokens, tokenizer.window - 2 - header)
    if room < 16:
        raise UserError(
            "GAO-KNOWLEDGE-002",
            "the headings above a section leave no room for its text",
            why=f"they take {header} of the {tokenizer.window} tokens that the embedder reads",
            fix="shorten the title or the headings",
            where=f"{document.path}: {probe.header[:120]}",
        )
    return room


def _pieces(text: str, blocks: Iterable[Block], room: int, count: Count) -> list[_Piece]:
    spans = [span for block in blocks for span in _units(text, block)]
    sizes = count([text[start:end] for start, end in spans])
    pieces: list[_Piece] = []
    for (start, end), size in zip(spans, sizes, strict=True):
        pieces += [_Piece(start, end, size)] if size <= room else _cut(text, start, end, room, count)
    return pieces


def _units(text: str, block: Block) -> list[tuple[int, int]]:
    piece = text[block.start : block.end]
    if block.kind in ("code", "table"):
        return [(block.start + m.start(), block.start + m.end()) for m in _LINE.finditer(piece)]
    if block.kind == "list":
        return [span for item in _items(piece, block.start) for span in _sentences(text, *item)]
    return _sentences(text, block.start, block.end)


def _items(piece: str, at: int) -> list[tuple[int, int]]:
    starts = [match.start() for match in _ITEM.finditer(piece)] or [0]
    starts[0] = 0
    return [(at + left, at + right) for left, right in zip(starts, [*starts[1:], len(piece)], strict=True)]


def _sentences(text: str, start: int, end: int) -> list[tuple[int, int]]:
    return [(start + left, start + right) for left, right in sentence_spans(text[start:end])]


def _cut(text: str, start: int, end: int, room: int, count: Count) -> list[_Piece]:
    words = [
        (left, min(left + _LONGEST_WORD, start + match.end()))
        for match in _WORD.finditer(text[start:end])
        for left in range(start + match.start(), start + match.end(), _LONGEST_WORD)
    ]
    sizes = count([text[left:right] for left, right in words])
    pieces: list[_Piece] = []
    for (left, right), size in zip(words, sizes, strict=True):
        if pieces and pieces[-1].tokens + size <= room:
            pieces[-1] = _Piece(pieces[-1].start, right, pieces[-1].tokens + size)
        elif size <= room:
            pieces.append(_Piece(left, right, size))
        else:  # one token a character at worst
            pieces += [_Piece(at, min(at + room, right), room) for at in range(left, right, room)]
    return pieces


def _pack(pieces: Sequence[_Piece], room: int, overlap: int) -> Iterator[tuple[int, int]]:
    first, total = 0, 0
    for at, piece in enumerate(pieces):
        if total + piece.tokens > room and at > first:
            yield pieces[first].start, pieces[at - 1].end
            first, total = _shared(pieces, first, at, min(overlap, room - piece.tokens))
        total += piece.tokens
    if first < len(pieces):
        yield pieces[first].start, pieces[-1].end


def _shared(pieces: Sequence[_Piece], first: int, at: int, overlap: int) -> tuple[int, int]:
    """Return where the next chunk begins, and the tokens that it repeats from the last one."""
    begin, total = at, 0
    while begin - 1 > first and total + pieces[begin - 1].tokens <= overlap:
        begin -= 1
        total += pieces[begin].tokens
    return begin, total
