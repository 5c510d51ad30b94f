"""`genaiops index`: the indexes that the app searches, built, checked and asked."""

from pathlib import Path
from typing import Annotated, get_args

import typer

from genaiops.app.batch import answer_queries, build_named, hold_any, read_queries, tell
from genaiops.app.model import Checked, Found, Indexes
from genaiops.app.project import Project
from genaiops.app.registering import hub_to_publish
from genaiops.app.releasing import Published, publish_documents
from genaiops.app.screening import screened_readiness
from genaiops.app.services import LOCAL_USER, Services, index_name
from genaiops.app.showing import fact_lines, passage_lines
from genaiops.app.telling import point_live, register_release
from genaiops.app.within import AllowPrivate, AsJson, Folder, Sets, anywhere, remark, with_project
from genaiops.core import Json, Passage, encode
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
from genaiops.work import Console

MODES: tuple[Mode, ...] = get_args(Mode)

index = typer.Typer(help="Build and search the app's indexes.", no_args_is_help=True)


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
        await remark(services, project, held.name)
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
        await remark(services, project, held.name)
        async for hits in answer_queries(held, rows, k, mode=mode, rerank=rerank, console=console):
            if console.json:
                console.emit_json(encode(hits), indent=None)
            else:
                console.print("\t".join((hits.id, *(hit.id for hit in hits.hits))))

    anywhere(folder, sets, allow_private, console, work, serving=True)


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
