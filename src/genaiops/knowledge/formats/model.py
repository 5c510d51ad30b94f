"""What a parser makes of a file: one form for all formats."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

PartKind = Literal["heading", "prose", "list", "table", "code"]
HiddenBy = Literal["style", "colour", "invisible", "tiny", "outside"]

HIDDEN_WORDS = 5
"""So many hidden words in a stretch put a document into quarantine; pages often hide a few."""

MAX_SPAN = 100

_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a document, as Markdown but for a heading's marks; `page` counts from 1, 0 where none."""

    kind: PartKind
    text: str
    level: int = 0
    page: int = 0


@dataclass(frozen=True, slots=True)
class HiddenPart:
    """Words that a person who looks at the document does not see, and how they are hidden."""

    by: HiddenBy
    text: str
    page: int = 0


@dataclass(frozen=True, slots=True)
class Parsed:
    """A document as its parser read it. `remarks` are for people, one line each.

    `pictures` of its pages are pictures without text.
    """

    parts: tuple[Part, ...]
    title: str = ""
    pages: int = 0
    pictures: int = 0
    hidden: tuple[HiddenPart, ...] = ()
    remarks: tuple[str, ...] = ()


class CannotParse(Exception):
    """Why a file cannot be read, for people: what is the matter, and what to do."""

    def __init__(self, what: str, fix: str) -> None:
        super().__init__(what)
        self.what = what
        self.fix = fix


def flat(text: str) -> str:
    """Return `text` with each run of white space as one blank."""
    return _SPACE.sub(" ", text).strip()


def enough_words(text: str) -> bool:
    """Return whether a hidden stretch says enough to be looked at by a person."""
    return len(text.split()) >= HIDDEN_WORDS


def markdown_table(rows: Sequence[Sequence[str]]) -> str:
    """Return `rows` (the first is the header) as a Markdown table, its rows made equally long."""
    width = max(len(row) for row in rows)
    lines = [_line([*row, *[""] * (width - len(row))]) for row in rows]
    return "\n".join([lines[0], _line(["---"] * width), *lines[1:]])


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(flat(cell).replace('|', chr(92) + '|') for cell in cells)} |"


def spread(rows: Sequence[Sequence[tuple[str, int, int]]]) -> list[list[str]]:
    """Return cells `(text, columns, rows)` as a grid; a spanning cell stands in each place that it spans."""
    grid: list[list[str]] = []
    below: dict[int, tuple[str, int]] = {}
    for row in rows:
        line: list[str] = []
        waiting = list(row)
        while waiting or len(line) in below:
            at = len(line)
            if at in below:
                text, left = below.pop(at)
                line.append(text)
                if left > 1:
                    below[at] = (text, left - 1)
                continue
            text, columns, down = waiting.pop(0)
            for _ in range(min(max(columns, 1), MAX_SPAN)):
                if down > 1:
                    below[len(line)] = (text, min(down, MAX_SPAN) - 1)
                line.append(text)
        grid.append(line)
    return grid
