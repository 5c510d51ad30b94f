"""PDF as parts, through PDFium: lines of text with their size make paragraphs and headings, page by page.

A PDF has no structure that one could rely on. Lines that are clearly larger than most are headings; a gap
between lines ends a paragraph; tables are lines like any other.
"""

import ctypes
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from genaiops.knowledge.formats.model import (
    CannotParse,
    HiddenBy,
    HiddenPart,
    Parsed,
    Part,
    enough_words,
    flat,
)
from genaiops.knowledge.formats.styles import WHITE, Colour, alike

# neither has types
pypdfium2: Any = import_module("pypdfium2")
pdfium: Any = import_module("pypdfium2.raw")

MAX_PAGES = 20_000

_ERRORS = {
    pdfium.FPDF_ERR_PASSWORD: ("it is encrypted", "save it without a password"),
    pdfium.FPDF_ERR_SECURITY: ("its encryption is not known", "save it without a password"),
    pdfium.FPDF_ERR_FORMAT: ("it is damaged, or no PDF", "save it again"),
}
_LARGER = 1.15
"""A heading's letters are so many times as large as those of most text."""
_GAP = 1.6
"""Lines whose distance is so many times their size belong to different paragraphs."""
_HEADING_LETTERS = 200
_LEVELS = 4
_TINY_POINTS = 1.0
_WHOLE_PAGE = 0.8
_HYPHENS = re.compile("(?:\ufffe|\x02)[\r\n]*")
_NOT_DRAWN = (3, 7)
"""Modes in which a text is not drawn at all; 7 only cuts out what is drawn later."""
_FILLED_ONLY = (0, 4)
"""Modes in which a text's fill is all that is seen of it."""
CLEAR: Colour = (-1, -1, -1)
_RUNNING = re.compile(r"\d+|\b[ivxlc]+\b")
_RUNNING_PAGES = 3
_LEADERS = re.compile(r"(?:\. ?){4,}")
"""The dots that lead to a page number in a table of contents."""

Box = tuple[float, float, float, float]
Painted = tuple[Box, Colour | None]
"""What was painted on a page: where, and its colour; None where that is not known, as of a picture."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a page: its text, the size of its letters, and where it stands (points from below).

    `pitch` is how high a line is. Where a picture was read, sizes say nothing, and `size` is 0.
    """

    text: str
    size: float
    y: float
    page: int
    pitch: float


Recognise = Callable[[Any, int], list[Line]]
"""Reads the picture of a page (PDFium's) with that number."""


def parse(content: bytes) -> Parsed:
    """Return the text of a PDF; raises `CannotParse` for one that is encrypted, damaged or empty.

    Pages that are pictures are counted; `scan` reads them.
    """
    return read(content, None)


def read(content: bytes, recognise: Recognise | None) -> Parsed:
    """Return the text of a PDF, its pictures' too where something recognises them."""
    try:
        document = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        what, fix = _ERRORS.get(error.err_code, (str(error), "save it again"))
        raise CannotParse(what, fix) from error
    with closing(document):
        pages = len(document)
        if pages > MAX_PAGES:
            raise CannotParse(f"it has {pages:,} pages; at most {MAX_PAGES:,}", "split it")
        found = [_page(document, number, recognise) for number in range(1, pages + 1)]
        title = flat(document.get_metadata_value("Title"))
    lines = _without_running([line for page in found for line in page.lines], pages)
    pictures = sum(page.picture for page in found)
    if not lines and not pictures:
        raise CannotParse("it holds no text", "leave it out, or save it again with its text")
    hidden = tuple(part for page in found for part in page.hidden)
    return Parsed(tuple(_parts(lines)), title, pages, pictures, hidden)


@dataclass(frozen=True, slots=True)
class _Page:
    lines: list[Line]
    hidden: list[HiddenPart]
    picture: bool


def _page(document: Any, number: int, recognise: Recognise | None) -> _Page:
    try:
        page = document[number - 1]
    except pypdfium2.PdfiumError as error:
        raise CannotParse(f"page {number} is damaged", "save it again") from error
    with closing(page), closing(page.get_textpage()) as text:
        lines = list(_lines(text, number))
        hidden, whole = _hidden(page, text, number)
        if whole and not lines and recognise:
            lines = recognise(page, number)
        return _Page(lines, hidden, whole and not lines)


def _lines(text: Any, number: int) -> Iterator[Line]:
    count = text.count_chars()
    if count < 1:
        return
    # by characters, not by `get_text_range`: offsets must be those that sizes and boxes are asked by
    whole = "".join(map(_letter, (pdfium.FPDFText_GetUnicode(text, at) for at in range(count))))
    for match in re.finditer(r"[^\r\n]+", whole):
        line = match.group()
        first = next((at for at in range(*match.span()) if not whole[at].isspace()), -1)
        if first >= 0:
            middle = first + (match.end() - first) // 2
            size = max(pdfium.FPDFText_GetFontSize(text, at) * _scale(text, at) for at in (first, middle))
            yield Line(line.rstrip(), round(size, 1), _bottom(text, first), number, size)


def _letter(code: int) -> str:
    return chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else "\ufffd"


def _scale(text: Any, at: int) -> float:
    matrix = pdfium.FS_MATRIX()
    known = pdfium.FPDFText_GetMatrix(text, at, ctypes.byref(matrix))
    return max(abs(float(matrix.d)), abs(float(matrix.b))) if known else 1.0


def _bottom(text: Any, at: int) -> float:
    x, y = ctypes.c_double(), ctypes.c_double()
    pdfium.FPDFText_GetCharOrigin(text, at, ctypes.byref(x), ctypes.byref(y))
    return float(y.value)


def _hidden(page: Any, text: Any, number: int) -> tuple[list[HiddenPart], bool]:
    """Return the page's hidden words, and whether a picture covers it.

    Invisible words over a picture of the whole page are what a scanner read there, and hide nothing.
    """
    left, bottom, right, top = page.get_bbox()
    area = max((right - left) * (top - bottom), 1.0)
    unseen: dict[HiddenBy, list[str]] = {}
    painted: list[Painted] = []
    whole = False  # covered by one picture
    for one in page.get_objects():
        box: Box = one.get_bounds()
        if one.type == pdfium.FPDF_PAGEOBJ_TEXT:
            by = _hidden_by(one, box, (left, bottom, right, top), painted)
            if by is not None:
                unseen.setdefault(by, []).append(_text_of(one, text))
        elif one.level:
            continue  # inside a form, whose own scale and place are not known here
        elif one.type == pdfium.FPDF_PAGEOBJ_PATH:
            painted += [(box, _fill(one))] if _is_filled(one) else []
        else:
            painted.append((box, None))
            size = (box[2] - box[0]) * (box[3] - box[1])
            whole = whole or (one.type == pdfium.FPDF_PAGEOBJ_IMAGE and size >= _WHOLE_PAGE * area)
    if whole:
        unseen.pop("invisible", None)
    found = [HiddenPart(by, flat(" ".join(texts)), number) for by, texts in unseen.items()]
    return [part for part in found if enough_words(part.text)], whole


def _hidden_by(one: Any, box: Box, page: Box, painted: Sequence[Painted]) -> HiddenBy | None:
    """Return how a text is hidden, of which `painted` is what was painted before; None where it is seen."""
    mode, fill = pdfium.FPDFTextObj_GetTextRenderMode(one), _fill(one)
    if mode in _NOT_DRAWN or (mode in _FILLED_ONLY and fill == CLEAR):
        return "invisible"
    if one.level:
        return None
    if box[2] < page[0] or box[0] > page[2] or box[3] < page[1] or box[1] > page[3]:
        return "outside"
    size = ctypes.c_float()
    pdfium.FPDFTextObj_GetFontSize(one, ctypes.byref(size))
    matrix = one.get_matrix()
    if abs(size.value) * max(abs(matrix.d), abs(matrix.b)) < _TINY_POINTS:
        return "tiny"
    unseen = mode in _FILLED_ONLY and fill is not None and _is_on(fill, box, painted)
    return "colour" if unseen else None


def _is_on(fill: Colour, box: Box, painted: Sequence[Painted]) -> bool:
    """Return whether what was painted last behind the middle of `box` has the colour `fill`."""
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    covers = (ground for (a, b, c, d), ground in reversed(painted) if a <= x <= c and b <= y <= d)
    behind = next(covers, WHITE)
    return behind is not None and alike(fill, behind)


def _is_filled(path: Any) -> bool:
    how, stroked = ctypes.c_int(), ctypes.c_int()
    pdfium.FPDFPath_GetDrawMode(path, ctypes.byref(how), ctypes.byref(stroked))
    return how.value != pdfium.FPDF_FILLMODE_NONE


def _fill(one: Any) -> Colour | None:
    """Return the colour that an object is filled with, `CLEAR` where one sees through; None for a pattern."""
    red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
    known = pdfium.FPDFPageObj_GetFillColor(
        one, ctypes.byref(red), ctypes.byref(green), ctypes.byref(blue), ctypes.byref(alpha)
    )
    if not known:
        return None
    return (red.value, green.value, blue.value) if alpha.value else CLEAR


def _text_of(one: Any, text: Any) -> str:
    size = pdfium.FPDFTextObj_GetText(one, text, None, 0)
    buffer = ctypes.create_string_buffer(size * 2)
    pdfium.FPDFTextObj_GetText(one, text, ctypes.cast(buffer, ctypes.POINTER(ctypes.c_ushort)), size)
    return buffer.raw.decode("utf-16-le", "ignore").rstrip("\0")


def _without_running(lines: Sequence[Line], pages: int) -> list[Line]:
    """Return the lines without those that head or end most pages: titles that run along, and page numbers."""
    edges: dict[int, tuple[int, int]] = {}
    for at, line in enumerate(lines):
        first, _ = edges.get(line.page, (at, at))
        edges[line.page] = (first, at)
    outer = {at for pair in edges.values() for at in pair}
    counts = Counter(_RUNNING.sub("#", lines[at].text.strip()) for at in outer)
    least = max(_RUNNING_PAGES, pages // 2)
    return [
        line
        for at, line in enumerate(lines)
        if at not in outer or counts[_RUNNING.sub("#", line.text.strip())] < least
    ]


def _parts(lines: Sequence[Line]) -> Iterator[Part]:
    """Yield headings and paragraphs, in the order of the lines."""
    letters: Counter[float] = Counter()
    for line in lines:
        letters[line.size] += len(line.text) if line.size else 0
    usual = letters.most_common(1)[0][0] if letters else 0.0
    levels = _levels(lines, usual)
    together: list[Line] = []
    for line in lines:
        if together and not _goes_on(together[-1], line, levels):
            yield _part(together, levels)
            together = []
        together.append(line)
    if together:
        yield _part(together, levels)


def _levels(lines: Sequence[Line], usual: float) -> dict[float, int]:
    """Return the heading's level for each size that is larger than usual, the largest first."""
    larger = (line for line in lines if line.size and line.size >= usual * _LARGER)
    sizes = {line.size for line in larger if len(line.text) <= _HEADING_LETTERS}
    return {size: min(at, _LEVELS) for at, size in enumerate(sorted(sizes, reverse=True), 1)}


def _goes_on(last: Line, line: Line, levels: dict[float, int]) -> bool:
    """Return whether `line` belongs to the paragraph, or to the heading, that `last` is of."""
    if last.page != line.page or levels.get(last.size) != levels.get(line.size):
        return False
    return 0 <= last.y - line.y <= _GAP * max(last.pitch, line.pitch)


def _part(lines: Sequence[Line], levels: dict[float, int]) -> Part:
    level = levels.get(lines[0].size, 0)
    text = _HYPHENS.sub("", "\n".join(line.text for line in lines))
    titled = any(map(str.isalnum, text)) and not _LEADERS.search(text)
    if level and titled and len(text) <= _HEADING_LETTERS:
        return Part("heading", flat(text), level, lines[0].page)
    return Part("prose", text, 0, lines[0].page)
