"""Arms whose lockfiles differ, each in an environment of its own: made of wheels in a folder, offline."""

import json
import shutil
from pathlib import Path

import pytest
from tests.support import plain_project
from tests.support.plain_project import environment, genaiops, is_one_message
from tests.support.small_project import commit
from tests.support.wheels import wheel

pytestmark = pytest.mark.system

APP = """\
from importlib.util import find_spec

try:
    from greeting import WORD
except ImportError:
    WORD = "nobody"


def answer(question):
    from genaiops import Answer

    seen = " ".join(name for name in ("greeting", "numpy", "sqlalchemy") if find_spec(name))
    return Answer(f"{question.upper()} {WORD} sees {seen}")
"""
PROJECT = plain_project.PROJECT.replace("exact_match", "answer_f1")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for version in ("1.0", "2.0"):
        wheel(tmp_path / "wheels", "greeting", version, f'WORD = "hello-{version}"\n')
    files = {"requirements.txt": "greeting==1.0\n"}
    made = plain_project.make(tmp_path / "p", APP, PROJECT.replace(", latency_ms", ""), **files)
    (made / "requirements.txt").write_text("greeting==2.0\n", encoding="utf-8")
    return made


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    own = environment(tmp_path, PIP_NO_INDEX="1", PIP_FIND_LINKS=str(tmp_path / "wheels"))
    return {**own, "OPENAI_API_KEY": "sk-not-for-installers"}


def run(project: Path, env: dict[str, str], *more: str) -> tuple[dict[str, object], str]:
    done = genaiops(project, env, "arena", "run", "--json", *more)
    assert done.returncode in (0, 1, 4), done.stderr
    return json.loads(done.stdout), done.stderr


def answers(told: dict[str, object], role: str) -> set[str]:
    lines = (Path(str(told["evidence"])) / "outputs.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    return {str(row["output"]["text"]).partition(" ")[2] for row in rows if row["role"] == role}


def environments(project: Path) -> list[Path]:
    return sorted(path.parent for path in project.glob(".genaiops/environments/*/environment.json"))


@pytest.mark.proves("B-ENV-OWN", "B-ENV-SAID")
def test_an_arm_that_locks_other_packages_runs_among_them_and_among_no_others(
    project: Path, env: dict[str, str]
) -> None:
    told, said = run(project, env)
    assert answers(told, "baseline") == {"hello-1.0 sees greeting"}
    assert answers(told, "candidate") == {"nobody sees numpy sqlalchemy"}
    assert "baseline: making an environment of its own from requirements.txt, once" in said
    assert any("baseline runs in an environment of its own" in text for text in told["warnings"])  # type: ignore[union-attr]
    manifest = json.loads((Path(str(told["evidence"])) / "manifest.json").read_text(encoding="utf-8"))
    own = manifest["environment"]["own_environments"]["baseline"]
    assert own["packages"]["greeting"] == "1.0"
    assert own["lockfile"] == "requirements.txt"
    assert genaiops(project, env, "arena", "verify", str(told["evidence"])).returncode == 0
    again = genaiops(project, env, "arena", "verify", str(told["evidence"]), "--rerun", "3")
    assert "3 of 3 answers of the baseline are equal" in again.stdout


@pytest.mark.proves("B-ENV-ONCE")
def test_an_environment_is_made_once_and_anew_where_its_python_is_gone(
    project: Path, env: dict[str, str]
) -> None:
    run(project, env)
    (made,) = environments(project)
    (project / "app.py").write_text(f"{APP}# another\n", encoding="utf-8")
    assert "making an environment" not in run(project, env)[1]
    (made / "bin" / "python").unlink()
    half = made.with_name("0" * 32)
    (half / "bin").mkdir(parents=True)  # as a kill leaves one
    (project / "app.py").write_text(f"{APP}# a third\n", encoding="utf-8")
    told, said = run(project, env)
    assert "making an environment" in said
    assert answers(told, "baseline") == {"hello-1.0 sees greeting"}
    assert environments(project) == [made]
    assert not half.exists()


@pytest.mark.proves("B-ENV-OWN")
def test_two_commits_that_lock_the_same_packages_share_an_environment_that_is_not_this_one(
    project: Path, env: dict[str, str]
) -> None:
    (project / "requirements.txt").write_text("greeting==1.0\n", encoding="utf-8")
    (project / "app.py").write_text(f"{APP}# another\n", encoding="utf-8")
    commit(project, "Second")
    (project / "requirements.txt").write_text("greeting==2.0\n", encoding="utf-8")
    done = genaiops(project, env, "arena", "compare", "HEAD~1", "HEAD", "--json")
    told = json.loads(done.stdout)
    assert answers(told, "baseline") == answers(told, "candidate") == {"hello-1.0 sees greeting"}
    assert len(environments(project)) == 1


@pytest.mark.proves("B-ENV-OWN")
def test_a_lockfile_that_names_files_beside_it_makes_an_environment_for_its_tree_alone(
    project: Path, env: dict[str, str]
) -> None:
    (project / "requirements.txt").write_text("-r base.txt\n", encoding="utf-8")
    (project / "base.txt").write_text("./greeting-1.0-py3-none-any.whl\n", encoding="utf-8")
    shutil.copy(project.parent / "wheels" / "greeting-1.0-py3-none-any.whl", project)
    commit(project, "Beside")
    (project / "base.txt").write_text("greeting==2.0\n", encoding="utf-8")
    commit(project, "Beside, changed")
    (project / "requirements.txt").write_text("greeting==2.0\n", encoding="utf-8")
    done = genaiops(project, env, "arena", "compare", "HEAD~1", "HEAD", "--json")
    assert done.stdout, done.stderr
    told = json.loads(done.stdout)
    assert answers(told, "baseline") == {"hello-1.0 sees greeting"}
    assert answers(told, "candidate") == {"hello-2.0 sees greeting"}


@pytest.mark.proves("B-ENV-PLAN")
def test_a_plan_installs_nothing_and_says_what_the_run_will(project: Path, env: dict[str, str]) -> None:
    done = genaiops(project, env, "arena", "plan", "--json")
    assert done.returncode == 0, done.stderr
    assert any("gets an environment of its own" in text for text in json.loads(done.stdout)["warnings"])
    assert environments(project) == []


@pytest.mark.proves("B-BAD-ENV-INSTALL")
def test_a_package_that_does_not_exist_is_named_and_nothing_is_left(
    project: Path, env: dict[str, str]
) -> None:
    (project / "requirements.txt").write_text("greeting==9.9\n", encoding="utf-8")
    commit(project, "A package that nobody made")
    (project / "requirements.txt").write_text("greeting==2.0\n", encoding="utf-8")
    done = genaiops(project, env, "arena", "run")
    assert done.returncode == 3
    assert "GAO-APP-062" in done.stderr
    assert "greeting==9.9" in done.stderr
    assert "--same-env" in done.stderr
    assert "Traceback" not in done.stderr
    assert [path.name for path in (project / ".genaiops" / "environments").iterdir()] in ([], ["cache"])


@pytest.mark.proves("B-BAD-ENV-INSTALL")
def test_packages_that_the_worker_cannot_live_with_are_named(project: Path, env: dict[str, str]) -> None:
    wheel(project.parent / "wheels", "pydantic", "0.1", 'raise ImportError("made for another age")\n')
    (project / "requirements.txt").write_text("pydantic==0.1\n", encoding="utf-8")
    commit(project, "An old pydantic")
    (project / "requirements.txt").write_text("greeting==2.0\n", encoding="utf-8")
    done = genaiops(project, env, "arena", "run")
    assert done.returncode == 3
    assert "made for another age" in done.stderr


@pytest.mark.proves("B-BAD-ENV-TOOL")
@pytest.mark.parametrize("name", ["Pipfile.lock", "poetry.lock"])
def test_a_lockfile_that_nothing_here_installs_says_what_to_do(
    project: Path, env: dict[str, str], name: str
) -> None:
    (project / "requirements.txt").unlink()
    (project / name).write_text("one\n", encoding="utf-8")
    commit(project, "Lock")
    (project / name).write_text("two\n", encoding="utf-8")
    where = shutil.which("git")
    assert where is not None
    tools = project.parent / "tools"
    tools.mkdir()
    (tools / "git").symlink_to(where)
    done = genaiops(project, {**env, "PATH": str(tools)}, "arena", "run")
    assert is_one_message(done, 2), done.stderr
    assert name in done.stderr
    assert "--same-env" in done.stderr


@pytest.mark.proves("B-BAD-ENV-DISK")
def test_a_place_that_cannot_be_written_is_one_message(project: Path, env: dict[str, str]) -> None:
    full = project / ".genaiops" / "environments"
    full.parent.mkdir(exist_ok=True)
    full.write_text("in the way", encoding="utf-8")
    done = genaiops(project, env, "arena", "run")
    assert done.returncode == 3, done.stderr
    assert "Traceback" not in done.stderr
