"""An identity provider as a process of its own: correct (OpenID Connect Core), unless told to misbehave.

    python -m tests.support.oidc_provider CLIENT_ID CLIENT_SECRET REDIRECT

It prints its issuer. `POST /knobs` with JSON sets who signs in (`claims`) and how its tokens are wrong. A job
asks `GET /job?audience=…` for a token, as on GitHub.
"""

import base64
import hashlib
import hmac
import json
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote_plus, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

KNOBS: dict[str, Any] = {
    "claims": {"sub": "248289761001", "preferred_username": "anna"},
    "override": {},  # claims that the token says instead
    "drop": [],  # claims that it leaves out
    "alg": "RS256",
    "kid": None,  # None: that of the signing key
    "issuer": None,  # what the discovery document says instead
    "iss": None,  # what the redirect says (RFC 9207)
    "stranger": False,  # signed with a key that is not published
}


def text(some: bytes) -> str:
    return base64.urlsafe_b64encode(some).rstrip(b"=").decode()


class Provider(BaseHTTPRequestHandler):
    client: tuple[str, str, str]
    issuer: str
    keys: list[RSAKey]
    codes: dict[str, dict[str, str]]
    asked: list[str]

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        self.asked.append(parts.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path == "/.well-known/openid-configuration":
            self.reply(200, self.discovery())
        elif parts.path == "/keys":
            self.reply(200, KeySet(self.keys).as_dict(private=False, use="sig"))
        elif parts.path == "/authorize":
            self.authorize(query)
        elif parts.path == "/job":
            self.reply(200, {"value": self.id_token(query["audience"])})
        elif parts.path == "/asked":
            self.reply(200, self.asked)
        else:
            self.reply(404, {})

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == "/knobs":
            KNOBS.update(json.loads(content))
            self.reply(200, {})
        elif self.path == "/rotate":
            self.keys[:] = [RSAKey.generate_key(2048, auto_kid=True)]
            self.reply(200, {})
        elif self.path == "/token":
            self.token({name: values[0] for name, values in parse_qs(content.decode()).items()})

    def discovery(self) -> dict[str, Any]:
        return {
            "issuer": KNOBS["issuer"] or self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
        }

    def authorize(self, query: dict[str, str]) -> None:
        client_id, _, redirect = self.client
        right = query["client_id"] == client_id and query["redirect_uri"] == redirect
        if not right or query["response_type"] != "code" or query["code_challenge_method"] != "S256":
            self.reply(400, {"error": "invalid_request"})
            return
        code = text(hashlib.sha256(query["state"].encode()).digest())
        self.codes[code] = query
        back = {"code": code, "state": query["state"], "iss": KNOBS["iss"] or self.issuer}
        self.send_response(302)
        self.send_header("Location", f"{redirect}?{urlencode(back)}")
        self.end_headers()

    def token(self, form: dict[str, str]) -> None:
        client_id, secret, redirect = self.client
        sent = base64.b64decode(self.headers.get("Authorization", "").removeprefix("Basic ")).decode()
        begun = self.codes.pop(form.get("code", ""), None)
        challenge = text(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if [unquote_plus(part) for part in sent.split(":")] != [client_id, secret]:
            self.reply(401, {"error": "invalid_client"})
        elif (
            begun is None
            or form["redirect_uri"] != redirect
            or form["grant_type"] != "authorization_code"
            or begun["code_challenge"] != challenge
        ):
            self.reply(400, {"error": "invalid_grant"})
        else:
            token = self.id_token(client_id, nonce=begun["nonce"])
            self.reply(200, {"access_token": "x", "token_type": "Bearer", "id_token": token})

    def id_token(self, audience: str, **more: str) -> str:
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": audience, "iat": now, "exp": now + 300, **more}
        claims = {**claims, **KNOBS["claims"], **KNOBS["override"]}
        claims = {name: value for name, value in claims.items() if name not in KNOBS["drop"]}
        own = self.keys[0]
        header = {"alg": KNOBS["alg"], "kid": KNOBS["kid"] or own.kid}
        body = ".".join(text(json.dumps(part).encode()) for part in (header, claims))
        if KNOBS["alg"] == "none":
            return body + "."
        if KNOBS["alg"] == "HS256":  # signed with what everybody knows: the public key
            return f"{body}.{text(hmac.digest(own.as_pem(private=False), body.encode(), 'sha256'))}"
        key = RSAKey.generate_key(2048) if KNOBS["stranger"] else own
        return jwt.encode(header, claims, key, algorithms=[KNOBS["alg"]])

    def reply(self, status: int, body: object) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        pass


def main(client_id: str, secret: str, redirect: str) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    Provider.client = (client_id, secret, redirect)
    Provider.issuer = f"http://127.0.0.1:{server.server_port}"
    Provider.keys = [RSAKey.generate_key(2048, auto_kid=True)]
    Provider.codes, Provider.asked = {}, []
    print(Provider.issuer, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
