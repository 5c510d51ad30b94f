"""`genaiops up` as people start it: a process, real HTTP, and its end."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.support.access import ADMIN, START, peopled

from genaiops.access import people
from genaiops.access.login import login
from genaiops.store import Store

pytestmark = pytest.mark.system

GENAIOPS = (sys.executable, "-c", "from genaiops.cli import main; main()")
MOST_IDLE_KIB = 250 * 1024


class Up:
    """A running server: where it is, and what it says to one request at a time."""

    def __init__(self, process: subprocess.Popen[str], url: str) -> None:
        self.process = process
        self.url = url
        self.host = url.split("/")[2]

    def ask(self, method: str, path: str, **headers: str) -> tuple[int, str, dict[str, str]]:
        connection = http.client.HTTPConnection(self.host, timeout=20)
        connection.request(
            method, path, headers={name.replace("_", "-"): text for name, text in headers.items()}
        )
        response = connection.getresponse()
        body = response.read().decode()
        connection.close()
        return response.status, body, {name.lower(): text for name, text in response.getheaders()}

    def stop(self, number: int) -> int:
        self.process.send_signal(number)
        return self.process.wait(20)


def command(folder: Path, *options: str) -> "subprocess.Popen[str]":
    env = {**os.environ, "GENAIOPS_CONFIG": str(folder / "config")}
    return subprocess.Popen(
        (*GENAIOPS, "up", *options),
        cwd=folder,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@contextmanager
def up(folder: Path, *options: str) -> Iterator[Up]:
    with command(folder, "--port", "0", *options) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            url = process.stdout.readline().strip()
            assert url, process.stderr.read()
            yield Up(process, url)
        finally:
            process.kill()


def fails(folder: Path, *options: str) -> tuple[int, str]:
    with command(folder, *options) as process:
        _, said = process.communicate(timeout=30)
    return process.returncode, said


@pytest.fixture
def project(tmp_path: Path) -> Path:
    Store.open(tmp_path / ".genaiops").close()
    return tmp_path


def with_users(folder: Path) -> None:
    with peopled(folder / ".genaiops") as store, store.database.write() as connection:
        if not people.is_there(connection, f"user:{login()}"):
            people.add(connection, ADMIN, f"user:{login()}", START)


@pytest.mark.proves("C-SERVER-START", "C-SERVER-LOOPBACK")
def test_the_printed_url_opens_one_session_and_nothing_else_comes_in(project: Path) -> None:
    with up(project) as server:
        assert server.ask("GET", "/api/whoami")[0] == 401
        path = server.url.removeprefix(f"http://{server.host}")
        status, _, headers = server.ask("GET", path)
        assert (status, headers["location"]) == (303, "/api/whoami")
        cookie = headers["set-cookie"].partition(";")[0]
        assert server.ask("GET", path)[0] == 401
        status, body, _ = server.ask("GET", "/api/whoami", Cookie=cookie)
        assert (status, json.loads(body)["everything"]) == (200, True)
        assert server.ask("GET", "/api/whoami", Cookie=cookie, Host="evil.example")[0] == 421
        change = {"Cookie": cookie, "Content_Length": "0"}
        assert server.ask("POST", "/api/users", **change)[0] == 403
        meant = {**change, "X_Genaiops_Request": "1"}
        assert server.ask("POST", "/api/users", **meant, Origin="http://evil.example")[0] == 403
        assert server.ask("POST", "/api/users", **meant, Origin=f"http://{server.host}")[0] == 422
        status, _, headers = server.ask("OPTIONS", "/api/users", Origin="http://evil.example")
        assert status == 405
        assert "access-control-allow-origin" not in headers


@pytest.mark.proves("C-SERVER-UP")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_is_there_soon_and_small_and_ends_when_told(number: int, project: Path) -> None:
    began = time.monotonic()
    with up(project) as server:
        ready = time.monotonic() - began
        assert server.ask("GET", "/readyz")[0] == 200
        status = Path(f"/proc/{server.process.pid}/status")
        if status.exists():
            lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
            assert int(lines["VmRSS"].split()[0]) < MOST_IDLE_KIB
        assert server.stop(number) == 0
        assert server.process.stderr is not None
        assert "Traceback" not in server.process.stderr.read()
    assert ready < 20  # the machine is shared; docs/server.md has what was measured


@pytest.mark.proves("C-SERVER-UP")
def test_with_users_the_url_signs_in_who_started_it_and_with_their_rights(project: Path) -> None:
    with_users(project)
    with up(project) as server:
        _, _, headers = server.ask("GET", server.url.removeprefix(f"http://{server.host}"))
        cookie = headers["set-cookie"].partition(";")[0]
        said = json.loads(server.ask("GET", "/api/whoami", Cookie=cookie)[1])
        assert (said["id"], said["everything"]) == (f"user:{login()}", False)


@pytest.mark.proves("C-SERVER-UP")
def test_json_is_one_document_with_the_url(project: Path) -> None:
    with command(project, "--port", "0", "--json") as process:
        assert process.stdout is not None
        document = "".join(process.stdout.readline() for _ in range(3))
        process.terminate()
        assert process.wait(20) == 0
    assert json.loads(document)["url"].startswith("http://127.0.0.1:")


@pytest.mark.proves("C-SERVER-EXPOSED")
def test_others_reach_it_only_by_https_and_only_with_users(project: Path) -> None:
    status, said = fails(project, "--host", "0.0.0.0")
    assert (status, said.partition(":")[0]) == (2, "GAO-SERVER-002")
    public = ("--host", "0.0.0.0", "--public-url", "https://ai.example.org")
    status, said = fails(project, "--port", "0", *public)
    assert (status, said.partition(":")[0]) == (2, "GAO-SERVER-003")
    with_users(project)
    with up(project, *public) as server:
        assert server.url == "https://ai.example.org"  # nothing in it signs anybody in


@pytest.mark.proves("C-SERVER-UP")
def test_a_port_that_is_taken_is_one_clear_line(project: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        status, said = fails(project, "--port", str(other.getsockname()[1]))
    assert (status, said.partition(":")[0]) == (2, "GAO-SERVER-004")
    assert "Traceback" not in said


@pytest.mark.proves("C-SERVER-UP")
def test_two_servers_do_not_share_a_port(project: Path) -> None:
    with up(project) as server:
        status, said = fails(project, "--port", server.host.rpartition(":")[2])
    assert (status, said.partition(":")[0]) == (2, "GAO-SERVER-004")


@pytest.mark.proves("C-OIDC-SETTINGS")
def test_a_way_back_from_the_provider_that_leads_elsewhere_does_not_start(project: Path) -> None:
    (project / "config" / "access").mkdir(parents=True)
    (project / "config" / "access" / "oidc.yaml").write_text(
        "issuer: https://login.example.org\nclient_id: x\nredirect: https://other.example.org/api/oidc/callback\n"
    )
    status, said = fails(project, "--port", "0")
    assert (status, said.partition(":")[0]) == (2, "GAO-SERVER-007")


@pytest.mark.proves("C-SERVER-UP")
def test_without_the_extra_one_line_says_which(project: Path) -> None:
    hidden = "import sys; sys.modules.update(fastapi=None, granian=None, authlib=None, joserfc=None)"
    for words, status in ((["up"], 2), (["up", "--help"], 0), (["access", "whoami"], 0)):
        command = [sys.executable, "-c", f"{hidden}; from genaiops.cli import main; main()", *words]
        done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
        assert done.returncode == status, done.stderr
        assert ("pip install 'genaiops[server]'" in done.stderr) == (status == 2)
