"""OpenAI-compatible endpoints over real sockets: storms, hangs, resets, trickles and lies."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from aiohttp import web
from tests.contracts.models_conformance import chat_contract, embedder_contract

from genaiops.core import ChatRequest, GenaiopsError, Message, OutsideError, UserError
from genaiops.models import EmbedSettings, complete
from genaiops.models.providers.openai import OpenAiChat, OpenAiEmbedder
from genaiops.models.providers.openai_client import Endpoint, OpenAiClient
from genaiops.net import EgressPolicy, HttpEgress, RetryPolicy

pytestmark = pytest.mark.system

KEY = "sk-very-secret"
ASK = ChatRequest(messages=(Message(role="user", content="hi"),), stop=("STOP",), max_tokens=9)
QUICK = RetryPolicy(attempts=3, base=0.0, total=2.0, silence=0.3)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def chunk(text: str | None = None, **more: object) -> dict[str, object]:
    delta = {} if text is None else {"content": text}
    return {"model": "m-1", "choices": [{"index": 0, "delta": delta, "finish_reason": None}], **more}


def end(reason: str = "stop") -> dict[str, object]:
    return {"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]}


USAGE = {"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 2}}
GOOD = [chunk("Hel"), chunk("lo"), end(), USAGE]


def wire(events: list[dict[str, object]]) -> bytes:
    return b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in events)


class Server:
    """A loopback endpoint: each call gets the next handler, the last one again and again."""

    def __init__(self, *handlers: Handler) -> None:
        self.handlers = handlers
        self.bodies: list[dict[str, object]] = []
        self.keys: list[str | None] = []

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.bodies.append(await request.json())
        self.keys.append(request.headers.get("Authorization"))
        return await self.handlers[min(len(self.bodies), len(self.handlers)) - 1](request)


@asynccontextmanager
async def client(
    server: Server, policy: RetryPolicy = QUICK, port: int | None = None
) -> AsyncIterator[OpenAiClient]:
    app = web.Application()
    app.router.add_post("/v1/{path:.*}", server.handle)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = port or runner.addresses[0][1]
    egress = HttpEgress(EgressPolicy(allow_private=frozenset({"127.0.0.1"})))
    base = f"http://127.0.0.1:{port}/v1"
    endpoint = Endpoint(provider="http", name=base, model="m", base_url=base, key=KEY, key_name="API_KEY")
    try:
        yield OpenAiClient(egress, endpoint, policy)
    finally:
        await egress.close()
        await runner.cleanup()


def answer(status: int, body: str = "{}", **headers: str) -> Handler:
    async def handle(_: web.Request) -> web.StreamResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(status=status, text=body, content_type="application/json", headers=named)

    return handle


def stream(*pieces: bytes, then: Callable[[web.Request], Awaitable[None]] | None = None) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for piece in pieces:
            await response.write(piece)
        if then is not None:
            await then(request)
        return response

    return handle


async def hang(_: web.Request) -> None:
    await asyncio.Event().wait()


async def reset(request: web.Request) -> None:
    assert request.transport is not None
    request.transport.abort()


async def hang_up(request: web.Request) -> web.StreamResponse:
    await reset(request)
    return web.Response()


async def never(request: web.Request) -> web.StreamResponse:
    await hang(request)
    return web.Response()


def ask(server: Server, policy: RetryPolicy = QUICK) -> str:
    async def main() -> str:
        async with client(server, policy) as opened:
            return (await complete(OpenAiChat(opened), ASK)).text

    return asyncio.run(main())


def refused(server: Server, policy: RetryPolicy = QUICK) -> GenaiopsError:
    with pytest.raises(GenaiopsError) as caught:
        ask(server, policy)
    assert KEY not in str(caught.value)
    return caught.value


def test_a_stream_is_folded_with_usage_and_the_request_is_what_the_api_wants() -> None:
    async def main() -> None:
        server = Server(stream(b": hello\n\n", wire(GOOD)[:25], wire(GOOD)[25:], b"data: [DONE]\n\n"))
        async with client(server) as opened:
            reply = await complete(OpenAiChat(opened), ASK)
        assert (reply.text, reply.finish_reason, reply.model) == ("Hello", "stop", "m-1")
        assert (reply.usage.input_tokens, reply.usage.output_tokens, reply.usage.calls) == (7, 2, 1)
        body = server.bodies[0]
        assert (body["stop"], body["max_tokens"], body["temperature"]) == (["STOP"], 9, 0.0)
        assert body["stream_options"] == {"include_usage": True}
        assert server.keys == [f"Bearer {KEY}"]

    asyncio.run(main())


def test_a_server_that_ignores_streaming_is_understood() -> None:
    whole = {"choices": [{"message": {"content": "Hello"}, "finish_reason": "stop"}]}
    assert ask(Server(answer(200, json.dumps(whole)))) == "Hello"


def test_tokens_that_nobody_counted_are_estimated_and_not_free() -> None:
    async def main() -> None:
        async with client(Server(stream(wire(GOOD[:3])))) as opened:
            usage = (await complete(OpenAiChat(opened), ASK)).usage
        assert usage.input_tokens > 0
        assert usage.output_tokens > 0

    asyncio.run(main())


def test_what_passes_is_tried_again() -> None:
    server = Server(answer(503), hang_up, stream(wire(GOOD)))
    assert ask(server) == "Hello"
    assert len(server.bodies) == 3


def test_a_429_storm_ends_after_bounded_attempts() -> None:
    server = Server(answer(429, '{"error": {"message": "slow down, ' + KEY + '"}}', Retry_After="0"))
    error = refused(server)
    assert isinstance(error, OutsideError)
    assert len(server.bodies) == 3
    assert "3 attempts" in error.why


def test_a_wait_longer_than_the_budget_is_not_waited_for() -> None:
    server = Server(answer(429, Retry_After="3600"))
    assert "3600 s" in refused(server).why
    assert len(server.bodies) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_what_will_not_change_is_the_users_to_mend_and_asked_once(status: int) -> None:
    server = Server(answer(status, json.dumps({"error": {"message": f"no, {KEY} is bad\x1b[31m"}})))
    error = refused(server)
    assert isinstance(error, UserError)
    assert len(server.bodies) == 1
    assert "\x1b" not in str(error)


@pytest.mark.parametrize(
    "handler",
    [
        hang_up,
        never,
        stream(wire(GOOD[:1]), then=hang),
        stream(wire(GOOD[:1]), then=reset),
        stream(wire(GOOD[:2])),
        stream(b"data: {nonsense}\n\n"),
        stream(b"data: [1, 2]\n\n"),
        stream(b'data: {"choices": "many"}\n\n'),
        stream(b'data: {"choices": [7]}\n\n'),
        stream(wire(GOOD[:1]), b'data: {"error": {"message": "out of memory"}}\n\n'),
        stream(b"data: " + b"x" * (2 << 20)),
        answer(200, "<html>welcome to the hotel wifi</html>"),
        answer(200, '{"choices": []}'),
    ],
    ids=["hang-up", "silence", "hang", "reset", "cut", "no-json", "list", "string", "numbers", "error",
         "endless-line", "html", "empty"],
)  # fmt: skip
def test_an_endpoint_that_fails_is_an_outside_error(handler: Handler) -> None:
    assert isinstance(
        refused(Server(handler), RetryPolicy(attempts=2, base=0.0, total=1.0, silence=0.2)), OutsideError
    )


def test_a_reply_that_only_trickles_ends_with_the_budget() -> None:
    async def handle(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        while True:
            await response.write(b": tick\n\n")
            await asyncio.sleep(0.02)

    error = refused(Server(handle), RetryPolicy(attempts=1, total=0.4, silence=5.0))
    assert isinstance(error, OutsideError)


def test_a_port_where_nobody_listens_is_an_outside_error() -> None:
    async def main() -> None:
        async with client(Server(never), port=1) as opened:
            await complete(OpenAiChat(opened), ASK)

    with pytest.raises(OutsideError):
        asyncio.run(main())


async def honest(request: web.Request) -> web.StreamResponse:
    """Answer as a good server does: cut at the stop strings, usage at the end."""
    body = await request.json()
    text = "The oldest bridge stands in Arles."
    for mark in body.get("stop", []):
        text = text.partition(mark)[0]
    pieces = [chunk(word) for word in text.replace(" ", "\0 ").split("\0")]
    return await stream(wire([*pieces, end(), USAGE]), b"data: [DONE]\n\n")(request)


async def hashed(request: web.Request) -> web.StreamResponse:
    """Embed by length: equal texts, equal vectors."""
    texts = (await request.json())["input"]
    return await answer(200, vectors([[1.0, float(len(text))] for text in texts], list(range(len(texts)))))(
        request
    )


def test_a_chat_model_behind_an_endpoint_keeps_the_contract() -> None:
    async def main() -> None:
        async with client(Server(honest)) as opened:
            await chat_contract(OpenAiChat(opened))

    asyncio.run(main())


def test_an_embedder_behind_an_endpoint_keeps_the_contract() -> None:
    async def main() -> None:
        async with client(Server(hashed)) as opened:
            await embedder_contract(OpenAiEmbedder(opened))

    asyncio.run(main())


def vectors(rows: list[list[float]], order: list[int]) -> str:
    return json.dumps({"data": [{"index": i, "embedding": rows[i]} for i in order]})


def embed(server: Server, texts: list[str]) -> list[list[float]]:
    async def main() -> list[list[float]]:
        async with client(server) as opened:
            return (await OpenAiEmbedder(opened).embed(texts, "query")).tolist()

    return asyncio.run(main())


def test_embeddings_come_in_order_and_normalised() -> None:
    found = embed(Server(answer(200, vectors([[3.0, 4.0], [0.0, 2.0]], [1, 0]))), ["a", "b"])
    assert found[0] == pytest.approx([0.6, 0.8])
    assert found[1] == pytest.approx([0.0, 1.0])


@pytest.mark.proves("D-EMBEDDER-ENDPOINT")
def test_what_is_said_of_an_embedder_is_sent_and_is_its_identity() -> None:
    said = EmbedSettings(
        version="7", query_prefix="query: ", passage_prefix="passage: ", dimension=2, shorten=True
    )
    server = Server(answer(200, vectors([[3.0, 4.0]], [0])))

    async def main() -> None:
        async with client(server) as opened:
            opened.endpoint = replace(opened.endpoint, embedding=said)
            embedder = OpenAiEmbedder(opened)
            await embedder.embed(["cat"], "query")
            await embedder.embed(["cat"], "passage")
            spec = embedder.spec
            assert spec.version == "7"
            stated = {key: spec.settings[key] for key in spec.settings if key != "base_url"}
            assert stated == {
                "query_prefix": "query: ",
                "passage_prefix": "passage: ",
                "dimension": 2,
                "shorten": True,
            }

    asyncio.run(main())
    assert [body["input"] for body in server.bodies] == [["query: cat"], ["passage: cat"]]
    assert [body["dimensions"] for body in server.bodies] == [2, 2]


@pytest.mark.proves("D-EMBEDDER-ENDPOINT")
@pytest.mark.parametrize("dimension", [3, None])
def test_another_dimension_than_the_stated_or_the_first_one_is_refused(dimension: int | None) -> None:
    server = Server(answer(200, vectors([[3.0, 4.0, 0.0]], [0])), answer(200, vectors([[3.0, 4.0]], [0])))

    async def main() -> None:
        async with client(server) as opened:
            opened.endpoint = replace(opened.endpoint, embedding=EmbedSettings(dimension=dimension))
            embedder = OpenAiEmbedder(opened)
            await embedder.embed(["a"], "passage")
            with pytest.raises(OutsideError, match="not what it claims") as caught:
                await embedder.embed(["b"], "passage")
            assert "2 numbers, and 3 are expected" in caught.value.why

    asyncio.run(main())
    assert "dimensions" not in server.bodies[0]


@pytest.mark.parametrize(
    "body",
    [
        vectors([[1.0]], [0]),
        '{"data": [{"index": 0, "embedding": [1, 2]}, {"index": 1, "embedding": [1]}]}',
        vectors([[0.0], [1.0]], [0, 1]),
        '{"data": [{"index": 0, "embedding": "x"}, {"index": 1, "embedding": [1]}]}',
        '{"data": 7}',
        "{}",
    ],
)
def test_embeddings_that_lie_are_refused(body: str) -> None:
    with pytest.raises(OutsideError, match="not what it claims"):
        embed(Server(answer(200, body)), ["a", "b"])
