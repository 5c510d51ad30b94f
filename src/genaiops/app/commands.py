"""`genaiops ask` and `genaiops index`: one question to the app, and the indexes it searches."""

import asyncio
import os
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, TypeVar, get_args

import typer

from genaiops.app.batch import answer_queries, build_named, hold_any, read_queries, tell
from genaiops.app.model import Asked, Checked, Found, Indexes
from genaiops.app.project import PROJECT_FILE, Project, load_project
from genaiops.app.registering import hub_to_publish
from genaiops.app.releasing import Published, hold, is_trial, publish_documents, remarks
from genaiops.app.screening import screened_readiness
from genaiops.app.services import LOCAL_USER, Services, index_name
from genaiops.app.showing import fact_lines
from genaiops.app.starting import start_app
from genaiops.app.telling import point_live, register_release
from genaiops.core import Json, Output, Passage, Settings, Trace, UserError, encode, one_line, plain, usd
from genaiops.hub import Hub, Version
from genaiops.knowledge import (
    Backend,
    BackendName,
    Mode,
    Readiness,
    read_passages,
    readiness_lines,
    retrieve,
)
from genaiops.net import HttpEgress, load_policy
from genaiops.store import Store, find_store
from genaiops.traces import TraceSink
from genaiops.work import Console

T = TypeVar("T")
MODES: tuple[Mode, ...] = get_args(Mode)
STORE_FOLDER = ".genaiops"

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
    """Ask the app one question: its answer, the passages it stands on, citations, cost and trace.

    Exit status 1 where the guard stopped it.
    """
    console = Console(json=as_json)

    async def work(project: Project, services: Services) -> tuple[Output, Trace]:
        services.allow_unverified = allow_unverified
        services.person = None if as_json or not sys.stdin.isatty() else _asked_person
        await services.warm(project)  # building and loading are not the answer's latency
        for name in project.knowledge if services.released and project.app.url is None else ():
            held = await hold(services, project.root, project, name)
            await held.index.anchors.check(held.embedder)
            await _remark(services, project, name)
        worker = await start_app(project.root, project, services, pass_env=tuple(pass_env or ()))
        try:
            output, trace = await worker.answer({"question": question}, 0, timeout)
        finally:
            await worker.close()
        TraceSink(services.store).append(trace)
        return output, trace

    output, trace = with_project(folder, sets, allow_private, console, work, serving=True)
    if as_json:
        console.emit_json(encode(Asked(output=output, trace=trace)))
    else:
        console.print("\n".join(answer_lines(output)))
    if output.status != "ok":
        raise typer.Exit(3 if output.status == "infra_error" else 2)
    if output.stopped:
        raise typer.Exit(1)


@index.command(
    "build",
    epilog="Example: genaiops index build docs  ·  genaiops index build --passages p.jsonl --name bench",
)
def build_command(
    name: Annotated[str | None, typer.Argument(help="An index of genaiops.yaml; all where left out.")] = None,
    passages: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Index ready-made passages: one JSON object a line, with id, title and text."
        ),
    ] = None,
    called: Annotated[str | None, typer.Option("--name", help="What to call the index of passages.")] = None,
    backend: Annotated[
        BackendName | None,
        typer.Option("--index", help="The backend of an index of passages."),
    ] = None,
    sets: Sets = None,
    allow_private: AllowPrivate = None,
    folder: Folder = Path(),
    as_json: AsJson = False,
) -> None:
    """Build an index from its documents, or from ready-made passages; one that is there is not made again.

    It is registered in the Hub with its corpus and its embedding, and its reference is printed.
    Says first what is left out and why. Exit status 2 where a document has to be mended, removed or released.
    """
    console = Console(json=as_json)
    if passages is not None:
        if name is not None or called is None:
            raise typer.BadParameter("an index of passages is called by --name NAME", param_hint="--name")
        chosen = Backend.of(backend or "local")
        _build_passages(called, passages, chosen, folder, sets, allow_private, console)
        return
    if called:
        raise typer.BadParameter("only an index of --passages is given a name", param_hint="--name")
    if backend:
        raise typer.BadParameter("in genaiops.yaml it is knowledge.NAME.index", param_hint="--index")
    reports: dict[str, Readiness] = {}

    async def work(project: Project, services: Services) -> dict[str, dict[str, Json]]:
        facts: dict[str, dict[str, Json]] = {}
        hub = hub_to_publish(services.store, services.settings)
        for one in _chosen(project, name):
            reports[one] = await _readiness(services, project, one)
            _show_readiness(console, {one: reports[one]})
            built = await publish_documents(services, project, one)
            made = await _registered(services, hub, project.root, one, built)
            facts[one] = {
                "reference": made.short,
                **built.index.facts(),
                "readiness": encode(reports[one]),
            }
        return facts

    facts = with_project(folder, sets, allow_private, console, work)
    _show_facts(console, facts, without="readiness")
    _exit_where_left_out(reports)


def _build_passages(
    name: str,
    file: Path,
    backend: Backend,
    folder: Path,
    sets: list[str] | None,
    allow_private: list[str] | None,
    console: Console,
) -> None:
    ready = read_passages(file)
    tell(ready.problems, console)

    async def make(root: Path, project: Project | None, services: Services) -> dict[str, Json]:
        hub = hub_to_publish(services.store, services.settings)
        built = await build_named(services, root, project, name, ready, file, backend)
        made = await _registered(services, hub, root, name, built)
        return {"reference": made.short, **built.index.facts()}

    _show_facts(console, {name: anywhere(folder, sets, allow_private, console, make, new=True)})


@index.command("check", epilog="Example: genaiops index check docs --json")
def check_command(
    name: Annotated[str | None, typer.Argument(help="An index of genaiops.yaml; all where left out.")] = None,
    sets: Sets = None,
    folder: Folder = Path(),
    as_json: AsJson = False,
) -> None:
    """Say whether documents are ready to be indexed: what is left out and why, duplicates, quality.

    Names documents with personal data, secrets, and text that reads like an instruction, as the guard finds
    them: told, never kept out for it.
    Builds nothing. Exit status 2 where a document has to be mended, removed or released.
    """
    console = Console(json=as_json)

    async def work(project: Project, services: Services) -> dict[str, Readiness]:
        return {one: await _readiness(services, project, one) for one in _chosen(project, name)}

    reports = with_project(folder, sets, None, console, work)
    if as_json:
        console.emit_json(encode(Checked(indexes=reports)))
    _show_readiness(console, reports)
    _exit_where_left_out(reports)


@index.command(
    "search",
    epilog="Example: genaiops index search 'refund period' -k 3  ·  "
    "genaiops index search bench --queries q.jsonl -k 5 --json",
)
def search_command(
    asked: Annotated[
        str, typer.Argument(metavar="QUESTION|NAME", help="What to look for; with --queries, the index.")
    ],
    queries: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Ask the index NAME many: one JSON object a line, with id, query and maybe history; "
            "one line comes out for each.",
        ),
    ] = None,
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
    if mode not in MODES:
        raise typer.BadParameter(f"{mode!r} is not {', '.join(MODES)}", param_hint="--mode")
    if queries is not None:
        if name is not None:
            raise typer.BadParameter("with --queries the index is the first word", param_hint="--index")
        _search_all(asked, queries, k, mode, rerank, (folder, sets, allow_private, console))
        return

    async def work(root: Path, project: Project | None, services: Services) -> list[Passage]:
        held = await hold_any(services, root, project, name)
        await _remark(services, project, held.name)
        return await retrieve(
            held.index,
            held.embedder,
            asked,
            k,
            principal=LOCAL_USER,
            mode=mode,
            rerank=rerank,
            snapshot=held.snapshot,
        )

    passages = anywhere(folder, sets, allow_private, console, work, serving=True)
    if as_json:
        console.emit_json(encode(Found(passages=tuple(passages))))
        return
    console.print("\n".join(passage_lines(passages)) or "nothing was found")


def _search_all(
    name: str,
    queries: Path,
    k: int,
    mode: Mode,
    rerank: bool,
    place: tuple[Path, list[str] | None, list[str] | None, Console],
) -> None:
    folder, sets, allow_private, console = place
    rows = read_queries(queries, console)

    async def work(root: Path, project: Project | None, services: Services) -> None:
        held = await hold_any(services, root, project, name)
        await _remark(services, project, held.name)
        async for hits in answer_queries(held, rows, k, mode=mode, rerank=rerank, console=console):
            if console.json:
                console.emit_json(encode(hits), indent=None)
            else:
                console.print("\t".join((hits.id, *(hit.id for hit in hits.hits))))

    anywhere(folder, sets, allow_private, console, work, serving=True)


def _asked_person(question: str) -> bool:
    return typer.confirm(f"The app asks to call {plain(question)}. Allow it?", default=False, err=True)


def answer_lines(output: Output) -> list[str]:
    """Return what `ask` shows: plain lines, control sequences gone."""
    if output.status != "ok":
        lines = [f"{output.status}: {output.error}"]
    elif output.stopped:
        lines = [f"(stopped by the guard: {output.stopped}) {output.text or ''}"]
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


async def _registered(services: Services, hub: Hub, root: Path, name: str, built: Published) -> Version:
    version = await register_release(services, hub, root, name, built.named.live, built.material)
    point_live(services, version, "built")
    return version


def _chosen(project: Project, name: str | None) -> list[str]:
    return [index_name(project, name)] if name or len(project.knowledge) < 2 else sorted(project.knowledge)


async def _readiness(services: Services, project: Project, name: str) -> Readiness:
    corpus = await services.corpus(project, name)
    return screened_readiness(corpus, name, services.store.path / "screened", services.console)


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
        shown = {key: value for key, value in known.items() if key != without}
        console.print("\n".join(fact_lines(shown)))
    if not facts:
        console.print("the project has no `knowledge`")


def with_project(
    folder: Path,
    sets: list[str] | None,
    allow_private: list[str] | None,
    console: Console,
    work: Callable[[Project, Services], Awaitable[T]],
    *,
    serving: bool = False,
) -> T:
    """Run `work` with the project that `folder` lies in; raises `UserError` where there is none."""

    async def there(root: Path, project: Project | None, services: Services) -> T:
        # where the file is absent, reading it says so
        return await work(project or load_project(root), services)

    return anywhere(folder, sets, allow_private, console, there, serving=serving)


async def _remark(services: Services, project: Project | None, name: str) -> None:
    if services.released:
        tell(await remarks(services, project, name), services.console)


def anywhere(
    folder: Path,
    sets: list[str] | None,
    allow_private: list[str] | None,
    console: Console,
    work: Callable[[Path, Project | None, Services], Awaitable[T]],
    *,
    new: bool = False,
    serving: bool = False,
) -> T:
    """Run `work` in the project or the store that `folder` lies in; with `new`, else in `folder` itself.

    With `serving` the live releases of indexes answer, unless `sets` ask for another index.
    """

    async def run() -> T:
        store_folder = _store_folder(folder, new)
        root = store_folder.parent
        is_project = (root / PROJECT_FILE).is_file()
        project = load_project(root, sets or (), os.environ) if is_project else None
        with Store.open(store_folder) as store:
            async with _services(store, allow_private or [], console) as services:
                services.released = serving and not is_trial(sets or ())
                return await work(root, project, services)

    return asyncio.run(run())


def _store_folder(folder: Path, new: bool) -> Path:
    try:
        return find_store(folder)
    except UserError:
        if not new:
            raise
    return folder.absolute() / STORE_FOLDER


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
