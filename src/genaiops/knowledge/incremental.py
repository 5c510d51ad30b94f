"""What an earlier index of the same settings spares a new one: passages of unchanged documents."""

import json
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from genaiops.core import Digest, OutsideError, Passage, UserError, decode_json, digest_bytes, encode_json
from genaiops.knowledge.arrays import to_disk
from genaiops.knowledge.model import Document, Recipe
from genaiops.knowledge.snapshot import Snapshot
from genaiops.knowledge.writing import Base

_FILE = "documents.json"
_LOOKED_AT = 3
"""Indexes, the newest first: the corpus before the last change is seldom further back."""
_LEAST_SHARED = 0.5
_MOST_DRIFTED = 0.05
"""Of the documents: the trust of 64 probes is not known better than what so few can change of it."""

_NEARLY_ALL = 0.95
"""Of the documents: an index that shares so many is taken, and no older one looked at."""

_ENCODER = json.JSONEncoder(
    sort_keys=True, check_circular=False
)  # made once: there are ten thousands of documents

Digests = Mapping[str, Digest]
"""By document, over all that its passages are made of beside the recipe."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """What a build writes beside its snapshot: what it was made of.

    `drifted` counts the documents that changed since the index's trust was measured.
    """

    snapshot: str
    documents: dict[str, Digest]
    drifted: int = 0


def document_digest(document: Document) -> Digest:
    """Return the digest over what the chunks of a document depend on, beside the recipe."""
    access = None if document.access is None else sorted(document.access)
    metadata = _ENCODER.encode(document.metadata) if document.metadata else ""
    parts = (document.path, document.digest, document.source, document.title, access, metadata)
    # not as JSON, which takes longer than all else: only who made it compares it
    return digest_bytes(repr(parts).encode())


def passage_digest(passage: Passage) -> Digest:
    """Return the digest over a ready-made passage."""
    parts = [passage.title, list(passage.heading), passage.text, passage.metadata]
    return digest_bytes(_ENCODER.encode(parts).encode())


def keep_documents(folder: Path, snapshot: str, documents: Digests, drifted: int) -> None:
    """Write beside the index in `folder` what a later one compares its documents with."""
    kept = _Kept(snapshot, dict(documents), drifted)
    (folder / _FILE).write_text(encode_json(kept), "utf-8")


def take_trust(base: Base, documents: Digests, folder: Path) -> int:
    """Copy into `folder` how far the embedder can be trusted; 0 where that has to be measured again.

    Returns how many documents changed since it was.
    """
    known = base.snapshot.folder.parent.parent / "trust.json"
    if base.drifted > _MOST_DRIFTED * len(documents):
        return 0
    with suppress(FileNotFoundError):  # also where the base was removed meanwhile
        copied = Path(shutil.copyfile(known, folder / known.name))
        to_disk(copied)
        return base.drifted
    return 0


def nearest(folder: Path, recipe: Recipe, documents: Digests) -> Base | None:
    """Return the first snapshot of an index below `folder` that differs by its corpus only and shares most.

    None where there is none, or where less than half of `documents` are in it as they are.
    """
    found: list[tuple[int, Path, _Kept]] = []
    for place in _newest(folder, recipe):
        with suppress(OSError, UserError):  # it was built before there was such a file, or is being removed
            kept = decode_json(_Kept, (place / _FILE).read_bytes())
            found.append((len(kept.documents) - len(_gone(kept, documents)), place, kept))
            if found[-1][0] >= _NEARLY_ALL * max(len(documents), len(kept.documents)):
                break
    for shared, place, kept in sorted(found, key=lambda one: one[0], reverse=True):
        if shared < _LEAST_SHARED * max(len(documents), 1):
            break
        with suppress(OutsideError):
            return _base(Snapshot(place / "snapshots" / Path(kept.snapshot).name), kept, documents)
    return None


def _gone(kept: _Kept, documents: Digests) -> frozenset[str]:
    return frozenset(name for name, digest in kept.documents.items() if documents.get(name) != digest)


def _base(snapshot: Snapshot, kept: _Kept, documents: Digests) -> Base:
    gone = _gone(kept, documents)
    drifted = kept.drifted + len(gone | (documents.keys() - kept.documents.keys()))
    return Base(snapshot, kept.documents, gone, drifted)


def _newest(folder: Path, recipe: Recipe) -> list[Path]:
    """Return the newest indexes made as `recipe` says of another corpus."""
    places: list[tuple[float, Path]] = []
    for file in folder.glob(f"[!.]*/{_FILE}"):
        try:
            made = decode_json(Recipe, (file.parent / "recipe.json").read_bytes())
            if replace(made, corpus=recipe.corpus) == recipe:
                places.append((file.stat().st_mtime, file.parent))
        except (OSError, UserError):
            continue
    return [place for _, place in sorted(places, reverse=True)[:_LOOKED_AT]]
