"""A GGUF model through llama.cpp in this process (`xllamacpp`): one slot, no prompt cache.

One slot and no prompt cache make a reply a function of its request alone: with either, the same
question asked in another order may get another answer.
"""

import asyncio
import http.client
import json
import os
import secrets
import threading
from collections.abc import AsyncGenerator, Callable, Generator, Mapping, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from genaiops.core import (
    ChatDelta,
    ChatRequest,
    Json,
    Message,
    ModelSpec,
    OutsideError,
    Usage,
    UserError,
    one_line,
)
from genaiops.models.extras import load, need_extra
from genaiops.models.machine import CONTEXT, positive, threads, usable_cores
from genaiops.models.providers.openai_shapes import ReplyFold, message_list

_COUNT = "/v1/chat/completions/input_tokens"
_LARK = "%llguidance {}\n"
_SPINS = "0"
_BUSY = 2.0
"""A load average of so many a core: others wait for the cores too."""


DEFAULT_CONTEXT = 4096


def llama_settings(env: Mapping[str, str]) -> dict[str, Json]:
    """Return what replies depend on beside the weights; raises `UserError` where the extra is absent."""
    return {
        "n_ctx": positive(env, CONTEXT) or DEFAULT_CONTEXT,
        "threads": threads(env),
        "runtime": f"xllamacpp {need_extra('xllamacpp', 'local', 'a local language model')}",
    }


class LlamaChat:
    """A local chat model. The file is verified and loaded at the first call; calls take turns."""

    def __init__(self, spec: ModelSpec, find: Callable[[], Path]) -> None:
        self._spec = spec
        self._find = find
        self._turn = asyncio.Lock()
        self._loading = threading.Lock()
        self._key = secrets.token_urlsafe(24)
        self._server: Any = None

    @property
    def spec(self) -> ModelSpec:
        """The model, its weights' digest, and the runtime settings that its outputs depend on."""
        return self._spec

    async def chat(self, request: ChatRequest) -> AsyncGenerator[ChatDelta, None]:
        """Stream a reply, computed in a thread; who stops listening stops the computation."""
        async with self._turn:
            server = await asyncio.to_thread(self._load)
            fold = ReplyFold()
            async with aclosing(_streamed(server, self._body(request))) as chunks:
                async for chunk in chunks:
                    if "error" in chunk:
                        raise self._refused(chunk["error"])
                    for delta in fold.feed(chunk):
                        yield delta
            # the server would name the file by its place on this machine
            yield replace(fold.finish(self._spec.reference, Usage(calls=1)), model=self._spec.reference)

    def count_tokens(self, messages: Sequence[Message]) -> int:
        """Return the exact length of the prompt, chat template included. Loads the model."""
        # llama.cpp counts only behind its own door: a loopback port of this very process, with a random key
        door = urlsplit(str(self._load().listening_address))
        connection = http.client.HTTPConnection(door.hostname or "", door.port, timeout=30)
        body = json.dumps({"messages": message_list(messages)})
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self._key}"}
        try:
            connection.request("POST", _COUNT, body, headers)
            reply = json.loads(connection.getresponse().read())
        finally:
            connection.close()
        if "error" in reply:
            raise self._refused(reply["error"])
        return int(reply["input_tokens"])

    async def close(self) -> None:
        """Free the model."""
        async with self._turn:
            await asyncio.to_thread(self._drop)

    def _drop(self) -> None:
        with self._loading:
            self._server = None

    def _load(self) -> Any:
        with self._loading:
            if self._server is None:
                self._server = _start(self._find(), self._spec, self._key)
            return self._server

    def _body(self, request: ChatRequest) -> dict[str, Json]:
        body: dict[str, Json] = {
            "messages": message_list(request.messages),
            "max_tokens": request.max_tokens,
            "temperature": request.temperature,
            "seed": request.seed,
            "cache_prompt": False,
            "stream": True,
            "stream_options": {"include_usage": True},
            "logprobs": True,
            "top_logprobs": 1,
        }
        if request.stop:
            body["stop"] = list(request.stop)
        if request.json_schema is not None:
            body["json_schema"] = request.json_schema
        if request.grammar is not None:
            given = request.grammar
            body["grammar"] = given if given.startswith("%llguidance") else _LARK + given
        return body

    def _refused(self, error: Any) -> UserError | OutsideError:
        facts = cast("dict[str, Any]", error) if isinstance(error, dict) else {"message": str(error)}
        if facts.get("type") == "exceed_context_size_error":
            return UserError(
                "GAO-MODELS-030",
                f"the prompt is too long for {self._spec.reference}",
                why=f"{facts.get('n_prompt_tokens')} tokens, room for {facts.get('n_ctx')}",
                fix=f"send fewer or shorter passages, or set {CONTEXT} (the model must be able to hold it)",
            )
        kind = UserError if facts.get("code") == 400 else OutsideError
        return kind(
            "GAO-MODELS-031",
            f"{self._spec.reference} refused the request",
            why=one_line(str(facts.get("message", ""))),
            fix="check grammar, schema and messages",
        )


def _start(path: Path, spec: ModelSpec, key: str) -> Any:
    """Load the model with a server that listens only on loopback, under a random key."""
    with _patient_openmp():
        xllamacpp = load("xllamacpp")
    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.n_parallel = 1
    params.n_ctx = int(str(spec.settings["n_ctx"]))
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = int(str(spec.settings["threads"]))
    params.cache_prompt = False
    params.cache_ram_mib = 0  # by default the server may keep 8 GB of old prompts
    params.cache_idle_slots = False
    params.n_ctx_checkpoints = 0
    params.warmup = False
    params.ui = False
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.n_threads_http = 2
    params.api_keys = [key]
    params.verbosity = -1
    try:
        return xllamacpp.Server(params)
    except RuntimeError as error:
        raise OutsideError(
            "GAO-MODELS-032",
            f"llama.cpp could not load {path.name}",
            why=one_line(str(error)) or "it gives no reason: too little memory, or a model it does not know",
            fix="check free memory, or take another GGUF",
            where=str(path),
        ) from error


@contextmanager
def _patient_openmp() -> Generator[None, None, None]:
    """Let OpenMP threads sleep while they wait, where this machine is busy with other work.

    OpenMP reads the environment once, when it is loaded. Spinning threads answer sooner on a quiet machine;
    on a busy one they take each other's core: 0.6 tokens a second were measured where sleeping ones made 25.
    """
    name = "GOMP_SPINCOUNT"
    busy = os.getloadavg()[0] > _BUSY * usable_cores()
    if not busy or name in os.environ or "OMP_WAIT_POLICY" in os.environ:
        yield
        return
    os.environ[name] = _SPINS
    try:
        yield
    finally:
        del os.environ[name]


async def _streamed(server: Any, body: dict[str, Json]) -> AsyncGenerator[dict[str, Any], None]:
    """Yield the server's chunks; the thread that computes them ends with this generator."""
    loop = asyncio.get_running_loop()
    chunks: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
    stopped = threading.Event()

    def hand_over(chunk: dict[str, Any]) -> bool:
        if not stopped.is_set():
            loop.call_soon_threadsafe(chunks.put_nowait, chunk)
        return stopped.is_set()

    def compute() -> None:
        try:
            server.handle_chat_completions(body, hand_over)
        except ValueError as error:  # a request that is malformed before the model sees it
            loop.call_soon_threadsafe(chunks.put_nowait, {"error": {"code": 400, "message": str(error)}})
        finally:
            loop.call_soon_threadsafe(chunks.put_nowait, None)

    job = loop.run_in_executor(None, compute)
    try:
        while (chunk := await chunks.get()) is not None:
            yield chunk
    finally:
        stopped.set()
        await job
