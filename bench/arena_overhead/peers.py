"""What a harness adds to an answer that costs nothing: ours beside inspect_ai's and promptfoo's.

    make peers                                               installs both peers below .peers
    python -m bench.arena_overhead.peers                     writes bench/results/arena_peers.json

The same rows, an app that returns a constant, one exact match. Each command is timed whole at two sizes, in
turns, several times; the slope of the medians is what an answer costs, the rest is the start. Processor time
is told beside it, since other work on the machine disturbs it less.
"""

import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from typing import Any

from bench.arena_overhead.measure import project

ROOT = Path(__file__).resolve().parents[2]
PEERS = ROOT / ".peers"
SIZES = (200, 1200)
REPEATS = 3

INSPECT = """\
import sys
from inspect_ai import Task, eval
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import ModelOutput
from inspect_ai.scorer import exact
from inspect_ai.solver import Generate, TaskState, solver


@solver
def constant():
    async def solve(state: TaskState, generate: Generate) -> TaskState:
        state.output = ModelOutput.from_content("constant", "yes")
        return state

    return solve


rows = [Sample(input=f"is {n}?", target="yes") for n in range(int(sys.argv[1]))]
more = {"log_samples": False, "log_realtime": False} if sys.argv[2:] else {}
task = Task(dataset=MemoryDataset(rows), solver=constant(), scorer=exact())
(log,) = eval(task, model="mockllm/model", display="none", log_dir="logs", **more)
assert log.status == "success" and log.results.scores[0].metrics["mean"].value == 1.0
"""
PROVIDER = """\
module.exports = class {
  id() { return 'constant'; }
  async callApi() { return { output: 'yes' }; }
};
"""
QUIET = ("--no-cache", "--no-share", "--no-table", "--no-progress-bar")
PROMPTFOO = {
    f"PROMPTFOO_DISABLE_{what}": "1" for what in ("TELEMETRY", "UPDATE", "REMOTE_GENERATION", "SHARING")
}


Taken = dict[str, dict[int, list[tuple[float, float]]]]
"""Seconds by the clock and of the processor, by what was measured and the number of cases."""


def write_ours(folder: Path, cases: int) -> None:
    """Write a project whose arms differ by a comment: each case is answered twice."""
    project(folder, cases, "exact_match")


def write_promptfoo(folder: Path, cases: int) -> None:
    """Write a configuration with a provider of its own."""
    folder.mkdir(parents=True)
    (folder / "provider.js").write_text(PROVIDER)
    tests = [
        {"vars": {"question": f"is {n}?"}, "assert": [{"type": "equals", "value": "yes"}]}
        for n in range(cases)
    ]
    config = {"prompts": ["{{question}}"], "providers": ["file://provider.js"], "tests": tests}
    (folder / "config.json").write_text(json.dumps(config))


def write_inspect(folder: Path, cases: int) -> None:
    """Write the task; how many rows it has is its argument."""
    folder.mkdir(parents=True)
    (folder / "task.py").write_text(INSPECT)


def commands(cases: int) -> dict[str, tuple[str, list[str]]]:
    """Return, by what is measured, its folder and its command."""
    arena = [sys.executable, "-m", "genaiops", "arena", "run", "--quiet"]
    task = [str(PEERS / "inspect" / "bin" / "python"), "task.py", str(cases)]
    foo = [str(PEERS / "promptfoo" / "node_modules" / ".bin" / "promptfoo"), "eval", "-c", "config.json"]
    return {
        "ours, --jobs 1": ("ours", [*arena, "--jobs", "1"]),
        "ours, as it comes": ("ours", arena),
        "inspect_ai, as it comes": ("inspect", task),
        "inspect_ai, samples not logged": ("inspect", [*task, "reduced"]),
        "promptfoo, as it comes": ("promptfoo", [*foo, *QUIET]),
        "promptfoo, 32 at once": ("promptfoo", [*foo, *QUIET, "-j", "32"]),
        "promptfoo, 32 at once, nothing written": ("promptfoo", [*foo, *QUIET, "-j", "32", "--no-write"]),
    }


WRITERS = {"ours": write_ours, "inspect": write_inspect, "promptfoo": write_promptfoo}


def seconds(what: str, cases: int) -> tuple[float, float]:
    """Return how long one command takes in a new folder, by the clock and in processor time."""
    kind, command = commands(cases)[what]
    folder = Path(tempfile.mkdtemp(prefix="genaiops-peers-"))
    try:
        WRITERS[kind](folder / "p", cases)
        own = {"GENAIOPS_CONFIG": f"{folder}/config", "GENAIOPS_CACHE": f"{folder}/cache"}
        own |= {**PROMPTFOO, "PROMPTFOO_CONFIG_DIR": f"{folder}/promptfoo"}
        own |= {"PYTHONDONTWRITEBYTECODE": ""}  # as where it is installed: compiled once
        began, used = time.perf_counter(), _used()
        done = subprocess.run(
            command,
            cwd=folder / "p",
            env={**os.environ, **own},
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        took = time.perf_counter() - began, _used() - used
        if done.returncode != 0:
            raise SystemExit(f"{what}: {done.stderr[-2000:]}{done.stdout[-2000:]}")
        return took
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _used() -> float:
    children = getrusage(RUSAGE_CHILDREN)
    return children.ru_utime + children.ru_stime


def versions() -> dict[str, str]:
    """Return what was measured, and on what."""
    asked = [
        str(PEERS / "inspect" / "bin" / "python"),
        "-c",
        "import inspect_ai; print(inspect_ai.__version__)",
    ]
    inspect = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
    package = PEERS / "promptfoo" / "node_modules" / "promptfoo" / "package.json"
    node = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    return {
        "genaiops": version("genaiops"),
        "inspect_ai": inspect,
        "promptfoo": json.loads(package.read_text())["version"],
        "node": node,
        "python": platform.python_version(),
        "numpy": version("numpy"),
    }


def summary(what: str, taken: dict[int, list[tuple[float, float]]]) -> dict[str, Any]:
    """Return the cost of an answer and of the start, from the medians of both sizes."""
    answers = 2 if what.startswith("ours") else 1
    found: dict[str, Any] = {"answers_per_case": answers}
    for at, kind in enumerate(("wall", "cpu")):
        small, large = (statistics.median(one[at] for one in taken[cases]) for cases in SIZES)
        each = (large - small) / (answers * (SIZES[1] - SIZES[0]))
        found[f"{kind}_ms_per_answer"] = round(1000 * each, 3)
        found[f"{kind}_start_s"] = round(small - each * answers * SIZES[0], 2)
    found["seconds"] = {
        str(cases): [[round(part, 3) for part in one] for one in some] for cases, some in taken.items()
    }
    return found


def main() -> None:
    """Measure everything in turns, so that a slow minute of the machine falls on all."""
    names = list(commands(0))
    taken: Taken = {name: {cases: [] for cases in SIZES} for name in names}
    before = os.getloadavg()
    for repeat in range(REPEATS):
        for cases in SIZES:
            for name in names:
                taken[name][cases].append(seconds(name, cases))
                wall, cpu = taken[name][cases][-1]
                print(f"{repeat + 1}/{REPEATS} {cases:5} {wall:7.2f} s, cpu {cpu:7.2f} s  {name}", flush=True)
        write(taken, repeat + 1, before)


def write(taken: Taken, repeats: int, before: tuple[float, ...]) -> None:
    """Write what was measured so far."""
    result = {
        "question": "what a harness adds to an answer that costs nothing, beside its peers",
        "sizes": SIZES,
        "repeats": repeats,
        "measured": {name: summary(name, some) for name, some in taken.items()},
        "machine": {
            "cores": os.cpu_count(),
            "load_before": before,
            "load_after": os.getloadavg(),
            "python": platform.python_version(),
            "versions": versions(),
        },
    }
    (ROOT / "bench" / "results" / "arena_peers.json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
