"""JSON lines over an inherited socket: how a parent and its child process talk, never over stdout."""

import asyncio
import json
import os
import socket
from collections.abc import Mapping
from typing import cast

from genaiops.core import Json, OutsideError

CHANNEL_ENV = "GENAIOPS_CHANNEL"
MAX_LINE = 16 << 20


class Channel:
    """One end. Messages are JSON objects, one a line, of bounded size."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def over(cls, end: socket.socket) -> "Channel":
        """Return a channel over a connected socket, which it owns from now on."""
        return cls(*await _streams(end))

    async def send(self, message: Mapping[str, Json]) -> None:
        """Send one message; raises `OutsideError` where the other side has gone or it is too large."""
        line = _encode(message)
        try:
            self._writer.write(line)
            await self._writer.drain()
        except OSError as error:
            raise _gone() from error

    async def receive(self) -> dict[str, Json] | None:
        """Return the next message, None once the other side has closed.

        Raises `OutsideError` where a line is longer than 16 MiB or is not a JSON object.
        """
        try:
            line = await self._reader.readline()
        except ValueError as error:  # asyncio's word for a line beyond the limit
            raise _malformed(f"a message is larger than {MAX_LINE >> 20} MiB") from error
        except OSError:  # a reset: the other side was killed
            return None
        return _decode(line) if line.endswith(b"\n") else None

    def hang_up(self) -> None:
        """Close this end; what was received can still be read. Safe to call again."""
        self._writer.transport.abort()  # what is unsent has no reader


async def child_channel() -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Return the child's end, one JSON object a line; the parent left its number in the environment."""
    end = socket.socket(fileno=int(os.environ[CHANNEL_ENV]))
    end.set_inheritable(False)  # a program that the app starts must not hold our line open
    return await _streams(end)


async def _streams(end: socket.socket) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_unix_connection(sock=end, limit=MAX_LINE)


def _encode(message: Mapping[str, Json]) -> bytes:
    line = json.dumps(message, allow_nan=False, separators=(",", ":")).encode("ascii") + b"\n"
    if len(line) > MAX_LINE:
        raise _malformed(f"a message is larger than {MAX_LINE >> 20} MiB")
    return line


def _decode(line: bytes) -> dict[str, Json]:
    try:
        message = json.loads(line, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise _malformed("a message is not JSON") from error
    if not isinstance(message, dict):
        raise _malformed("a message is not a JSON object")
    return cast(dict[str, Json], message)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _malformed(why: str) -> OutsideError:
    return OutsideError(
        "GAO-WORK-002",
        "the child process does not keep to the protocol",
        why=why,
        fix="let the app return a smaller answer, and leave our socket alone",
    )


def _gone() -> OutsideError:
    return OutsideError(
        "GAO-WORK-003",
        "the child process has ended",
        why="nobody reads on the other side of its socket",
        fix="its last output says more",
    )
