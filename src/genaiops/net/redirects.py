"""What a redirect turns a request into. Pure; the address is checked when it is connected to."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from genaiops.net.faults import bad_redirect, bad_url
from genaiops.net.files import FileBody

if TYPE_CHECKING:  # aiohttp takes 160 ms to import; only a request pays for it
    from yarl import URL

STATUSES = frozenset({301, 302, 303, 307, 308})
# everything else may be a credential, whatever its name: it does not leave for another host
_HARMLESS = frozenset({"accept", "accept-encoding", "accept-language", "user-agent", "range"})


@dataclass(frozen=True, slots=True)
class Hop:
    """One request on the way."""

    purpose: str
    method: str
    url: "URL"
    headers: Mapping[str, str]
    body: bytes | FileBody | None


def parse_url(text: str) -> "URL":
    """Return an absolute http(s) URL; raises `UserError` for anything else."""
    from yarl import URL  # with aiohttp, 160 ms; it reads URLs exactly as aiohttp does

    try:
        url = URL(text)
        usable = url.scheme in ("http", "https") and bool(url.host) and url.port is not None
    except ValueError as error:
        raise bad_url(str(error)) from error
    if not usable:
        raise bad_url("it begins with http:// or https:// and names a host")
    if url.user is not None or url.password is not None:
        raise bad_url("it holds a user name or password; send it in a header")
    return url


def follow(hop: Hop, status: int, location: str) -> Hop:
    """Return the request that a redirect asks for; raises `OutsideError` where it must not be made."""
    from yarl import URL  # with aiohttp, 160 ms

    try:
        target = hop.url.join(URL(location))
    except ValueError as error:
        raise bad_redirect(hop.purpose, hop.url, "its Location is no URL") from error
    if target.scheme not in ("http", "https") or not target.host or target.user is not None:
        raise bad_redirect(hop.purpose, hop.url, "it leads to something that is no plain web address")
    if hop.url.scheme == "https" and target.scheme == "http":
        raise bad_redirect(hop.purpose, hop.url, "it leads from an encrypted to an unencrypted address")
    elsewhere = target.origin() != hop.url.origin()
    to_get = status == 303 or (status in (301, 302) and hop.method == "POST")
    method = "GET" if to_get and hop.method != "HEAD" else hop.method
    body = None if to_get else hop.body
    if elsewhere and body is not None:
        raise bad_redirect(hop.purpose, hop.url, f"it would send the request's content to {target.host}")
    kept = {
        name: value
        for name, value in hop.headers.items()
        if not (elsewhere and name.lower() not in _HARMLESS)
        and not (to_get and name.lower().startswith("content-"))
    }
    return Hop(hop.purpose, method, target, kept, body)
