"""Sign-ins at the pinned issuer: where a browser is sent, and codes exchanged for tokens."""

import base64
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from genaiops.access.oidc.issuer import SECONDS, Issuer, object_in
from genaiops.access.oidc.settings import OidcSettings
from genaiops.access.oidc.states import Begun
from genaiops.access.oidc.token import Refusal
from genaiops.core import Egress

_PURPOSE = "sign-in"


class Provider:
    """What is asked of the issuer, and only of it. Used from one event loop."""

    def __init__(self, settings: OidcSettings, egress: Egress) -> None:
        self._settings = settings
        self._file = settings.file
        self._egress = egress
        self._issuer = Issuer(settings.file.issuer, egress, _PURPOSE)

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
        url = await self._issuer.endpoint("authorization_endpoint")
        return f"{url}{'&' if urlsplit(url).query else '?'}{urlencode(asked)}"

    async def exchange(self, code: str, begun: Begun) -> str:
        """Return the ID token for a code; raises `Refusal` where the issuer gives none."""
        url = await self._issuer.endpoint("token_endpoint")
        methods = (await self._issuer.said()).get("token_endpoint_auth_methods_supported")
        by_post = isinstance(methods, list) and "client_secret_basic" not in methods
        asked = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._file.redirect,
            "code_verifier": begun.verifier,
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        secret = self._settings.secret
        if secret is None or by_post:
            asked["client_id"] = self._file.client_id
        if secret is not None and by_post:
            asked["client_secret"] = secret
        elif secret is not None:
            pair = f"{quote(self._file.client_id, safe='')}:{quote(secret, safe='')}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        answer = await self._egress.request(
            _PURPOSE, "POST", url, headers=headers, body=urlencode(asked).encode(), timeout=SECONDS
        )
        said = object_in(await answer.read())
        token = said.get("id_token")
        if answer.status != 200 or not isinstance(token, str):
            raise Refusal("the issuer did not accept the code")
        return token

    async def key(self, kid: str | None) -> Any:
        """Return a key of the issuer; raises `Refusal` where it has none of that name."""
        return await self._issuer.key(kid)
