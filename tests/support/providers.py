"""An identity provider that runs as a process of its own, and what tests do with it."""

import json
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import HTTPRedirectHandler, Request, build_opener

REPOSITORY = Path(__file__).resolve().parents[2]
DEFAULTS = {
    "claims": {"sub": "248289761001", "preferred_username": "dora"},
    "override": {},
    "drop": [],
    "alg": "RS256",
    "kid": None,
    "issuer": None,
    "iss": None,
    "stranger": False,
}


class _Stay(HTTPRedirectHandler):
    def redirect_request(self, *args: object) -> None:
        return None


@dataclass
class Provider:
    """A provider that runs; `home` is where it sends people back to."""

    issuer: str
    home: str

    def set(self, **knobs: object) -> None:
        self._post("/knobs", {**DEFAULTS, **knobs})

    def rotate(self) -> None:
        self._post("/rotate", {})

    def asked(self) -> list[str]:
        with build_opener().open(f"{self.issuer}/asked") as answer:
            return json.load(answer)

    def job_token(self, audience: str) -> str:
        """Return the token that a CI job gets for an audience of its choice."""
        with build_opener().open(f"{self.issuer}/job?{urlencode({'audience': audience})}") as answer:
            return json.load(answer)["value"]

    def sign_in(self, url: str) -> str:
        """Return the path that a browser is sent back to, after it signed in at `url`."""
        try:
            build_opener(_Stay).open(url)
        except OSError as answer:
            return answer.headers["Location"].removeprefix(self.home)
        raise AssertionError("the provider did not send anybody back")

    def _post(self, path: str, body: object) -> None:
        with build_opener().open(Request(self.issuer + path, json.dumps(body).encode())):
            pass


@contextmanager
def running_provider(client: str, secret: str, redirect: str) -> Generator[Provider]:
    """Run a provider that knows one client."""
    command = [sys.executable, "-m", "tests.support.oidc_provider", client, secret, redirect]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield Provider(process.stdout.readline().strip(), redirect.removesuffix("/api/oidc/callback"))
        process.terminate()
