"""What a file is: by its name, and whether its first bytes agree. Pure."""

from typing import Literal

from genaiops.knowledge.formats.model import CannotParse

Format = Literal["markdown", "text", "html", "pdf", "docx"]

FORMATS: dict[str, Format] = {
    ".md": "markdown",
    ".txt": "text",
    ".html": "html",
    ".htm": "html",
    ".pdf": "pdf",
    ".docx": "docx",
}
"""The format of a document by the ending of its name."""

PARSERS: dict[Format, tuple[str, str]] = {
    "html": ("genaiops.knowledge.formats.html", "lxml"),
    "pdf": ("genaiops.knowledge.formats.pdf", "pypdfium2"),
    "docx": ("genaiops.knowledge.formats.docx", ""),
}
"""For what needs a process of its own: the parser's module, and the package it needs."""

SCANS = "genaiops.knowledge.formats.scan"
"""What reads a PDF again where pages are pictures."""

_HEAD = 1024
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_NAMES = {"markdown": "Markdown", "text": "text", "html": "HTML", "pdf": "PDF", "docx": "DOCX"}
_ELSEWHERE = (
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\x7fELF", "a program"),
    (b"{\\rtf", "an RTF document"),
)


def check_content(format: Format, content: bytes) -> None:
    """Raise `CannotParse` where the first bytes of a file say that it is something else than its name."""
    found = _looks_like(content)
    if format == "pdf" and b"%PDF-" in content[:_HEAD]:  # readers allow for something before it
        found = "pdf"
    if not content.strip() and format in PARSERS:
        raise CannotParse("it is empty", "save it again, or remove it")
    if content.startswith(_OLE):
        raise CannotParse(
            "it is an encrypted Office file, or one of the old binary formats",
            "save it without a password as .docx",
        )
    if found and found != format:
        name = _NAMES.get(found, found)
        ending = next((end for end, other in FORMATS.items() if other == found), "")
        fix = f"rename it to end in {ending}" if ending else "move it out of the folder"
        raise CannotParse(f"it is called {_NAMES[format]}, and is {name}", fix)
    if not found and format in ("pdf", "docx"):
        raise CannotParse(f"it does not begin as a {_NAMES[format]} does", "save it again: it is damaged")


def _looks_like(content: bytes) -> str:
    """Return the format that the first bytes show; empty where they show none."""
    head = content[:_HEAD]
    if head.startswith(b"%PDF-"):
        return "pdf"
    if head.startswith(_ZIP):
        return "docx" if b"word/" in content else "a ZIP archive"
    for mark, name in _ELSEWHERE:
        if head.startswith(mark):
            return name
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:15].lower()
    return "html" if start.startswith((b"<!doctype html", b"<html")) else ""
