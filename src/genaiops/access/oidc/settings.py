"""`access/oidc.yaml` in the server's configuration folder."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field

from genaiops.access import faults
from genaiops.access.model import Role
from genaiops.access.names import check_project_name
from genaiops.core import Settings, decode, read_yaml

CALLBACK = "/api/oidc/callback"
_LOCAL = re.compile(r"http://(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?(?:/.*)?")
_MOST_SECRET = 4096
_Text = Annotated[str, Field(min_length=1, max_length=500)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class GivenRole(_Strict):
    """A group of the provider, and the role that its members have in a project (`*`: everywhere)."""

    group: _Text
    role: Role
    project: _Text


class SecretPlace(_Strict):
    """Where the client's secret is: a variable of the environment or a file; never the secret itself."""

    env: _Text | None = None
    file: _Text | None = None


class OidcFile(_Strict):
    """The provider, who we are to it, and what its groups may do.

    `create`: whoever the provider knows gets an account at the first sign-in. `allow_admin`: its groups may
    give the role admin, too: then whoever rules over the provider rules here.
    """

    issuer: _Text
    client_id: _Text
    client_secret: SecretPlace | None = None
    redirect: _Text
    scopes: list[_Text] = []
    name_claim: _Text = "preferred_username"
    groups_claim: _Text = "groups"
    roles: list[GivenRole] = []
    create: bool = False
    allow_admin: bool = False


@dataclass(frozen=True, slots=True)
class OidcSettings:
    """The file, checked, with the client's secret."""

    file: OidcFile
    secret: str | None = field(default=None, repr=False)


def load_oidc(settings: Settings) -> OidcSettings | None:
    """Return what `access/oidc.yaml` says, None where there is none.

    Raises `UserError` where it says what we do not know, names an issuer or a way back that is not https,
    gives the role admin without `allow_admin`, or names a secret that is not there.
    """
    path = settings.config_dir / "access" / "oidc.yaml"
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise faults.bad_oidc("file", str(error), str(path)) from error
    found = decode(OidcFile, read_yaml(text, str(path)).value, where=str(path), code="GAO-ACCESS-040")
    _check(found, str(path))
    return OidcSettings(found, _secret(found, settings, path))


def unfit(url: str) -> str:
    """Return in words what a URL of a provider has to be and `url` is not; empty where nothing is wrong."""
    parts = urlsplit(url)
    if not (parts.scheme == "https" and parts.hostname) and not _LOCAL.fullmatch(url):
        return "it is an https URL (http only on this machine, to try it out)"
    if parts.query or parts.fragment or parts.username:
        return "it has no query, fragment or user name"
    return ""


def _check(found: OidcFile, where: str) -> None:
    for name, url in (("issuer", found.issuer), ("redirect", found.redirect)):
        if why := unfit(url):
            raise faults.bad_oidc(name, why, where)
    if urlsplit(found.redirect).path != CALLBACK:
        raise faults.bad_oidc("redirect", f"its path is {CALLBACK}", where)
    for each in found.roles:
        check_project_name(each.project)
        if each.role == "admin" and not found.allow_admin:
            raise faults.bad_oidc(
                "roles", f"group {each.group!r} would give admin without allow_admin", where
            )


def _secret(found: OidcFile, settings: Settings, path: Path) -> str | None:
    place = found.client_secret
    if place is None:
        return None
    if (place.env is None) == (place.file is None):
        raise faults.bad_oidc("client_secret", "it names either env or file", str(path))
    if place.env is not None:
        secret = settings.env.get(place.env, "")
    else:
        try:
            with (path.parent / str(place.file)).open(encoding="utf-8") as file:
                secret = file.read(_MOST_SECRET).strip()
        except (OSError, UnicodeDecodeError) as error:
            raise faults.bad_oidc("client_secret", str(error), str(path)) from error
    if not secret:
        raise faults.bad_oidc("client_secret", f"{place.env or place.file} is empty", str(path))
    return secret
