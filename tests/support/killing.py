"""A run that is killed outright once it has kept some answers."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path


def kill_once_kept(project: Path, env: dict[str, str], answers: int, *arguments: str) -> int:
    """Start `arena run` one answer at a time, kill its group at so many, and return how many were kept."""
    running = subprocess.Popen(
        [sys.executable, "-m", "genaiops", "arena", "run", "--jobs", "1", *arguments],
        cwd=project,
        env=env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    database = project / ".genaiops" / "genaiops.db"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and kept(database) < answers:
        time.sleep(0.02)  # between two looks at what another process writes
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    return kept(database)


def kept(database: Path) -> int:
    """Return how many answers a store holds; none where it is not made yet."""
    if not database.exists():
        return 0
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    try:
        return int(connection.execute("select count(*) from arena_outputs").fetchone()[0])
    except sqlite3.OperationalError:
        return 0
    finally:
        connection.close()
