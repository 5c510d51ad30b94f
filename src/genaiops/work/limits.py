"""How much a child process may use, and its own launcher's command line."""

import os
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

_LAUNCHER = Path(__file__).with_name("launch.py")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Limits of one process (rlimits: each of its children has the same ones anew). None: as the parent.

    `memory_bytes` counts what the process writes to (heap, stacks), not files it maps. `processes` is how
    many processes and threads may be added to those that run on the machine; root is exempt from it.
    """

    memory_bytes: int | None = 4 << 30
    cpu_seconds: int | None = None
    open_files: int | None = 1024
    processes: int | None = 512
    file_bytes: int | None = 1 << 30


def limited(argv: Sequence[str], limits: Limits) -> list[str]:
    """Return the command that applies `limits` to itself, then becomes `argv`."""
    # a launcher, not `preexec_fn`: Python between fork and exec deadlocks where the parent has threads
    wanted = ",".join(f"{name}={value}" for name, value in asdict(limits).items() if value is not None)
    return [sys.executable, "-I", "-S", str(_LAUNCHER), wanted, str(os.getpid()), *argv]
