"""The kinds of artifact that ARENA owns, and `kinds_with`: with them, those of every room below.

This is the one place where the kinds come together. A room that comes above hands its own `KINDS` to whoever
composes commands and pages.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal, cast

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from genaiops import app, guard, knowledge, models, prompts
from genaiops.access import Vault
from genaiops.arena.datasets import cases_digest
from genaiops.arena.published import compose_evidence
from genaiops.arena.recordings import count_outputs
from genaiops.arena.row_changes import Row, diff_rows
from genaiops.arena.sealed_files import (
    Files,
    OpenRows,
    one_file,
    open_dataset,
    open_recording,
    opened_files,
    seal_dataset,
    seal_recording,
)
from genaiops.core import (
    SEALED,
    Composed,
    Digest,
    DigestText,
    FileEntry,
    Json,
    KindSpec,
    Manifest,
    Outcome,
    Read,
    split_lines,
    typed_kind,
)
from genaiops.hub import BLOB_KIND, POLICY_KIND, diff_json

LONGEST_ROW = 16 * 1024 * 1024
_FORBID = ConfigDict(extra="forbid", frozen=True)


class DatasetManifest(BaseModel):
    """A dataset: `rows` is its file of JSON Lines, `digest` that of its cases, whatever their order.

    `sealed`: the boxes of rows that belong to people, of which `rows` holds what is kept in clear.
    """

    model_config = _FORBID

    digest: DigestText
    cases: int = Field(ge=1)
    rows: DigestText
    sealed: DigestText | None = None


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
    """Outputs that were recorded elsewhere: `content` is the file, `digest` that of what is meant of it.

    `sealed`: the boxes of outputs that belong to people, of which `content` holds what is kept in clear.
    """

    model_config = _FORBID

    digest: DigestText
    file: str = ""
    outputs: int = Field(ge=1)
    content: DigestText
    sealed: DigestText | None = None


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


@dataclass(frozen=True, slots=True)
class _Rows:
    """A kind whose versions are one file of rows, and of people's rows the boxes beside them.

    With a vault rows are sealed when they come in, and opened where they are pulled or compared.
    """

    blob: str
    file: str
    what: str
    key: Callable[[Row], str]
    open_rows: OpenRows

    def diff(self, vault: Vault | None, old: Manifest, new: Manifest, read: Read) -> list[str]:
        """Say which rows differ, and how many of either side do not open."""
        sides = [self._lines(vault, each, read) for each in (old, new)]
        lines = diff_rows(sides[0][0], sides[1][0], self.key, self.what)
        said = zip(("the first", "the second"), sides, strict=True)
        return lines + [f"{which}: {told}" for which, (_, told) in said if told]

    def files(self, vault: Vault | None, manifest: Manifest, read: Read) -> Files:
        """Return the file of rows; without a vault, of people's rows what is kept of them, and the boxes."""
        if vault is not None and manifest.get(SEALED):
            return opened_files(self.open_rows, self.file, vault, manifest, read)
        boxes = {"sealed.jsonl": Digest(str(manifest[SEALED]))} if manifest.get(SEALED) else {}
        return {self.file: Digest(str(manifest[self.blob])), **boxes}

    def closure(self, manifest: Manifest) -> frozenset[Digest]:
        """Return what a version rests on."""
        return frozenset(Digest(str(manifest[key])) for key in (self.blob, SEALED) if manifest.get(key))

    def _lines(self, vault: Vault | None, manifest: Manifest, read: Read) -> tuple[Iterable[bytes], str]:
        if vault is not None and manifest.get(SEALED):
            opened = self.open_rows(vault, manifest, read)
            return (*opened.rows, *opened.closed), opened.told
        content = read(Digest(str(manifest[self.blob])))
        return split_lines(content, LONGEST_ROW, self.blob), ""


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


def _one(files: Sequence[FileEntry], what: str) -> FileEntry:
    path = one_file([entry.path for entry in files], what)
    return next(entry for entry in files if entry.path == path)


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


_DATASET = _Rows("rows", "rows.jsonl", "rows", lambda row: str(row.get("id")), open_dataset)
_RECORDING = _Rows("content", "outputs.jsonl", "outputs", _answered, open_recording)


def kinds_with(vault: Vault | None) -> tuple[KindSpec, ...]:
    """Return every kind whose room exists; rows of people are sealed and opened with `vault`.

    Without one they cannot be pushed, and are pulled and compared as they are kept.
    """
    return (
        *(BLOB_KIND, POLICY_KIND),
        *prompts.KINDS,
        *guard.KINDS,
        *knowledge.KINDS,
        *models.KINDS,
        *app.KINDS,
        typed_kind(
            "dataset",
            DatasetManifest,
            diff=partial(_DATASET.diff, vault),
            closure=_DATASET.closure,
            compose=_compose_dataset,
            files=partial(_DATASET.files, vault),
            seal=partial(seal_dataset, vault) if vault else None,
        ),
        typed_kind(
            "recording",
            RecordingManifest,
            diff=partial(_RECORDING.diff, vault),
            closure=_RECORDING.closure,
            compose=_compose_recording,
            files=partial(_RECORDING.files, vault),
            seal=partial(seal_recording, vault) if vault else None,
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


KINDS = kinds_with(None)
"""Every kind of these rooms, without a vault. `scorecard` comes with its room; until then its files can be
kept as a `blob`."""
