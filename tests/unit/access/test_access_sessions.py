"""Sessions, the start token, signing in over HTTP, and how often one may try."""

from datetime import timedelta
from pathlib import Path

import pytest
from tests.support.access import ADMIN, START, everything_on_disk, logged
from tests.support.server import CHEAP, MEANT, Served, code_of, served

from genaiops.access import Limit, Rate, set_password
from genaiops.core import TooMany

pytestmark = [pytest.mark.usefixtures("each_store"), pytest.mark.thorough]

PASSWORD = "tangerine velvet orbit"


@pytest.fixture
def at(tmp_path: Path):
    with served(tmp_path) as running:
        yield running


@pytest.fixture
def with_password(at: Served) -> Served:
    set_password(at.store.database, ADMIN, "anna", PASSWORD, START, CHEAP)
    return at


def sign_in(at: Served, name: str = "anna", password: str = PASSWORD):
    return at.client.post("/api/session", headers=MEANT, json={"name": name, "password": password})


def signed_in(at: Served) -> dict[str, str]:
    return at.session("user:anna")


def status(at: Served, headers: dict[str, str]) -> int:
    return at.client.get("/api/whoami", headers=headers).status_code


@pytest.mark.proves("C-SERVER-SESSION")
def test_a_session_is_a_cookie_that_no_script_reads_and_of_which_only_a_hash_is_kept(
    with_password: Served,
) -> None:
    at = with_password
    response = sign_in(at)
    token = response.headers["set-cookie"].partition(";")[0].partition("=")[2]
    assert response.headers["set-cookie"].endswith("; Path=/; Max-Age=43200; HttpOnly; SameSite=Lax")
    assert len(token) == 64
    assert response.json()["subject"] == "user:anna"
    assert token.encode() not in everything_on_disk(at.store.path)
    assert PASSWORD.encode() not in everything_on_disk(at.store.path)


@pytest.mark.proves("C-SERVER-SESSION")
def test_a_session_ends_twelve_hours_after_the_sign_in_however_much_it_is_used(at: Served) -> None:
    headers = signed_in(at)
    for _ in range(11):
        at.clock.forward(hours=1)
        assert status(at, headers) == 200
    at.clock.forward(hours=1)
    assert code_of(at.client.get("/api/whoami", headers=headers)) == "GAO-ACCESS-035"


@pytest.mark.proves("C-SERVER-SESSION")
def test_a_session_ends_after_two_hours_without_a_request(at: Served) -> None:
    headers = signed_in(at)
    at.clock.forward(hours=1, minutes=59)
    assert status(at, headers) == 200
    at.clock.forward(hours=2)
    assert status(at, headers) == 401


@pytest.mark.proves("C-SERVER-SESSION")
def test_a_new_password_and_a_disabled_account_end_every_session(at: Served) -> None:
    first, second = signed_in(at), signed_in(at)
    new = {"password": "saffron lantern meadow"}
    assert at.client.put("/api/users/anna/password", headers=first, json=new).status_code == 200
    assert [status(at, each) for each in (first, second)] == [401, 401]
    third = at.session("user:anna")
    for disabled in (True, False):
        response = at.client.put(
            "/api/users/anna", headers=at.session("user:root"), json={"disabled": disabled}
        )
        assert response.json()["changed"]
        assert status(at, third) == 401


@pytest.mark.proves("C-SERVER-SESSION")
def test_people_see_and_end_their_own_sessions_and_nobody_elses(at: Served) -> None:
    here, there, other = signed_in(at), signed_in(at), at.session("user:root")
    said = at.client.get("/api/sessions", headers=here).json()
    mine = {each["id"] for each in said["sessions"]}
    assert len(mine) == 2
    (elsewhere,) = mine - {said["current"]}
    assert at.client.delete(f"/api/sessions/{elsewhere}", headers=other).json()["changed"] is False
    assert at.client.delete(f"/api/sessions/{elsewhere}", headers=here).json()["changed"] is True
    assert [status(at, each) for each in (here, there, other)] == [200, 401, 200]
    assert at.client.delete("/api/session", headers=here).status_code == 204
    assert status(at, here) == 401
    assert logged(at.store)[-1].action == "session.end"


@pytest.mark.proves("C-SERVER-SESSION")
def test_a_key_sees_and_ends_no_session(at: Served) -> None:
    at.role("builder", "support")
    key = at.key("user:anna", "support", "artifact.read")
    assert at.client.get("/api/sessions", headers=key).status_code == 403
    assert at.client.delete("/api/sessions/" + "0" * 12, headers=key).status_code == 403


@pytest.mark.proves("C-SERVER-SIGN-IN")
def test_every_refused_sign_in_looks_the_same(with_password: Served) -> None:
    at = with_password
    answers = [sign_in(at, "anna", "wrong"), sign_in(at, "nobody"), sign_in(at, "bea")]
    assert {(each.status_code, each.text) for each in answers} == {(401, answers[0].text)}
    assert "set-cookie" not in answers[0].headers


@pytest.mark.proves("C-SERVER-RATE")
def test_tries_to_sign_in_are_limited_for_each_address_and_each_account(with_password: Served) -> None:
    at = with_password
    found = [sign_in(at, f"guess{number}", "x").status_code for number in range(12)]
    assert found == [401] * 10 + [429] * 2
    refused = sign_in(at)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "6")
    at.clock.forward(seconds=6)
    assert sign_in(at).status_code == 201


@pytest.mark.proves("C-SERVER-RATE")
def test_wrong_keys_are_limited_and_right_ones_are_not(at: Served) -> None:
    at.role("builder", "support")
    key = at.key("user:anna", "support", "artifact.read")
    assert [status(at, key) for _ in range(30)] == [200] * 30
    wrong = {"Authorization": "Bearer gao_nothing"}
    assert [status(at, wrong) for _ in range(22)] == [401] * 20 + [429] * 2
    assert len([each for each in logged(at.store) if each.action == "key.refused"]) == 20


@pytest.mark.proves("C-SERVER-RATE")
def test_a_limit_remembers_a_bounded_number_of_callers_and_fills_with_time() -> None:
    limit = Limit(Rate(burst=2, seconds=10))
    for number in range(10_001):
        limit.spend(f"caller {number}", START)
    limit.spend("caller 10000", START)
    with pytest.raises(TooMany) as caught:
        limit.check("caller 10000", START)
    assert caught.value.seconds == 10
    limit.check("caller 10000", START + timedelta(seconds=10))
    limit.check("caller 0", START)  # forgotten: room, never a wrong refusal


@pytest.mark.proves("C-SERVER-START")
def test_the_start_token_opens_one_session_as_who_started_the_server(at: Served) -> None:
    assert code_of(at.client.get("/start", params={"token": "0" * 64})) == "GAO-ACCESS-038"
    opened = at.client.get("/start", params={"token": at.start.text})
    assert (opened.status_code, opened.headers["location"]) == (303, "/api/whoami")
    assert at.client.get("/api/whoami").json()["id"] == "user:root"
    at.client.cookies.clear()
    assert code_of(at.client.get("/start", params={"token": at.start.text})) == "GAO-ACCESS-038"
    assert logged(at.store)[-1].details == {"how": "start"}


@pytest.mark.proves("C-SERVER-SESSION")
def test_a_refused_key_is_not_made_good_by_a_session(at: Served) -> None:
    assert status(at, {**signed_in(at), "Authorization": "Bearer gao_nothing"}) == 401


def test_a_new_key_is_shown_once_and_works(at: Served) -> None:
    at.role("builder", "support")
    headers = signed_in(at)
    made = at.client.post("/api/projects/support/keys", headers=headers, json={"actions": ["artifact.read"]})
    assert made.status_code == 201
    key = {"Authorization": f"Bearer {made.json()['text']}"}
    assert at.client.get("/api/whoami", headers=key).json()["id"] == "user:anna"
    assert made.json()["text"].split("_")[2] not in at.client.get("/api/keys", headers=headers).text
    successor = at.client.post(f"/api/keys/{made.json()['key']['id']}/rotate", headers=headers, json={})
    assert successor.json()["key"]["replaces"] == made.json()["key"]["id"]


@pytest.mark.proves("C-SERVER-SIGN-IN")
def test_an_admin_sets_a_new_password_while_a_stranger_uses_up_the_tries(at: Served) -> None:
    for _ in range(11):
        sign_in(at, "anna", "x")
    new = {"password": PASSWORD}
    assert (
        at.client.put("/api/users/anna/password", headers=at.session("user:root"), json=new).status_code
        == 200
    )
