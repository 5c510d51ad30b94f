"""The shapes of model calls, and the two seams every provider fills."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

from genaiops.core.cases import Usage
from genaiops.core.digests import Digest, Json

if TYPE_CHECKING:  # numpy is heavy; the type is all that is needed here
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSpec:
    """Which model answers: provider, name, the digest of its weights where they are ours, settings.

    Two specs that are equal may share outputs (design: reuse); `deterministic` says whether they may.
    """

    provider: str
    model: str
    digest: Digest | None = None
    version: str | None = None
    settings: dict[str, Json] = field(default_factory=dict[str, Json])

    @property
    def reference(self) -> str:
        """`provider:model`, as it stands in the project file."""
        return f"{self.provider}:{self.model}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One turn of a conversation."""

    role: Literal["system", "user", "assistant", "tool"]
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounding:
    """The question behind a request, and the texts an answer may rest on: what an extractive model reads."""

    question: str
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatRequest:
    """What is asked of a chat model.

    `grammar` restricts the reply where the provider can (`lark`). `grounding` is for models that pick
    an answer out of texts; models that generate read only the messages.
    """

    messages: tuple[Message, ...]
    max_tokens: int = 256
    temperature: float = 0.0
    seed: int = 0
    stop: tuple[str, ...] = ()
    json_schema: dict[str, Json] | None = None
    grammar: str | None = None
    grounding: Grounding | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatDelta:
    """A piece of a reply. The last one carries usage, the finish reason and what else is known."""

    text: str = ""
    finish_reason: str | None = None
    usage: Usage | None = None
    logprob: float | None = None
    model: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatReply:
    """A whole reply. `logprob` is the mean log-probability of its tokens, where the provider tells."""

    text: str
    finish_reason: str = "stop"
    usage: Usage = field(default_factory=Usage)
    logprob: float | None = None
    model: str | None = None


class ChatModel(Protocol):
    """A model that continues a conversation."""

    @property
    def spec(self) -> ModelSpec:
        """Which model this is."""
        ...

    def chat(self, request: ChatRequest) -> AsyncIterator[ChatDelta]:
        """Stream a reply; a caller who wants it whole folds it."""
        ...

    def count_tokens(self, messages: Sequence[Message]) -> int:
        """Return the prompt's length in the model's own tokens, template included, or a close upper bound."""
        ...

    async def close(self) -> None:
        """Let go of memory, processes and connections."""
        ...


class Embedder(Protocol):
    """A model that turns texts into vectors."""

    @property
    def spec(self) -> ModelSpec:
        """Which model this is."""
        ...

    async def embed(self, texts: Sequence[str], kind: Literal["query", "passage"]) -> "NDArray[np.float32]":
        """Return unit vectors, shape (len(texts), dimension)."""
        ...

    async def close(self) -> None:
        """Let go of memory, processes and connections."""
        ...


class TokenEmbedder(Embedder, Protocol):
    """An embedder that also tells the vector of every token, for token-level similarity (MaxSim)."""

    async def token_vectors(self, texts: Sequence[str]) -> "list[NDArray[np.float32]]":
        """Return one array per text, a unit vector per token (no rows for a text without tokens)."""
        ...
