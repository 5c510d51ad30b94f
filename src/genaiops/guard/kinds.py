"""What the Hub must know about a guard: a version is its policy; the detectors come with the software."""

from collections.abc import Mapping, Sequence
from typing import cast

import yaml
from pydantic import BaseModel, ConfigDict, JsonValue

from genaiops.core import Composed, Digest, FileEntry, Json, Manifest, Read, UserError, typed_kind
from genaiops.guard.loading import read_policy
from genaiops.guard.pipeline import Pipeline
from genaiops.guard.policy_file import GuardFile
from genaiops.hub import diff_json


class GuardManifest(BaseModel):
    """A guard: its policy, defaults filled in, and the versions of its detectors when it was published."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    policy: GuardFile
    versions: dict[str, str]


def _compose(files: Sequence[FileEntry], read: Read) -> Composed:
    if len(files) != 1:
        raise UserError(
            "GAO-GUARD-040", "a guard is one file", why=f"there are {len(files)}", fix="push one guard.yaml"
        )
    text = b"".join(read(Digest(files[0].digest))).decode("utf-8", "replace")
    return Composed(manifest=guard_manifest(text, files[0].path), blobs={})


def guard_manifest(text: str, where: str) -> dict[str, Json]:
    """Return what the Hub keeps of the policy in `text`; raises `UserError` where it does not hold."""
    policy, detectors = read_policy(text, where)
    return _facts(policy, {name: each.spec.version for name, each in detectors.items()})


def guard_facts(guard: Pipeline) -> dict[str, Json]:
    """Return the manifest of a guard that is loaded."""
    return _facts(guard.policy, guard.versions)


def policy_of(manifest: Mapping[str, Json]) -> str:
    """Return the text of the policy that the Hub keeps."""
    policy = GuardManifest.model_validate(dict(manifest)).policy
    values: dict[str, JsonValue] = policy.model_dump(mode="json", exclude_defaults=True, by_alias=True)
    return yaml.safe_dump(values, sort_keys=False, allow_unicode=True)


def _facts(policy: GuardFile, versions: Mapping[str, str]) -> dict[str, Json]:
    return {"policy": cast("Json", policy.model_dump(mode="json", by_alias=True)), "versions": dict(versions)}


def _files(manifest: Manifest, read: Read) -> dict[str, bytes | Digest]:
    return {"guard.yaml": policy_of(manifest).encode()}


GUARD_KIND = typed_kind("guard", GuardManifest, diff=diff_json, compose=_compose, files=_files)
KINDS = (GUARD_KIND,)
