"""The pinned issuer: where it says that its endpoints are, its keys, and codes exchanged for tokens."""

import base64
import json
import math
import time
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import quote, urlencode, urlsplit

from genaiops.access.oidc.settings import OidcSettings
from genaiops.access.oidc.states import Begun
from genaiops.access.oidc.token import Refusal
from genaiops.core import Egress, Json

_PURPOSE = "sign-in"
_SECONDS = 10.0
_FRESH_SECONDS = 3600.0
_LOOK_AGAIN_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class _Metadata:
    authorization: str
    token: str
    keys: str
    by_post: bool
    read_at: float


class Provider:
    """What is asked of the issuer, and only of it. Used from one event loop."""

    def __init__(self, settings: OidcSettings, egress: Egress) -> None:
        self._settings = settings
        self._file = settings.file
        self._egress = egress
        self._known: _Metadata | None = None
        self._keys: Any = None
        self._keys_read_at = 0.0
        self._looked_again_at = -math.inf

    async def sign_in_url(self, begun: Begun) -> str:
        """Return where the browser goes to sign in."""
        asked = {
            "response_type": "code",
            "client_id": self._file.client_id,
            "redirect_uri": self._file.redirect,
            "scope": " ".join(dict.fromkeys(("openid", "profile", *self._file.scopes))),
            "state": begun.state,
            "nonce": begun.nonce,
            "code_challenge": begun.challenge,
            "code_challenge_method": "S256",
        }
        url = (await self._metadata()).authorization
        return f"{url}{'&' if urlsplit(url).query else '?'}{urlencode(asked)}"

    async def exchange(self, code: str, begun: Begun) -> str:
        """Return the ID token for a code; raises `Refusal` where the issuer gives none."""
        known = await self._metadata()
        asked = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._file.redirect,
            "code_verifier": begun.verifier,
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        secret = self._settings.secret
        if secret is None or known.by_post:
            asked["client_id"] = self._file.client_id
        if secret is not None and known.by_post:
            asked["client_secret"] = secret
        elif secret is not None:
            pair = f"{quote(self._file.client_id, safe='')}:{quote(secret, safe='')}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        answer = await self._egress.request(
            _PURPOSE, "POST", known.token, headers=headers, body=urlencode(asked).encode(), timeout=_SECONDS
        )
        said = _object(await answer.read())
        token = said.get("id_token")
        if answer.status != 200 or not isinstance(token, str):
            raise Refusal("the issuer did not accept the code")
        return token

    async def key(self, kid: str | None) -> Any:
        """Return a key of the issuer; one that is not known is looked for once more, for it may be new."""
        known = await self._known_keys()
        found = self._find(known, kid)
        if found is None and time.monotonic() - self._looked_again_at > _LOOK_AGAIN_SECONDS:
            # strangers choose the kid of what they send: they shall not make us ask the issuer each time
            self._looked_again_at = time.monotonic()
            found = self._find(await self._read_keys(), kid)
        if found is None:
            raise Refusal("the token's key is not the issuer's")
        return found

    def _find(self, keys: Any, kid: str | None) -> Any:
        signing = [each for each in keys if each.get("use", "sig") == "sig"]
        if kid is None:  # then there must be nothing to choose from
            return signing[0] if len(signing) == 1 else None
        return next((each for each in signing if each.kid == kid), None)

    async def _known_keys(self) -> Any:
        fresh = self._keys is not None and time.monotonic() - self._keys_read_at < _FRESH_SECONDS
        return self._keys if fresh else await self._read_keys()

    async def _read_keys(self) -> Any:
        from joserfc.errors import JoseError  # with the extra `server`
        from joserfc.jwk import KeySet

        said = await self._get((await self._metadata()).keys)
        try:
            self._keys = KeySet.import_key_set(cast("Any", said))
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise Refusal("the issuer's keys cannot be read") from error
        self._keys_read_at = time.monotonic()
        return self._keys

    async def _metadata(self) -> _Metadata:
        if self._known is None or time.monotonic() - self._known.read_at > _FRESH_SECONDS:
            said = await self._get(f"{self._file.issuer.rstrip('/')}/.well-known/openid-configuration")
            if said.get("issuer") != self._file.issuer:
                raise Refusal("the issuer calls itself something else")
            methods = said.get("token_endpoint_auth_methods_supported")
            self._known = _Metadata(
                authorization=self._endpoint(said, "authorization_endpoint"),
                token=self._endpoint(said, "token_endpoint"),
                keys=self._endpoint(said, "jwks_uri"),
                by_post=isinstance(methods, list) and "client_secret_basic" not in methods,
                read_at=time.monotonic(),
            )
        return self._known

    def _endpoint(self, said: dict[str, Json], name: str) -> str:
        url = said.get(name)
        if not isinstance(url, str) or urlsplit(url).scheme not in (
            "https",
            urlsplit(self._file.issuer).scheme,
        ):
            raise Refusal(f"the issuer's {name} is no safe URL")
        return url

    async def _get(self, url: str) -> dict[str, Json]:
        answer = await self._egress.request(_PURPOSE, "GET", url, timeout=_SECONDS)
        content = await answer.read()
        if answer.status != 200:
            raise Refusal(f"the issuer answered {answer.status}")
        return _object(content)


def _object(content: bytes) -> dict[str, Json]:
    try:
        value: Json = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise Refusal("the issuer did not answer in JSON") from error
    if not isinstance(value, dict):
        raise Refusal("the issuer did not answer with an object")
    return value
