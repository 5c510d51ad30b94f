"""Bad input in real runs: the right exit status, one message with the way out, and a store that goes on."""

import hashlib
import resource
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from tests.support.plain_project import ECHO, PROJECT, environment, genaiops, is_one_message, make
from tests.support.small_project import commit, git

CHATS = """\
from genaiops import Answer, Context


async def answer(inputs: dict, ctx: Context) -> Answer:
    reply = await ctx.chat([{"role": "user", "content": inputs["question"]}])
    return Answer(reply.text)
"""


WITHOUT_EXTRAS = """\
import importlib.metadata as metadata

known = metadata.version


def version(name):
    if name in ("xllamacpp", "onnxruntime", "tokenizers"):
        raise metadata.PackageNotFoundError(name)
    return known(name)


metadata.version = version
"""

BROKEN_EXTRA = """\
import sys

sys.modules["xllamacpp"] = None
"""


def project_with(models: str) -> str:
    return PROJECT.replace("suites:", f"models: {models}\nsuites:")


@pytest.mark.proves("A-BAD-NO-GIT")
def test_without_a_repository_the_way_to_one_is_told(tmp_path: Path) -> None:
    project = make(tmp_path / "p")
    (project / ".git").rename(tmp_path / "git")
    done = genaiops(project, environment(tmp_path), "arena", "run")
    assert is_one_message(done, 2), done.stderr
    assert "git init" in done.stderr


@pytest.mark.proves("A-BAD-PROJECT-MALFORMED", "A-BAD-SUBMODULE", "A-BAD-LFS", "A-BAD-DATASET-EMPTY")
def test_what_is_wrong_with_a_tree_is_named_before_anything_runs(tmp_path: Path) -> None:
    project, env = make(tmp_path / "p"), environment(tmp_path)
    for text, word in ((": [\n", "line 1"), ("- a\n- b\n", "mapping")):
        (project / "genaiops.yaml").write_text(text, encoding="utf-8")
        done = genaiops(project, env, "arena", "run")
        assert is_one_message(done, 2), done.stderr
        assert word in done.stderr or "genaiops.yaml:1" in done.stderr
    git(project, "checkout", "-q", ".")
    (project / "data" / "suite.jsonl").write_text("\n", encoding="utf-8")
    done = genaiops(project, env, "arena", "run", "--suite-from", "candidate")
    assert is_one_message(done, 2), done.stderr
    git(project, "checkout", "-q", ".")
    (project / "weights.bin").write_text("version https://git-lfs.github.com/spec/v1\n", encoding="utf-8")
    done = genaiops(project, env, "arena", "run")
    assert is_one_message(done, 2), done.stderr
    assert "weights.bin" in done.stderr
    (project / "weights.bin").unlink()
    git(project, "init", "-q", "vendor")
    commit_in(project / "vendor")
    done = genaiops(project, env, "arena", "run")
    assert is_one_message(done, 2), done.stderr
    assert "vendor" in done.stderr
    assert not list((project / ".genaiops" / "trees").glob(".partial-*"))


def commit_in(folder: Path) -> None:
    (folder / "a.py").write_text("1\n", encoding="utf-8")
    commit(folder, "one")


@pytest.mark.proves("A-BAD-WEIGHT", "A-BAD-SHA")
def test_a_weight_that_is_absent_or_another_stops_the_run_and_says_how_to_pull_it(tmp_path: Path) -> None:
    env = environment(tmp_path)
    project = make(tmp_path / "p", CHATS, project_with("{chat: 'local:smollm2-135m'}"))
    absent = genaiops(project, env, "arena", "run")
    assert is_one_message(absent, 2) or is_one_message(absent, 3), absent.stderr
    assert "genaiops models pull smollm2-135m" in absent.stderr
    other = tmp_path / "other.gguf"
    other.write_bytes(b"GGUF, but another")
    pulled = genaiops(project, env, "models", "pull", "smollm2-135m", "--from", str(other))
    assert pulled.returncode in (2, 3), pulled.stderr
    assert "sha256" in pulled.stderr
    assert not list((tmp_path / "cache").rglob("*.gguf"))


@pytest.mark.proves("A-BAD-EXTRA")
@pytest.mark.parametrize(
    ("site", "says"), [(WITHOUT_EXTRAS, "genaiops[local]"), (BROKEN_EXTRA, "cannot be imported")]
)
def test_a_missing_or_broken_extra_is_one_message_with_what_to_install(
    tmp_path: Path, site: str, says: str
) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(site, encoding="utf-8")
    weights = tmp_path / "tiny.gguf"
    weights.write_bytes(b"GGUF")
    named = f"{weights}@sha256:{hashlib.sha256(b'GGUF').hexdigest()}"
    env = environment(tmp_path, PYTHONPATH=str(tmp_path / "site"))
    project = make(tmp_path / "p", CHATS, project_with(f"{{chat: 'local:{named}'}}"))
    done = genaiops(project, env, "arena", "run")
    assert is_one_message(done, 2), done.stderr
    assert says in done.stderr
    assert "pip install" in done.stderr


@pytest.fixture
def storm() -> Iterator[tuple[int, list[float]]]:
    asked: list[float] = []

    class Busy(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            asked.append(time.monotonic())
            self.send_response(429)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Busy)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_port, asked
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.proves("A-BAD-429")
def test_a_storm_of_429_ends_the_run_soon_and_what_was_finished_stays(
    tmp_path: Path, storm: tuple[int, list[float]]
) -> None:
    port, asked = storm
    project = make(tmp_path / "p", CHATS, project_with(f"{{chat: 'http://127.0.0.1:{port}/v1#m'}}"))
    arguments = ("arena", "run", "--allow-private", "127.0.0.1", "--jobs", "8")
    done = genaiops(project, environment(tmp_path), *arguments)
    assert is_one_message(done, 3), done.stderr
    assert "429" in done.stderr or "rate" in done.stderr
    assert len(asked) < 200
    assert not list((project / ".genaiops").glob("evidence/*"))


@pytest.mark.proves("A-BAD-ENDPOINT")
def test_an_endpoint_that_nobody_serves_or_nobody_allowed_ends_the_run_in_one_message(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    env = environment(tmp_path)
    project = make(tmp_path / "p", CHATS, project_with(f"{{chat: 'http://127.0.0.1:{port}/v1#m'}}"))
    allowed = ("--allow-private", "127.0.0.1", "--jobs", "8")
    done = genaiops(project, env, "arena", "run", *allowed)
    assert is_one_message(done, 3), done.stderr
    assert f"127.0.0.1:{port}" in done.stderr


@pytest.mark.proves("A-BAD-DISK")
def test_a_full_disk_ends_the_run_and_the_same_command_goes_on(tmp_path: Path) -> None:
    project, env = make(tmp_path / "p"), environment(tmp_path)
    (project / "app.py").write_text(ECHO + "# changed\n", encoding="utf-8")

    def little() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))

    done = genaiops(project, env, "arena", "run", before=little)
    assert is_one_message(done, 3), done.stderr
    assert "disk is full" in done.stderr or "could not be" in done.stderr
    again = genaiops(project, env, "arena", "run", "--json")
    assert again.returncode in (0, 4), again.stderr
    [bundle] = (project / ".genaiops" / "evidence").iterdir()
    assert genaiops(project, env, "arena", "verify", str(bundle)).returncode == 0
