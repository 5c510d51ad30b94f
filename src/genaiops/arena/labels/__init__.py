"""People's labels: a drawn sample of both arms' answers, graded blind, kept, and compared with the judge's.

`labels_of` returns the labels of a run that may count; `agreement_of` says how far a judge agrees with them.
The rest is what `genaiops arena label` is made of.
"""

from typing import TYPE_CHECKING

from genaiops.lazy import attach

if TYPE_CHECKING:
    from genaiops.arena.labels.agreement import agreement_of
    from genaiops.arena.labels.anchors import anchor_lines
    from genaiops.arena.labels.book import LabelBook
    from genaiops.arena.labels.counting import CODE, choices_by, entries_of, labels_of
    from genaiops.arena.labels.report import LabelReport, render_report, report_of
    from genaiops.arena.labels.sample import questions_of, settled_by_code
    from genaiops.arena.labels.sheet import read_sheet, write_sheet
    from genaiops.arena.labels.terminal import Desk, ask_all

_FILES = {
    "agreement": "agreement_of",
    "anchors": "anchor_lines",
    "book": "LabelBook",
    "counting": "CODE choices_by entries_of labels_of",
    "report": "LabelReport render_report report_of",
    "sample": "questions_of settled_by_code",
    "sheet": "read_sheet write_sheet",
    "terminal": "Desk ask_all",
}

__all__ = [
    "CODE", "Desk", "LabelBook", "LabelReport", "agreement_of", "anchor_lines", "ask_all", "choices_by",
    "entries_of", "labels_of", "questions_of", "read_sheet", "render_report", "report_of",
    "settled_by_code", "write_sheet",
]  # fmt: skip

__getattr__ = attach(__name__, {name: file for file, names in _FILES.items() for name in names.split()})
