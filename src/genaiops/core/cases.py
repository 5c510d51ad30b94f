"""What goes into an app and what comes out of it."""

import json
from dataclasses import dataclass, field
from typing import Literal

from genaiops.core.digests import Digest, Json

Status = Literal["ok", "app_error", "timeout", "infra_error"]
"""How a case ended. The first three count against the app; `infra_error` is retried, then missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BlobRef:
    """Bytes kept apart, by digest: an attachment, a document."""

    digest: Digest
    size: int
    media_type: str = "application/octet-stream"
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One row of a suite's dataset. Cases that are not independent share a `cluster`."""

    id: str
    inputs: dict[str, Json]
    expected: dict[str, Json] = field(default_factory=dict[str, Json])
    tags: dict[str, str | bool | float] = field(default_factory=dict[str, str | bool | float])
    cluster: str
    attachments: tuple[BlobRef, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A piece of a document that search returned. `id` is stable: it names the content and its place.

    `start` and `end` are character offsets into the document's text, so that a citation opens there, and
    `page` counts from 1 where the document has pages. A table's header may be repeated before the text.
    """

    id: str
    text: str
    document: str
    title: str = ""
    heading: tuple[str, ...] = ()
    start: int = 0
    end: int = 0
    page: int | None = None
    score: float | None = None
    metadata: dict[str, Json] = field(default_factory=dict[str, Json])


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """A claim's source: a passage, and the words in it. It resolves when they stand there verbatim."""

    passage: str
    quote: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """A tool that the app called, in order."""

    name: str
    arguments: dict[str, Json]
    id: str = ""
    result: Json = None


@dataclass(frozen=True, slots=True)
class ToolReply:
    """What came of a call that an app asked for: its result as the guard lets it pass, or why not."""

    call: ToolCall
    refused: str = ""

    @property
    def text(self) -> str:
        """What to tell a model, as the content of a message."""
        if self.refused:
            return f"not done: {self.refused}"
        result = self.call.result
        return result if isinstance(result, str) else json.dumps(result, ensure_ascii=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens and calls, summed over every model call of one answer."""

    input_tokens: int = 0
    output_tokens: int = 0
    calls: int = 0

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            calls=self.calls + other.calls,
        )


@dataclass(frozen=True, slots=True)
class Answer:
    """What an app returns: a text, or data, with the passages it stands on; or an abstention.

    `signals` are the numbers that the app decided on, such as how well an answer is supported.
    """

    text: str | None = None
    data: Json = None
    passages: tuple[Passage, ...] | list[Passage] = ()
    citations: tuple[Citation, ...] | list[Citation] = ()
    tool_calls: tuple[ToolCall, ...] | list[ToolCall] = ()
    abstained: bool = False
    signals: dict[str, float] = field(default_factory=dict[str, float])


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """An answer as ARENA records it: with its status, what it cost and how long it took.

    `stopped` says what the guard stopped the answer for (`block on input: injection.direct`), never with what
    was found; such an output abstains, and its text is the policy's message.
    `turns` are the answers of a conversation, one a turn of the user, as far as it came. The whole then has
    the last answer, the tool calls of all, and what all of them took.
    """

    text: str | None = None
    data: Json = None
    passages: tuple[Passage, ...] = ()
    citations: tuple[Citation, ...] = ()
    tool_calls: tuple[ToolCall, ...] = ()
    abstained: bool = False
    signals: dict[str, float] = field(default_factory=dict[str, float])
    status: Status = "ok"
    error: str | None = None
    usage: Usage = field(default_factory=Usage)
    cost_nanousd: int | None = None
    latency_ns: int = 0
    trace_id: str = ""
    turns: tuple["Output", ...] = ()
    stopped: str = ""
