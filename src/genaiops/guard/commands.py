"""`genaiops guard`: thin over the pipeline."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, BinaryIO, cast

import typer

from genaiops.core import OutsideError, Surface, UserError, Where, encode, one_line, plain, split_lines
from genaiops.guard.loading import load_guard, utc_today
from genaiops.guard.pipeline import Pipeline
from genaiops.guard.policy import Asker, expired
from genaiops.guard.policy_file import SURFACES
from genaiops.guard.rows import LONGEST_ROW, CheckedText, Row, no_rows, read_row, report
from genaiops.work import Console, Progress

app = typer.Typer(
    help="Checks on what goes to a model and comes from it, by a policy, on this machine.",
    no_args_is_help=True,
)
_PIECE = 1024 * 1024
_SHOWN = 20


@app.callback()
def guard() -> None:
    """Checks on what goes to a model and comes from it, by a policy, on this machine."""


@app.command(
    "check",
    epilog="Example: genaiops guard check 'my card is 4111 1111 1111 1111'  ·  "
    "genaiops guard check --dataset prompts.jsonl --json",
)
def check(
    text: Annotated[str | None, typer.Argument(help="The text to check.")] = None,
    file: Annotated[Path | None, typer.Option(metavar="FILE", help="Check the text of this file.")] = None,
    dataset: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.jsonl",
            help="Check many: one JSON object a line, with id and text and maybe surface and context; "
            "one line comes out for each.",
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

    With --dataset each row says what becomes of it and the exit status is 0; 2 where rows were left out.
    """
    console = Console(json=as_json)
    place = _surface(surface)
    if sum(given is not None for given in (text, file, dataset)) != 1:
        raise typer.BadParameter("give one of TEXT, --file and --dataset", param_hint="TEXT")
    pipeline = load_guard(policy)
    for name in expired(pipeline.policy, utc_today()):
        console.note(f"{name}: it no longer counts")
    asker = Asker(role=role, app=for_app)
    if dataset is not None:
        _check_rows(pipeline, dataset, place, asker, console)
        return
    content = _bytes(file, pipeline.policy.max_bytes) if file is not None else cast(str, text)
    result = pipeline.check(content, Where(surface=place, context=context), asker)
    said = report(file.name if file is not None else "text", result)
    if as_json:
        console.emit_json(encode(said))
    else:
        console.print("\n".join(_lines(said)))
    if not result.passes:
        raise typer.Exit(1)


def _surface(name: str) -> Surface:
    if name not in SURFACES:
        raise typer.BadParameter(f"{name!r} is not {', '.join(SURFACES)}", param_hint="--surface")
    return name


def _bytes(file: Path, most: int) -> bytes:
    """Return the content of `file`, and of one that is too long enough to show it."""
    try:
        with file.open("rb") as opened:
            return opened.read(most + 1)
    except OSError as error:
        raise _unreadable(file, error) from error


def _check_rows(pipeline: Pipeline, dataset: Path, surface: Surface, asker: Asker, console: Console) -> None:
    checked = left_out = 0
    try:
        total = dataset.stat().st_size
        with dataset.open("rb") as opened, Progress("checked, bytes", total, console=console) as progress:
            for number, line in enumerate(split_lines(_pieces(opened), LONGEST_ROW, dataset.name), 1):
                row = read_row(line, surface) if line.strip() else None
                if isinstance(row, Row):
                    checked += 1
                    _say_row(report(row.id, pipeline.check(row.text, row.where, asker)), console)
                elif row is not None:
                    left_out += 1
                    console.note(f"{dataset.name}:{number} is left out: {row}")
                progress.advance(len(line) + 1)
    except OSError as error:
        raise _unreadable(dataset, error) from error
    if not checked and not left_out:
        raise no_rows(dataset.name)
    if left_out:
        console.note(f"{left_out} row(s) left out")
        raise typer.Exit(UserError.exit_status)


def _pieces(opened: BinaryIO) -> Iterator[bytes]:
    while piece := opened.read(_PIECE):
        yield piece


def _say_row(said: CheckedText, console: Console) -> None:
    if console.json:
        console.emit_json(encode(said), indent=None)
        return
    why = said.refused or ", ".join(
        dict.fromkeys([*(one.category for one in said.findings), *(one.detector for one in said.failed)])
    )
    console.print(f"{one_line(said.id, 60)}\t{said.action}\t{said.score:.2f}\t{why}")


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


def _unreadable(file: Path, error: OSError) -> OutsideError:
    return OutsideError(
        "GAO-GUARD-050",
        f"{file.name} cannot be read",
        why=error.strerror or str(error),
        fix="correct the path, or who may read the file",
        where=str(file),
    )
