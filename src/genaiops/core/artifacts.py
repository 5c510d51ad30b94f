"""Artifacts: references to them, what a kind must tell the Hub, annotations, and who asks."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast, get_args

from pydantic import BaseModel

from genaiops.core.digests import Digest, Json, parse_digest
from genaiops.core.errors import UserError
from genaiops.core.trees import FileEntry, file_entries

Kind = Literal[
    "prompt",
    "dataset",
    "corpus",
    "index",
    "embedding",
    "model",
    "guard",
    "scorer",
    "suite",
    "app",
    "blueprint",
    "policy",
    "scorecard",
    "evidence",
    "calibration",
    "recording",
    "blob",
]
KINDS: tuple[str, ...] = get_args(Kind)
SENSITIVITIES = ("public", "internal", "confidential", "personal")
"""How sensitive a version or a document may be said to be."""

_NAME = r"[a-z0-9]+(?:[._-][a-z0-9]+)*"
_REFERENCE = re.compile(
    rf"(?P<kind>[a-z]+)/(?:(?P<project>{_NAME})/)?(?P<name>{_NAME})"
    rf"(?::(?P<tag>{_NAME}))?(?:@(?P<digest>sha256:[0-9a-f]{{64}}))?"
)
_NUMBER = re.compile(r"v([1-9][0-9]*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """`kind/[project/]name[:alias or :vN][@sha256:…]`, as with container images."""

    kind: str
    name: str
    project: str | None = None
    alias: str | None = None
    number: int | None = None
    digest: Digest | None = None

    def __str__(self) -> str:
        place = f"{self.project}/{self.name}" if self.project else self.name
        tag = f":{self.alias}" if self.alias else f":v{self.number}" if self.number else ""
        return f"{self.kind}/{place}{tag}" + (f"@{self.digest}" if self.digest else "")


def parse_reference(text: str) -> Reference:
    """Return `text` as a reference; raises `UserError` naming what does not fit."""
    match = _REFERENCE.fullmatch(text)
    if match is None and _REFERENCE.fullmatch(text.lower()):
        raise UserError(
            "GAO-CORE-004",
            f"{text!r} is not a reference",
            why="names are lower case, so that no two differ only by it",
            fix=f"write {text.lower()}",
        )
    if match is None or match["kind"] not in KINDS:
        raise UserError(
            "GAO-CORE-004",
            f"{text!r} is not a reference",
            why=f"it reads kind/[project/]name[:alias or :vN][@sha256:…]; kinds: {', '.join(KINDS)}",
            fix="for example prompt/answer:prod or dataset/support/qa:v3",
        )
    number = _NUMBER.fullmatch(match["tag"] or "")
    return Reference(
        kind=match["kind"],
        name=match["name"],
        project=match["project"],
        alias=None if number else match["tag"],
        number=int(number[1]) if number else None,
        digest=parse_digest(match["digest"]) if match["digest"] else None,
    )


Manifest = Mapping[str, Json]
"""What a version says about itself, besides its blobs."""

Read = Callable[[Digest], Iterator[bytes]]
"""Yields the content of a blob in pieces, so that nothing large is held in memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """What files of the user's are as a version: its manifest, and its blobs as bytes or by digest.

    Where rows of people were sealed, `left_out` counts those of people who were erased.
    """

    manifest: dict[str, Json]
    blobs: Mapping[str, bytes | Digest]
    left_out: int = 0


SEALED = "sealed"
"""The key of a manifest that names boxes: rows of people lie in them, under a key of each person."""


Seal = Callable[[Mapping[str, Path], str], Composed]
"""Makes a version of files by path whose rows name a person at a place, such as `tags.customer`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KindSpec:
    """What a room tells the Hub about a kind that it owns.

    `schema` is the JSON Schema of the manifest, and `shape` the type that it was made from, by which a
    manifest that comes from outside is checked whole. `diff` says in lines how two manifests, and the blobs
    behind them, differ. `closure` names the digests (blobs and versions) that a manifest rests on. `compose`
    makes a version of files whose content is in the store already; `files` gives them back, by path. A kind
    without the two is pushed with a manifest, and pulled as one. `seal` makes one of files by path whose rows
    name a person at a place: of them only what it returns is kept.
    """

    kind: Kind
    schema: Mapping[str, Json]
    diff: Callable[[Manifest, Manifest, Read], list[str]]
    closure: Callable[[Manifest], frozenset[Digest]]
    shape: type[BaseModel] | None = None
    compose: Callable[[Sequence[FileEntry], Read], Composed] | None = None
    files: Callable[[Manifest, Read], Mapping[str, bytes | Digest]] | None = None
    seal: Seal | None = None


def typed_kind(
    kind: Kind,
    shape: type[BaseModel],
    *,
    diff: Callable[[Manifest, Manifest, Read], list[str]],
    closure: Callable[[Manifest], frozenset[Digest]] = lambda manifest: frozenset(),
    compose: Callable[[Sequence[FileEntry], Read], Composed] | None = None,
    files: Callable[[Manifest, Read], Mapping[str, bytes | Digest]] | None = None,
    seal: Seal | None = None,
) -> KindSpec:
    """Return the kind whose manifests are what `shape` describes."""
    schema = cast("dict[str, Json]", shape.model_json_schema())
    return KindSpec(
        kind=kind,
        schema=schema,
        diff=diff,
        closure=closure,
        shape=shape,
        compose=compose,
        files=files,
        seal=seal,
    )


def compose_files(files: Sequence[FileEntry], read: Read) -> Composed:
    """Return files as a version that lists them and is nothing else."""
    listed: list[Json] = [entry.model_dump(mode="json") for entry in files]
    return Composed(manifest={"files": listed}, blobs={entry.path: Digest(entry.digest) for entry in files})


def listed_files(manifest: Manifest, read: Read) -> dict[str, bytes | Digest]:
    """Return what `compose_files` was given."""
    return {entry.path: Digest(entry.digest) for entry in file_entries(manifest)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """What somebody (a person, a model, code) said about an artifact or a span. `at`: RFC 3339, UTC."""

    subject: str
    name: str
    value: float | None = None
    label: str | None = None
    by: Literal["human", "model", "code"]
    author: str
    version: str = ""
    at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What an API key narrows its owner to: these actions, in this project (`*`: in all)."""

    project: str
    actions: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """On whose behalf something is asked; every search needs one. `scope`: what limits its roles."""

    id: str
    tenant: str = "local"
    groups: frozenset[str] = frozenset()
    scope: Scope | None = None
