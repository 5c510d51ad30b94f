"""The registry: every version immutable and named by its digest, with the versions that it was made from.

`Hub.publish` writes blobs first, then one transaction; `Hub.activity` turns what code reads into the parents
of what it produces; `Hub.lineage` walks the edges. What a kind means is told by the room that owns it.
"""

from typing import TYPE_CHECKING

from genaiops.lazy import attach

if TYPE_CHECKING:
    from genaiops.hub.differences import diff_json
    from genaiops.hub.hub import Activity, Hub
    from genaiops.hub.model import Edge, Version

__all__ = ["Activity", "Edge", "Hub", "Version", "diff_json"]

__getattr__ = attach(
    __name__,
    {"Activity": "hub", "Edge": "model", "Hub": "hub", "Version": "model", "diff_json": "differences"},
)
