"""What every `ChatModel` and every `Embedder` does; an implementation joins by calling these."""

import asyncio

import numpy as np

from genaiops.core import ChatModel, ChatRequest, Embedder, Grounding, Message
from genaiops.models import complete

QUESTION = "Which town has the oldest bridge?"
TEXTS = ("The oldest bridge stands in Arles. It has nine arches.", "Bread is baked in the morning.")


def request(max_tokens: int = 12, stop: tuple[str, ...] = ()) -> ChatRequest:
    message = Message(role="user", content=f"{' '.join(TEXTS)}\n{QUESTION}")
    grounding = Grounding(question=QUESTION, texts=TEXTS)
    return ChatRequest(messages=(message,), max_tokens=max_tokens, stop=stop, grounding=grounding)


def check_chat(model: ChatModel) -> None:
    """Run the whole contract of a chat model that is fresh; closes it."""
    asyncio.run(chat_contract(model))


async def chat_contract(model: ChatModel) -> None:
    """Hold `model` to the contract, in the loop that runs."""
    deltas = [delta async for delta in model.chat(request())]
    whole = await complete(model, request())
    assert "".join(delta.text for delta in deltas) == whole.text
    assert whole.text
    last = deltas[-1]
    assert (last.finish_reason, last.usage, last.logprob) == (whole.finish_reason, whole.usage, whole.logprob)
    assert all(delta.finish_reason is None and delta.usage is None for delta in deltas[:-1])
    assert whole.finish_reason in {"stop", "length"}
    assert whole.usage.calls == 1
    assert whole.usage.input_tokens > 0
    assert whole.usage.output_tokens > 0
    await _stops(model, whole.text)
    counted = model.count_tokens(request().messages)
    assert counted > model.count_tokens((Message(role="user", content="hi"),)) > 0
    await model.close()
    await model.close()


async def _stops(model: ChatModel, text: str) -> None:
    mark = text.split()[1]
    stopped = await complete(model, request(stop=(mark,)))
    assert mark not in stopped.text
    assert text.startswith(stopped.text)
    assert stopped.finish_reason == "stop"


def check_embedder(embedder: Embedder) -> None:
    """Run the whole contract of an embedder that is fresh; closes it."""
    asyncio.run(embedder_contract(embedder))


async def embedder_contract(embedder: Embedder) -> None:
    """Hold `embedder` to the contract, in the loop that runs."""
    texts = ["a bridge of stone", "", "bread in the morning " * 400, "a bridge of stone"]
    rows = await embedder.embed(texts, "passage")
    assert rows.shape[0] == len(texts)
    assert rows.dtype == np.float32
    assert np.allclose(np.linalg.norm(rows, axis=1), 1.0, atol=1e-4)
    assert (rows[0] == rows[3]).all()
    alone = await embedder.embed([texts[0]], "passage")
    assert (alone[0] == rows[0]).all(), "a vector depends on its text alone"
    assert (await embedder.embed([], "query")).shape[0] == 0
    await embedder.close()
    await embedder.close()
