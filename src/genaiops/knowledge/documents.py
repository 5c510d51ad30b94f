"""Which documents a corpus of the Hub holds. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from genaiops.core import Digest, Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A document as a corpus' manifest lists it; `digest` is that of its text."""

    id: str
    path: str
    digest: Digest


def listed_documents(manifest: Mapping[str, Json]) -> tuple[Listed, ...]:
    """Return the documents that a corpus' manifest lists, in its order."""
    documents = cast("Sequence[Mapping[str, Json]]", manifest.get("documents", []))
    return tuple(
        Listed(id=str(each["id"]), path=str(each["path"]), digest=Digest(str(each["digest"])))
        for each in documents
    )


def holds_document(manifest: Mapping[str, Json], wanted: str) -> bool:
    """Return whether a corpus' manifest lists the document of this id, path or digest (`sha256:…`)."""
    return any(wanted in (each.id, each.path, each.digest) for each in listed_documents(manifest))
