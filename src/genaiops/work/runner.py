"""Concurrent work on one event loop: the embedded implementation of the `Runner` seam."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from typing import TypeVar

from genaiops.core import Done

Item = TypeVar("Item")
Value = TypeVar("Value")


class AsyncRunner:
    """Runs items as asyncio tasks. Items are drawn only when there is room, so they may be endless."""

    async def map(
        self,
        fn: Callable[[Item], Awaitable[Value]],
        items: Iterable[Item],
        *,
        limit: int,
        deadline: float | None = None,
    ) -> AsyncGenerator[Done[Item, Value]]:
        """Yield items as they finish, at most `limit` at once, each within `deadline` seconds.

        What `fn` raises is in `Done.error`; an item that ran too long has a `TimeoutError`. Where the caller
        stops early or is cancelled, what still runs is cancelled and awaited before control goes back; a
        caller that breaks off does so inside `contextlib.aclosing`.
        """
        if limit < 1:
            raise ValueError(f"limit must be at least 1, not {limit}")
        queue = iter(items)
        running: dict[asyncio.Task[Value], Item] = {}
        try:
            while _fill(running, queue, fn, limit, deadline):
                finished, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                for task in sorted(finished, key=list(running).index):  # in the order in which they began
                    yield _done(running.pop(task), task)
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)


def _fill(
    running: "dict[asyncio.Task[Value], Item]",
    queue: "Iterable[Item]",
    fn: Callable[[Item], Awaitable[Value]],
    limit: int,
    deadline: float | None,
) -> bool:
    while len(running) < limit:
        for item in queue:
            running[asyncio.ensure_future(_within(fn, item, deadline))] = item
            break
        else:
            break
    return bool(running)


async def _within(fn: Callable[[Item], Awaitable[Value]], item: Item, deadline: float | None) -> Value:
    async with asyncio.timeout(deadline):
        return await fn(item)


def _done(item: Item, task: "asyncio.Task[Value]") -> Done[Item, Value]:
    if task.cancelled():
        return Done(item, None, asyncio.CancelledError("the item cancelled itself"))
    error = task.exception()
    return Done(item, None, error) if error else Done(item, task.result())
