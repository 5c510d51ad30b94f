"""A process for foreign code: limited, heard on a socket, drained, and killable with all it started."""

import asyncio
import os
import secrets
import signal
import socket
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from genaiops.core import Json, OutsideError
from genaiops.work.channel import CHANNEL_ENV, Channel
from genaiops.work.limits import Limits, limited
from genaiops.work.processes import MARK_ENV, family, signal_all

_TAIL = 64 << 10
_DRAIN_SECONDS = 0.2
_LAST_SECONDS = 1.0
_DEATH_SECONDS = 10.0
_ROUNDS = 50


class ChildProcess:
    """A child in a session of its own; whatever it prints is read and only the last 64 KiB are kept.

    It ends when we end, and when it ends, so does what it started. `kill` finds what left the process group
    by its parents and by a mark in its environment (Linux). Not covered: a grandchild that detaches itself
    *and* clears its environment. Not a sandbox.
    """

    def __init__(self, transport: asyncio.SubprocessTransport, watch: "_Watch", channel: Channel) -> None:
        self._transport = transport
        self._watch = watch
        self._channel = channel
        watch.ended.add_done_callback(self._hang_up)

    @classmethod
    async def spawn(
        cls,
        argv: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str],
        limits: Limits,
        socket_env: str = CHANNEL_ENV,
    ) -> "ChildProcess":
        """Start `argv` with exactly `env` (and the socket's number in `socket_env`)."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        mark = secrets.token_hex(16)
        with theirs:
            try:
                transport, watch = await asyncio.get_running_loop().subprocess_exec(
                    lambda: _Watch(mark),
                    *limited(argv, limits),
                    stdin=asyncio.subprocess.DEVNULL,
                    cwd=cwd,
                    env={**env, socket_env: str(theirs.fileno()), MARK_ENV: mark},
                    pass_fds=(theirs.fileno(),),
                    start_new_session=True,
                )
            except OSError as error:
                ours.close()
                raise _not_started(argv[0], error) from error
        return cls(transport, watch, await Channel.over(ours))

    @property
    def pid(self) -> int:
        """The process id."""
        return self._transport.get_pid()

    @property
    def returncode(self) -> int | None:
        """The exit status, negative for a signal; None while it runs."""
        return self._transport.get_returncode()

    @property
    def stdout_tail(self) -> bytes:
        """The last 64 KiB of what it printed."""
        return bytes(self._watch.tails[1])

    @property
    def stderr_tail(self) -> bytes:
        """The last 64 KiB of what it printed to stderr."""
        return bytes(self._watch.tails[2])

    async def send(self, message: Mapping[str, Json]) -> None:
        """Send one message; raises `OutsideError` where the child has gone."""
        await self._channel.send(message)

    async def receive(self) -> dict[str, Json] | None:
        """Return the next message; None once the child has closed its end or has ended.

        Raises `OutsideError` where a message breaks the protocol.
        """
        message = await self._channel.receive()
        if message is None:
            await self._settled(_LAST_SECONDS)  # so that `returncode` and the tails say why
        return message

    async def wait(self) -> int:
        """Wait until it ends by itself; return the exit status."""
        await self._settled(None)
        return self.returncode or 0

    async def kill(self) -> None:
        """Kill it and all that it started, and reap it. Safe to call again."""
        # once it is reaped its number may be somebody else's: then only the mark tells what was its own
        alive = not self._watch.ended.done()
        found = family(self._watch.mark, self.pid if alive else None)
        if alive:
            _kill_group(self.pid)
        for _ in range(_ROUNDS):  # what was just being started is found in the next round
            if not found:
                break
            signal_all(found, signal.SIGKILL)
            found = family(self._watch.mark) - found
        try:
            await self._settled(_DEATH_SECONDS)
            if not self._watch.ended.done():
                raise _unkillable(self.pid)
        finally:
            self._channel.hang_up()
            self._transport.close()

    def _hang_up(self, _ended: asyncio.Future[None]) -> None:
        # what it said last is in the socket already; no more will come, even where something that it started
        # still holds the other side open
        asyncio.get_running_loop().call_later(_DRAIN_SECONDS, self._channel.hang_up)

    async def _settled(self, seconds: float | None) -> None:
        """Wait until it has ended and what it printed is read; no longer than that takes."""
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(self._watch.ended), seconds)
            await asyncio.wait_for(self._watch.drained.wait(), _DRAIN_SECONDS)

    async def __aenter__(self) -> "ChildProcess":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.kill()


class _Watch(asyncio.SubprocessProtocol):
    """Drains both pipes and notices the end."""

    def __init__(self, mark: str) -> None:
        self.mark = mark
        self.tails = {1: bytearray(), 2: bytearray()}
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.drained = asyncio.Event()
        self._open_pipes = 2
        self._pid = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.SubprocessTransport)
        self._pid = transport.get_pid()

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        tail = self.tails[fd]
        tail += data
        del tail[:-_TAIL]

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        self._open_pipes -= 1
        if self._open_pipes == 0:
            self.drained.set()

    def process_exited(self) -> None:
        _kill_group(self._pid)  # what it started in its own group ends with it
        self.ended.set_result(None)


def _kill_group(pid: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def _not_started(program: str, error: OSError) -> OutsideError:
    return OutsideError(
        "GAO-WORK-004",
        "a process could not be started",
        why=error.strerror or str(error),
        fix="close what uses processes, memory or open files, then run the same command again",
        where=program,
    )


def _unkillable(pid: int) -> OutsideError:
    return OutsideError(
        "GAO-WORK-005",
        f"process {pid} could not be killed",
        why="it waits for a device or a disk and takes no signal",
        fix="check the machine's disks; the process ends when they answer",
    )
