"""Who vouches for evidence without a key of ours: identities of OIDC providers, in the configuration folder.

<config>/keys/trusted/identities.yaml   issuers and subjects that are believed, and as what

A token is judged once, when it comes; whether its identity is believed is asked of the file each time.
"""

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from genaiops.access import identity_faults as faults
from genaiops.access.model import SignerRole
from genaiops.access.oidc.issuer import Issuer, find_key, keys_in, not_its_key, object_in
from genaiops.access.oidc.settings import unfit
from genaiops.access.oidc.token import Refusal, key_id, stated, subject_of
from genaiops.access.signers import read_private, trusted_folder
from genaiops.core import Settings, decode, read_yaml
from genaiops.net import HttpEgress, load_policy

_FILE = "identities.yaml"
_PACKAGES = ("authlib", "joserfc")
_SEPARATORS = re.compile("([/:])")
_ANY = "*"
_Text = Annotated[str, Field(min_length=1, max_length=500)]


class TrustedIdentity(BaseModel):
    """Who is believed: `subject` as `issuer` writes it, where `*` stands for one part between `/` and `:`.

    `jwks`: a file of the issuer's keys, beside this one; without it, they are asked of the issuer.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(min_length=1, max_length=60)]
    issuer: _Text
    subject: _Text
    role: SignerRole
    jwks: _Text | None = None

    def fits(self, issuer: str, subject: str) -> bool:
        """Return whether this is whom a token is about."""
        wanted, found = _SEPARATORS.split(self.subject), _SEPARATORS.split(subject)
        parts = zip(wanted, found, strict=False)
        same = len(wanted) == len(found) and all(a == b or (a == _ANY and b) for a, b in parts)
        return issuer == self.issuer and same


class IdentitiesFile(BaseModel):
    """Identities that are believed; of several that fit, the first decides."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    identities: list[TrustedIdentity]


@dataclass(frozen=True, slots=True, kw_only=True)
class Vouched:
    """Whose token it was: what the file calls them, as what they are believed, who the issuer says it is."""

    name: str
    role: SignerRole
    issuer: str
    subject: str


class Identities:
    """Whose word is believed, as the file of `settings` says at each moment; without settings, nobody's."""

    def __init__(self, settings: Settings | None) -> None:
        self._settings = settings

    def find(self, issuer: str, subject: str) -> TrustedIdentity | None:
        """Return as whom somebody is believed, None where they are not; raises `UserError` for a bad file."""
        found = self._file()
        return _first(found, issuer, subject) if found else None

    def check(self, token: str, audience: str, at: datetime) -> Vouched:
        """Return whose token this is, which was asked for `audience` and nothing else, and holds at `at`.

        Its issuer is asked for its keys, where they are not pinned. Raises `UserError` where it is not
        believed, or there is nothing to check it with.
        """
        found = self._file()
        if self._settings is None or found is None:
            raise faults.no_identities(_FILE)
        if not all(map(find_spec, _PACKAGES)):
            raise faults.no_library()
        try:
            issuer, subject = stated(token)
            known = _first(found, issuer, subject)
            if known is None:
                raise _stranger(found, issuer, subject)
            kid = key_id(token)
            key = _pinned(self._settings, known.jwks, kid) if known.jwks else self._asked(known.issuer, kid)
            said = subject_of(token, key, known.issuer, audience, at)
        except Refusal as refusal:
            raise faults.token_refused(refusal.claim, refusal.reason, audience) from refusal
        return Vouched(name=known.name, role=known.role, issuer=known.issuer, subject=said)

    def _file(self) -> IdentitiesFile | None:
        path = trusted_folder(self._settings) / _FILE if self._settings else None
        if path is None or not path.exists():
            return None
        where = str(path)
        text = read_private(path).decode("utf-8", "replace")
        found = decode(IdentitiesFile, read_yaml(text, where).value, where=where, code="GAO-ACCESS-070")
        for each in found.identities:
            if why := unfit(each.issuer):
                raise faults.bad_identity(each.name, f"issuer: {why}", where)
            if why := _unclear(each.subject):
                raise faults.bad_identity(each.name, f"subject: {why}", where)
        return found

    def _asked(self, issuer: str, kid: str | None) -> Any:
        # whoever asks may run inside a loop, and a loop does not start within another
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(asyncio.run, self._ask(issuer, kid)).result()

    async def _ask(self, issuer: str, kid: str | None) -> Any:
        assert self._settings is not None  # `check` saw to it
        egress = HttpEgress(load_policy(self._settings))
        try:
            return await Issuer(issuer, egress, "the keys of an identity provider").key(kid)
        finally:
            await egress.close()


NOBODY = Identities(None)
"""Nobody's word is believed."""


def _first(file: IdentitiesFile, issuer: str, subject: str) -> TrustedIdentity | None:
    return next((each for each in file.identities if each.fits(issuer, subject)), None)


def _stranger(file: IdentitiesFile, issuer: str, subject: str) -> Refusal:
    if issuer not in {each.issuer for each in file.identities}:
        return Refusal(f"its issuer {issuer} is not one of {_FILE}")
    return Refusal(f"its subject {subject} is not listed in {_FILE}")


def _pinned(settings: Settings, name: str, kid: str | None) -> Any:
    path: Path = trusted_folder(settings) / name
    key = find_key(keys_in(object_in(read_private(path))), kid)
    if key is None:
        raise not_its_key()
    return key


def _unclear(pattern: str) -> str:
    """Return in words what is wrong with the pattern of a subject; empty where it is one."""
    parts = _SEPARATORS.split(pattern)[::2]
    if any(_ANY in part and part != _ANY for part in parts):
        return f"{_ANY} stands for a whole part between / and :"
    return "it names nobody" if all(part == _ANY for part in parts) else ""
