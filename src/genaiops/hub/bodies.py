"""What the routes of the Hub take: what they work on, the words of queries and bodies, and their bounds."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from genaiops.core import Asked, FileEntry, Json, KindSpec
from genaiops.hub.contents.contents import Contents
from genaiops.hub.governance import Governance, Override
from genaiops.hub.hub import Hub
from genaiops.hub.model import EvidenceVerifier
from genaiops.store import Store


@dataclass(frozen=True, slots=True)
class Shelf:
    """The store that is worked on, which kinds may be published there, and what recomputes evidence.

    `direct`: whoever asks has the store itself at hand; over HTTP they must prove that they have what they
    publish.
    """

    store: Store
    kinds: tuple[KindSpec, ...]
    verifier: EvidenceVerifier | None = None
    direct: bool = False


At = Asked[Shelf]
Ref = Annotated[str, StringConstraints(min_length=1, max_length=500)]
Word = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Text = Annotated[str, StringConstraints(max_length=4096)]
Limit = Annotated[int, Field(ge=1, le=1000)]
Steps = Annotated[int, Field(ge=1, le=1000)]
Many = Annotated[int, Field(ge=1, le=10_000)]
Sha256 = Annotated[str, StringConstraints(pattern="^sha256:[0-9a-f]{64}$")]


class Body(BaseModel):
    """What a body has in common: a key that we do not know is an error."""

    model_config = ConfigDict(extra="forbid", strict=True)


class NewVersion(Body):
    """A version without content of its own. `parents`: what it was made from."""

    kind: Word
    name: Word
    project: Word | None = None
    manifest: dict[str, Json]
    parents: Annotated[list[Ref], Field(max_length=1000)] = []
    labels: Annotated[dict[Word, Text], Field(max_length=100)] = {}
    activity: Word = "publish"


class Emergency(Body):
    """What an override needs besides its reason."""

    ticket: Word
    expires: Annotated[AwareDatetime, Field(strict=False)]


class NewMove(Body):
    """Where an alias shall point. `read`: the digest of what it points at now, null where it is not set."""

    artifact: Ref
    alias: Word
    to: Ref
    read: Sha256 | None
    why: Text = ""
    allow_deprecated: bool = False
    override: Emergency | None = None


class NewRollback(Body):
    """Which alias goes back, and why."""

    alias: Ref
    why: Text
    allow_deprecated: bool = False


class NewApproval(Body):
    """Exactly one version, and the role in which it is approved, or no longer."""

    version: Ref
    role: Word
    note: Text = ""
    withdraw: bool = False


class NewDeprecation(Body):
    """Exactly one version, why it should not be used any more, and what instead."""

    version: Ref
    reason: Text
    successor: Ref | None = None


class NewPolicy(Body):
    """A policy file as text, to be published and put in force."""

    text: Annotated[str, StringConstraints(max_length=65_536)]
    why: Text = ""


class NewDescription(Body):
    """What is said of a version: owner, licence, sensitivity, description; '' takes it back."""

    version: Ref
    said: Annotated[dict[Word, Text], Field(max_length=10)]


class NewUpload(Body):
    """The digests of what shall become a version of `target` (`kind/[project/]name`).

    `manifest`: whether one will be given with the files; `sealed`: whether their rows are.
    """

    target: Ref
    digests: Annotated[list[Sha256], Field(max_length=100_000)] = []
    manifest: bool = False
    sealed: bool = False


class NewPush(Body):
    """Files that become a version of `target`. `manifest`: what no file says."""

    target: Ref
    files: Annotated[list[FileEntry], Field(max_length=100_000)] = []
    manifest: dict[str, Json] | None = None
    parents: Annotated[list[Ref], Field(max_length=1000)] = []
    labels: Annotated[dict[Word, Text], Field(max_length=100)] = {}
    described: Annotated[dict[Word, Text], Field(max_length=10)] = {}


class NewExport(Body):
    """Projects by name (`default`: what has none) and versions by reference; null: everything."""

    what: Annotated[list[Ref], Field(min_length=1, max_length=1000)] | None


class NewPruning(Body):
    """What stays: the newest so many versions, what is younger (days), other kinds."""

    keep: Annotated[int, Field(le=1_000_000)]
    older_than: Annotated[int, Field(le=36_500)]
    kinds: Annotated[list[Word], Field(max_length=100)] = []
    dry_run: bool = True


def hub_of(asked: At) -> Hub:
    """Return the Hub for whoever asks."""
    shelf = asked.room
    return Hub(shelf.store, shelf.kinds, by=asked.by, verifier=shelf.verifier, clock=lambda: asked.at)


def governance_of(asked: At) -> Governance:
    """Return what whoever asks may decide."""
    shelf = asked.room
    return Governance(shelf.store, by=asked.by, verifier=shelf.verifier, clock=lambda: asked.at)


def contents_of(asked: At) -> Contents:
    """Return the Hub's contents for whoever asks."""
    shelf = asked.room
    return Contents(
        shelf.store,
        shelf.kinds,
        by=asked.by,
        verifier=shelf.verifier,
        clock=lambda: asked.at,
        direct=shelf.direct,
    )


def override_of(given: Emergency | None) -> Override | None:
    """Return an override as the Hub takes it."""
    return Override(ticket=given.ticket, expires=given.expires) if given else None
