"""`openai:MODEL`, and the chat model and embedder behind every OpenAI-compatible endpoint."""

import math
import re
from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from genaiops.core import (
    ChatDelta,
    ChatModel,
    ChatRequest,
    Embedder,
    Json,
    Message,
    ModelSpec,
    Usage,
    UserError,
)
from genaiops.models.context import ModelContext
from genaiops.models.providers.openai_client import Endpoint, OpenAiClient
from genaiops.models.providers.openai_shapes import ReplyFold, message_list

PUBLIC = "https://api.openai.com/v1"
KEY = "OPENAI_API_KEY"
_BATCH = 64
# models that reason first refuse a temperature, a seed and stop strings
_REASONING = re.compile(r"o\d|gpt-[5-9](?!.*chat)")


def open_chat(name: str, context: ModelContext) -> ChatModel:
    """Return OpenAI's chat model `name`; the key and another base URL come from the environment."""
    return OpenAiChat(OpenAiClient(context.egress, _endpoint(name, context)))


def open_embedder(name: str, context: ModelContext) -> Embedder:
    """Return OpenAI's embedder `name`."""
    endpoint = replace(_endpoint(name, context), embedding=context.embedding)
    return OpenAiEmbedder(OpenAiClient(context.egress, endpoint))


class OpenAiChat:
    """A chat model behind an endpoint."""

    def __init__(self, client: OpenAiClient) -> None:
        self._client = client

    @property
    def spec(self) -> ModelSpec:
        """The model and its address; no version, since an endpoint declares none."""
        return self._client.endpoint.spec

    async def chat(self, request: ChatRequest) -> AsyncGenerator[ChatDelta, None]:
        """Stream a reply. Attempts are repeated only before its first byte."""
        fold, told = ReplyFold(), 0
        events = self._client.stream("/chat/completions", self._body(request))
        try:
            async for event in events:
                for delta in self._client.honest(lambda event=event: list(fold.feed(event))):
                    told += len(delta.text)
                    yield delta
        finally:
            await events.aclose()
        written = math.ceil(told / 4)
        estimate = Usage(input_tokens=self.count_tokens(request.messages), output_tokens=written, calls=1)
        yield fold.finish(self.spec.reference, estimate)

    def count_tokens(self, messages: Sequence[Message]) -> int:
        """Return an upper bound: the endpoint's tokenizer is not known here."""
        return 3 + sum(6 + tokens_at_most(message.content) for message in messages)

    async def close(self) -> None:
        """Nothing is held: connections belong to the way out."""

    def _body(self, request: ChatRequest) -> dict[str, Json]:
        public = self._client.endpoint.base_url == PUBLIC
        body: dict[str, Json] = {
            "model": self._client.endpoint.model,
            "messages": message_list(request.messages),
            "stream": True,
            "stream_options": {"include_usage": True},
            "max_completion_tokens" if public else "max_tokens": request.max_tokens,
        }
        if not (public and _REASONING.match(self._client.endpoint.model)):
            body |= {"temperature": request.temperature, "seed": request.seed}
            if request.stop:
                body["stop"] = list(request.stop)
        if request.json_schema is not None:
            schema: dict[str, Json] = {"name": "reply", "schema": request.json_schema, "strict": True}
            body["response_format"] = {"type": "json_schema", "json_schema": schema}
        return body


class OpenAiEmbedder:
    """An embedder behind an endpoint. All vectors have the stated dimension, or that of the first ones."""

    def __init__(self, client: OpenAiClient) -> None:
        self._client = client
        self._said = client.endpoint.embedding
        self._dimension = self._said.dimension

    @property
    def spec(self) -> ModelSpec:
        """The model, its address, and what the project says of it."""
        return self._client.endpoint.spec

    async def embed(self, texts: Sequence[str], kind: Literal["query", "passage"]) -> NDArray[np.float32]:
        """Return unit vectors, one row per text, each sent after the prefix of its kind.

        Raises `OutsideError` where vectors are missing, zero, not finite, or of another dimension.
        """
        prefix = (self._said.query_prefix if kind == "query" else self._said.passage_prefix) or ""
        rows: list[NDArray[np.float32]] = []
        for start in range(0, len(texts), _BATCH):
            part = [prefix + text for text in texts[start : start + _BATCH]]
            reply = await self._client.ask("/embeddings", self._body(part))
            some = self._client.honest(lambda reply=reply, n=len(part): _vectors(reply, n, self._dimension))
            self._dimension = some.shape[1]
            rows.append(some)
        return np.concatenate(rows) if rows else np.zeros((0, self._dimension or 0), np.float32)

    async def close(self) -> None:
        """Nothing is held."""

    def _body(self, texts: list[str]) -> dict[str, Json]:
        body: dict[str, Json] = {"model": self._client.endpoint.model, "encoding_format": "float"}
        if self._said.shorten:
            body["dimensions"] = self._said.dimension
        return {**body, "input": cast(Json, texts)}


def tokens_at_most(text: str) -> int:
    """Return a bound on the tokens of `text` for common tokenizers: 3 letters or 2 other bytes a token."""
    size = len(text.encode("utf-8", "replace"))
    ascii_size = sum(1 for character in text if character < "\x80")
    return math.ceil(ascii_size / 3 + (size - ascii_size) / 2)


def _endpoint(name: str, context: ModelContext) -> Endpoint:
    env = context.settings.env
    base = (env.get("OPENAI_BASE_URL") or PUBLIC).rstrip("/")
    key = env.get(KEY) or None
    if not name:
        raise UserError("GAO-MODELS-063", "openai: names no model", fix="for example openai:gpt-4o-mini")
    if key is None and base == PUBLIC:
        raise UserError(
            "GAO-MODELS-064",
            f"openai:{name} needs a key",
            why=f"{KEY} is not set",
            fix=f"export {KEY}=…, or name a local model: local:smollm2-135m",
        )
    return Endpoint(provider="openai", name=name, model=name, base_url=base, key=key, key_name=KEY)


def _vectors(reply: dict[str, Any], count: int, dimension: int | None) -> NDArray[np.float32]:
    """Return the reply's vectors in order, normalised; raises `ValueError` where it lies."""
    data = sorted(cast("list[dict[str, Any]]", reply["data"]), key=lambda item: int(item["index"]))
    if [item["index"] for item in data] != list(range(count)):
        raise ValueError(f"{len(data)} vectors for {count} texts")
    rows = np.asarray([item["embedding"] for item in data], np.float32)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True) if rows.ndim == 2 else np.zeros(1)
    if not np.isfinite(lengths).all() or not (lengths > 0).all():
        raise ValueError("a vector is empty, zero or not finite")
    if rows.shape[1] != (dimension or rows.shape[1]):
        raise ValueError(f"vectors of {rows.shape[1]} numbers, and {dimension} are expected")
    return (rows / lengths).astype(np.float32)
