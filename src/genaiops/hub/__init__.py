"""The registry: every version immutable and named by its digest, with the versions that it was made from.

`Hub.publish` writes blobs first, then one transaction; `Hub.activity` turns what code reads into the parents
of what it produces; `Hub.lineage` walks the edges. `Governance` moves aliases under a policy and records
approvals and deprecations. `Contents` brings files in and out, moves versions between Hubs and removes
content that nothing needs. What a kind means is told by the room that owns it, and evidence is recomputed by
a verifier that is handed in.
"""

from typing import TYPE_CHECKING

from genaiops.lazy import attach

if TYPE_CHECKING:
    from genaiops.hub.blob import BLOB_KIND
    from genaiops.hub.bodies import At, Ref, Steps, Word
    from genaiops.hub.client import Client
    from genaiops.hub.contents.contents import Contents
    from genaiops.hub.contents.retention import Retention
    from genaiops.hub.describing import SENSITIVITIES
    from genaiops.hub.differences import diff_json
    from genaiops.hub.governance import Governance, Override
    from genaiops.hub.hub import Activity, Hub
    from genaiops.hub.impact import Impact, impact_lines, impact_of
    from genaiops.hub.model import (
        CheckedEvidence,
        Edge,
        EvidenceFacts,
        EvidenceVerifier,
        Move,
        Standing,
        Version,
    )
    from genaiops.hub.opening import Above, opened
    from genaiops.hub.openlineage import openlineage_events
    from genaiops.hub.policy import POLICY_KIND, PolicyFile
    from genaiops.hub.tree import LineageReport, Walked, tree_lines

_FILES = {
    "blob": "BLOB_KIND",
    "bodies": "At Ref Steps Word",
    "client": "Client",
    "contents.contents": "Contents",
    "contents.retention": "Retention",
    "describing": "SENSITIVITIES",
    "differences": "diff_json",
    "governance": "Governance Override",
    "hub": "Activity Hub",
    "impact": "Impact impact_lines impact_of",
    "model": "CheckedEvidence Edge EvidenceFacts EvidenceVerifier Move Standing Version",
    "opening": "Above opened",
    "openlineage": "openlineage_events",
    "policy": "POLICY_KIND PolicyFile",
    "tree": "LineageReport Walked tree_lines",
}

__all__ = [
    "BLOB_KIND", "POLICY_KIND", "SENSITIVITIES", "Above", "Activity", "At", "CheckedEvidence", "Client",
    "Contents", "Edge", "EvidenceFacts", "EvidenceVerifier", "Governance", "Hub", "Impact", "LineageReport",
    "Move", "Override", "PolicyFile", "Ref", "Retention", "Standing", "Steps", "Version", "Walked", "Word",
    "diff_json", "impact_lines", "impact_of", "opened", "openlineage_events", "tree_lines",
]  # fmt: skip

__getattr__ = attach(__name__, {name: file for file, names in _FILES.items() for name in names.split()})
