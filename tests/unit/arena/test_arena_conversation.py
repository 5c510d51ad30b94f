"""Conversations: how they are asked, how they are scored, and what their rows must be."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from genaiops.arena.conversation import converse
from genaiops.arena.datasets import read_cases
from genaiops.arena.model import Ruler, ScorerUse
from genaiops.arena.scorers import build_scorers, score_output
from genaiops.core import Case, Digest, Json, Output, Score, Span, ToolCall, Trace, Usage, UserError

TURNS: list[Json] = ["Which plans are there?", "Which is the cheapest?", "And the other one?"]
TRACE = Trace(id="0" * 32)


def answering(*outputs: Output) -> tuple[list[dict[str, Json]], Any]:
    """Return what was asked, and an app that answers with `outputs`, one after the other."""
    asked: list[dict[str, Json]] = []

    async def ask(inputs: dict[str, Json]) -> tuple[Output, Trace]:
        output = outputs[len(asked)]
        name = f"{len(asked) + 1:032x}"
        asked.append(inputs)
        span = Span(trace_id=name, span_id="1" * 16, name="chat", operation="chat", start_ns=1, end_ns=2)
        return output, Trace(id=name, spans=(span,))

    return asked, ask


def talked(*outputs: Output) -> Output:
    return asyncio.run(converse({"turns": TURNS}, answering(*outputs)[1]))[0]


@pytest.mark.proves("B-CONVERSATION")
def test_each_turn_is_asked_with_the_apps_own_earlier_answers_and_no_later_turn() -> None:
    asked, ask = answering(
        Output(text="Free and Pro"), Output(data={"plan": "Free"}), Output(text=None, abstained=True)
    )
    output, _ = asyncio.run(converse({"turns": TURNS, "locale": "en"}, ask))
    assert [inputs["question"] for inputs in asked] == TURNS
    assert {str(inputs["locale"]) for inputs in asked} == {"en"}
    assert asked[0]["history"] == []
    assert asked[2]["history"] == [
        {"role": "user", "content": TURNS[0]},
        {"role": "assistant", "content": "Free and Pro"},
        {"role": "user", "content": TURNS[1]},
        {"role": "assistant", "content": '{"plan": "Free"}'},
    ]
    assert all("turns" not in inputs for inputs in asked)
    assert len(output.turns) == 3


def test_the_whole_has_the_last_answer_all_calls_and_what_all_took() -> None:
    spent = Usage(input_tokens=5, output_tokens=2, calls=1)
    one = Output(
        text="a", usage=spent, cost_nanousd=10, latency_ns=3, tool_calls=(ToolCall(name="x", arguments={}),)
    )
    two = Output(text="b", usage=spent, cost_nanousd=20, latency_ns=4, abstained=True)
    whole = talked(one, two, Output(text="c", usage=spent, cost_nanousd=30, latency_ns=5))
    assert (whole.text, whole.abstained, whole.latency_ns, whole.cost_nanousd) == ("c", False, 12, 60)
    assert whole.usage == Usage(input_tokens=15, output_tokens=6, calls=3)
    assert [call.name for call in whole.tool_calls] == ["x"]
    assert talked(one, Output(text="b"), two).cost_nanousd is None


def test_spans_of_all_turns_are_one_trace() -> None:
    _, ask = answering(*[Output(text=str(n), trace_id=f"{n:032x}") for n in (1, 2, 3)])
    output, trace = asyncio.run(converse({"turns": TURNS}, ask))
    assert output.trace_id == trace.id
    assert {span.trace_id for span in trace.spans} == {trace.id}
    assert len(trace.spans) == 3


def test_a_turn_that_fails_ends_the_conversation() -> None:
    asked, ask = answering(Output(text="a"), Output(status="timeout", error="60 s"))
    output, _ = asyncio.run(converse({"turns": TURNS}, ask))
    assert len(asked) == 2
    assert (output.status, output.error) == ("timeout", "turn 2 of 3: 60 s")


def test_a_turn_that_the_guard_stops_ends_the_conversation() -> None:
    asked, ask = answering(Output(text="a"), Output(text="No.", abstained=True, stopped="block on input: x"))
    output, _ = asyncio.run(converse({"turns": TURNS}, ask))
    assert len(asked) == 2
    assert (output.text, output.stopped, len(output.turns)) == ("No.", "block on input: x", 2)


def test_inputs_without_turns_are_one_question() -> None:
    asked, ask = answering(Output(text="a"))
    output, _ = asyncio.run(converse({"question": "x"}, ask))
    assert asked == [{"question": "x"}]
    assert output.turns == ()


def scores(expected: list[dict[str, Any]], output: Output, *more: str) -> dict[str, Score]:
    uses = (
        ScorerUse(name="every_turn", parameters={"right": "answer_f1", "from": 0.5}),
        *(ScorerUse(name=name) for name in ("answer_f1", "wrong_answers", "tokens", *more)),
    )
    ruler = Ruler(name="x", dataset_digest=Digest("sha256:" + "0" * 64), scorers=uses)
    case = Case(id="c", inputs={"turns": TURNS}, expected={"turns": expected}, cluster="c")
    found = asyncio.run(score_output(build_scorers(ruler), case, 0, output, TRACE))
    return {one.scorer: one for one in found}


PLANS = [{"answers": ["Free and Pro"]}, {}, {"answers": ["Pro costs more"]}]


@pytest.mark.proves("B-CONVERSATION")
def test_a_conversation_is_scored_by_turn_and_as_a_whole() -> None:
    spent = Usage(input_tokens=5, output_tokens=2, calls=1)
    said = [Output(text=text, usage=spent) for text in ("Free and Pro", "whatever", "Pro")]
    got = scores(PLANS, talked(*said))
    assert got["answer_f1"].value == pytest.approx((1 + 0.5) / 2)
    assert got["answer_f1"].reason == "turn 1: 1, turn 3: 0.5"
    assert got["every_turn"].value == 1.0
    assert got["wrong_answers"].value == 0.0
    assert got["tokens"].value == 21.0
    got = scores(PLANS, talked(said[0], said[1], Output(text="no idea", usage=spent)))
    assert (got["every_turn"].value, got["wrong_answers"].value) == (0.0, 0.5)


def test_turns_that_were_not_reached_count_as_failed() -> None:
    whole = talked(Output(text="Free and Pro"), Output(status="app_error", error="boom"))
    got = scores(PLANS, whole)
    assert got["answer_f1"].value == 0.5
    assert got["answer_f1"].reason == "turn 1: 1, turn 3: 0 (app_error: turn 2 of 3: boom)"
    assert (got["every_turn"].value, got["wrong_answers"].value) == (0.0, 0.5)
    lost = talked(Output(text="Free and Pro"), Output(status="infra_error", error="no network"))
    assert {one.status for one in scores(PLANS, lost).values()} == {"failed"}


def test_an_output_without_turns_answered_none_of_them() -> None:
    got = scores(PLANS, Output(text="Free and Pro"))
    assert (got["answer_f1"].value, got["answer_f1"].status) == (0.0, "ok")


def test_a_turn_whose_scorer_fails_leaves_the_whole_without_a_score() -> None:
    said = talked(*[Output(text="Free and Pro")] * 3)
    got = scores(PLANS, said, "semantic_similarity")["semantic_similarity"]
    assert (got.value, got.status) == (None, "failed")
    assert (got.reason or "").startswith("turn 1: the project names no embedding model")


def test_a_conversation_without_anything_to_look_at_is_not_applicable() -> None:
    got = scores([{}, {}, {}], talked(*[Output(text="a")] * 3))
    assert {got[name].status for name in ("answer_f1", "every_turn", "wrong_answers")} == {"not_applicable"}


def test_every_turn_of_a_single_question_is_that_question() -> None:
    uses = (ScorerUse(name="every_turn"), ScorerUse(name="answer_f1"))
    ruler = Ruler(name="x", dataset_digest=Digest("sha256:" + "0" * 64), scorers=uses)
    case = Case(id="c", inputs={"question": "?"}, expected={"answers": ["a b"]}, cluster="c")
    for text, value in ("a b", 1.0), ("c", 0.0):
        got = asyncio.run(score_output(build_scorers(ruler), case, 0, Output(text=text), TRACE))
        assert got[0].value == value
    with pytest.raises(UserError):
        build_scorers(Ruler(name="x", dataset_digest=ruler.dataset_digest, scorers=uses[:1]))


@pytest.mark.proves("B-BAD-TURNS")
@pytest.mark.parametrize(
    ("inputs", "expected", "said"),
    [
        ({"turns": "Hello"}, {}, "'inputs.turns' is 'Hello'"),
        ({"turns": []}, {}, "'inputs.turns' is []"),
        ({"turns": ["Hello", {"role": "user"}]}, {}, "'inputs.turns' is"),
        ({"turns": ["Hello", ""]}, {}, "'inputs.turns' is"),
        ({"turns": ["Hello"]}, {"turns": {"answers": ["Hi"]}}, "'expected.turns' is"),
        ({"turns": ["Hello"]}, {"turns": ["Hi"]}, "'expected.turns' is"),
        ({"turns": ["Hello", "Bye"]}, {"turns": [{}]}, "1 turns are expected, and inputs.turns has 2"),
        ({"question": "Hello"}, {"turns": [{}]}, "1 turns are expected, and inputs.turns has none"),
    ],
)
def test_turns_that_do_not_fit_are_refused_with_file_and_line(
    tmp_path: Path, inputs: dict[str, Any], expected: dict[str, Any], said: str
) -> None:
    file = tmp_path / "talk.jsonl"
    file.write_text(json.dumps({"id": "c", "inputs": inputs, "expected": expected, "cluster": "c"}))
    with pytest.raises(UserError) as caught:
        read_cases(file)
    assert said in caught.value.what
    assert caught.value.where == f"{file}:1"
