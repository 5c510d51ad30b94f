"""HTTP under the policy: resolve, check every address, connect to exactly those; redirects one by one."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, cast

from genaiops.net import faults
from genaiops.net.files import FileBody
from genaiops.net.policy import EgressPolicy
from genaiops.net.redirects import STATUSES, Hop, follow, parse_url

if TYPE_CHECKING:  # aiohttp takes 160 ms to import; only a request pays for it
    from aiohttp import ClientResponse, ClientSession

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""From a host and a port to its addresses; raises `OSError` where there is none."""

_MAX_REDIRECTS = 5
_MAX_BODY = 64 << 20
_CONNECT_SECONDS = 10.0
_CHUNK = 64 << 10


async def system_addresses(host: str, port: int) -> Sequence[str]:
    """Return what the system's resolver says."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class HttpResponse:
    """A response that is read whole, or as it comes; either way under the request's timeout."""

    def __init__(self, response: "ClientResponse", hop: Hop, timeout: float) -> None:
        self._response = response
        self._hop = hop
        self._timeout = timeout

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self._response.status

    @property
    def headers(self) -> Mapping[str, str]:
        """Headers, case-insensitive."""
        return self._response.headers

    async def read(self) -> bytes:
        """Return the whole body and close; raises `OutsideError` where it is larger than 64 MiB."""
        content = bytearray()
        async for chunk in self.chunks():
            content += chunk
            if len(content) > _MAX_BODY:
                await self.close()
                raise faults.broken(
                    self._hop.purpose, self._hop.url, f"it is larger than {_MAX_BODY >> 20} MiB"
                )
        return bytes(content)

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield the body as it arrives, then close."""
        try:
            with _explained(self._hop, self._timeout):
                async for chunk in self._response.content.iter_chunked(_CHUNK):
                    yield chunk
        finally:
            await self.close()

    async def close(self) -> None:
        """Release the connection; one whose body was not read to its end is not used again."""
        if self._response.content.at_eof():
            self._response.release()
        else:
            self._response.close()


class HttpEgress:
    """The way out over HTTP. One session for each event loop; close it in the loop that used it."""

    def __init__(self, policy: EgressPolicy, *, resolve: Resolve = system_addresses) -> None:
        self._policy = policy
        self._resolve = resolve
        self._sessions: dict[asyncio.AbstractEventLoop, ClientSession] = {}

    async def request(
        self,
        purpose: str,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | FileBody | None = None,
        timeout: float = 60.0,
    ) -> HttpResponse:
        """Send a request and follow at most five redirects; `timeout` covers all of it, the body too.

        Raises `UserError` where the URL or the policy is at fault, `OutsideError` where the network is. A
        status such as 404 or 503 is a response, not an error.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout
        hop = Hop(purpose, method.upper(), parse_url(url), headers or {}, body)
        for _ in range(_MAX_REDIRECTS + 1):
            with _explained(hop, timeout):
                response = await self._send(hop, deadline - loop.time())
            location = response.headers.get("Location")
            if response.status not in STATUSES or location is None:
                return HttpResponse(response, hop, timeout)
            response.close()
            hop = follow(hop, response.status, location)
        raise faults.bad_redirect(purpose, hop.url, f"there were more than {_MAX_REDIRECTS} in a row")

    async def close(self) -> None:
        """Close this loop's connections."""
        session = self._sessions.pop(asyncio.get_running_loop(), None)
        if session is not None:
            await session.close()

    async def _send(self, hop: Hop, seconds: float) -> "ClientResponse":
        from aiohttp import ClientTimeout  # 160 ms

        if seconds <= 0:  # aiohttp reads 0 as "no limit"
            raise TimeoutError
        host, port = hop.url.host or "", hop.url.port or 0
        if _is_address(host):  # aiohttp asks no resolver about these
            _check(self._policy, host, port, [host])
        headers, data = _content(hop)
        return await self._session().request(
            hop.method,
            hop.url,
            headers=headers,
            data=data,
            allow_redirects=False,
            timeout=ClientTimeout(total=seconds, sock_connect=min(_CONNECT_SECONDS, seconds)),
        )

    def _session(self) -> "ClientSession":
        from aiohttp import ClientSession, DummyCookieJar, TCPConnector  # 160 ms

        loop = asyncio.get_running_loop()
        if loop not in self._sessions:
            # no cache: an address is checked by the resolution that it is connected by
            resolver = _CheckedResolver(self._policy, self._resolve)
            connector = TCPConnector(resolver=cast(Any, resolver), use_dns_cache=False)
            self._sessions[loop] = ClientSession(
                connector=connector,
                cookie_jar=DummyCookieJar(),
                headers={"User-Agent": "genaiops"},
                trust_env=False,  # a proxy would connect where our check cannot see
            )
        return self._sessions[loop]


class _CheckedResolver:
    """What aiohttp asks for addresses, in the shape of its `AbstractResolver`."""

    def __init__(self, policy: EgressPolicy, resolve: Resolve) -> None:
        self._policy = policy
        self._resolve = resolve

    async def resolve(self, host: str, port: int = 0, family: int = 0) -> list[dict[str, Any]]:
        addresses = await self._resolve(host, port)
        if not addresses:
            raise OSError(f"{host} has no address")
        _check(self._policy, host, port, addresses)
        return [
            {
                "hostname": host,
                "host": address,
                "port": port,
                "family": socket.AF_INET6 if ":" in address else socket.AF_INET,
                "proto": 0,
                "flags": socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            }
            for address in addresses
        ]

    async def close(self) -> None:
        pass


class _Refused(Exception):
    def __init__(self, host: str, port: int, reason: str) -> None:
        super().__init__(reason)
        self.host = host
        self.port = port
        self.reason = reason


def _check(policy: EgressPolicy, host: str, port: int, addresses: Sequence[str]) -> None:
    # one refused address refuses the name: a mix of public and private is how rebinding looks
    for address in addresses:
        reason = policy.refusal(host, port, address)
        if reason:
            raise _Refused(host, port, reason)


@contextmanager
def _explained(hop: Hop, timeout: float) -> Generator[None]:
    import aiohttp  # 160 ms

    try:
        yield
    except _Refused as refusal:
        raise faults.refused(hop.purpose, refusal.host, refusal.port, refusal.reason) from None
    except TimeoutError as error:
        raise faults.too_slow(hop.purpose, hop.url, timeout) from error
    except aiohttp.InvalidURL as error:
        raise faults.bad_url("its host is not written in the usual way") from error
    except aiohttp.ClientSSLError as error:
        raise faults.unreachable(hop.purpose, hop.url, f"TLS: {error}") from error
    except aiohttp.ClientConnectorError as error:
        raise faults.unreachable(hop.purpose, hop.url, str(error.os_error)) from error
    except (aiohttp.ClientError, OSError) as error:
        raise faults.broken(hop.purpose, hop.url, str(error) or type(error).__name__) from error
    except ValueError as error:  # a header with a line break
        raise faults.bad_url(str(error)) from error


def _content(hop: Hop) -> tuple[Mapping[str, str], bytes | AsyncIterator[bytes] | None]:
    if not isinstance(hop.body, FileBody):
        return hop.headers, hop.body
    # with its length, so that the server can refuse what is too large before it arrives
    return {**hop.headers, "Content-Length": str(hop.body.path.stat().st_size)}, hop.body.pieces()


def _is_address(host: str) -> bool:
    try:
        ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True
