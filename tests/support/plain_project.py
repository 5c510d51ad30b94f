"""The smallest real project: one function without `ctx`, a few rows, a gate; in a repository of its own."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.support.small_project import commit, git

ECHO = "def answer(question):\n    return question.upper()\n"
PROJECT = """\
project: plain
app: app:answer
suites:
  first:
    dataset: data/suite.jsonl
    scorers: [exact_match, latency_ms]
    cluster_missing: own
    gate: {claims: [{scorer: exact_match, is: not_worse, margin: 0.05}]}
"""
WORDS = ("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa")


def rows(expected: Callable[[str], str] = str.upper) -> str:
    """Return a dataset: each word is asked, and expected in capitals."""
    return "".join(
        json.dumps({"id": word, "inputs": {"question": word}, "expected": {"answers": [expected(word)]}})
        + "\n"
        for word in WORDS
    )


def make(folder: Path, app: str = ECHO, project: str = PROJECT, **files: str) -> Path:
    """Write the project and commit it."""
    named = {"app.py": app, "genaiops.yaml": project, "data/suite.jsonl": rows(), **files}
    for name, text in named.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    git(folder, "init", "-q", "-b", "main")
    commit(folder, "Baseline")
    return folder


def environment(folder: Path, **more: str) -> dict[str, str]:
    """Return an environment whose configuration and cache lie in `folder`."""
    own = {"GENAIOPS_CONFIG": str(folder / "config"), "GENAIOPS_CACHE": str(folder / "cache")}
    return {**os.environ, **own, "NO_COLOR": "1", **more}


def genaiops(
    project: Path,
    env: dict[str, str],
    *arguments: str,
    before: Callable[[], None] | None = None,
    seconds: float = 120,
) -> subprocess.CompletedProcess[str]:
    """Run the command in `project`; `before` runs in the child first."""
    return subprocess.run(
        [sys.executable, "-m", "genaiops", *arguments],
        cwd=project,
        env=env,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        timeout=seconds,
        preexec_fn=before,
    )


def is_one_message(done: subprocess.CompletedProcess[str], status: int) -> bool:
    """Say whether a command ended as a mistake should: its status, one coded message, the way out."""
    said = done.stderr
    return (
        done.returncode == status
        and len(re.findall("^GAO-", said, re.MULTILINE)) == 1
        and "fix:" in said
        and "Traceback" not in said
        and not done.stdout.strip()
    )
