"""`genaiops hub lineage`, `impact` and `bom`: where versions come from and lead to, in every form."""

import asyncio
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, cast

import typer

from genaiops.arena.bom.checking import written
from genaiops.arena.files import write_whole
from genaiops.arena.hub_routes import HUB_ROUTES, bom, impact, lineage_events
from genaiops.arena.sending import append_events, is_url, post_events
from genaiops.core import Json, Settings, encode
from genaiops.hub import Above, impact_lines, opened, tree_lines
from genaiops.net import HttpEgress, load_policy
from genaiops.work import Console

API_KEY = "OPENLINEAGE_API_KEY"

lineage = typer.Typer(help="Where versions come from and what rests on them.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Ref = Annotated[
    str,
    typer.Argument(help="A reference (prompt/answer:v2, app/rag-assistant:prod) or a digest (sha256:…)."),
]


@lineage.command("lineage", epilog="Example: genaiops hub lineage app/rag-assistant --down")
def show_lineage(
    context: typer.Context,
    ref: Ref,
    down: Annotated[
        bool, typer.Option("--down", help="What was made from it, not what it is made of.")
    ] = False,
    depth: Annotated[
        int | None,
        typer.Option(min=1, max=1000, metavar="STEPS", help="How many steps to walk; all where left out."),
    ] = None,
    openlineage: Annotated[
        str | None,
        typer.Option(
            "--openlineage",
            metavar="FILE|URL",
            help="Write it as OpenLineage events: appended to a file, a line each, or sent to a server "
            f"(key in {API_KEY}).",
        ),
    ] = None,
    namespace: Annotated[
        str, typer.Option(help="The events' namespace: what tells this Hub from others.")
    ] = "genaiops",
    allow_private: Annotated[
        list[str] | None, typer.Option(metavar="HOST", help="Let this private host be reached.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Walk from a version back to every input, or on to everything made from it."""
    console = Console(json=as_json)
    way = "down" if down else "up"
    with opened(cast("Above | None", context.obj), HUB_ROUTES) as hub:
        version = hub.get(ref)
        report = hub.lineage(version.reference, way, depth=depth)
        if openlineage:
            found = hub.transport.ask(
                lineage_events, ref=version.reference, direction=way, depth=depth, namespace=namespace
            )
            _send(found.events, openlineage, allow_private or [])
            report = replace(report, events=len(found.events))
    if as_json:
        console.emit_json(encode(report))
    elif openlineage:
        console.print(f"{report.events} events to {openlineage}")
    else:
        console.print("\n".join(tree_lines(version, report.edges, down=down)))


@lineage.command("impact", epilog="Example: genaiops hub impact --document returns.md")
def show_impact(
    context: typer.Context,
    ref: Annotated[
        str | None, typer.Argument(help="A version; with --document, the corpora to look through.")
    ] = None,
    document: Annotated[
        str | None,
        typer.Option(
            metavar="ID", help="A document inside a corpus: its id, its path, or sha256:… of its text."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show what rests on a version or a document: indexes, apps, verdicts; and what of it is live."""
    console = Console(json=as_json)
    with opened(cast("Above | None", context.obj), HUB_ROUTES) as hub:
        found = hub.transport.ask(impact, ref=ref, document=document)
    if as_json:
        console.emit_json(encode(found))
    else:
        console.print("\n".join(impact_lines(found)))


@lineage.command("bom", epilog="Example: genaiops hub bom app/rag-assistant:prod --to bom.cdx.json")
def write_bom(
    context: typer.Context,
    ref: Annotated[str, typer.Argument(metavar="APP", help="A version of an app: app/rag-assistant:v3.")],
    to: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write it here; printed where left out.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write the bill of materials of an app version: CycloneDX 1.7, checked against the official schema."""
    console = Console(json=as_json)
    with opened(cast("Above | None", context.obj), HUB_ROUTES) as hub:
        bill = hub.transport.ask(bom, ref=ref)
    text = written(bill.document)
    if to is None:
        typer.echo(text, nl=False)
        return
    write_whole(to, text)
    if as_json:
        console.emit_json({"app": bill.app, "components": bill.components, "file": str(to)})
    else:
        console.print(f"{bill.app}: {bill.components} components, valid CycloneDX 1.7, in {to}")


def _send(events: Sequence[dict[str, Json]], target: str, allow_private: list[str]) -> None:
    if not is_url(target):
        append_events(events, Path(target))
        return

    async def post() -> None:
        settings = Settings.from_env(os.environ)
        egress = HttpEgress(load_policy(settings, allow_private))
        try:
            await post_events(events, target, egress, os.environ.get(API_KEY))
        finally:
            await egress.close()

    asyncio.run(post())
