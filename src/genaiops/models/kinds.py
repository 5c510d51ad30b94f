"""What the Hub must know about models: which one, by whom, and its weights where they are ours."""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from genaiops.core import (
    DigestText,
    FileEntry,
    Json,
    Manifest,
    Read,
    compose_files,
    diff_files,
    files_closure,
    listed_files,
    typed_kind,
)


class ModelManifest(BaseModel):
    """A model: who serves it (`local`, `openai`, …) under which name and version, or the files that it is.

    `digest` is that of weights that are known without being kept here; `settings` are what it runs with.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    provider: str = ""
    model: str = ""
    version: str | None = None
    digest: DigestText | None = None
    settings: dict[str, JsonValue] = Field(default_factory=dict)
    files: tuple[FileEntry, ...] = ()


class EmbeddingManifest(ModelManifest):
    """A model that turns texts into vectors of so many `dimensions`."""

    dimensions: int | None = Field(default=None, ge=1)


def _diff(old: Manifest, new: Manifest, read: Read) -> list[str]:
    before, after = _facts(old), _facts(new)
    lines = [
        f"{key}: {before.get(key, '(none)')} -> {after.get(key, '(none)')}"
        for key in sorted(before.keys() | after.keys())
        if before.get(key) != after.get(key)
    ]
    return lines + diff_files(old, new)


def _facts(manifest: Manifest) -> dict[str, Json]:
    facts = {key: value for key, value in manifest.items() if key not in ("files", "settings")}
    settings = manifest.get("settings")
    named = settings if isinstance(settings, Mapping) else {}
    return facts | {f"settings.{key}": value for key, value in named.items()}


MODEL_KIND = typed_kind(
    "model", ModelManifest, diff=_diff, closure=files_closure, compose=compose_files, files=listed_files
)
EMBEDDING_KIND = typed_kind(
    "embedding",
    EmbeddingManifest,
    diff=_diff,
    closure=files_closure,
    compose=compose_files,
    files=listed_files,
)
KINDS = (MODEL_KIND, EMBEDDING_KIND)
