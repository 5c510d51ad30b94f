"""What hides or gives orders in a project's own files; nothing that was found is repeated.

Prompts give orders, so in them only what is hidden is looked for; in documents and data sets also what the
injection classifier takes for an order to a model. It is a guess, and told as one.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import cast

from genaiops.app import Project
from genaiops.arena.redteam.model import FileFinding, FilesFound
from genaiops.core import Json, OutsideError, Surface, Where
from genaiops.guard import Pipeline, parse_guard
from genaiops.work import Console, Progress

WINDOW = 48_000
"""So many characters are looked at at once: in UTF-8 never more than the guard reads."""
MARGIN = 1_000
_MOST = 5_000
"""So many findings are kept; what reads SARIF keeps no more."""
_TEXTS = (".md", ".txt", ".html", ".htm")
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


def scan_files(root: Path, project: Project, console: Console) -> FilesFound:
    """Look through the files of the project below `root`; what is not read as text is `skipped`."""
    hidden = _guard("hidden", _HIDDEN)
    orders = _orders(hidden, console)
    findings: list[FileFinding] = []
    skipped: list[str] = []
    files = list(dict.fromkeys(_files(root, project)))
    with Progress("look through files", len(files), console=console) as progress:
        for one in files:
            pieces = _pieces(root / one.path, one.kind)
            if pieces is None:
                skipped.append(one.path)
            else:
                guard = hidden if one.kind == "prompt" else orders
                surface: Surface = "passage" if one.kind == "document" else "input"
                for piece in pieces:
                    findings += _found(one.path, piece, guard, surface)
            progress.advance(1, one.path)
    return FilesFound(
        scanned=len(files) - len(skipped), skipped=tuple(skipped), findings=tuple(findings[:_MOST])
    )


def _orders(hidden: Pipeline, console: Console) -> Pipeline:
    try:
        return _guard("hidden: {}, injection", f"{_HIDDEN}, {_ORDERS}")
    except OutsideError as error:
        console.note(f"orders to a model are not looked for: {error.what} ({error.code})")
        return hidden


def _guard(detectors: str, rules: str) -> Pipeline:
    policy = f"fail: open\ndecode: {{depth: 0}}\ndetectors: {{{detectors}: {{}}}}\nrules: [{rules}]\n"
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


def _pieces(path: Path, kind: str) -> Sequence[_Piece] | None:
    if kind == "document" and path.suffix.lower() not in _TEXTS:
        return None
    try:
        text = path.read_bytes().decode("utf-8")
    except (UnicodeDecodeError, OSError):
        return None
    if kind == "rows" and path.suffix == ".jsonl":
        return list(_rows(text))
    return [_Piece(text)]


def _rows(text: str) -> Iterator[_Piece]:
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            try:
                value = cast(Json, json.loads(line))
            except (ValueError, RecursionError):
                continue  # the suite says what is wrong with it
            for said in _texts(value):
                begins = json.dumps(said, ensure_ascii=False)[1:41].rstrip('"')
                yield _Piece(said, number, max(line.find(begins), 0) + 1)


def _texts(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)


def _found(path: str, piece: _Piece, guard: Pipeline, surface: Surface) -> Iterator[FileFinding]:
    for start in range(0, len(piece.text), WINDOW):
        first = max(0, start - MARGIN)
        result = guard.check(piece.text[first : start + WINDOW + MARGIN], Where(surface=surface))
        for judged in result.findings:
            one, at = judged.finding, first + judged.finding.start
            if judged.action == "flag" and start <= at < start + WINDOW:
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
