"""`/api/hub/…`: thin over `Hub` and `Governance`, with the same JSON as the commands.

A reference is a value of the query, not a part of the path: it has slashes of its own. Which project it is
about only the store knows, so the Hub decides each time who may.
"""

from typing import Literal

from genaiops.core import Digest, Route
from genaiops.hub import answers, bodies
from genaiops.hub.agreements import page
from genaiops.hub.answers import Approved, Difference, History, Live, Page, Shown, Versions
from genaiops.hub.bodies import At, Ref, Text, Word
from genaiops.hub.contents.routes import ROUTES as CONTENTS
from genaiops.hub.history import what_was_live
from genaiops.hub.model import Move, Version
from genaiops.hub.options import read_labels, said_of
from genaiops.hub.policy import IN_FORCE, NO_PROJECT, read_policy
from genaiops.hub.tree import LineageReport, Walked

_MOST_MANIFEST = 8 << 20


def list_artifacts(
    asked: At,
    kind: Word | None = None,
    name: Word | None = None,
    search: Text | None = None,
    label: Text | None = None,
    owner: Text | None = None,
    licence: Text | None = None,
    sensitivity: Word | None = None,
    limit: bodies.Many = 100,
) -> Versions:
    """List artifacts with the newest version that fits, the one changed last first.

    `label`: `KEY=VALUE`, each on a line where there are several.
    """
    found = bodies.hub_of(asked).artifacts(
        kind,
        name,
        text=search,
        labels=read_labels(label.splitlines() if label else ()),
        described=said_of(owner=owner, licence=licence, sensitivity=sensitivity),
        limit=limit,
    )
    return answers.listed(found, bodies.governance_of(asked).aliases())


def list_versions(asked: At, limit: bodies.Many = 100) -> Versions:
    """List the versions that were published last, the newest first."""
    found = bodies.hub_of(asked).list()[: -limit - 1 : -1]
    return answers.listed(found, bodies.governance_of(asked).aliases())


def publish(asked: At, body: bodies.NewVersion) -> Version:
    """Publish a version that has no content besides its manifest; equal content is one version."""
    hub = bodies.hub_of(asked)
    place = f"{body.project}/{body.name}" if body.project else body.name
    bodies.contents_of(asked).check_named(f"{body.kind}/{place}", body.manifest)
    return hub.publish(
        body.kind,
        body.name,
        body.manifest,
        parents=[hub.get(parent) for parent in body.parents],
        project=body.project,
        labels=body.labels,
        activity=body.activity,
    )


def get(asked: At, ref: Ref) -> Version:
    """Say which version a reference, an alias or a digest names."""
    return bodies.hub_of(asked).get(ref)


def show(asked: At, ref: Ref) -> Shown:
    """Show a version with what was decided about it."""
    found = bodies.hub_of(asked).get(ref)
    return answers.shown(found, bodies.governance_of(asked).standing(found.reference))


def diff(asked: At, a: Ref, b: Ref) -> Difference:
    """Say in lines how the version `b` differs from `a`."""
    hub = bodies.hub_of(asked)
    old, new = hub.get(a), hub.get(b)
    lines = hub.diff(old, new)
    return Difference(a=old.reference, b=new.reference, lines=tuple(lines))


def lineage(
    asked: At, ref: Ref, direction: Literal["up", "down"] = "up", depth: bodies.Steps | None = None
) -> LineageReport:
    """Walk from a version back to every input, or on to everything made from it."""
    hub = bodies.hub_of(asked)
    version = hub.get(ref)
    edges = hub.lineage(version.reference, direction, depth=depth)
    return LineageReport(
        version=version.reference, direction=direction, edges=tuple(Walked.of(edge) for edge in edges)
    )


def history(asked: At, alias: Ref, at: Word | None = None, limit: bodies.Limit = 20) -> History:
    """List the moves of an alias, newest first; with `at`, those that made what was live then."""
    moves = bodies.governance_of(asked).history(alias)
    found = moves[::-1] if at is None else what_was_live(moves, at)
    return History(alias=alias, moves=tuple(found[:limit]))


def live(asked: At, artifact: Ref, alias: Word) -> Live:
    """Say which version an alias of an artifact (`kind/[project/]name`) points at, if any."""
    return Live(version=bodies.governance_of(asked).live(artifact, alias))


def move(asked: At, body: bodies.NewMove) -> Move:
    """Point an alias at a version, where the policy allows it; a refusal names what does not hold."""
    return bodies.governance_of(asked).move(
        body.artifact,
        body.alias,
        body.to,
        read=Digest(body.read) if body.read else None,
        why=body.why,
        allow_deprecated=body.allow_deprecated,
        override=bodies.override_of(body.override),
    )


def rollback(asked: At, body: bodies.NewRollback) -> Move:
    """Move an alias back to the version that was live before."""
    governance = bodies.governance_of(asked)
    return governance.rollback(body.alias, why=body.why, allow_deprecated=body.allow_deprecated)


def approve(asked: At, body: bodies.NewApproval) -> Approved:
    """Approve exactly one version in a role, or take that back."""
    version, approval = bodies.governance_of(asked).approve(
        body.version, body.role, note=body.note, withdraw=body.withdraw
    )
    return Approved(version=version.reference, approval=approval)


def describe(asked: At, body: bodies.NewDescription) -> Version:
    """Say who owns a version, its licence, how sensitive it is, what it is; '' takes it back."""
    return bodies.hub_of(asked).describe(body.version, **body.said)


def agreements(asked: At, project: Word | None = None) -> Page:
    """Return how a project works together, as Markdown; without one, what holds for what belongs to none."""
    return Page(text=page(bodies.governance_of(asked).agreements(project)))


def deprecate(asked: At, body: bodies.NewDeprecation) -> Version:
    """Mark a version as not to be used any more."""
    governance = bodies.governance_of(asked)
    return governance.deprecate(body.version, reason=body.reason, successor=body.successor)


def set_policy(asked: At, body: bodies.NewPolicy) -> Move:
    """Publish a policy and put it in force, where the one in force allows that."""
    read = read_policy(body.text, "policy")
    hub, governance = bodies.hub_of(asked), bodies.governance_of(asked)
    found = hub.publish("policy", read.project or NO_PROJECT, read.model_dump(mode="json"))
    live = governance.live(found.artifact, IN_FORCE)
    return governance.move(
        found.artifact, IN_FORCE, found.reference, why=body.why, read=live.digest if live else None
    )


ROUTES: tuple[Route, ...] = (
    Route("GET", "/api/hub/artifacts", list_artifacts, "artifact.read", None),
    Route("GET", "/api/hub/versions", list_versions, "artifact.read", None),
    Route("POST", "/api/hub/versions", publish, "artifact.publish", None, most_bytes=_MOST_MANIFEST),
    Route("GET", "/api/hub/version", get, "artifact.read", None),
    Route("GET", "/api/hub/standing", show, "artifact.read", None),
    Route("GET", "/api/hub/diff", diff, "artifact.read", None),
    Route("GET", "/api/hub/lineage", lineage, "artifact.read", None),
    Route("GET", "/api/hub/moves", history, "artifact.read", None),
    Route("GET", "/api/hub/live", live, "artifact.read", None),
    Route("POST", "/api/hub/moves", move, "alias.move", None),
    Route("POST", "/api/hub/rollbacks", rollback, "alias.move", None),
    Route("POST", "/api/hub/approvals", approve, "approval.give", None),
    Route("POST", "/api/hub/deprecations", deprecate, "artifact.deprecate", None),
    Route("POST", "/api/hub/descriptions", describe, "artifact.publish", None),
    Route("POST", "/api/hub/policies", set_policy, "policy.set", None),
    Route("GET", "/api/hub/agreements", agreements, "artifact.read", None),
    *CONTENTS,
)
