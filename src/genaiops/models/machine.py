"""What this machine and the environment give a local model: threads and the context it may hold."""

import os
from collections.abc import Mapping
from pathlib import Path

from genaiops.core import UserError

THREADS = "GENAIOPS_THREADS"
CONTEXT = "GENAIOPS_CONTEXT_TOKENS"
_CGROUP = Path("/sys/fs/cgroup/cpu.max")


def usable_cores(quota: str = "") -> int:
    """Return how many cores this process may use; `quota` is the text of a cgroup's cpu.max."""
    # more threads than the container's quota make llama.cpp's barriers wait for each other
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    granted, _, period = quota.strip().partition(" ")
    if granted.isdigit() and period.isdigit() and int(period):
        cores = min(cores, max(1, int(granted) // int(period)))
    return cores


def threads(env: Mapping[str, str]) -> int:
    """Return the threads for local models: GENAIOPS_THREADS, else every usable core."""
    stated = positive(env, THREADS)
    return stated or usable_cores(_CGROUP.read_text("ascii") if _CGROUP.is_file() else "")


def positive(env: Mapping[str, str], name: str) -> int | None:
    """Return a positive whole number from the environment, None where it is not set."""
    text = env.get(name, "").strip()
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or not 0 < int(text) <= 10_000_000:
        raise UserError(
            "GAO-MODELS-005",
            f"{name}={text!r} is not a number that fits",
            why="it must be a whole number, 1 or more",
            fix=f"unset {name} or give it a number",
            where="environment",
        )
    return int(text)
