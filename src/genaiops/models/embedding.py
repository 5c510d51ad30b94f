"""What makes an embedding this one: how a project describes its embedder, and how the Hub knows it.

Two embedders whose facts differ in anything (revision, prefix, pooling, dimension …) make vectors that must
not meet. So the facts stand in `ModelSpec.settings`, from which recipes and caches take their digests.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, Protocol, runtime_checkable

from genaiops.core import Embedder, Json, ModelSpec

Pooling = Literal["mean", "cls", "last"]
"""How token vectors become one: their mean, the first one, or the last one."""

FACTS: Mapping[str, str] = MappingProxyType(
    {
        "pooling": "pooling",
        "query_prefix": "prefix of queries",
        "passage_prefix": "prefix of passages",
        "dimension": "dimension",
        "normalised": "normalisation to unit length",
        "quantisation": "quantisation",
        "window": "window in tokens",
    }
)
"""The facts of an embedder by their keys in `ModelSpec.settings`, and what they are called."""

_UNFIT = re.compile(r"[^a-z0-9._-]+")
_REPEATED = re.compile(r"[._-]{2,}")
_LONGEST = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbedSettings:
    """What a project says of its embedder beside its name; what is None, the model's own files say.

    `dimension` is checked against what comes back; with `shorten` an endpoint is asked for just that many
    numbers. `version`: what answers at an endpoint, in its owner's words.
    """

    version: str | None = None
    query_prefix: str | None = None
    passage_prefix: str | None = None
    pooling: Pooling | None = None
    dimension: int | None = None
    window: int | None = None
    shorten: bool | None = None

    @property
    def facts(self) -> dict[str, Json]:
        """What is said, without the version, as it stands in a spec's settings."""
        keys = ("query_prefix", "passage_prefix", "pooling", "dimension", "window", "shorten")
        return {key: getattr(self, key) for key in keys if getattr(self, key) is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Whence weights come, and under which licence. No part of an embedding: vectors do not depend on it."""

    licence: str = ""
    source: str = ""


@runtime_checkable
class TellsOrigin(Protocol):
    """What an embedder may add."""

    @property
    def origin(self) -> Origin:
        """Whence its weights come."""
        ...


def embedding_facts(embedder: Embedder) -> dict[str, Json]:
    """Return the manifest of an embedder for the Hub (kind `embedding`)."""
    spec = embedder.spec
    named = {key: spec.settings[key] for key in FACTS if key in spec.settings}
    rest = {key: value for key, value in spec.settings.items() if key not in FACTS}
    facts: dict[str, Json] = {"provider": spec.provider, "model": spec.model, **named}
    if isinstance(embedder, TellsOrigin):
        facts |= {"licence": embedder.origin.licence, "source": embedder.origin.source}
    optional: dict[str, Json] = {"version": spec.version, "digest": spec.digest, "settings": rest or None}
    return facts | {key: value for key, value in optional.items() if value is not None}


def embedding_name(spec: ModelSpec) -> str:
    """Return what an embedder's artifact is called: `minilm-l6`, `intfloat-e5-small-v2`, `bge-m3`."""
    name = (
        spec.model.rpartition("#")[2] if spec.provider in ("http", "https") else spec.model.partition("@")[0]
    )
    if spec.provider == "local":
        name = name.rstrip("/").rpartition("/")[2]
    return artifact_name(name) or artifact_name(spec.provider)


def artifact_name(text: str) -> str:
    """Return `text` as a name that can stand in a reference; empty where nothing of it can."""
    kept = _UNFIT.sub("-", text.lower())
    return _REPEATED.sub("-", kept).strip("._-")[:_LONGEST].rstrip("._-")


def change_in_words(old: Mapping[str, Json], new: Mapping[str, Json]) -> list[str]:
    """Return how two manifests of embeddings differ, a line each, and what follows from it."""
    keys = sorted(old.keys() | new.keys())
    changed = [key for key in keys if old.get(key) != new.get(key)]
    lines = [f"{FACTS.get(key, key)}: {_said(old.get(key))} -> {_said(new.get(key))}" for key in changed]
    if set(changed) - {"licence", "source"}:
        lines.append("another embedding: vectors of the two must not meet, so indexes have to be built again")
    return lines


def _said(value: Json) -> str:
    if value is None:
        return "(not said)"
    return repr(value) if isinstance(value, str) and (not value or value != value.strip()) else str(value)
