"""From a document to chunks: cut at headings, packed to a token target, never inside a sentence.

A table row, a list item, a line of code counts as a sentence; a table or a code block that fits stays whole,
and where a table goes on in another chunk, its header is repeated there. Only what alone is longer than the
embedder's window is cut at a space. Sizes are counted on the pieces, and each chunk once more as a whole.
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
_LEAST = 16
"""Tokens that a chunk has room for at least."""
_TABLE_HEAD = 2
"""Lines that a table begins with: the names of its columns, and the rule below them."""


@dataclass(frozen=True, slots=True)
class Tokenizer:
    """How the embedder counts, and how many tokens it reads at most, special tokens included."""

    count: Count
    window: int = 256


@dataclass(frozen=True, slots=True)
class _Piece:
    """A stretch that is not cut. `lead` is the header of the table whose later row it is."""

    start: int
    end: int
    tokens: int
    lead: tuple[int, int] = (0, 0)
    lead_tokens: int = 0


@dataclass(frozen=True, slots=True)
class _Section:
    heading: tuple[str, ...]
    blocks: tuple[Block, ...]


def chunk_document(document: Document, options: ChunkOptions, tokenizer: Tokenizer) -> list[Chunk]:
    """Return the chunks of `document`, in its order."""
    chunks: list[Chunk] = []
    seen: dict[bytes, int] = {}
    for whole in _sections(document):
        section, room = _with_room(document, whole, options, tokenizer)
        pieces = _pieces(document.text, section.blocks, room, tokenizer.count)
        packed = _pack(pieces, room, min(options.overlap, room // 2))
        groups = _fitting(document.text, [pieces[a:b] for a, b in packed], room, tokenizer.count)
        chunks += [_chunk(document, section.heading, group, seen) for group in groups]
    return chunks


def _chunk(
    document: Document, heading: tuple[str, ...], pieces: Sequence[_Piece], seen: dict[bytes, int]
) -> Chunk:
    start, end = pieces[0].start, pieces[-1].end
    lead = document.text[slice(*pieces[0].lead)]
    text = _written(document.text, pieces)
    place = canonical([document.id, list(heading), text])
    # the same words twice under one heading are two passages: the place tells them apart
    seen[place] = seen.get(place, 0) + 1
    identity = hashlib.sha256(place + b"%d" % seen[place]).hexdigest()[:16]
    return Chunk(id=identity, document=document, heading=heading, start=start, end=end, text=text, lead=lead)


def _written(text: str, pieces: Sequence[_Piece]) -> str:
    """Return the text of pieces that follow each other, under the header of the table that they begin in."""
    lead = text[slice(*pieces[0].lead)]
    body = text[pieces[0].start : pieces[-1].end]
    return f"{lead}\n{body}" if lead else body


def _fitting(
    text: str, groups: list[Sequence[_Piece]], room: int, count: Count
) -> Iterator[Sequence[_Piece]]:
    """Yield the groups, those in halves that are longer as a whole than the sum of their pieces."""
    sizes = count([_written(text, group) for group in groups])
    for group, size in zip(groups, sizes, strict=True):
        if size <= room:
            yield group
        elif len(group) > 1:
            middle = len(group) // 2
            yield from _fitting(text, [group[:middle], group[middle:]], room, count)
        elif group[0].lead_tokens:
            yield from _fitting(text, [[_Piece(group[0].start, group[0].end, group[0].tokens)]], room, count)
        else:
            yield from _fitting(text, [[half] for half in _halves(group[0])], room, count)


def _halves(piece: _Piece) -> list[_Piece]:
    middle = (piece.start + piece.end) // 2
    if middle == piece.start:
        raise ValueError("the tokenizer makes more tokens of one character than a chunk may have")
    return [_Piece(piece.start, middle, 0), _Piece(middle, piece.end, 0)]


def _sections(document: Document) -> Iterator[_Section]:
    blocks = document.blocks
    if blocks is None:
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


def _with_room(
    document: Document, section: _Section, options: ChunkOptions, tokenizer: Tokenizer
) -> tuple[_Section, int]:
    """Return the section, without outer headings that leave no room, and the tokens its text may have."""
    probe = Chunk(id="", document=document, heading=section.heading, start=0, end=0, text="")
    header = tokenizer.count([probe.header])[0] if probe.header else 0
    room = min(options.tokens, tokenizer.window - 2 - header)
    if room >= _LEAST:
        return section, room
    if section.heading:
        return _with_room(document, _Section(section.heading[1:], section.blocks), options, tokenizer)
    raise UserError(
        "GAO-KNOWLEDGE-002",
        "the title of a document leaves no room for its text",
        why=f"it takes {header} of the {tokenizer.window} tokens that the embedder reads",
        fix="shorten the title",
        where=f"{document.path}: {probe.header[:120]}",
    )


def _pieces(text: str, blocks: Iterable[Block], room: int, count: Count) -> list[_Piece]:
    pieces: list[_Piece] = []
    found = list(blocks)
    wholes = [block for block in found if block.kind in ("code", "table")]
    sizes = dict(zip(wholes, count([text[one.start : one.end] for one in wholes]), strict=True))
    spans: list[tuple[int, int]] = []
    for block in found:
        if block in sizes:
            pieces += _fit(text, spans, room, count)
            spans = []
            pieces += _whole(text, block, sizes[block], room, count)
        else:
            spans += _units(text, block)
    return pieces + _fit(text, spans, room, count)


def _fit(text: str, spans: Sequence[tuple[int, int]], room: int, count: Count) -> list[_Piece]:
    """Return a piece for each span, those that are too long cut."""
    pieces: list[_Piece] = []
    for (start, end), size in zip(spans, count([text[a:b] for a, b in spans]) if spans else (), strict=True):
        pieces += [_Piece(start, end, size)] if size <= room else _cut(text, start, end, room, count)
    return pieces


def _whole(text: str, block: Block, size: int, room: int, count: Count) -> list[_Piece]:
    """Return a table or a code block as one piece where it fits, else by lines."""
    if size <= room:
        return [_Piece(block.start, block.end, size)]
    lines = [
        (block.start + m.start(), block.start + m.end())
        for m in _LINE.finditer(text[block.start : block.end])
    ]
    if block.kind == "code" or len(lines) < _TABLE_HEAD + 1:
        return _fit(text, lines, room, count)
    lead = (lines[0][0], lines[_TABLE_HEAD - 1][1])
    lead_tokens = count([text[slice(*lead)]])[0]
    if lead_tokens * 2 > room:  # no room left for rows
        return _fit(text, lines, room, count)
    first = _fit(text, [(lead[0], lines[_TABLE_HEAD][1])], room, count)
    rows = _fit(text, lines[_TABLE_HEAD + 1 :], room - lead_tokens, count)
    return [*first, *(_Piece(row.start, row.end, row.tokens, lead, lead_tokens) for row in rows)]


def _units(text: str, block: Block) -> list[tuple[int, int]]:
    if block.kind == "list":
        piece = text[block.start : block.end]
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
    """Yield the chunks as pieces from `first` up to, not including, `last`."""
    first, total = 0, 0
    for at, piece in enumerate(pieces):
        if at == first:
            total += piece.lead_tokens
        if total + piece.tokens > room and at > first:
            yield first, at
            first, total = _shared(pieces, first, at, min(overlap, room - piece.tokens))
        total += piece.tokens
    if first < len(pieces):
        yield first, len(pieces)


def _shared(pieces: Sequence[_Piece], first: int, at: int, overlap: int) -> tuple[int, int]:
    """Return where the next chunk begins, and the tokens that it repeats from the last one."""
    begin, total = at, 0
    while begin - 1 > first and total + pieces[begin - 1].tokens + pieces[begin - 1].lead_tokens <= overlap:
        begin -= 1
        total += pieces[begin].tokens
    return begin, total + pieces[begin].lead_tokens
