"""`genaiops guard check --trace FILE`: reads the file, checks and says. Thin over the rest of this folder."""

from collections import Counter
from pathlib import Path

import typer

from genaiops.core import UserError, encode, one_line
from genaiops.guard.files import worked_lines
from genaiops.guard.pipeline import Pipeline
from genaiops.guard.policy import Asker
from genaiops.guard.rows import unreadable, why_of
from genaiops.guard.traced.checking import check_text, nothing_to_check, told
from genaiops.guard.traced.gathering import Gathered
from genaiops.guard.traced.model import CheckedSpanText, TraceSummary, TraceSummed, UnreadablePart
from genaiops.guard.traced.reading import LONGEST_LINE, read_lines
from genaiops.work import Console, Progress

_SHOWN = 20
_STOPPED = ("ask", "block")


def check_trace(pipeline: Pipeline, file: Path, asker: Asker, console: Console) -> None:
    """Say of each text in a trace file what the policy makes of it, and what could not be checked.

    Exits with 1 where one is stopped or a person must decide, else with 2 where a part was unreadable. Raises
    `UserError` where there is no text at all, `OutsideError` where the file cannot be read.
    """
    gathered = Gathered(file.name)
    try:
        _gather(gathered, file, console)
    except OSError as error:
        raise unreadable(file, error) from error
    for part in gathered.unreadable[:_SHOWN]:
        console.note(f"{file.name}:{part.line} {_place(part)}is unreadable: {part.why}")
    texts = list(gathered.texts())
    if not texts:
        raise nothing_to_check(gathered, gathered.summary(Counter(), pipeline.digest))
    actions = Counter[str]()
    with Progress("checked, texts", len(texts), console=console) as progress:
        for text in texts:
            row = check_text(pipeline, text, asker)
            actions[row.action] += 1
            _say(row, console)
            progress.advance()
    _end(gathered.summary(actions, pipeline.digest), gathered, console)


def _gather(gathered: Gathered, file: Path, console: Console) -> None:
    size = file.stat().st_size
    with file.open("rb") as opened, Progress("read, bytes", size, console=console) as progress:
        for number, line in read_lines(worked_lines(opened, LONGEST_LINE, file.name, progress)):
            gathered.add(number, line)


def _say(row: CheckedSpanText, console: Console) -> None:
    if console.json:
        console.emit_json(encode(row), indent=None)
        return
    often = f" (in {row.spans} spans)" if row.spans > 1 else ""
    stands = f"{row.id}{often}\t{one_line(row.span, 60)}\t{row.surface}"
    console.print(f"{stands}\t{row.action}\t{row.score:.2f}\t{why_of(row)}")


def _end(summary: TraceSummary, gathered: Gathered, console: Console) -> None:
    if gathered.ours:
        console.note(f"{gathered.ours} trace(s) that genaiops recorded hold no texts")
    console.note(told(summary))
    if console.json:
        console.emit_json(encode(TraceSummed(summary=summary)), indent=None)
    if any(action in _STOPPED for action in summary.actions):
        raise typer.Exit(1)
    if summary.unreadable_parts:
        raise typer.Exit(UserError.exit_status)


def _place(part: UnreadablePart) -> str:
    return f"{part.trace_id or '-'}/{part.span_id or '-'}/{part.place} " if part.place else ""
