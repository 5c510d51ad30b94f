"""How a verdict is shown: one page for people, a table for the terminal, JSON, Markdown, JUnit."""

from typing import TYPE_CHECKING

from genaiops.lazy import attach

if TYPE_CHECKING:
    from genaiops.arena.report.html import Provenance, render_html
    from genaiops.arena.report.machine import RunReport, render_json
    from genaiops.arena.report.terminal import changed_cases, render_terminal
    from genaiops.arena.report.writing import ReportFiles, write_reports

_FILES = {
    "html": "Provenance render_html",
    "machine": "RunReport render_json",
    "terminal": "changed_cases render_terminal",
    "writing": "ReportFiles write_reports",
}

__all__ = [
    "Provenance", "ReportFiles", "RunReport", "changed_cases", "render_html", "render_json",
    "render_terminal", "write_reports",
]  # fmt: skip

__getattr__ = attach(__name__, {name: file for file, names in _FILES.items() for name in names.split()})
