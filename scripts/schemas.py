"""Write the JSON Schemas that are committed under schemas/; with --check, fail where one is stale.

A contract's schema describes what we write; the project file's and the policy's describe what people write,
and `kind_*` the manifests of what the Hub keeps.
"""

import json
import sys
from pathlib import Path
from typing import cast

from genaiops.access.identities import IdentitiesFile
from genaiops.access.keys import NewKey
from genaiops.access.model import AuditLog, AuditResult, Changed, Grants, Keys, Subjects, WhoAmI
from genaiops.access.oidc.settings import OidcFile
from genaiops.access.vault import Erased
from genaiops.app import ProjectFile
from genaiops.app.model import Asked, Checked, Found, Hits, Indexes, Pruned, ReleaseMoved, Restored
from genaiops.arena import (
    LabelReport,
    LockReport,
    Recorded,
    RedteamReport,
    RunPlan,
    RunReport,
    StudyReport,
    SuiteLocks,
    SweepReport,
    VerifyResult,
)
from genaiops.arena.guarding import GuardBenched
from genaiops.arena.migrating import MigrationReport
from genaiops.arena.withdrawing import Withdrawn
from genaiops.cli.hub import all_kinds
from genaiops.core import Annotation, Case, Json, Output, Passage, Score, Trace, Verdict, json_schema
from genaiops.guard import GuardFile
from genaiops.guard.rows import CheckedText
from genaiops.guard.traced.model import CheckedSpanText, TraceSummed
from genaiops.hub import Impact, LineageReport, Move, PolicyFile, Version
from genaiops.hub.answers import Approved, Difference, History, Shown, Versions, VouchedFor
from genaiops.hub.contents.answers import Exported, Imported, Pulled, Removed
from genaiops.hub.contents.contents import Pushed

FOLDER = Path(__file__).resolve().parent.parent / "schemas"
CONTRACTS: dict[str, type[object]] = {
    "access_audit_list": AuditLog,
    "access_audit_verify": AuditResult,
    "access_changed": Changed,
    "access_key_list": Keys,
    "access_new_key": NewKey,
    "access_role_list": Grants,
    "access_subject_list": Subjects,
    "access_whoami": WhoAmI,
    "annotation": Annotation,
    "arena_label": LabelReport,
    "arena_lock": LockReport,
    "arena_plan": RunPlan,
    "arena_redteam": RedteamReport,
    "arena_run": RunReport,
    "arena_study": StudyReport,
    "arena_sweep": SweepReport,
    "arena_verify": VerifyResult,
    "ask": Asked,
    "case": Case,
    "guard_bench": GuardBenched,
    "guard_check": CheckedText,
    "guard_check_trace": CheckedSpanText,
    "guard_check_trace_summary": TraceSummed,
    "hub_approve": Approved,
    "hub_diff": Difference,
    "hub_erase": Erased,
    "hub_export": Exported,
    "hub_impact": Impact,
    "hub_import": Imported,
    "hub_lineage": LineageReport,
    "hub_list": Versions,
    "hub_log": History,
    "hub_move": Move,
    "hub_prune": Removed,
    "hub_pull": Pulled,
    "hub_push": Pushed,
    "hub_show": Shown,
    "hub_version": Version,
    "hub_vouch": VouchedFor,
    "index": Indexes,
    "index-check": Checked,
    "index-migrate": MigrationReport,
    "index-moved": ReleaseMoved,
    "index-prune": Pruned,
    "index-restore": Restored,
    "index-search": Found,
    "index-search-queries": Hits,
    "index-withdraw": Withdrawn,
    "lock": SuiteLocks,
    "output": Output,
    "passage": Passage,
    "recorded": Recorded,
    "score": Score,
    "trace": Trace,
    "verdict": Verdict,
}


def schemas() -> dict[str, dict[str, Json]]:
    """Return every schema by the name of its file."""
    made = {f"{name}.schema.json": json_schema(kind) for name, kind in CONTRACTS.items()}
    project = cast("dict[str, Json]", ProjectFile.model_json_schema(mode="validation", by_alias=True))
    made["genaiops.schema.json"] = {"$schema": "https://json-schema.org/draft/2020-12/schema", **project}
    oidc = cast("dict[str, Json]", OidcFile.model_json_schema(mode="validation"))
    made["oidc.schema.json"] = {"$schema": "https://json-schema.org/draft/2020-12/schema", **oidc}
    identities = cast("dict[str, Json]", IdentitiesFile.model_json_schema(mode="validation"))
    made["identities.schema.json"] = {"$schema": "https://json-schema.org/draft/2020-12/schema", **identities}
    policy = cast("dict[str, Json]", PolicyFile.model_json_schema(mode="validation"))
    made["policy.schema.json"] = {"$schema": "https://json-schema.org/draft/2020-12/schema", **policy}
    guard = cast("dict[str, Json]", GuardFile.model_json_schema(mode="validation"))
    made["guard.schema.json"] = {"$schema": "https://json-schema.org/draft/2020-12/schema", **guard}
    for kind in all_kinds():
        made[f"kind_{kind.kind}.schema.json"] = {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            **dict(kind.schema),
        }
    return made


def stale(folder: Path) -> list[str]:
    """Return the files of `folder` that are not what the code says."""
    return [name for name, text in _texts().items() if _read(folder / name) != text]


def _texts() -> dict[str, str]:
    return {name: json.dumps(schema, indent=2, sort_keys=True) + "\n" for name, schema in schemas().items()}


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


def main(arguments: list[str]) -> int:
    """Write, or check, the schemas; return the exit status."""
    old = stale(FOLDER)
    if "--check" in arguments:
        for name in old:
            print(f"schemas/{name} is stale: run python scripts/schemas.py")
        return int(bool(old))
    FOLDER.mkdir(exist_ok=True)
    for name, text in _texts().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
    print(f"schemas: {len(old)} of {len(_texts())} written anew")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
