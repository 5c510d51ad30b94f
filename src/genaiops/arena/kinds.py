"""The kinds of artifact that ARENA owns, and `KINDS`: with them, those of every room below.

This is the one place where the kinds come together. A room that comes above hands its own `KINDS` to whoever
composes commands and pages.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Literal, cast

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from genaiops import app, knowledge, models, prompts
from genaiops.arena.datasets import cases_digest
from genaiops.arena.published import compose_evidence
from genaiops.arena.recordings import count_outputs
from genaiops.arena.row_changes import Row, diff_rows
from genaiops.core import (
    Composed,
    Digest,
    DigestText,
    FileEntry,
    Json,
    Manifest,
    Outcome,
    Read,
    UserError,
    split_lines,
    typed_kind,
)
from genaiops.hub import BLOB_KIND, POLICY_KIND, diff_json

LONGEST_ROW = 16 * 1024 * 1024
_FORBID = ConfigDict(extra="forbid", frozen=True)


class DatasetManifest(BaseModel):
    """A dataset: `rows` is its file of JSON Lines, `digest` that of its cases, whatever their order."""

    model_config = _FORBID

    digest: DigestText
    cases: int = Field(ge=1)
    rows: DigestText


class SuiteManifest(BaseModel):
    """A suite: its ruler (scorers, claims, rules, slices) and, by digest, the dataset it is laid on."""

    model_config = _FORBID

    digest: DigestText
    ruler: dict[str, JsonValue]


class ScorerManifest(BaseModel):
    """A judge: a language model (`model`) that reads answers by a rubric."""

    model_config = _FORBID

    name: str
    model: str
    rubric: str
    form: Literal["answer", "pair"] = "answer"
    scale: tuple[str, ...] = ("no", "yes")
    sees: tuple[str, ...] = ()
    max_tokens: int = Field(default=256, ge=1)
    anchors: DigestText | None = None


class RecordingManifest(BaseModel):
    """Outputs that were recorded elsewhere: `content` is the file, `digest` that of what is meant of it."""

    model_config = _FORBID

    digest: DigestText
    file: str = ""
    outputs: int = Field(ge=1)
    content: DigestText


class EvidenceManifest(BaseModel):
    """A verdict as its bundle states it. Nobody believes it: the Hub recomputes it from the bundle."""

    model_config = _FORBID

    run: str
    outcome: Outcome
    headline: str = ""
    suite: DigestText | None = None
    baseline: DigestText | None = None
    candidate: DigestText | None = None
    statement: DigestText


def _dataset_diff(old: Manifest, new: Manifest, read: Read) -> list[str]:
    files = [_lines(each, "rows", read) for each in (old, new)]
    return diff_rows(files[0], files[1], lambda row: str(row.get("id")), "rows")


def _recording_diff(old: Manifest, new: Manifest, read: Read) -> list[str]:
    files = [_lines(each, "content", read) for each in (old, new)]
    return diff_rows(files[0], files[1], _answered, "outputs")


def _answered(row: Row) -> str:
    parts = [str(row.get("case")), str(row.get("role") or ""), f"repeat {row.get('repeat', 0)}"]
    return " ".join(part for part in parts if part)


def _suite_diff(old: Manifest, new: Manifest, read: Read) -> list[str]:
    before, after = (cast("dict[str, Json]", each.get("ruler", {})) for each in (old, new))
    lines: list[str] = []
    if before.get("dataset_digest") != after.get("dataset_digest"):
        lines.append(f"dataset: {before.get('dataset_digest')} -> {after.get('dataset_digest')}")
    for what in ("scorers", "judges", "slices", "quarantine"):
        lines += _members(what.removesuffix("s"), before.get(what), after.get(what))
    gates = [cast("dict[str, Json]", each.get("gate") or {}) for each in (before, after)]
    for what in ("claims", "rules"):
        lines += _members(what.removesuffix("s"), gates[0].get(what), gates[1].get(what))
    listed = ("dataset_digest", "scorers", "judges", "slices", "quarantine", "gate", "specs")
    rest = [{key: value for key, value in each.items() if key not in listed} for each in (before, after)]
    ends = [{key: value for key, value in each.items() if key not in ("claims", "rules")} for each in gates]
    lines += diff_json({**rest[0], "gate": ends[0]}, {**rest[1], "gate": ends[1]})
    return lines or diff_json({"specs": before.get("specs")}, {"specs": after.get("specs")})


def _members(what: str, old: Json, new: Json) -> list[str]:
    before, after = (
        [json.dumps(each, ensure_ascii=False, sort_keys=True) for each in cast("list[Json]", side or [])]
        for side in (old, new)
    )
    gone = [f"- {what} {each}" for each in before if each not in after]
    return gone + [f"+ {what} {each}" for each in after if each not in before]


def _lines(manifest: Manifest, name: str, read: Read) -> Iterator[bytes]:
    return split_lines(read(Digest(str(manifest[name]))), LONGEST_ROW, name)


def _one(files: Sequence[FileEntry], what: str) -> FileEntry:
    if len(files) != 1:
        raise UserError(
            "GAO-ARENA-180",
            f"a {what} is one file of JSON Lines",
            why=f"there are {len(files)} files",
            fix="push one file",
        )
    return files[0]


def _compose_dataset(files: Sequence[FileEntry], read: Read) -> Composed:
    file = _one(files, "dataset")
    digest, number = cases_digest(split_lines(read(Digest(file.digest)), LONGEST_ROW, file.path), file.path)
    manifest: dict[str, Json] = {"digest": digest, "cases": number, "rows": file.digest}
    return Composed(manifest=manifest, blobs={"rows": Digest(file.digest)})


def _compose_recording(files: Sequence[FileEntry], read: Read) -> Composed:
    file = _one(files, "recording")
    rows = split_lines(read(Digest(file.digest)), LONGEST_ROW, file.path)
    manifest: dict[str, Json] = {
        "digest": file.digest,
        "file": file.path,
        "outputs": count_outputs(rows, file.path),
        "content": file.digest,
    }
    return Composed(manifest=manifest, blobs={"content": Digest(file.digest)})


def _rests_on(key: str) -> Callable[[Manifest], frozenset[Digest]]:
    return lambda manifest: frozenset({Digest(str(manifest[key]))})


KINDS = (
    *(BLOB_KIND, POLICY_KIND),
    *prompts.KINDS,
    *knowledge.KINDS,
    *models.KINDS,
    *app.KINDS,
    typed_kind(
        "dataset",
        DatasetManifest,
        diff=_dataset_diff,
        closure=_rests_on("rows"),
        compose=_compose_dataset,
        files=lambda manifest, read: {"rows.jsonl": Digest(str(manifest["rows"]))},
    ),
    typed_kind(
        "recording",
        RecordingManifest,
        diff=_recording_diff,
        closure=_rests_on("content"),
        compose=_compose_recording,
        files=lambda manifest, read: {"outputs.jsonl": Digest(str(manifest["content"]))},
    ),
    typed_kind("scorer", ScorerManifest, diff=diff_json),
    typed_kind("suite", SuiteManifest, diff=_suite_diff),
    typed_kind(
        "evidence",
        EvidenceManifest,
        diff=diff_json,
        closure=_rests_on("statement"),
        compose=compose_evidence,
    ),
)
"""Every kind whose room exists. `guard`, `scorecard` and `blueprint` come with theirs; until then their files
can be kept as a `blob`."""
