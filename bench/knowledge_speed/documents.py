"""How many documents a second are read, by format, and how many chunks a second are cut?

    python -m bench.knowledge_speed.documents

Each document has about 700 words in six sections, with a table; a PDF has two pages. They are read from a
folder as `genaiops index build` does: parsed in processes of their own, looked through for what hides, made
one text. *Again* is the same folder with what was parsed kept. *Screened* is the guard's look at each, which
is made beside *checked*. Expected: Markdown and text are bound by this
process, HTML by the tree walk in Python, PDF by PDFium and its calls.
"""

import json
import os
import platform
import random
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from tests.support.files import Put, docx, para, pdf, table

from genaiops.app.screening import KeptScreen, guard_screen
from genaiops.core import ModelSpec
from genaiops.knowledge import (
    ChunkOptions,
    Corpus,
    ParsedFiles,
    Reading,
    Recipe,
    Screen,
    check_readiness,
    make_chunks,
    read_corpus,
)
from genaiops.work import Console

RESULTS = Path(__file__).parent.parent / "results" / "knowledge_documents.json"
DOCUMENTS = 400
SECTIONS, SENTENCES, LENGTH = 6, 8, 14


def sections(seed: int) -> list[tuple[str, list[str]]]:
    """Return titles and sentences of one document."""
    generator = random.Random(seed)
    words = [f"word{at}" for at in range(5000)]

    def sentence() -> str:
        return " ".join(generator.choices(words, k=LENGTH)).capitalize() + "."

    return [(f"Section {at} of {seed}", [sentence() for _ in range(SENTENCES)]) for at in range(SECTIONS)]


ROWS = [["plan", "price"], *([f"plan {at}", f"{at} euros"] for at in range(6))]


def as_markdown(seed: int) -> bytes:
    """Return it as Markdown."""
    rows = "\n".join(f"| {' | '.join(row)} |" for row in (ROWS[0], ["---", "---"], *ROWS[1:]))
    body = "\n\n".join(f"## {title}\n\n{' '.join(said)}" for title, said in sections(seed))
    return f"# Document {seed}\n\n{body}\n\n{rows}\n".encode()


def as_text(seed: int) -> bytes:
    """Return it as text."""
    return "\n\n".join(f"{title}\n\n{' '.join(said)}" for title, said in sections(seed)).encode()


def as_html(seed: int) -> bytes:
    """Return it as a page with a style sheet and navigation."""
    rows = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in ROWS)
    body = "".join(
        f'<h2 class="t">{title}</h2>' + "".join(f"<p>{one}</p>" for one in said)
        for title, said in sections(seed)
    )
    style = "<style>.t{color:#333} p{margin:0} .menu a{color:#00f}</style>"
    menu = "".join(f'<a class="menu" href="/{at}">Page {at}</a>' for at in range(40))
    page = f"<h1>Document {seed}</h1>{body}<table>{rows}</table>"
    return f"<html><head>{style}</head><body><nav>{menu}</nav><main>{page}</main></body></html>".encode()


def as_pdf(seed: int) -> bytes:
    """Return it as a PDF of two pages."""
    pages: list[list[Put | str]] = []
    found = sections(seed)
    for at in range(0, SECTIONS, SECTIONS // 2):
        page: list[Put | str] = []
        height = 740.0
        for title, said in found[at : at + SECTIONS // 2]:
            page.append(Put(title, height, 15))
            for line in said:
                height -= 15
                page.append(Put(line, height))
            height -= 40
        pages.append(page)
    return pdf(pages)


def as_docx(seed: int) -> bytes:
    """Return it as a DOCX."""
    blocks = [
        block
        for title, said in sections(seed)
        for block in (para(title, style="H2"), *(para(one) for one in said))
    ]
    return docx(*blocks, table(ROWS))


FORMATS: dict[str, Callable[[int], bytes]] = {
    ".md": as_markdown,
    ".txt": as_text,
    ".html": as_html,
    ".pdf": as_pdf,
    ".docx": as_docx,
}


def timed(folder: Path, cache: Path) -> tuple[Corpus, float]:
    """Return the corpus and the seconds that reading it took."""
    began = time.perf_counter()
    corpus = read_corpus(folder, Reading(cache=ParsedFiles(cache)))
    return corpus, time.perf_counter() - began


def looked_at(corpus: Corpus, screen: Screen) -> float:
    """Return the seconds that the screen takes for all documents."""
    began = time.perf_counter()
    for document in corpus.documents:
        screen(document.text)
    return time.perf_counter() - began


def measure(ending: str, root: Path) -> dict[str, float]:
    """Return documents and megabytes a second for one format."""
    folder = root / ending[1:]
    folder.mkdir()
    for seed in range(DOCUMENTS):
        (folder / f"{seed}{ending}").write_bytes(FORMATS[ending](seed))
    size = sum(path.stat().st_size for path in folder.iterdir()) / 1e6
    corpus, first = timed(folder, root / "parsed")
    assert len(corpus.documents) == DOCUMENTS
    _, again = timed(folder, root / "parsed")
    began = time.perf_counter()
    check_readiness(corpus)
    checked = time.perf_counter() - began
    screen = KeptScreen(guard_screen(Console(quiet=True)), root / "screened")
    screened, screened_again = looked_at(corpus, screen), looked_at(corpus, screen)
    recipe = Recipe(corpus=corpus.digest, embedder=SPEC, chunk=ChunkOptions())
    began = time.perf_counter()
    chunks = make_chunks(corpus, recipe, Uncounted())
    cut = time.perf_counter() - began
    return {
        "documents_s": round(DOCUMENTS / first, 1),
        "mb_s": round(size / first, 2),
        "again_s": round(DOCUMENTS / again, 1),
        "checked_s": round(DOCUMENTS / checked, 1),
        "screened_s": round(DOCUMENTS / screened, 1),
        "screened_again_s": round(DOCUMENTS / screened_again, 1),
        "chunks_s": round(len(chunks) / cut, 1),
    }


SPEC = ModelSpec(provider="bench", model="none")


class Uncounted:
    """An embedder that is only asked for its name: sizes are estimated by characters."""

    spec = SPEC

    async def embed(self, texts: object, kind: str) -> object:
        """Not used here."""
        raise NotImplementedError

    async def close(self) -> None:
        """Nothing is open."""


def main() -> None:
    """Measure each format and write the results."""
    before = os.getloadavg()
    with tempfile.TemporaryDirectory() as folder:
        formats = {ending: measure(ending, Path(folder)) for ending in FORMATS}
    RESULTS.write_text(
        json.dumps(
            {
                "documents": DOCUMENTS,
                "formats": formats,
                "machine": {
                    "cores": os.cpu_count(),
                    "load_before": before,
                    "load_after": os.getloadavg(),
                    "python": platform.python_version(),
                    "numpy": version("numpy"),
                },
            },
            indent=1,
        )
        + "\n"
    )
    for ending, found in formats.items():
        print(ending, found)


if __name__ == "__main__":
    main()
