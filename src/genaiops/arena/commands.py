"""`genaiops arena …`: thin over the face."""

import asyncio
import secrets
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Literal, cast

import typer

from genaiops.app import load_project
from genaiops.arena.belonging import Place, with_belonging
from genaiops.arena.bundle import MANIFEST
from genaiops.arena.calibrate import Calibrated, CalibrateOptions
from genaiops.arena.calibrate import calibrate as learn
from genaiops.arena.ledger import Ledger
from genaiops.arena.pairing import RunOptions
from genaiops.arena.plan import RunPlan, plan_run
from genaiops.arena.report import ReportFiles, changed_cases, render_json, render_terminal, write_reports
from genaiops.arena.report.comparisons import render_comparisons
from genaiops.arena.report.plan import render_plan
from genaiops.arena.report.sweep import render_sweep
from genaiops.arena.rerun import RerunOptions, with_rerun
from genaiops.arena.rescore import rescore as score_again
from genaiops.arena.runs import Finished, run_arena, show, stated
from genaiops.arena.session import open_session, settings
from genaiops.arena.sweep import SweepReport, refuse_beside_sweep, run_sweep
from genaiops.arena.verify import VerifyResult, verify_bundle
from genaiops.core import Comparison, Outcome, UserError, decode_json, encode
from genaiops.core import Json as Value
from genaiops.work import Console

arena = typer.Typer(
    help="Test a change: a verdict with error bars, and the evidence for it.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no notes.")]
Suite = Annotated[str | None, typer.Option(help="The suite to run; needed where there are several.")]
Set = Annotated[
    list[str] | None, typer.Option("--set", help="Change a value for the candidate only: params.top_k=8.")
]
Sweep = Annotated[
    list[str] | None,
    typer.Option(
        metavar="PATH=VALUES",
        help="Compare settings in a table, instead of giving a verdict: params.top_k=3,6,9.",
    ),
]
Private = Annotated[
    list[str] | None, typer.Option("--allow-private", help="Let this private host be reached.")
]
PassEnv = Annotated[
    list[str] | None, typer.Option("--pass-env", help="Hand this variable of the environment to the apps.")
]
Unverified = Annotated[
    bool, typer.Option("--allow-unverified", help="Load local weights whose digest nobody stated.")
]
Inconclusive = Annotated[
    Literal["pass", "fail"] | None, typer.Option(help="How an inconclusive verdict ends, for CI.")
]
Markdown = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Also write the verdict as Markdown, for a comment.")
]
Junit = Annotated[Path | None, typer.Option(metavar="FILE", help="Also write the verdict as JUnit XML.")]
Answers = Annotated[
    bool, typer.Option("--answers", help="Let the Markdown show answers, fenced. Default: numbers and ids.")
]
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
    _tell(finished, console)
    write_reports(finished.run, finished.verdict, files)
    outcome = finished.verdict.outcome
    settled = files.inconclusive if outcome == "inconclusive" and files.inconclusive else outcome
    raise typer.Exit(EXIT[settled])


def _tell(finished: Finished, console: Console) -> None:
    if console.json:
        console.emit_json(encode(render_json(finished.run, finished.verdict, finished.bundle)))
    else:
        console.print(render_terminal(finished.run, finished.verdict, finished.bundle))


@arena.command("show")
def show_run(
    name: Annotated[
        str | None,
        typer.Argument(metavar="[RUN]", help="A run's id, or a folder of evidence; else the latest run."),
    ] = None,
    markdown: Markdown = None,
    junit: Junit = None,
    answers: Answers = False,
    inconclusive: Annotated[
        Literal["pass", "fail"] | None, typer.Option(help="How JUnit shows what is open: skipped, or failed.")
    ] = None,
    json: Json = False,
) -> None:
    """Show a verdict again, or write it for other programs. It is not checked here: `arena verify` does.

    Example: genaiops arena show 3f9a --markdown comment.md
    """
    console = Console(json=json)
    finished = _finished(name, console)
    _tell(finished, console)
    files = ReportFiles(markdown=markdown, junit=junit, answers=answers, inconclusive=inconclusive)
    write_reports(finished.run, finished.verdict, files)


@arena.command()
def cases(
    name: Annotated[
        str | None, typer.Argument(metavar="[RUN]", help="A run's id; the latest where left out.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Unchanged cases too.")] = False,
    json: Json = False,
) -> None:
    """List the cases of a run, the changed ones first, both answers side by side.

    Example: genaiops arena cases
    """
    console = Console(json=json)
    finished = _finished(name, console)
    rows, table = changed_cases(finished.run, finished.verdict, everything=everything)
    if json:
        console.emit_json(encode(rows))
    else:
        console.print(table)


def _finished(name: str | None, console: Console) -> Finished:
    if name is not None and (Path(name) / MANIFEST).is_file():
        return stated(Path(name))

    async def go() -> Finished:
        async with open_session(Path.cwd(), console) as session:
            ledger = Ledger(session.services.store)
            found = ledger.run(name) if name else next(iter(ledger.runs(1)), None)
            if found is None:
                known = ", ".join(run.id for run in ledger.runs(5))
                raise UserError(
                    "GAO-ARENA-120",
                    f"there is no run {name!r}" if name else "nothing was run yet",
                    why=f"the latest: {known}" if known else "",
                    fix="name one of them" if known else "genaiops arena run",
                )
            return show(found)

    return asyncio.run(go())


@arena.command()
def rescore(
    name: Annotated[str, typer.Argument(metavar="RUN", help="A run's id.")],
    scorer: Annotated[str, typer.Option(help="A scorer by name; parameters as JSON after a colon.")],
    json: Json = False,
) -> None:
    """Apply another scorer to the outputs that a run recorded: no model answers again.

    Example: genaiops arena rescore 3f9a --scorer 'retrieval_recall:{"k": 3}'
    """
    console = Console(json=json)
    finished = _finished(name, console)
    kind, _, parameters = scorer.partition(":")

    async def go() -> tuple[tuple[Comparison, ...], tuple[Comparison, ...]]:
        async with open_session(Path.cwd(), console) as session:
            project = load_project(session.root, (), session.services.settings.env)
            embedder = await session.services.embedder(project) if "embed" in project.models else None
            return await score_again(finished.run, kind, _parameters(parameters), embedder=embedder)

    comparisons, slices = asyncio.run(go())
    if json:
        console.emit_json({"comparisons": encode(comparisons), "slices": encode(slices), "model_calls": 0})
    else:
        console.print(render_comparisons((*comparisons, *slices)))


def _parameters(text: str) -> dict[str, Value]:
    if not text:
        return {}
    return decode_json(dict[str, Value], text, where="--scorer", code="GAO-ARENA-125")


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


@arena.command()
def verify(
    bundle: Annotated[Path, typer.Argument(help="The folder of the evidence.")],
    again: Annotated[
        int | None,
        typer.Option("--rerun", min=1, metavar="N", help="Also let both apps answer N drawn cases again."),
    ] = None,
    seed: Annotated[
        str | None, typer.Option(help="Draw the cases of --rerun by this seed. Default: a random one.")
    ] = None,
    base: Annotated[
        str | None,
        typer.Option(help="Also: its baseline must be in this branch's history, its suite this one's."),
    ] = None,
    head: Annotated[
        str, typer.Option(help="With --base: its candidate must be this commit's tree.")
    ] = "HEAD",
    any_signer: Annotated[
        bool, typer.Option("--any-signer", help="Take whichever key signed it, as a stranger's runner has.")
    ] = False,
    pass_env: PassEnv = None,
    allow_private: Private = None,
    allow_unverified: Unverified = False,
    json: Json = False,
) -> None:
    """Recompute a verdict from its evidence, and say at which level it holds.

    Example: genaiops arena verify .genaiops/evidence/3f9a01c2d4e5 --rerun 10
    """
    console = Console(json=json)
    result = verify_bundle(bundle, settings=settings(), any_signer=any_signer)

    async def go() -> VerifyResult:
        async with open_session(
            Path.cwd(), console, allow_private=allow_private or (), allow_unverified=allow_unverified
        ) as session:
            more = result
            if base is not None:
                more = with_belonging(more, bundle, session, Place(base=base, head=head))
            if again is not None:
                asked = RerunOptions(
                    count=again, seed=seed or secrets.token_hex(4), pass_env=tuple(pass_env or ())
                )
                more = await with_rerun(more, bundle, session, asked)
            return more

    if base is not None or again is not None:
        result = asyncio.run(go())
    if json:
        console.emit_json({**cast("dict[str, Value]", encode(result)), "accepted": result.accepted})
    else:
        console.print("\n".join(_levels(result)))
    raise typer.Exit(0 if result.accepted else 1)


def _levels(result: VerifyResult) -> Iterator[str]:
    for level in result.levels:
        yield f"{level.number}  {level.name:<22} {level.status:<13} {level.reason}"
    if result.not_checkable:
        yield f"   not recomputed: {', '.join(result.not_checkable)} (they read a model)"
    signer = result.signer or f"an unknown key {result.key_id}"
    word = "accepted" if result.accepted else "REJECTED"
    yield f"{word}: run {result.run or '?'}, verdict {result.outcome or '?'}, signed by {signer}"
