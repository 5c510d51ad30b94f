"""Spans that another program recorded, as OTLP/JSON writes them."""

from typing import Any

import pytest
from tests.support.otlp import TRACE, request, span, value

from genaiops.traces import Misfit, RecordedSpan, recorded_spans, recorded_value


@pytest.mark.proves("E-TRACE-OTLP")
def test_spans_come_with_their_ids_and_what_they_and_their_events_say() -> None:
    event = {
        "name": "exception",
        "attributes": [{"key": "exception.message", "value": {"stringValue": "no"}}],
    }
    told = span(
        {"a": 1}, name="chat\nx", events=[event], status={"message": "it broke"}, droppedAttributesCount=2
    )
    (found,) = recorded_spans(request(told))
    assert found == RecordedSpan(
        trace_id=TRACE,
        span_id="eee19b7ec3c1b174",
        name="chat x",
        attributes=(
            ("a", {"intValue": "1"}),
            ("exception.message", {"stringValue": "no"}),
            ("status.message", {"stringValue": "it broke"}),
        ),
        dropped=2,
    )
    old = request(told)
    old["resourceSpans"][0]["instrumentationLibrarySpans"] = old["resourceSpans"][0].pop("scopeSpans")
    assert list(recorded_spans(old)) == [found]
    library = told | {"traceId": "W47/95gDgQPSabYzgT/GDA==", "spanId": "7uGbfsPBsXQ="}
    assert list(recorded_spans(request(library))) == [found]


@pytest.mark.proves("E-TRACE-OTLP")
@pytest.mark.parametrize(
    "plain", ["text", 7, 0.5, True, None, [], ["a", ["b", 1]], {"a": {"b": [True]}, "c": ""}]
)
def test_a_value_is_read_as_it_was_written(plain: Any) -> None:
    assert recorded_value(value(plain)) == plain
    assert recorded_value({"bytesValue": "aGk="}) == "aGk="


@pytest.mark.proves("E-BAD-TRACE")
@pytest.mark.parametrize(
    "wrong",
    [
        "secret",
        ["secret"],
        {"stringValue": 5},
        {"stringValue": "secret", "intValue": "1"},
        {"intValue": "secret"},
        {"arrayValue": ["secret"]},
        {"arrayValue": {"values": "secret"}},
        {"kvlistValue": {"values": [{"value": {"stringValue": "secret"}}]}},
        {"kvlistValue": {"values": [{"key": "a"}, {"key": "a"}]}},
        {"secret": "x"},
    ],
)
def test_a_value_that_is_none_is_refused_without_being_repeated(wrong: Any) -> None:
    with pytest.raises(Misfit) as refused:
        recorded_value(wrong)
    assert "secret" not in str(refused.value)


@pytest.mark.proves("E-BAD-TRACE")
def test_a_value_is_read_64_levels_deep_and_no_deeper() -> None:
    def nested(levels: int) -> Any:
        held: Any = {"stringValue": "x"}
        for _ in range(levels):
            held = {"arrayValue": {"values": [held]}}
        return held

    assert recorded_value(nested(63))
    with pytest.raises(Misfit, match="deeper than 64"):
        recorded_value(nested(64))


@pytest.mark.proves("E-BAD-TRACE")
def test_what_should_hold_spans_and_does_not_is_said_and_the_others_are_read() -> None:
    good = span({})
    bad = span({}) | {"attributes": "secret", "traceId": "not an id at all", "spanId": 7, "name": 3}
    keyless = span({}) | {"attributes": [{"value": {}}], "events": {"x": 1}}
    said = [*recorded_spans(request(good, "x", bad, keyless)), *recorded_spans({"resourceSpans": {"x": 1}})]
    said += recorded_spans({"resourceSpans": [3, {"scopeSpans": 3}, {"scopeSpans": [{"spans": None}]}]})
    assert [one if isinstance(one, str) else (one.span_id, one.wrong) for one in said] == [
        ("eee19b7ec3c1b174", ""),
        "spans holds what is no object",
        ("", "attributes is no list"),
        ("eee19b7ec3c1b174", "events is no list"),
        "resourceSpans is no list",
        "resourceSpans holds what is no object",
        "scopeSpans is no list",
    ]
