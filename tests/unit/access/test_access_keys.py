import re
from datetime import timedelta

import pytest
from tests.support.access import ADMIN, START, Clock, everything_on_disk, give, logged, peopled

from genaiops.access import authenticate_key, people, require
from genaiops.access.keys import create_key, list_keys, revoke_key, rotate_key
from genaiops.core import Principal, Scope, UserError

pytestmark = [pytest.mark.usefixtures("each_store"), pytest.mark.thorough]

ANNA = Principal(id="user:anna")
SUPPORT = Scope(project="support", actions=frozenset({"artifact.read", "alias.move"}))


@pytest.fixture
def store(tmp_path):
    with peopled(tmp_path) as store:
        give(store, "user:anna", "builder")
        give(store, "service:ci", "viewer")
        yield store


@pytest.fixture
def clock():
    return Clock()


def make(store, *, by=ADMIN, owner="service:ci", scope=SUPPORT, days=90):
    with store.database.write() as connection:
        return create_key(connection, by, owner=owner, scope=scope, lifetime=timedelta(days=days), at=START)


def change(store, function, *arguments, by=ADMIN, **options):
    with store.database.write() as connection:
        return function(connection, by, *arguments, **options)


def refusal(store, text, clock, project="support"):
    """Return what a person sees of a refusal, and the reason that the log has."""
    with pytest.raises(UserError) as raised:
        authenticate_key(store.database, text, project=project, at=clock())
    entry = logged(store)[-1]
    assert entry.action == "key.refused"
    return str(raised.value), entry.details["reason"], entry.subject


@pytest.mark.proves("C-ACCESS-KEY")
def test_a_key_is_a_public_id_and_256_random_bits_and_acts_as_its_owner_within_its_scope(store, clock):
    made = make(store)
    assert re.fullmatch(rf"gao_{made.key.id}_[0-9a-f]{{64}}", made.text)
    found = authenticate_key(store.database, made.text, project="support", at=clock())
    assert found == Principal(id="service:ci", scope=SUPPORT)
    with store.database.read() as connection:
        require(connection, found, "artifact.read", "support")
        with pytest.raises(UserError, match="may not do"):
            require(connection, found, "alias.move", "support")
    assert made.text != make(store).text


@pytest.mark.proves("C-ACCESS-KEY-ORACLE")
def test_every_refused_key_looks_the_same_from_outside_and_has_its_own_reason_in_the_log(store, clock):
    good, revoked, short, of_anna = (
        make(store),
        make(store),
        make(store, days=1),
        make(store, by=ANNA, owner=ANNA.id),
    )
    change(store, revoke_key, revoked.key.id, START)
    change(store, people.set_disabled, "user:anna", START, disabled=True)
    clock.forward(days=2)
    other = "0" * 64
    told = {
        "malformed": refusal(store, "gao_", clock),
        "unknown": refusal(store, f"gao_000000000000_{other}", clock),
        "wrong secret": refusal(store, good.text[:-64] + other, clock),
        "revoked": refusal(store, revoked.text, clock),
        "expired": refusal(store, short.text, clock),
        "another project": refusal(store, good.text, clock, "finance"),
        "owner disabled": refusal(store, of_anna.text, clock),
    }
    assert [reason for _, reason, _ in told.values()] == list(told)
    assert len({shown for shown, _, _ in told.values()}) == 1
    assert told["unknown"][2] == "unknown"
    assert told["revoked"][2] == f"key:{revoked.key.id}"


@pytest.mark.proves("C-ACCESS-KEY-ORACLE")
def test_without_the_secret_the_state_of_a_key_is_not_even_in_the_log(store, clock):
    made = make(store, days=1)
    change(store, revoke_key, made.key.id, START)
    clock.forward(days=2)
    assert refusal(store, made.text[:-1] + "x", clock)[1] == "malformed"
    assert refusal(store, f"gao_{made.key.id}_{'0' * 64}", clock)[1] == "wrong secret"


@pytest.mark.proves("C-ACCESS-KEY-ORACLE")
@pytest.mark.parametrize(
    "text",
    [
        "",
        "gao_",
        "Bearer x",
        "\udcff",
        "gao_\x00_",
        "ä" * 90,
        "x" * 100_000,
        f"gao_{0:012}_{0:064}\n",
    ],
)
def test_a_malformed_key_is_refused_and_never_written_down(store, clock, text):
    assert refusal(store, text, clock)[1:] == ("malformed", "unknown")


@pytest.mark.proves("C-ACCESS-KEY")
def test_an_upper_case_spelling_of_a_key_is_another_text(store, clock):
    made = make(store)
    assert refusal(store, made.text.upper(), clock)[1] == "malformed"


@pytest.mark.proves("C-ACCESS-KEY-ROTATE")
def test_a_rotated_key_lives_on_for_the_overlap_and_no_longer(store, clock):
    old = make(store, days=30)
    clock.forward(days=10)
    new = change(store, rotate_key, old.key.id, clock(), overlap=timedelta(hours=24))
    assert (new.key.owner, new.key.project, new.key.actions) == ("service:ci", "support", old.key.actions)
    assert (new.key.replaces, new.key.expires_at[:10]) == (old.key.id, "2026-04-12")
    clock.forward(hours=23)
    for text in (old.text, new.text):
        assert authenticate_key(store.database, text, project="support", at=clock()).id == "service:ci"
    clock.forward(hours=1)
    assert refusal(store, old.text, clock)[1] == "expired"
    assert authenticate_key(store.database, new.text, project="support", at=clock()).id == "service:ci"


@pytest.mark.proves("C-ACCESS-KEY-ROTATE")
def test_rotating_never_makes_a_key_live_longer_nor_a_dead_one_live(store, clock):
    old = make(store, days=1)
    change(store, rotate_key, old.key.id, clock(), overlap=timedelta(days=30))
    clock.forward(days=1)
    assert refusal(store, old.text, clock)[1] == "expired"
    with pytest.raises(UserError, match="cannot be rotated"):
        change(store, rotate_key, old.key.id, clock(), overlap=timedelta(0))
    revoked = make(store)
    assert change(store, revoke_key, revoked.key.id, START) is True
    assert change(store, revoke_key, revoked.key.id, START) is False
    with pytest.raises(UserError, match="cannot be rotated"):
        change(store, rotate_key, revoked.key.id, START, overlap=timedelta(0))


@pytest.mark.proves("C-ACCESS-AUDITED")
def test_every_change_of_a_key_is_in_the_log(store):
    made = make(store, by=ANNA, owner=ANNA.id)
    new = change(store, rotate_key, made.key.id, START, by=ANNA, overlap=timedelta(hours=1))
    change(store, revoke_key, made.key.id, START, by=ANNA)
    last = [(each.actor, each.action, each.subject) for each in logged(store)[-3:]]
    assert last == [
        ("user:anna", "key.create", f"key:{made.key.id}"),
        ("user:anna", "key.rotate", f"key:{new.key.id}"),
        ("user:anna", "key.revoke", f"key:{made.key.id}"),
    ]


def test_the_day_of_the_last_use_is_kept_and_written_once_a_day(store, clock):
    made = make(store)
    for hours, day in ((1, "2026-03-03"), (5, "2026-03-03"), (20, "2026-03-04")):
        clock.forward(hours=hours)
        authenticate_key(store.database, made.text, project="support", at=clock())
        with store.database.read() as connection:
            (key,) = list_keys(connection, ADMIN, "support")
        assert key.last_used_on == day
    assert [each.action for each in logged(store)][-1] == "key.create"


@pytest.mark.proves("C-ACCESS-DENIED")
def test_keys_are_made_for_oneself_or_by_an_admin_for_a_service_and_for_nobody_else(store):
    make(store, by=ANNA, owner="user:anna")
    for by, owner, code in (
        (ANNA, "service:ci", "GAO-ACCESS-024"),
        (ADMIN, "user:anna", "GAO-ACCESS-030"),
        (ADMIN, "service:nobody", "GAO-ACCESS-022"),
        (Principal(id="user:bea"), "user:bea", "GAO-ACCESS-023"),
    ):
        with pytest.raises(UserError) as raised:
            make(store, by=by, owner=owner)
        assert raised.value.code == code
    with store.database.read() as connection:
        assert [key.owner for key in list_keys(connection, ANNA, None)] == ["user:anna"]
        with pytest.raises(UserError, match="may not do"):
            list_keys(connection, ANNA, "support")


@pytest.mark.proves("C-ACCESS-KEY-SCOPE")
def test_a_key_makes_and_rotates_no_key_that_may_do_more_than_itself(store):
    full = make(store, by=ANNA, owner=ANNA.id)
    keyed = Principal(
        id=ANNA.id, scope=Scope(project="support", actions=frozenset({"key.own", "alias.move"}))
    )
    with pytest.raises(UserError, match=r"may not do artifact\.read"):
        make(store, by=keyed, owner=ANNA.id)
    with pytest.raises(UserError, match=r"may not do artifact\.read"):
        change(store, rotate_key, full.key.id, START, by=keyed, overlap=timedelta(0))
    with pytest.raises(UserError, match=r"may not do key\.own in project 'finance'"):
        make(store, by=keyed, owner=ANNA.id, scope=Scope(project="finance", actions=keyed.scope.actions))
    assert make(store, by=keyed, owner=ANNA.id, scope=keyed.scope).key.actions == ("alias.move", "key.own")


@pytest.mark.proves("C-ACCESS-BAD-KEY")
@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"scope": Scope(project="hr", actions=SUPPORT.actions)}, "GAO-ACCESS-026"),
        ({"scope": Scope(project="support", actions=frozenset())}, "GAO-ACCESS-030"),
        ({"scope": Scope(project="support", actions=frozenset({"all"}))}, "GAO-ACCESS-020"),
        ({"days": 0}, "GAO-ACCESS-030"),
        ({"days": 400}, "GAO-ACCESS-030"),
    ],
)
def test_a_key_without_project_action_or_end_is_refused(store, options, code):
    with pytest.raises(UserError) as raised:
        make(store, **options)
    assert raised.value.code == code


@pytest.mark.proves("C-ACCESS-BAD-KEY")
@pytest.mark.parametrize("key_id", ["", "000000000000", "' OR 1=1 --", "\udcff"])
def test_a_key_that_is_not_there_cannot_be_revoked(store, key_id):
    with pytest.raises(UserError, match="there is no key"):
        change(store, revoke_key, key_id, START)


@pytest.mark.proves("C-ACCESS-NO-SECRET")
def test_no_secret_of_a_key_is_on_disk_in_a_repr_or_in_an_error(store, clock, tmp_path):
    made = make(store)
    stranger = "gao_000000000000_" + "5ec4e7" * 10 + "beef"
    shown = repr(made) + repr(made.key) + refusal(store, stranger, clock)[0]
    wrong = made.text[:-64] + "f00d" * 16
    shown += refusal(store, wrong, clock)[0] + refusal(store, "my-other-secret", clock)[0]
    kept = everything_on_disk(tmp_path) + shown.encode()
    for secret in (made.text[17:], stranger[17:], wrong[17:], "my-other-secret"):
        assert secret.encode() not in kept
