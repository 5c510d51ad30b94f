"""A flaky app in a real repository: it is named, set aside by the baseline's file alone, and verifies."""

import json
from pathlib import Path

import jsonschema_rs
import pytest
from tests.support import plain_project
from tests.support.small_project import commit

ROOT = Path(__file__).resolve().parents[2]
COUNT = 50
SHAKY = """\
asked = {}


def answer(question):
    asked[question] = asked.get(question, 0) + 1
    return "no idea" if question == "word 7" and asked[question] == 2 else question.upper()
"""
STEADY = "def answer(question):\n    return question.upper()\n"
PROJECT = """\
project: plain
app: app:answer
suites:
  first:
    dataset: data/suite.jsonl
    scorers: [exact_match]
    cluster_missing: own
    repeats: 2
    quarantine: data/quarantine.jsonl
    gate: {claims: [{scorer: exact_match, is: not_worse, margin: 0.10}]}
"""


def rows() -> str:
    return "".join(
        json.dumps(
            {
                "id": f"w{at}",
                "inputs": {"question": f"word {at}"},
                "expected": {"answers": [f"WORD {at}"]},
            }
        )
        + "\n"
        for at in range(COUNT)
    )


def entry(case: str, expires: str = "2999-12-31") -> str:
    return json.dumps({"case": case, "owner": "ana", "reason": "a clock", "expires": expires}) + "\n"


def make(folder: Path, quarantine: str) -> Path:
    folder.mkdir()
    named = {"data/suite.jsonl": rows(), "data/quarantine.jsonl": quarantine}
    return plain_project.make(folder, SHAKY, PROJECT, **named)


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    return plain_project.environment(tmp_path)


@pytest.mark.proves("B-FLAKY", "B-QUARANTINE")
def test_a_case_flaky_on_the_baseline_is_named_set_aside_and_the_verdict_recomputed(
    tmp_path: Path, env: dict[str, str]
) -> None:
    project = make(tmp_path / "p", entry("w7"))
    (project / "app.py").write_text(STEADY, encoding="utf-8")
    # one worker an arm: the app counts how often it was asked
    done = plain_project.genaiops(project, env, "arena", "run", "--json", "--jobs", "1")
    assert done.returncode == 0, done.stderr + done.stdout
    told = json.loads(done.stdout)
    schema = json.loads((ROOT / "schemas" / "arena_run.schema.json").read_text(encoding="utf-8"))
    jsonschema_rs.validate(schema, told)
    assert told["flakiness"]["baseline"]["flaky_cases"] == ["w7"]
    assert told["flakiness"]["candidate"]["stable_pass"] == COUNT
    assert [one["case"] for one in told["quarantine"]["left_out"]] == ["w7"]
    assert told["quarantine"]["on"] == told["time"]["started_at"][:10]
    assert told["comparisons"][0]["diff"]["cases"] == COUNT - 1
    verified = plain_project.genaiops(project, env, "arena", "verify", told["evidence"])
    assert verified.returncode == 0, verified.stdout


@pytest.mark.proves("B-QUARANTINE")
def test_a_change_that_sets_cases_aside_for_itself_is_judged_without_that_and_sent_to_review(
    tmp_path: Path, env: dict[str, str]
) -> None:
    project = make(tmp_path / "p", "")
    (project / "data" / "quarantine.jsonl").write_text(entry("w7"), encoding="utf-8")
    done = plain_project.genaiops(project, env, "arena", "run", "--json")
    assert done.returncode == 4, done.stderr
    told = json.loads(done.stdout)
    assert told["gate_changed"] is True
    assert told["quarantine"] is None
    assert told["comparisons"][0]["diff"]["cases"] == COUNT
    asked = plain_project.genaiops(project, env, "arena", "run", "--json", "--suite-from", "candidate")
    assert json.loads(asked.stdout)["quarantine"] is None
    assert any("quarantine was not read" in said for said in json.loads(asked.stdout)["warnings"])


@pytest.mark.proves("B-BAD-QUARANTINE")
@pytest.mark.parametrize(
    ("quarantine", "said"),
    [
        (entry("w7") + entry("nobody"), "GAO-ARENA-244"),
        (entry("w7") + entry("w8"), "GAO-ARENA-246"),
        (entry("w7", expires="next year"), "GAO-ARENA-245"),
    ],
)
def test_a_quarantine_that_is_wrong_ends_the_run_before_anything_is_asked(
    tmp_path: Path, env: dict[str, str], quarantine: str, said: str
) -> None:
    project = make(tmp_path / "p", quarantine)
    done = plain_project.genaiops(project, env, "arena", "run")
    assert plain_project.is_one_message(done, 2), done.stderr
    assert said in done.stderr


def test_the_quarantine_is_no_part_of_the_app(tmp_path: Path, env: dict[str, str]) -> None:
    project = make(tmp_path / "p", entry("w7"))
    first = json.loads(plain_project.genaiops(project, env, "arena", "run", "--json").stdout)
    (project / "data" / "quarantine.jsonl").write_text("", encoding="utf-8")
    commit(project, "Nothing is set aside any more")
    again = json.loads(plain_project.genaiops(project, env, "arena", "run", "--json").stdout)
    assert again["digests"]["baseline"] == first["digests"]["baseline"]
    assert again["run"] != first["run"]
    assert again["reused"]["outputs"] == 2 * 2 * COUNT
