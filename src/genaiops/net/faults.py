"""What goes wrong on the network, in words. No message holds a URL's query or a header: they carry keys."""

from typing import TYPE_CHECKING

from genaiops.core import OutsideError, UserError, one_line

if TYPE_CHECKING:  # aiohttp takes 160 ms to import; only a request pays for it
    from yarl import URL


def shown(url: "URL") -> str:
    """Return the part of a URL that may be shown."""
    return one_line(str(url.with_user(None).with_query(None).with_fragment(None)))


def bad_url(why: str) -> UserError:
    """Return the error for a URL that cannot be requested."""
    return UserError("GAO-NET-001", "this is not a URL that can be requested", why=why, fix="correct the URL")


def refused(purpose: str, host: str, port: int, reason: str) -> UserError:
    """Return the error for an address that the policy refuses."""
    return UserError(
        "GAO-NET-002",
        f"connecting to {host}:{port} is refused ({purpose})",
        why=f"it is {reason}, and the egress policy does not list it",
        fix=f"if you trust it: --allow-private {host}:{port}, or list it in egress.yaml "
        "in your configuration folder (allow_private)",
        where=f"{host}:{port}",
    )


def unreachable(purpose: str, url: "URL", why: str) -> OutsideError:
    """Return the error for a host that cannot be found or connected to."""
    return OutsideError(
        "GAO-NET-003",
        f"{url.host}:{url.port} cannot be reached ({purpose})",
        why=one_line(why),
        fix="check that the server runs and that the address is right",
        where=shown(url),
    )


def too_slow(purpose: str, url: "URL", seconds: float) -> OutsideError:
    """Return the error for an answer that did not come in time."""
    return OutsideError(
        "GAO-NET-004",
        f"{url.host}:{url.port} did not answer in time ({purpose})",
        why=f"the whole answer must come within {seconds:g} s",
        fix="try again later, or check the server's load",
        where=shown(url),
    )


def bad_redirect(purpose: str, url: "URL", why: str) -> OutsideError:
    """Return the error for a redirect that is not followed."""
    return OutsideError(
        "GAO-NET-005",
        f"a redirect of {url.host}:{url.port} is not followed ({purpose})",
        why=why,
        fix="use the address that it leads to, if you trust it",
        where=shown(url),
    )


def broken(purpose: str, url: "URL", why: str) -> OutsideError:
    """Return the error for an answer that broke off or is no HTTP."""
    return OutsideError(
        "GAO-NET-006",
        f"the answer of {url.host}:{url.port} is broken ({purpose})",
        why=one_line(why),
        fix="try again; if it stays, check the server",
        where=shown(url),
    )
