"""`genaiops index status`, `migrate` and `withdraw`: what joins indexes with suites, answers and the Hub."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from genaiops.app import PROJECT_FILE, Indexes, Project, fact_lines, load_project, read_queries
from genaiops.arena.index_health import index_facts
from genaiops.arena.migrating import Asked, MigrationReport, migrate_index
from genaiops.arena.session import Session, open_session
from genaiops.arena.shadow import Bar
from genaiops.arena.withdrawing import Withdrawn, withdraw
from genaiops.core import Json, UserError, encode, one_line
from genaiops.hub import impact_lines
from genaiops.work import Console

T = TypeVar("T")

indexes = typer.Typer(help="Indexes as releases.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Folder = Annotated[Path, typer.Option("--project", help="A folder in the project.")]
Sets = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Override a value of genaiops.yaml.")
]
AllowPrivate = Annotated[
    list[str] | None,
    typer.Option("--allow-private", metavar="HOST", help="Let this private host be reached."),
]
_EMBED = "models.embed="
_STATUS = {"pass": 0, "fail": 1, "inconclusive": 4}


@indexes.command("status", epilog="Example: genaiops index status docs --deep --json")
def status(
    name: Annotated[str | None, typer.Argument(help="An index; all where left out.")] = None,
    deep: Annotated[
        bool,
        typer.Option(
            "--deep", help="Embed a sample again, look for near duplicates, ask the suites' questions."
        ),
    ] = False,
    sets: Sets = None,
    allow_private: AllowPrivate = None,
    folder: Folder = Path(),
    as_json: AsJson = False,
) -> None:
    """Say of each index what is live, what was before, and what is the matter: old documents, drift, cost."""
    console = Console(json=as_json)

    async def work(session: Session, project: Project | None) -> dict[str, dict[str, Json]]:
        known = {*session.services.releases.names(), *(project.knowledge if project else ())}
        session.services.released = True
        if name is not None and name not in known:
            raise UserError(
                "GAO-ARENA-415",
                f"there is no index {one_line(name, 60)!r}",
                why=f"there are: {', '.join(sorted(known)) or 'none'}",
                fix="name one of them, or build it: genaiops index build",
            )
        return {
            one: await index_facts(session.services, session.root, project, one, deep=deep)
            for one in sorted(known if name is None else {name})
        }

    facts = _in_session(folder, sets, allow_private, console, work)
    if as_json:
        console.emit_json(encode(Indexes(indexes=facts)))
        return
    console.print("\n".join(_status_lines(facts)) or "there is no index here, and no `knowledge`")


@indexes.command(
    "migrate",
    epilog="Example: genaiops index migrate docs --set models.embed=local:minilm-l6 --suite qa",
)
def migrate(
    name: Annotated[str, typer.Argument(help="The index.")],
    sets: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="What is to change, where genaiops.yaml does not say it already.",
        ),
    ] = None,
    suite: Annotated[
        str | None,
        typer.Option(help="Whose questions decide; the first that states passages where left out."),
    ] = None,
    queries: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Questions people asked, as for `index search`: they are shown, and must not fail.",
        ),
    ] = None,
    margin: Annotated[
        float, typer.Option(help="By less than this the new may be worse.", min=0.0, max=1.0)
    ] = 0.05,
    k: Annotated[int, typer.Option("-k", "--k", min=1, max=100, help="How many passages count.")] = 5,
    allow_private: AllowPrivate = None,
    folder: Folder = Path(),
    as_json: AsJson = False,
) -> None:
    """Build an index in a new way beside the live one, compare both, and switch where the gate passes.

    Exit status 1 where it says no, 4 where it cannot tell: then nothing has changed for anybody who asks.
    """
    console = Console(json=as_json)
    embedder = next((one.removeprefix(_EMBED) for one in sets or () if one.startswith(_EMBED)), None)
    asked = tuple(one.query for one in read_queries(queries, console)) if queries else ()

    async def work(session: Session, project: Project | None) -> MigrationReport:
        wanted = Asked(name=name, suite=suite, queries=asked, bar=Bar(k=k, margin=margin), to=embedder)
        return await migrate_index(session.services, session.hub, session.root, project, wanted)

    report = _in_session(folder, sets, allow_private, console, work)
    if as_json:
        console.emit_json(encode(report))
    else:
        console.print("\n".join(_migration_lines(report, sets or [])))
    if code := _STATUS[report.outcome]:
        raise typer.Exit(code)


@indexes.command(
    "withdraw",
    epilog='Example: genaiops index withdraw docs returns.md --reason "replaced by the policy of May"',
)
def withdraw_command(
    name: Annotated[str, typer.Argument(help="The index.")],
    documents: Annotated[list[str], typer.Argument(help="Documents by id: their paths in the folder.")],
    reason: Annotated[str, typer.Option(help="Why, for the audit log and whoever asks later.")],
    everywhere: Annotated[
        bool, typer.Option("--everywhere", help="Withdraw the same text from every index of this store.")
    ] = False,
    folder: Folder = Path(),
    as_json: AsJson = False,
) -> None:
    """Withdraw documents at once: from every release and snapshot, and from answers that would be used again.

    Nothing is rebuilt. While the file lies in the folder it stays out: `index restore` lets it come back.
    """
    console = Console(json=as_json)

    async def work(session: Session, project: Project | None) -> Withdrawn:
        return await withdraw(
            session.services, session.hub, project, name, documents, reason=reason, everywhere=everywhere
        )

    done = _in_session(folder, None, None, console, work)
    if as_json:
        console.emit_json(encode(done))
    else:
        console.print("\n".join(_withdrawn_lines(done)))


def _in_session(
    folder: Path,
    sets: list[str] | None,
    allow_private: list[str] | None,
    console: Console,
    work: Callable[[Session, Project | None], Awaitable[T]],
) -> T:
    async def run() -> T:
        async with open_session(folder, console, allow_private=allow_private or ()) as session:
            there = (session.root / PROJECT_FILE).is_file()
            project = load_project(session.root, sets or (), os.environ) if there else None
            return await work(session, project)

    return asyncio.run(run())


def _status_lines(facts: dict[str, dict[str, Json]]) -> Iterator[str]:
    for name, known in facts.items():
        yield name
        yield from fact_lines(known)


def _migration_lines(report: MigrationReport, sets: list[str]) -> Iterator[str]:
    yield f"{report.name}: {report.outcome}"
    yield from (f"  {one_line(line, 300)}" for line in report.why)
    if (seen := report.queries) is not None and seen.overlap is not None:
        share = f"{100 * (seen.other_first or 0.0):.0f} %"
        old, new = (seen.latency_p95_ms[role] for role in ("baseline", "candidate"))
        yield f"  {seen.questions:,} queries: {100 * seen.overlap:.0f} % of the {seen.by}s are the same,"
        yield f"  another first hit for {share}, p95 {old:.3g} → {new:.3g} ms"
    if report.switched:
        yield f"live: {report.live[:19]}… · back at once with: genaiops index rollback {report.name}"
        yield from (f"write into genaiops.yaml: {one.replace('=', ': ', 1)}" for one in sets)
    else:
        yield f"live: {report.live[:19]}…, made as before, of the documents as they are"
    yield f"evidence: {report.evidence.partition('@')[0]}"


def _withdrawn_lines(done: Withdrawn) -> Iterator[str]:
    yield f"withdrawn from {', '.join(done.indexes)}: {', '.join(done.documents)}"
    yield f"found by nobody any more: {done.passages:,} passage(s), of {done.releases:,} release(s)"
    for document, found in done.impact.items():
        if found is None:
            yield f"{document}: the Hub knows no corpus {done.index} that holds it"
        else:
            yield from impact_lines(found)
