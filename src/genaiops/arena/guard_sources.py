"""The guards that `guard bench` measures: a policy file, the one at a commit or in the Hub, recorded answers.

Whatever names the policy, the detectors are those installed here. What other versions of them said is told by
a file that `guard check --dataset FILE --json` wrote there.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from genaiops.arena.git import find_repository
from genaiops.core import Digest, Json, UserError, decode, digest_bytes, one_line
from genaiops.guard import (
    Action,
    LabelledRow,
    Pipeline,
    Told,
    guard_manifest,
    parse_guard,
    policy_of,
    policy_text,
)
from genaiops.hub import Hub
from genaiops.models import artifact_name

RECORDED = ".jsonl"
_HUB = "guard/"
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class GuardArm:
    """A guard to be measured. `said`, by row, is what a recording holds; else `pipeline` is asked.

    `called` is what a person named it by, `name` that of its artifact, `manifest` what the Hub keeps of it.
    """

    called: str
    name: str
    digest: Digest
    manifest: dict[str, Json]
    pipeline: Pipeline | None = None
    said: Mapping[str, Told] = field(default_factory=dict[str, Told])
    content: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class _RecordedLine:
    id: str
    action: Action
    score: float = 0.0
    failed: tuple[object, ...] = ()
    refused: str = ""


def candidate_arm(policy: Path | None) -> GuardArm:
    """Return the guard of the policy at `policy`, or of the one that the package brings."""
    text, where = policy_text(policy)
    return _arm(str(policy) if policy else where, policy.stem if policy else "default", text, where)


def baseline_arm(against: str, policy: Path | None, hub: Hub) -> GuardArm:
    """Return the guard that `against` names.

    A policy file, a recording (FILE.jsonl), guard/NAME in the Hub, or a git ref: then it is the file `policy`
    as it stood there. Raises `UserError` where there is none.
    """
    path = Path(against)
    if against.endswith(RECORDED):
        return _recorded(path)
    if path.is_file():
        text, where = policy_text(path)
        return _arm(against, path.stem, text, where)
    if against.startswith(_HUB):
        version = hub.get(against)
        return _arm(version.short, version.name, policy_of(version.manifest), version.short)
    return _at_commit(against, policy)


def strays(arm: GuardArm, rows: Sequence[LabelledRow]) -> None:
    """Raise `UserError` where a recording lacks rows: a comparison of the others is of another set."""
    lacking = [row.row.id for row in rows if row.row.id not in arm.said] if arm.pipeline is None else []
    if lacking:
        raise UserError(
            "GAO-ARENA-432",
            f"the recording lacks {len(lacking):,} of {len(rows):,} rows",
            why=f"among them {', '.join(one_line(name, 40) for name in lacking[:_SHOWN])}",
            fix="record the same data set: genaiops guard check --dataset FILE --json > old.jsonl",
            where=arm.called,
        )


def _arm(called: str, name: str, text: str, where: str) -> GuardArm:
    pipeline = parse_guard(text, where)
    return GuardArm(
        called, artifact_name(name) or "guard", pipeline.digest, guard_manifest(text, where), pipeline
    )


def _at_commit(ref: str, policy: Path | None) -> GuardArm:
    if policy is None:
        raise UserError(
            "GAO-ARENA-431",
            f"{ref!r} is no file, and which policy is meant at that commit is not said",
            why="the policy that the package brings is in no repository of yours",
            fix=f"name the file: --policy guard.yaml --against {ref}; or give --against a file",
        )
    repository = find_repository(policy.absolute().parent)
    commit = repository.commit_of(ref)
    text = repository.git("show", f"{commit}:{repository.prefix / policy.name}").decode("utf-8", "replace")
    return _arm(f"{policy} at {ref}", policy.stem, text, f"{policy.name} at {ref}")


def _recorded(path: Path) -> GuardArm:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UserError(
            "GAO-ARENA-433",
            "the recording cannot be read",
            why=error.strerror or str(error),
            fix="genaiops guard check --dataset FILE --json > old.jsonl writes one",
            where=str(path),
        ) from error
    said: dict[str, Told] = {}
    for number, line in enumerate(content.split(b"\n"), 1):
        if line.strip():
            row = _line(line, f"{path}:{number}")
            said[row.id] = Told(row.action, row.score, bool(row.failed or row.refused))
    digest = digest_bytes(content)
    facts: dict[str, Json] = {
        "digest": digest,
        "file": path.name,
        "outputs": len(said),
        "content": digest,
    }
    return GuardArm(str(path), artifact_name(path.stem) or "guard", digest, facts, said=said, content=content)


def _line(line: bytes, where: str) -> _RecordedLine:
    try:
        value = cast("object", json.loads(line))
    except (ValueError, RecursionError):
        value = None
    if isinstance(value, dict):
        told = cast("dict[str, object]", value)
        value = {key: told[key] for key in ("id", "action", "score", "failed", "refused") if key in told}
    return decode(_RecordedLine, value, where=where, code="GAO-ARENA-434")
