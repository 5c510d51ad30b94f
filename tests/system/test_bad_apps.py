"""One run over an app that misbehaves in every way: each case ends by itself, and the run has a verdict."""

import json
import os
import subprocess
from typing import Any

import pytest
from tests.support import plain_project

WILD = """\
import os, subprocess, sys, time


def answer(question):
    if question == "alpha":
        raise ValueError("no \\x1b[31malpha\\x1b[0m here")
    if question == "beta":
        time.sleep(600)
    if question == "gamma":
        return 42
    if question == "delta":
        for _ in range(200):
            print("x" * 50_000)
            sys.stderr.write("y" * 50_000)
    if question == "epsilon":
        if os.fork() == 0:
            time.sleep(600)
        subprocess.Popen(["sleep", "600.SECONDS"])
    if question == "zeta":
        os._exit(7)
    if question == "eta":
        os.write(1, b"\\x1b]0;owned\\x07")
        return "\\x1b]0;owned\\x07" + question.upper()
    return question.upper()
"""


@pytest.fixture(scope="module")
def ended(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[subprocess.CompletedProcess[str], dict[str, Any]]:
    folder = tmp_path_factory.mktemp("wild")
    project = plain_project.make(folder / "project")
    (project / "app.py").write_text(WILD.replace("SECONDS", str(os.getpid())), encoding="utf-8")
    env = plain_project.environment(folder)
    done = plain_project.genaiops(project, env, "arena", "run", "--timeout", "3")
    [bundle] = (project / ".genaiops" / "evidence").glob("[0-9a-f]*")
    lines = (bundle / "outputs.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    return done, {row["case"]: row["output"] for row in rows if row["role"] == "candidate"}


def test_a_candidate_that_breaks_is_refused_with_what_happened(ended) -> None:
    done, outputs = ended
    assert done.returncode in (1, 4), done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert "\x1b" not in done.stdout + done.stderr
    assert len(outputs) == len(plain_project.WORDS)
    assert (
        "4 of 10 answers of the candidate ended" in done.stdout.replace("\n", " ")
        or "app_error" in done.stdout
    )


@pytest.mark.proves("A-BAD-APP-RAISES")
def test_an_app_that_raises_has_its_reason_in_the_output(ended) -> None:
    assert ended[1]["alpha"]["status"] == "app_error"
    assert "ValueError: no alpha here" in ended[1]["alpha"]["error"]


@pytest.mark.proves("A-BAD-APP-HANGS")
def test_an_app_that_hangs_is_stopped_at_its_deadline(ended) -> None:
    assert ended[1]["beta"]["status"] == "timeout"
    assert "within 3 s" in ended[1]["beta"]["error"]


@pytest.mark.proves("A-BAD-APP-TYPE")
def test_an_app_that_returns_something_else_is_told_what_fits(ended) -> None:
    assert ended[1]["gamma"]["status"] == "app_error"
    assert "int" in ended[1]["gamma"]["error"]


@pytest.mark.proves("A-BAD-APP-PRINTS")
def test_an_app_that_prints_megabytes_answers_all_the_same(ended) -> None:
    assert ended[1]["delta"]["text"] == "DELTA"


@pytest.mark.proves("A-BAD-APP-FORKS")
def test_what_an_app_forks_is_gone_when_the_run_is(ended) -> None:
    assert ended[1]["epsilon"]["text"] == "EPSILON"
    running = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert f"sleep 600.{os.getpid()}" not in running


def test_an_app_that_ends_its_process_costs_one_case(ended) -> None:
    assert ended[1]["zeta"]["status"] == "app_error"
    assert "status 7" in ended[1]["zeta"]["error"]
    assert ended[1]["theta"]["text"] == "THETA"
