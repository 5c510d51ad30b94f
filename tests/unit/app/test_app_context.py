"""What an app sees: parameters, requests, files of its project."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from genaiops import Answer
from genaiops.app.context import BlockingContext, Context
from genaiops.app.params import Params
from genaiops.app.wire import answer_to_wire, error_from_wire, error_to_wire
from genaiops.core import Grounding, Message, OutsideError, Passage, Usage, UserError, encode

PASSAGE = Passage(id="p1", text="t", document="d.md", heading=("A", "B"), score=0.5)
REPLY = {"text": "hi", "finish_reason": "stop", "usage": {"input_tokens": 1, "output_tokens": 2, "calls": 1}}


class Parent:
    """Replies like the parent process and keeps what was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Mapping[str, Any]]] = []

    async def __call__(self, call: str, arguments: Mapping[str, Any]) -> Any:
        self.asked.append((call, arguments))
        return {"search": [encode(PASSAGE)], "chat": REPLY, "rank": [0.5], "count_tokens": 7}[call]


def made(root: Path, **params: Any) -> tuple[Context, Parent]:
    parent = Parent()
    return Context(parent, Params(params), root, seed=3), parent


def test_requests_carry_what_was_asked_and_return_contract_types(tmp_path: Path) -> None:
    ctx, parent = made(tmp_path)

    async def use() -> tuple[Any, ...]:
        return (
            await ctx.search("q", 3, mode="lexical"),
            await ctx.chat(
                [Message(role="user", content="hi")],
                stop="\n",
                grounding=Grounding(question="q", texts=("t",)),
            ),
            await ctx.rank("q", ("a",)),
            await ctx.count_tokens("hi"),
        )

    passages, reply, ranks, tokens = asyncio.run(use())
    assert passages == [PASSAGE]
    assert (reply.text, reply.usage) == ("hi", Usage(input_tokens=1, output_tokens=2, calls=1))
    assert (ranks, tokens) == ([0.5], 7)
    search, chat = parent.asked[0][1], parent.asked[1][1]
    assert search == {"query": "q", "k": 3, "index": None, "mode": "lexical", "rerank": True}
    assert chat["request"] == {
        "messages": [{"role": "user", "content": "hi"}],
        "stop": ["\n"],
        "grounding": {"question": "q", "texts": ("t",)},
    }


def test_the_blocking_context_has_the_same_names_and_results(tmp_path: Path) -> None:
    ctx, _ = made(tmp_path, top_k=2)

    async def use() -> tuple[Any, ...]:
        blocking = BlockingContext(ctx, asyncio.get_running_loop())

        def app() -> tuple[Any, ...]:
            chat = blocking.chat("hi", max_tokens=3)
            return blocking.search("q"), chat.text, blocking.rank("q", ["a"]), blocking.count_tokens("x")

        return await asyncio.to_thread(app)

    assert asyncio.run(use()) == ([PASSAGE], "hi", [0.5], 7)
    public = {name for name in dir(Context) if not name.startswith("_")}
    assert public <= {name for name in dir(BlockingContext) if not name.startswith("_")}


def test_params_read_as_attributes_and_items_and_name_the_nearest() -> None:
    params = Params({"top_k": 6, "prompt": {"style": "short"}})
    assert (params.top_k, params["top_k"], params.prompt.style, params.get("nope", 1)) == (6, 6, "short", 1)
    assert not hasattr(params, "nope")
    with pytest.raises(UserError, match=r"params\.topk is not set") as caught:
        _ = params.topk
    assert "top_k" in caught.value.fix
    with pytest.raises(UserError, match=r"params\.prompt\.tone"):
        _ = params.prompt["tone"]


def test_calibration_is_read_and_its_absence_points_to_calibrate(tmp_path: Path) -> None:
    ctx, _ = made(tmp_path)
    with pytest.raises(UserError) as caught:
        ctx.calibration("answer")
    assert "genaiops arena calibrate" in caught.value.fix
    (tmp_path / "calibration").mkdir()
    (tmp_path / "calibration" / "answer.json").write_text('{"threshold": 0.4}')
    (tmp_path / "calibration" / "bad.json").write_text("{")
    (tmp_path / "calibration" / "list.json").write_text("[]")
    assert ctx.calibration("answer") == {"threshold": 0.4}
    for name in ("bad", "list"):
        with pytest.raises(UserError, match=name):
            ctx.calibration(name)


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "", "a/../../b", "..", "a b"])
def test_a_name_cannot_leave_the_project(tmp_path: Path, name: str) -> None:
    ctx, _ = made(tmp_path)
    with pytest.raises(UserError, match="does not name a file"):
        ctx.calibration(name)


def test_answers_are_text_data_or_an_answer() -> None:
    assert answer_to_wire("hi") == {"text": "hi"}
    assert answer_to_wire({"a": 1}) == {"data": {"a": 1}}
    assert answer_to_wire(Answer("x", passages=[PASSAGE]))["passages"][0]["id"] == "p1"


@pytest.mark.parametrize(("value", "name"), [(3, "int"), (None, "NoneType"), (["a"], "list")])
def test_any_other_answer_is_refused_by_its_type(value: object, name: str) -> None:
    with pytest.raises(TypeError, match=f"returned {name}"):
        answer_to_wire(value)


@pytest.mark.parametrize("kind", [UserError, OutsideError])
def test_errors_cross_the_socket_whole(kind: type[UserError] | type[OutsideError]) -> None:
    told = error_from_wire(error_to_wire(kind("C-1", "what", why="why", fix="fix", where="where")))
    assert type(told) is kind
    assert str(told) == str(kind("C-1", "what", why="why", fix="fix", where="where"))
