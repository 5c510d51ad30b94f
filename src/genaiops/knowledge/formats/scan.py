"""PDF whose pages are pictures: their words are recognised here, by models that came with a package.

What is recognised is a guess. Lines that the model is unsure of are left out, and sizes of letters say
nothing, so that a scan has paragraphs and no headings.
"""

from importlib import import_module
from typing import Any

from genaiops.knowledge.formats.model import Parsed
from genaiops.knowledge.formats.pdf import Line, read

_DPI = 200
_SURE = 0.6
"""Lines that the model is less sure of than that are left out."""

_SETTINGS = {
    # told to turn lines around, it turned straight ones upside down
    "Global.use_cls": False,
    "Global.log_level": "error",
    "Global.text_score": _SURE,
}


def parse(content: bytes) -> Parsed:
    """Return the text of a PDF with what its pictures say; raises `CannotParse` as `pdf` does."""
    engine: Any = import_module("rapidocr").RapidOCR(params=_SETTINGS)

    def recognise(page: Any, number: int) -> list[Line]:
        scale = _DPI / 72
        found = engine(page.render(scale=scale).to_numpy())
        if found.txts is None:
            return []
        height = page.get_height()
        lines: list[Line] = []
        for box, text in zip(found.boxes.tolist(), found.txts, strict=True):
            top, bottom = min(y for _, y in box) / scale, max(y for _, y in box) / scale
            lines.append(Line(str(text), 0.0, height - bottom, number, bottom - top))
        return lines

    return read(content, recognise)
