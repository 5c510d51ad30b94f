"""What an alias pointed at then. Pure."""

from collections.abc import Sequence
from datetime import UTC, datetime, time

from genaiops.hub import refusals
from genaiops.hub.aliases import live_at
from genaiops.hub.model import Move


def what_was_live(history: Sequence[Move], at: str) -> list[Move]:
    """Return the moves that made what was live at a time, or during a day (`2026-03-03`), oldest first.

    Raises `UserError` where `at` is neither.
    """
    start = moment(at)
    end = datetime.combine(start, time.max, UTC) if len(at) == len("2026-03-03") else start
    return live_at(history, start.strftime("%Y-%m-%dT%H:%M:%SZ"), end.strftime("%Y-%m-%dT%H:%M:%SZ"))


def moment(text: str) -> datetime:
    """Return a time as it is written (ISO 8601) in UTC; without an offset it is UTC already."""
    try:
        found = datetime.fromisoformat(text)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise refusals.bad_time(text) from error
