"""Where the server listens and how it is reached from outside; pure.

Loopback is no boundary: any page in a browser on this machine can send requests there. So the names by which
the server is reached are listed, and what changes something comes from its own pages or from no page at all.
"""

import re
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from genaiops.core import Cookie
from genaiops.server import faults

_PUBLIC = re.compile(r"https://[a-z0-9.-]+(?::[0-9]{1,5})?")
_LOCAL_NAMES = ("127.0.0.1", "localhost", "[::1]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The address listened on, the URL that people use (where that is another), and the proxies before it.

    Raises `UserError` where `host` is no address, or is open to others without a `public_url` (https://HOST).
    """

    host: str = "127.0.0.1"
    port: int
    public_url: str | None = None
    proxies: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if self.public_url is not None and not _PUBLIC.fullmatch(self.public_url):
            raise faults.bad_public_url(self.public_url)
        if not is_loopback(self.host) and self.public_url is None:
            raise faults.no_public_url(self.host)

    @property
    def exposed(self) -> bool:
        """Whether others than people on this machine reach it: then it needs users."""
        return self.public_url is not None

    @property
    def url(self) -> str:
        """What people open, without a slash at its end."""
        return self.public_url or f"http://{_bracketed(self.host)}:{self.port}"

    @property
    def hosts(self) -> frozenset[str]:
        """The values of `Host` that are accepted: another name is a page that was rebound to our address."""
        if self.public_url:
            host = urlsplit(self.public_url).netloc
            return frozenset({host, f"{host}:443"})
        ports = [f":{self.port}", *([""] if self.port == 80 else [])]
        return frozenset(name + port for name in (*_LOCAL_NAMES, _bracketed(self.host)) for port in ports)

    @property
    def origins(self) -> frozenset[str]:
        """The values of `Origin` whose requests may change something."""
        return frozenset({self.public_url} if self.public_url else {f"http://{each}" for each in self.hosts})

    def client(self, peer: str, forwarded_for: str) -> str:
        """Return who asks: the peer, or behind one of our proxies the address that this proxy added last."""
        if peer not in self.proxies:
            return peer
        return forwarded_for.rpartition(",")[2].strip() or peer

    def cookie_name(self, name: str) -> str:
        """Return a cookie's full name. Behind https it is bound to the host; on loopback it names the port,
        since a browser sends the cookies of one port to every other."""
        return f"__Host-genaiops-{name}" if self.exposed else f"genaiops-{self.port}-{name}"

    def set_cookie(self, cookie: Cookie) -> str:
        """Return the `Set-Cookie` header."""
        secure = "; Secure" if self.exposed else ""
        # Lax, not Strict: a link in a mail, and the way back from an identity provider, find one signed in
        return (
            f"{self.cookie_name(cookie.name)}={cookie.value}; Path=/; Max-Age={cookie.seconds}; "
            f"HttpOnly; SameSite=Lax{secure}"
        )


def is_loopback(host: str) -> bool:
    """Say whether only this machine reaches `host`; raises `UserError` where it is no address."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        raise faults.bad_address(host) from None


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
