"""What hides or gives orders in a project's own files; nothing that was found is repeated.

Prompts give orders, so in them only what is hidden is looked for; in documents and data sets also what the
injection classifier takes for an order to a model. It is a guess, and told as one.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import cast

from genaiops.app import Project
from genaiops.arena.redteam.model import FileFinding, FilesFound, Unread
from genaiops.core import OutsideError, Surface, Where
from genaiops.guard import GuardResult, Pipeline, parse_guard
from genaiops.work import Console, Progress

WINDOW = 48_000
"""So many characters are looked at at once: in UTF-8 never more than the guard reads."""
MARGIN = 1_000
_MOST = 5_000
"""So many findings are kept; what reads SARIF keeps no more."""
_TEXTS = (".md", ".txt", ".html", ".htm")
_ALONE = re.compile("[\ud800-\udfff]")
"""Half of a pair: JSON can say it, UTF-8 cannot, and the guard refuses a text with it."""
_HIDDEN = "{find: [hidden.*], do: flag}"
_ORDERS = "{find: [injection.*], at_least: 0, do: flag}"  # the model's own threshold decides


@dataclass(frozen=True, slots=True)
class _File:
    """A file by its path from the project's folder, and how it is read."""

    path: str
    kind: str


@dataclass(frozen=True, slots=True)
class _Piece:
    """A text of a file and where it begins there; `line` None: it is the file, else of one line."""

    text: str
    line: int | None = None
    column: int = 1


@dataclass(slots=True)
class _Seen:
    """What came of one file: what was found, and why something of it was not looked at."""

    findings: list[FileFinding] = field(default_factory=list[FileFinding])
    lost: list[str] = field(default_factory=list[str])


def scan_files(root: Path, project: Project, console: Console) -> FilesFound:
    """Look through the files of the project below `root`; what could not be looked at is told."""
    hidden = _guard("hidden", _HIDDEN)
    orders = _orders(hidden, console)
    findings: list[FileFinding] = []
    skipped: list[str] = []
    unread: list[Unread] = []
    files = list(dict.fromkeys(_files(root, project)))
    with Progress("look through files", len(files), console=console) as progress:
        for one in files:
            if one.kind == "document" and not one.path.lower().endswith(_TEXTS):
                skipped.append(one.path)
            else:
                seen = _looked(root, one, hidden if one.kind == "prompt" else orders)
                findings += seen.findings
                if seen.lost:
                    unread.append(Unread(path=one.path, why=_why(seen.lost)))
            progress.advance(1, one.path)
    return FilesFound(
        scanned=len(files) - len(skipped) - len(unread),
        skipped=tuple(skipped),
        findings=tuple(findings[:_MOST]),
        unread=tuple(unread),
    )


def _why(lost: Sequence[str]) -> str:
    more = f", and {len(lost) - 1:,} more" if len(lost) > 1 else ""
    return f"{lost[0]}{more}"


def _looked(root: Path, file: _File, guard: Pipeline) -> _Seen:
    seen = _Seen()
    try:
        text = (root / file.path).read_bytes().decode("utf-8")
    except (UnicodeDecodeError, OSError) as error:
        seen.lost.append("it is no UTF-8" if isinstance(error, UnicodeDecodeError) else "it cannot be read")
        return seen
    is_rows = file.kind == "rows" and file.path.endswith(".jsonl")
    surface: Surface = "passage" if file.kind == "document" else "input"
    for piece in _rows(text, seen) if is_rows else [_Piece(text)]:
        _look(file.path, piece, guard, surface, seen)
    return seen


def _orders(hidden: Pipeline, console: Console) -> Pipeline:
    try:
        return _guard("hidden: {}, injection", f"{_HIDDEN}, {_ORDERS}")
    except OutsideError as error:
        console.note(f"orders to a model are not looked for: {error.what} ({error.code})")
        return hidden


def _guard(detectors: str, rules: str) -> Pipeline:
    how = "fail: open\ntimeout_ms: 60000\ndecode: {depth: 0}\n"
    policy = f"{how}detectors: {{{detectors}: {{}}}}\nrules: [{rules}]\n"
    return parse_guard(policy, "the policy of a look through files")


def _files(root: Path, project: Project) -> Iterator[_File]:
    for path in sorted((root / "prompts").glob("**/*")):
        if path.is_file():
            yield _File(path.relative_to(root).as_posix(), "prompt")
    for config in project.knowledge.values():
        if not PurePosixPath(config.source).is_absolute():
            for path in sorted((root / config.source).glob("**/*")):
                if path.is_file() and not path.name.startswith("."):
                    yield _File(path.relative_to(root).as_posix(), "document")
    for suite in project.suites.values():
        if (root / suite.dataset).is_file():
            yield _File(str(PurePosixPath(suite.dataset)), "rows")


def _rows(text: str, seen: _Seen) -> Iterator[_Piece]:
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            try:
                value: object = json.loads(
                    line, object_pairs_hook=tuple
                )  # keys too, and one that comes twice
            except (ValueError, RecursionError):
                seen.lost.append(f"line {number:,} is no JSON")
                yield _Piece(line, number)
                continue
            for said in _texts(value):
                begins = json.dumps(said, ensure_ascii=False)[1:41].rstrip('"')
                yield _Piece(_ALONE.sub("\ufffd", said), number, max(line.find(begins), 0) + 1)


def _texts(value: object) -> Iterator[str]:
    left = [value]
    while left:
        one = left.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, list | tuple):
            left += reversed(cast("Sequence[object]", one))


def _look(path: str, piece: _Piece, guard: Pipeline, surface: Surface, seen: _Seen) -> None:
    for start in range(0, len(piece.text), WINDOW):
        first = max(0, start - MARGIN)
        result = guard.check(piece.text[first : start + WINDOW + MARGIN], Where(surface=surface))
        line, _ = _place(piece, start)
        if result.refused:
            seen.lost.append(f"the guard refuses the text at line {line:,}: {result.refused}")
        seen.lost += [f"{one.detector} failed at line {line:,}: {one.kind}" for one in result.failed]
        seen.findings += _found(path, piece, result, first, range(start, start + WINDOW))


def _found(path: str, piece: _Piece, result: GuardResult, first: int, window: range) -> Iterator[FileFinding]:
    for judged in result.findings:
        one, at = judged.finding, first + judged.finding.start
        if judged.action == "flag" and at in window:
            line, column = _place(piece, at)
            end_line, end_column = _place(piece, first + one.end)
            yield FileFinding(
                path=path,
                line=line,
                column=column,
                end_line=end_line,
                end_column=max(end_column, column + 1) if end_line == line else end_column,
                rule=one.category,
                detector=one.detector,
                confidence=round(one.confidence, 3),
                reason=one.reason,
                certain=one.detector == "hidden",
            )


def _place(piece: _Piece, at: int) -> tuple[int, int]:
    if piece.line is not None:
        return piece.line, piece.column + at
    before = piece.text[:at]
    return before.count("\n") + 1, at - (before.rfind("\n") + 1) + 1


RULES: Mapping[str, str] = {
    "hidden": "Text that a reader does not see and a model reads.",
    "injection": "Text that reads like an order to a model: a classifier's guess.",
}
"""What a rule says, by the detector that finds it."""
