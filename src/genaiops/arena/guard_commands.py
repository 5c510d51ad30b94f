"""`genaiops guard bench`: how good and how fast a guard is, and whether a change of it passes a gate."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from genaiops.arena.engine import now
from genaiops.arena.guard_sources import GuardArm, baseline_arm, candidate_arm, strays
from genaiops.arena.guarding import GuardBenched, Margins, compare_guards, guard_suite
from genaiops.arena.model import Role, Suite
from genaiops.arena.options import Json
from genaiops.arena.report import render_terminal
from genaiops.arena.report.guards import render_guards
from genaiops.arena.runs import Finished
from genaiops.arena.session import open_session
from genaiops.core import Outcome, OutsideError, encode
from genaiops.guard import LabelledRow, Told, ask_all, measured, read_labelled
from genaiops.models import artifact_name
from genaiops.work import Console, Progress

guards = typer.Typer(help="Guards, measured.", no_args_is_help=True)

_EXIT: dict[Outcome, int] = {"pass": 0, "fail": 1, "inconclusive": 4}


Dataset = Annotated[
    Path,
    typer.Option(
        metavar="FILE.jsonl",
        help="Labelled rows: id, text, label (attack or benign), perhaps category, surface, context, "
        "role, app, source.",
    ),
]
Policy = Annotated[
    Path | None,
    typer.Option(metavar="guard.yaml", help="The policy; the one that the package brings where left out."),
]
Against = Annotated[
    str | None,
    typer.Option(
        metavar="BEFORE",
        help="What it must not be worse than: a policy file, a branch, tag or commit, guard/NAME of the Hub, "
        "or what `guard check --dataset --json` wrote (FILE.jsonl).",
    ),
]
Cluster = Annotated[
    str | None,
    typer.Option(
        metavar="KEY",
        help="Rows with the same value of this key are not independent, such as source; each its own where "
        "left out.",
    ),
]
Recall = Annotated[
    float, typer.Option(min=0.0, max=0.99, help="By less than this, recall of a category may fall.")
]
FalsePositives = Annotated[
    float, typer.Option(min=0.0, max=0.99, help="By less than this, false positives may rise.")
]
Rate = Annotated[
    float, typer.Option(min=0.0, max=0.5, help="The rate of false positives at which recall is told.")
]


@guards.command(
    "bench",
    epilog="Example: genaiops guard bench --policy guard.yaml --against main --dataset prompts.jsonl",
)
def bench(
    dataset: Dataset,
    policy: Policy = None,
    against: Against = None,
    margin: Recall = Margins().recall,
    benign_margin: FalsePositives = Margins().false_positives,
    rate: Rate = 0.02,
    cluster: Cluster = None,
    as_json: Json = False,
) -> None:
    """Measure a guard on labelled rows: recall, false positives, time; with --against also a verdict.

    Exit status with --against: 0 where no category and no harmless text fares worse by the margin, 1 where
    one does, 4 where the rows cannot tell, and how many would is said.
    """
    console = Console(json=as_json)
    rows, left_out = read_labelled(_lines(dataset), dataset.name, cluster=cluster)
    for number, why in left_out:
        console.note(f"{dataset.name}:{number} is left out: {why}")
    arms: dict[Role, GuardArm] = {"candidate": candidate_arm(policy)}
    finished: Finished | None = None
    if against is None:
        told = _ask(arms, rows, console)
    else:
        margins = Margins(recall=margin, false_positives=benign_margin)
        told, finished = asyncio.run(
            _decide(
                arms, against, policy, rows, guard_suite(artifact_name(dataset.stem), rows, margins), console
            )
        )
    report = _report(arms, rows, told, finished, len(left_out), rate)
    if as_json:
        console.emit_json(encode(report))
    else:
        console.print(render_guards(report))
        if finished is not None:
            console.print(render_terminal(finished.run, finished.verdict, finished.bundle))
    if report.verdict is not None and (code := _EXIT[report.verdict.outcome]):
        raise typer.Exit(code)


async def _decide(
    arms: dict[Role, GuardArm],
    against: str,
    policy: Path | None,
    rows: list[LabelledRow],
    suite: Suite,
    console: Console,
) -> tuple[dict[Role, list[Told]], Finished]:
    """Add the baseline to `arms`, ask both, and let the gate decide."""
    async with open_session(Path.cwd(), console, anywhere=True) as session:
        arms["baseline"] = baseline_arm(against, policy, session.hub)
        strays(arms["baseline"], rows)
        started = now()
        told = _ask(arms, rows, console)
        return told, await compare_guards(session, suite, arms, told, started)


def _report(
    arms: dict[Role, GuardArm],
    rows: list[LabelledRow],
    told: dict[Role, list[Told]],
    finished: Finished | None,
    left_out: int,
    rate: float,
) -> GuardBenched:
    known = {role: measured(arm.called, arm.digest, rows, told[role], rate) for role, arm in arms.items()}
    return GuardBenched(
        rows=len(rows),
        left_out=left_out,
        fixed_rate=rate,
        candidate=known["candidate"],
        baseline=known.get("baseline"),
        verdict=finished.verdict if finished else None,
        run=finished.run.id if finished else "",
        evidence=str(finished.bundle) if finished else "",
    )


def _ask(arms: dict[Role, GuardArm], rows: list[LabelledRow], console: Console) -> dict[Role, list[Told]]:
    """Return what each guard says of every row: asked now, or as it is recorded."""
    asked = {role: arm.pipeline for role, arm in arms.items() if arm.pipeline is not None}
    with Progress("guard bench", len(rows), console=console) as progress:
        fresh = ask_all(list(asked.values()), rows, progress.advance)
    told = dict(zip(asked, fresh, strict=True))
    return {
        role: told[role] if role in told else [arm.said[row.row.id] for row in rows]
        for role, arm in arms.items()
    }


def _lines(file: Path) -> list[bytes]:
    try:
        return file.read_bytes().split(b"\n")
    except OSError as error:
        raise OutsideError(
            "GAO-ARENA-435",
            f"{file.name} cannot be read",
            why=error.strerror or str(error),
            fix="correct the path, or who may read the file",
            where=str(file),
        ) from error
