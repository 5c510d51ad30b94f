import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from tests.support.access import ADMIN, START, Clock, everything_on_disk, logged, peopled

from genaiops.access import people, set_password, sign_in
from genaiops.access.accounts import wait_after
from genaiops.access.passwords import HashCost, check_password, hash_password, is_password
from genaiops.core import Principal, Scope, UserError

pytestmark = [pytest.mark.usefixtures("each_store"), pytest.mark.thorough]

CHEAP = HashCost(memory_kib=64, passes=1, lanes=1)
RIGHT, WRONG = "violet tractor 9 lemons", "violet tractor 8 lemons"


@pytest.fixture
def store(tmp_path):
    with peopled(tmp_path) as store:
        set_password(store.database, ADMIN, "anna", RIGHT, START, CHEAP)
        yield store


@pytest.fixture
def clock():
    return Clock()


def enter(store, clock, password=RIGHT, name="anna", cost=CHEAP):
    return sign_in(store.database, name, password, clock(), cost)


def refusal(store, clock, password=WRONG, name="anna"):
    """Return what a person sees of a refusal, and the reason that the log has."""
    with pytest.raises(UserError) as raised:
        enter(store, clock, password, name)
    entry = logged(store)[-1]
    assert (entry.action, entry.actor) == ("sign_in.refused", entry.subject)
    return str(raised.value), entry.details["reason"]


def kept(store):
    with store.database.read() as connection:
        return connection.exec_driver_sql("SELECT hash FROM access_passwords").scalar_one()


@pytest.mark.proves("C-ACCESS-PASSWORD")
def test_a_user_signs_in_with_the_password_and_it_stands_in_the_log(store, clock):
    with store.database.write() as connection:
        people.set_member(connection, ADMIN, "group:team", "user:anna", START, there=True)
    assert enter(store, clock) == Principal(id="user:anna", groups=frozenset({"group:team"}))
    assert [each.action for each in logged(store)][-3:] == ["password.set", "group.join", "sign_in"]


@pytest.mark.proves("C-ACCESS-PASSWORD")
def test_a_password_is_kept_as_argon2id_with_stated_costs_and_a_salt_of_its_own():
    assert HashCost().prefix == "$argon2id$v=19$m=65536,t=3,p=4$"
    one, other = (hash_password(RIGHT, salt * 16, CHEAP) for salt in (b"a", b"b"))
    assert one.startswith("$argon2id$v=19$m=64,t=1,p=1$")
    assert one.rpartition("$")[2] != other.rpartition("$")[2]
    assert is_password(RIGHT, one)
    assert not is_password(WRONG, one)


@pytest.mark.proves("C-ACCESS-PASSWORD")
def test_a_hash_is_that_of_the_reference_implementation():
    # a vector of that implementation's own tests (phc-winner-argon2, src/test.c)
    assert hash_password("password", b"somesalt", HashCost(256, 2, 1)) == (
        "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"
    )


@pytest.mark.proves("C-ACCESS-PASSWORD")
def test_a_password_is_the_same_however_the_keyboard_writes_its_letters(store, clock):
    set_password(store.database, ADMIN, "anna", "zwölf schöne äpfel", START, CHEAP)
    assert enter(store, clock, "zwo\u0308lf scho\u0308ne a\u0308pfel").id == "user:anna"


@pytest.mark.proves("C-ACCESS-PASSWORD")
def test_a_hash_of_another_cost_is_made_anew_at_the_next_sign_in_and_only_then(store, clock):
    before = kept(store)
    dearer = HashCost(memory_kib=128, passes=1, lanes=1)
    with pytest.raises(UserError):
        enter(store, clock, WRONG, cost=dearer)
    assert kept(store) == before
    assert enter(store, clock, cost=dearer).id == "user:anna"
    assert kept(store).startswith(dearer.prefix)
    again = kept(store)
    enter(store, clock, cost=dearer)
    assert kept(store) == again


@pytest.mark.proves("C-ACCESS-LOCKOUT")
@pytest.mark.parametrize(
    ("failures", "seconds"),
    [(0, 0), (4, 0), (5, 30), (6, 60), (7, 120), (11, 1920), (12, 3600), (10_000, 3600)],
)
def test_the_wait_doubles_with_each_failure_up_to_an_hour(failures, seconds):
    assert wait_after(failures) == timedelta(seconds=seconds)


@pytest.mark.proves("C-ACCESS-LOCKOUT")
def test_after_five_failures_even_the_right_password_waits_and_each_further_one_makes_it_longer(store, clock):
    for _ in range(5):
        assert refusal(store, clock)[1] == "wrong password"
    clock.forward(seconds=29)
    assert refusal(store, clock, RIGHT)[1] == "locked"
    assert refusal(store, clock, WRONG)[1] == "locked"
    clock.forward(seconds=1)
    assert refusal(store, clock, WRONG)[1] == "wrong password"
    clock.forward(seconds=59)
    assert refusal(store, clock, RIGHT)[1] == "locked"
    clock.forward(seconds=1)
    assert enter(store, clock).id == "user:anna"
    for _ in range(4):
        assert refusal(store, clock)[1] == "wrong password"
    assert enter(store, clock).id == "user:anna"


@pytest.mark.proves("C-ACCESS-LOCKOUT")
def test_guesses_at_the_same_time_are_counted_one_by_one(store, clock):
    def guess(number):
        with pytest.raises(UserError):
            enter(store, clock, f"{WRONG} {number}")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(guess, range(16)))
    reasons = [each.details["reason"] for each in logged(store) if each.action == "sign_in.refused"]
    assert (reasons.count("wrong password"), reasons.count("locked")) == (5, 11)
    assert refusal(store, clock, RIGHT)[1] == "locked"


@pytest.mark.proves("C-ACCESS-LOCKOUT")
def test_a_new_password_by_an_admin_ends_the_wait(store, clock):
    for _ in range(5):
        refusal(store, clock)
    set_password(store.database, ADMIN, "anna", "eleven quiet harbours", START, CHEAP)
    assert enter(store, clock, "eleven quiet harbours").id == "user:anna"
    assert refusal(store, clock, RIGHT)[1] == "wrong password"


@pytest.mark.proves("C-ACCESS-SIGN-IN-ORACLE")
def test_every_refused_sign_in_looks_the_same_from_outside(store, clock):
    told = [refusal(store, clock), refusal(store, clock, name="nobody"), refusal(store, clock, name="bea")]
    told += [refusal(store, clock, name=name) for name in ("", "ANNA", "\udcff", "anna' --", "x" * 10_000)]
    with store.database.write() as connection:
        people.set_disabled(connection, ADMIN, "user:anna", START, disabled=True)
    told.append(refusal(store, clock, RIGHT))
    assert [reason for _, reason in told] == ["wrong password", *["unknown"] * 7, "disabled"]
    assert len({shown for shown, _ in told}) == 1


@pytest.mark.proves("C-ACCESS-SIGN-IN-ORACLE")
def test_a_name_that_cannot_be_is_nobodys_also_where_somebody_is_called_unknown(store, clock):
    with store.database.write() as connection:
        people.add(connection, ADMIN, "user:unknown", START)
    set_password(store.database, ADMIN, "unknown", RIGHT, START, CHEAP)
    for _ in range(6):
        assert refusal(store, clock, RIGHT, "Not A Name")[1] == "unknown"
    assert logged(store)[-1].subject == "unknown"
    assert enter(store, clock, name="unknown").id == "user:unknown"


@pytest.mark.proves("C-ACCESS-SIGN-IN-ORACLE")
def test_an_unknown_name_costs_the_same_work_as_a_wrong_password(store, clock):
    cost = HashCost(memory_kib=8_192, passes=2, lanes=1)
    set_password(store.database, ADMIN, "anna", RIGHT, START, cost)
    spent = {"anna": [], "nobody": []}
    for _ in range(4):
        for name, seconds in spent.items():
            began = time.process_time()
            with pytest.raises(UserError):
                enter(store, clock, WRONG, name, cost)
            seconds.append(time.process_time() - began)
    known, unknown = (statistics.median(seconds) for seconds in spent.values())
    assert 0.5 < unknown / known < 2


@pytest.mark.proves("C-ACCESS-BAD-PASSWORD")
@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("", "has 0 characters"),
        ("elevenchars", "has 11 characters"),
        ("\u1100\u1161" * 6, "has 6 characters"),
        ("x" * 257, "has 257 characters"),
        ("x" * 10_000, "characters"),
        ("Password1234", "guessed first"),
        ("Correct Horse Battery Staple", "guessed first"),
        ("qwertyuiopasdf", "guessed first"),
        ("zyxwvutsrqponm", "guessed first"),
        ("098765432109", "guessed first"),
        ("aaaaaaaaaaaaaaaa", "repeats"),
        ("abcdabcdabcdabc", "repeats"),
        ("violet anna 9 lemons", "the name"),
        ("violet GenAIOps lemons", "the name"),
    ],
)
def test_a_password_that_is_guessed_early_is_refused(password, why):
    with pytest.raises(UserError, match="this password cannot be used") as raised:
        check_password(password, "anna")
    assert why in raised.value.why
    assert not password or password not in str(raised.value)


@pytest.mark.proves("C-ACCESS-BAD-PASSWORD")
@pytest.mark.parametrize(
    "password", ["twelve chars", "only small letters here", "🦊" * 3 + "🦉" * 9, "x y" * 85 + "z"]
)
def test_no_rule_is_about_kinds_of_characters(password):
    check_password(password, "anna")


@pytest.mark.proves("C-ACCESS-DENIED")
def test_a_password_is_set_by_its_user_or_by_an_admin_and_by_nobody_else_nor_by_a_key(store, clock):
    anna = Principal(id="user:anna")
    set_password(store.database, anna, "anna", "eleven quiet harbours", START, CHEAP)
    keyed = Principal(id="user:anna", scope=Scope(project="*", actions=frozenset({"key.own"})))
    for by, name in ((Principal(id="user:bea"), "anna"), (anna, "bea"), (keyed, "anna")):
        with pytest.raises(UserError, match=r"has no role|may not do"):
            set_password(store.database, by, name, RIGHT, START, CHEAP)
    with pytest.raises(UserError, match="there is no user"):
        set_password(store.database, ADMIN, "nobody", RIGHT, START, CHEAP)
    assert enter(store, clock, "eleven quiet harbours").id == "user:anna"


@pytest.mark.proves("C-ACCESS-NO-SECRET")
def test_no_password_is_on_disk_in_the_log_or_in_an_error(store, clock, tmp_path):
    shown = refusal(store, clock)[0] + refusal(store, clock, name=RIGHT.replace(" ", "."))[0]
    enter(store, clock)
    on_disk = everything_on_disk(tmp_path) + shown.encode()
    for secret in (RIGHT, WRONG, RIGHT.replace(" ", ".")):
        assert secret.encode() not in on_disk
