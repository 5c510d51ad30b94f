"""What is refused before any route is asked, and what every answer says."""

import asyncio
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from tests.support.server import MEANT, PLACE, ROOT, Served, code_of, served

from genaiops.core import ANYONE, Asked, Content, OutsideError, Route, UserError
from genaiops.server import Place
from genaiops.server.gate import Gate, Message

BEHIND = Place(
    host="0.0.0.0", port=8800, public_url="https://ai.example.org", proxies=frozenset({"testclient"})
)


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One server for the tests that change nothing."""
    with served(tmp_path_factory.mktemp("still")) as at:
        yield at


@pytest.mark.proves("C-SERVER-LOOPBACK")
@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1:81", "127.0.0.1.evil.example", "", "localhost@evil"]
)
def test_a_name_that_is_not_ours_is_not_answered(host: str, still: Served) -> None:
    response = still.client.get("/api/whoami", headers={**still.session("user:root"), "Host": host})
    assert (response.status_code, code_of(response)) == (421, "GAO-SERVER-010")


@pytest.mark.proves("C-SERVER-LOOPBACK")
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST:80", "[::1]", "127.0.0.1:80"])
def test_the_names_of_this_machine_are_answered_on_loopback(host: str, still: Served) -> None:
    headers = {**still.session("user:root"), "Host": host}
    assert still.client.get("/api/whoami", headers=headers).status_code == 200


@pytest.mark.proves("C-SERVER-CSRF")
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:8080"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_another_sites_page_changes_nothing_also_with_a_key(headers: dict[str, str], still: Served) -> None:
    for who in (still.session("user:root"), still.key("user:root", "*", "people.change")):
        response = still.client.post("/api/users", headers={**who, **headers}, json={"name": "eve"})
        assert (response.status_code, code_of(response)) == (403, "GAO-SERVER-011")


@pytest.mark.proves("C-SERVER-CSRF")
def test_a_change_with_a_session_needs_the_header_that_no_form_sends(tmp_path: Path) -> None:
    with served(tmp_path) as at:
        headers = at.session("user:root")
        bare = {name: value for name, value in headers.items() if name not in MEANT}
        assert code_of(at.client.post("/api/users", headers=bare, json={"name": "eve"})) == "GAO-SERVER-012"
        assert code_of(at.client.post("/api/session", json={})) == "GAO-SERVER-012"
        own = {**headers, "Origin": ROOT, "Sec-Fetch-Site": "same-origin"}
        assert at.client.post("/api/users", headers=own, json={"name": "eve"}).status_code == 201
        key = at.key("user:root", "*", "people.change")
        assert at.client.post("/api/users", headers=key, json={"name": "joe"}).status_code == 201


@pytest.mark.proves("C-SERVER-LOOPBACK")
def test_no_answer_lets_another_site_read_it(tmp_path: Path) -> None:
    with served(tmp_path) as at:
        for path in ("/healthz", "/api/whoami", "/nowhere"):
            headers = at.client.get(path, headers={"Origin": "https://evil.example"}).headers
            assert not [name for name in headers if name.startswith("access-control-")]
            assert headers["cache-control"] == "no-store"
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["referrer-policy"] == "no-referrer"


@pytest.mark.proves("C-SERVER-EXPOSED")
def test_behind_a_proxy_the_public_name_counts_and_cookies_are_bound_to_https(tmp_path: Path) -> None:
    with served(tmp_path, place=BEHIND) as at:
        headers = at.session("user:root")
        assert at.client.get("/api/whoami", headers=headers).status_code == 200
        assert at.client.get("/api/whoami", headers={**headers, "Host": "10.0.0.7:8800"}).status_code == 421
        assert at.client.get("/readyz", headers={"Host": "10.0.0.7:8800"}).status_code == 200
        gone = at.client.delete("/api/session", headers={**headers, "Origin": "https://ai.example.org"})
        assert gone.headers["set-cookie"] == (
            "__Host-genaiops-session=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure"
        )
        assert "max-age" in gone.headers["strict-transport-security"]


@pytest.mark.proves("C-SERVER-EXPOSED")
@pytest.mark.parametrize(
    ("host", "url", "code"),
    [
        ("0.0.0.0", None, "GAO-SERVER-002"),
        ("::", None, "GAO-SERVER-002"),
        ("192.168.1.7", "http://ai.example.org", "GAO-SERVER-001"),
        ("127.0.0.1", "https://ai.example.org/path", "GAO-SERVER-001"),
        ("127.0.0.1", "https://user@ai.example.org", "GAO-SERVER-001"),
        ("my-machine", None, "GAO-SERVER-006"),
    ],
)
def test_an_address_that_others_reach_needs_a_name_with_https(host: str, url: str | None, code: str) -> None:
    with pytest.raises(UserError) as caught:
        Place(host=host, port=1, public_url=url)
    assert caught.value.code == code


@pytest.mark.proves("C-SERVER-EXPOSED")
def test_only_our_proxy_may_say_who_asks() -> None:
    place = Place(port=1, proxies=frozenset({"10.0.0.1"}))
    assert place.client("10.0.0.1", "6.6.6.6, 203.0.113.9") == "203.0.113.9"
    assert place.client("10.0.0.1", "") == "10.0.0.1"
    assert place.client("203.0.113.9", "6.6.6.6") == "203.0.113.9"


def broken(asked: Asked[object]) -> None:
    raise RuntimeError("the password is hunter2")


def full(asked: Asked[object]) -> None:
    raise OutsideError("GAO-STORE-003", "the disk is full", where="/srv/secret/place")


def placed(asked: Asked[object]) -> None:
    raise UserError("GAO-CORE-003", "this is not a Case: expected", where="cases.jsonl:3")


def count(asked: Asked[object]) -> list[int]:
    return [len(piece) for piece in asked.content]


def many(asked: Asked[object]) -> Content:
    def pieces() -> Iterator[bytes]:
        yield from [b"ab"] * 3

    return Content(chunks=pieces(), size=6)


def half(asked: Asked[object]) -> Content:
    def pieces() -> Iterator[bytes]:
        yield b"ab"
        raise RuntimeError("no more")

    return Content(chunks=pieces())


def route(call: object, method: str = "GET", **given: object) -> Route:
    return Route(method, "/api/try", call, ANYONE, None, **given)  # type: ignore[arg-type]


@pytest.mark.proves("C-SERVER-PROBLEM")
def test_a_bug_of_ours_is_a_problem_with_an_id_that_the_log_explains(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with served(tmp_path, route(broken)) as at, caplog.at_level(logging.ERROR, "genaiops.server"):
        response = at.client.get("/api/try")
    assert (response.status_code, code_of(response)) == (500, "GAO-SERVER-500")
    assert "hunter2" not in response.text
    number = response.json()["instance"].rpartition(":")[2]
    assert number in caplog.text
    assert "hunter2" in caplog.text


@pytest.mark.proves("C-SERVER-PROBLEM")
def test_a_place_inside_what_was_sent_is_said_and_one_on_the_servers_disk_is_not(tmp_path: Path) -> None:
    with served(tmp_path / "a", route(full)) as at:
        response = at.client.get("/api/try")
        assert response.status_code == 503
        assert "/srv" not in response.text
    with served(tmp_path / "b", route(placed)) as at:
        response = at.client.get("/api/try")
        assert (response.status_code, response.json()["where"]) == (400, "cases.jsonl:3")


@pytest.mark.proves("C-SERVER-PROBLEM")
@pytest.mark.parametrize(
    ("method", "path", "content", "status", "code"),
    [
        ("GET", "/nowhere", b"", 404, "GAO-SERVER-014"),
        ("DELETE", "/api/whoami", b"", 405, "GAO-SERVER-015"),
        ("POST", "/api/users", b"{", 422, "GAO-SERVER-017"),
        ("POST", "/api/users", b"\xff\xfe", 422, "GAO-SERVER-017"),
        ("POST", "/api/users", b'{"name": "x", "admin": true}', 422, "GAO-SERVER-017"),
        ("POST", "/api/users", b'{"name": 7}', 422, "GAO-SERVER-017"),
        ("POST", "/api/users", b'{"name": "../x"}', 400, "GAO-ACCESS-025"),
        ("POST", "/api/users", b'{"name": "anna"}', 409, "GAO-ACCESS-027"),
        ("PUT", "/api/users/nobody", b'{"disabled": true}', 404, "GAO-ACCESS-026"),
        ("GET", "/api/audit?limit=0", b"", 422, "GAO-SERVER-017"),
        ("POST", "/api/users", b'{"name": "' + b"x" * (1 << 20) + b'"}', 413, "GAO-SERVER-016"),
    ],
)
def test_every_bad_request_is_one_problem_document(
    method: str, path: str, content: bytes, status: int, code: str, still: Served
) -> None:
    headers = {**still.session("user:root"), "Content-Type": "application/json"}
    response = still.client.request(method, path, headers=headers, content=content)
    assert (response.status_code, code_of(response)) == (status, code)


@pytest.mark.proves("C-SERVER-PROBLEM")
def test_what_was_sent_is_not_repeated(tmp_path: Path) -> None:
    with served(tmp_path) as at:
        body = {"name": "anna", "password": ["tangerine"]}
        response = at.client.post("/api/session", headers=MEANT, json=body)
        assert response.status_code == 422
        assert "tangerine" not in response.text


@pytest.mark.proves("C-SERVER-STREAM")
def test_content_is_taken_and_given_piece_by_piece_within_its_limit(tmp_path: Path) -> None:
    taken = route(count, "POST", raw=True, most_bytes=10)

    def pieces(number: int) -> Iterator[bytes]:
        yield from [b"xyz"] * number

    with served(tmp_path / "a", taken) as at:
        sent = at.client.post("/api/try", headers=MEANT, content=pieces(3))
        assert [size for size in sent.json() if size] == [9] or sum(sent.json()) == 9
        assert at.client.post("/api/try", headers=MEANT, content=pieces(4)).status_code == 413
    with served(tmp_path / "b", route(many)) as at:
        response = at.client.get("/api/try")
        assert (response.content, response.headers["content-length"]) == (b"ababab", "6")


@pytest.mark.proves("C-SERVER-STREAM")
def test_half_an_answer_breaks_off_instead_of_looking_whole(tmp_path: Path) -> None:
    with served(tmp_path, route(half)) as at, pytest.raises(RuntimeError, match="no more"):
        at.client.get("/api/try")


async def nothing_comes(api: FastAPI, headers: dict[str, str]) -> int:
    """Ask for a change whose content never arrives, and return the status."""
    said: list[Message] = []

    async def receive() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Message) -> None:
        said.append(message)

    raw = [(name.lower().encode(), text.encode()) for name, text in {**headers, "Host": "localhost"}.items()]
    path = "/api/users"
    scope = {"type": "http", "method": "POST", "path": path, "raw_path": path.encode(), "headers": raw}
    scope = {
        **scope,
        "query_string": b"",
        "scheme": "http",
        "client": ("127.0.0.1", 1),
        "http_version": "1.1",
    }
    await Gate(api, PLACE, patience=0.01)(scope, receive, send)
    return int(said[0]["status"])


@pytest.mark.proves("C-SERVER-STREAM")
def test_content_that_does_not_come_is_given_up(tmp_path: Path) -> None:
    with served(tmp_path) as at:
        headers = {**at.session("user:root"), "Content-Type": "application/json"}
        assert asyncio.run(nothing_comes(at.api, headers)) == 408


def test_the_description_of_the_api_is_there_without_a_sign_in(tmp_path: Path) -> None:
    with served(tmp_path) as at:
        said = at.client.get("/api/openapi.json").json()
        assert said["paths"]["/api/whoami"]["get"]["security"] == [{"key": []}, {"session": []}]
        assert "security" not in said["paths"]["/api/session"]["post"]
