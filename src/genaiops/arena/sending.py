"""Lineage events on their way out: into a file, or to a server, through our own egress and its policy."""

import json
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from genaiops.core import Json, OutsideError, one_line
from genaiops.net import HttpEgress
from genaiops.store import disk_error

ENDPOINT = "/api/v1/lineage"
_SECONDS = 30.0


def is_url(target: str) -> bool:
    """Return whether `target` is an address, and not a file."""
    return target.startswith(("http://", "https://"))


def endpoint(url: str) -> str:
    """Return where events go: `url`, with the standard's path where it has none."""
    parts = urlsplit(url)
    return url if parts.path not in ("", "/") else urlunsplit(parts._replace(path=ENDPOINT))


def append_events(events: Sequence[Json], path: Path) -> None:
    """Append events to a file, one a line."""
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write("".join(json.dumps(event, sort_keys=True) + "\n" for event in events))
    except OSError as error:
        raise disk_error(error, path) from error


async def post_events(events: Sequence[Json], url: str, egress: HttpEgress, key: str | None) -> None:
    """Send events to `url`, one after another in their order.

    Raises `OutsideError` at the first that is not taken; those before were, and may be sent again: an event's
    run id follows from its content.
    """
    headers = {"Content-Type": "application/json"}
    if key:
        headers["Authorization"] = f"Bearer {key}"
    for sent, event in enumerate(events):
        body = json.dumps(event, sort_keys=True).encode()
        response = await egress.request(
            "lineage", "POST", endpoint(url), headers=headers, body=body, timeout=_SECONDS
        )
        answer = await response.read()
        if not 200 <= response.status < 300:
            said = one_line(answer.decode("utf-8", "replace"), 200) or "it said nothing more"
            raise OutsideError(
                "GAO-ARENA-384",
                f"the lineage server answered {response.status}",
                why=f"{said} ({sent} of {len(events)} events were taken)",
                fix="check the address and OPENLINEAGE_API_KEY, then run the same: nothing counts twice",
                where=one_line(url.partition("?")[0], 200),
            )
