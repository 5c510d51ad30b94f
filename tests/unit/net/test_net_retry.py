"""When a call is repeated, and how long it waits."""

import random
from datetime import UTC, datetime

import pytest

from genaiops.net import RETRYABLE, RetryPolicy, retry_after

NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 504, 529])
def test_what_may_pass_is_repeated(status: int) -> None:
    assert status in RETRYABLE


@pytest.mark.parametrize("status", [200, 301, 400, 401, 403, 404, 422, 501])
def test_what_will_not_change_is_not_repeated(status: int) -> None:
    assert status not in RETRYABLE


def test_jitter_is_full_and_doubles_up_to_the_cap() -> None:
    policy, draw = RetryPolicy(base=1.0, cap=4.0), random.Random(7)
    waits = [[policy.wait(attempt, None, draw) for _ in range(400)] for attempt in range(5)]
    tops = [max(w) for w in waits]
    assert all(min(w) < 0.1 * top for w, top in zip(waits, (1, 2, 4, 4, 4), strict=True))
    assert tops == pytest.approx([1, 2, 4, 4, 4], rel=0.05)


def test_retry_after_is_a_lower_bound() -> None:
    assert RetryPolicy(base=0.001).wait(0, 9.0, random.Random(1)) == 9.0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7.0),
        ("0.5", 0.5),
        ("Mon, 23 Nov 2026 12:00:30 GMT", 30.0),
        ("Mon, 23 Nov 2026 11:00:00 GMT", 0.0),
        ("soon", None),
        ("", None),
        ("-5", None),
    ],
)
def test_retry_after_reads_numbers_and_dates(text: str, seconds: float | None) -> None:
    assert retry_after({"Retry-After": text}, NOW) == seconds


def test_without_the_header_there_is_nothing_to_honour() -> None:
    assert retry_after({"x": "1"}, NOW) is None
