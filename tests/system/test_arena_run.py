"""A change in a real repository, from `arena run` to evidence that verifies: the path, as a user walks it."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import jsonschema_rs
import pytest
from tests.support import small_project
from tests.support.killing import kept, kill_once_kept

ROOT = Path(__file__).resolve().parents[2]
GENAIOPS = [sys.executable, "-m", "genaiops"]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "cities").mkdir()
    return small_project.make(tmp_path / "cities")


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    own = {"GENAIOPS_CONFIG": str(tmp_path / "config"), "GENAIOPS_CACHE": str(tmp_path / "cache")}
    return {**os.environ, **own, "NO_COLOR": "1"}


def genaiops(project: Path, env: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*GENAIOPS, *arguments], cwd=project, env=env, capture_output=True, text=True, check=False
    )


def report(project: Path, env: dict[str, str], *arguments: str, status: int = 0) -> dict[str, object]:
    done = genaiops(project, env, "arena", "run", "--json", *arguments)
    assert done.returncode == status, done.stderr
    return json.loads(done.stdout)


def improve(project: Path) -> None:
    (project / "model.yaml").write_text(small_project.knowing(), encoding="utf-8")


@pytest.mark.proves("A-RUN-JSON", "A-BAD-DIRTY", "A-RULER", "A-SIGNED", "A-VERIFY", "A-LINEAGE")
def test_a_better_model_passes_and_its_evidence_verifies_down_to_the_scores(
    project: Path, env: dict[str, str]
) -> None:
    improve(project)
    told = report(project, env)
    schema = json.loads((ROOT / "schemas" / "arena_run.schema.json").read_text(encoding="utf-8"))
    jsonschema_rs.validate(schema, told)
    assert told["outcome"] == "pass"
    assert told["model_calls"] == 2 * 24
    bundle = Path(str(told["evidence"]))
    manifest = json.loads((bundle / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["arms"]["candidate"]["source"]["dirty"] is True
    assert manifest["gate_from"] == "baseline"
    verified = genaiops(project, env, "arena", "verify", str(bundle), "--json")
    assert verified.returncode == 0, verified.stdout
    assert [level["status"] for level in json.loads(verified.stdout)["levels"]] == ["passed"] * 3
    lineage = genaiops(project, env, "hub", "lineage", f"evidence/{told['run']}")
    for kind in ("prompt/answer", "corpus/docs", "index/docs", "dataset/qa", "suite/qa", "app/cities"):
        assert kind in lineage.stdout


@pytest.mark.proves("A-BAD-BUNDLE")
def test_evidence_with_a_changed_score_is_rejected_by_file(project: Path, env: dict[str, str]) -> None:
    improve(project)
    bundle = Path(str(report(project, env)["evidence"]))
    scores = bundle / "scores.jsonl"
    scores.chmod(0o644)
    scores.write_text(
        scores.read_text(encoding="utf-8").replace('"value":1', '"value":0', 1), encoding="utf-8"
    )
    verified = genaiops(project, env, "arena", "verify", str(bundle))
    assert verified.returncode == 1
    assert "scores.jsonl" in verified.stdout
    assert "REJECTED" in verified.stdout


@pytest.mark.proves("A-RULER")
def test_a_row_that_was_changed_is_judged_under_both_datasets_and_the_evidence_holds(
    project: Path, env: dict[str, str]
) -> None:
    improve(project)
    file = project / "data" / "qa.jsonl"
    first, rest = file.read_text(encoding="utf-8").split("\n", 1)
    row = json.loads(first)
    row["inputs"]["question"] += " Say it."
    file.write_text(json.dumps(row) + "\n" + rest, encoding="utf-8")
    told = report(project, env, status=4)
    bundle = Path(str(told["evidence"]))
    assert f"{row['id']}~changed" in (bundle / "other_cases.jsonl").read_text(encoding="utf-8")
    verified = genaiops(project, env, "arena", "verify", str(bundle), "--json")
    assert [level["status"] for level in json.loads(verified.stdout)["levels"]] == ["passed"] * 3


@pytest.mark.proves("A-UNCHANGED")
def test_a_second_run_shows_the_first_one_without_a_model_call(project: Path, env: dict[str, str]) -> None:
    improve(project)
    first = report(project, env)
    again = report(project, env)
    assert again["model_calls"] == 0
    assert again["claims"] == first["claims"]
    assert again["run"] == first["run"]


@pytest.mark.proves("A-UNCHANGED")
def test_with_nothing_changed_both_arms_share_their_answers(project: Path, env: dict[str, str]) -> None:
    told = report(project, env, status=4)
    assert told["model_calls"] == 24
    assert [claim["interval"]["estimate"] for claim in told["claims"]] == [0.0, 0.0]  # type: ignore[index,union-attr]
    assert report(project, env, status=4)["model_calls"] == 0


@pytest.mark.proves("A-RESUME")
def test_after_kill_9_no_finished_case_is_computed_again_and_the_verdict_is_the_same(
    project: Path, env: dict[str, str], tmp_path: Path
) -> None:
    slow = small_project.knowing().replace("\n    text:", "\n    latency: 0.05\n    text:")
    (project / "model.yaml").write_text(slow, encoding="utf-8")
    whole = tmp_path / "whole"
    shutil.copytree(project, whole, ignore=shutil.ignore_patterns(".genaiops"))
    before = kill_once_kept(project, env, 10)
    resumed = report(project, env)
    assert 10 <= before < 48
    assert resumed["model_calls"] == 48 - before
    uninterrupted = report(whole, env)
    assert resumed["claims"] == uninterrupted["claims"]
    assert resumed["outcome"] == uninterrupted["outcome"]


@pytest.mark.proves("A-RULER")
def test_a_change_that_softens_its_own_gate_is_judged_by_the_old_one_and_sent_to_review(
    project: Path, env: dict[str, str]
) -> None:
    improve(project)
    file = project / "genaiops.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("by: 0.05", "by: 0.01"), encoding="utf-8")
    told = report(project, env, status=4)
    assert told["gate_changed"] is True
    assert [claim["claim"]["bound"] for claim in told["claims"]] == [0.05, 0.05]  # type: ignore[index,union-attr]
    assert "gate changed" in str(told["headline"]).lower()


@pytest.mark.proves("A-BAD-LOCKFILES")
def test_lockfiles_that_nothing_can_install_are_refused_unless_one_environment_is_accepted_and_recorded(
    project: Path, env: dict[str, str]
) -> None:
    (project / "Pipfile.lock").write_text("one\n", encoding="utf-8")
    small_project.commit(project, "Lock")
    (project / "Pipfile.lock").write_text("two\n", encoding="utf-8")
    improve(project)
    refused = genaiops(project, env, "arena", "run")
    assert refused.returncode == 2
    assert "Pipfile.lock" in refused.stderr
    assert "--same-env" in refused.stderr
    told = report(project, env, "--same-env")
    manifest = json.loads((Path(str(told["evidence"])) / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["environment"]["same_env"] is True


@pytest.mark.proves("A-BAD-TWO-RUNS")
def test_a_second_run_at_once_is_told_who_is_running(project: Path, env: dict[str, str]) -> None:
    slow = small_project.NAIVE.replace("rules: []", "rules:\n  - {match: Question, text: slow, latency: 1}")
    (project / "model.yaml").write_text(slow, encoding="utf-8")
    first = subprocess.Popen(
        [*GENAIOPS, "arena", "run"],
        cwd=project,
        env=env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        database = project / ".genaiops" / "genaiops.db"
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and kept(database) < 1:
            time.sleep(0.02)
        second = genaiops(project, env, "arena", "run")
    finally:
        first.kill()
        first.wait()
    assert second.returncode in (2, 3)
    assert str(first.pid) in second.stderr
    assert "Traceback" not in second.stderr


@pytest.mark.proves("A-RESCORE")
def test_a_new_metric_is_computed_on_stored_outputs_without_a_model_call(
    project: Path, env: dict[str, str]
) -> None:
    improve(project)
    run = str(report(project, env)["run"])
    done = genaiops(project, env, "arena", "rescore", run, "--scorer", "exact_match", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["model_calls"] == 0
    assert told["comparisons"][0]["scorer"] == "exact_match"
    assert told["comparisons"][0]["candidate"]["mean"] == 1.0


@pytest.mark.proves("A-BAD-PROJECT-MISSING", "A-BAD-REF", "A-BAD-KEY", "A-BAD-SCORER")
def test_mistakes_end_with_status_2_and_a_way_out_and_never_with_a_traceback(
    project: Path, env: dict[str, str], tmp_path: Path
) -> None:
    file = project / "genaiops.yaml"
    good = file.read_text(encoding="utf-8")
    empty = tmp_path / "empty"
    empty.mkdir()
    attempts = [
        genaiops(empty, env, "arena", "run"),
        genaiops(project, env, "arena", "run", "--baseline", "nope"),
    ]
    for bad in (good.replace("params:", "parms:"), good.replace("- tokens\n", "- tokns\n")):
        file.write_text(bad, encoding="utf-8")
        attempts.append(genaiops(project, env, "arena", "run"))
    for attempt, word in zip(attempts, ("genaiops init", "main", "params", "tokens"), strict=True):
        assert attempt.returncode == 2, attempt.stderr
        assert word in attempt.stderr
        assert "Traceback" not in attempt.stderr


@pytest.mark.proves("A-BAD-CONTROLS")
def test_control_sequences_of_an_answer_never_reach_the_terminal(project: Path, env: dict[str, str]) -> None:
    evil = small_project.NAIVE.replace("I believe it is Atlantis.", '"\\e]0;owned\\a\\e[31mred\\e[0m"')
    (project / "model.yaml").write_text(evil, encoding="utf-8")
    shown = genaiops(project, env, "arena", "run")
    cases = genaiops(project, env, "arena", "cases", "--all")
    asked = genaiops(project, env, "ask", "Oslo?")
    for output in (shown.stdout, cases.stdout, asked.stdout):
        assert "\x1b" not in output
        assert "\x07" not in output
    assert "red" in cases.stdout


@pytest.mark.proves("A-ASK")
def test_ask_shows_the_answer_with_passages_cost_and_trace(project: Path, env: dict[str, str]) -> None:
    improve(project)
    done = genaiops(project, env, "ask", "Oslo is the capital of which country?", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["output"]["text"] == "Norway"
    assert told["output"]["passages"][0]["document"] == "oslo.md" or told["output"]["passages"]
    assert told["output"]["cost_nanousd"] > 0
    assert {span["operation"] for span in told["trace"]["spans"]} >= {"invoke_agent", "retrieval", "chat"}
