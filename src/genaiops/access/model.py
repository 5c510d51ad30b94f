"""The words of access: an audit entry and what was found about the log; people, grants and keys."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from genaiops.core import Json

Role = Literal["viewer", "builder", "reviewer", "risk", "admin"]
ROLES: tuple[Role, ...] = ("viewer", "builder", "reviewer", "risk", "admin")

HowSignedIn = Literal["password", "oidc", "start"]

SignerRole = Literal["ci", "human"]
"""What signs with a key: a CI runner, or a person."""

EVERYWHERE = "*"
"""The project that stands for all of them, and for the people themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What somebody did, before it stands in the log. `at` has a time zone.

    `details` are JSON for people to read later. They never hold a secret, nor a digest of one.
    """

    actor: str
    action: str
    subject: str
    at: datetime
    details: dict[str, Json] = field(default_factory=dict[str, Json])


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One link of the audit chain. `at`: RFC 3339, UTC, never before the entry before.

    `digest` covers every other field, `previous` is the digest of the entry before.
    """

    seq: int
    at: str
    actor: str
    action: str
    subject: str
    details: dict[str, Json]
    previous: str
    digest: str


@dataclass(frozen=True, slots=True)
class Break:
    """Where the log does not hold: at which entry, and why."""

    seq: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """What was the log's last entry at a time, said by somebody outside of it. `signer`: a key's id."""

    seq: int
    digest: str
    at: str
    signer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditResult:
    """What `verify` found.

    `breaks`: the first of them, at most 20. `proven_to`: the newest entry that a checkpoint vouches for,
    with all before it; 0 without one, and where the log is broken. `head`: the digest of the last entry.
    """

    entries: int
    head: str
    breaks: tuple[Break, ...] = ()
    proven_to: int = 0
    proven_at: str | None = None

    @property
    def holds(self) -> bool:
        """Whether nothing contradicts the log."""
        return not self.breaks


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditLog:
    """Entries of the log, newest first."""

    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A user, a service account or a group: `user:anna`, `service:ci`, `group:risk`."""

    id: str
    disabled: bool
    created_at: str
    groups: tuple[str, ...] = ()
    members: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A role of an account or a group in a project; `*` is every project."""

    subject: str
    project: str
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """What is known of an API key; its secret is not. Times: RFC 3339, UTC. `last_used_on` is a day."""

    id: str
    owner: str
    project: str
    actions: tuple[str, ...]
    created_at: str
    expires_at: str
    revoked_at: str | None = None
    replaces: str | None = None
    last_used_on: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A session of somebody who signed in; its token is not kept. Times: RFC 3339, UTC."""

    id: str
    subject: str
    how: HowSignedIn
    created_at: str
    seen_at: str
    ends_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sessions:
    """Sessions, oldest first. `current`: the one that asked."""

    sessions: tuple[Session, ...]
    current: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subjects:
    """Users, service accounts or groups, by name."""

    subjects: tuple[Subject, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Projects:
    """The names of all projects."""

    projects: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Grants:
    """Who has which role where."""

    grants: tuple[Grant, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """API keys, oldest first."""

    keys: tuple[ApiKey, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """What a command was about, and whether it changed anything."""

    subject: str
    changed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WhoAmI:
    """Who runs the command. `everything`: the store has no users, so that its owner may do all."""

    id: str
    enabled: bool
    everything: bool
    grants: tuple[Grant, ...]
