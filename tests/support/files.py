"""Real files made by hand: PDF pages of placed texts, and DOCX packages of their XML."""

import io
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

import pypdfium2

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


@dataclass(frozen=True)
class Put:
    """A text on a page, in points from the lower left; `mode` 3 is not drawn; `fill` is red, green, blue."""

    text: str
    y: float
    size: float = 11
    x: float = 72
    mode: int = 0
    fill: str = "0 0 0"


def pdf(pages: Sequence[Sequence[Put | str]], *, title: str = "", trailer: str = "") -> bytes:
    """Return a PDF; a `str` among the texts is drawing commands as they are."""
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    kids: list[str] = []
    for page in pages:
        commands = "\n".join(one if isinstance(one, str) else placed(one) for one in page)
        packed = zlib.compress(commands.encode("cp1252"))
        objects.append(
            f"<< /Length {len(packed)} /Filter /FlateDecode >>\nstream\n{packed.decode('latin-1')}\nendstream"
        )
        content = len(objects)
        objects.append(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] "
            "/Resources << /Font << /F1 3 0 R >> /ExtGState << /Clear << /ca 0 >> >> >> "
            f"/Contents {content} 0 R >>"
        )
        kids.append(f"{len(objects)} 0 R")
    objects[1] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>"
    objects.append(f"<< /Title ({title}) >>")
    return _file(objects, f"/Info {len(objects)} 0 R {trailer}")


def scanned(original: bytes) -> bytes:
    """Return a PDF whose pages are pictures of those of `original`."""
    source, scan = pypdfium2.PdfDocument(original), pypdfium2.PdfDocument.new()
    for page in source:
        picture = io.BytesIO()
        page.render(scale=2).to_pil().convert("RGB").save(picture, "JPEG")
        image = pypdfium2.PdfImage.new(scan)
        image.load_jpeg(picture)
        image.set_matrix(pypdfium2.PdfMatrix().scale(612, 792))
        sheet = scan.new_page(612, 792)
        sheet.insert_obj(image)
        sheet.gen_content()
    out = io.BytesIO()
    scan.save(out)
    return out.getvalue()


def placed(put: Put) -> str:
    """Return the commands that put a text on a page."""
    text = put.text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
    return f"BT /F1 {put.size} Tf {put.fill} rg {put.mode} Tr 1 0 0 1 {put.x} {put.y} Tm ({text}) Tj ET"


def _file(objects: Sequence[str], trailer: str) -> bytes:
    out = b"%PDF-1.7\n"
    offsets: list[int] = []
    for number, one in enumerate(objects, 1):
        offsets.append(len(out))
        out += f"{number} 0 obj\n{one}\nendobj\n".encode("latin-1")
    table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    size = len(objects) + 1
    end = f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer\n<< /Size {size} /Root 1 0 R {trailer} >>\n"
    return out + end.encode("latin-1") + f"startxref\n{len(out)}\n%%EOF\n".encode()


STYLES = f"""<w:styles {W}>
<w:style w:styleId="H1"><w:name w:val="heading 1"/></w:style>
<w:style w:styleId="H2"><w:name w:val="Own"/><w:pPr><w:outlineLvl w:val="1"/></w:pPr></w:style>
</w:styles>"""
NUMBERING = f"""<w:numbering {W}>
<w:abstractNum w:abstractNumId="7"><w:lvl w:ilvl="0"><w:numFmt w:val="decimal"/></w:lvl></w:abstractNum>
<w:abstractNum w:abstractNumId="8"><w:lvl w:ilvl="0"><w:numFmt w:val="bullet"/></w:lvl></w:abstractNum>
<w:num w:numId="1"><w:abstractNumId w:val="7"/></w:num>
<w:num w:numId="2"><w:abstractNumId w:val="8"/></w:num>
</w:numbering>"""


def para(*runs: str, style: str = "", number: str = "") -> str:
    """Return a paragraph; a run that is no XML is its text."""
    marks = f'<w:pStyle w:val="{style}"/>' if style else ""
    marks += f'<w:numPr><w:ilvl w:val="0"/><w:numId w:val="{number}"/></w:numPr>' if number else ""
    inner = "".join(one if one.startswith("<") else run(one) for one in runs)
    return f"<w:p><w:pPr>{marks}</w:pPr>{inner}</w:p>"


def run(text: str, properties: str = "") -> str:
    """Return a run of text."""
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{escape(text)}</w:t></w:r>'


def table(rows: Sequence[Sequence[str]]) -> str:
    """Return a table."""
    lines = ("".join(f"<w:tc>{para(cell)}</w:tc>" for cell in row) for row in rows)
    return f"<w:tbl>{''.join(f'<w:tr>{line}</w:tr>' for line in lines)}</w:tbl>"


def docx(*blocks: str, **parts: bytes) -> bytes:
    """Return a DOCX of these blocks."""
    body = f'<?xml version="1.0"?><w:document {W}><w:body>{"".join(blocks)}</w:body></w:document>'
    return package(
        {
            "word/document.xml": body.encode(),
            "word/styles.xml": STYLES.encode(),
            "word/numbering.xml": NUMBERING.encode(),
            **parts,
        }
    )


def package(parts: dict[str, bytes]) -> bytes:
    """Return a ZIP file."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        for name, content in parts.items():
            file.writestr(name, content)
    return out.getvalue()
