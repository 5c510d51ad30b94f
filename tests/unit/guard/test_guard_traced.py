"""`genaiops guard check --trace`: texts of recorded spans at their surfaces, and what was not checked."""

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from tests.support.otlp import TRACE, messages, request, span, write

from genaiops.cli.main import run
from genaiops.core import UserError
from genaiops.guard.traced.gathering import Gathered

SCHEMAS = Path(__file__).resolve().parents[3] / "schemas"
ROW, SUMMARY = (
    jsonschema_rs.validator_for(json.loads((SCHEMAS / f"{name}.schema.json").read_text()))
    for name in ("guard_check_trace", "guard_check_trace_summary")
)
CARD = "card 4111 1111 1111 1111"
POLICY = "detectors: {pii: {}, leak: {}}\nrules: [{find: [pii.*, leak.*], do: block}]\n"


class Checked:
    """What the command said of a file."""

    def __init__(self, status: int, out: str, err: str) -> None:
        self.status, self.err = status, err
        *self.rows, last = [json.loads(line) for line in out.splitlines()] or [None]
        self.summary = last["summary"] if last else {}
        for row in self.rows:
            ROW.validate(row)
        if last:
            SUMMARY.validate(last)

    @property
    def places(self) -> list[tuple[str, str, str]]:
        return [(row["place"], row["surface"], row["action"]) for row in self.rows]


@pytest.fixture
def check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    policy = tmp_path / "guard.yaml"
    policy.write_text(POLICY, encoding="utf-8")

    def checked(*lines: Any) -> Checked:
        file = write(tmp_path / "trace.json", *lines)
        status = run(["guard", "check", "--trace", file, "--policy", str(policy), "--json"])
        return Checked(status, *capsys.readouterr())

    return checked


def parts(*parts: Any, role: str = "user") -> str:
    return json.dumps([{"role": role, "parts": list(parts)}])


@pytest.mark.proves("E-GUARD-TRACE")
def test_each_text_is_checked_where_it_stands(check: Any) -> None:
    said = messages(
        ("system", "be kind"),
        ("user", "earlier"),
        ("assistant", "an answer"),
        ("tool", "a result"),
        ("user", "now"),
        ("user", CARD),
    )
    call = {"type": "tool_call", "id": "1", "name": "f", "arguments": {"a": CARD}}
    answer = {"type": "tool_call_response", "id": "1", "response": "given"}
    older = {"type": "tool_call_response", "id": "1", "result": "given, too"}
    thought = {"type": "reasoning", "content": "hm"}
    found = check(
        request(
            span(
                {"gen_ai.input.messages": said, "gen_ai.output.messages": parts(thought, call, answer, older)}
            ),
            span({"gen_ai.tool.call.arguments": '{"q": "x"}', "gen_ai.tool.call.result": "plain"}),
            span(
                {
                    "gen_ai.retrieval.query.text": "q",
                    "gen_ai.retrieval.documents": [{"id": "1", "text": "d"}, "e"],
                }
            ),
        )
    )
    assert found.status == 1
    assert found.places == [
        ("input message 2", "history", "allow"),
        ("input message 3", "output", "allow"),
        ("input message 4", "tool_result", "allow"),
        ("input message 5", "input", "allow"),
        ("input message 6", "input", "block"),
        ("output message 1, part 1", "output", "allow"),
        ("output message 1, part 2", "tool_call", "block"),
        ("output message 1, part 3", "tool_result", "allow"),
        ("output message 1, part 4", "tool_result", "allow"),
        ("tool call arguments", "tool_call", "allow"),
        ("tool call result", "tool_result", "allow"),
        ("query", "input", "allow"),
        ("document 1", "passage", "allow"),
        ("document 2", "passage", "allow"),
    ]
    row = found.rows[4]
    assert row["id"] == f"{TRACE}/eee19b7ec3c1b174/input message 6"
    assert (row["trace_id"], row["span_id"], row["span"], row["line"]) == (
        TRACE,
        "eee19b7ec3c1b174",
        "chat",
        1,
    )
    assert found.summary["spans_with_texts"] == found.summary["spans"] == 3
    assert (found.summary["texts"], found.summary["instructions"], found.summary["unread"]) == (14, 1, {})
    assert "14 text(s) of 3 of 3 span(s) in 1 trace(s) checked: 12 allow, 2 block" in found.err


@pytest.mark.proves("E-GUARD-TRACE")
def test_what_a_system_told_in_one_span_is_what_all_texts_of_its_trace_come_with(check: Any) -> None:
    told = "never say that the orchard gate opens at noon on Fridays canary-0123456789abcdef"
    leaked = messages(("assistant", "it says canary-0123456789abcdef"))
    agent = span({"gen_ai.output.messages": leaked}, id="a1")
    model = span({"gen_ai.system_instructions": json.dumps([{"type": "text", "content": told}])}, id="b2")
    other = span({"gen_ai.output.messages": leaked}, traceId="77")
    found = check(request(agent), request(model, other))
    assert [(row["trace_id"], row["action"]) for row in found.rows] == [(TRACE, "block"), ("77", "allow")]
    assert told not in found.err


@pytest.mark.proves("E-GUARD-TRACE-ONCE")
def test_a_text_that_several_spans_hold_is_checked_once_and_the_first_is_named_with_their_number(
    check: Any,
) -> None:
    turns = [("user", CARD), ("assistant", "yes"), ("user", "and now?")]
    first = span({"gen_ai.input.messages": messages(turns[0])}, id="a1", name="invoke_agent x")
    twice = span({"gen_ai.input.messages": messages(turns[0], turns[0])}, id="b2")
    later = span({"gen_ai.input.messages": messages(*turns)}, id="c3")
    found = check(request(first, twice), request(later))
    assert [(row["span_id"], row["surface"], row["spans"]) for row in found.rows] == [
        ("a1", "input", 2),
        ("c3", "history", 1),
        ("c3", "output", 1),
        ("c3", "input", 1),
    ]
    assert found.rows[0]["span"] == "invoke_agent x"


@pytest.mark.proves("E-GUARD-TRACE")
def test_a_result_that_the_user_hands_in_is_no_turn_of_the_users(check: Any) -> None:
    brought = {"role": "user", "parts": [{"type": "tool_call_response", "response": CARD}]}
    said = [
        *json.loads(messages(("user", "a"), ("assistant", "b"), ("user", "c"), ("assistant", "d"))),
        brought,
    ]
    found = check(request(span({"gen_ai.input.messages": said})))
    assert [row["surface"] for row in found.rows] == ["history", "output", "input", "output", "tool_result"]


@pytest.mark.proves("E-GUARD-TRACE")
def test_values_are_read_structured_as_well_as_written_in_json(check: Any) -> None:
    said = [{"role": "user", "parts": [{"type": "text", "content": CARD}]}]
    found = check(
        request(
            span({"gen_ai.input.messages": said}, id="a1"),
            span({"gen_ai.input.messages": json.dumps(said)}, id="b2"),
            span({"gen_ai.tool.call.result": {"n": [CARD]}}, id="c3"),
            span({"gen_ai.tool.call.result": json.dumps({"n": [CARD]})}, id="d4"),
        )
    )
    assert [(row["span_id"], row["spans"], row["action"]) for row in found.rows] == [
        ("a1", 2, "block"),
        ("c3", 2, "block"),
    ]


@pytest.mark.proves("E-GUARD-TRACE")
def test_messages_as_the_chat_apis_write_them_are_read_too(check: Any) -> None:
    call = {"id": "1", "type": "function", "function": {"name": "f", "arguments": json.dumps({"a": CARD})}}
    content = [{"type": "text", "text": "look"}, {"type": "image_url", "image_url": {"url": "data:x"}}]
    said = [
        {"role": "developer", "content": "be kind"},
        {"role": "user", "content": content},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "nobody known", "content": CARD},
    ]
    found = check(request(span({"gen_ai.input.messages": json.dumps(said)})))
    assert [one[1:] for one in found.places] == [
        ("history", "allow"),
        ("tool_call", "block"),
        ("input", "block"),
    ]
    assert found.summary["no_text"] == {"image_url": 1}


@pytest.mark.proves("E-GUARD-TRACE-OPENINFERENCE")
def test_openinferences_flat_attributes_are_read_in_order(check: Any) -> None:
    message, call = "llm.input_messages.{}.message.{}", "tool_calls.0.tool_call.function.{}"
    found = check(
        request(
            span(
                {
                    "openinference.span.kind": "LLM",
                    message.format(10, "role"): "user",
                    message.format(10, "content"): CARD,
                    message.format(2, "role"): "user",
                    message.format(2, "contents.0.message_content.type"): "text",
                    message.format(2, "contents.0.message_content.text"): "look",
                    message.format(2, "contents.1.message_content.type"): "image",
                    message.format(
                        2, "contents.1.message_content.image.image.url"
                    ): "data:image/png;base64,x",
                    message.format(3, "role"): "tool",
                    message.format(3, "content"): "a result",
                    message.format(4, "content"): "__REDACTED__",
                    "llm.output_messages.0.message.role": "assistant",
                    "llm.output_messages.0.message." + call.format("name"): "f",
                    "llm.output_messages.0.message." + call.format("arguments"): json.dumps({"a": CARD}),
                    "llm.output_messages.0.message.mood": "new",
                    "input.value": "all of it again",
                }
            ),
            span(
                {
                    "retrieval.documents.0.document.id": "d",
                    "retrieval.documents.0.document.content": CARD,
                    "retrieval.documents.0.document.score": 0.5,
                    "retrieval.documents.1.document.metadata": '{"title": "t"}',
                }
            ),
            span(
                {"openinference.span.kind": "TOOL", "input.value": '{"a": 1, "b": "x"}', "output.value": CARD}
            ),
        )
    )
    assert found.places == [
        ("input message 1, part 1", "history", "allow"),
        ("input message 2", "tool_result", "allow"),
        ("input message 4", "input", "block"),
        ("output message 1", "tool_call", "block"),
        ("document 1", "passage", "block"),
        ("document 2", "passage", "allow"),
        ("tool call arguments", "tool_call", "allow"),
        ("tool call result", "tool_result", "block"),
    ]
    assert found.summary["no_text"] == {"image": 1, "withheld": 1}
    assert found.summary["unread"] == {"input.value": 1, "llm.output_messages.N.message.mood": 1}


@pytest.mark.proves("E-GUARD-TRACE-TOLD")
def test_what_is_no_text_and_what_is_not_read_is_told_by_type_and_number(check: Any) -> None:
    blob = {"type": "blob", "mime_type": "image/png", "modality": "image", "content": "c2VjcmV0"}
    uri = {"type": "uri", "modality": "audio", "uri": "https://secret.example/a.mp3"}
    odd = {"type": "Secret thing!", "data": "secret"}
    long = "a secret sentence that nobody said would be read, " * 3
    found = check(
        request(
            span(
                {
                    "gen_ai.input.messages": parts(blob, blob, uri, {"type": "file"}, odd, "hello"),
                    "gen_ai.retrieval.documents": json.dumps([{"id": "1", "score": 0.5}]),
                    "gen_ai.prompt": "secret",
                    "gen_ai.prompt.0.content": "secret",
                    "gen_ai.prompt.name": "answer",
                    "app.notes": long,
                    "Secret key!": long,
                    "http.route": "/secret",
                },
                events=[{"attributes": [{"key": "gen_ai.completion", "value": {"stringValue": "secret"}}]}],
                status={"message": long},
                droppedAttributesCount=3,
            )
        ),
        {"resourceLogs": []},
    )
    assert found.status == 0
    assert found.places == [("input message 1, part 6", "input", "allow")]
    assert found.summary["no_text"] == {
        "blob image/png": 2,
        "document without content": 1,
        "file": 1,
        "of another type": 1,
        "uri audio": 1,
    }
    assert found.summary["unread"] == {
        "app.notes": 1,
        "gen_ai.completion": 1,
        "gen_ai.prompt": 1,
        "gen_ai.prompt.N.content": 1,
        "of another name": 1,
        "status.message": 1,
    }
    assert (found.summary["dropped"], found.summary["other_lines"]) == (1, 1)
    assert "no text: 2 blob image/png" in found.err
    assert "not read: 1 app.notes" in found.err
    assert "secret" not in found.err.lower()


@pytest.mark.proves("E-GUARD-TRACE")
def test_a_person_gets_a_line_for_each_text_and_never_the_text(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = span({"gen_ai.input.messages": messages(("user", CARD))})
    file = write(tmp_path / "t.json", request(told, told | {"spanId": "b2"}))
    assert run(["guard", "check", "--trace", file]) == 0
    out, err = capsys.readouterr()
    name = f"{TRACE}/eee19b7ec3c1b174/input message 1 (in 2 spans)"
    assert out == f"{name}\tchat\tinput\tredact\t0.00\tpii.card\n"
    assert "4111" not in out + err
    assert run(["guard", "check", "--trace", file, "--json"]) == 0
    assert "4111" not in "".join(capsys.readouterr())


@pytest.mark.proves("E-GUARD-TRACE")
def test_a_file_that_is_one_object_over_many_lines_is_read(tmp_path: Path) -> None:
    file = tmp_path / "t.json"
    held = request(span({"gen_ai.input.messages": messages(("user", "hi"))}))
    file.write_text(json.dumps(held, indent=2), encoding="utf-8-sig")
    assert run(["guard", "check", "--trace", str(file)]) == 0


@pytest.mark.proves("E-GUARD-TRACE-NONE")
@pytest.mark.parametrize(
    "lines",
    [
        [request(span({"gen_ai.operation.name": "chat"}))],
        [request(span({"gen_ai.input.messages": "[]", "gen_ai.tool.call.result": ""}))],
        [request(span({"gen_ai.system_instructions": '["be kind"]'})), {"resourceLogs": []}],
        [request(span({"gen_ai.retrieval.documents": [{"id": "1", "score": 0.5}]}))],
    ],
)
def test_a_trace_without_a_text_is_not_taken_for_a_clean_one(check: Any, lines: list[Any]) -> None:
    found = check(*lines)
    assert (found.status, found.rows) == (2, [])
    assert "GAO-GUARD-054" in found.err
    assert "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=SPAN_ONLY" in found.err


@pytest.mark.proves("E-GUARD-TRACE-NONE")
def test_a_trace_that_genaiops_recorded_is_said_to_hold_no_texts(check: Any) -> None:
    one = {"trace_id": TRACE, "span_id": "a1", "operation": "chat", "attributes": {}}
    found = check({"id": TRACE, "spans": [one]})
    assert found.status == 2
    assert "1 trace(s) that genaiops recorded: names, numbers and ids of passages only" in found.err


@pytest.mark.proves("E-BAD-TRACE")
@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"secret", "line 1: broken JSON"),
        (b"\x1f\x8b\x08secret\x00\x01", "line 1: binary: protobuf, or compressed"),
        (b"\x0a\xff\x03secret", "line 2: binary: protobuf, or compressed"),
        (b'{"a": "caf\xe9"}', "line 1: not UTF-8"),
        (b"[" * 100_000, "line 1: nested too deep"),
        (b'{"id": "1", "text": "secret"}', "line 1: no spans in OTLP/JSON: it has no resourceSpans"),
        (b'{"resourceSpans": [], "resourceSpans": []}', "line 1: a key stands twice in one object"),
        (b'["secret"]', "line 1: not an object"),
        (b'{"resourceSpans": "secret"}', "line 1: resourceSpans is no list"),
        (b'{"resourceMetrics": []}', "1 line(s) of logs or metrics, and no span"),
        (b"", "it has no span"),
    ],
)
def test_a_file_without_spans_in_otlp_json_is_refused_in_words(check: Any, content: bytes, why: str) -> None:
    found = check(content)
    assert (found.status, found.rows) == (2, [])
    assert "GAO-GUARD-055" in found.err
    assert why in found.err
    assert "secret" not in found.err


IN, OUT, DOCS = "gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.retrieval.documents"


@pytest.mark.proves("E-BAD-TRACE")
@pytest.mark.parametrize(
    ("attributes", "place", "why"),
    [
        ({IN: '[{"role": "user", "parts": [{"secr'}, IN, "broken JSON"),
        ({IN: 5}, "input messages", "it is no list of messages"),
        ({IN: "[" * 80 + "]" * 80}, IN, "nested too deep"),
        ({OUT: ["secret"]}, "output message 1", "it is no object"),
        ({OUT: [{"role": "user"}]}, "output message 1", "it has no parts"),
        ({OUT: [{"parts": "secret"}]}, "output message 1", "parts is no list"),
        ({OUT: [{"parts": [7]}]}, "output message 1", "it is no object"),
        ({OUT: [{"parts": [{"type": "text"}]}]}, "output message 1", "its text is none"),
        ({"gen_ai.system_instructions": "secret words"}, "gen_ai.system_instructions", "broken JSON"),
        ({DOCS: {"a": "secret"}}, "documents", "it is no list of documents"),
        ({DOCS: [7]}, "document 1", "it is no object"),
    ],
)  # fmt: skip
def test_a_part_that_cannot_be_read_is_named_and_counted_and_the_others_are_checked(
    check: Any, attributes: dict[str, Any], place: str, why: str
) -> None:
    good = {"gen_ai.tool.call.result": "fine"}
    found = check(request(span(attributes | good)))
    assert found.status == 2
    assert found.places == [("tool call result", "tool_result", "allow")]
    assert found.summary["unreadable_parts"] == 1
    (part,) = found.summary["unreadable"]
    assert (part["line"], part["span_id"], part["place"], part["why"]) == (1, "eee19b7ec3c1b174", place, why)
    assert f"trace.json:1 {TRACE}/eee19b7ec3c1b174/{place} is unreadable: {why}" in found.err
    assert "secr" not in found.err


@pytest.mark.proves("E-BAD-TRACE")
def test_an_attribute_that_stands_twice_is_read_twice_and_a_flat_one_is_unreadable(check: Any) -> None:
    first, second = span({"gen_ai.tool.call.result": "fine"}), span({"gen_ai.tool.call.result": CARD})
    flat = span({"llm.input_messages.0.message.content": "x"})["attributes"]
    twice = first | {"attributes": [*first["attributes"], *second["attributes"], *flat, *flat]}
    found = check(request(twice))
    assert [row["action"] for row in found.rows] == ["allow", "block", "allow"]
    assert found.summary["unreadable"][0]["why"] == "it stands there twice"


@pytest.mark.proves("E-BAD-TRACE")
def test_an_argument_whose_json_hides_a_key_is_read_as_the_text_it_is(check: Any) -> None:
    found = check(request(span({"gen_ai.tool.call.arguments": f'{{"a": "{CARD}", "a": "fine"}}'})))
    assert found.places == [("tool call arguments", "tool_call", "block")]


@pytest.mark.proves("E-BAD-TRACE")
def test_broken_lines_and_half_characters_and_long_texts_do_not_keep_the_others_from_being_checked(
    check: Any,
) -> None:
    good = request(span({"gen_ai.tool.call.result": "fine"}), "no span")
    half = request(
        span({"gen_ai.tool.call.result": "half \ud83d", "gen_ai.tool.call.arguments": "a" * 10_000_000})
    )
    found = check(b"{cut", good, b"", half, b'{"resourceSpans": [{"scopeSp')
    assert found.status == 1
    assert [(row["line"], row["action"], row["refused"]) for row in found.rows] == [
        (2, "allow", ""),
        (4, "block", "not_text"),
        (4, "block", "too_long"),
    ]
    assert [(part["line"], part["why"]) for part in found.summary["unreadable"]] == [
        (1, "broken JSON"),
        (2, "spans holds what is no object"),
        (5, "broken JSON"),
    ]


@pytest.mark.proves("E-BAD-TRACE")
def test_a_file_that_is_not_there_and_options_that_a_trace_settles_itself_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["guard", "check", "--trace", str(tmp_path / "none")]) == 3
    assert "GAO-GUARD-050" in capsys.readouterr().err
    file = write(tmp_path / "t.json", request(span({"gen_ai.tool.call.result": "fine"})))
    assert run(["guard", "check", "--trace", file, "--surface", "output"]) == 2
    assert run(["guard", "check", "--trace", file, "--context", "x"]) == 2
    assert run(["guard", "check", "--trace", file, "x"]) == 2


@pytest.mark.proves("E-BAD-TRACE")
def test_a_file_of_more_different_texts_than_are_kept_is_refused_and_not_cut() -> None:
    gathered = Gathered("t.json", most=20)
    gathered.add(1, request(span({"gen_ai.tool.call.result": "fine"})))
    with pytest.raises(UserError, match="more than 20 characters"):
        gathered.add(2, request(span({"gen_ai.tool.call.result": "a text that is longer"})))


@pytest.mark.proves("E-BAD-TRACE")
def test_instructions_count_among_the_texts_that_are_kept_and_are_kept_once() -> None:
    told = {"gen_ai.system_instructions": json.dumps([{"type": "text", "content": "be kind " * 4}])}
    with pytest.raises(UserError, match="more than 20 characters"):
        Gathered("t.json", most=20).add(1, request(span(told)))
    gathered = Gathered("t.json")
    for at in range(3):
        gathered.add(at, request(span(told | {"gen_ai.tool.call.result": f"result {at}"})))
    contexts = [one.context for one in gathered.texts()]
    assert len(contexts) == 3
    assert all(one is contexts[0] for one in contexts)
