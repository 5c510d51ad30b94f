"""Signing in through a real provider process, and every way in which that is abused."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.support.access import ADMIN, everything_on_disk, logged
from tests.support.providers import Provider, running_provider
from tests.support.server import Served, code_of, served

from genaiops.access import people
from genaiops.access.oidc.accounts import link
from genaiops.access.oidc.flow import OidcFlow
from genaiops.access.oidc.settings import OidcFile, OidcSettings
from genaiops.net import EgressPolicy, HttpEgress
from genaiops.store import Store

REDIRECT = "http://127.0.0.1:80/api/oidc/callback"
CLIENT, SECRET = "genaiops", "s3cret of the client"

pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with running_provider(CLIENT, SECRET, REDIRECT) as provider:
        yield provider


def running(provider: Provider, folder: Path, **settings: object):
    """Serve a store whose people may sign in through the provider."""
    provider.set()
    file = OidcFile.model_validate(
        {"issuer": provider.issuer, "client_id": CLIENT, "redirect": REDIRECT, "create": True, **settings}
    )
    egress = HttpEgress(EgressPolicy(frozenset({provider.issuer.removeprefix("http://")})))
    store = Store.open(folder)
    flow = OidcFlow(store.database, OidcSettings(file, SECRET), egress)
    return served(folder, oidc=flow, egress=egress)


@pytest.fixture
def at(provider: Provider, tmp_path: Path) -> Iterator[Served]:
    with running(provider, tmp_path) as serving:
        serving.clock.now = datetime.now(UTC)
        yield serving


def begin(at: Served) -> str:
    """Begin a sign-in in this browser, and return where it is sent to."""
    response = at.client.get("/api/oidc/start")
    assert response.status_code == 303
    return response.headers["location"]


def sign_in(at: Served, provider: Provider):
    """Sign in, all the way back."""
    return at.client.get(provider.sign_in(begin(at)))


def reason(at: Served) -> object:
    """Return why the last sign-in was refused, as the log says."""
    last = logged(at.store)[-1]
    assert (last.action, last.actor, last.details["how"]) == ("sign_in.refused", "unknown", "oidc")
    return last.details["reason"]


def refused(response, at: Served, why: str) -> None:
    """Check that a sign-in was refused with the one answer, and that the log says why."""
    assert (response.status_code, code_of(response)) == (401, "GAO-ACCESS-043")
    assert response.text == at.client.get("/api/oidc/callback", params={"state": "never begun"}).text
    reasons = [each.details["reason"] for each in logged(at.store) if each.action == "sign_in.refused"]
    assert reasons[-2:] == [why, "nobody began this here, or it was used"]
    assert at.client.get("/api/whoami").status_code == 401


@pytest.mark.proves("C-OIDC-SIGN-IN")
def test_whom_the_provider_knows_gets_an_account_and_a_session(at: Served, provider: Provider) -> None:
    back = sign_in(at, provider)
    assert (back.status_code, back.headers["location"]) == (303, "/api/whoami")
    assert at.client.get("/api/whoami").json()["id"] == "user:dora"
    told = [(each.actor, each.action, each.subject) for each in logged(at.store)[-3:]]
    assert told == [
        ("oidc", "user.add", "user:dora"),
        ("oidc", "user.link", "user:dora"),
        ("user:dora", "sign_in", "user:dora"),
    ]
    assert at.client.get("/api/sessions").json()["sessions"][0]["how"] == "oidc"
    assert SECRET.encode() not in everything_on_disk(at.store.path)


@pytest.mark.proves("C-OIDC-SIGN-IN")
def test_what_is_asked_of_the_provider_is_a_code_with_pkce_state_and_nonce(at: Served) -> None:
    asked = {name: values[0] for name, values in parse_qs(urlsplit(begin(at)).query).items()}
    assert asked["redirect_uri"] == REDIRECT
    assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
    assert asked["scope"] == "openid profile"
    assert {len(asked[name]) for name in ("state", "nonce", "code_challenge")} == {43}
    assert asked["nonce"].encode() not in everything_on_disk(at.store.path)
    assert asked["state"].encode() not in everything_on_disk(at.store.path)


@pytest.mark.proves("C-OIDC-TOKEN")
@pytest.mark.parametrize(
    ("knobs", "why"),
    [
        ({"override": {"iss": "https://evil.example"}}, "the token's iss is not ours, or over"),
        ({"override": {"aud": "another"}}, "the token's aud is not ours, or over"),
        ({"override": {"aud": ["genaiops", "another"]}}, "the token's azp is not ours, or over"),
        ({"override": {"azp": "another"}}, "the token's azp is not ours, or over"),
        ({"override": {"nonce": "another"}}, "the token's nonce is not ours, or over"),
        ({"drop": ["nonce"]}, "the token's nonce is not ours, or over"),
        ({"override": {"exp": int(time.time()) - 120}}, "the token's exp is not ours, or over"),
        ({"drop": ["exp"]}, "the token's exp is not ours, or over"),
        ({"override": {"iat": int(time.time()) + 600}}, "the token's iat is not ours, or over"),
        ({"drop": ["sub"]}, "the token's sub is not ours, or over"),
        ({"override": {"sub": 7}}, "the token's sub is not ours, or over"),
        ({"override": {"sub": ""}}, "the token's sub is none"),
        ({"override": {"sub": "x" * 256}}, "the token's sub is none"),
        ({"alg": "none"}, "the token's algorithm is not allowed"),
        ({"alg": "HS256"}, "the token's algorithm is not allowed"),
        ({"stranger": True}, "the token's signature does not hold"),
        ({"kid": "unknown"}, "the token's key is not the issuer's"),
        ({"iss": "https://evil.example"}, "another issuer answered"),
        ({"iss": "https://évil.example"}, "another issuer answered"),
    ],
)
def test_a_token_that_is_not_our_issuers_word_about_this_sign_in_is_refused(
    knobs: dict[str, object], why: str, at: Served, provider: Provider
) -> None:
    provider.set(**knobs)
    refused(sign_in(at, provider), at, why)


@pytest.mark.proves("C-OIDC-STATE")
def test_a_replayed_state_is_refused(at: Served, provider: Provider) -> None:
    path = provider.sign_in(begin(at))
    browser = dict(at.client.cookies)
    assert at.client.get(path).status_code == 303
    at.client.cookies.clear()
    at.client.cookies.update(browser)
    refused(at.client.get(path), at, "nobody began this here, or it was used")


@pytest.mark.proves("C-OIDC-STATE")
def test_a_sign_in_that_was_begun_in_another_browser_is_refused_and_over(
    at: Served, provider: Provider
) -> None:
    path = provider.sign_in(begin(at))
    browser = dict(at.client.cookies)
    at.client.cookies.clear()
    refused(at.client.get(path), at, "nobody began this here, or it was used")
    at.client.cookies.update(browser)
    refused(at.client.get(path), at, "nobody began this here, or it was used")


@pytest.mark.proves("C-OIDC-STATE")
def test_a_sign_in_has_ten_minutes(at: Served, provider: Provider) -> None:
    path = provider.sign_in(begin(at))
    at.clock.forward(minutes=10)
    refused(at.client.get(path), at, "nobody began this here, or it was used")


@pytest.mark.proves("C-OIDC-STATE")
def test_a_stolen_code_is_worth_nothing_in_another_sign_in(at: Served, provider: Provider) -> None:
    stolen = parse_qs(urlsplit(provider.sign_in(begin(at))).query)["code"][0]
    own = parse_qs(urlsplit(begin(at)).query)["state"][0]
    response = at.client.get("/api/oidc/callback", params={"code": stolen, "state": own})
    refused(response, at, "the issuer did not accept the code")


@pytest.mark.proves("C-OIDC-TOKEN")
def test_a_document_in_which_the_issuer_calls_itself_something_else_is_refused(
    at: Served, provider: Provider
) -> None:
    provider.set(issuer="https://evil.example")
    response = at.client.get("/api/oidc/start")
    assert (response.status_code, code_of(response)) == (401, "GAO-ACCESS-043")
    assert reason(at) == "the issuer calls itself something else"


@pytest.mark.proves("C-OIDC-KEYS")
def test_new_keys_of_the_issuer_are_found_and_strangers_make_us_ask_no_more(
    at: Served, provider: Provider
) -> None:
    assert sign_in(at, provider).status_code == 303
    provider.rotate()
    assert sign_in(at, provider).status_code == 303
    before = provider.asked().count("/keys")
    provider.set(kid="made up")
    for _ in range(3):
        assert sign_in(at, provider).status_code == 401
    assert provider.asked().count("/keys") == before


@pytest.mark.proves("C-OIDC-ACCOUNT")
def test_a_name_or_a_mail_address_links_nobody(at: Served, provider: Provider) -> None:
    provider.set(claims={"sub": "666", "preferred_username": "root", "email": "root@example.org"})
    refused(sign_in(at, provider), at, "another account has its name")


@pytest.mark.proves("C-OIDC-ACCOUNT")
def test_an_account_is_found_by_issuer_and_subject_whatever_its_name_is_now(
    at: Served, provider: Provider
) -> None:
    with at.store.database.write() as connection:
        link(connection, ADMIN, "anna", provider.issuer, "248289761001", at.clock())
    provider.set(claims={"sub": "248289761001", "preferred_username": "married"})
    assert sign_in(at, provider).status_code == 303
    assert at.client.get("/api/whoami").json()["id"] == "user:anna"
    body = {"issuer": provider.issuer, "subject": "248289761001"}
    again = at.client.put("/api/users/bea/link", headers=at.session("user:root"), json=body)
    assert (again.status_code, code_of(again)) == (409, "GAO-ACCESS-027")


@pytest.mark.proves("C-OIDC-ACCOUNT")
def test_a_disabled_account_does_not_come_back_through_the_provider(at: Served, provider: Provider) -> None:
    assert sign_in(at, provider).status_code == 303
    with at.store.database.write() as connection:
        people.set_disabled(connection, ADMIN, "user:dora", at.clock(), disabled=True)
    refused(sign_in(at, provider), at, "the account is disabled")


@pytest.mark.proves("C-OIDC-ACCOUNT")
@pytest.mark.parametrize("name", ["", "../x", "user:root", "x" * 200, 7, None])
def test_a_name_that_no_account_can_have_makes_none(name: object, at: Served, provider: Provider) -> None:
    provider.set(claims={"sub": "9", "preferred_username": name})
    refused(sign_in(at, provider), at, "its name cannot be an account's")


@pytest.mark.proves("C-OIDC-ACCOUNT")
def test_without_create_only_who_was_linked_comes_in(provider: Provider, tmp_path: Path) -> None:
    with running(provider, tmp_path, create=False) as at:
        at.clock.now = datetime.now(UTC)
        refused(sign_in(at, provider), at, "no account is linked to it")


@pytest.mark.proves("C-OIDC-GROUPS")
def test_groups_give_roles_at_each_sign_in_and_take_away_only_what_they_gave(
    provider: Provider, tmp_path: Path
) -> None:
    roles = [
        {"group": "Risk Team", "role": "risk", "project": "support"},
        {"group": "makers", "role": "builder", "project": "support"},
    ]
    with running(provider, tmp_path, roles=roles) as at:
        at.clock.now = datetime.now(UTC)
        who = {"sub": "1", "preferred_username": "dora"}
        provider.set(claims={**who, "groups": ["Risk Team", "makers", "admin", "group:team"]})
        assert held(at, provider) == {("support", "risk"), ("support", "builder")}
        with at.store.database.write() as connection:
            people.grant(
                connection,
                ADMIN,
                people.Grant(subject="user:dora", project="support", role="viewer"),
                at.clock(),
            )
            people.revoke(
                connection,
                ADMIN,
                people.Grant(subject="user:dora", project="support", role="builder"),
                at.clock(),
            )
        provider.set(claims={**who, "groups": ["makers"]})
        assert held(at, provider) == {("support", "builder"), ("support", "viewer")}
        provider.set(claims=who)
        assert held(at, provider) == {("support", "viewer")}
        taken = [each.actor for each in logged(at.store) if each.action == "role.revoke"]
        assert taken == ["user:root", "oidc", "oidc"]


@pytest.mark.proves("C-OIDC-GROUPS")
def test_groups_that_call_themselves_admin_give_nothing(at: Served, provider: Provider) -> None:
    provider.set(claims={"sub": "1", "preferred_username": "dora", "groups": ["admin", "role:admin", "*"]})
    assert held(at, provider) == set()


def held(at: Served, provider: Provider) -> set[tuple[str, str]]:
    """Sign in, and return the roles of who did."""
    at.client.cookies.clear()
    at.clock.forward(seconds=20)
    assert sign_in(at, provider).status_code == 303
    return {(each["project"], each["role"]) for each in at.client.get("/api/whoami").json()["grants"]}


@pytest.mark.proves("C-OIDC-SETTINGS")
def test_a_provider_that_cannot_be_reached_is_said_and_nobody_comes_in(tmp_path: Path) -> None:
    file = OidcFile(issuer="http://127.0.0.1:9", client_id=CLIENT, redirect=REDIRECT)
    egress = HttpEgress(EgressPolicy(frozenset({"127.0.0.1:9"})))
    flow = OidcFlow(Store.open(tmp_path).database, OidcSettings(file), egress)
    with served(tmp_path, oidc=flow, egress=egress) as at:
        response = at.client.get("/api/oidc/start")
        assert (response.status_code, code_of(response)) == (503, "GAO-NET-003")
