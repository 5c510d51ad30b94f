"""HTML as parts: headings, paragraphs, lists, tables and code, without what a reader does not see.

Left out: scripts, navigation, footers, forms' controls, and all that its style hides. Where a page has a
`main` element, only that is read.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, Protocol, cast

from genaiops.knowledge.formats.model import (
    CannotParse,
    HiddenBy,
    HiddenPart,
    Parsed,
    Part,
    PartKind,
    enough_words,
    flat,
    markdown_table,
    spread,
)
from genaiops.knowledge.formats.styles import Paint, Sheet, hides, read_sheet

etree: Any = import_module("lxml.etree")  # it has no types

_SKIPPED_TEXT = (
    "script style template noscript head nav footer svg canvas iframe object embed audio video select "
    "button input textarea option dialog datalist map menu"
)
_SKIPPED = frozenset(_SKIPPED_TEXT.split())
_BLOCKS_TEXT = (
    "address article aside blockquote body center dd details div dl dt fieldset figcaption figure form "
    "header hgroup hr html li main p section summary table tbody td tfoot th thead tr ul ol"
)
_BLOCKS = frozenset(_BLOCKS_TEXT.split())
_META = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?\s*([\w-]+)", re.IGNORECASE)
_MARKS = ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"), (b"\xef\xbb\xbf", "utf-8"))


class Element(Protocol):
    """What we use of an element of the tree."""

    tag: str
    text: str | None
    tail: str | None
    attrib: Mapping[str, str]

    def __iter__(self) -> Iterator["Element"]:
        """Go through the children."""
        ...

    def iter(self, *tags: str) -> Iterator["Element"]:
        """Go through all elements below, itself first."""
        ...


def parse(content: bytes) -> Parsed:
    """Return what a reader sees of a page; raises `CannotParse` where there is none."""
    encoding, remark = encoding_of(content)
    root = _tree(content, encoding)
    main = [one for one in root.iter("main") if flat("".join(_words(one)))]
    walk = _Walk(read_sheet(style.text or "" for style in root.iter("style")))
    walk.element(main[0] if len(main) == 1 else root, Paint())
    walk.end_block()
    title = next((flat(_own_words(one)) for one in root.iter("title")), "")
    return Parsed(tuple(walk.parts), title, hidden=tuple(walk.hidden), remarks=tuple(filter(None, [remark])))


def encoding_of(content: bytes) -> tuple[str, str]:
    """Return a page's encoding, by its mark, then UTF-8 where it fits, then what it says; and a remark."""
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return encoding, "" if encoding == "utf-8" else f"read as {encoding.upper()}, as its mark says"
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        said = _META.search(content[:4096])
        name = said[1].decode("ascii").lower() if said else ""
        if name and name not in ("utf-8", "utf8") and _known(name):
            return name, f"read as {name}, as it says"
        return "windows-1252", "not UTF-8, and it does not say what else: read as windows-1252"
    return "utf-8", ""


def _known(name: str) -> bool:
    try:
        b"".decode(name)
    except LookupError:
        return False
    return True


def _tree(content: bytes, encoding: str) -> Element:
    text = content.decode(encoding, "replace").removeprefix("\ufeff").replace("\0", "")
    parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, no_network=True)
    try:
        # UTF-8 bytes, not a text: libxml2 would take the charset that the page names for them
        root = etree.fromstring(text.encode(), parser)
    except etree.ParseError as error:
        raise CannotParse(f"it is not HTML: {error}", "save the page again") from error
    if root is None:
        raise CannotParse("it holds nothing", "save the page again")
    return cast(Element, root)


def _own_words(element: Element) -> str:
    return "".join(_words(element))


def _words(element: Element) -> Iterator[str]:
    """Yield all texts below `element`, without scripts."""
    yield element.text or ""
    for child in element:
        if child.tag not in ("script", "style", "template"):
            yield from _words(child)
        yield child.tail or ""


@dataclass
class _Walk:
    sheet: Sheet
    parts: list[Part] = field(default_factory=list[Part])
    hidden: list[HiddenPart] = field(default_factory=list[HiddenPart])
    line: list[str] = field(default_factory=list[str])

    def element(self, element: Element, paint: Paint) -> None:
        """Take up an element and all below it."""
        tag = element.tag
        inside = None if tag in _SKIPPED else self.seen(element, paint)
        if inside is None:
            return
        paint = inside
        if tag in ("h1", "h2", "h3", "h4", "h5", "h6"):
            self.add("heading", flat(self.inline(element, paint)), int(tag[1]))
        elif tag == "pre":
            self.add("code", self.inline(element, paint).strip("\n").rstrip())
        elif tag in ("ul", "ol"):
            self.add("list", "\n".join(self.items(element, paint, "")))
        elif tag == "table" and (rows := self.table(element, paint)):
            self.add("table", markdown_table(rows))
        else:
            self.mixed(element, paint)

    def mixed(self, element: Element, paint: Paint) -> None:
        """Take up an element that holds text, elements, or both."""
        block = element.tag in _BLOCKS
        if block:
            self.end_block()
        if element.tag == "br":
            self.line.append("\n")
        self.say(element.text or "", paint)
        for child in element:
            self.element(child, paint)
            self.say(child.tail or "", paint)
        if block:
            self.end_block()

    def say(self, text: str, paint: Paint) -> None:
        """Take up a text that is painted so."""
        if text.strip() and paint.unseen:
            self.hide("colour", text)
        else:
            self.line.append(re.sub(r"\s+", " ", text))

    def end_block(self) -> None:
        """Make a paragraph of what was said since the last block."""
        text = "\n".join(filter(None, (flat(line) for line in "".join(self.line).split("\n"))))
        self.line.clear()
        if text:
            self.parts.append(Part("prose", text))

    def add(self, kind: PartKind, text: str, level: int = 0) -> None:
        """Add a part that is no paragraph."""
        self.end_block()
        if text.strip():
            self.parts.append(Part(kind, text, level))

    def hide(self, by: HiddenBy, text: str) -> None:
        """Note hidden words, where there are enough of them to mean something."""
        if enough_words(text):
            self.hidden.append(HiddenPart(by, flat(text)))

    def seen(self, element: Element, paint: Paint) -> Paint | None:
        """Return the paint inside an element; None, noting its words, where it is hidden."""
        attributes = dict(element.attrib)
        style = self.sheet.style(element.tag, attributes)
        by = "style" if "hidden" in attributes else hides(style) if style else None
        if by is not None:
            self.hide(by, _own_words(element))
            return None
        if "bgcolor" in attributes:
            style.setdefault("background-color", attributes["bgcolor"].lower())
        if element.tag == "font" and "color" in attributes:
            style.setdefault("color", attributes["color"].lower())
        return paint.then(style) if style else paint

    def inline(self, element: Element, paint: Paint) -> str:
        """Return the seen text of an element as it stands, without making parts of it."""
        pieces: list[str] = []

        def put(text: str | None, inside: Paint) -> None:
            if text and text.strip() and inside.unseen:
                self.hide("colour", text)
            elif text:
                pieces.append(text)

        def go(one: Element, inside: Paint) -> None:
            put(one.text, inside)
            for child in one:
                painted = None if child.tag in _SKIPPED else self.seen(child, inside)
                if painted is not None:
                    apart = " " if child.tag in _BLOCKS else ""
                    pieces.append("\n" if child.tag == "br" else apart)
                    go(child, painted)
                    pieces.append(apart)
                put(child.tail, inside)

        go(element, paint)
        return "".join(pieces)

    def items(self, element: Element, paint: Paint, indent: str) -> Iterator[str]:
        """Yield the lines of a list, nested ones indented."""
        number = 0
        for item in element:
            inside = self.seen(item, paint)
            if inside is None or item.tag in _SKIPPED:
                continue
            number += 1
            mark = f"{number}." if element.tag == "ol" else "-"
            nested = [child for child in item if child.tag in ("ul", "ol")]
            if text := flat(_without(self, item, inside, nested)):
                yield f"{indent}{mark} {text}"
            for below in nested:
                painted = self.seen(below, inside)
                if painted is not None:
                    yield from self.items(below, painted, indent + "  ")

    def table(self, element: Element, paint: Paint) -> list[list[str]]:
        """Return the grid of a table of data; empty where it only arranges the page."""
        if any(inner is not element for inner in element.iter("table")):
            return []
        rows: list[list[tuple[str, int, int]]] = []
        for row in element.iter("tr"):
            if (across := self.seen(row, paint)) is None:
                continue
            cells = [cell for cell in row if cell.tag in ("td", "th")]
            seen = [(cell, self.seen(cell, across)) for cell in cells]
            rows.append([_cell(self, cell, inside) for cell, inside in seen if inside is not None])
        grid = [row for row in spread(rows) if any(cell.strip() for cell in row)]
        return grid if len(grid) > 1 and max(map(len, grid)) > 1 else []


def _cell(walk: _Walk, cell: Element, paint: Paint) -> tuple[str, int, int]:
    return walk.inline(cell, paint), _span(cell, "colspan"), _span(cell, "rowspan")


def _span(cell: Element, name: str) -> int:
    value = cell.attrib.get(name, "1").strip()
    return int(value) if re.fullmatch(r"\d{1,4}", value) else 1


def _without(walk: _Walk, item: Element, paint: Paint, nested: list[Element]) -> str:
    """Return an item's own text, without the lists in it."""
    texts = [item.text or ""]
    for child in item:
        if child not in nested and child.tag not in _SKIPPED:
            inside = walk.seen(child, paint)
            apart = " " if child.tag in _BLOCKS or child.tag == "br" else ""
            texts.append("" if inside is None else f"{apart}{walk.inline(child, inside)}{apart}")
        texts.append(child.tail or "")
    return "".join(texts)
