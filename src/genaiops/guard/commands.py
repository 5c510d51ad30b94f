"""`genaiops guard`: thin over the pipeline."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, cast

import typer

from genaiops.core import Surface, UserError, Where, encode, one_line, plain
from genaiops.guard.files import worked_lines
from genaiops.guard.loading import load_guard
from genaiops.guard.pipeline import Pipeline
from genaiops.guard.policy import Asker
from genaiops.guard.policy_file import SURFACES
from genaiops.guard.rows import LONGEST_ROW, CheckedText, Row, no_rows, read_row, report, unreadable, why_of
from genaiops.guard.traced.command import check_trace
from genaiops.work import Console, Progress

app = typer.Typer(
    help="Checks on what goes to a model and comes from it, by a policy, on this machine.",
    no_args_is_help=True,
)
_SHOWN = 20
_STDIN = Path("-")


@app.callback()
def guard() -> None:
    """Checks on what goes to a model and comes from it, by a policy, on this machine."""


@app.command(
    "check",
    epilog="Example: genaiops guard check 'my card is 4111 1111 1111 1111'  ·  "
    "genaiops guard check --dataset prompts.jsonl --json  ·  genaiops guard check --trace traces.json",
)
def check(
    text: Annotated[str | None, typer.Argument(help="The text to check.")] = None,
    file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Check the text of this file; - is stdin.")
    ] = None,
    dataset: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.jsonl",
            help="Check many: one JSON object a line, with id and text and maybe surface, context, role and "
            "app; one line comes out for each.",
        ),
    ] = None,
    trace: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.json",
            help="Check the texts of recorded spans, each at its surface: OTLP/JSON as the OpenTelemetry "
            "Collector's file exporter writes it; one line comes out for each text.",
        ),
    ] = None,
    policy: Annotated[
        Path | None,
        typer.Option(
            metavar="guard.yaml", help="The policy; the one that the package brings where left out."
        ),
    ] = None,
    surface: Annotated[str, typer.Option(help=f"Where the text stands: {', '.join(SURFACES)}.")] = "input",
    context: Annotated[str, typer.Option(help="The system prompt or task that the text comes with.")] = "",
    role: Annotated[str, typer.Option(help="Check it as for this role.")] = "",
    for_app: Annotated[str, typer.Option("--app", help="Check it as for this app.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document, or one a row.")] = False,
) -> None:
    """Say what a policy makes of a text, and why. Exit status 1 where it is stopped or a person must decide.

    With --dataset each row says what becomes of it and the exit status is 0; 2 where rows were left out. With
    --trace it is 1 where a text of a span is stopped, else 2 where a part was unreadable or there is no text.
    """
    console = Console(json=as_json)
    place = _surface(surface)
    if sum(given is not None for given in (text, file, dataset, trace)) != 1:
        raise typer.BadParameter("give one of TEXT, --file, --dataset and --trace", param_hint="TEXT")
    if trace is not None and (surface != "input" or context):
        raise typer.BadParameter("a trace says itself where its texts stand", param_hint="--trace")
    pipeline = load_guard(policy)
    for name in pipeline.expired():
        console.note(f"{name}, and no longer counts")
    asker = Asker(role=role, app=for_app)
    if dataset is not None:
        _check_rows(pipeline, dataset, place, asker, console)
        return
    if trace is not None:
        check_trace(pipeline, trace, asker, console)
        return
    content = _bytes(file, pipeline.policy.max_bytes) if file is not None else cast(str, text)
    result = pipeline.check(content, Where(surface=place, context=context), asker)
    _say(report(_called(file), result), console)
    if not result.passes:
        raise typer.Exit(1)


def _surface(name: str) -> Surface:
    if name not in SURFACES:
        raise typer.BadParameter(f"{name!r} is not {', '.join(SURFACES)}", param_hint="--surface")
    return name


def _called(file: Path | None) -> str:
    return "text" if file is None else "stdin" if file == _STDIN else file.name


def _bytes(file: Path, most: int) -> bytes:
    """Return the content of `file`, and of one that is too long enough to show it."""
    try:
        with sys.stdin.buffer if file == _STDIN else file.open("rb") as opened:
            return opened.read(most + 1)
    except OSError as error:
        raise unreadable(file, error) from error


def _check_rows(pipeline: Pipeline, dataset: Path, surface: Surface, asker: Asker, console: Console) -> None:
    seen: set[str] = set()
    left_out = again = 0
    try:
        total = dataset.stat().st_size
        with dataset.open("rb") as opened, Progress("checked, bytes", total, console=console) as progress:
            for number, line in enumerate(worked_lines(opened, LONGEST_ROW, dataset.name, progress), 1):
                row = read_row(line, surface, asker) if line.strip() else None
                if isinstance(row, Row) and row.id in seen:
                    again += 1
                    console.note(f"{dataset.name}:{number}: another row has the same id")
                if isinstance(row, Row):
                    seen.add(row.id)
                    _say_row(report(row.id, pipeline.check(row.text, row.where, row.asker)), console)
                elif row is not None:
                    left_out += 1
                    console.note(f"{dataset.name}:{number} is left out: {row}")
    except OSError as error:
        raise unreadable(dataset, error) from error
    if not seen and not left_out:
        raise no_rows(dataset.name)
    if again:
        console.note(f"{again} row(s) have the id of another; each was checked")
    if left_out:
        console.note(f"{left_out} row(s) left out")
        raise typer.Exit(UserError.exit_status)


def _say(said: CheckedText, console: Console) -> None:
    if console.json:
        console.emit_json(encode(said))
    else:
        console.print("\n".join(_lines(said)))


def _say_row(said: CheckedText, console: Console) -> None:
    if console.json:
        console.emit_json(encode(said), indent=None)
        return
    console.print(f"{one_line(said.id, 60)}\t{said.action}\t{said.score:.2f}\t{why_of(said)}")


def _lines(said: CheckedText) -> Iterator[str]:
    yield f"{said.action}" + (f": {_REFUSALS[said.refused]}" if said.refused else "")
    for one in said.findings[:_SHOWN]:
        place = f"characters {one.start}–{one.end}"
        yield f"  {one.action:<7}{one.category}, {place}: {one.reason} ({one.confidence:.2f})" + (
            f" [{one.by}]" if one.by else " [no rule]"
        )
    if len(said.findings) > _SHOWN:
        yield f"  and {len(said.findings) - _SHOWN} more; --json lists all"
    for failed in said.failed:
        yield f"  the detector {failed.detector} failed: {failed.kind}"
    if said.redacted is not None:
        yield plain(said.redacted)


_REFUSALS = {
    "too_long": "it is longer than the policy's `max_bytes`, and was not looked at",
    "not_text": "it is no text: not UTF-8, or half a character",
}
