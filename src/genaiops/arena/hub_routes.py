"""`/api/hub/…`: what joins the Hub with what ARENA knows: impact, bills of materials, lineage as events."""

from dataclasses import dataclass
from typing import Literal, cast

import genaiops
from genaiops.arena.bom import bill_of_materials, check, proof_of
from genaiops.arena.bom.checking import is_spdx
from genaiops.arena.bom.gathering import published_bundle
from genaiops.arena.impact import impact as impact_on
from genaiops.arena.impact import read_all
from genaiops.core import Json, Route, UserError
from genaiops.hub import At, Governance, Hub, Impact, Ref, Steps, Word, openlineage_events
from genaiops.models import known_weights, need_extra

PRODUCER = f"urn:genaiops:{genaiops.__version__}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """The bill of materials of an app version: a document of CycloneDX 1.7."""

    app: str
    components: int
    document: dict[str, Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class Events:
    """Lineage as events of OpenLineage."""

    events: tuple[dict[str, Json], ...]


def impact(asked: At, ref: Ref | None = None, document: Ref | None = None) -> Impact:
    """Say what rests on a version or a document: indexes, apps, verdicts; and what of it is live."""
    hub = Hub(asked.room.store, (), by=asked.by, clock=lambda: asked.at)
    governance = _governance(asked)
    return impact_on(hub, governance, ref, document)


def bom(asked: At, ref: Ref) -> Bill:
    """Return the bill of materials of an app version: CycloneDX 1.7, checked against its schema."""
    need_extra("cyclonedx-python-lib", "lineage", "a bill of materials")
    store = asked.room.store
    hub = Hub(store, (), by=asked.by, clock=lambda: asked.at)
    governance = _governance(asked)
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
        proof_of(store, app, each, found.get(reference), hub.lineage(each.pinned))
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
    check(document)
    return Bill(app=app.reference, components=len(components), document=document)


def lineage_events(
    asked: At,
    ref: Ref,
    direction: Literal["up", "down"] = "up",
    depth: Steps | None = None,
    namespace: Word = "genaiops",
) -> Events:
    """Return the lineage of a version as OpenLineage events; `namespace` tells this Hub from others."""
    need_extra("openlineage-python", "lineage", "writing OpenLineage events")
    store = asked.room.store
    hub = Hub(store, (), by=asked.by, clock=lambda: asked.at)
    edges = hub.lineage(hub.get(ref).reference, direction, depth=depth)
    evidence = {edge.child.reference: edge.child for edge in edges if edge.child.kind == "evidence"}
    found = _governance(asked).recomputed(evidence.values())
    bundles = ((reference, published_bundle(store, each)) for reference, each in evidence.items())
    verdicts = {reference: bundle[1] for reference, bundle in bundles if bundle is not None}
    made = openlineage_events(edges, namespace=namespace, producer=PRODUCER, checked=found, verdicts=verdicts)
    return Events(events=tuple(made))


def _governance(asked: At) -> Governance:
    room = asked.room
    return Governance(room.store, by=asked.by, identities=room.identities, clock=lambda: asked.at)


HUB_ROUTES: tuple[Route, ...] = (
    Route("GET", "/api/hub/impact", impact, "artifact.read", None),
    Route("GET", "/api/hub/bom", bom, "artifact.read", None),
    Route("GET", "/api/hub/openlineage", lineage_events, "artifact.read", None),
)
