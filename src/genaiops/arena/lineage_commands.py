"""`genaiops hub lineage`, `impact` and `bom`: where versions come from and lead to, in every form."""

import asyncio
import os
from pathlib import Path
from typing import Annotated, cast

import typer

import genaiops
from genaiops.access import acting
from genaiops.arena.bom import bill_of_materials, checked, proof_of
from genaiops.arena.bom.checking import is_spdx
from genaiops.arena.bom.gathering import published_bundle
from genaiops.arena.files import write_whole
from genaiops.arena.impact import impact, read_all
from genaiops.arena.sending import append_events, is_url, post_events
from genaiops.core import Json, Settings, UserError, encode
from genaiops.hub import (
    Edge,
    Governance,
    Hub,
    LineageReport,
    Walked,
    impact_lines,
    openlineage_events,
    tree_lines,
)
from genaiops.models import known_weights, need_extra
from genaiops.net import HttpEgress, load_policy
from genaiops.store import Store, find_store
from genaiops.work import Console

API_KEY = "OPENLINEAGE_API_KEY"
PRODUCER = f"urn:genaiops:{genaiops.__version__}"

lineage = typer.Typer(help="Where versions come from and what rests on them.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Ref = Annotated[
    str,
    typer.Argument(help="A reference (prompt/answer:v2, app/rag-assistant:prod) or a digest (sha256:…)."),
]


@lineage.command("lineage", epilog="Example: genaiops hub lineage app/rag-assistant --down")
def show_lineage(
    ref: Ref,
    down: Annotated[
        bool, typer.Option("--down", help="What was made from it, not what it is made of.")
    ] = False,
    depth: Annotated[
        int | None, typer.Option(min=1, metavar="STEPS", help="How many steps to walk; all where left out.")
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
    with Store.open(find_store(Path.cwd())) as store:
        hub = Hub(store, (), by=acting(store.database, os.environ))
        version = hub.get(ref)
        edges = hub.lineage(version.pinned, "down" if down else "up", depth=depth)
        events = _events(store, edges, namespace) if openlineage else []
    if openlineage:
        _send(events, openlineage, allow_private or [])
    report = LineageReport(
        version=version.reference,
        direction="down" if down else "up",
        edges=tuple(Walked.of(edge) for edge in edges),
        events=len(events) if openlineage else None,
    )
    if as_json:
        console.emit_json(encode(report))
    elif openlineage:
        console.print(f"{len(events)} events to {openlineage}")
    else:
        console.print("\n".join(tree_lines(version, edges, down=down)))


@lineage.command("impact", epilog="Example: genaiops hub impact --document returns.md")
def show_impact(
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
    with Store.open(find_store(Path.cwd())) as store:
        by = acting(store.database, os.environ)
        found = impact(Hub(store, (), by=by), Governance(store, by=by), ref, document)
    if as_json:
        console.emit_json(encode(found))
    else:
        console.print("\n".join(impact_lines(found)))


@lineage.command("bom", epilog="Example: genaiops hub bom app/rag-assistant:prod --to bom.cdx.json")
def bom(
    ref: Annotated[str, typer.Argument(metavar="APP", help="A version of an app: app/rag-assistant:v3.")],
    to: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write it here; printed where left out.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write the bill of materials of an app version: CycloneDX 1.7, checked against the official schema."""
    need_extra("cyclonedx-python-lib", "lineage", "a bill of materials")
    console = Console(json=as_json)
    with Store.open(find_store(Path.cwd())) as store:
        text, said = _bom(store, ref)
    if to is None:
        typer.echo(text, nl=False)
        return
    write_whole(to, text)
    if as_json:
        console.emit_json({**said, "file": str(to)})
    else:
        console.print(f"{said['app']}: {said['components']} components, valid CycloneDX 1.7, in {to}")


def _bom(store: Store, ref: str) -> tuple[str, dict[str, Json]]:
    by = acting(store.database, os.environ)
    hub, governance = Hub(store, (), by=by), Governance(store, by=by)
    app = hub.get(ref)
    if app.kind != "app":
        raise UserError(
            "GAO-ARENA-385",
            f"{app.short} is not an app",
            why="a bill of materials is that of an app version",
            fix="see which there are: genaiops hub list --kind app",
        )
    below = hub.lineage(app.pinned, "down", depth=1)
    evidence = {edge.child.reference: edge.child for edge in below if edge.child.kind == "evidence"}
    found = governance.recomputed(evidence.values())
    proofs = [
        proof_of(store.path, app, each, found.get(reference), hub.lineage(each.pinned))
        for reference, each in sorted(
            evidence.items(), key=lambda pair: (pair[1].created_at, pair[0]), reverse=True
        )
    ]
    made_from = hub.lineage(app.pinned)
    for part in {edge.parent.reference: edge.parent for edge in made_from}.values():
        hub.note_reading(part)
    document = bill_of_materials(
        app, made_from, proofs, read_all(hub, "dataset"), weights=known_weights(), is_spdx=is_spdx
    )
    components = cast("list[Json]", document["components"])
    return checked(document), {"app": app.reference, "components": len(components)}


def _events(store: Store, edges: list[Edge], namespace: str) -> list[dict[str, Json]]:
    need_extra("openlineage-python", "lineage", "writing OpenLineage events")
    evidence = {edge.child.reference: edge.child for edge in edges if edge.child.kind == "evidence"}
    found = Governance(store, by=acting(store.database, os.environ)).recomputed(evidence.values())
    bundles = ((reference, published_bundle(store.path, each)) for reference, each in evidence.items())
    verdicts = {reference: bundle[1] for reference, bundle in bundles if bundle is not None}
    return openlineage_events(edges, namespace=namespace, producer=PRODUCER, checked=found, verdicts=verdicts)


def _send(events: list[dict[str, Json]], target: str, allow_private: list[str]) -> None:
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
