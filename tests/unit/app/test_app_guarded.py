"""The guard around one answer: what passes, what is left out, what stops, and what is said of it."""

import asyncio
from collections.abc import Awaitable
from typing import Any

import pytest
from tests.support.guarding import Raises

from genaiops.app.guarded import Guarded, GuardStop
from genaiops.core import Answer, ChatReply, ChatRequest, Citation, Json, Message, Passage, ToolCall
from genaiops.guard import GuardFile, Pipeline, parse_guard
from genaiops.traces import Recorder

GUARD = parse_guard(
    """\
message: Not here.
detectors: {pii: {countries: [us]}, leak: {}, topics: {words: {rivals: [Acme], gossip: [Umbra]}}}
rules:
  - {find: [topic.rivals], apps: [shop], do: block}
  - {find: [topic.gossip], do: ask}
  - {find: [leak.prompt], do: block}
  - {find: [pii.*], do: redact}
""",
    "guard.yaml",
)
CARD = "4111 1111 1111 1111"
SYSTEM = "You are the clerk of a small shop and never tell anybody how its prices are made."


class One:
    """One answer under a guard, its trace at hand."""

    def __init__(self, guard: Pipeline | None = GUARD) -> None:
        self.recorder = Recorder()
        self.guarded = Guarded(guard, "shop", self.recorder)

    def stopped(self, work: Awaitable[Any]) -> str:
        with pytest.raises(GuardStop):
            run(work)
        return self.guarded.stopped


def run(work: Awaitable[Any]) -> Any:
    async def wait() -> Any:
        return await work

    return asyncio.run(wait())


def passage(text: str, id: str = "p") -> Passage:
    return Passage(id=id, text=text, document="d.md")


def ask(text: str) -> tuple[ChatRequest, ChatReply]:
    messages = (Message(role="system", content=SYSTEM), Message(role="user", content="hello"))
    return ChatRequest(messages=messages), ChatReply(text=text)


@pytest.mark.proves("E-GUARD-APP")
def test_inputs_are_redacted_before_the_app_has_them() -> None:
    given: dict[str, Json] = {
        "question": f"is {CARD} mine?",
        "history": [{"role": "user", "content": f"my card is {CARD}"}, CARD],
        "messages": [{"role": "user", "content": "hi"}, {"role": "user", "content": CARD, "name": "bo"}],
        "n": 3,
    }
    one = One()
    assert run(one.guarded.inputs(given)) == {
        "question": "is [pii.card] mine?",
        "history": [{"role": "user", "content": "my card is [pii.card]"}, "[pii.card]"],
        "messages": [
            {"role": "user", "content": "hi"},
            {"role": "user", "content": "[pii.card]", "name": "bo"},
        ],
        "n": 3,
    }
    assert one.guarded.counts == {"redact input": 2, "redact history": 2}


def test_without_a_guard_all_passes_as_it_came() -> None:
    guarded = One(None).guarded
    assert run(guarded.inputs({"question": "Acme"})) == {"question": "Acme"}
    answer = Answer("Acme", data={"card": CARD}, passages=[passage("Acme")])
    assert run(guarded.answer(answer)) is answer


@pytest.mark.proves("E-GUARD-APP")
@pytest.mark.proves("E-GUARD-APP-NO-ECHO")
def test_what_is_stopped_is_named_and_never_repeated() -> None:
    one = One()
    assert one.stopped(one.guarded.inputs({"question": "is Acme cheaper?"})) == "block on input: topic.rivals"
    assert one.guarded.instead() == Answer("Not here.", abstained=True)
    said = repr(one.recorder.trace())
    assert "topic.rivals" in said
    assert "Acme" not in said


@pytest.mark.proves("E-GUARD-APP-ASK")
def test_what_a_person_must_decide_is_stopped_where_nobody_is_there() -> None:
    one = One()
    why = one.stopped(one.guarded.inputs({"question": "tell me of Umbra"}))
    assert why == "ask on input: topic.gossip, and there is nobody to ask"


@pytest.mark.proves("E-GUARD-APP-PASSAGES")
def test_passages_are_redacted_or_left_out_and_counted() -> None:
    one = One()
    found = [passage("Acme sells it", "a"), passage(f"pay with {CARD}", "b"), passage("plain", "c")]
    handed, left_out = run(one.guarded.passages(found))
    assert [(each.id, each.text) for each in handed] == [("b", "pay with [pii.card]"), ("c", "plain")]
    assert left_out == 1
    assert one.guarded.counts == {"block passage": 1, "redact passage": 1}
    assert one.guarded.stopped == ""  # the app goes on without it


def test_a_reply_that_repeats_its_instructions_is_stopped_and_so_is_an_answer() -> None:
    one = One()
    assert run(one.guarded.reply(*ask("Good day."))).text == "Good day."
    assert one.stopped(one.guarded.reply(*ask(f"I was told: {SYSTEM}"))) == "block on output: leak.prompt"
    other = One()
    run(other.guarded.reply(*ask("Good day.")))
    assert other.stopped(other.guarded.answer(Answer(SYSTEM))) == "block on output: leak.prompt"


@pytest.mark.proves("E-GUARD-APP")
def test_every_part_of_an_answer_is_looked_at() -> None:
    one = One()
    (handed,), _ = run(one.guarded.passages([passage("plain")]))
    given = Answer(
        f"the card {CARD}",
        data={"card": [CARD]},
        passages=[handed, passage(f"of my own: {CARD}", "own"), passage("Acme", "left out")],
        citations=[Citation(passage="p", quote=f"see {CARD}")],
        tool_calls=[ToolCall(name="pay", arguments={"card": CARD}, result=CARD)],
    )
    answer = run(one.guarded.answer(given))
    assert answer.text == "the card [pii.card]"
    assert answer.data == {"card": ["[pii.card]"]}
    assert [each.text for each in answer.passages] == ["plain", "of my own: [pii.card]"]
    assert answer.citations == (Citation(passage="p", quote="see [pii.card]"),)
    assert answer.tool_calls == (ToolCall(name="pay", arguments={"card": "[pii.card]"}, result="[pii.card]"),)


@pytest.mark.proves("E-GUARD-APP-CLOSED")
def test_a_detector_that_fails_stops_the_answer_and_is_named() -> None:
    policy: dict[str, Any] = {"detectors": {"foreign": {}}, "rules": [{"find": ["*"], "do": "flag"}]}
    pipeline = Pipeline(GuardFile.model_validate(policy), {"foreign": Raises()})
    one = One(pipeline)
    why = one.stopped(one.guarded.inputs({"question": "hello"}))
    assert why == "block on input: detector foreign failed (raised)"
    assert pipeline.counts == {"failed.foreign.raised": 1}
