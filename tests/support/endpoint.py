"""An app behind a real address on loopback: each question gets what a behaviour says, and is remembered."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Say:
    """One response: status, body (JSON unless it is text or bytes), headers."""

    body: object = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


Behaviour = Callable[[dict[str, Any]], Say]


def upper(inputs: dict[str, Any]) -> Say:
    """Answer in capitals."""
    return Say(
        {"text": inputs["question"].upper(), "usage": {"input_tokens": 3, "output_tokens": 2, "calls": 1}}
    )


@dataclass
class Endpoint:
    """The running server: where it is, and what it was asked."""

    url: str
    behaviour: Behaviour
    asked: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    hang: threading.Event = field(default_factory=threading.Event)


@contextmanager
def serving(behaviour: Behaviour = upper) -> Iterator[Endpoint]:
    """Serve until the block ends; a behaviour may wait on `endpoint.hang`, which is set then."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            endpoint.asked.append(json.loads(content))
            endpoint.keys.append(self.headers.get("Authorization"))
            reply(self, endpoint.behaviour(endpoint.asked[-1]))

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    endpoint = Endpoint(f"http://127.0.0.1:{server.server_port}/answer", behaviour)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield endpoint
    finally:
        endpoint.hang.set()
        server.shutdown()
        thread.join()
        server.server_close()


def reply(handler: BaseHTTPRequestHandler, say: Say) -> None:
    """Send one response."""
    if isinstance(say.body, bytes):
        kind, content = "application/octet-stream", say.body
    elif isinstance(say.body, str):
        kind, content = "text/plain; charset=utf-8", say.body.encode()
    else:
        kind, content = "application/json", json.dumps(say.body).encode()
    headers = {"Content-Type": kind, "Content-Length": str(len(content)), **say.headers}
    try:
        handler.send_response(say.status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(content)
    except (BrokenPipeError, ConnectionResetError):
        pass  # who asked has gone
