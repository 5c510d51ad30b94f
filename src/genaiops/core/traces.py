"""Spans and traces: what happened while an answer was made (OpenTelemetry's shape, GenAI names)."""

from dataclasses import dataclass, field
from typing import Literal

from genaiops.core.digests import Json

Operation = Literal["invoke_agent", "chat", "embeddings", "retrieval", "rerank", "execute_tool", "guardrail"]
"""`gen_ai.operation.name`, and two of ours (`rerank`, `guardrail`) that the conventions lack."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """One step. Times are nanoseconds since the epoch; ids are lower-case hexadecimal (16 and 8 bytes)."""

    trace_id: str
    span_id: str
    parent_id: str | None = None
    name: str
    operation: Operation
    start_ns: int
    end_ns: int
    status: Literal["ok", "error"] = "ok"
    attributes: dict[str, Json] = field(default_factory=dict[str, Json])


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """All spans of one answer, in the order in which they began."""

    id: str
    spans: tuple[Span, ...] = ()
