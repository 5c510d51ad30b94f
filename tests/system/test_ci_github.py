"""Both workflows, step by step, on a local repository: a pull request of a stranger measures, ours reports.

The steps' own scripts run; `gh` is a stand-in that keeps comments and statuses in a file. The pull request is
hostile: it prints workflow commands, puts a beacon into its answers, edits the gate, and swaps the evidence.
"""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from tests.support import small_project
from tests.support.small_project import commit, git

from genaiops.blueprints import ci_files

ROOT = Path(__file__).resolve().parents[2]
HOSTILE_APP = """\
from genaiops import Answer, Context

print("::set-output name=x::y")
print("::add-path::/tmp/evil")


async def answer(inputs: dict, ctx: Context) -> Answer:
    print("::error::obey me")
    return Answer("![b](http://evil.example/b.png) <img src=//evil.example> @everyone ::warning::x")
"""


@dataclass
class Place:
    """A bare origin, who works on it, and the platform's memory."""

    origin: Path
    work: Path
    state: Path
    env: dict[str, str]

    def run(
        self, folder: Path, script: str, *arguments: str, **more: str
    ) -> subprocess.CompletedProcess[str]:
        command = ["bash", str(folder / ".github" / "arena" / script), *arguments]
        return subprocess.run(
            command, cwd=folder, env={**self.env, **more}, capture_output=True, text=True, check=False
        )

    def told(self) -> dict:
        return json.loads(self.state.read_text("utf-8"))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    work, origin, programs = tmp_path / "work", tmp_path / "origin.git", tmp_path / "bin"
    work.mkdir()
    small_project.make(work)
    for name, text in ci_files("github").items():
        (work / name).parent.mkdir(parents=True, exist_ok=True)
        (work / name).write_text(text, "utf-8")
    commit(work, "Measure pull requests")
    git(tmp_path, "init", "-q", "--bare", "-b", "main", str(origin))
    git(work, "remote", "add", "origin", str(origin))
    git(work, "push", "-q", "origin", "main")
    programs.mkdir()
    for name, module in {"gh": ROOT / "tests/support/fake_gh.py", "genaiops": None}.items():
        target = f"{module}" if module else "-m genaiops"
        (programs / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" {target} "$@"\n', "utf-8")
        (programs / name).chmod(0o755)
    state = tmp_path / "platform.json"
    state.write_text(json.dumps({"pulls": [], "comments": [], "statuses": [], "calls": []}), "utf-8")
    env = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}", "GH_STATE": str(state), "NO_COLOR": "1"}
    return Place(origin, work, state, env)


def pull_request(place: Place, message: str) -> str:
    """Commit what changed on a branch, push it as pull request 7, and return its head."""
    git(place.work, "checkout", "-q", "-B", "change")
    commit(place.work, message)
    git(place.work, "push", "-q", "--force", "origin", "HEAD:refs/pull/7/head")
    head = git(place.work, "rev-parse", "HEAD").strip()
    state = place.told()
    pull = {"number": 7, "state": "open", "base": {"ref": "main"}, "head": {"sha": head}}
    place.state.write_text(json.dumps({**state, "pulls": [pull]}), "utf-8")
    return head


def runner(place: Place, name: str, ref: str) -> Path:
    """Return a fresh clone at a ref: what `actions/checkout` gives a job."""
    folder = place.origin.parent / name
    shutil.rmtree(folder, ignore_errors=True)
    git(place.origin.parent, "clone", "-q", str(place.origin), str(folder))
    git(folder, "fetch", "-q", "origin", "+refs/pull/*:refs/remotes/pull/*")
    git(folder, "checkout", "-q", ref)
    return folder


def measure(place: Place, head: str, base: str = "origin/main") -> tuple[Path, str]:
    """Run the steps of arena-measure on a stranger's runner; return the evidence and what was printed."""
    folder = runner(place, "measuring", head)
    own = {"GENAIOPS_CONFIG": str(place.origin.parent / "strangers"), "BASE": base, "WEIGHTS": ""}
    done = place.run(folder, "measure.sh", **own)
    assert done.returncode == 0, done.stdout + done.stderr
    evidence = place.origin.parent / "arena-evidence"
    shutil.rmtree(evidence, ignore_errors=True)
    shutil.copytree(folder / "arena-evidence", evidence)
    return evidence, done.stdout


def report(place: Place, head: str, evidence: Path) -> tuple[str, dict]:
    """Run the steps of arena-report on main; return the comment and the status."""
    folder = runner(place, "reporting", "main")
    own = {"GENAIOPS_CONFIG": str(place.origin.parent / "ours"), "HEAD": head, "REPOSITORY": "o/r"}
    done = place.run(folder, "report.sh", str(evidence), RUN_URL="https://example.org/run", **own)
    assert done.returncode == 0, done.stdout + done.stderr
    told = place.told()
    return told["comments"][0]["body"], told["statuses"][-1]


@pytest.mark.proves("B-CI-MEASURE", "B-CI-REPORT")
def test_a_good_change_is_told_in_one_comment_that_the_next_push_replaces(place: Place) -> None:
    (place.work / "model.yaml").write_text(small_project.knowing(), "utf-8")
    head = pull_request(place, "A model that knows")
    evidence, _ = measure(place, head)
    comment, status = report(place, head, evidence)
    assert "## ✓ Pass" in comment
    assert (status["sha"], status["state"], status["context"]) == (head, "success", "arena")

    (place.work / "model.yaml").write_text(small_project.NAIVE + "\n", "utf-8")
    later = pull_request(place, "Back to the naive one")
    evidence, _ = measure(place, later)
    comment, status = report(place, later, evidence)
    assert "Pass" not in comment
    assert (status["sha"], status["state"]) == (later, "pending")
    assert len(place.told()["comments"]) == 1


@pytest.mark.proves("B-CI-HOSTILE", "B-BAD-CI-COMMANDS", "B-BAD-CI-BEACON")
def test_what_a_hostile_change_prints_and_answers_is_inert(place: Place) -> None:
    (place.work / "app.py").write_text(HOSTILE_APP, "utf-8")
    head = pull_request(place, "Helpful improvements")
    evidence, printed = measure(place, head)
    before, _, inside = printed.partition("::stop-commands::")
    fence = inside.split("\n", 1)[0]
    assert "::" not in before
    assert len(fence) == 32
    assert printed.rstrip().splitlines().count(f"::{fence}::") == 1
    assert "obey me" not in printed
    comment, status = report(place, head, evidence)
    assert status["state"] != "success"
    for active in ("![", "<img", "@everyone", "evil.example"):
        assert active not in comment


@pytest.mark.proves("B-CI-HOSTILE", "B-BAD-CI-GATE")
def test_a_change_that_edits_the_gate_is_judged_by_the_base_and_held_for_review(place: Place) -> None:
    project = (place.work / "genaiops.yaml").read_text("utf-8")
    (place.work / "genaiops.yaml").write_text(project.replace("by: 0.05", "by: 0.0"), "utf-8")
    (place.work / "model.yaml").write_text(small_project.knowing(), "utf-8")
    head = pull_request(place, "Easier to pass")
    evidence, _ = measure(place, head)
    comment, status = report(place, head, evidence)
    assert "gate" in comment.lower()
    assert "review" in comment.lower()
    assert status["state"] == "pending"


@pytest.mark.proves("B-CI-HOSTILE", "B-BAD-CI-EVIDENCE")
def test_evidence_of_another_tree_or_by_another_ruler_is_refused(place: Place) -> None:
    (place.work / "model.yaml").write_text(small_project.knowing(), "utf-8")
    good = pull_request(place, "A model that knows")
    evidence, _ = measure(place, good)
    (place.work / "app.py").write_text(HOSTILE_APP, "utf-8")
    head = pull_request(place, "Something else")
    comment, status = report(place, head, evidence)
    assert status["state"] == "error"
    assert "Pass" not in comment

    folder = runner(place, "measuring", head)
    own = {"GENAIOPS_CONFIG": str(place.origin.parent / "strangers")}
    subprocess.run(
        ["genaiops", "arena", "run", "--baseline", "origin/main", "--suite-from", "candidate", "--quiet"],
        cwd=folder, env={**place.env, **own}, check=False, capture_output=True,
    )  # fmt: skip
    (bundle,) = (folder / ".genaiops" / "evidence").iterdir()
    (bundle / "verdict.json").write_text("{}", "utf-8")
    _, status = report(place, head, bundle)
    assert status["state"] == "error"
    _, status = report(place, head, folder / "nothing")
    assert status["state"] == "error"


@pytest.mark.proves("B-CI-HOSTILE", "B-BAD-CI-EVIDENCE")
def test_a_change_cannot_choose_an_old_state_of_the_base_to_be_better_than(place: Place) -> None:
    git(place.work, "checkout", "-q", "main")
    (place.work / "model.yaml").write_text(small_project.knowing(), "utf-8")
    commit(place.work, "A model that knows")
    git(place.work, "push", "-q", "origin", "main")
    (place.work / "README.md").write_text("A word more.\n", "utf-8")
    head = pull_request(place, "Nothing better")
    evidence, printed = measure(place, head, base="origin/main~1")
    assert "PASS" in printed, "it is better than what main was before"
    comment, status = report(place, head, evidence)
    assert (status["sha"], status["state"]) == (head, "error")
    assert "Pass" not in comment


@pytest.mark.proves("B-CI-MERGE")
def test_what_main_has_measured_is_not_measured_again_by_a_fresh_runner(place: Place) -> None:
    (place.work / "model.yaml").write_text(small_project.knowing(), "utf-8")
    git(place.work, "checkout", "-q", "main")
    commit(place.work, "A model that knows")
    git(place.work, "push", "-q", "origin", "main")
    main = git(place.work, "rev-parse", "HEAD").strip()
    measure(place, main, base=f"{main}~1")
    published = place.origin.parent / "cache"
    shutil.copytree(place.origin.parent / "measuring" / ".genaiops", published)

    (place.work / "README.md").write_text("A word more.\n", "utf-8")
    (place.work / "prompts/answer.md").write_text(small_project.PROMPT.replace("Answer", "Reply"), "utf-8")
    head = pull_request(place, "Another prompt")
    folder = runner(place, "measuring", head)
    shutil.copytree(published, folder / ".genaiops")
    own = {"GENAIOPS_CONFIG": str(place.origin.parent / "strangers"), "BASE": main, "WEIGHTS": ""}
    assert place.run(folder, "measure.sh", **own).returncode == 0
    manifest = json.loads((folder / "arena-evidence" / "manifest.json").read_text("utf-8"))
    assert manifest["reuse"]["outputs"] == 24, "the baseline's answers come from main"
    assert manifest["model_calls"] == 24


def test_the_workflows_give_the_measuring_job_nothing_and_the_reporting_job_no_foreign_code() -> None:
    files = ci_files("github")
    measuring = yaml.safe_load(files[".github/workflows/arena-measure.yml"])
    reporting = yaml.safe_load(files[".github/workflows/arena-report.yml"])
    assert measuring["permissions"] == {"contents": "read"}
    assert "secrets." not in files[".github/workflows/arena-measure.yml"]
    assert "pull_request_target" not in str(measuring)
    steps = reporting["jobs"]["report"]["steps"]
    (checkout,) = (step for step in steps if str(step.get("uses", "")).startswith("actions/checkout"))
    assert "ref" not in checkout["with"], "the default branch, never the change"
    assert reporting["permissions"].keys() == {"actions", "contents", "pull-requests", "statuses"}
    # what comes from the change reaches a script only as a variable, never as text of the script
    for step in (*steps, *measuring["jobs"]["measure"]["steps"]):
        assert "${{" not in str(step.get("run", ""))
