"""An app behind a URL: a case's inputs go there as JSON by POST, and the reply is the answer.

How a case ends: a 2xx reply that reads as an answer is `ok`; one that does not, and every other status, is an
`app_error`. Too busy or not there (408, 429, 502, 503, 504, a connection that fails) is asked again with
jitter, no sooner than Retry-After, and then an `infra_error`. No whole reply within the deadline: `timeout`.
A refused key (401) and an address that the egress policy refuses stop the run: nothing was measured. The
project's guard looks at the inputs before they go and at the reply before it counts.
"""

import asyncio
import json
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from genaiops.app.guarded import Guarded, GuardStop
from genaiops.app.project import Project
from genaiops.app.replies import Reply, read_reply, without
from genaiops.app.schema import AppTarget
from genaiops.app.wire import MAX_ERROR
from genaiops.core import (
    Egress,
    Json,
    Output,
    OutsideError,
    Response,
    Status,
    Trace,
    Usage,
    UserError,
    one_line,
    plain,
)
from genaiops.guard import Pipeline
from genaiops.net import RetryPolicy, retry_after
from genaiops.traces import Recorder

BUSY = frozenset({408, 429, 502, 503, 504})
"""What may pass. A 500 is the app's own failure: an app must not gain by answering it."""

MAX_REPLY = 16 << 20
_MAX_ERROR_BODY = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ending:
    """How one request ended. `passing`: asking again may help, `pause` seconds from now at the earliest.

    `asked`: whether there was a request at all.
    """

    status: Status
    reply: Reply = field(default_factory=Reply)
    error: str | None = None
    latency_ns: int = 0
    passing: bool = False
    pause: float | None = None
    asked: bool = True


class EndpointApp:
    """The app at one address, with its key; it holds no state, so that any number may ask it at once."""

    def __init__(
        self,
        project: Project,
        egress: Egress,
        key: str | None,
        policy: RetryPolicy,
        guard: Pipeline | None = None,
    ) -> None:
        assert project.app.url is not None
        self._name = project.project
        self._asker = project.asker
        self._url = project.app.url
        self._egress = egress
        self._key = key
        self._policy = policy
        self._guard = guard
        self._draw = random.Random()  # noqa: S311  jitter, not a secret

    def __repr__(self) -> str:
        return f"EndpointApp({self._url})"

    async def answer(self, inputs: Mapping[str, Json], repeat: int, deadline: float) -> tuple[Output, Trace]:
        """Return what the endpoint answered to `inputs`, and the request as a trace.

        `repeat` changes nothing: the inputs are all that is sent. Raises `UserError` where the key or the
        address is refused.
        """
        recorder = Recorder()
        facts: dict[str, Json] = {"gen_ai.provider.name": "genaiops", "gen_ai.agent.name": self._name}
        with recorder.span(f"invoke_agent {self._name}", "invoke_agent", **facts) as span:
            guarded = Guarded(self._guard, self._asker, recorder, elsewhere=True)
            ending = await self._guarded(guarded, inputs, deadline)
            usage = ending.reply.usage or Usage()
            # one request is at least one call; zero would read as "nothing was asked"
            usage = Usage(
                input_tokens=usage.input_tokens,
                output_tokens=usage.output_tokens,
                calls=max(usage.calls, int(ending.asked)),
            )
            span.set("gen_ai.usage.input_tokens", usage.input_tokens)
            span.set("gen_ai.usage.output_tokens", usage.output_tokens)
            span.set("genaiops.status", ending.status)
            guarded.tell(span)
            if ending.status != "ok":
                span.set("error.type", ending.status)
        return replace(_output(ending, usage, recorder.id), stopped=guarded.stopped), recorder.trace()

    async def close(self) -> None:
        """Nothing is held: connections belong to the way out."""

    async def _guarded(self, guarded: Guarded, inputs: Mapping[str, Json], deadline: float) -> _Ending:
        ending = _Ending(status="ok", asked=False)
        try:
            given = await guarded.inputs(inputs)
            ending = await self._ending(json.dumps(given).encode(), deadline)
            if ending.status != "ok":
                return replace(ending, error=await guarded.error(ending.error))
            return replace(ending, reply=ending.reply.saying(await guarded.answer(ending.reply.answer)))
        except GuardStop:
            return replace(ending, reply=ending.reply.saying(guarded.instead()))

    async def _ending(self, body: bytes, deadline: float) -> _Ending:
        began = time.monotonic()
        last: _Ending | None = None
        try:
            async with asyncio.timeout(deadline):
                for attempt in range(self._policy.attempts):
                    last = ending = await self._once(body, deadline)
                    wait = self._policy.wait(attempt, ending.pause, self._draw)
                    more = attempt + 1 < self._policy.attempts and time.monotonic() - began + wait < deadline
                    if not (ending.passing and more):
                        return ending
                    await asyncio.sleep(wait)
        except TimeoutError:
            pass
        return last or _Ending(
            status="timeout", error=f"no whole reply within {deadline:g} s", latency_ns=int(deadline * 1e9)
        )

    async def _once(self, body: bytes, deadline: float) -> _Ending:
        headers = {"Content-Type": "application/json", "Accept": "application/json, text/plain"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        began = time.perf_counter_ns()
        try:
            # our own deadline is the shorter one: it tells a slow app from a network that is not there
            response = await self._egress.request(
                "app", "POST", self._url, headers=headers, body=body, timeout=deadline + 1
            )
            ending = await self._read(response)
        except OutsideError as error:
            why = f"{error.code}: {error.what}: {error.why}"
            ending = _Ending(status="infra_error", error=why, passing=True)
        return _Ending(
            status=ending.status,
            reply=ending.reply,
            error=_bounded(ending.error, self._key),
            latency_ns=time.perf_counter_ns() - began,
            passing=ending.passing,
            pause=ending.pause,
        )

    async def _read(self, response: Response) -> _Ending:
        if response.status == 401:
            await response.close()
            raise self._unauthorised()
        good = 200 <= response.status < 300
        content = await _content(response, MAX_REPLY if good else _MAX_ERROR_BODY)
        if not good:
            return self._refusal(response, content or b"")
        if content is None:
            why = f"it is larger than {MAX_REPLY >> 20} MiB"
            return _Ending(status="app_error", error=f"the reply does not fit: {why}")
        media_type = next((v for name, v in response.headers.items() if name.lower() == "content-type"), "")
        try:
            return _Ending(status="ok", reply=read_reply(content, media_type, self._key))
        except ValueError as error:
            return _Ending(status="app_error", error=f"the reply does not fit: {error}")

    def _refusal(self, response: Response, content: bytes) -> _Ending:
        told = one_line(content.decode("utf-8", "replace"), 300)
        error = f"status {response.status}" + (f": {told}" if told else "")
        if response.status not in BUSY:
            return _Ending(status="app_error", error=error)
        pause = retry_after(response.headers, datetime.now(UTC))
        asked = f"; it asks to wait {pause:.0f} s" if pause is not None else ""
        return _Ending(status="infra_error", error=error + asked, passing=True, pause=pause)

    def _unauthorised(self) -> UserError:
        sent = "a key was sent" if self._key else "no key was sent"
        return UserError(
            "GAO-APP-045",
            "the app's endpoint does not accept the key",
            why=f"status 401; {sent}",
            fix="app: {url: …, key_env: NAME} names the variable that holds it; --pass-env NAME sends it",
            where=f"app: {self._url}",
        )


def key_of(app: AppTarget, env: Mapping[str, str], pass_env: tuple[str, ...]) -> str | None:
    """Return the endpoint's key; None where it names none.

    Raises `UserError` where the variable is not set, or the runner did not say that it may be sent: a
    project file alone, which a change may edit, must not send a secret of the environment anywhere.
    """
    name = app.key_env
    if name is None:
        return None
    if name not in pass_env or not env.get(name):
        raise UserError(
            "GAO-APP-044",
            f"the app's key {name} is not to be had",
            why=f"it is sent to {app.url} only where it is set and the runner passes it",
            fix=("" if env.get(name) else f"set {name}, and ") + f"run with --pass-env {name}",
            where="app.key_env",
        )
    return env[name]


async def _content(response: Response, most: int) -> bytes | None:
    """Return the body; None, without reading on, where it is longer than `most` bytes."""
    content = bytearray()
    try:
        async for chunk in response.chunks():
            content += chunk
            if len(content) > most:
                return None
    finally:
        await response.close()
    return bytes(content)


def _bounded(error: str | None, key: str | None) -> str | None:
    return plain(str(without(error, key)))[:MAX_ERROR] if error else None


def _output(ending: _Ending, usage: Usage, trace_id: str) -> Output:
    reply = ending.reply
    return Output(
        text=reply.text,
        data=reply.data,
        passages=reply.passages,
        citations=reply.citations,
        tool_calls=reply.tool_calls,
        abstained=reply.abstained,
        signals=reply.signals,
        status=ending.status,
        error=ending.error,
        usage=usage,
        cost_nanousd=reply.cost_nanousd,
        latency_ns=ending.latency_ns,
        trace_id=trace_id,
    )
