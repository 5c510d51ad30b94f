"""HTTP to an OpenAI-compatible endpoint: bounded attempts, bounded time, bounded sizes, honest errors."""

import asyncio
import json
import random
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar, cast

from genaiops.core import (
    Egress,
    GenaiopsError,
    Json,
    ModelSpec,
    OutsideError,
    Response,
    UserError,
    one_line,
)
from genaiops.models.embedding import EmbedSettings
from genaiops.models.sse import EventTooLong, SseParser
from genaiops.net import RETRYABLE, RetryPolicy, retry_after

MAX_BODY = 64 << 20
MAX_STREAM = 16 << 20
_MAX_ERROR = 1 << 16
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where a model is, and which. `provider:name` is its reference; the key is never shown.

    `embedding`: what the project says of an embedder there.
    """

    provider: str
    name: str
    model: str
    base_url: str
    key: str | None
    key_name: str
    embedding: EmbedSettings = field(default_factory=EmbedSettings)

    @property
    def spec(self) -> ModelSpec:
        """What is recorded about it; an endpoint itself declares no version."""
        said = self.embedding
        settings: dict[str, Json] = {"base_url": self.base_url}
        for key in ("query_prefix", "passage_prefix", "dimension", "shorten"):
            if key in said.facts:
                settings[key] = said.facts[key]
        return ModelSpec(provider=self.provider, model=self.name, version=said.version, settings=settings)

    def __repr__(self) -> str:
        return f"Endpoint({self.base_url}#{self.model})"


class OpenAiClient:
    """Sends requests to one endpoint through the one way out."""

    def __init__(
        self,
        egress: Egress,
        endpoint: Endpoint,
        policy: RetryPolicy | None = None,
        draw: random.Random | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.endpoint = endpoint
        self._egress = egress
        self._policy = policy or RetryPolicy()
        self._draw = draw or random.Random()  # noqa: S311  jitter, not a secret
        self._sleep = sleep

    async def ask(self, path: str, body: dict[str, Json]) -> dict[str, Any]:
        """Return the JSON object that the endpoint answers."""
        response = await self._send(path, body)
        content = await self._read(response, MAX_BODY)
        return self.honest(lambda: _object(content))

    async def stream(self, path: str, body: dict[str, Json]) -> AsyncGenerator[dict[str, Any], None]:
        """Yield the JSON objects of an event stream; a reply in one piece is one object."""
        response = await self._send(path, body)
        try:
            if "event-stream" not in _header(response, "content-type"):
                content = await self._read(response, MAX_BODY)
                yield self._checked(self.honest(lambda: _object(content)))
                return
            async with aclosing(self._events(response)) as events:
                async for event in events:
                    if event.strip() == "[DONE]":
                        return
                    yield self._checked(self.honest(lambda event=event: _object(event)))
        finally:
            await response.close()

    def honest(self, read: Callable[[], T]) -> T:
        """Return what `read` returns; a reply that is not what it claims to be is an `OutsideError`."""
        try:
            return read()
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise self._failed("its reply is not what it claims to be", one_line(str(error), 120)) from error

    async def _events(self, response: Response) -> AsyncGenerator[str, None]:
        parser, total = SseParser(), 0
        async with aclosing(self._timed(response)) as chunks:
            async for chunk in chunks:
                total += len(chunk)
                if total > MAX_STREAM:
                    raise self._failed("its reply does not end", f"more than {MAX_STREAM >> 20} MB")
                for event in self._parsed(parser, chunk, final=False):
                    yield event
        for event in self._parsed(parser, b"", final=True):
            yield event

    def _parsed(self, parser: SseParser, chunk: bytes, *, final: bool) -> list[str]:
        try:
            return list(parser.feed(chunk, final=final))
        except EventTooLong as error:
            raise self._failed("its reply is not what it claims to be", str(error)) from error

    async def _timed(self, response: Response) -> AsyncGenerator[bytes, None]:
        """Yield chunks; silence, and a reply that only trickles, end."""
        deadline = self._now() + self._policy.total
        chunks = response.chunks()
        while True:
            patience = min(self._policy.silence, deadline - self._now())
            try:
                chunk = await asyncio.wait_for(_next(chunks), max(patience, 0.001))
            except TimeoutError as error:
                raise self._failed("it stopped answering", f"nothing for {patience:.0f} s") from error
            if chunk is None:
                return
            if self._now() > deadline:
                raise self._failed("its reply takes too long", f"more than {self._policy.total:.0f} s")
            yield chunk

    async def _read(self, response: Response, limit: int) -> bytes:
        pieces, total = [b""], 0
        try:
            async with aclosing(self._timed(response)) as chunks:
                async for chunk in chunks:
                    total += len(chunk)
                    if total > limit:
                        raise self._failed("its reply is too large", f"more than {limit >> 20} MB")
                    pieces.append(chunk)
        finally:
            await response.close()
        return b"".join(pieces)

    async def _send(self, path: str, body: dict[str, Json]) -> Response:
        """Return the first good response; repeats what may pass, within the policy's bounds."""
        started, attempt = self._now(), 0
        while True:
            result = await self._attempt(path, body, self._policy.total - (self._now() - started))
            if not isinstance(result, _Refusal):
                return result
            wait = self._policy.wait(attempt, result.retry_after, self._draw)
            attempt += 1
            left = self._policy.total - (self._now() - started)
            if not result.passing or attempt >= self._policy.attempts or wait >= left:
                raise self._after(result.error, attempt, wait if result.passing and wait >= left else None)
            await self._sleep(wait)

    async def _attempt(self, path: str, body: dict[str, Json], left: float) -> "Response | _Refusal":
        headers = {"Content-Type": "application/json", "Accept": "text/event-stream, application/json"}
        if self.endpoint.key:
            headers["Authorization"] = f"Bearer {self.endpoint.key}"
        url, content = self.endpoint.base_url + path, json.dumps(body).encode()
        try:
            response = await asyncio.wait_for(
                self._egress.request(
                    "model", "POST", url, headers=headers, body=content, timeout=max(left, 0.01)
                ),
                max(min(left, self._policy.silence), 0.01),
            )
        except TimeoutError:
            return _Refusal(
                self._failed("it does not answer", f"no reply in {self._policy.silence:.0f} s"), True
            )
        except OutsideError as error:
            return _Refusal(error, True)
        if response.status == 200:
            return response
        return await self._refusal(response)

    async def _refusal(self, response: Response) -> "_Refusal":
        pause = retry_after(response.headers, datetime.now(UTC))
        try:
            said = _message(await self._read(response, _MAX_ERROR))
        except OutsideError:
            said = ""
        error = self._error_of(response.status, self._redacted(said))
        return _Refusal(error, response.status in RETRYABLE, pause)

    def _error_of(self, status: int, said: str) -> GenaiopsError:
        where, model = self.endpoint.base_url, self.endpoint.model
        if status in {401, 403}:
            named = f"{self.endpoint.key_name} is {'set' if self.endpoint.key else 'not set'}"
            fix = f"set {self.endpoint.key_name} to a key that may use {model}"
            return UserError(
                "GAO-MODELS-070",
                "the endpoint does not accept the key",
                why=f"status {status}; {named}",
                fix=fix,
                where=where,
            )
        why = f"status {status}" + (f": {said}" if said else "")
        if status == 404:
            what = f"the endpoint knows no model {model!r}, or nothing is at this address"
            fix = "check the model's name and the base URL (it usually ends in /v1)"
            return UserError("GAO-MODELS-071", what, why=why, fix=fix, where=where)
        if status == 429:
            fix = "lower the concurrency, wait, or raise the limit at the provider"
            return OutsideError(
                "GAO-MODELS-072", "the endpoint asks to slow down", why=why, fix=fix, where=where
            )
        if 400 <= status < 500 and status not in RETRYABLE:
            fix = "change what the message names"
            return UserError(
                "GAO-MODELS-073",
                f"the endpoint refuses the request to {model}",
                why=why,
                fix=fix,
                where=where,
            )
        return self._failed("it answered with an error", why)

    def _after(self, error: GenaiopsError, attempts: int, wait: float | None) -> GenaiopsError:
        note = f"after {attempts} attempt{'s' * (attempts > 1)}" if attempts > 1 else ""
        if wait is not None:
            note = f"{note or 'given up'}; it asks to wait {wait:.0f} s"
        why = "; ".join(part for part in (error.why, note) if part)
        return type(error)(error.code, error.what, why=why, fix=error.fix, where=error.where)

    def _checked(self, event: dict[str, Any]) -> dict[str, Any]:
        if event.get("error"):
            said = self._redacted(_message(json.dumps(event).encode()))
            raise self._failed("it broke off with an error", said)
        return event

    def _failed(self, what: str, why: str) -> OutsideError:
        subject = f"{self.endpoint.model} failed: {what}"
        return OutsideError(
            "GAO-MODELS-074",
            subject,
            why=why,
            fix="try again, or ask its operator",
            where=self.endpoint.base_url,
        )

    def _redacted(self, text: str) -> str:
        return text.replace(self.endpoint.key, "[key]") if self.endpoint.key else text

    def _now(self) -> float:
        return asyncio.get_running_loop().time()


@dataclass(frozen=True, slots=True)
class _Refusal:
    """A try that failed: the error, whether it may pass, and how long the server asks to wait."""

    error: GenaiopsError
    passing: bool
    retry_after: float | None = None


async def _next(chunks: AsyncIterator[bytes]) -> bytes | None:
    return await anext(chunks, None)


def _header(response: Response, name: str) -> str:
    return next((value for key, value in response.headers.items() if key.lower() == name), "").lower()


def _object(content: str | bytes) -> dict[str, Any]:
    value = json.loads(content)
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")
    return cast("dict[str, Any]", value)


def _message(content: bytes) -> str:
    """Return what an error body says, in one line."""
    try:
        value = _object(content)
    except (ValueError, RecursionError):
        return one_line(content.decode("utf-8", "replace"))
    error = value.get("error", value)
    told = cast("dict[str, Any]", error).get("message", "") if isinstance(error, dict) else error
    return one_line(str(told))
