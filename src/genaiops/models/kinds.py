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
from genaiops.models.embedding import Pooling, change_in_words


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
    """An embedder: every fact that its vectors depend on, and whence its weights are.

    `version` is its revision, `dimension` the numbers in a vector, `window` the most tokens that it reads;
    `normalised`: whether vectors are brought to unit length. What is not said is not known.
    """

    pooling: Pooling | None = None
    query_prefix: str | None = None
    passage_prefix: str | None = None
    dimension: int | None = Field(default=None, ge=1)
    normalised: bool | None = None
    quantisation: str | None = None
    window: int | None = Field(default=None, ge=1)
    licence: str = ""
    source: str = ""


def _diff(old: Manifest, new: Manifest, read: Read) -> list[str]:
    before, after = _facts(old), _facts(new)
    lines = [
        f"{key}: {before.get(key, '(none)')} -> {after.get(key, '(none)')}"
        for key in sorted(before.keys() | after.keys())
        if before.get(key) != after.get(key)
    ]
    return lines + diff_files(old, new)


def _embedding_diff(old: Manifest, new: Manifest, read: Read) -> list[str]:
    return change_in_words(_facts(old), _facts(new)) + diff_files(old, new)


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
    diff=_embedding_diff,
    closure=files_closure,
    compose=compose_files,
    files=listed_files,
)
KINDS = (MODEL_KIND, EMBEDDING_KIND)
