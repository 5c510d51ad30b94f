"""A Hub whose clock is set by hand, versions of an app, and evidence about them as a verifier finds it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.support import stores

from genaiops.access import EVERYWHERE, LOCAL, PERMISSIONS, Identities, has_users, people, prepare
from genaiops.access.keys import create_key
from genaiops.access.model import Grant
from genaiops.core import KindSpec, Principal, Scope, Settings, digest_json, parse_digest
from genaiops.hub import POLICY_KIND, EvidenceFacts, Governance, Hub, Version, diff_json
from genaiops.store import Store

ANN, BEN, RITA = (Principal(id=f"user:{name}") for name in ("ann", "ben", "rita"))
EVERYTHING = frozenset(PERMISSIONS)
_ROLES = {ANN: ("risk",), BEN: ("builder", "reviewer", "risk"), RITA: ("builder", "risk")}


def kind(name: Any) -> KindSpec:
    """Return a kind whose manifests may hold anything."""
    return KindSpec(
        kind=name, schema={"type": "object"}, diff=diff_json, closure=lambda manifest: frozenset()
    )


KINDS = (*map(kind, ("app", "prompt", "suite", "evidence")), POLICY_KIND)


@dataclass
class Clock:
    """A clock that stands still until it is moved."""

    now: datetime = datetime(2026, 3, 3, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **time: float) -> None:
        """Move on, or back."""
        self.now += timedelta(**time)


@dataclass
class Place:
    """A Hub in a store, for ann, an admin, ben and rita, who build and approve everywhere.

    `bundles` is what recomputing finds by the evidence's name; others are not here.
    """

    store: Store
    clock: Clock = field(default_factory=Clock)
    bundles: dict[str, EvidenceFacts] = field(default_factory=dict[str, EvidenceFacts])

    def __post_init__(self) -> None:
        add_people(self.store, self.clock)

    @property
    def hub(self) -> Hub:
        """The Hub, on which ann publishes."""
        return Hub(self.store, KINDS, by=ANN, verifier=self.verify, clock=self.clock)

    @property
    def governance(self) -> Governance:
        """What ann decides."""
        return self.by(ANN)

    def by(self, who: Principal) -> Governance:
        """What somebody decides."""
        return Governance(
            self.store, by=who, verifier=self.verify, identities=Identities(self.settings), clock=self.clock
        )

    @property
    def settings(self) -> Settings:
        """Where it is written whose word for evidence is believed."""
        return Settings(config_dir=self.store.path / "config", cache_dir=self.store.path / "cache", env={})

    def verify(self, version: Version) -> EvidenceFacts | None:
        """Return what recomputing a bundle finds."""
        return self.bundles.get(version.name)

    def app(self, number: int = 1) -> Version:
        """Publish a version of the app."""
        return self.hub.publish("app", "bot", {"n": number})

    def evidence(self, name: str, of: Version, **facts: Any) -> Version:
        """Publish evidence about a version, whose bundle holds what `facts` say besides a pass."""
        good = EvidenceFacts(
            accepted=True,
            outcome="pass",
            signer="ci",
            lock="base",
            about=(of.digest,),
            started_at="2026-03-03T11:00:00Z",
            finished_at="2026-03-03T11:30:00Z",
        )
        self.bundles[name] = replace(good, **facts)
        said = {"outcome": "pass", "statement": digest_json(name)}
        return self.hub.publish("evidence", name, said, parents=[of])

    def govern(self, **conditions: str) -> Version:
        """Put a policy in force that asks this before `prod` of an app moves."""
        version = self.hub.publish(
            "policy", "default", {"project": None, "require": {"app": {"prod": conditions}}}
        )
        live = self.governance.live("policy/default", "in-force")
        read = live.digest if live else None
        self.governance.move("policy/default", "in-force", version.reference, read=read)
        return version


NOWHERE = parse_digest("sha256:" + "0" * 64)


def opened(folder: Path, env: Mapping[str, str] | None = None) -> Store:
    """Open a new store with the Hub's tables and ann, ben and rita, who were added when a `Clock` begins."""
    return stores.opened(folder, _opened, env)


def empty(folder: Path) -> Store:
    """Open a new store with the Hub's tables and nothing in them: the local user has every role."""
    return stores.opened(folder, _empty)


def _empty(store: Store) -> None:
    Hub(store, (), by=Principal(id=LOCAL))


def _opened(store: Store) -> None:
    add_people(store, Clock())
    Hub(store, (), by=ANN)


def add_people(store: Store, clock: Clock) -> None:
    """Add ann, ben and rita with their roles, where nobody is there yet."""
    prepare(store.database)
    with store.database.write() as connection:
        if has_users(connection):
            return
        people.add(connection, Principal(id=LOCAL), ANN.id, clock())
        for who in (BEN, RITA):
            people.add(connection, ANN, who.id, clock())
        for who, held in _ROLES.items():
            for role in held:
                grant = Grant(subject=who.id, project=EVERYWHERE, role=role)
                people.grant(connection, ANN, grant, clock())


def key_of(store: Store, who: Principal) -> str:
    """Return an API key with which somebody may do whatever they may do."""
    scope = Scope(project=EVERYWHERE, actions=EVERYTHING)
    now = datetime.now(UTC)
    with store.database.write() as connection:
        made = create_key(connection, who, owner=who.id, scope=scope, lifetime=timedelta(days=1), at=now)
    return made.text
