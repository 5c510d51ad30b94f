"""The registry: every version immutable and named by its digest, with the versions that it was made from.

`Hub.publish` writes blobs first, then one transaction; `Hub.activity` turns what code reads into the parents
of what it produces; `Hub.lineage` walks the edges. `Governance` moves aliases under a policy and records
approvals and deprecations. What a kind means is told by the room that owns it, and evidence is recomputed by
a verifier that is handed in.
"""

from typing import TYPE_CHECKING

from genaiops.lazy import attach

if TYPE_CHECKING:
    from genaiops.hub.differences import diff_json
    from genaiops.hub.governance import Governance, Override
    from genaiops.hub.hub import Activity, Hub
    from genaiops.hub.model import Edge, EvidenceFacts, EvidenceVerifier, Move, Standing, Version
    from genaiops.hub.policy import POLICY_KIND, PolicyFile

_FILES = {
    "differences": "diff_json",
    "governance": "Governance Override",
    "hub": "Activity Hub",
    "model": "Edge EvidenceFacts EvidenceVerifier Move Standing Version",
    "policy": "POLICY_KIND PolicyFile",
}

__all__ = [
    "POLICY_KIND", "Activity", "Edge", "EvidenceFacts", "EvidenceVerifier", "Governance", "Hub", "Move",
    "Override", "PolicyFile", "Standing", "Version", "diff_json",
]  # fmt: skip

__getattr__ = attach(__name__, {name: file for file, names in _FILES.items() for name in names.split()})
