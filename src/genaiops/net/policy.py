"""Which addresses may be connected to. Pure: addresses in, a reason or nothing out."""

import re
from dataclasses import dataclass, field
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

from genaiops.core import UserError

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# IANA's special-purpose registries, written out: what Python calls private changes between its versions
_REFUSED: tuple[tuple[str, str], ...] = (
    ("169.254.169.254/32", "a cloud's metadata service"),
    ("100.100.100.200/32", "a cloud's metadata service"),
    ("168.63.129.16/32", "a cloud's metadata service"),
    ("fd00:ec2::254/128", "a cloud's metadata service"),
    ("127.0.0.0/8", "this machine"),
    ("::1/128", "this machine"),
    ("0.0.0.0/8", "this machine"),
    ("::/128", "this machine"),
    ("169.254.0.0/16", "a link-local address"),
    ("fe80::/10", "a link-local address"),
    ("10.0.0.0/8", "a private address"),
    ("172.16.0.0/12", "a private address"),
    ("192.168.0.0/16", "a private address"),
    ("100.64.0.0/10", "a private address"),
    ("fc00::/7", "a private address"),
    ("fec0::/10", "a private address"),
    ("224.0.0.0/4", "a multicast address"),
    ("ff00::/8", "a multicast address"),
    ("192.0.0.0/24", "a reserved address"),
    ("192.0.2.0/24", "a reserved address"),
    ("192.88.99.0/24", "a reserved address"),
    ("198.18.0.0/15", "a reserved address"),
    ("198.51.100.0/24", "a reserved address"),
    ("203.0.113.0/24", "a reserved address"),
    ("240.0.0.0/4", "a reserved address"),
    ("2001::/23", "a reserved address"),
    ("2001:db8::/32", "a reserved address"),
    ("2002::/16", "a reserved address"),
    ("3fff::/20", "a reserved address"),
)
_NETWORKS = tuple((ip_network(text), reason) for text, reason in _REFUSED)
_GLOBAL_V6 = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")
_HOST = re.compile(
    r"\[(?P<six>[0-9a-f:.]+)\](?::(?P<sixport>\d+))?|(?P<name>[^\s:/\[\]@]+)(?::(?P<port>\d+))?"
)


@dataclass(frozen=True, slots=True)
class EgressPolicy:
    """`allow_private` lists what is reachable although it is private: `host`, `host:port` or a CIDR.

    A host stands for that name (or literal address) as it is written in the URL; a CIDR for addresses.
    """

    allow_private: frozenset[str] = field(default_factory=frozenset[str])

    def __post_init__(self) -> None:
        for entry in self.allow_private:
            _entry(entry)

    def refusal(self, host: str, port: int, address: str) -> str:
        """Return why `host:port`, which resolved to `address`, is refused; empty where it is allowed."""
        reason = refused(ip_address(address.partition("%")[0]))
        return "" if not reason or self._listed(host, port, address) else reason

    def _listed(self, host: str, port: int, address: str) -> bool:
        wanted = host.lower().rstrip(".").partition("%")[0]
        target = _plain(ip_address(address.partition("%")[0]))
        for entry in self.allow_private:
            found = _entry(entry)
            if isinstance(found, tuple):
                name, only = found
                if name == wanted and only in (None, port):
                    return True
            elif target in found:
                return True
        return False


def refused(address: Address) -> str:
    """Return what kind of address this is where it is not a public one; empty where it is."""
    address = _plain(address)
    for network, reason in _NETWORKS:
        if address in network:
            return reason
    if isinstance(address, IPv6Address) and address not in _GLOBAL_V6:
        return "a reserved address"
    return ""


def _plain(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 one stands for (mapped, NAT64), else the address itself."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in _NAT64:
            return IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def _entry(text: str) -> Network | tuple[str, int | None]:
    """Return a network, or a host with the port that it is limited to."""
    try:
        if "/" in text:
            return ip_network(text, strict=False)
        if text.count(":") > 1 and not text.startswith("["):
            return str(IPv6Address(text)), None
    except ValueError as error:
        raise _bad(text) from error
    match = _HOST.fullmatch(text.lower().rstrip("."))
    if match is None:
        raise _bad(text)
    port = match["port"] or match["sixport"]
    try:
        name = str(IPv6Address(match["six"])) if match["six"] else match["name"]
    except ValueError as error:
        raise _bad(text) from error
    return name, int(port) if port else None


def _bad(text: str) -> UserError:
    return UserError(
        "GAO-NET-007",
        f"{text!r} is not a host, host:port or network",
        why="allow_private lists names or addresses as they stand in URLs, or networks (10.0.0.0/8)",
        fix="for example localhost:8000, models.internal or 10.1.0.0/16",
    )
