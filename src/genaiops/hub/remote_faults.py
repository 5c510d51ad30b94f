"""What can be wrong with a Hub behind a URL, in words."""

from genaiops.access import KEY, URL
from genaiops.core import NotSignedIn, OutsideError, UserError


def bad_url(url: str, why: str) -> UserError:
    """Return the error for a URL that no Hub is asked at."""
    return UserError(
        "GAO-HUB-081", f"{url!r} is not the URL of a Hub", why=why, fix=f"correct {URL}", where=URL
    )


def no_key(url: str) -> UserError:
    """Return the error for a Hub behind a URL without a key for it."""
    return NotSignedIn(
        "GAO-HUB-082",
        f"there is no API key for the Hub at {url}",
        why="over HTTP a Hub answers those it knows",
        fix=f"set {KEY}, or {KEY}_FILE to a file that holds it; whoever runs the Hub makes one: "
        "genaiops access key create",
        where=URL,
    )


def no_hub(url: str, status: int) -> OutsideError:
    """Return the error for an answer that is not a Hub's."""
    return OutsideError(
        "GAO-HUB-083",
        "what answered is not a Hub",
        why=f"{status} without a problem document: perhaps a proxy answered instead of it",
        fix=f"check {URL}, and that `genaiops up` runs there",
        where=url,
    )


def not_understood(url: str, why: str) -> OutsideError:
    """Return the error for an answer that this version cannot read."""
    return OutsideError(
        "GAO-HUB-084",
        "the Hub's answer is not understood",
        why=why,
        fix="use the same version of genaiops here and there",
        where=url,
    )
