"""The parent's side of one worker process: start it, let it answer, end it, whatever the app does.

How a case ends: an answer is `ok`. An exception, a wrong type, a process that ends, words on the socket that
are not ours: `app_error`. No answer within the deadline: `timeout`, and the process group is killed. Where a
request failed outside (a model, a network) and the app failed with that error, or never finished after it,
the case is an `infra_error`; an app that catches the failure and answers all the same is `ok`. A wrong use
of `ctx` (an unknown index, a missing calibration) is the app's error and reads as one message. Where the
guard stops a text the case is `ok` and `stopped`, whatever the app does then: with its guard it answers that.
"""

import asyncio
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

from genaiops.app.environments import OwnEnvironment
from genaiops.app.guarded import Guarded, GuardStop
from genaiops.app.outside import prompt_texts
from genaiops.app.own import own_words
from genaiops.app.project import Project
from genaiops.app.services import Services
from genaiops.app.serving import Serving
from genaiops.app.wire import MAX_ERROR, Wire, error_from_wire, error_to_wire, told
from genaiops.core import (
    Answer,
    GenaiopsError,
    Json,
    Output,
    OutsideError,
    Status,
    Trace,
    UserError,
    decode,
    one_line,
    plain,
)
from genaiops.models import Prices
from genaiops.traces import Recorder
from genaiops.work import ChildProcess, Limits, child_environment

START_SECONDS = 120.0
"""An app may import a large framework; one that takes longer than this does not start."""

MAX_REQUESTS_AT_ONCE = 8
_PROTOCOL = "GAO-APP-040"
_WORKER = "genaiops.app.worker"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Result:
    """The child's last word on a case."""

    output: Answer | None = None
    error: str | None = None
    outside: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ending:
    status: Status
    answer: Answer = field(default_factory=Answer)
    error: str | None = None
    latency_ns: int = 0


class AppWorker:
    """One app in one process, answering one case at a time; a process that ended is started again."""

    def __init__(
        self,
        tree: Path,
        project: Project,
        services: Services,
        *,
        limits: Limits,
        pass_env: Sequence[str],
        seed: int,
        own: OwnEnvironment | None,
    ) -> None:
        self._tree = tree.resolve()
        self._project = project
        self._services = services
        self._limits = limits
        self._pass_env = tuple(pass_env)
        self._seed = seed
        self._own = own
        self._system = prompt_texts(self._tree)
        self._words = own_words(self._tree)
        self._prices = Prices.load(
            {name: {"in": price.usd_in, "out": price.usd_out} for name, price in project.prices.items()}
        )
        self._home = Path(tempfile.mkdtemp(prefix="genaiops-app-"))
        self._child: ChildProcess | None = None
        self._answers = 0
        self._turn = asyncio.Lock()

    @classmethod
    async def start(
        cls,
        tree: Path,
        project: Project,
        services: Services,
        *,
        limits: Limits | None = None,
        pass_env: Sequence[str] = (),
        seed: int = 0,
        own: OwnEnvironment | None = None,
    ) -> "AppWorker":
        """Start the app in `tree`, by the Python of `own` where it has an environment of its own.

        Raises `UserError` where it or its guard cannot be loaded.
        """
        worker = cls(
            tree, project, services, limits=limits or Limits(), pass_env=pass_env, seed=seed, own=own
        )
        try:
            services.guard(project)  # a policy that does not hold is said before any case
            await worker._ready()
        except BaseException:
            await worker.close()
            raise
        return worker

    async def answer(self, inputs: Mapping[str, Json], repeat: int, deadline: float) -> tuple[Output, Trace]:
        """Return what the app answered and what happened meanwhile; never raises for the app's failure."""
        async with self._turn:
            recorder = Recorder()
            seed = self._seed + repeat
            name = self._project.project
            guard, person = self._services.guard(self._project), self._services.person
            guarded = Guarded(
                guard, self._project.asker, recorder, system=self._system, own=self._words, person=person
            )
            serving = Serving(self._project, self._services, self._prices, recorder, seed, guarded)
            facts: dict[str, Json] = {"gen_ai.provider.name": "genaiops", "gen_ai.agent.name": name}
            with recorder.span(f"invoke_agent {name}", "invoke_agent", **facts) as span:
                ending = await self._ending(inputs, seed, deadline, serving)
                span.set("gen_ai.usage.input_tokens", serving.usage.input_tokens)
                span.set("gen_ai.usage.output_tokens", serving.usage.output_tokens)
                span.set("genaiops.status", ending.status)
                guarded.tell(span)
                if ending.status != "ok":
                    span.set("error.type", ending.status)
            return _output(ending, serving, recorder.id), recorder.trace()

    async def close(self) -> None:
        """End the app's process group and remove its home."""
        await self._stop()
        shutil.rmtree(self._home, ignore_errors=True)

    async def _ready(self) -> ChildProcess:
        """Return the running child, started first where there is none."""
        if self._child is not None:
            return self._child
        environment = child_environment(self._services.settings.env, self._pass_env, self._home)
        # -P: the folder of the app must not shadow our own modules; -B: leave no __pycache__ in it
        command = [sys.executable, "-P", "-B", "-m", _WORKER]
        if self._own is not None:
            command, environment = self._own.command(_WORKER), self._own.environ(environment)
        self._child = await ChildProcess.spawn(
            command,
            cwd=self._tree,
            env={**environment, "PYTHONHASHSEED": "0", "PYTHONUTF8": "1"},
            limits=self._limits,
        )
        try:
            await self._load(self._child)
        except BaseException:
            await self._stop()
            raise
        return self._child

    async def _load(self, child: ChildProcess) -> None:
        await child.send(
            {"op": "start", "target": self._project.app.function, "params": self._project.params}
        )
        try:
            async with asyncio.timeout(START_SECONDS):
                message = await child.receive()
        except TimeoutError:
            raise self._not_started(f"it was not loaded within {START_SECONDS:g} s") from None
        if message is None:
            raise self._not_started(await self._how_it_ended(child))
        if message.get("op") == "refused":
            raise error_from_wire(_mapping(message.get("error")))
        if message.get("op") != "ready":
            raise self._not_started("it spoke on the socket that belongs to genaiops")

    def _not_started(self, why: str) -> UserError:
        return UserError(
            "GAO-APP-042",
            f"the app {self._project.app} did not start",
            why=why,
            fix="importing the module must end, and must not end the process",
            where=f"app: {self._project.app}",
        )

    async def _stop(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            await child.kill()

    async def _ending(
        self, inputs: Mapping[str, Json], seed: int, deadline: float, serving: Serving
    ) -> _Ending:
        try:
            child = await self._ready()
        except OutsideError as error:
            return _Ending(status="infra_error", error=_bounded(told(error)))
        except UserError as error:
            return _Ending(status="app_error", error=_bounded(told(error)))
        self._answers += 1
        began = time.perf_counter_ns()
        ending = await self._guarded(child, inputs, seed, deadline, serving)
        return replace(ending, latency_ns=time.perf_counter_ns() - began)

    async def _guarded(
        self, child: ChildProcess, inputs: Mapping[str, Json], seed: int, deadline: float, serving: Serving
    ) -> _Ending:
        """Return how the conversation ends; of its inputs and its answer only what the guard lets pass."""
        guarded = serving.guarded
        try:
            given = await guarded.inputs(inputs)
            message = {"op": "answer", "answer": self._answers, "inputs": given, "seed": seed}
            ending = await self._conversation(child, message, deadline, serving)
            if not guarded.stopped:
                if ending.status == "ok":
                    return replace(ending, answer=await guarded.answer(ending.answer))
                return replace(ending, error=await guarded.error(ending.error))
        except GuardStop:
            pass
        return _Ending(status="ok", answer=guarded.instead())

    async def _conversation(
        self, child: ChildProcess, message: Wire, deadline: float, serving: Serving
    ) -> _Ending:
        unfinished: Status = "app_error"
        result: Wire | None = None
        try:
            async with asyncio.timeout(deadline):
                await child.send(message)
                result = await _converse(child, self._answers, serving)
            if result is not None:
                return _ended(result, serving)
            why = await self._how_it_ended(child)
        except TimeoutError:
            unfinished, why = "timeout", f"no answer within {deadline:g} s; the app was killed"
        except OutsideError as error:
            why = f"the app broke the protocol: {error.what} {error.why}"
        finally:
            if result is None:  # also where the run itself was cancelled: the app is still busy
                await self._stop()
        return _Ending(status="infra_error" if serving.outside else unfinished, error=_bounded(why))

    async def _how_it_ended(self, child: ChildProcess) -> str:
        code = child.returncode  # known by now, where the process ended by itself
        await self._stop()
        if code is None:
            return "the app closed the socket that belongs to genaiops; it was killed"
        how = f"ended with status {code}" if code >= 0 else f"was killed by signal {-code}"
        last = [line for line in child.stderr_tail.decode("utf-8", "replace").splitlines() if line.strip()]
        hint = f"; the last line on stderr: {one_line(last[-1], 500)}" if last else ""
        return f"the app's process {how} without an answer{hint}"


async def _converse(child: ChildProcess, number: int, serving: Serving) -> Wire | None:
    """Serve requests until the result of answer `number` comes, or None where the child is gone."""
    message = await child.receive()  # the whole conversation, where the app asks for nothing
    requests: set[asyncio.Task[None]] = set()
    receiving: asyncio.Task[Wire | None] | None = None
    try:
        while True:
            if message is None or (message.get("op") == "result" and message.get("answer") == number):
                return message
            if message.get("op") == "ask":
                requests.add(asyncio.create_task(_reply(child, message, number, serving)))
            elif message.get("op") != "result":
                raise OutsideError(_PROTOCOL, "it sent words that are not ours")
            receiving = asyncio.create_task(child.receive())
            message = await _next(receiving, requests)
    finally:
        pending = {*requests, *([receiving] if receiving else [])}
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)


async def _next(receiving: "asyncio.Task[Wire | None]", requests: set[asyncio.Task[None]]) -> Wire | None:
    """Return the next message; meanwhile drop what was served from `requests`, and read no more than fit."""
    while True:
        watched: set[asyncio.Task[Any]] = {*requests}
        if len(requests) < MAX_REQUESTS_AT_ONCE:
            watched.add(receiving)
        done, _ = await asyncio.wait(watched, return_when=asyncio.FIRST_COMPLETED)
        for task in done & requests:
            requests.discard(task)
            task.result()  # an error that is not told to the app is a bug of ours: it must show
        if receiving in done:
            return receiving.result()


async def _reply(child: ChildProcess, message: Wire, number: int, serving: Serving) -> None:
    """Serve one request and send the reply; a child that is gone by then is noticed by the reader."""
    try:
        if message.get("answer") != number:
            raise UserError(
                "GAO-APP-043",
                "this context's answer is over",
                why="something that an earlier case left running asked for more",
                fix="await everything before the app returns",
            )
        value = await serving.serve(str(message.get("call")), message.get("arguments"))
        reply: Wire = {"op": "reply", "id": message.get("id"), "value": value}
    except GenaiopsError as error:
        reply = {"op": "refused", "id": message.get("id"), "error": error_to_wire(error)}
    try:
        await child.send(reply)
    except OutsideError:
        return


def _ended(message: Wire, serving: Serving) -> _Ending:
    try:
        result = decode(_Result, message)
        json.dumps(message.get("output"), ensure_ascii=False).encode()
    except UserError as error:
        key = error.what.partition(": ")[2]
        return _Ending(status="app_error", error=_bounded(f"the answer does not fit: {key}: {error.why}"))
    except UnicodeEncodeError:
        return _Ending(
            status="app_error", error="the answer does not fit: it holds half a character (a surrogate)"
        )
    if result.output is not None and result.error is None:
        return _Ending(status="ok", answer=result.output)
    outside = result.outside and serving.outside > 0
    return _Ending(
        status="infra_error" if outside else "app_error",
        error=_bounded(result.error or "the app ended without an answer"),
    )


def _output(ending: _Ending, serving: Serving, trace_id: str) -> Output:
    answer = ending.answer
    return Output(
        text=answer.text,
        data=answer.data,
        passages=tuple(answer.passages),
        citations=tuple(answer.citations),
        tool_calls=tuple(answer.tool_calls),
        abstained=answer.abstained,
        signals=answer.signals,
        status=ending.status,
        error=ending.error,
        usage=serving.usage,
        # an app that asked us for nothing may have asked somebody else: its cost is not known
        cost_nanousd=serving.cost if serving.requests else None,
        latency_ns=ending.latency_ns,
        trace_id=trace_id,
        stopped=serving.guarded.stopped,
    )


def _bounded(text: str) -> str:
    return plain(text).encode("utf-8", "replace").decode()[:MAX_ERROR]


def _mapping(value: object) -> Wire:
    return cast(Wire, value) if isinstance(value, dict) else {}
