"""`genaiops synthesis raft`: training rows of the project's documents. Thin over the face."""

import asyncio
import os
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from genaiops.app import Services, load_project
from genaiops.core import Settings, UserError, encode
from genaiops.net import HttpEgress, load_policy
from genaiops.store import Store, find_store
from genaiops.synthesis.making import RaftSource, make_raft
from genaiops.synthesis.model import RaftOptions, RaftReport
from genaiops.work import Console

synthesis = typer.Typer(
    help="Make cases: training rows of your documents.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@synthesis.callback()
def cases() -> None:
    """Make cases: training rows of your documents."""


@synthesis.command()
def raft(
    out: Annotated[Path, typer.Option(metavar="FILE", help="The rows, as JSON Lines.")],
    questions: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Questions with known evidence; else the model makes some."),
    ] = None,
    test: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="Test questions; default: those of all suites."),
    ] = None,
    index: Annotated[str | None, typer.Option(help="The index; needed where there are several.")] = None,
    distractors: Annotated[int, typer.Option(min=0, max=15, help="Passages beside the oracle.")] = 3,
    keep: Annotated[
        float, typer.Option("-p", min=0.0, max=1.0, help="The share of rows that keep the oracle.")
    ] = 1.0,
    per_passage: Annotated[int, typer.Option(min=1, max=10, help="Questions that the model makes.")] = 1,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many rows.")] = None,
    seed: Annotated[int, typer.Option(help="Fixes the order, and which rows keep the oracle.")] = 0,
    chat: Annotated[str | None, typer.Option(metavar="MODEL", help="Which model makes questions.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Write training rows as RAFT has them: question, oracle, distractors, a quoting chain of thought.

    Example: genaiops synthesis raft --questions data/calibration.jsonl --out raft.jsonl
    """
    console = Console(json=json)
    options = RaftOptions(distractors=distractors, keep=keep, per_passage=per_passage, limit=limit, seed=seed)
    source = RaftSource(index=index, questions=questions, chat=chat)
    made = asyncio.run(_made(out, source, test, options, console))
    if json:
        console.emit_json(encode(made))
        return
    console.print(
        f"wrote {out}: {made.rows:,} rows of {made.documents:,} documents, {made.with_oracle:,} with their "
        f"oracle, {made.distractors} distractors each; {made.excluded:,} documents of test questions kept out"
    )
    for why, count in made.left_out.items():
        console.note(f"{count:,} left out: {why}")


async def _made(
    out: Path, source: RaftSource, tests: list[Path] | None, options: RaftOptions, console: Console
) -> RaftReport:
    settings = Settings.from_env(os.environ)
    folder = find_store(Path.cwd())
    project = load_project(folder.parent, (), settings.env)
    if not project.knowledge:
        raise UserError(
            "GAO-SYNTHESIS-005",
            "the project has no documents to make rows of",
            why="`knowledge` in genaiops.yaml is empty",
            fix="add knowledge: {docs: {source: data/docs}}",
            where="knowledge",
        )
    held = [folder.parent / suite.dataset for suite in project.suites.values()]
    egress = HttpEgress(load_policy(settings))
    with Store.open(folder) as store:
        services = Services(settings, store, egress, console)
        try:
            tests = tests if tests is not None else [file for file in held if file.is_file()]
            return await make_raft(project, services, out, replace(source, tests=tuple(tests)), options)
        finally:
            await services.close()
            await egress.close()
