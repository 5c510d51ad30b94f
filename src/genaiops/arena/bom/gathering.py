"""What evidence tells a bill of materials, read from the bundles that lie in the store."""

from dataclasses import dataclass
from pathlib import Path

from genaiops.arena.bundle import MANIFEST, STATEMENT, VERDICT, Manifest, open_bundle
from genaiops.arena.model import ROLES, Role
from genaiops.arena.published import bundle_at_hand
from genaiops.core import Digest, UserError, Verdict, digest_bytes, open_statement
from genaiops.hub import CheckedEvidence, Edge, Version
from genaiops.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """A piece of evidence in which an app version was an arm, and what it rests on besides the apps.

    `manifest` and `verdict` are None where the bundle is not here, or not the one that was published.
    """

    evidence: Version
    role: Role | None
    found: CheckedEvidence | None
    inputs: tuple[Version, ...]
    manifest: Manifest | None = None
    verdict: Verdict | None = None

    @property
    def statement(self) -> Digest | None:
        """The digest of the signed statement."""
        said = self.evidence.manifest.get("statement")
        return None if said is None else Digest(str(said))


def published_bundle(store: Store, evidence: Version) -> tuple[Manifest, Verdict] | None:
    """Return manifest and verdict of the bundle that was published as `evidence`.

    None where its content is gone, or they are not what the published statement lists.
    """
    with bundle_at_hand(store, evidence) as folder:
        return _read(folder, evidence) if folder else None


def _read(folder: Path, evidence: Version) -> tuple[Manifest, Verdict] | None:
    try:
        bundle = open_bundle(folder)
        signed = open_statement(bundle.raw[STATEMENT], [], where=STATEMENT)
        listed = {each.name: each.digest.get("sha256") for each in signed.statement.subjects}
        as_signed = all(listed.get(name) == bundle.digests[name] for name in (MANIFEST, VERDICT))
        if not as_signed or digest_bytes(bundle.raw[STATEMENT]) != evidence.manifest.get("statement"):
            return None
        return bundle.manifest(), bundle.verdict()
    except UserError:
        return None


def proof_of(
    store: Store, app: Version, evidence: Version, found: CheckedEvidence | None, up: list[Edge]
) -> Proof:
    """Return what `evidence`, whose lineage is `up`, tells about `app`."""
    # the other arm's prompts and indexes are in the lineage too: only what lies behind the suite counts
    inputs: dict[str, Version] = {}
    waiting = [edge.parent for edge in up if edge.child == evidence and edge.parent.kind == "suite"]
    while waiting:
        version = waiting.pop()
        if version.reference not in inputs:
            inputs[version.reference] = version
            waiting += [edge.parent for edge in up if edge.child == version]
    ordered = tuple(inputs[reference] for reference in sorted(inputs))
    read = published_bundle(store, evidence)
    if read is None:
        return Proof(evidence=evidence, role=None, found=found, inputs=ordered)
    manifest, verdict = read
    role: Role | None = next(
        (each for each in ROLES[::-1] if app.reference in manifest.arms[each].versions), None
    )
    return Proof(
        evidence=evidence, role=role, found=found, inputs=ordered, manifest=manifest, verdict=verdict
    )
