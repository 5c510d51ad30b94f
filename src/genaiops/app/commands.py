"""`genaiops ask`: one question to the app."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from genaiops.app.model import Asked
from genaiops.app.project import Project
from genaiops.app.releasing import hold
from genaiops.app.services import Services
from genaiops.app.showing import answer_lines
from genaiops.app.starting import start_app
from genaiops.app.within import AllowPrivate, AsJson, Folder, PassEnv, Sets, remark, with_project
from genaiops.core import Output, Trace, encode, plain
from genaiops.traces import TraceSink
from genaiops.work import Console

ask = typer.Typer(help="Ask the app one question.", add_completion=False)


@ask.command("ask", epilog="Example: genaiops ask 'How long do refunds take?' --set params.top_k=8")
def ask_command(
    question: Annotated[str, typer.Argument(help="What to ask.")],
    role: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="On whose behalf: what rules of the guard may be narrowed to."),
    ] = None,
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
            await remark(services, project, name)
        worker = await start_app(project.root, project, services, pass_env=tuple(pass_env or ()))
        try:
            output, trace = await worker.answer({"question": question}, 0, timeout)
        finally:
            await worker.close()
        TraceSink(services.store).append(trace)
        return output, trace

    said = [*(sets or ()), *([f"role={role}"] if role is not None else ())]
    output, trace = with_project(folder, said, allow_private, console, work, serving=True)
    if as_json:
        console.emit_json(encode(Asked(output=output, trace=trace)))
    else:
        console.print("\n".join(answer_lines(output)))
    if output.status != "ok":
        raise typer.Exit(3 if output.status == "infra_error" else 2)
    if output.stopped:
        raise typer.Exit(1)


def _asked_person(question: str) -> bool:
    return typer.confirm(f"The app asks to call {plain(question)}. Allow it?", default=False, err=True)
