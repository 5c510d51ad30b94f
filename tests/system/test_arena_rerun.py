"""The fourth level of verification: the apps answer again, and the record holds or it does not."""

import json
from pathlib import Path

import pytest
from tests.support import small_project
from tests.support.endpoint import Say, serving
from tests.support.plain_project import ECHO, PROJECT, environment, genaiops, make
from tests.support.small_project import commit

pytestmark = pytest.mark.system

DRIFTING = "import os\n\n\ndef answer(question):\n    return question.upper() + os.urandom(4).hex()\n"


def evidence(project: Path, env: dict[str, str], *arguments: str) -> str:
    done = genaiops(project, env, "arena", *(arguments or ("run",)), "--json")
    assert done.returncode in (0, 1, 4), done.stderr
    return str(json.loads(done.stdout)["evidence"])


def verify(project: Path, env: dict[str, str], bundle: str, *arguments: str) -> tuple[int, dict[str, str]]:
    done = genaiops(project, env, "arena", "verify", bundle, "--rerun", "4", "--json", *arguments)
    assert done.stdout, done.stderr
    levels = json.loads(done.stdout)["levels"]
    assert [level["number"] for level in levels] == [1, 2, 3, 4]
    return done.returncode, levels[3]


@pytest.mark.proves("B-RERUN")
def test_the_apps_of_both_trees_say_again_what_was_recorded(tmp_path: Path) -> None:
    (tmp_path / "cities").mkdir()
    project, env = small_project.make(tmp_path / "cities"), environment(tmp_path)
    (project / "model.yaml").write_text(small_project.knowing(), encoding="utf-8")
    bundle = evidence(project, env)
    status, level = verify(project, env, bundle, "--seed", "one")
    assert (status, level["status"]) == (0, "passed"), level
    for role in ("baseline", "candidate"):
        assert f"4 of 4 answers of the {role} are equal" in level["reason"]
    assert "seed one" in level["reason"]
    commit(project, "The candidate, committed")
    (project / "model.yaml").write_text("rules: []\ndefault: no\n", encoding="utf-8")
    assert verify(project, env, bundle)[1]["status"] == "passed", "its tree is a commit's now"


@pytest.mark.proves("B-RERUN")
def test_an_app_that_says_something_else_fails_the_level_and_the_cases_are_named(tmp_path: Path) -> None:
    project, env = make(tmp_path / "p"), environment(tmp_path)
    (project / "app.py").write_text(DRIFTING, encoding="utf-8")
    status, level = verify(project, env, evidence(project, env))
    assert (status, level["status"]) == (1, "failed")
    assert "4 of 4 answers of the baseline are equal" in level["reason"]
    assert "0 of 4 answers of the candidate are equal" in level["reason"]


@pytest.mark.proves("B-RERUN")
def test_a_tree_that_is_gone_and_a_recording_cannot_be_asked_and_that_is_said(tmp_path: Path) -> None:
    project, env = make(tmp_path / "p"), environment(tmp_path)
    (project / "app.py").write_text(ECHO + "\n\n", encoding="utf-8")
    bundle = evidence(project, env)
    (project / "app.py").write_text(ECHO + "\n\n\n", encoding="utf-8")
    status, level = verify(project, env, bundle)
    assert (status, level["status"]) == (0, "not possible")
    assert "the candidate cannot be asked again: its tree is not in this repository" in level["reason"]
    recording = f"{bundle}/outputs.jsonl#candidate"
    status, level = verify(project, env, evidence(project, env, "compare", "HEAD", recording))
    assert (status, level["status"]) == (0, "not possible")
    assert "it is a recording" in level["reason"]


def test_another_environment_or_something_remote_decides_nothing_where_it_differs(tmp_path: Path) -> None:
    project, env = make(tmp_path / "p"), environment(tmp_path)
    allow = ("--allow-private", "127.0.0.1")
    with serving() as endpoint:
        bundle = evidence(project, env, "compare", "HEAD", endpoint.url, *allow)
        status, level = verify(project, env, bundle, *allow)
        assert (status, level["status"]) == (0, "passed"), level
        endpoint.behaviour = lambda inputs: Say("something else")
        status, level = verify(project, env, bundle, *allow)
    assert (status, level["status"]) == (0, "not possible")
    assert "0 of 4 answers of the candidate are equal" in level["reason"]
    assert "something remote answers" in level["reason"]


@pytest.mark.proves("B-BAD-RERUN-REJECTED")
def test_nothing_that_a_rejected_bundle_names_is_run_or_asked(tmp_path: Path) -> None:
    project, env = make(tmp_path / "p"), environment(tmp_path)
    with serving() as endpoint:
        bundle = evidence(project, env, "compare", "HEAD", endpoint.url, "--allow-private", "127.0.0.1")
        endpoint.asked.clear()
        scores = Path(bundle) / "scores.jsonl"
        scores.chmod(0o644)
        scores.write_text(scores.read_text(encoding="utf-8") + "\n", encoding="utf-8")
        status, level = verify(project, env, bundle, "--allow-private", "127.0.0.1")
        assert endpoint.asked == []
    assert (status, level["status"]) == (1, "not possible")
    assert "nothing that it names is run" in level["reason"]


@pytest.mark.proves("B-MARKDOWN", "B-JUNIT")
def test_a_run_writes_its_comment_and_junit_and_show_writes_them_again_from_a_folder(tmp_path: Path) -> None:
    project, env = make(tmp_path / "p", project=PROJECT), environment(tmp_path)
    (project / "app.py").write_text(ECHO + "\n\n", encoding="utf-8")
    files = ("--markdown", str(tmp_path / "c.md"), "--junit", str(tmp_path / "j.xml"))
    bundle = evidence(project, env, "run", *files)
    first = (tmp_path / "c.md").read_text(encoding="utf-8")
    assert first.startswith("<!-- genaiops-arena first -->\n\n## ")
    assert (tmp_path / "j.xml").read_text(encoding="utf-8").count("<testcase") == 2
    (tmp_path / "c.md").unlink()
    shown = genaiops(tmp_path, env, "arena", "show", bundle, *files)
    assert shown.returncode == 0, shown.stderr
    assert (tmp_path / "c.md").read_text(encoding="utf-8") == first
