"""The same for GitLab: the job that measures and the scheduled job that reports, by their own scripts.

The API is a stand-in on loopback; git, the scripts and the evidence are real.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from tests.support import small_project
from tests.support.fake_gitlab import TOKEN, GitLab, serving
from tests.support.small_project import commit, git

from genaiops.blueprints import ci_files

pytestmark = pytest.mark.long


@pytest.fixture
def work(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    small_project.make(folder)
    for name, text in ci_files("gitlab").items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    commit(folder, "Measure merge requests")
    git(tmp_path, "init", "-q", "--bare", "-b", "main", str(tmp_path / "origin.git"))
    git(folder, "remote", "add", "origin", str(tmp_path / "origin.git"))
    git(folder, "push", "-q", "origin", "main")
    return folder


def job(folder: Path, script: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a job's script in a fresh clone, with our `genaiops` on the path."""
    programs = folder.parent / f"bin-{folder.name}"
    programs.mkdir(exist_ok=True)
    (programs / "genaiops").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m genaiops "$@"\n', "utf-8")
    (programs / "genaiops").chmod(0o755)
    path = f"{programs}:{os.environ['PATH']}"
    return subprocess.run(
        ["bash", f".gitlab/arena/{script}"],
        cwd=folder,
        env={**os.environ, "PATH": path, "NO_COLOR": "1", **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def clone(work: Path, name: str, ref: str) -> Path:
    folder = work.parent / name
    shutil.rmtree(folder, ignore_errors=True)
    git(work.parent, "clone", "-q", str(work.parent / "origin.git"), str(folder))
    git(folder, "fetch", "-q", "origin", "+refs/merge-requests/*:refs/remotes/mr/*")
    git(folder, "checkout", "-q", ref)
    return folder


def merge_request(work: Path, gitlab: GitLab) -> str:
    """Push what changed as merge request 7, measure it on a stranger's runner, and return its head."""
    git(work, "checkout", "-q", "-B", "change")
    commit(work, "A change")
    git(work, "push", "-q", "--force", "origin", "HEAD:refs/merge-requests/7/head")
    head = git(work, "rev-parse", "HEAD").strip()
    folder = clone(work, "measuring", head)
    strangers = str(work.parent / "strangers")
    done = job(folder, "measure.sh", BASE="origin/main", WEIGHTS="", GENAIOPS_CONFIG=strangers)
    assert done.returncode == 0, done.stdout + done.stderr
    gitlab.evidence = folder / "arena-evidence"
    pipeline = {"id": 5, "sha": head, "project_id": 1}
    gitlab.request = {"iid": 7, "sha": head, "target_branch": "main", "head_pipeline": pipeline}
    return head


def report(work: Path, gitlab: GitLab) -> str:
    with serving(gitlab) as address:
        done = job(
            clone(work, "reporting", "main"),
            "report.sh",
            CI_API_V4_URL=address,
            CI_PROJECT_ID="1",
            ARENA_TOKEN=TOKEN,
            GENAIOPS_CONFIG=str(work.parent / "ours"),
        )
    assert done.returncode == 0, done.stdout + done.stderr
    assert TOKEN not in done.stdout + done.stderr
    assert gitlab.refused == 0
    return done.stdout


@pytest.mark.proves("B-CI-GITLAB")
def test_a_merge_request_is_reported_once_a_push_and_in_one_note(work: Path) -> None:
    gitlab = GitLab()
    (work / "model.yaml").write_text(small_project.knowing(), "utf-8")
    first = merge_request(work, gitlab)
    report(work, gitlab)
    assert "## ✓ Pass" in gitlab.notes[0]["body"]
    assert [(one["sha"], one["state"], one["name"]) for one in gitlab.statuses] == [
        (first, "success", "arena")
    ]
    assert report(work, gitlab) == "", "what is reported is left alone"

    (work / "model.yaml").write_text(small_project.NAIVE + "\n", "utf-8")
    second = merge_request(work, gitlab)
    report(work, gitlab)
    assert len(gitlab.notes) == 1
    assert "Pass" not in gitlab.notes[0]["body"]
    assert (gitlab.statuses[-1]["sha"], gitlab.statuses[-1]["state"]) == (second, "pending")


@pytest.mark.proves("B-CI-GITLAB", "B-BAD-CI-EVIDENCE")
def test_evidence_of_another_change_is_refused_and_so_is_none(work: Path) -> None:
    gitlab = GitLab()
    (work / "model.yaml").write_text(small_project.knowing(), "utf-8")
    merge_request(work, gitlab)
    good = shutil.copytree(gitlab.evidence or work, work.parent / "good")
    (work / "app.py").write_text(small_project.APP + "\n# something else\n", "utf-8")
    merge_request(work, gitlab)
    gitlab.evidence = good
    report(work, gitlab)
    assert gitlab.statuses[-1]["state"] == "failed"
    gitlab.statuses.clear()
    gitlab.evidence = None
    report(work, gitlab)
    assert gitlab.statuses[-1]["state"] == "failed"
    assert "no evidence" in gitlab.notes[0]["body"]


def test_the_measuring_job_needs_no_secret_and_only_a_schedule_reports() -> None:
    jobs = yaml.safe_load(ci_files("gitlab")[".gitlab/arena.gitlab-ci.yml"])
    assert "TOKEN" not in str(jobs["arena-measure"])
    assert [rule["if"] for rule in jobs["arena-report"]["rules"]] == [
        '$CI_PIPELINE_SOURCE == "schedule" && $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH'
    ]
