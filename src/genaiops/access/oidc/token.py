"""Whether an ID token is our issuer's word about who signed in here; pure (OpenID Connect Core, 3.1.3.7)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from genaiops.access.oidc.settings import OidcFile

# asymmetric only: with HS256 whoever knows a public key could sign, and `none` is no signature
ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")
_LEEWAY_SECONDS = 60
_LONGEST_SUBJECT = 255


class Refusal(Exception):
    """Why a sign-in is refused: for the log, never for who asks."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the issuer says this is. `name` may be empty; nothing but issuer and subject identifies."""

    issuer: str
    subject: str
    name: str
    groups: frozenset[str]


def key_id(token: str) -> str | None:
    """Return which key a token says it was signed with; raises `Refusal` where it is no token."""
    from joserfc.errors import JoseError  # with the extra `server`
    from joserfc.jws import extract_compact

    try:
        header = extract_compact(token.encode()).headers()
    except (JoseError, ValueError) as error:
        raise Refusal("the token is none") from error
    if header.get("alg") not in ALGORITHMS:
        raise Refusal("the token's algorithm is not allowed")
    kid = header.get("kid")
    return kid if isinstance(kid, str) else None


def identity(token: str, key: Any, file: OidcFile, *, nonce: str, at: datetime) -> Identity:
    """Return who a token is about; raises `Refusal` unless signature, issuer, audience, times and nonce hold.

    `key`: joserfc's, of the pinned issuer.
    """
    from authlib.oidc.core import CodeIDToken  # with the extra `server`
    from joserfc import jwt
    from joserfc.errors import ClaimError, JoseError

    try:
        found = jwt.decode(token, key, algorithms=ALGORITHMS)
        claims = cast("Any", CodeIDToken)(
            found.claims,
            found.header,
            options={
                "iss": {"essential": True, "value": file.issuer},
                "aud": {"essential": True, "value": file.client_id},
                "nonce": {"essential": True, "value": nonce},
            },
            params={"client_id": file.client_id, "nonce": nonce},
        )
        claims.validate(now=int(at.timestamp()), leeway=_LEEWAY_SECONDS)
    except ClaimError as error:
        raise Refusal(f"the token's {error.claim} is not ours, or over") from error
    except (JoseError, ValueError, TypeError) as error:
        raise Refusal("the token's signature does not hold") from error
    return _identity(cast("Mapping[str, Any]", found.claims), file)


def _identity(claims: Mapping[str, Any], file: OidcFile) -> Identity:
    subject, name, groups = (claims.get(key) for key in ("sub", file.name_claim, file.groups_claim))
    if not isinstance(subject, str) or not 0 < len(subject) <= _LONGEST_SUBJECT:
        raise Refusal("the token's sub is none")
    listed = cast("list[object]", groups) if isinstance(groups, list) else []
    return Identity(
        issuer=file.issuer,
        subject=subject,
        name=name.lower() if isinstance(name, str) else "",
        groups=frozenset(each for each in listed if isinstance(each, str)),
    )
