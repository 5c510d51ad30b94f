"""Who descends from a process: by parents, and by a mark in the environment that forks inherit (Linux)."""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

MARK_ENV = "GENAIOPS_CHILD"
_PROC = Path("/proc")


def family(mark: str, pid: int | None = None) -> frozenset[int]:
    """Return the living processes that carry `mark` or descend from `pid`; empty where there is no /proc."""
    children: dict[int, list[int]] = {}
    found: set[int] = set()
    wanted = f"{MARK_ENV}={mark}".encode()
    for entry in _numbers():
        with suppress(OSError, ValueError):  # it ended meanwhile, or is somebody else's
            state, parent = _stat(entry)
            if state == "Z":
                continue
            children.setdefault(parent, []).append(entry)
            if wanted in (_PROC / str(entry) / "environ").read_bytes().split(b"\0"):
                found.add(entry)
    if pid is not None:
        found |= _below(pid, children)
    return frozenset(found - {os.getpid()})


def signal_all(pids: Iterable[int], number: int) -> None:
    """Send a signal to each; one that has ended meanwhile is fine."""
    for pid in pids:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)


def _numbers() -> list[int]:
    try:
        return [int(name) for name in os.listdir(_PROC) if name.isdigit()]
    except FileNotFoundError:
        return []


def _stat(pid: int) -> tuple[str, int]:
    # "pid (any name, even with ')' in it) state ppid …"
    state, parent = (_PROC / str(pid) / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()[:2]
    return state, int(parent)


def _below(pid: int, children: dict[int, list[int]]) -> set[int]:
    found: set[int] = set()
    waiting = [pid]
    while waiting:
        for child in children.get(waiting.pop(), []):
            if child not in found:
                found.add(child)
                waiting.append(child)
    return found
