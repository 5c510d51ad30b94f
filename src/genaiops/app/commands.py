"""`genaiops ask` and `genaiops index`: one question to the app, and the indexes it searches."""

import asyncio
import os
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from genaiops.app.model import Asked, Checked, Found, Indexes
from genaiops.app.project import Project, load_project
from genaiops.app.services import LOCAL_USER, Services, index_name
from genaiops.app.starting import start_app
from genaiops.core import Json, Output, Passage, Settings, Trace, encode, one_line, usd
from genaiops.knowledge import Readiness, check_readiness, readiness_lines, retrieve
from genaiops.net import HttpEgress, load_policy
from genaiops.store import Store, find_store
from genaiops.traces import TraceSink
from genaiops.work import Console

T = TypeVar("T")

ask = typer.Typer(help="Ask the app one question.", add_completion=False)
index = typer.Typer(help="Build and search the app's indexes.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Sets = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Override a value of genaiops.yaml.")
]
Folder = Annotated[Path, typer.Option("--project", help="A folder in the project.")]
PassEnv = Annotated[
    list[str] | None, typer.Option("--pass-env", metavar="NAME", help="Let the app see this variable.")
]
AllowPrivate = Annotated[
    list[str] | None,
    typer.Option("--allow-private", metavar="HOST", help="Let this private host be reached."),
]


@ask.command("ask", epilog="Example: genaiops ask 'How long do refunds take?' --set params.top_k=8")
def ask_command(
    question: Annotated[str, typer.Argument(help="What to ask.")],
    sets: Sets = None,
    timeout: Annotated[float, typer.Option(help="Seconds that the app may take.", min=0.1)] = 120.0,
    pass_env: PassEnv = None,
    allow_private: AllowPrivate = None,
    allow_unverified: Annotated[
        bool, typer.Option("--allow-unverified", help="Load local weights whose digest nobody stated.")
    ] = False,
    folder: Folder = Path(),
    as_json: AsJson = False,
) -> None:
    """Ask the app one question: its answer, the passages it stands on, citations, cost and trace."""
    console = Console(json=as_json)

    async def work(project: Project, services: Services) -> tuple[Output, Trace]:
        services.allow_unverified = allow_unverified
        await services.warm(project)  # building and loading are not the answer's latency
        worker = await start_app(project.root, project, services, pass_env=tuple(pass_env or ()))
        try:
            output, trace = await worker.answer({"question": question}, 0, timeout)
        finally:
            await worker.close()
        TraceSink(services.store).append(trace)
        return output, trace

    output, trace = _with_project(folder, sets, allow_private, console, work)
    if as_json:
        console.emit_json(encode(Asked(output=output, trace=trace)))
    else:
        console.print("\n".join(answer_lines(output)))
    if output.status != "ok":
        raise typer.Exit(3 if output.status == "infra_error" else 2)


@index.command("build", epilog="Example: genaiops index build docs")
def build_command(
    name: Annotated[str | None, typer.Argument(help="An index of genaiops.yaml; all where left out.")] = None,
    sets: Sets = None,
    allow_private: AllowPrivate = None,
    folder: Folder = Path(),
    as_json: AsJson = False,
) -> None:
    """Build an index from its documents; one that is there already is not made again.

    Says first what is left out and why. Exit status 2 where a document has to be mended, removed or released.
    """
    console = Console(json=as_json)
    reports: dict[str, Readiness] = {}

    async def work(project: Project, services: Services) -> dict[str, dict[str, Json]]:
        facts: dict[str, dict[str, Json]] = {}
        for one in _chosen(project, name):
            reports[one] = check_readiness(await services.corpus(project, one))
            _show_readiness(console, {one: reports[one]})
            built = await services.index(project, one)
            facts[one] = {**built.facts(), "readiness": encode(reports[one])}
        return facts

    facts = _with_project(folder, sets, allow_private, console, work)
    _show_facts(console, facts, without="readiness")
    _exit_where_left_out(reports)


@index.command("check", epilog="Example: genaiops index check docs --json")
def check_command(
    name: Annotated[str | None, typer.Argument(help="An index of genaiops.yaml; all where left out.")] = None,
    sets: Sets = None,
    folder: Folder = Path(),
    as_json: AsJson = False,
) -> None:
    """Say whether documents are ready to be indexed: what is left out and why, duplicates, quality.

    Builds nothing. Exit status 2 where a document has to be mended, removed or released.
    """
    console = Console(json=as_json)

    async def work(project: Project, services: Services) -> dict[str, Readiness]:
        return {one: check_readiness(await services.corpus(project, one)) for one in _chosen(project, name)}

    reports = _with_project(folder, sets, None, console, work)
    if as_json:
        console.emit_json(encode(Checked(indexes=reports)))
    _show_readiness(console, reports)
    _exit_where_left_out(reports)


@index.command("search", epilog="Example: genaiops index search 'refund period' -k 3")
def search_command(
    query: Annotated[str, typer.Argument(help="What to look for.")],
    name: Annotated[
        str | None, typer.Option("--index", help="Which index; not needed for the only one.")
    ] = None,
    k: Annotated[int, typer.Option("-k", min=1, max=1000, help="How many passages.")] = 5,
    mode: Annotated[str, typer.Option(help="hybrid, dense or lexical.")] = "hybrid",
    rerank: Annotated[bool, typer.Option(help="Order the best again, token by token.")] = True,
    sets: Sets = None,
    allow_private: AllowPrivate = None,
    folder: Folder = Path(),
    as_json: AsJson = False,
) -> None:
    """Search an index and show passages, best first."""
    console = Console(json=as_json)
    if mode not in ("hybrid", "dense", "lexical"):
        raise typer.BadParameter(f"{mode!r} is not hybrid, dense or lexical", param_hint="--mode")

    async def work(project: Project, services: Services) -> list[Passage]:
        built = await services.index(project, name)
        embedder = await services.embedder(project)
        return await retrieve(
            built,
            embedder,
            query,
            k,
            principal=LOCAL_USER,
            mode=mode,
            rerank=rerank,
        )

    passages = _with_project(folder, sets, allow_private, console, work)
    if as_json:
        console.emit_json(encode(Found(passages=tuple(passages))))
        return
    console.print("\n".join(passage_lines(passages)) or "nothing was found")


@index.command("status", epilog="Example: genaiops index status --json")
def status_command(
    sets: Sets = None,
    allow_private: AllowPrivate = None,
    folder: Folder = Path(),
    as_json: AsJson = False,
) -> None:
    """Say for each index of the project whether it is built, and from what."""
    console = Console(json=as_json)

    async def work(project: Project, services: Services) -> dict[str, dict[str, Json]]:
        return {one: await services.index_status(project, one) for one in sorted(project.knowledge)}

    _show_facts(console, _with_project(folder, sets, allow_private, console, work))


def answer_lines(output: Output) -> list[str]:
    """Return what `ask` shows: plain lines, control sequences gone."""
    if output.status != "ok":
        lines = [f"{output.status}: {output.error}"]
    elif output.abstained:
        lines = ["(abstained)" + (f" {output.text}" if output.text else "")]
    else:
        lines = [output.text if output.text is not None else str(output.data)]
    if output.passages:
        lines += ["", "passages", *passage_lines(output.passages)]
    if output.citations:
        cited = [f"  [{one.passage}] “{one_line(one.quote, 160)}”" for one in output.citations]
        lines += ["", "citations", *cited]
    tokens = f"{output.usage.input_tokens} + {output.usage.output_tokens} tokens"
    seconds = f"{output.latency_ns / 1e9:.2f} s"
    lines += ["", f"{seconds} · {tokens} in {output.usage.calls} calls · cost {usd(output.cost_nanousd)}"]
    return [*lines, f"trace {output.trace_id}"]


def passage_lines(passages: "list[Passage] | tuple[Passage, ...]") -> list[str]:
    """Return one line a passage: rank, score, place, the beginning of its text."""
    lines: list[str] = []
    for rank, passage in enumerate(passages, 1):
        score = "" if passage.score is None else f"{passage.score:.3f}  "
        place = " > ".join((passage.title or passage.document, *passage.heading))
        page = f", page {passage.page}" if passage.page else ""
        lines.append(f"  {rank}. {score}{one_line(place, 80)}{page}  [{passage.id}]")
        lines.append(f"     {one_line(passage.text, 160)}")
    return lines


def _chosen(project: Project, name: str | None) -> list[str]:
    return [index_name(project, name)] if name or len(project.knowledge) < 2 else sorted(project.knowledge)


def _show_readiness(console: Console, reports: dict[str, Readiness]) -> None:
    for name, report in reports.items():
        console.print(f"documents of {name}")
        console.print("\n".join(f"  {line}" for line in readiness_lines(report)))


def _exit_where_left_out(reports: dict[str, Readiness]) -> None:
    if any(report.needs_somebody for report in reports.values()):
        raise typer.Exit(2)


def _show_facts(console: Console, facts: dict[str, dict[str, Json]], without: str = "") -> None:
    if console.json:
        console.emit_json(encode(Indexes(indexes=facts)))
        return
    for name, known in facts.items():
        console.print(name)
        for key, value in known.items():
            if key == without:
                continue
            console.print(f"  {key}: {one_line(str(value), 160)}")
    if not facts:
        console.print("the project has no `knowledge`")


def _with_project(
    folder: Path,
    sets: list[str] | None,
    allow_private: list[str] | None,
    console: Console,
    work: Callable[[Project, Services], Awaitable[T]],
) -> T:
    async def run() -> T:
        store_folder = find_store(folder)
        project = load_project(store_folder.parent, sets or (), os.environ)
        with Store.open(store_folder) as store:
            async with _services(store, allow_private or [], console) as services:
                return await work(project, services)

    return asyncio.run(run())


@asynccontextmanager
async def _services(store: Store, allow_private: list[str], console: Console) -> AsyncGenerator[Services]:
    settings = Settings.from_env(os.environ)
    egress = HttpEgress(load_policy(settings, allow_private))
    services = Services(settings, store, egress, console)
    try:
        yield services
    finally:
        await services.close()
        await egress.close()
