"""A reply of an endpoint is read as an answer, or refused in words: nothing of it is silently dropped."""

import json

import pytest

from genaiops.app.replies import Reply, read_reply
from genaiops.core import Citation, Passage, Usage

JSON = "application/json; charset=utf-8"


def read(value: object, media_type: str = JSON, secret: str | None = None) -> Reply:
    return read_reply(json.dumps(value).encode(), media_type, secret)


@pytest.mark.proves("B-ENDPOINT-REPLY")
def test_an_object_in_the_shape_of_an_answer_is_one() -> None:
    passage = {"id": "p1", "text": "Lima lies in Peru.", "document": "lima.md"}
    reply = read(
        {
            "text": "Peru",
            "data": {"iso": "PE"},
            "passages": [passage],
            "citations": [{"passage": "p1", "quote": "Peru"}],
            "signals": {"support": 0.9},
            "usage": {"input_tokens": 7, "output_tokens": 2, "calls": 1},
            "cost_nanousd": 1200,
        }
    )
    assert reply.answer.text == "Peru"
    assert reply.answer.passages == (Passage(id="p1", text="Lima lies in Peru.", document="lima.md"),)
    assert reply.answer.citations == (Citation(passage="p1", quote="Peru"),)
    assert reply.usage == Usage(input_tokens=7, output_tokens=2, calls=1)
    assert (reply.cost_nanousd, reply.signals, reply.data) == (1200, {"support": 0.9}, {"iso": "PE"})


@pytest.mark.proves("B-ENDPOINT-REPLY")
@pytest.mark.parametrize("media_type", ["text/plain; charset=utf-8", "TEXT/PLAIN", ""])
def test_plain_text_is_what_the_app_says(media_type: str) -> None:
    assert read_reply("Pérou".encode(), media_type) == Reply(text="Pérou")


def test_a_json_text_is_what_the_app_says_and_abstaining_needs_no_text() -> None:
    assert read("Peru") == Reply(text="Peru")
    assert read({"abstained": True}).answer.abstained


def test_an_object_of_another_shape_is_data_and_its_answer_is_what_it_says() -> None:
    assert read({"answer": "Peru", "sources": [1]}) == Reply(
        text="Peru", data={"answer": "Peru", "sources": [1]}
    )
    assert read({"reply": "Peru"}) == Reply(data={"reply": "Peru"})


@pytest.mark.proves("B-BAD-ENDPOINT-REPLY")
@pytest.mark.parametrize(
    ("value", "says"),
    [
        ({"text": "Peru", "abstaned": True}, "unknown key 'abstaned'"),
        ({"text": 7}, "text"),
        ({"passages": [{"id": "p"}]}, "passages.0"),
        ({"usage": {"input_tokens": -1}, "text": "x"}, "never negative"),
        ({"cost_nanousd": -5, "text": "x"}, "never negative"),
        ([1, 2], "expected an object or a text"),
        (None, "expected an object or a text"),
        ("  ", "it is empty"),
    ],
)
def test_what_does_not_fit_is_said(value: object, says: str) -> None:
    with pytest.raises(ValueError, match=says.replace(".", r"\.")):
        read(value)


@pytest.mark.proves("B-BAD-ENDPOINT-REPLY")
@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (b'{"text": NaN}', JSON),
        (b'{"text": "a', JSON),
        (b'{"text": "\\ud800"}', JSON),
        (b"[" * 100_000, JSON),
        (b"\xff\xfe", "text/plain"),
        (b"", "text/plain"),
        (b"<html>log in</html>", "text/html"),
        (b"data: x\n\n", "text/event-stream"),
    ],
)
def test_bytes_that_are_no_reply_are_refused(content: bytes, media_type: str) -> None:
    with pytest.raises(ValueError):
        read_reply(content, media_type)


@pytest.mark.proves("B-ENDPOINT-SECRET")
def test_a_key_that_the_endpoint_echoes_is_taken_out_of_every_text_and_key() -> None:
    reply = read({"text": "it is s3cret", "data": {"s3cret": ["s3cret!", 1]}}, secret="s3cret")
    assert reply.text == "it is [key]"
    assert reply.data == {"[key]": ["[key]!", 1]}
    escaped = read_reply(b'{"text": "s3cr\\u0065t"}', JSON, "s3cret")
    assert escaped.text == "[key]"
