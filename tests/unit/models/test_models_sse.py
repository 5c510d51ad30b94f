"""Server-sent events, in whatever pieces they arrive."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genaiops.models.sse import EventTooLong, SseParser

STREAM = (
    b": keep-alive\r\n\r\n"
    b'data: {"a": 1}\n\n'
    b"event: x\nid: 4\ndata: first\ndata: second\n\n"
    b"data:no space\r\r"
    b"data: caf\xc3\xa9 \xf0\x9f\x8d\x95\r\n\r\n"
    b"data: [DONE]\n\n"
)
EVENTS = ['{"a": 1}', "first\nsecond", "no space", "café 🍕", "[DONE]"]


def parse(pieces: list[bytes]) -> list[str]:
    parser = SseParser()
    found = [event for piece in pieces for event in parser.feed(piece)]
    return found + list(parser.feed(b"", final=True))


def test_comments_and_other_fields_are_dropped_and_data_lines_joined() -> None:
    assert parse([STREAM]) == EVENTS


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, len(STREAM)), max_size=20))
def test_any_split_gives_the_same_events(cuts: list[int]) -> None:
    places = [0, *sorted(cuts), len(STREAM)]
    assert parse([STREAM[a:b] for a, b in pairwise(places)]) == EVENTS


def test_byte_by_byte_gives_the_same_events() -> None:
    assert parse([bytes([byte]) for byte in STREAM]) == EVENTS


def test_an_event_that_the_end_cuts_short_of_its_blank_line_still_counts() -> None:
    assert parse([b"data: last"]) == ["last"]


def test_a_line_that_never_ends_is_refused() -> None:
    parser = SseParser(limit=100)
    with pytest.raises(EventTooLong):
        list(parser.feed(b"data: " + b"x" * 200))


def test_an_event_that_never_ends_is_refused() -> None:
    parser = SseParser(limit=100)
    with pytest.raises(EventTooLong):
        list(parser.feed(b"data: x\n" * 200))
