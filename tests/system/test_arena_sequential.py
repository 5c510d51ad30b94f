"""`arena run --sequential` and `arena plan` in a real repository, as a user meets them."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import jsonschema_rs
import pytest
from tests.support import small_project
from tests.support.killing import kill_once_kept

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
        [*GENAIOPS, "arena", *arguments], cwd=project, env=env, capture_output=True, text=True, check=False
    )


def told(project: Path, env: dict[str, str], *arguments: str, status: int = 0):
    done = genaiops(project, env, *arguments, "--json")
    assert done.returncode == status, done.stderr
    return json.loads(done.stdout)


def improve(project: Path) -> None:
    (project / "model.yaml").write_text(small_project.knowing(), encoding="utf-8")


def schema(name: str) -> object:
    return json.loads((ROOT / "schemas" / f"{name}.schema.json").read_text(encoding="utf-8"))


@pytest.mark.proves("B-SEQUENTIAL", "B-SEQUENTIAL-VERIFY")
def test_a_clear_change_asks_a_part_of_the_suite_and_its_evidence_verifies_as_such(
    project: Path, env: dict[str, str]
) -> None:
    improve(project)
    run = told(project, env, "run", "--sequential")
    jsonschema_rs.validate(schema("arena_run"), run)
    assert run["outcome"] == "pass"
    assert run["sequential"]["stopped"] == "decided"
    assert run["sequential"]["cases"] == 20
    assert run["model_calls"] == 40
    bundle = Path(run["evidence"])
    manifest = json.loads((bundle / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["looks"] == {"clusters": [8, 10, 12], "spending": "obrien_fleming"}
    assert len(manifest["order"]) == 20
    assert len((bundle / "cases.jsonl").read_text(encoding="utf-8").splitlines()) == 24
    verified = told(project, env, "verify", str(bundle))
    assert [level["status"] for level in verified["levels"]] == ["passed"] * 3
    shown = " ".join(genaiops(project, env, "show").stdout.split())  # a narrow terminal breaks the line
    assert "stopped early, every claim is decided, at look 2 of 3; 20 cases asked, 4 saved" in shown
    again = told(project, env, "rescore", str(run["run"]), "--scorer", "exact_match")["comparisons"][0]
    assert (again["candidate"]["n"], again["candidate"]["missing"]) == (20, 0), "unasked is not missing"
    page = (bundle / "report.html").read_text(encoding="utf-8")
    assert "Sequential: stopped early" in page
    assert "4 of them not asked" in page


@pytest.mark.proves("B-SEQUENTIAL")
def test_the_first_complete_run_decides_whether_it_was_sequential_or_not(
    project: Path, env: dict[str, str]
) -> None:
    improve(project)
    first = told(project, env, "run", "--sequential")
    again = genaiops(project, env, "run", "--json")
    assert json.loads(again.stdout)["claims"] == first["claims"]
    assert json.loads(again.stdout)["model_calls"] == 0
    assert "decided before, sequentially" in again.stderr


@pytest.mark.proves("B-SEQUENTIAL-RESUME")
def test_after_kill_9_a_sequential_run_goes_on_and_stops_where_it_would_have(
    project: Path, env: dict[str, str], tmp_path: Path
) -> None:
    slow = small_project.knowing().replace("\n    text:", "\n    latency: 0.05\n    text:")
    (project / "model.yaml").write_text(slow, encoding="utf-8")
    whole = tmp_path / "whole"
    shutil.copytree(project, whole, ignore=shutil.ignore_patterns(".genaiops"))
    before = kill_once_kept(project, env, 6, "--sequential")
    assert 6 <= before < 40
    resumed = told(project, env, "run", "--sequential")
    assert resumed["model_calls"] == 40 - before
    uninterrupted = told(whole, env, "run", "--sequential")
    assert resumed["claims"] == uninterrupted["claims"]
    assert resumed["sequential"] == uninterrupted["sequential"]


@pytest.mark.proves("B-BAD-SEQUENTIAL-ONCE")
def test_a_suite_that_changed_is_asked_whole_and_the_reason_is_said(
    project: Path, env: dict[str, str]
) -> None:
    improve(project)
    file = project / "genaiops.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("by: 0.05", "by: 0.01"), encoding="utf-8")
    run = told(project, env, "run", "--sequential", status=4)
    assert run["sequential"] is None
    assert run["model_calls"] == 48
    assert any("run in one look: the suite changed" in text for text in run["warnings"])


@pytest.mark.proves("B-PLAN", "B-PLAN-NO-CALL")
def test_a_plan_imports_no_app_calls_no_model_and_says_what_the_run_then_takes(
    project: Path, env: dict[str, str], tmp_path: Path
) -> None:
    improve(project)
    app = project / "app.py"
    touched = tmp_path / "imported"
    app.write_text(
        f"open({str(touched)!r}, 'w').close()\n" + app.read_text(encoding="utf-8"), encoding="utf-8"
    )
    small_project.commit(project, "An app that leaves a mark")
    (project / "model.yaml").write_text(small_project.knowing() + "# more\n", encoding="utf-8")
    plan = told(project, env, "plan")
    jsonschema_rs.validate(schema("arena_plan"), plan)
    assert not touched.exists()
    assert (plan["cases"], plan["clusters"], plan["g_eff"]) == (24, 12, 12.0)
    assert plan["effort"]["answers"] == 48
    assert "assumed 1 call of 1,000 tokens in" in plan["effort"]["assumptions"][0]
    assert plan["effort"]["cost_usd"] == pytest.approx(48 * (1_000 * 1.0 + 150 * 2.0) / 1e6)
    run = told(project, env, "run", status=4)
    assert touched.exists()
    assert run["model_calls"] == plan["effort"]["calls"]
    after = told(project, env, "plan")
    assert after["decided_by"] == run["run"]
    assert after["effort"]["answers"] == 0
    (project / "model.yaml").write_text(small_project.knowing() + "# still more\n", encoding="utf-8")
    next_one = told(project, env, "plan")
    assert next_one["effort"]["answers"] == 24, "the baseline's answers are there"
    assert f"as the candidate of run {run['run']}" in next_one["effort"]["assumptions"][0]
    assert genaiops(project, env, "plan").stdout.startswith("cities · suite qa · 24 cases in 12 clusters")


@pytest.mark.proves("B-BAD-UNDECIDABLE", "B-BAD-BARE-RULE")
def test_a_plan_warns_of_a_suite_that_cannot_decide_and_of_a_rule_that_reads_luck(
    project: Path, env: dict[str, str]
) -> None:
    file = project / "genaiops.yaml"
    text = file.read_text(encoding="utf-8") + "      rules: [candidate.answer_f1.mean >= 0.8]\n"
    file.write_text(text, encoding="utf-8")
    small_project.commit(project, "A rule")
    improve(project)
    said = "\n".join(told(project, env, "plan")["warnings"])
    assert "answer_f1 falls by less than 0.05: planned for a truth 0.05 beyond the bound" in said
    assert "reads candidate.answer_f1.mean, an estimate that is partly luck" in said
