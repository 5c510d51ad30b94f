"""Reading our own documentation: its code blocks, and the steps of a page that can be followed."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
_FENCE = re.compile(r"^```(?P<info>[^\n`]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: language, the words after it (a file name, `replace`, `norun`), text, line."""

    page: Path
    line: int
    language: str
    words: tuple[str, ...]
    text: str

    @property
    def place(self) -> str:
        """Page and line, for messages and test ids."""
        return f"{self.page.name}:{self.line}"


def pages() -> list[Path]:
    """Return every page, the front page and the contributor's among them."""
    return [*sorted(DOCS.glob("*.md")), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]


def blocks(page: Path) -> Iterator[Block]:
    """Yield the fenced blocks of a page in their order."""
    text = page.read_text(encoding="utf-8")
    for match in _FENCE.finditer(text):
        language, *words = match["info"].split() or [""]
        yield Block(page, text[: match.start()].count("\n") + 1, language, tuple(words), match["text"])


def commands(block: Block) -> Iterator[str]:
    """Yield the commands of a bash block, continued lines joined."""
    for line in block.text.replace("\\\n", " ").splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            yield line.strip()
