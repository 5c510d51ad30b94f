"""Whether a token is our issuer's word, about who signed in here or about what it was asked for; pure.

OpenID Connect Core, 3.1.3.7; RFC 8725.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from genaiops.access.oidc.settings import OidcFile

# asymmetric only: with HS256 whoever knows a public key could sign, and `none` is no signature
ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")
_TYPES = (None, "JWT")
_LEEWAY_SECONDS = 60
_LONGEST_SUBJECT = 255


class Refusal(Exception):
    """Why a token is refused: of a sign-in for the log, never for who asks. `claim`: what is wrong in it."""

    def __init__(self, reason: str, claim: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.claim = claim


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the issuer says this is. `name` may be empty; nothing but issuer and subject identifies."""

    issuer: str
    subject: str
    name: str
    groups: frozenset[str]


def key_id(token: str) -> str | None:
    """Return which key a token says it was signed with; raises `Refusal` where it is no token."""
    header, _ = _parts(token)
    if header.get("alg") not in ALGORITHMS:
        raise Refusal("the token's algorithm is not allowed")
    kid = header.get("kid")
    return kid if isinstance(kid, str) else None


def stated(token: str) -> tuple[str, str]:
    """Return the issuer and the subject that a token states, by which its key is found; nothing is checked.

    Raises `Refusal` where it is no token, or states neither.
    """
    _, payload = _parts(token)
    try:
        said: object = json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise Refusal("it is not a signed token") from error
    claims = cast("dict[str, object]", said) if isinstance(said, dict) else {}
    issuer, subject = claims.get("iss"), claims.get("sub")
    if not isinstance(issuer, str) or not isinstance(subject, str):
        raise Refusal("the token does not say who issued it, and about whom")
    return issuer, subject


def identity(token: str, key: Any, file: OidcFile, *, nonce: str, at: datetime) -> Identity:
    """Return who a token is about; raises `Refusal` unless signature, issuer, audience, times and nonce hold.

    `key`: joserfc's, of the pinned issuer.
    """
    claims = _checked(token, key, file.issuer, file.client_id, nonce, at)
    name, groups = claims.get(file.name_claim), claims.get(file.groups_claim)
    listed = cast("list[object]", groups) if isinstance(groups, list) else []
    return Identity(
        issuer=file.issuer,
        subject=_subject(claims),
        name=name.lower() if isinstance(name, str) else "",
        groups=frozenset(each for each in listed if isinstance(each, str)),
    )


def subject_of(token: str, key: Any, issuer: str, audience: str, at: datetime) -> str:
    """Return whom a token is about that was issued for `audience` and nothing else.

    Raises `Refusal` unless signature, issuer, audience and times hold. `key`: joserfc's, of that issuer.
    """
    claims = _checked(token, key, issuer, audience, None, at)
    if claims["aud"] not in (audience, [audience]):
        raise Refusal("the token is for others too", "aud")
    return _subject(claims)


def _parts(token: str) -> tuple[Mapping[str, Any], bytes]:
    """Return header and content of a token, before anything is checked."""
    from joserfc.errors import JoseError  # with the extra `server`
    from joserfc.jws import extract_compact

    try:
        found = extract_compact(token.encode())
    except (JoseError, ValueError) as error:
        raise Refusal("it is not a signed token") from error
    return found.headers(), found.payload


def _checked(
    token: str, key: Any, issuer: str, audience: str, nonce: str | None, at: datetime
) -> Mapping[str, Any]:
    """Return what a token says. With a nonce it answers a sign-in, and says whom it was issued to (`azp`)."""
    from authlib.oidc.core import CodeIDToken  # with the extra `server`
    from joserfc import jwt
    from joserfc.errors import ClaimError, JoseError

    options = {"iss": issuer, "aud": audience} | ({"nonce": nonce} if nonce else {})
    try:
        found = jwt.decode(token, key, algorithms=ALGORITHMS)
        if found.header.get("typ") not in _TYPES:  # an access token is another's word, to another
            raise Refusal("the token is of another type")
        claims = cast("Any", CodeIDToken)(
            found.claims,
            found.header,
            options={name: {"essential": True, "value": value} for name, value in options.items()},
            params={"client_id": audience, "nonce": nonce} if nonce else {},
        )
        claims.validate(now=int(at.timestamp()), leeway=_LEEWAY_SECONDS)
    except ClaimError as error:
        raise Refusal(f"the token's {error.claim} is not ours, or over", error.claim) from error
    except (JoseError, ValueError, TypeError) as error:
        raise Refusal("the token's signature does not hold") from error
    return cast("Mapping[str, Any]", found.claims)


def _subject(claims: Mapping[str, Any]) -> str:
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= _LONGEST_SUBJECT:
        raise Refusal("the token's sub is none")
    return subject
