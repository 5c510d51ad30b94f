"""An app that asks for passages, a model, ranks: what it gets, what is recorded, priced, refused."""

import asyncio
import os
from pathlib import Path

import pytest
from tests.support.apps import services_of, worker_of, write_project

from genaiops.app import AppWorker, load_project
from genaiops.core import Output, Trace, Usage

MORE = """\
params: {top_k: 2}
models: {chat: 'scripted:answers.yaml', embed: 'scripted:words'}
prices: {'scripted:answers.yaml': {in: 1.0, out: 2.0}}
knowledge: {docs: {source: docs}}
"""
SCRIPT = """\
rules:
  - {match: refund, text: Refunds take 14 days.}
  - {match: broken, error: the model is down}
  - {match: slow, text: late, latency: 600}
"""
APP = """\
from genaiops import Answer, Context

async def answer(inputs: dict, ctx: Context) -> Answer:
    passages = await ctx.search(inputs["question"], k=ctx.params.top_k)
    messages = ctx.prompt("answer").render(question=inputs["question"], passages=passages)
    reply = await ctx.chat(messages, max_tokens=50)
    return Answer(reply.text, passages=passages, signals={"seed": ctx.seed})
"""
PROMPT = "# system\nAnswer briefly.\n# user\n{{ question }}\n"
FILES = {
    "answers_yaml": SCRIPT,
    "prompts__answer_md": PROMPT,
    "docs__refunds_md": "# Refunds\nA refund takes 14 days.\n",
    "docs__shipping_md": "# Shipping\nParcels arrive within a week.\n",
}


def asked(
    folder: Path, app: str, question: str, *, more: str = MORE, deadline: float = 60.0
) -> tuple[Output, Trace]:
    """The output and trace of one question."""
    write_project(folder, app, more, **FILES)

    async def run() -> tuple[Output, Trace]:
        async with worker_of(folder, seed=5) as worker:
            return await worker.answer({"question": question}, 1, deadline)

    return asyncio.run(run())


def test_an_answer_carries_passages_usage_cost_and_a_trace_of_every_request(tmp_path: Path) -> None:
    output, trace = asked(tmp_path, APP, "refund how long")
    assert (output.status, output.error) == ("ok", None)
    assert output.text == "Refunds take 14 days."
    assert output.passages[0].document == "refunds.md"
    assert output.signals == {"seed": 6}  # the worker's seed and the repeat
    assert output.usage.calls == 1
    assert output.cost_nanousd == output.usage.input_tokens * 1000 + output.usage.output_tokens * 2000
    assert output.latency_ns > 0
    assert trace.id == output.trace_id
    root, search, chat = trace.spans
    assert [span.operation for span in trace.spans] == ["invoke_agent", "retrieval", "chat"]
    assert (search.parent_id, chat.parent_id) == (root.span_id, root.span_id)
    assert chat.attributes["gen_ai.provider.name"] == "scripted"
    assert chat.attributes["gen_ai.usage.input_tokens"] == output.usage.input_tokens
    assert chat.attributes["gen_ai.request.max_tokens"] == 50
    documents = search.attributes["gen_ai.retrieval.documents"]
    assert isinstance(documents, list)
    assert [item["id"] for item in documents if isinstance(item, dict)] == [p.id for p in output.passages]


def test_a_synchronous_app_asks_the_same_way(tmp_path: Path) -> None:
    app = (
        "def answer(question, ctx):\n"
        "    passages = ctx.search(question, 1)\n"
        "    n = ctx.count_tokens([{'role': 'user', 'content': question}])\n"
        "    near = ctx.rank('refund', ['a refund', 'a parcel'])\n"
        "    return {'text': ctx.chat(question).text, 'n': n, 'id': passages[0].id, 'near': near}\n"
    )
    output, trace = asked(tmp_path, app, "refund please")
    assert [span.operation for span in trace.spans] == ["invoke_agent", "retrieval", "rerank", "chat"]
    assert isinstance(output.data, dict)
    assert output.data["text"] == "Refunds take 14 days."
    assert isinstance(output.data["n"], int)
    near = output.data["near"]
    assert isinstance(near, list)
    assert near[0] > near[1]


def test_an_unknown_price_makes_the_cost_unknown_and_not_zero(tmp_path: Path) -> None:
    more = MORE.replace("prices: {'scripted:answers.yaml': {in: 1.0, out: 2.0}}\n", "")
    assert asked(tmp_path, APP, "refund how long", more=more)[0].cost_nanousd is None


def test_an_app_that_searches_and_then_abstains_costs_nothing(tmp_path: Path) -> None:
    app = (
        "from genaiops import Answer\n"
        "async def answer(inputs, ctx):\n"
        "    await ctx.search(inputs['question'])\n"
        "    return Answer(abstained=True)\n"
    )
    output, _ = asked(tmp_path, app, "anything")
    assert (output.abstained, output.cost_nanousd, output.usage) == (True, 0, Usage())


def test_a_model_that_fails_makes_an_infra_error_even_through_the_apps_own_exception(tmp_path: Path) -> None:
    app = (
        "async def answer(question, ctx):\n"
        "    try:\n        return (await ctx.chat(question)).text\n"
        "    except Exception as error:\n        raise RuntimeError('no answer') from error\n"
    )
    output, trace = asked(tmp_path, app, "broken")
    assert output.status == "infra_error"
    assert output.error is not None
    assert output.error.startswith("RuntimeError: no answer")
    assert trace.spans[1].status == "error"


def test_an_app_that_catches_the_failure_and_answers_is_ok(tmp_path: Path) -> None:
    app = (
        "async def answer(question, ctx):\n"
        "    try:\n        return (await ctx.chat(question)).text\n"
        "    except Exception:\n        return 'sorry'\n"
    )
    output, _ = asked(tmp_path, app, "broken")
    assert (output.status, output.text) == ("ok", "sorry")


def test_an_apps_own_bug_after_a_caught_failure_is_its_own(tmp_path: Path) -> None:
    app = (
        "async def answer(question, ctx):\n"
        "    try:\n        await ctx.chat(question)\n"
        "    except Exception:\n        pass\n"
        "    return 1 / 0\n"
    )
    assert asked(tmp_path, app, "broken")[0].status == "app_error"


def test_an_app_that_claims_a_failure_outside_that_never_was_is_not_believed(tmp_path: Path) -> None:
    app = (
        "from genaiops.core import OutsideError\n"
        "def answer(question):\n    raise OutsideError('GAO-X-001', 'the network is down')\n"
    )
    assert asked(tmp_path, app, "refund")[0].status == "app_error"


def test_a_model_that_is_slow_is_the_apps_timeout(tmp_path: Path) -> None:
    app = "async def answer(question, ctx):\n    return (await ctx.chat(question)).text\n"
    assert asked(tmp_path, app, "slow", deadline=1.0)[0].status == "timeout"


@pytest.mark.parametrize(
    ("call", "says"),
    [
        ("ctx.search('q', index='dosc')", "there is no index 'dosc'"),
        ("ctx.search('q', k=0)", "k=0"),
        ("ctx.search(7)", "ctx.search"),
        ("ctx.chat('refund', role='judge')", "no model for 'judge'"),
        ("ctx.chat('refund', max_tokens='many')", "max_tokens"),
        ("ctx.params.topk", "params.topk is not set"),
        ("ctx.prompt('absent')", "absent"),
        ("ctx.calibration('answer')", "genaiops arena calibrate"),
    ],
)
def test_a_wrong_use_of_the_context_is_one_message_and_no_traceback(
    tmp_path: Path, call: str, says: str
) -> None:
    output, _ = asked(tmp_path, f"def answer(question, ctx):\n    return str({call})\n", "refund")
    assert output.status == "app_error"
    assert output.error is not None
    assert says in output.error
    assert output.error.startswith("GAO-")
    assert "\n" not in output.error


def test_what_an_earlier_case_left_running_is_refused(tmp_path: Path) -> None:
    app = (
        "kept = []\n"
        "async def answer(question, ctx):\n"
        "    kept.append(ctx)\n"
        "    return (await kept[0].chat('refund')).text\n"
    )
    write_project(tmp_path, app, MORE, **FILES)

    async def run() -> list[Output]:
        async with worker_of(tmp_path) as worker:
            return [(await worker.answer({"question": "q"}, 0, 30.0))[0] for _ in range(2)]

    first, second = asyncio.run(run())
    assert (first.status, second.status) == ("ok", "app_error")
    assert "answer is over" in str(second.error)


def test_two_arms_share_one_index_and_answer_side_by_side(tmp_path: Path) -> None:
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()
        write_project(folder, APP, MORE, **FILES)

    async def run() -> tuple[list[Output], int]:
        async with services_of(tmp_path, {"PATH": os.environ["PATH"]}) as services:
            projects = [load_project(folder) for folder in folders]
            workers = [await AppWorker.start(p.root, p, services) for p in projects]
            try:
                pairs = await asyncio.gather(
                    *(w.answer({"question": "refund time"}, 0, 60.0) for w in workers)
                )
            finally:
                await asyncio.gather(*(worker.close() for worker in workers))
            same = await services.index(projects[0]) is await services.index(projects[1])
            return [output for output, _ in pairs], int(same)

    outputs, same = asyncio.run(run())
    assert [output.text for output in outputs] == ["Refunds take 14 days."] * 2
    assert outputs[0].passages == outputs[1].passages
    assert same == 1


def test_documents_outside_the_project_are_refused(tmp_path: Path) -> None:
    more = MORE.replace("source: docs", "source: ../docs")
    output, _ = asked(tmp_path, APP, "refund", more=more)
    assert output.status == "app_error"
    assert "leaves the project" in str(output.error)
