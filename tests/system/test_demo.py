"""The demonstration with the real model: from an empty folder to a verdict, then a change that is refused."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from genaiops.models import Weights

GENAIOPS = [sys.executable, "-m", "genaiops"]


@pytest.fixture(scope="module")
def demo(
    tmp_path_factory: pytest.TempPathFactory, weights: Weights
) -> tuple[Path, dict[str, str], dict[str, object]]:
    folder = tmp_path_factory.mktemp("demo")
    env = {**os.environ, "GENAIOPS_CONFIG": str(folder / "config"), "NO_COLOR": "1"}
    done = _demo(folder, env)
    return folder, env, json.loads(done.stdout)


def _demo(folder: Path, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [*GENAIOPS, "demo", "--json"], cwd=folder, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done


@pytest.mark.proves("A-FIRST-VERDICT")
def test_from_an_empty_folder_to_a_verdict_that_passes_and_a_worse_change_that_fails(demo) -> None:
    _, _, told = demo
    outcomes = {name: verdict["outcome"] for name, verdict in told["verdicts"].items()}
    assert outcomes == {
        "production against naive": "pass",
        "production against honest": "pass",
        "worse change": "fail",
    }


@pytest.mark.proves("A-FEWER-WRONG")
def test_the_production_form_is_wrong_less_often_and_right_no_less_often_than_both_naive_forms(demo) -> None:
    _, _, told = demo
    forms = told["forms"]
    assert all(sum(counts.values()) == 40 for counts in forms.values())
    for naive in ("naive", "honest"):
        assert forms["production"]["wrong"] <= forms[naive]["wrong"] - 10
        assert forms["production"]["correct"] >= forms[naive]["correct"]


@pytest.mark.proves("A-UNCHANGED", "A-FIRST-VERDICT")
def test_the_demonstration_again_makes_no_model_call(demo) -> None:
    folder, env, told = demo
    again = json.loads(_demo(folder, env).stdout)
    assert {verdict["model_calls"] for verdict in again["verdicts"].values()} == {0}
    assert again["forms"] == told["forms"]


@pytest.mark.proves("A-VERIFY")
def test_the_evidence_of_the_demonstration_verifies_down_to_the_scores(demo) -> None:
    folder, env, told = demo
    bundle = folder / told["verdicts"]["production against naive"]["evidence"]
    done = subprocess.run(
        [*GENAIOPS, "arena", "verify", str(bundle), "--json"],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert [level["status"] for level in json.loads(done.stdout)["levels"]] == ["passed"] * 3
    assert (bundle / "report.html").stat().st_size < 2_000_000


@pytest.mark.proves("A-NEW", "A-ASK")
def test_the_project_answers_with_a_citation_that_stands_in_its_passage(demo) -> None:
    folder, env, _ = demo
    question = "What brand of car is manufactured in Broadmeadows?"
    done = subprocess.run(
        [*GENAIOPS, "ask", question, "--json"],
        cwd=folder / "genaiops-demo",
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    output = json.loads(done.stdout)["output"]
    passages = {passage["id"]: passage["text"] for passage in output["passages"]}
    assert output["abstained"] or all(
        cited["quote"] in passages[cited["passage"]] for cited in output["citations"]
    )
    assert output["signals"]["support"] > 0
