"""`genaiops arena label`: people grade a drawn sample of both arms' answers, blind. Thin over the room."""

import getpass
import sys
from pathlib import Path
from typing import Annotated

import typer

from genaiops.arena.drawing import draw_order
from genaiops.arena.engine import now
from genaiops.arena.files import write_whole
from genaiops.arena.labels import (
    CODE,
    Desk,
    LabelBook,
    LabelReport,
    anchor_lines,
    ask_all,
    choices_by,
    entries_of,
    labels_of,
    questions_of,
    read_sheet,
    render_report,
    report_of,
    write_sheet,
)
from genaiops.arena.model import Judge, Label, Run
from genaiops.arena.options import Json
from genaiops.arena.record_commands import find_run
from genaiops.core import UserError, encode, one_line
from genaiops.store import Store, find_store
from genaiops.work import Console


class _Work:
    """One judge's sample of a run, and where its labels are kept."""

    def __init__(self, run: Run, judge: Judge, sample: int, store: Store, console: Console) -> None:
        self.run, self.judge, self.store, self.console = run, judge, store, console
        self.sample = min(sample, len(draw_order(run.scores, judge.name, run.seed)))
        if not self.sample:
            raise UserError(
                "GAO-ARENA-345",
                f"there is nothing to label by {judge.name!r}",
                why="it gave no case a value on both arms",
                fix="genaiops arena cases says what became of them",
            )
        self.questions = questions_of(run, judge, self.sample)
        self.book = LabelBook(store)

    def labels(self) -> tuple[Label, ...]:
        """Return the labels that may count."""
        return labels_of(self.run, [self.judge.name], self.store)

    def report(self, author: str | None) -> LabelReport:
        """Return how far labelling has come, in all and by `author`."""
        missing = None
        if author is not None:
            missing = len(self.questions) - len(choices_by(author, self.judge, self.questions, self.book))
        return report_of(
            self.run,
            self.judge,
            self.labels(),
            sample=self.sample,
            asked=len(self.questions),
            author=author,
            missing=missing,
        )


def label(
    name: Annotated[
        str | None,
        typer.Argument(metavar="[RUN]", help="A run's id, or a folder of evidence; else the latest run."),
    ] = None,
    sample: Annotated[int, typer.Option(min=1, help="How many cases to draw, both arms of each.")] = 50,
    scorer: Annotated[str | None, typer.Option(help="The judge; needed where the suite has several.")] = None,
    author: Annotated[
        str | None, typer.Option(metavar="WHO", help="Who labels. On a terminal: you, by your user name.")
    ] = None,
    to: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a sheet to fill in: .csv or .jsonl.")
    ] = None,
    source: Annotated[
        Path | None, typer.Option("--from", metavar="FILE", help="Read a filled sheet; needs --author.")
    ] = None,
    agreement: Annotated[
        bool, typer.Option("--agreement", help="Ask nothing: say how judge and people agree.")
    ] = False,
    anchors: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Ask nothing: write labelled answers as anchors.")
    ] = None,
    json: Json = False,
) -> None:
    """Label a drawn sample of answers, blind, so that a judge's claims are corrected by people.

    Both arms' answers come shuffled, and nothing says whose they are or what the judge thinks. Each label is
    kept at once; the same command goes on where it stopped.

    Example: genaiops arena label 3f9a --sample 50 --to labels.csv
    """
    console = Console(json=json)
    _refuse_together(to, source, agreement or anchors)
    run = find_run(name, console).run
    judge = _judge(run, scorer)
    with Store.open(find_store(Path.cwd())) as store:
        work = _Work(run=run, judge=judge, sample=sample, store=store, console=console)
        if to is not None:
            _write(work, to, author)
        elif source is not None:
            author = _author(author or "")
            _read(work, source, author)
        elif anchors is not None:
            _write_anchors(work, anchors)
        elif not agreement:
            author = _author(_user() if author is None else author)
            _ask(work, author)
        report = work.report(author)
    if json:
        console.emit_json(encode(report))
    else:
        console.print(render_report(report))


def _refuse_together(*asked: object) -> None:
    if sum(bool(one) for one in asked) > 1:
        raise UserError(
            "GAO-ARENA-341",
            "--to, --from and --agreement or --anchors do not go together",
            why="one command writes a sheet, reads one, or only tells",
            fix="one after the other",
        )


def _judge(run: Run, scorer: str | None) -> Judge:
    judges = {judge.name: judge for judge in run.suite.ruler.judges}
    if scorer in judges:
        return judges[scorer]
    if scorer is None and len(judges) == 1:
        return next(iter(judges.values()))
    known = ", ".join(judges)
    raise UserError(
        "GAO-ARENA-342",
        f"{scorer!r} is no judge of this run"
        if scorer
        else "which judge?"
        if judges
        else "there is no judge",
        why=f"the suite {run.suite.ruler.name!r} has {known or 'scorers that compute by themselves only'}",
        fix=f"--scorer {next(iter(judges))}" if judges else "people label what a judge of the suite grades",
    )


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # nobody by this number, as in some containers
        return ""


def _author(name: str) -> str:
    author = one_line(name, 80)
    if not author or author == CODE:
        raise UserError(
            "GAO-ARENA-343",
            f"{name!r} is no author" if name else "who labelled?",
            why="each label is kept with who gave it" + (f"; {CODE} signs what needs nobody" if name else ""),
            fix="--author NAME",
        )
    return author


def _ask(work: _Work, author: str) -> None:
    if not (sys.stdin.isatty() and work.console.stderr.isatty()):
        raise UserError(
            "GAO-ARENA-344",
            "there is no terminal to ask on",
            why="labels come one by one from a person at a terminal, or in a sheet",
            fix="--to labels.csv, fill it in, then --from labels.csv --author NAME",
        )
    desk = Desk(say=work.console.note, ask=lambda: sys.stdin.readline() or None, clock=now)
    ask_all(work.judge, work.questions, work.book, author, desk)


def _write(work: _Work, path: Path, author: str | None) -> None:
    done = choices_by(author, work.judge, work.questions, work.book) if author else {}
    left = [one for one in work.questions if one.id not in done]
    write_sheet(path, work.judge, left)
    work.console.note(
        f"wrote {path}: {len(left)} rows\nThe rubric to label by:\n\n{work.judge.rubric.strip()}\n\n"
        f"then: genaiops arena label {work.run.id} --sample {work.sample} --from {path} --author NAME"
    )


def _write_anchors(work: _Work, path: Path) -> None:
    if work.judge.form == "pair":
        raise UserError(
            "GAO-ARENA-346",
            f"{work.judge.name!r} has no anchors: it judges pairs",
            why="an anchor is one answer, and its rival would be another one in each run",
            fix="choose a judge of single answers with --scorer",
        )
    lines = anchor_lines(work.run, work.judge, work.labels())
    write_whole(path, "".join(f"{line}\n" for line in lines))
    work.console.note(f"wrote {path}: {len(lines)} rows")


def _read(work: _Work, path: Path, author: str) -> None:
    drawn = {one.id for one in work.questions}
    every = questions_of(work.run, work.judge, len(work.run.suite.cases))
    filled = read_sheet(path, work.judge, work.questions, [one for one in every if one.id not in drawn])
    done = choices_by(author, work.judge, work.questions, work.book)
    at = now()
    work.book.add(
        entry
        for one in work.questions
        if one.id in filled and filled[one.id] != done.get(one.id)
        for entry in entries_of(work.judge, one, filled[one.id], author=author, at=at)
    )
