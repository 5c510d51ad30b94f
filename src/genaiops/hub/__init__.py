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
    from genaiops.hub.contents.contents import Contents
    from genaiops.hub.contents.retention import Retention
    from genaiops.hub.describing import SENSITIVITIES
    from genaiops.hub.differences import diff_json
    from genaiops.hub.governance import Governance, Override
    from genaiops.hub.hub import Activity, Hub
    from genaiops.hub.model import Edge, EvidenceFacts, EvidenceVerifier, Move, Standing, Version
    from genaiops.hub.people import local_user
    from genaiops.hub.policy import POLICY_KIND, PolicyFile

_FILES = {
    "blob": "BLOB_KIND",
    "contents.contents": "Contents",
    "contents.retention": "Retention",
    "describing": "SENSITIVITIES",
    "differences": "diff_json",
    "governance": "Governance Override",
    "hub": "Activity Hub",
    "model": "Edge EvidenceFacts EvidenceVerifier Move Standing Version",
    "people": "local_user",
    "policy": "POLICY_KIND PolicyFile",
}

__all__ = [
    "BLOB_KIND", "POLICY_KIND", "SENSITIVITIES", "Activity", "Contents", "Edge", "EvidenceFacts",
    "EvidenceVerifier", "Governance", "Hub", "Move", "Override", "PolicyFile", "Retention", "Standing",
    "Version", "diff_json", "local_user",
]  # fmt: skip

__getattr__ = attach(__name__, {name: file for file, names in _FILES.items() for name in names.split()})
