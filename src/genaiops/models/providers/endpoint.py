"""`http(s)://host/v1#MODEL`: any endpoint that speaks OpenAI's HTTP shapes."""

from dataclasses import replace
from urllib.parse import urlsplit

from genaiops.core import ChatModel, Embedder, UserError
from genaiops.models.context import ModelContext
from genaiops.models.providers.openai import OpenAiChat, OpenAiEmbedder
from genaiops.models.providers.openai_client import Endpoint, OpenAiClient

KEY = "GENAIOPS_API_KEY"


def open_chat(name: str, context: ModelContext) -> ChatModel:
    """Return the chat model behind the URL `name`."""
    return OpenAiChat(OpenAiClient(context.egress, _endpoint(name, context)))


def open_embedder(name: str, context: ModelContext) -> Embedder:
    """Return the embedder behind the URL `name`."""
    endpoint = replace(_endpoint(name, context), embedding=context.embedding)
    return OpenAiEmbedder(OpenAiClient(context.egress, endpoint))


def _endpoint(name: str, context: ModelContext) -> Endpoint:
    base, _, model = name.partition("#")
    check_base(base)
    if not model:
        raise UserError(
            "GAO-MODELS-060",
            f"{name} names no model",
            why="the model's name follows a #",
            fix=f"for example {base.rstrip('/')}#qwen3-4b",
        )
    scheme, _, rest = name.partition(":")
    return Endpoint(
        provider=scheme,
        name=rest,
        model=model,
        base_url=base.rstrip("/"),
        key=context.settings.env.get(KEY) or None,
        key_name=KEY,
    )


def check_base(base: str) -> None:
    """Raise `UserError` where `base` is no plain http(s) URL, or carries a secret."""
    try:
        parts = urlsplit(base)
        good = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good, parts = False, urlsplit("")
    if not good or parts.query:
        raise UserError(
            "GAO-MODELS-061",
            "the address of the endpoint is not an http(s) URL",
            fix="for example http://host:8000/v1#name",
        )
    if parts.username or parts.password:
        raise UserError(
            "GAO-MODELS-062",
            "an endpoint's address must not carry a password",
            why="references are recorded and shown",
            fix=f"put the key into {KEY}",
        )
