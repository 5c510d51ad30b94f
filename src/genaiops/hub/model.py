"""A version and an edge; and what people decide about versions: aliases, approvals, deprecation."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from genaiops.access import SignerRole
from genaiops.core import Digest, Json, LockState, Outcome, Reference, RuleResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Deprecation:
    """Why a version should not be used any more. `successor`: the short reference of what replaces it."""

    reason: str
    successor: str | None = None
    by: str
    at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One immutable version of an artifact.

    `digest` covers kind, manifest and blobs and nothing else, so equal content is one version whoever made
    it. `number` counts within (project, kind, name). `activity` says what published it first. `described` is
    what people say of it: owner, licence, sensitivity, description. `removed`: when its content was removed.
    """

    kind: str
    name: str
    project: str | None = None
    number: int
    digest: Digest
    manifest: dict[str, Json]
    blobs: dict[str, Digest] = field(default_factory=dict[str, Digest])
    activity: str
    created_at: str
    labels: dict[str, str] = field(default_factory=dict[str, str])
    deprecated: Deprecation | None = None
    described: dict[str, str] = field(default_factory=dict[str, str])
    removed: str | None = None

    @property
    def reference(self) -> str:
        """`kind/[project/]name:vN@sha256:…`: names this version for ever."""
        return str(self.pinned)

    @property
    def pinned(self) -> Reference:
        """The same as its parts: number and digest."""
        return Reference(
            kind=self.kind, name=self.name, project=self.project, number=self.number, digest=self.digest
        )

    @property
    def artifact(self) -> str:
        """`kind/[project/]name`: what this is a version of."""
        return str(Reference(kind=self.kind, name=self.name, project=self.project))

    @property
    def short(self) -> str:
        """The reference for people, without the digest."""
        return self.reference.partition("@")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """`child` was made from `parent` by an activity. `at`: RFC 3339, UTC."""

    child: Version
    parent: Version
    activity: str
    at: str


Action = Literal["move", "rollback", "override"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A policy's condition by name, and what it said of the facts."""

    name: str
    result: RuleResult

    @property
    def holds(self) -> bool:
        """Whether the condition is true; a fact that is missing makes it not true."""
        return self.result.outcome == "true"


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """An alias was moved: an event that never changes. `sequence` grows with every move in this Hub.

    `at` is the Hub's clock (RFC 3339, UTC), never earlier than the move before; where the clock had gone
    back, `clock` is what it said. `policy` is the policy's version that was asked, `conditions` what it said,
    `evidence` what they rested on. An override has a ticket and expires; its failed conditions are kept.
    """

    sequence: int
    alias: str
    action: Action
    from_version: Reference | None
    to_version: Reference
    by: str
    at: str
    clock: str | None = None
    why: str = ""
    evidence: tuple[Digest, ...] = ()
    policy: Digest | None = None
    conditions: tuple[Condition, ...] = ()
    ticket: str = ""
    expires: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """Somebody approved exactly this version in a role; or, with `withdrawn`, takes it back."""

    role: str
    by: str
    at: str
    note: str = ""
    withdrawn: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceFacts:
    """What the Hub found out itself about evidence, by recomputing it. Nothing here is copied on trust.

    `accepted`: the signature is known, the verdict follows from the scores, and nothing failed; `why` says
    what did not. `sound`: all of this holds, whichever key signed. `signer` is the label of a known key,
    `own_key` whether it is this user's, `signer_role` whether a runner or a person signs with it, None where
    nobody said so. `outcome` is the recomputed verdict's. `outputs_erased`: some outputs belonged to people
    who were erased, so their scores cannot be recomputed. `about` are the digests of the versions that the
    candidate was, `suite` the suite's digest. Times are the signer's word.
    """

    accepted: bool
    sound: bool = False
    why: str = ""
    outcome: Outcome | None = None
    signer: str | None = None
    signer_role: SignerRole | None = None
    own_key: bool = False
    scores_recomputed: bool = False
    outputs_erased: bool = False
    lock: LockState = "none"
    attempts: int = 1
    verdicts_on_dataset: int = 1
    about: tuple[Digest, ...] = ()
    suite: Digest | None = None
    started_at: str | None = None
    finished_at: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Vouching:
    """Somebody whom a provider knows (`issuer`, `subject`) vouched for exactly this evidence, with a token.

    `trusted`: they are believed now, under this `name` and in this `role`; else both are those of then. `by`
    is who brought the token.
    """

    name: str
    role: SignerRole
    issuer: str
    subject: str
    trusted: bool
    by: str
    at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedEvidence:
    """An evidence version with the Hub's latest facts of it, and when they were found (`first_at`, `at`).

    `vouched`: who stands for it besides the key that signed it.
    """

    version: Version
    facts: EvidenceFacts
    first_at: str
    at: str
    vouched: tuple[Vouching, ...] = ()

    @property
    def vouchers(self) -> tuple[Vouching, ...]:
        """Those whose word counts: they are believed now, and the evidence holds in all but its key."""
        holds = self.facts.accepted or self.facts.sound
        return tuple(each for each in self.vouched if each.trusted) if holds else ()

    @property
    def accepted(self) -> bool:
        """Whether the evidence holds, and a known key or an identity that is believed stands for it."""
        return self.facts.accepted or bool(self.vouchers)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedRecord:
    """What was decided about a version in the Hub that it came from. It is told, and decides nothing here.

    `number` and `created_at` are that Hub's, `archive` is the digest of the archive's list of contents.
    """

    number: int
    created_at: str
    author: str | None = None
    approvals: tuple[Approval, ...] = ()
    moves: tuple[Move, ...] = ()
    by: str
    at: str
    archive: Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What was decided about a version: its author, which moves made aliases point at it, approvals.

    `evidence` is what the Hub recomputed and found to be about exactly this version, newest first. Of a
    version that is evidence itself, `recomputed` is what the Hub found; None where it could not look.
    `imported` is what was decided where it came from.
    """

    author: str | None
    aliases: tuple[Move, ...]
    approvals: tuple[Approval, ...]
    evidence: tuple[CheckedEvidence, ...]
    recomputed: CheckedEvidence | None = None
    imported: tuple[ImportedRecord, ...] = ()


EvidenceVerifier = Callable[[Version], EvidenceFacts | None]
"""Recomputes a version of kind `evidence`; None where its bundle is not here to be recomputed."""
