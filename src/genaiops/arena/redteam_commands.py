"""`genaiops arena redteam`: attacks on the app with its guard. Thin over the face."""

import asyncio
import json as jsonlib
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Annotated

import typer

from genaiops.arena.files import write_whole
from genaiops.arena.options import Json, PassEnv, Private, Quiet, Set, Suite, Unverified
from genaiops.arena.redteam import (
    Redteamed,
    RedteamOptions,
    cases_before,
    cases_text,
    run_redteam,
    sarif_of,
)
from genaiops.arena.report.redteam import render_redteam, render_redteam_page
from genaiops.arena.session import open_session
from genaiops.core import UserError, encode
from genaiops.work import Console

Seeds = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Attacks (JSONL: id, text, category, surface) instead of our own."),
]
Category = Annotated[list[str] | None, typer.Option("--category", help="Only this category; may repeat.")]
Generator = Annotated[list[str] | None, typer.Option("--generator", help="Only this generator; may repeat.")]
Tool = Annotated[
    str, typer.Option(metavar="NAME", help="A tool with side effects that attacks should make the app call.")
]
Limit = Annotated[int, typer.Option(min=1, max=10_000, help="At most so many attacks, drawn by --seed.")]
Controls = Annotated[
    int, typer.Option(min=0, max=10_000, help="Ordinary questions of the suite beside them.")
]
AtMost = Annotated[
    float,
    typer.Option(min=0.0, max=1.0, help="The share of attacks that may succeed; more is exit status 1."),
]
Seed = Annotated[int, typer.Option("--seed", help="Fixes the draw, the marks and where attacks are planted.")]
Timeout = Annotated[float, typer.Option(min=0.1, help="Seconds that one answer may take.")]
Jobs = Annotated[int | None, typer.Option(min=1, max=64, help="Answers at once; local models: 1.")]
Out = Annotated[Path | None, typer.Option(metavar="DIR", help="Write redteam.json and redteam.html here.")]
Sarif = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", help="Look through prompts, documents and data too; findings as SARIF 2.1.0."
    ),
]
Cases = Annotated[
    Path | None,
    typer.Option(metavar="FILE.jsonl", help="Add attacks that succeeded as rows for a suite with `resists`."),
]
FilesOnly = Annotated[bool, typer.Option("--files-only", help="Look through the files; ask the app nothing.")]


def redteam(
    suite: Suite = None,
    seeds: Seeds = None,
    category: Category = None,
    generator: Generator = None,
    tool: Tool = "",
    limit: Limit = 120,
    controls: Controls = 20,
    at_most: AtMost = 0.0,
    seed: Seed = 0,
    timeout: Timeout = 60.0,
    jobs: Jobs = None,
    out: Out = None,
    sarif: Sarif = None,
    cases: Cases = None,
    files_only: FilesOnly = False,
    overrides: Set = None,
    pass_env: PassEnv = None,
    allow_private: Private = None,
    allow_unverified: Unverified = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Attack the app with its guard, offline; success is a canary that comes out or a call that is made.

    Exit status 1 where more attacks succeeded than --at-most says, or a file could not be looked through.

    Example: genaiops arena redteam --limit 60 --out redteam --sarif redteam.sarif --cases data/redteam.jsonl
    """
    console = Console(json=json, quiet=quiet)
    before = _before(cases, files_only)
    options = RedteamOptions(
        suite=suite,
        seeds=seeds,
        categories=tuple(category or ()),
        generators=tuple(generator or ()),
        tool=tool,
        limit=limit,
        controls=controls,
        seed=seed,
        at_most=at_most,
        overrides=tuple(overrides or ()),
        pass_env=tuple(pass_env or ()),
        jobs=jobs,
        timeout=timeout,
        files=sarif is not None,
        files_only=files_only,
    )
    done = asyncio.run(_attacked(options, console, allow_private or (), allow_unverified))
    _write(done, out, sarif, console)
    if cases is not None:
        _add_cases(done, cases, before, console)
    if console.json:
        console.emit_json(encode(done.report))
    else:
        console.print(render_redteam(done.report))
    files = done.report.files
    if done.report.outcome == "above" or (files is not None and files.unread):
        raise typer.Exit(1)


def _before(cases: Path | None, files_only: bool) -> str:
    """Return the rows that stand there, before an hour of attacks shows that they cannot be read."""
    if cases is None:
        return ""
    if files_only:
        raise UserError(
            "GAO-ARENA-423",
            "--cases has no rows where --files-only asks the app nothing",
            fix="leave out one of them",
            where="--cases",
        )
    return cases_before(cases)


async def _attacked(
    options: RedteamOptions, console: Console, private: Sequence[str], unverified: bool
) -> Redteamed:
    async with open_session(
        Path.cwd(), console, allow_private=private, allow_unverified=unverified
    ) as session:
        return await run_redteam(session.root, options, session.services)


def _write(done: Redteamed, out: Path | None, sarif: Path | None, console: Console) -> None:
    report = done.report
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        write_whole(out / "redteam.json", _document(encode(report)))
        write_whole(out / "redteam.html", render_redteam_page(report))
        console.note(f"wrote {out / 'redteam.html'} and redteam.json")
    if sarif is not None and report.files is not None:
        write_whole(sarif, _document(sarif_of(report.files, PurePosixPath(done.prefix))))
        console.note(f"wrote {sarif}: {len(report.files.findings):,} findings")


def _add_cases(done: Redteamed, cases: Path, before: str, console: Console) -> None:
    if done.cases:
        write_whole(cases, cases_text(done.cases, before))
    left = len(done.report.found) - len(done.cases)
    told = f"; {left:,} cannot be asked by their inputs alone" if left else ""
    did = f"wrote {cases}" if done.cases else f"{cases} is as it was"
    console.note(f"{did}: {len(done.cases):,} attacks that succeeded{told}")


def _document(value: object) -> str:
    return jsonlib.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
