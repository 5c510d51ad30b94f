"""A suite with a judge, from the command line to evidence: a sound judge, and every bad one."""

import json
import os
import subprocess
import sys
from pathlib import Path

import jsonschema_rs
import pytest
from tests.support import judging, small_project

ROOT = Path(__file__).resolve().parents[2]
QUESTIONS = 2 * 24


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    own = {"GENAIOPS_CONFIG": str(tmp_path / "config"), "GENAIOPS_CACHE": str(tmp_path / "cache")}
    return {**os.environ, **own, "NO_COLOR": "1"}


def genaiops(project: Path, env: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "genaiops", *arguments]
    return subprocess.run(command, cwd=project, env=env, capture_output=True, text=True, check=False)


def report(project: Path, env: dict[str, str], *arguments: str, status: int = 0) -> dict[str, object]:
    done = genaiops(project, env, "arena", *(arguments or ("run",)), "--json")
    assert done.returncode == status, done.stderr
    return json.loads(done.stdout)


def refused(project: Path, env: dict[str, str], code: str) -> str:
    done = genaiops(project, env, "arena", "run")
    assert done.returncode == 2, done.stdout + done.stderr
    assert code in done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr


@pytest.mark.proves("B-JUDGE-RUN", "B-JUDGE-COST", "B-JUDGE-ARTIFACT", "B-JUDGE-CACHE")
def test_a_judge_scores_both_arms_and_its_evidence_says_who_judged_and_at_which_price(
    tmp_path: Path, env: dict[str, str]
) -> None:
    project = judging.make(tmp_path / "cities")
    judging.improve(project)
    told = report(project, env)
    schema = json.loads((ROOT / "schemas" / "arena_run.schema.json").read_text(encoding="utf-8"))
    jsonschema_rs.validate(schema, told)
    assert told["outcome"] == "pass"
    (judge,) = told["judging"]  # type: ignore[misc]
    assert judge["judge"] == "right"
    assert judge["without_verdict"] == 0
    # every question; four canaries before and one with the batch, each case's empty answer asked once
    assert QUESTIONS + 5 <= judge["asked"] <= QUESTIONS + 7
    assert judge["canaries"] == 5
    used = judge["usage"]
    assert judge["cost_nanousd"] == 1000 * used["input_tokens"] + 2000 * used["output_tokens"]
    bundle = Path(str(told["evidence"]))
    manifest = json.loads((bundle / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["suite"]["judges"][0]["rubric"] == judging.RUBRIC
    assert manifest["judging"][0]["model"]["digest"].startswith("sha256:")
    scores = [json.loads(line)["score"] for line in (bundle / "scores.jsonl").read_text("utf-8").splitlines()]
    labels = {(one["label"], one["reason"]) for one in scores if one["scorer"] == "right"}
    assert ("yes", "the country is the one") in labels
    assert "5 canaries not obeyed" in (bundle / "report.html").read_text(encoding="utf-8")
    verified = genaiops(project, env, "arena", "verify", str(bundle))
    assert verified.returncode == 0, verified.stdout
    assert "right: it asks a model" in verified.stdout
    shown = genaiops(project, env, "hub", "show", "scorer/right", "--json")
    assert json.loads(shown.stdout)["manifest"]["model"] == "scripted:judge.yaml"
    # another scorer in the suite is another run: neither the app nor the judge is asked again
    text = (project / "genaiops.yaml").read_text(encoding="utf-8")
    (project / "genaiops.yaml").write_text(text.replace("[right, answer_f1]", "[right]"), encoding="utf-8")
    small_project.commit(project, "A smaller suite, and the better model")
    again = report(project, env, "run", "--baseline", "HEAD~1", "--suite-from", "candidate", status=4)
    assert again["model_calls"] == 0
    assert {one["cached"] for one in again["judging"]} == {QUESTIONS}  # type: ignore[union-attr,index]


@pytest.mark.proves("B-JUDGE-RUN")
def test_a_judge_can_say_what_counts_as_right(tmp_path: Path, env: dict[str, str]) -> None:
    text = judging.PROJECT.replace("[right,", "[{wrong_answers: {right: right, from: 0.5}}, right,")
    text = text.replace("scorer: right,", "scorer: wrong_answers,")
    project = judging.make(tmp_path / "cities", project=text)
    judging.improve(project)
    told = report(project, env)
    assert told["claims"][0]["interval"]["estimate"] == -1.0  # type: ignore[index]
    assert "as judged by scripted:judge.yaml" in told["claims"][0]["text"]  # type: ignore[index]
    verified = genaiops(project, env, "arena", "verify", str(told["evidence"]))
    assert "wrong_answers: it asks a model" in verified.stdout


@pytest.mark.proves("B-JUDGE-CANARY")
def test_a_judge_that_obeys_an_answer_is_refused_before_the_app_is_asked(
    tmp_path: Path, env: dict[str, str]
) -> None:
    project = judging.make(tmp_path / "cities", judge=judging.OBEDIENT)
    judging.improve(project)
    said = refused(project, env, "GAO-ARENA-317")
    assert "asks for 'yes' it says 'yes'" in said
    assert "ARENA ·" not in said


@pytest.mark.proves("B-JUDGE-CANARY")
def test_a_judge_that_cannot_be_asked_its_canaries_is_not_believed(
    tmp_path: Path, env: dict[str, str]
) -> None:
    down = judging.SOUND.replace(
        f"text: '{judging.says('no', 'it says nothing')}'", "error: the model is down"
    )
    assert down != judging.SOUND
    project = judging.make(tmp_path / "cities", judge=down)
    judging.improve(project)
    done = genaiops(project, env, "arena", "run")
    assert done.returncode == 3
    assert "GAO-ARENA-319" in done.stderr
    assert "the model is down" in done.stderr


@pytest.mark.proves("B-JUDGE-NONSENSE")
def test_a_judge_that_gives_no_verdict_leaves_its_claims_open_and_is_named(
    tmp_path: Path, env: dict[str, str]
) -> None:
    project = judging.make(tmp_path / "cities", judge=judging.NONSENSE)
    judging.improve(project)
    told = report(project, env, status=4)
    assert told["outcome"] == "inconclusive"
    assert told["claims"][0]["decision"] == "open"  # type: ignore[index]
    assert any("replies of the judge right held no verdict" in one for one in told["warnings"])  # type: ignore[union-attr]


@pytest.mark.proves("B-JUDGE-PAIR")
def test_two_answers_are_compared_in_both_orders(tmp_path: Path, env: dict[str, str]) -> None:
    project = judging.make(tmp_path / "cities", judge=judging.PAIRS, project=judging.PAIRED)
    judging.improve(project)
    told = report(project, env)
    (claim,) = told["claims"]  # type: ignore[misc]
    assert claim["interval"]["estimate"] == 0.5  # the countries won, the mayors tied: ¾ against ¼
    assert told["judging"][0]["pairs"] == 24  # type: ignore[index]
    assert told["judging"][0]["turned"] == 0  # type: ignore[index]


@pytest.mark.proves("B-JUDGE-PAIR")
def test_a_judge_that_prefers_a_place_shows_nothing_and_is_named(tmp_path: Path, env: dict[str, str]) -> None:
    project = judging.make(tmp_path / "cities", judge=judging.FIRST, project=judging.PAIRED)
    judging.improve(project)
    told = report(project, env, status=4)
    assert told["claims"][0]["interval"]["estimate"] == 0.0  # type: ignore[index]
    assert any("contradicts itself on" in one for one in told["warnings"])  # type: ignore[union-attr]


@pytest.mark.proves("B-JUDGE-ANCHORS")
def test_a_judge_that_moved_is_refused_and_one_that_stands_is_not(
    tmp_path: Path, env: dict[str, str]
) -> None:
    text = judging.PROJECT.replace('judge.yaml"}\n', 'judge.yaml", anchors: judges/anchors.jsonl}\n', 1)
    project = judging.make(tmp_path / "cities")
    rows = [
        {
            "inputs": row["inputs"],
            "expected": row["expected"],
            "output": {"text": "Atlantis"},
            "value": 0.0,
        }
        for row in small_project.rows()[:16:2]
    ]
    anchors = project / "judges" / "anchors.jsonl"
    anchors.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    (project / "genaiops.yaml").write_text(text, encoding="utf-8")
    small_project.commit(project, "Anchors")
    judging.improve(project)
    told = report(project, env)
    assert told["judging"][0]["anchors"] == {"rows": 8, "up": 0, "down": 0, "p_value": 1.0}  # type: ignore[index]
    small_project.git(project, "checkout", "-q", "model.yaml")
    lenient = judging.SOUND.replace(judging.says("no", "it is another country"), judging.says("yes"))
    (project / "judge.yaml").write_text(lenient, encoding="utf-8")
    small_project.commit(project, "The model behind the judge changed")
    judging.improve(project)
    said = refused(project, env, "GAO-ARENA-318")
    assert "8 are judged better and 0 worse" in said


@pytest.mark.proves("B-JUDGE-FAMILY")
def test_a_judge_of_the_apps_own_model_is_named(tmp_path: Path, env: dict[str, str]) -> None:
    project = judging.make(tmp_path / "cities")
    text = (project / "genaiops.yaml").read_text(encoding="utf-8")
    own = text.replace('"scripted:judge.yaml"}', '"scripted:model.yaml"}')
    (project / "genaiops.yaml").write_text(own, encoding="utf-8")
    small_project.commit(project, "The app judges itself")
    planned = report(project, env, "plan", "--set", "params.top_k=1")
    assert any("is of the same family as a model of the" in one for one in planned["warnings"])  # type: ignore[union-attr]
    assert planned["effort"]["judge_calls"] == QUESTIONS + 2 * (4 + 1)  # type: ignore[index]


@pytest.mark.proves("B-JUDGE-RESCORE")
def test_a_judge_can_be_tried_on_answers_that_a_run_recorded(tmp_path: Path, env: dict[str, str]) -> None:
    project = judging.make(tmp_path / "cities")
    judging.improve(project)
    run = report(project, env)
    text = (project / "genaiops.yaml").read_text(encoding="utf-8")
    strict = (
        '  strict: {rubric: judges/right.md, model: "scripted:judge.yaml", scale: ["no", maybe, "yes"]}\n'
    )
    (project / "genaiops.yaml").write_text(text.replace("suites:", f"{strict}suites:"), encoding="utf-8")
    told = report(project, env, "rescore", str(run["run"]), "--scorer", "strict")
    (comparison,) = told["comparisons"]  # type: ignore[misc]
    assert (comparison["baseline"]["mean"], comparison["candidate"]["mean"]) == (0.0, 1.0)
    assert QUESTIONS + 5 <= told["model_calls"] <= QUESTIONS + 7  # type: ignore[operator]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (("rubric: judges/right.md", "rubric: judges/none.md"), "GAO-ARENA-315"),
        (("rubric: judges/right.md", "rubric: ../outside.md"), "GAO-ARENA-315"),
        (("right: {rubric", "answer_f1: {rubric"), "GAO-ARENA-311"),
        (("right.md, model", "right.md, scale: [one], model"), "GAO-APP-004"),
        (("right.md, model", "right.md, scale: [Yes, yes], model"), "GAO-APP-004"),
        (("right.md, model", "right.md, modle: x, model"), "GAO-APP-003"),
        (("right.md, model", "right.md, anchors: judges/right.md, model"), "GAO-ARENA-316"),
        (("scorers: [right,", "scorers: [{right: {from: 1}},"), "GAO-ARENA-118"),
        (('"scripted:judge.yaml"}\n', '"nobody:judge"}\n'), "GAO-MODELS-004"),
    ],
)
@pytest.mark.proves("B-JUDGE-BAD")
def test_a_judge_that_does_not_fit_is_refused_by_name(
    tmp_path: Path, env: dict[str, str], change: tuple[str, str], code: str
) -> None:
    (tmp_path / "outside.md").write_text("x", encoding="utf-8")
    assert change[0] in judging.PROJECT
    project = judging.make(tmp_path / "cities", project=judging.PROJECT.replace(*change, 1))
    judging.improve(project)
    refused(project, env, code)


def test_an_empty_rubric_is_refused(tmp_path: Path, env: dict[str, str]) -> None:
    project = judging.make(tmp_path / "cities")
    (project / "judges" / "right.md").write_text(" \n", encoding="utf-8")
    small_project.commit(project, "No rubric")
    judging.improve(project)
    refused(project, env, "GAO-ARENA-312")


@pytest.mark.proves("B-JUDGE-SWEEP")
def test_a_sweep_asks_a_judge_of_answers_and_refuses_one_of_pairs(
    tmp_path: Path, env: dict[str, str]
) -> None:
    project = judging.make(tmp_path / "cities")
    told = report(project, env, "run", "--sweep", "params.top_k=1,2")
    assert told["quality"] == "right"
    paired = judging.make(tmp_path / "paired", judge=judging.PAIRS, project=judging.PAIRED)
    done = genaiops(paired, env, "arena", "run", "--sweep", "params.top_k=1,2")
    assert done.returncode == 2
    assert "GAO-ARENA-270" in done.stderr


@pytest.mark.proves("B-JUDGE-LABELLED")
def test_people_correct_a_flattered_judge_and_the_verdict_turns(tmp_path: Path, env: dict[str, str]) -> None:
    project = judging.make_large(tmp_path / "cities")
    judged = report(project, env)
    assert judged["outcome"] == "pass"
    (claim,) = judged["claims"]  # type: ignore[misc]
    assert "as judged by scripted:judge.yaml" in claim["text"]
    sheet = tmp_path / "sheet.jsonl"
    assert genaiops(project, env, "arena", "label", "--sample", "50", "--to", str(sheet)).returncode == 0
    rows = [json.loads(line) for line in sheet.read_text(encoding="utf-8").splitlines()]
    filled = "".join(json.dumps({**row, "label": "no"}) + "\n" for row in rows)
    sheet.write_text(filled, encoding="utf-8")
    label = ("arena", "label", "--sample", "50", "--from", str(sheet), "--author", "ana")
    done = genaiops(project, env, *label)
    assert done.returncode == 0, done.stderr
    corrected = report(project, env, status=4)
    assert corrected["model_calls"] == 0
    assert corrected["run"] != judged["run"]
    (claim,) = corrected["claims"]  # type: ignore[misc]
    assert claim["decision"] == "open"  # 50 cases without a gain leave room for a rare one
    assert claim["judged_by"]["labelled"] == 50
    assert claim["judged_by"]["raw"]["estimate"] == 1.0
    assert claim["interval"]["estimate"] == 0.0
    verified = genaiops(project, env, "arena", "verify", str(corrected["evidence"]))
    assert verified.returncode == 0, verified.stdout
    assert report(project, env, status=4)["run"] == corrected["run"]
    before = genaiops(project, env, "arena", "verify", str(judged["evidence"]))
    assert before.returncode == 0
