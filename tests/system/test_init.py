"""`init` in somebody's repository: the app becomes measurable, and nothing of theirs is touched."""

import json
from pathlib import Path

import pytest
from tests.support.plain_project import environment, genaiops
from tests.support.small_project import commit, git

BOT = '''\
def answer(question: str) -> str:
    """Say where a city lies."""
    return {"Oslo": "Norway", "Lima": "Peru"}.get(question.split()[2], "no idea")
'''
CSV = "\ufeffFrage;question;answer;document\n" + "".join(
    f"{n};Where is {city} today?;{country};d{n}\n"
    for n, (city, country) in enumerate([("Oslo", "Norway"), ("Lima", "Peru")] * 40)
)


@pytest.mark.proves("A-INIT")
def test_an_existing_function_is_measured_after_init_without_being_changed(tmp_path: Path) -> None:
    project, env = tmp_path / "p", environment(tmp_path)
    (project / "bot").mkdir(parents=True)
    (project / "bot" / "service.py").write_text(BOT, encoding="utf-8")
    (project / "questions.csv").write_text(CSV, encoding="utf-8")
    git(project, "init", "-q", "-b", "main")
    commit(project, "Theirs")
    told = genaiops(project, env, "init", "--json")
    assert told.returncode == 0, told.stderr
    assert json.loads(told.stdout)["app"] == "bot.service:answer"
    assert git(project, "status", "--porcelain", "--untracked-files=all").split() == [
        *("??", "data/suite.jsonl"),
        *("??", "genaiops.yaml"),
    ]
    commit(project, "Measure it")
    (project / "bot" / "service.py").write_text(BOT.replace('"no idea"', '"who knows"'), encoding="utf-8")
    run = genaiops(project, env, "arena", "run", "--json")
    assert run.returncode == 0, run.stdout + run.stderr
    assert json.loads(run.stdout)["outcome"] == "pass"
    again = genaiops(project, env, "init")
    assert again.returncode == 2
    assert "never overwrites" in again.stderr
