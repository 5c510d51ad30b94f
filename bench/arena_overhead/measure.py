"""What ARENA adds to an app that costs nothing: per case of a run, and of a verdict over 10,000 cases.

.venv/bin/python bench/arena_overhead/measure.py        writes bench/results/arena_overhead.json
"""

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from genaiops.arena.grid import lay_out
from genaiops.arena.model import Ruler, ScorerUse
from genaiops.arena.scorers import scorer_specs
from genaiops.core import Case, Score, digest_json

AGAIN = 7
ROOT = Path(__file__).resolve().parents[2]
PROJECT = """\
project: nothing
app: app:answer
suites:
  first:
    dataset: data/suite.jsonl
    scorers: [SCORERS]
    cluster_missing: own
    gate: {claims: [{scorer: exact_match, is: not_worse, margin: 0.05}]}
"""


def project(folder: Path, cases: int, scorers: str = "exact_match, answer_f1, contains, latency_ms") -> Path:
    """Make a project whose app returns a constant; its two arms differ by a comment."""
    (folder / "data").mkdir(parents=True)
    (folder / "app.py").write_text("def answer(question):\n    return 'yes'\n")
    (folder / "genaiops.yaml").write_text(PROJECT.replace("SCORERS", scorers))
    rows = (
        {"id": f"r{n}", "inputs": {"question": f"is {n}?"}, "expected": {"answers": ["yes"]}}
        for n in range(cases)
    )
    (folder / "data" / "suite.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    git = ["git", "-c", "user.name=b", "-c", "user.email=b@example.org", "-C", str(folder)]
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "one"]):
        subprocess.run([*git, *command], check=True)
    (folder / "app.py").write_text("def answer(question):\n    return 'yes'  # changed\n")
    return folder


def seconds(folder: Path) -> float:
    """Return how long one `arena run` takes."""
    own = {"GENAIOPS_CONFIG": f"{folder}.config", "GENAIOPS_CACHE": f"{folder}.cache"}
    own |= {"PYTHONDONTWRITEBYTECODE": ""}  # as where it is installed: compiled once
    began = time.perf_counter()
    command = [sys.executable, "-m", "genaiops", "arena", "run", "--quiet", "--jobs", "1"]
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, **own}, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise SystemExit(done.stderr)
    return time.perf_counter() - began


def runs(cases: int) -> dict[str, float]:
    """Measure a run of `cases`, and the same command again: the median of several."""
    with tempfile.TemporaryDirectory() as folder:
        made = project(Path(folder) / "p", cases)
        first, again = seconds(made), [seconds(made) for _ in range(AGAIN)]
    return {"first_s": round(first, 2), "again_s": round(median(again), 2), "fastest_s": round(min(again), 2)}


def grid_seconds(cases: int) -> float:
    """Measure laying out `cases` x 2 arms x the scorers that need no parameters."""
    uses = tuple(
        ScorerUse(name=name) for name in ("exact_match", "answer_f1", "contains", "latency_ms", "tokens")
    )
    bare = Ruler(name="b", dataset_digest=digest_json("b"), scorers=uses)
    names = list(scorer_specs(bare))
    rows = [Case(id=f"r{n}", inputs={}, cluster=f"r{n}") for n in range(cases)]
    scores = {
        role: [
            Score(scorer=name, case=row.id, repeat=0, value=1.0, status="ok")
            for row in rows
            for name in names
        ]
        for role in ("baseline", "candidate")
    }
    began = time.perf_counter()
    lay_out(bare, rows, scores)
    return round(time.perf_counter() - began, 3)


def main() -> None:
    """Measure and write the result."""
    cases = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    small, large = runs(100), runs(cases)
    result = {
        "cases": cases,
        "run_100": small,
        f"run_{cases}": large,
        "ms_per_answer": round((large["first_s"] - small["first_s"]) / (2 * (cases - 100)) * 1000, 3),
        "lay_out_5_scorers_s": grid_seconds(cases),
        "machine": {"cores": os.cpu_count(), "load": os.getloadavg(), "python": platform.python_version()},
    }
    (ROOT / "bench" / "results" / "arena_overhead.json").write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
