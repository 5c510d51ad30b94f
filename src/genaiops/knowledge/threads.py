"""Work on another thread that is over before anything goes on, also where the caller is told to stop."""

import asyncio
from collections.abc import Callable
from contextvars import copy_context
from functools import partial
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


async def on_thread(work: Callable[P, T], *args: P.args, **named: P.kwargs) -> T:
    """Return what `work` returns on another thread; where this is cancelled, raise that once `work` ended.

    A thread cannot be stopped, and what it writes to must not be closed under it: SQLite ends the process
    then. The future is no task, so that a loop that cancels all its tasks does not give it up either.
    """
    context = copy_context()
    running = asyncio.get_running_loop().run_in_executor(None, partial(context.run, work, *args, **named))
    cancelled: asyncio.CancelledError | None = None
    while not running.done():
        try:
            await asyncio.wait([running])
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled:
        running.exception()  # seen: asyncio reports it otherwise
        raise cancelled
    return running.result()
