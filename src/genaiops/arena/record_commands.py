"""`genaiops arena show`, `cases`, `rescore`, `verify`: what reads a complete run. Thin over the face."""

import asyncio
import secrets
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal, cast

import typer

from genaiops.access import Vault
from genaiops.app import load_project
from genaiops.arena.belonging import Place, with_belonging
from genaiops.arena.bundle import MANIFEST
from genaiops.arena.judges import Panel, read_judges
from genaiops.arena.ledger import Ledger
from genaiops.arena.options import Answers, Json, Junit, Markdown, PassEnv, Private, Unverified
from genaiops.arena.report import ReportFiles, changed_cases, render_json, render_terminal, write_reports
from genaiops.arena.report.comparisons import render_comparisons
from genaiops.arena.rerun import RerunOptions, with_rerun
from genaiops.arena.rescore import rescore as score_again
from genaiops.arena.runs import Finished, show, stated
from genaiops.arena.session import open_session, settings
from genaiops.arena.verify import VerifyResult, verify_bundle
from genaiops.core import Comparison, UserError, decode_json, encode
from genaiops.core import Json as Value
from genaiops.store import Store, find_store
from genaiops.work import Console


def tell(finished: Finished, console: Console) -> None:
    """Print a run as text, or as JSON."""
    if console.json:
        console.emit_json(encode(render_json(finished.run, finished.verdict, finished.bundle)))
    else:
        console.print(render_terminal(finished.run, finished.verdict, finished.bundle))


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
    finished = find_run(name, console)
    tell(finished, console)
    files = ReportFiles(markdown=markdown, junit=junit, answers=answers, inconclusive=inconclusive)
    write_reports(finished.run, finished.verdict, files)


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
    finished = find_run(name, console)
    rows, table = changed_cases(finished.run, finished.verdict, everything=everything)
    if json:
        console.emit_json(encode(rows))
    else:
        console.print(table)


def find_run(name: str | None, console: Console) -> Finished:
    """Return the run of this id or folder of evidence, or the latest; raises `UserError` if there is none."""
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


def rescore(
    name: Annotated[str, typer.Argument(metavar="RUN", help="A run's id.")],
    scorer: Annotated[str, typer.Option(help="A scorer by name; parameters as JSON after a colon.")],
    json: Json = False,
) -> None:
    """Apply another scorer, or a judge, to the outputs that a run recorded: the app does not answer again.

    Example: genaiops arena rescore 3f9a --scorer 'retrieval_recall:{"k": 3}'
    """
    console = Console(json=json)
    finished = find_run(name, console)
    kind, _, parameters = scorer.partition(":")

    async def go() -> tuple[tuple[Comparison, ...], tuple[Comparison, ...], int]:
        async with open_session(Path.cwd(), console) as session:
            project = load_project(session.root, (), session.services.settings.env)
            embedder = await session.services.embedder(project) if "embed" in project.models else None
            judges = read_judges(project, [kind])
            panel = Panel(judges, project, session.services)
            await panel.examine(finished.run.suite.cases[0])
            told = await score_again(
                finished.run,
                kind,
                _parameters(parameters),
                embedder=embedder,
                judges=judges,
                panel=panel,
            )
            return *told, sum(one.usage.calls for one in panel.facts())

    comparisons, slices, calls = asyncio.run(go())
    if json:
        console.emit_json(
            {"comparisons": encode(comparisons), "slices": encode(slices), "model_calls": calls}
        )
    else:
        console.print(render_comparisons((*comparisons, *slices)))


def _parameters(text: str) -> dict[str, Value]:
    if not text:
        return {}
    return decode_json(dict[str, Value], text, where="--scorer", code="GAO-ARENA-125")


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
    with _vault() as vault:
        result = verify_bundle(bundle, settings=settings(), any_signer=any_signer, vault=vault)

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


@contextmanager
def _vault() -> Generator[Vault | None]:
    """Give the keys of people in the project of this folder; None where there is none, as for a stranger."""
    try:
        folder = find_store(Path.cwd())
    except UserError:
        yield None
        return
    if not folder.is_dir():
        yield None
        return
    with Store.open(folder) as store:
        yield Vault(store.database, settings())


def _levels(result: VerifyResult) -> Iterator[str]:
    for level in result.levels:
        yield f"{level.number}  {level.name:<22} {level.status:<13} {level.reason}"
    if result.not_checkable:
        yield f"   not recomputed: {', '.join(result.not_checkable)} (they read a model)"
    signer = result.signer or f"an unknown key {result.key_id}"
    word = "accepted" if result.accepted else "REJECTED"
    yield f"{word}: run {result.run or '?'}, verdict {result.outcome or '?'}, signed by {signer}"
