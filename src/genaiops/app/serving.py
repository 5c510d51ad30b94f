"""Serving what one answer asks for: each request is a span, counted and priced."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Literal, TypeGuard

from genaiops.app.guarded import Guarded, GuardStop
from genaiops.app.project import Project
from genaiops.app.releasing import Held, hold
from genaiops.app.services import LOCAL_USER, Services, index_name
from genaiops.core import (
    ChatRequest,
    Embedder,
    Json,
    Message,
    ModelSpec,
    OutsideError,
    TokenEmbedder,
    ToolCall,
    Usage,
    UserError,
    cost_nanousd,
    decode,
    encode,
)
from genaiops.knowledge import rank, retrieve
from genaiops.models import Prices, complete
from genaiops.traces import Recorder

MAX_K = 1_000
_BAD = "GAO-APP-033"


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchArguments:
    """What `ctx.search` sends."""

    query: str
    k: int = 5
    index: str | None = None
    mode: Literal["hybrid", "dense", "lexical"] = "hybrid"
    rerank: bool = True
    history: list[str] = field(default_factory=list[str])


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatArguments:
    """What `ctx.chat` sends."""

    request: dict[str, Json]
    role: str = "chat"


@dataclass(frozen=True, slots=True, kw_only=True)
class RankArguments:
    """What `ctx.rank` sends."""

    query: str
    texts: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class CountArguments:
    """What `ctx.count_tokens` sends."""

    messages: list[Message]
    role: str = "chat"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolArguments:
    """What `ctx.tool` sends before the call."""

    name: str
    arguments: dict[str, Json]
    id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolResultArguments:
    """What `ctx.tool` sends after the call that was let happen as `number`."""

    number: int
    result: Json


@dataclass
class Serving:
    """The requests of one answer, and what they add up to.

    `cost` is None as soon as one call has no known price. `outside` counts the requests that failed
    outside (a model, a network): they decide whether a failed answer is the app's or not.
    """

    project: Project
    services: Services
    prices: Prices
    recorder: Recorder
    seed: int
    guarded: Guarded
    usage: Usage = field(default_factory=Usage)
    cost: int | None = 0
    requests: int = 0
    outside: int = 0
    held: dict[str, Held] = field(default_factory=dict[str, Held])
    """The indexes that this answer asked: it never meets two releases of one."""
    began: dict[int, int] = field(default_factory=dict[int, int])
    """The calls of tools whose results are not told yet, and when they began."""

    async def serve(self, call: str, arguments: Json) -> Json:
        """Return the reply to one request; raises `UserError` or `OutsideError` to be told to the app."""
        self.requests += 1
        if self.guarded.stopped:
            raise GuardStop(self.guarded.stopped)
        calls: dict[str, Callable[[Json], Awaitable[Json]]] = {
            "search": self._search,
            "chat": self._chat,
            "rank": self._rank,
            "count_tokens": self._count_tokens,
            "tool": self._tool,
            "tool_result": self._tool_result,
        }
        if call not in calls:
            raise UserError(_BAD, f"the app asked for {call!r}", why=f"known: {', '.join(calls)}")
        try:
            return await calls[call](arguments)
        except OutsideError:
            self.outside += 1
            raise

    async def _search(self, arguments: Json) -> Json:
        asked = decode(SearchArguments, arguments, where="ctx.search", code=_BAD)
        if not 1 <= asked.k <= MAX_K:
            raise UserError(
                _BAD,
                f"k={asked.k} passages cannot be searched",
                fix=f"k is from 1 to {MAX_K}",
                where="ctx.search",
            )
        name = index_name(self.project, asked.index)
        if name not in self.held:
            self.held[name] = await hold(self.services, self.project.root, self.project, name)
        held = self.held[name]
        attributes: dict[str, Json] = {
            "gen_ai.data_source.id": name,
            "gen_ai.retrieval.top_k": asked.k,
            "genaiops.retrieval.mode": asked.mode,
            "genaiops.retrieval.rerank": asked.rerank,
            "genaiops.retrieval.history": len(asked.history),
        }
        with self.recorder.span(f"retrieval {name}", "retrieval", **attributes) as span:
            passages = await retrieve(
                held.index,
                held.embedder,
                asked.query,
                asked.k,
                principal=LOCAL_USER,
                history=asked.history,
                mode=asked.mode,
                rerank=asked.rerank,
                snapshot=held.snapshot,
            )
            handed, left_out = await self.guarded.passages(passages)
            found: list[Json] = [{"id": passage.id, "score": passage.score} for passage in handed]
            span.set("gen_ai.retrieval.documents", found)
            if left_out:
                span.set("genaiops.guard.left_out", left_out)
        return encode(handed)

    async def _chat(self, arguments: Json) -> Json:
        asked = decode(ChatArguments, arguments, where="ctx.chat", code=_BAD)
        request = decode(ChatRequest, {**asked.request, "seed": self.seed}, where="ctx.chat", code=_BAD)
        model = await self.services.chat(self.project, asked.role)
        request = await self.guarded.asked(request)
        with self.recorder.span(
            f"chat {model.spec.model}", "chat", **_request_facts(model.spec, request)
        ) as span:
            reply = await complete(model, request)
            cost = self._price(asked.role, model.spec, reply.usage)
            self.usage += reply.usage
            self.cost = None if cost is None or self.cost is None else self.cost + cost
            span.set("gen_ai.response.model", reply.model or model.spec.model)
            span.set("gen_ai.response.finish_reasons", [reply.finish_reason])
            span.set("gen_ai.usage.input_tokens", reply.usage.input_tokens)
            span.set("gen_ai.usage.output_tokens", reply.usage.output_tokens)
            span.set("genaiops.cost_nanousd", cost)
            reply = await self.guarded.reply(request, reply)
        return encode(reply)

    async def _rank(self, arguments: Json) -> Json:
        asked = decode(RankArguments, arguments, where="ctx.rank", code=_BAD)
        embedder = await self.services.embedder(self.project)
        spec = embedder.spec
        if not tells_tokens(embedder):
            raise UserError(
                "GAO-APP-034",
                f"{spec.reference} cannot rank texts",
                why="ranking compares token by token, and this embedder gives one vector a text",
                fix="models: {embed: local:minilm-l6}",
                where="ctx.rank",
            )
        attributes: dict[str, Json] = {
            "gen_ai.provider.name": spec.provider,
            "gen_ai.request.model": spec.model,
            "genaiops.rerank.texts": len(asked.texts),
        }
        with self.recorder.span(f"rerank {spec.model}", "rerank", **attributes):
            scores = await rank(embedder, asked.query, asked.texts, cache=self.services.token_cache)
        return [float(score) for score in scores]

    async def _count_tokens(self, arguments: Json) -> Json:
        asked = decode(CountArguments, arguments, where="ctx.count_tokens", code=_BAD)
        model = await self.services.chat(self.project, asked.role)
        return await asyncio.to_thread(model.count_tokens, asked.messages)  # it may load the model first

    async def _tool(self, arguments: Json) -> Json:
        asked = decode(ToolArguments, arguments, where="ctx.tool", code=_BAD)
        call = ToolCall(name=asked.name, arguments=asked.arguments, id=asked.id)
        reply = await self.guarded.call(call)
        if not reply.refused:
            self.began[len(self.guarded.calls) - 1] = time.perf_counter_ns()
        return {
            "number": len(self.guarded.calls) - 1,
            "arguments": reply.call.arguments,
            "refused": reply.refused,
        }

    async def _tool_result(self, arguments: Json) -> Json:
        asked = decode(ToolResultArguments, arguments, where="ctx.tool", code=_BAD)
        began = self.began.pop(asked.number, None)
        if began is None:
            raise UserError(
                _BAD,
                "the app told the result of a call that was not let happen",
                fix="await ctx.tool(call, function): it asks, calls and tells",
                where="ctx.tool",
            )
        name = self.guarded.calls[asked.number].name
        facts: dict[str, Json] = {
            "gen_ai.tool.name": name,
            "genaiops.tool.duration_ns": time.perf_counter_ns() - began,
        }
        with self.recorder.span(f"execute_tool {name}", "execute_tool", **facts):
            reply = await self.guarded.returned(asked.number, asked.result)
        return {"result": reply.call.result, "refused": reply.refused}

    def _price(self, role: str, spec: ModelSpec, usage: Usage) -> int | None:
        stated = self.project.prices.get(self.project.models[role])
        if stated is None:
            return self.prices.cost(spec, usage)
        return cost_nanousd(usage, usd_per_million_in=stated.usd_in, usd_per_million_out=stated.usd_out)


def _request_facts(spec: ModelSpec, request: ChatRequest) -> dict[str, Json]:
    facts: dict[str, Json] = {
        "gen_ai.provider.name": spec.provider,
        "gen_ai.request.model": spec.model,
        "gen_ai.request.max_tokens": request.max_tokens,
        "gen_ai.request.temperature": request.temperature,
        "gen_ai.request.seed": request.seed,
    }
    if request.stop:
        facts["gen_ai.request.stop_sequences"] = list(request.stop)
    return facts


def tells_tokens(embedder: Embedder) -> TypeGuard[TokenEmbedder]:
    """Whether `embedder` can tell the vector of every token."""
    return hasattr(embedder, "token_vectors")
