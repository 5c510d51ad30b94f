"""Every operation of the Hub × every role, from one table; what it leaves in the log; what strangers see."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from tests.support.access import ADMIN, LOCAL, Clock, give, logged, peopled
from tests.unit.hub.hub_sample import KINDS, key_of

from genaiops.access import Entry, acting, entries, people
from genaiops.access.model import ROLES
from genaiops.core import Principal, Scope, UserError
from genaiops.hub import Governance, Hub, Override
from genaiops.store import Store

READERS = "viewer builder reviewer risk admin"
STRANGER = Principal(id="user:stranger")


@dataclass(frozen=True)
class Here:
    """One artifact in the project support, with two versions and an alias, and who asks."""

    store: Store
    name: str
    by: Principal
    clock: Clock

    @property
    def hub(self) -> Hub:
        return Hub(self.store, KINDS, by=self.by, clock=self.clock)

    @property
    def governance(self) -> Governance:
        return Governance(self.store, by=self.by, clock=self.clock)

    @property
    def ref(self) -> str:
        return f"app/support/{self.name}"

    def publish(self, number: int, **more: Any) -> Any:
        return self.hub.publish("app", self.name, {"n": number, "name": self.name}, project="support", **more)

    def move(self, to: int = 1, **more: Any) -> Any:
        live = self.hub.get(f"{self.ref}:prod")
        return self.governance.move(self.ref, "prod", f"{self.ref}:v{to}", read=live.digest, **more)

    def policy(self) -> Any:
        return self.hub.publish("policy", "support", {"require": {}, "project": self.name})

    def policy_in_force(self) -> Any:
        live = self.governance.live("policy/support", "in-force")
        newest = self.hub.get("policy/support").reference
        return self.governance.move("policy/support", "in-force", newest, read=live.digest if live else None)

    def produced(self) -> Any:
        with self.hub.activity("making") as activity:
            activity.use(self.hub.get(self.ref))
            return activity.produce("app", self.name, {"made": True, "name": self.name}, project="support")

    def linked(self) -> Any:
        return self.publish(2, parents=[self.hub.get(f"{self.ref}:v1")], activity="again")

    def override(self) -> Override:
        return Override(ticket="OPS-7", expires=self.clock() + timedelta(hours=1))


# operation: who may do it, what it does, and the one entry that it leaves; None: it leaves none
OPERATIONS: dict[str, tuple[str, Callable[[Here], Any], str | None]] = {
    "get": (READERS, lambda h: h.hub.get(h.ref), None),
    "get by alias": (READERS, lambda h: h.hub.get(f"{h.ref}:prod"), None),
    "list": (READERS, lambda h: [v for v in h.hub.list("app") if v.name == h.name], None),
    "artifacts": (READERS, lambda h: h.hub.artifacts("app", h.name), None),
    "search": (READERS, lambda h: h.hub.artifacts(text=h.name), None),
    "lineage": (READERS, lambda h: h.hub.lineage(f"{h.ref}:v2"), None),
    "diff": (READERS, lambda h: h.hub.diff(f"{h.ref}:v1", f"{h.ref}:v2"), None),
    "live": (READERS, lambda h: h.governance.live(h.ref, "prod"), None),
    "history": (READERS, lambda h: h.governance.history(f"{h.ref}:prod"), None),
    "aliases": (READERS, lambda h: [r for r in h.governance.aliases() if r.startswith(f"{h.ref}:")], None),
    "standing": (READERS, lambda h: h.governance.standing(h.ref), None),
    "publish": ("builder admin", lambda h: h.publish(3), "artifact.publish"),
    "produce": ("builder admin", Here.produced, "artifact.publish"),
    "label": ("builder admin", lambda h: h.publish(1, labels={"team": "x"}), "artifact.label"),
    "link": ("builder admin", Here.linked, "artifact.link"),
    "publish a policy": ("risk admin", Here.policy, "artifact.publish"),
    "set a policy": ("risk admin", Here.policy_in_force, "alias.move"),
    "move": ("builder admin", Here.move, "alias.move"),
    "rollback": ("builder admin", lambda h: h.governance.rollback(f"{h.ref}:prod", why="x"),
                 "alias.rollback"),
    "override": ("admin", lambda h: h.move(why="down", override=h.override()), "alias.move"),
    "deprecate": ("builder admin", lambda h: h.governance.deprecate(f"{h.ref}:v1", reason="old"),
                  "artifact.deprecate"),
    "approve as risk": ("risk", lambda h: h.governance.approve(f"{h.ref}:v1", "risk"), "approval.give"),
    "approve as reviewer": ("reviewer", lambda h: h.governance.approve(f"{h.ref}:v1", "reviewer"),
                            "approval.give"),
    "withdraw": ("risk", lambda h: h.governance.approve(f"{h.ref}:v1", "risk", withdraw=True),
                 "approval.withdraw"),
}  # fmt: skip


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    with peopled(tmp_path_factory.mktemp("store")) as store:
        for role in (*ROLES, "stranger"):
            with store.database.write() as connection:
                people.add(connection, ADMIN, f"user:{role}", Clock()())
        for role in ROLES:
            give(store, f"user:{role}", role)
        give(store, STRANGER.id, "admin", "finance")
        yield store


def made(store: Store, name: str, by: Principal) -> Here:
    """Publish an artifact, as the admin of everything, for somebody to work on."""
    root = Here(store, name, ADMIN, Clock())
    first = root.publish(1)
    root.publish(2, parents=[first])
    for number, read in ((1, None), (2, first.digest)):
        root.governance.move(root.ref, "prod", f"{root.ref}:v{number}", read=read)
    Here(store, f"{name}-first", ADMIN, Clock()).policy()
    return Here(store, name, by, Clock())


def newest(store: Store) -> int:
    """Return the number of the last entry of the audit log."""
    with store.database.read() as connection:
        return entries(connection, limit=1)[0].seq


def since(store: Store, last: int) -> list[Entry]:
    """Return the entries after that one, newest first."""
    with store.database.read() as connection:
        return [entry for entry in entries(connection, limit=10) if entry.seq > last]


def done(here: Here, operation: str) -> tuple[Any, str]:
    """Return what an operation gave and the code of its refusal."""
    try:
        return OPERATIONS[operation][1](here), ""
    except UserError as error:
        return None, error.code


@pytest.mark.proves("C-HUB-RIGHTS", "C-HUB-AUDIT")
@pytest.mark.parametrize(("operation", "role"), list(product(OPERATIONS, ROLES)))
def test_a_role_may_do_what_the_table_says_and_a_change_leaves_one_entry(store, operation, role):
    who, _, action = OPERATIONS[operation]
    here = made(store, f"{operation} {role}".replace(" ", "-"), Principal(id=f"user:{role}"))
    last = newest(store)
    given, refused = done(here, operation)
    new = since(store, last)
    if role in who.split():
        assert given
        assert refused == ""
        assert [(entry.action, entry.actor) for entry in new] == ([(action, here.by.id)] if action else [])
    else:
        assert refused in ("GAO-ACCESS-024", "GAO-HUB-080")
        assert new == []


@pytest.mark.proves("C-HUB-RIGHTS")
@pytest.mark.parametrize("operation", OPERATIONS)
def test_to_somebody_of_another_project_nothing_is_there(store, operation):
    here = made(store, operation.replace(" ", "-"), STRANGER)
    absent = Here(store, f"no-{here.name}", STRANGER, Clock())
    last = newest(store)
    given, refused = done(here, operation)
    assert not given
    assert refused in ("", "GAO-HUB-005", "GAO-ACCESS-023")
    assert (given, refused) == done(absent, operation)
    assert since(store, last) == []


@pytest.mark.proves("C-HUB-RIGHTS")
@pytest.mark.parametrize("operation", OPERATIONS)
def test_without_an_account_or_a_role_nothing_is_there_or_allowed(store, operation):
    here = made(store, f"{operation} nobody".replace(" ", "-"), ADMIN)
    for who in ("user:nobody", "service:ci", "local", "", "group:team"):
        given, refused = done(Here(store, here.name, Principal(id=who), Clock()), operation)
        assert not given
        assert refused in ("", "GAO-HUB-005", "GAO-ACCESS-022", "GAO-ACCESS-023")


@pytest.mark.proves("C-HUB-RIGHTS")
@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_key_does_no_more_than_it_was_made_for(store, operation):
    here = made(store, f"{operation} keyed".replace(" ", "-"), ADMIN)
    narrow = Scope(project="support", actions=frozenset({"artifact.read"}))
    elsewhere = Scope(
        project="finance", actions=frozenset({"artifact.read", "artifact.publish", "alias.move"})
    )
    given, refused = done(_as(here, narrow), operation)
    assert (refused == "") == (OPERATIONS[operation][2] is None)
    given, refused = done(_as(here, elsewhere), operation)
    assert not given


def _as(here: Here, scope: Scope) -> Here:
    return Here(here.store, here.name, Principal(id=ADMIN.id, scope=scope), here.clock)


@pytest.mark.proves("C-HUB-RIGHTS")
def test_what_belongs_to_no_project_takes_a_role_everywhere(store):
    Hub(store, KINDS, by=ADMIN).publish("app", "homeless", {"n": 1})
    builder = Hub(store, KINDS, by=Principal(id="user:builder"))
    with pytest.raises(UserError, match="not in the Hub"):
        builder.get("app/homeless")
    with pytest.raises(UserError, match="no role everywhere"):
        builder.publish("app", "homeless", {"n": 2})


@pytest.mark.proves("C-HUB-RIGHTS")
def test_the_policy_of_no_project_is_read_by_everybody_and_set_by_who_rules_everywhere(store):
    Hub(store, KINDS, by=ADMIN).publish("policy", "default", {"require": {}})
    mine = Hub(store, KINDS, by=Principal(id="user:risk"))
    assert mine.get("policy/default")
    with pytest.raises(UserError, match="no role everywhere"):
        mine.publish("policy", "default", {"require": {"app": {}}})


@pytest.mark.proves("C-HUB-RIGHTS")
def test_a_name_in_a_project_that_one_may_not_see_is_not_said_to_be_ambiguous(store):
    for project in ("support", "finance"):
        Hub(store, KINDS, by=ADMIN).publish("app", "shared", {"of": project}, project=project)
    assert Hub(store, KINDS, by=STRANGER).get("app/shared").project == "finance"
    with pytest.raises(UserError, match="more than one"):
        Hub(store, KINDS, by=ADMIN).get("app/shared")


@pytest.mark.proves("C-HUB-RIGHTS")
def test_lineage_ends_where_somebody_may_not_look(store):
    root = Hub(store, KINDS, by=ADMIN)
    secret = root.publish("prompt", "secret", {"x": 1}, project="support")
    middle = root.publish("prompt", "middle", {"x": 1}, project="finance", parents=[secret])
    root.publish("app", "open", {"x": 1}, project="finance", parents=[middle])
    seen = Hub(store, KINDS, by=STRANGER).lineage("app/finance/open")
    assert [edge.parent.name for edge in seen] == ["middle"]
    assert len(root.lineage("app/finance/open")) == 2
    with pytest.raises(UserError, match="no role in project 'support'"):
        Hub(store, KINDS, by=STRANGER).publish("app", "thief", {}, project="finance", parents=[secret])


@pytest.mark.proves("C-HUB-RIGHTS")
def test_a_refused_publish_keeps_no_content(store):
    before = sum(1 for _ in store.path.rglob("blobs/*/*"))
    with pytest.raises(UserError):
        Hub(store, KINDS, by=Principal(id="user:viewer")).publish(
            "app", "x", {}, project="support", blobs={"a": b"not kept"}
        )
    assert sum(1 for _ in store.path.rglob("blobs/*/*")) == before


@pytest.mark.proves("C-HUB-RIGHTS")
def test_a_role_that_was_taken_away_counts_at_once(store):
    here = made(store, "taken", Principal(id="user:bea"))
    give(store, "user:bea", "builder")
    builder = here.hub
    assert builder.get(here.ref)
    with store.database.write() as connection:
        people.revoke(
            connection, ADMIN, people.Grant(subject="user:bea", project="support", role="builder"), Clock()()
        )
    with pytest.raises(UserError, match="not in the Hub"):
        builder.get(here.ref)


@pytest.mark.proves("C-HUB-AUDIT")
def test_the_log_of_an_alias_and_the_audit_log_tell_the_same(store):
    here = made(store, "told", ADMIN)
    here.move(why="again")
    here.governance.rollback(f"{here.ref}:prod", why="wrong")
    moves = here.governance.history(f"{here.ref}:prod")
    entries = [entry for entry in logged(store) if entry.subject == f"{here.ref}:prod"]
    told = [
        (entry.action, entry.details["sequence"], entry.details["to"], entry.details.get("why", ""))
        for entry in entries
    ]
    assert told == [(f"alias.{m.action}", m.sequence, m.to_version.digest, m.why) for m in moves]


@pytest.mark.proves("C-HUB-RIGHTS")
def test_on_a_store_without_users_the_local_user_has_every_role(tmp_path):
    with Store.open(tmp_path) as store:
        by = acting(store.database, {})
        assert by == LOCAL
        hub = Hub(store, KINDS, by=by)
        hub.publish("app", "bot", {"n": 1})
        governance = Governance(store, by=by)
        governance.move("app/bot", "prod", "app/bot:v1", read=None)
        assert governance.approve("app/bot:v1", "risk")[1].by == "local"


@pytest.mark.proves("C-HUB-RIGHTS")
def test_a_command_acts_for_the_owner_of_the_key_it_is_given(store, tmp_path):
    text = key_of(store, ADMIN)
    (tmp_path / "key").write_text(text + "\n")
    for env in ({"GENAIOPS_HUB_KEY": text}, {"GENAIOPS_HUB_KEY_FILE": str(tmp_path / "key")}):
        assert acting(store.database, env).id == ADMIN.id
    for env in ({"GENAIOPS_HUB_KEY": "gao_x"}, {"GENAIOPS_HUB_KEY_FILE": str(tmp_path / "none")}):
        with pytest.raises(UserError) as caught:
            acting(store.database, env)
        assert caught.value.code in ("GAO-ACCESS-031", "GAO-ACCESS-060")
