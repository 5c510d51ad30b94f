"""Reports as files for other programs: a Markdown comment, JUnit XML; each whole or absent."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from genaiops.arena.model import Run
from genaiops.arena.report.junit import render_junit
from genaiops.arena.report.markdown import render_markdown
from genaiops.core import OutsideError, Verdict, one_line


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFiles:
    """Which reports to write, and how: `answers` puts answers into the comment."""

    markdown: Path | None = None
    junit: Path | None = None
    answers: bool = False
    inconclusive: Literal["pass", "fail"] | None = None


def write_reports(run: Run, verdict: Verdict, files: ReportFiles) -> None:
    """Write what was asked for; raises `OutsideError` where a file cannot be written."""
    if files.markdown is not None:
        _write(files.markdown, render_markdown(run, verdict, answers=files.answers))
    if files.junit is not None:
        _write(files.junit, render_junit(run, verdict, inconclusive=files.inconclusive))


def _write(path: Path, text: str) -> None:
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_text(text, encoding="utf-8", errors="replace")
        part.replace(path)
    except OSError as error:
        raise OutsideError(
            "GAO-ARENA-181",
            "the report cannot be written",
            why=one_line(error.strerror or str(error)),
            fix="name a file in a folder that exists and that you may write; `arena show` writes it again",
            where=str(path),
        ) from error
    finally:
        part.unlink(missing_ok=True)
