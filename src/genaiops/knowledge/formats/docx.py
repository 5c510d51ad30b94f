"""DOCX as parts, read from its XML: headings by style, lists, tables, and what is neither hidden nor deleted.

Pages are those that Word laid out when it saved the file; a file that was never laid out has none. Left
out: comments, headers and footers, footnotes.
"""

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.etree import ElementTree

from genaiops.knowledge.formats.model import (
    CannotParse,
    HiddenBy,
    HiddenPart,
    Parsed,
    Part,
    enough_words,
    flat,
    markdown_table,
    spread,
)

MAX_XML = 100_000_000
"""Bytes that one part of the file may unpack to; a few kilobytes can be made to unpack to gigabytes."""

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_TITLE = "{http://purl.org/dc/elements/1.1/}title"
_HEADING = re.compile(r"(?:heading|überschrift|titre|título|titolo|kop)\s*([1-9])", re.IGNORECASE)

_DAMAGED = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, ValueError, OSError, RuntimeError)
"""What reading a ZIP file that was damaged or made by hand ends in."""

Element = ElementTree.Element


def parse(content: bytes) -> Parsed:
    """Return what a reader sees of the document; raises `CannotParse` for what is no DOCX."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            body = _xml(package, "word/document.xml")
            styles = _xml(package, "word/styles.xml", needed=False)
            lists = _xml(package, "word/numbering.xml", needed=False)
            core = _xml(package, "docProps/core.xml", needed=False)
    except _DAMAGED as error:
        raise CannotParse(f"the package is damaged: {error}", "save the document again") from error
    walk = _Walk(_heading_levels(styles), _ordered(lists), _laid_out(body))
    for block in _blocks(body.find(f"{_W}body")):
        walk.block(block)
    title = next((flat(one.text or "") for one in core.iter(_TITLE)), "")
    return Parsed(tuple(walk.parts), title, walk.page if walk.paged else 0, hidden=tuple(walk.hidden))


def _xml(package: zipfile.ZipFile, name: str, *, needed: bool = True) -> Element:
    try:
        info = package.getinfo(name)
    except KeyError as error:
        if needed:
            raise CannotParse("it is a ZIP file without a Word document in it", "save it as .docx") from error
        return ElementTree.Element("nothing")
    if info.flag_bits & 1:
        raise CannotParse("it is encrypted", "save it without a password")
    with package.open(info) as file:
        text = file.read(MAX_XML + 1)
    if len(text) > MAX_XML:
        raise CannotParse(
            f"{name} unpacks to more than {MAX_XML:,} bytes", "split the document; this may be a zip bomb"
        )
    if b"<!DOCTYPE" in text[:4096]:
        raise CannotParse("its XML declares entities, as Word never does", "save the document again")
    try:
        return ElementTree.fromstring(text)  # noqa: S314  it declares no entity
    except ElementTree.ParseError as error:
        raise CannotParse(f"{name} is damaged: {error}", "save the document again") from error


def _heading_levels(styles: Element) -> dict[str, int]:
    levels: dict[str, int] = {}
    for style in styles.iter(f"{_W}style"):
        name, outline = _value(style.find(f"{_W}name")), _value(style.find(f"{_W}pPr/{_W}outlineLvl"))
        match = _HEADING.match(name)
        if match or (outline.isdigit() and int(outline) < 9):
            levels[style.get(f"{_W}styleId", "")] = int(match[1]) if match else int(outline) + 1
        elif name.lower() == "title":
            levels[style.get(f"{_W}styleId", "")] = 1
    return levels


def _ordered(lists: Element) -> dict[tuple[str, str], bool]:
    """Return for each (list, level) whether its items are numbered."""
    abstract = {
        (one.get(f"{_W}abstractNumId", ""), level.get(f"{_W}ilvl", "")): _value(level.find(f"{_W}numFmt"))
        for one in lists.iter(f"{_W}abstractNum")
        for level in one.iter(f"{_W}lvl")
    }
    named = {
        one.get(f"{_W}numId", ""): _value(one.find(f"{_W}abstractNumId")) for one in lists.iter(f"{_W}num")
    }
    return {
        (number, level): form not in ("bullet", "none", "")
        for number, kind in named.items()
        for (of, level), form in abstract.items()
        if of == kind
    }


def _laid_out(body: Element) -> str:
    """Return the mark that tells pages apart: Word's own where it laid the document out, else page breaks."""
    if next(body.iter(f"{_W}lastRenderedPageBreak"), None) is not None:
        return f"{_W}lastRenderedPageBreak"
    return f"{_W}br"


def _value(element: Element | None) -> str:
    return "" if element is None else element.get(f"{_W}val", "")


def _blocks(parent: Element | None) -> Iterator[Element]:
    """Yield paragraphs and tables in order, also those inside content controls and insertions."""
    for child in parent if parent is not None else ():
        if child.tag in (f"{_W}p", f"{_W}tbl"):
            yield child
        elif child.tag in (f"{_W}sdt", f"{_W}sdtContent", f"{_W}ins", f"{_W}customXml", f"{_W}smartTag"):
            yield from _blocks(child)


@dataclass
class _Walk:
    levels: dict[str, int]
    ordered: dict[tuple[str, str], bool]
    breaks: str
    page: int = 1
    paged: bool = False
    began: int = 1
    behind: str = ""
    parts: list[Part] = field(default_factory=list[Part])
    hidden: list[HiddenPart] = field(default_factory=list[HiddenPart])
    numbers: dict[tuple[str, str], int] = field(default_factory=dict[tuple[str, str], int])

    def block(self, block: Element) -> None:
        """Take up a paragraph or a table."""
        at = self.page
        if block.tag == f"{_W}tbl":
            rows = self.table(block)
            if len(rows) > 1 and max(map(len, rows)) > 1:
                self.parts.append(Part("table", markdown_table(rows), 0, at))
                return
            for text in (cell for row in rows for cell in row if cell.strip()):
                self.parts.append(Part("prose", text, 0, at))
            return
        text = self.text(block)
        if not text.strip():
            return
        level = self.levels.get(_value(block.find(f"{_W}pPr/{_W}pStyle")), 0)
        mark = self.mark(block)
        if level:
            self.parts.append(Part("heading", flat(text), min(level, 6), self.began))
        elif mark and self.parts and self.parts[-1].kind == "list" and self.parts[-1].page == self.began:
            last = self.parts.pop()
            self.parts.append(Part("list", f"{last.text}\n{mark} {flat(text)}", 0, last.page))
        else:
            kind = "list" if mark else "prose"
            self.parts.append(Part(kind, f"{mark} {flat(text)}" if mark else text, 0, self.began))

    def mark(self, paragraph: Element) -> str:
        """Return what stands before an item of a list, indented; empty for what is none."""
        numbering = paragraph.find(f"{_W}pPr/{_W}numPr")
        if numbering is None:
            return ""
        place = (_value(numbering.find(f"{_W}numId")), _value(numbering.find(f"{_W}ilvl")) or "0")
        if place[0] in ("", "0"):
            return ""
        indent = "  " * (int(place[1]) if place[1].isdigit() else 0)
        if not self.ordered.get(place, False):
            return f"{indent}-"
        self.numbers[place] = self.numbers.get(place, 0) + 1
        return f"{indent}{self.numbers[place]}."

    def table(self, table: Element) -> list[list[str]]:
        """Return the grid of a table, spanning cells repeated."""
        rows: list[list[tuple[str, int, int]]] = []
        above: dict[int, str] = {}
        for row in table.iter(f"{_W}tr"):
            cells: list[tuple[str, int, int]] = []
            for cell in row.findall(f"{_W}tc"):
                properties = cell.find(f"{_W}tcPr")
                merged = None if properties is None else properties.find(f"{_W}vMerge")
                span = "" if properties is None else _value(properties.find(f"{_W}gridSpan"))
                at = sum(columns for _, columns, _ in cells)
                self.behind = _fill(properties)
                text = " ".join(filter(None, (self.text(one) for one in cell.iter(f"{_W}p"))))
                if merged is not None and _value(merged) != "restart":
                    text = above.get(at, "")
                above[at] = text
                cells.append((text, int(span) if span.isdigit() else 1, 1))
            rows.append(cells)
        self.behind = ""
        return [row for row in spread(rows) if any(cell.strip() for cell in row)]

    def text(self, paragraph: Element) -> str:
        """Return the seen text of a paragraph, its own line breaks kept."""
        pieces: list[str] = []
        unseen: dict[HiddenBy, list[str]] = {}
        behind = _fill(paragraph.find(f"{_W}pPr")) or self.behind or "FFFFFF"
        self.began = 0
        for run in _runs(paragraph):
            text = self.run(run)
            self.began = self.began or (self.page if text.strip() else 0)
            by = _hidden_by(run, behind)
            if by is None:
                pieces.append(text)
            else:
                unseen.setdefault(by, []).append(text)
        self.hidden += [
            HiddenPart(by, flat("".join(texts)), self.page if self.paged else 0)
            for by, texts in unseen.items()
            if enough_words("".join(texts))
        ]
        return "\n".join(filter(None, (flat(line) for line in "".join(pieces).split("\n"))))

    def run(self, run: Element) -> str:
        """Return the text of a run, counting the pages that end in it."""
        pieces: list[str] = []
        for child in run:
            is_page = child.get(f"{_W}type") == "page"
            if child.tag == self.breaks and (is_page or child.tag != f"{_W}br"):
                self.page, self.paged = self.page + 1, True
            if child.tag == f"{_W}t":
                pieces.append(child.text or "")
            elif child.tag in (f"{_W}br", f"{_W}cr"):
                pieces.append("\n")
            elif child.tag in (f"{_W}tab", f"{_W}noBreakHyphen"):
                pieces.append(" " if child.tag == f"{_W}tab" else "-")
        return "".join(pieces)


def _runs(element: Element) -> Iterator[Element]:
    """Yield the runs of a paragraph, but those that were deleted and those for older readers."""
    for child in element:
        if child.tag == f"{_W}r":
            yield child
        elif child.tag not in (f"{_W}del", f"{_W}moveFrom", _FALLBACK, f"{_W}p", f"{_W}tbl"):
            yield from _runs(child)


def _fill(properties: Element | None) -> str:
    """Return the colour behind a cell, a paragraph or a run; empty where it has none of its own."""
    shade = None if properties is None else properties.find(f"{_W}shd")
    fill = "" if shade is None else shade.get(f"{_W}fill", "")
    return "" if fill == "auto" else fill.upper()


def _hidden_by(run: Element, behind: str) -> HiddenBy | None:
    properties = run.find(f"{_W}rPr")
    if properties is None:
        return None
    vanish = properties.find(f"{_W}vanish")
    if vanish is not None and _value(vanish) not in ("0", "false", "off"):
        return "invisible"
    size = _value(properties.find(f"{_W}sz"))
    if size.isdigit() and int(size) <= 2:
        return "tiny"
    colour = _value(properties.find(f"{_W}color")).upper()
    if properties.find(f"{_W}highlight") is None and colour == (_fill(properties) or behind):
        return "colour"
    return None
