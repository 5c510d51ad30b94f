"""What can be wrong with a token that vouches for evidence, and with who is believed, in words."""

from genaiops.core import UserError, one_line

_EXAMPLE = "docs/evidence.md#keys-and-trust has an example"
_CLAIMS = {
    "exp": "it has expired, or does not say when it ends",
    "iat": "it is not valid yet, or does not say since when",
    "nbf": "it is not valid yet",
}


def no_identities(name: str) -> UserError:
    """Return the error where no identity is believed."""
    return UserError(
        "GAO-ACCESS-071",
        "this Hub believes no identity of a provider",
        why=f"there is no keys/trusted/{name} in its configuration folder",
        fix=f"write there who is believed; {_EXAMPLE}",
    )


def bad_identity(name: str, why: str, where: str) -> UserError:
    """Return the error for an identity that cannot be meant."""
    return UserError(
        "GAO-ACCESS-072",
        f"the identity {one_line(name, 60)!r} cannot be used",
        why=why,
        fix=f"correct it; {_EXAMPLE}",
        where=where,
    )


def token_refused(claim: str, reason: str, audience: str) -> UserError:
    """Return the error for a token that is not believed; the token itself is never repeated."""
    why = _CLAIMS.get(claim, reason)
    if claim == "aud":
        why = f"its audience is something else than {audience}, and this alone"
    return UserError(
        "GAO-ACCESS-073",
        "this token does not vouch for this evidence",
        why=one_line(why),
        fix=f"ask the provider for a fresh one with the audience {audience}",
    )


def no_library() -> UserError:
    """Return the error for an installation that cannot check tokens."""
    return UserError(
        "GAO-ACCESS-074",
        "tokens cannot be checked here",
        why="what checks them comes with an extra",
        fix="pip install 'genaiops[server]' where the Hub runs",
    )
