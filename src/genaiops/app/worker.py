"""The child process: loads the user's app, answers one case at a time, and asks the parent for the rest.

Started as `python -m genaiops.app.worker` with the project's folder as its working directory. It knows the
inputs of a case and nothing else: no expectation, no store, no key.
"""

import asyncio
import inspect
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from genaiops.app.calling import Calling, Function, describe, load_function
from genaiops.app.context import BlockingContext, Context
from genaiops.app.params import Params
from genaiops.app.wire import Wire, answer_to_wire, error_from_wire, error_to_wire
from genaiops.core import GenaiopsError, OutsideError
from genaiops.work import child_channel

CHANNEL_ENV = "GENAIOPS_CHANNEL"
MAX_MESSAGE = 8_000_000


@dataclass
class _Line:
    """The socket to the parent: requests wait here for their replies."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    waiting: dict[int, asyncio.Future[Any]] = field(default_factory=dict[int, "asyncio.Future[Any]"])
    numbers: "count[int]" = field(default_factory=count)

    async def send(self, message: Wire) -> None:
        """Write a message; raises `TypeError` or `ValueError` where it is not JSON or too long."""
        text = json.dumps(message, allow_nan=False, separators=(",", ":"))
        if len(text) > MAX_MESSAGE:
            raise ValueError(f"a message of {len(text):,} bytes is too long: at most {MAX_MESSAGE:,} fit")
        self.writer.write(text.encode("ascii") + b"\n")
        await self.writer.drain()

    async def receive(self) -> Wire | None:
        """Return the parent's next message, None once it has closed."""
        text = await self.reader.readline()
        return json.loads(text) if text else None

    async def ask(self, answer: int, call: str, arguments: Mapping[str, Any]) -> Any:
        """Send a request of case `answer` and wait for the reply."""
        number = next(self.numbers)
        self.waiting[number] = asyncio.get_running_loop().create_future()
        try:
            await self.send(
                {"op": "ask", "answer": answer, "id": number, "call": call, "arguments": dict(arguments)}
            )
            return await self.waiting[number]
        finally:
            del self.waiting[number]

    def deliver(self, message: Wire) -> None:
        """Give a reply to who waits for it; a reply that nobody awaits any more is dropped."""
        future = self.waiting.get(message["id"])
        if future is None or future.done():
            return
        if message["op"] == "refused":
            future.set_exception(error_from_wire(message["error"]))
        else:
            future.set_result(message["value"])


@dataclass
class _App:
    """The loaded function, and what each of its contexts is made of."""

    function: Function
    calling: Calling
    params: Params
    root: Path

    async def answer(self, line: _Line, message: Wire) -> None:
        """Answer one case; whatever the app does ends as one `result`."""
        number: int = message["answer"]
        try:
            value = await self._call(line, number, message)
            await line.send({"op": "result", "answer": number, "output": answer_to_wire(value)})
        except BaseException as error:  # noqa: BLE001  foreign code: also SystemExit and its kin end the case
            await line.send(
                {
                    "op": "result",
                    "answer": number,
                    "error": describe(error, self.root),
                    "outside": _came_from_outside(error),
                }
            )

    async def _call(self, line: _Line, number: int, message: Wire) -> object:
        async def ask(call: str, arguments: Mapping[str, Any]) -> Any:
            return await line.ask(number, call, arguments)

        context = Context(ask, self.params, self.root, message["seed"])
        if inspect.iscoroutinefunction(self.function):
            positional, named = self.calling.arguments(message["inputs"], context)
            return await self.function(*positional, **named)
        blocking = BlockingContext(context, asyncio.get_running_loop())
        positional, named = self.calling.arguments(message["inputs"], blocking)
        value = await asyncio.to_thread(self.function, *positional, **named)
        return await value if inspect.isawaitable(value) else value


def _came_from_outside(error: BaseException | None) -> bool:
    """Whether a failure outside (a model, a network) is among what led to `error`."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        if isinstance(error, OutsideError):
            return True
        seen.add(id(error))
        error = error.__cause__ or error.__context__
    return False


async def _start(line: _Line) -> _App | None:
    message = await line.receive()
    if message is None:
        return None
    root = Path.cwd()
    try:
        function = load_function(str(message["target"]), root)
        calling = Calling.of(function)
    except GenaiopsError as error:
        await line.send({"op": "refused", "error": error_to_wire(error)})
        return None
    await line.send({"op": "ready"})
    return _App(function, calling, Params(message["params"]), root)


async def serve() -> None:
    """Answer cases until the parent closes the socket."""
    line = _Line(*await child_channel())
    os.environ.pop(CHANNEL_ENV, None)
    app = await _start(line)
    running: set[asyncio.Task[None]] = set()
    while app and (message := await line.receive()) is not None:
        if message["op"] == "answer":
            task = asyncio.create_task(app.answer(line, message))
            running.add(task)
            task.add_done_callback(running.discard)
        else:
            line.deliver(message)
    # threads that the app left behind must not keep the process: leave without waiting for them
    os._exit(0)


if __name__ == "__main__":
    asyncio.run(serve())
