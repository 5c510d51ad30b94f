"""A parser that does what a taken-over one would: the content says what."""

import ctypes
import os
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from genaiops.knowledge.formats.model import Parsed, Part


def parse(content: bytes) -> Parsed:
    what, _, argument = content.decode().partition(" ")
    said = ACTS[what](argument)
    return Parsed((Part("prose", str(said)),))


def _crash(_: str) -> None:
    ctypes.string_at(0)


def _hang(_: str) -> None:
    while True:
        time.sleep(1)


def _memory(_: str) -> int:
    return sum(
        len(bytearray(100_000_000)) for _ in iter(lambda held=[]: held.append(bytearray(100_000_000)), 0)
    )


def _connect(port: str) -> None:
    socket.create_connection(("127.0.0.1", int(port)), 2)


def _connect_natively(port: str) -> int:
    """Go round the hook: the C library knows nothing of it."""
    libc = ctypes.CDLL(None, use_errno=True)
    end = libc.socket(socket.AF_INET, socket.SOCK_STREAM, 0)
    address = (
        socket.AF_INET.to_bytes(2, "little") + int(port).to_bytes(2, "big") + bytes([127, 0, 0, 1]) + bytes(8)
    )
    return int(libc.connect(end, address, len(address)))


def _program(_: str) -> None:
    subprocess.run(["true"], check=True)


def _write(path: str) -> None:
    Path(path).write_text("taken")


def _write_natively(path: str) -> int:
    libc = ctypes.CDLL(None)
    end = libc.open(path.encode(), os.O_CREAT | os.O_WRONLY, 0o600)
    return int(libc.write(end, b"taken", 5))


def _environment(_: str) -> str:
    return " ".join(sorted(os.environ))


def _shout(_: str) -> str:
    return "word " * 300_000


def _number(_: str) -> int:
    return os.getpid()


ACTS: dict[str, Callable[[str], object]] = {
    "crash": _crash,
    "hang": _hang,
    "memory": _memory,
    "connect": _connect,
    "connect-natively": _connect_natively,
    "program": _program,
    "write": _write,
    "write-natively": _write_natively,
    "environment": _environment,
    "shout": _shout,
    "number": _number,
}
