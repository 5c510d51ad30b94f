"""`genaiops arena …`: what measures, and the list of all commands. Thin over the face."""

import asyncio
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

import typer

from genaiops.arena.calibrate import Calibrated, CalibrateOptions
from genaiops.arena.calibrate import calibrate as learn
from genaiops.arena.label_commands import label
from genaiops.arena.lock_commands import lock
from genaiops.arena.options import (
    Answers,
    Inconclusive,
    Json,
    Junit,
    Markdown,
    PassEnv,
    Private,
    Quiet,
    Set,
    Suite,
    Sweep,
    Unverified,
)
from genaiops.arena.pairing import RunOptions
from genaiops.arena.plan import RunPlan, plan_run
from genaiops.arena.record_commands import cases, rescore, show_run, tell, verify
from genaiops.arena.redteam_commands import redteam
from genaiops.arena.report import ReportFiles, write_reports
from genaiops.arena.report.plan import render_plan
from genaiops.arena.report.sweep import render_sweep
from genaiops.arena.runs import Finished, run_arena
from genaiops.arena.session import open_session
from genaiops.arena.study_commands import study
from genaiops.arena.sweep import SweepReport, refuse_beside_sweep, run_sweep
from genaiops.core import Outcome, encode
from genaiops.work import Console

arena = typer.Typer(
    help="Test a change: a verdict with error bars, and the evidence for it.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

ROWS = "data/calibration.jsonl"
EXIT: dict[Outcome, int] = {"pass": 0, "fail": 1, "inconclusive": 4}


@arena.command()
def run(
    baseline: Annotated[
        str | None,
        typer.Option(
            metavar="ARM",
            help="What to compare with: a branch, tag or commit, http(s)://…, or recorded outputs "
            "(FILE.jsonl). Default: HEAD, or the merge base.",
        ),
    ] = None,
    suite: Suite = None,
    overrides: Set = None,
    sweep: Sweep = None,
    suite_from: Annotated[
        Literal["baseline", "candidate"], typer.Option(help="Whose suite judges. Recorded.")
    ] = "baseline",
    same_env: Annotated[
        bool,
        typer.Option("--same-env", help="Run both in this environment though lockfiles differ. Recorded."),
    ] = False,
    jobs: Annotated[int | None, typer.Option(min=1, max=64, help="Answers at once; local models: 1.")] = None,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds that one answer may take.")] = 60.0,
    sequential: Annotated[
        bool,
        typer.Option("--sequential", help="Look at most five times, and stop when every claim is settled."),
    ] = False,
    inconclusive: Inconclusive = None,
    pass_env: PassEnv = None,
    allow_private: Private = None,
    allow_unverified: Unverified = False,
    markdown: Markdown = None,
    junit: Junit = None,
    answers: Answers = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Compare your change with a baseline and say whether to merge it.

    Example: genaiops arena run --baseline main --set params.top_k=8
    """
    options = RunOptions(
        suite=suite,
        baseline=baseline,
        overrides=tuple(overrides or ()),
        suite_from=suite_from,
        same_env=same_env,
        jobs=jobs,
        seconds=timeout,
        pass_env=tuple(pass_env or ()),
        sequential=sequential,
    )
    console = Console(json=json, quiet=quiet)
    files = ReportFiles(markdown=markdown, junit=junit, answers=answers, inconclusive=inconclusive)
    ask = partial(_sweep, sweep) if sweep else _compare
    ask(options, console, files, allow_private=allow_private or (), allow_unverified=allow_unverified)


def _sweep(
    sweeps: Sequence[str],
    options: RunOptions,
    console: Console,
    files: ReportFiles,
    *,
    allow_private: Sequence[str],
    allow_unverified: bool,
) -> None:
    refuse_beside_sweep(
        {
            "--sequential": options.sequential,
            "--markdown": files.markdown,
            "--junit": files.junit,
            "--answers": files.answers,
            "--inconclusive": files.inconclusive,
        }
    )

    async def go() -> SweepReport:
        async with open_session(
            Path.cwd(), console, allow_private=allow_private, allow_unverified=allow_unverified
        ) as session:
            return await run_sweep(session.root, options, sweeps, session.services)

    report = asyncio.run(go())
    if console.json:
        console.emit_json(encode(report))
    else:
        console.print(render_sweep(report))


@arena.command()
def plan(
    baseline: Annotated[
        str | None,
        typer.Option(help="What to compare with: a branch, tag or commit. Default: HEAD, or the merge base."),
    ] = None,
    suite: Suite = None,
    overrides: Set = None,
    same_env: Annotated[
        bool, typer.Option("--same-env", help="One environment though lockfiles differ.")
    ] = False,
    jobs: Annotated[int | None, typer.Option(min=1, max=64, help="Answers at once; local models: 1.")] = None,
    sequential: Annotated[
        bool, typer.Option("--sequential", help="Plan for a run that looks before it is complete.")
    ] = False,
    pass_env: PassEnv = None,
    allow_private: Private = None,
    allow_unverified: Unverified = False,
    json: Json = False,
) -> None:
    """Say what a run takes and what its suite can decide, before anything runs.

    The app is not imported, and no model is called.

    Example: genaiops arena plan --baseline main --set params.top_k=8
    """
    console = Console(json=json)
    options = RunOptions(
        suite=suite,
        baseline=baseline,
        overrides=tuple(overrides or ()),
        same_env=same_env,
        jobs=jobs,
        pass_env=tuple(pass_env or ()),
        sequential=sequential,
    )

    async def go() -> RunPlan:
        async with open_session(
            Path.cwd(), console, allow_private=allow_private or (), allow_unverified=allow_unverified
        ) as session:
            return await plan_run(session.root, options, session.services)

    planned = asyncio.run(go())
    if json:
        console.emit_json(encode(planned))
    else:
        console.print(render_plan(planned))


@arena.command()
def compare(
    a: Annotated[
        str,
        typer.Argument(
            metavar="A", help="The baseline: a branch, tag or commit, http(s)://…, or recorded outputs."
        ),
    ],
    b: Annotated[str, typer.Argument(metavar="B", help="The candidate, likewise.")],
    suite: Suite = None,
    overrides: Set = None,
    same_env: Annotated[
        bool, typer.Option("--same-env", help="One environment though lockfiles differ.")
    ] = False,
    inconclusive: Inconclusive = None,
    pass_env: PassEnv = None,
    allow_private: Private = None,
    allow_unverified: Unverified = False,
    markdown: Markdown = None,
    junit: Junit = None,
    answers: Answers = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Compare two arms. The ruler is A's; the default baseline's where A is no commit.

    Example: genaiops arena compare main https://staging.example.org/answer
    """
    options = RunOptions(
        suite=suite,
        baseline=a,
        candidate=b,
        overrides=tuple(overrides or ()),
        same_env=same_env,
        pass_env=tuple(pass_env or ()),
    )
    _compare(
        options,
        Console(json=json, quiet=quiet),
        ReportFiles(markdown=markdown, junit=junit, answers=answers, inconclusive=inconclusive),
        allow_private=allow_private or (),
        allow_unverified=allow_unverified,
    )


def _compare(
    options: RunOptions,
    console: Console,
    files: ReportFiles,
    *,
    allow_private: Sequence[str],
    allow_unverified: bool,
) -> None:
    async def go() -> Finished:
        async with open_session(
            Path.cwd(), console, allow_private=allow_private, allow_unverified=allow_unverified
        ) as session:
            return await run_arena(session.root, options, session.services, session.hub)

    finished = asyncio.run(go())
    tell(finished, console)
    write_reports(finished.run, finished.verdict, files)
    outcome = finished.verdict.outcome
    settled = files.inconclusive if outcome == "inconclusive" and files.inconclusive else outcome
    raise typer.Exit(EXIT[settled])


arena.command("show")(show_run)
arena.command()(cases)
arena.command()(label)
arena.command()(rescore)


@arena.command()
def calibrate(
    name: Annotated[str, typer.Argument(help="What the app asks for: ctx.calibration(NAME).")] = "abstain",
    dataset: Annotated[str, typer.Option(help="Rows to learn on, none of the suite's.")] = ROWS,
    suite: Suite = None,
    keep: Annotated[float, typer.Option(min=0.05, max=1.0, help="The share of right answers to keep.")] = 0.8,
    overrides: Set = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Learn when to abstain, on cases of their own, and write calibration/NAME.json.

    Example: genaiops arena calibrate abstain --dataset data/calibration.jsonl --keep 0.9
    """
    console = Console(json=json, quiet=quiet)
    options = CalibrateOptions(
        name=name, dataset=dataset, suite=suite, keep=keep, overrides=tuple(overrides or ())
    )

    async def go() -> Calibrated:
        async with open_session(Path.cwd(), console) as session:
            return await learn(session, options)

    done = asyncio.run(go())
    learned = done.learned
    if json:
        console.emit_json(
            {"file": str(done.file), "version": done.version.reference, "learned": encode(learned)}
        )
        return
    file = done.file.relative_to(Path.cwd()) if done.file.is_relative_to(Path.cwd()) else done.file
    console.print(
        f"wrote {file}  ({done.version.short})\n"
        f"on clusters it had not seen: {learned.right} right, {learned.wrong} wrong, "
        f"{learned.abstained} abstained"
        f"  (answering always: {learned.always_right} right, {learned.always_wrong} wrong)"
    )


arena.command()(lock)
arena.command()(redteam)
arena.command()(verify)
arena.add_typer(study, name="study")
