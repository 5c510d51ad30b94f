"""Reports as files for other programs: a Markdown comment, JUnit XML; each whole or absent."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from genaiops.arena.files import write_whole
from genaiops.arena.model import Run
from genaiops.arena.report.junit import render_junit
from genaiops.arena.report.markdown import render_markdown
from genaiops.core import Verdict


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
        write_whole(files.markdown, render_markdown(run, verdict, answers=files.answers))
    if files.junit is not None:
        write_whole(files.junit, render_junit(run, verdict, inconclusive=files.inconclusive))
