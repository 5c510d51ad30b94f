"""Run as a file in the child process: apply limits, then become the command. Imports nothing of ours."""

import ctypes
import os
import resource
import signal
import sys

_PR_SET_PDEATHSIG = 1
_LIMITS = {
    "memory_bytes": resource.RLIMIT_DATA,
    "cpu_seconds": resource.RLIMIT_CPU,
    "open_files": resource.RLIMIT_NOFILE,
    "processes": resource.RLIMIT_NPROC,
    "file_bytes": resource.RLIMIT_FSIZE,
}


def main(wanted: str, parent: str, *argv: str) -> None:
    """Apply the limits in `wanted` (`name=number,…`), die when `parent` does, and become `argv`."""
    for name, _, value in (part.partition("=") for part in wanted.split(",") if part):
        _limit(_LIMITS[name], int(value) + (_running() if name == "processes" else 0))
    _limit(resource.RLIMIT_CORE, 0)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != int(parent):  # it died before we asked to be told
            sys.exit(1)
    try:
        os.execvp(argv[0], argv)  # noqa: S606  the command is the caller's
    except OSError as error:
        sys.exit(f"cannot run {argv[0]}: {error.strerror}")


def _limit(which: int, value: int) -> None:
    _, hard = resource.getrlimit(which)
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    resource.setrlimit(which, (value, value))


def _running() -> int:
    """Return how many threads run on the machine: the kernel counts a user's, not a process' own."""
    try:
        with open("/proc/loadavg", encoding="ascii") as file:
            return int(file.read().split()[3].partition("/")[2])
    except OSError:
        return 4096


if __name__ == "__main__":
    main(*sys.argv[1:])
