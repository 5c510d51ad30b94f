"""`arena lock` as a person uses it: lock, run, change, check, and the evidence for it."""

import json
import subprocess
from pathlib import Path

import pytest
from tests.support import plain_project
from tests.support.plain_project import ECHO, environment, genaiops, is_one_message
from tests.support.small_project import commit

pytestmark = pytest.mark.system


@pytest.fixture
def project(tmp_path: Path) -> Path:
    strict = plain_project.PROJECT.replace("gate: {", "gate: {require_lock: base, ")
    return plain_project.make(tmp_path / "p", project=strict)


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    return environment(tmp_path)


def run(project: Path, env: dict[str, str], *more: str) -> dict[str, object]:
    done = genaiops(project, env, "arena", "run", "--json", *more)
    assert done.returncode in (0, 1, 4), done.stderr
    return json.loads(done.stdout)


def locked(project: Path, env: dict[str, str], *more: str) -> subprocess.CompletedProcess[str]:
    return genaiops(project, env, "arena", "lock", *more)


def improve(project: Path, word: str = "shown") -> None:
    (project / "app.py").write_text(f"{ECHO}# {word}\n", encoding="utf-8")


@pytest.mark.proves("B-LOCK-STATE", "B-LOCK-SEED", "B-LOCK-TRIES")
def test_a_locked_suite_gives_a_verdict_that_states_its_lock_and_verifies(
    project: Path, env: dict[str, str]
) -> None:
    assert "first: locked" in locked(project, env).stdout
    commit(project, "Lock")
    improve(project)
    told = run(project, env)
    lock = json.loads((project / "genaiops.lock.json").read_text(encoding="utf-8"))
    assert (told["lock"], told["locked_at"]) == ("base", lock["suites"]["first"]["fixed"]["locked_at"])
    assert told["apps_on_dataset"] == 1
    verified = genaiops(project, env, "arena", "verify", str(told["evidence"]))
    assert verified.returncode == 0, verified.stdout
    improve(project, "again")
    assert run(project, env)["apps_on_dataset"] == 2


@pytest.mark.proves("B-BAD-LOCK-CHANGED", "B-LOCK-CHECK")
def test_rows_changed_after_the_lock_are_named_and_a_gate_that_needs_a_lock_lets_nothing_pass(
    project: Path, env: dict[str, str]
) -> None:
    locked(project, env)
    file = project / "data" / "suite.jsonl"
    file.write_text(file.read_text(encoding="utf-8").replace('["BETA"]', '["beta"]'), encoding="utf-8")
    commit(project, "Lock, and another row slipped in")
    improve(project)
    told = run(project, env)
    assert (told["lock"], told["outcome"]) == ("none", "inconclusive")
    assert any("changed 1 row (beta)" in text for text in told["warnings"])  # type: ignore[union-attr]
    checked = locked(project, env, "--check")
    assert checked.returncode == 1
    assert "first: changed" in checked.stdout
    assert locked(project, env).returncode == 0
    assert locked(project, env, "--check").returncode == 0


@pytest.mark.proves("B-BAD-LOCK-FILE")
def test_a_broken_lock_file_is_one_message(project: Path, env: dict[str, str]) -> None:
    (project / "genaiops.lock.json").write_text("{", encoding="utf-8")
    assert is_one_message(locked(project, env, "--check"), 2)
    assert is_one_message(locked(project, env), 2)
