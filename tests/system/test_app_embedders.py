"""An embedder behind an endpoint, from genaiops.yaml to the refusal when it became another one."""

import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from tests.support.apps import write_project

from genaiops.cli import open_hub
from genaiops.cli.main import run

pytestmark = pytest.mark.system


class Embedding(ThreadingHTTPServer):
    """Vectors from the digests of texts; with another `salt` another model answers under the same name."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.salt = "one"
        self.texts: list[str] = []


class Handler(BaseHTTPRequestHandler):
    server: Embedding  # pyright: ignore[reportIncompatibleVariableOverride]

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.texts += body["input"]
        rows = [hashlib.sha256(f"{self.server.salt} {text}".encode()).digest() for text in body["input"]]
        data = [{"index": at, "embedding": [each - 127.5 for each in row]} for at, row in enumerate(rows)]
        content = json.dumps({"data": data}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None: ...


@pytest.fixture
def endpoint() -> Iterator[Embedding]:
    with Embedding() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def project(tmp_path: Path, endpoint: Embedding, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GENAIOPS_CONFIG", str(tmp_path / "config"))
    monkeypatch.setenv("GENAIOPS_CACHE", str(tmp_path / "cache"))
    config = (
        f"models: {{embed: {{model: 'http://127.0.0.1:{endpoint.server_port}/v1#Org/Tiny', "
        "query_prefix: 'query: ', dimension: 32}}\nknowledge: {docs: {source: docs}}\n"
    )
    work = tmp_path / "work"
    work.mkdir()
    write_project(work, "", config, docs__a_md="# Refunds\nA refund takes 14 days.\n")
    monkeypatch.chdir(work)
    return work


def said(capsys: pytest.CaptureFixture[str], *words: str, status: int = 0) -> str:
    capsys.readouterr()
    assert run((*words, "--allow-private", "127.0.0.1")) == status
    captured = capsys.readouterr()
    return captured.out + captured.err


@pytest.mark.proves("D-SAME-EMBEDDING", "D-EMBEDDER-ENDPOINT")
def test_an_endpoint_that_became_another_model_is_refused_until_it_says_its_version(
    project: Path, endpoint: Embedding, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "index/docs:v1" in said(capsys, "index", "build")
    assert "14 days" in said(capsys, "index", "search", "refund")
    assert "query: refund" in endpoint.texts
    endpoint.salt = "two"
    for words in (["index", "search", "refund"], ["index", "build"]):
        assert "no longer the embedder that it was" in said(capsys, *words, status=2)
    config = (project / "genaiops.yaml").read_text()
    (project / "genaiops.yaml").write_text(config.replace("dimension: 32", "dimension: 32, version: 2"))
    assert "index/docs:v2" in said(capsys, "index", "build")
    assert "14 days" in said(capsys, "index", "search", "refund")
    with open_hub(project) as hub:
        told = hub.diff("embedding/org-tiny:v1", "embedding/org-tiny:v2").lines
        assert told[0] == "version: (not said) -> 2"


def test_an_endpoint_that_returns_another_dimension_builds_nothing(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = ("index", "build", "--set", "models.embed.dimension=64")
    assert "vectors of 32 numbers, and 64 are expected" in said(capsys, *wrong, status=3)
    with open_hub(project) as hub:
        assert hub.published() == ()
