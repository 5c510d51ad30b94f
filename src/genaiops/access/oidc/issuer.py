"""A pinned issuer: what it says of itself, and its keys."""

import json
import math
import time
from typing import Any, cast
from urllib.parse import urlsplit

from genaiops.access.oidc.token import Refusal
from genaiops.core import Egress, Json

SECONDS = 10.0
_FRESH_SECONDS = 3600.0
_LOOK_AGAIN_SECONDS = 30.0


class Issuer:
    """What is asked of the issuer at `url`, and only of it. Used from one event loop."""

    def __init__(self, url: str, egress: Egress, purpose: str) -> None:
        self._url = url
        self._egress = egress
        self._purpose = purpose
        self._said: dict[str, Json] | None = None
        self._said_at = -math.inf
        self._keys: Any = None
        self._keys_read_at = -math.inf
        self._looked_again_at = -math.inf

    async def key(self, kid: str | None) -> Any:
        """Return a key of the issuer; one that is not known is looked for once more, for it may be new."""
        fresh = time.monotonic() - self._keys_read_at < _FRESH_SECONDS
        found = find_key(self._keys if fresh else await self._read_keys(), kid)
        if found is None and time.monotonic() - self._looked_again_at > _LOOK_AGAIN_SECONDS:
            # strangers choose the kid of what they send: they shall not make us ask the issuer each time
            self._looked_again_at = time.monotonic()
            found = find_key(await self._read_keys(), kid)
        if found is None:
            raise not_its_key()
        return found

    async def endpoint(self, name: str) -> str:
        """Return the URL that the issuer says is its `name`."""
        url = (await self.said()).get(name)
        if not isinstance(url, str) or urlsplit(url).scheme not in ("https", urlsplit(self._url).scheme):
            raise Refusal(f"the issuer's {name} is no safe URL")
        return url

    async def said(self) -> dict[str, Json]:
        """Return the document in which the issuer says what it can do and where."""
        if self._said is None or time.monotonic() - self._said_at > _FRESH_SECONDS:
            said = await self._get(f"{self._url.rstrip('/')}/.well-known/openid-configuration")
            if said.get("issuer") != self._url:
                raise Refusal("the issuer calls itself something else")
            self._said, self._said_at = said, time.monotonic()
        return self._said

    async def _read_keys(self) -> Any:
        self._keys = keys_in(await self._get(await self.endpoint("jwks_uri")))
        self._keys_read_at = time.monotonic()
        return self._keys

    async def _get(self, url: str) -> dict[str, Json]:
        answer = await self._egress.request(self._purpose, "GET", url, timeout=SECONDS)
        content = await answer.read()
        if answer.status != 200:
            raise Refusal(f"the issuer answered {answer.status}")
        return object_in(content)


def keys_in(said: dict[str, Json]) -> Any:
    """Return the keys of a JWK set (RFC 7517); raises `Refusal` where it is none."""
    from joserfc.errors import JoseError  # with the extra `server`
    from joserfc.jwk import KeySet

    try:
        return KeySet.import_key_set(cast("Any", said))
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise Refusal("the issuer's keys cannot be read") from error


def find_key(keys: Any, kid: str | None) -> Any:
    """Return the key that a token names, None where it is not among `keys`."""
    signing = [each for each in keys if each.get("use", "sig") == "sig"]
    if kid is None:  # then there must be nothing to choose from
        return signing[0] if len(signing) == 1 else None
    return next((each for each in signing if each.kid == kid), None)


def not_its_key() -> Refusal:
    """Return the refusal of a token whose key is none of the issuer's."""
    return Refusal("the token's key is not the issuer's")


def object_in(content: bytes) -> dict[str, Json]:
    """Return what an issuer answered; raises `Refusal` where it is no object in JSON."""
    try:
        value: Json = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise Refusal("the issuer did not answer in JSON") from error
    if not isinstance(value, dict):
        raise Refusal("the issuer did not answer with an object")
    return value
