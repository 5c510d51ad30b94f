"""`arena calibrate` on a small real project: learnt on other cases, kept as a file and in the Hub."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support import small_project

GENAIOPS = [sys.executable, "-m", "genaiops"]

APP = '''\
from genaiops import Answer, Context
from genaiops.app import reading


async def answer(inputs: dict, ctx: Context) -> Answer:
    """Answer with a span of the evidence, or abstain by the learnt rule."""
    passages = await ctx.search(inputs["question"], k=ctx.params.top_k)
    found = reading.sentences(passages)
    similarities = await ctx.rank(inputs["question"], [one.ranked for one in found])
    evidence = reading.select_evidence(reading.weigh(inputs["question"], found, similarities))
    reply = await ctx.chat(ctx.prompt("answer").render(question=inputs["question"], passages=passages))
    choices = reading.choices(inputs["question"], evidence, draft=reply.text)
    if ctx.params.calibrating:
        return Answer(passages=passages, data=reading.offer(choices))
    rule = reading.read_rule(ctx.calibration("abstain"))
    decision = reading.decide([one.text for one in choices], [one.features for one in choices], rule)
    silent = decision.best is None or decision.support < rule.threshold
    text = None if silent else choices[decision.best].text
    return Answer(text, passages=passages, abstained=silent, signals={"support": decision.support})
'''


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = small_project.make(tmp_path_factory.mktemp("calibrate"))
    (folder / "app.py").write_text(APP, encoding="utf-8")
    (folder / "model.yaml").write_text(small_project.knowing(), encoding="utf-8")
    file = folder / "genaiops.yaml"
    file.write_text(
        file.read_text("utf-8").replace("top_k: 2", "top_k: 2, calibrating: false"), encoding="utf-8"
    )
    rows = [
        {
            **row,
            "id": f"other-{row['id']}",
            "inputs": {"question": f"Tell me: {row['inputs']['question']}"},  # type: ignore[index]
        }
        for row in small_project.rows()
    ]
    (folder / "data" / "calibration.jsonl").write_text(
        "".join(json.dumps(row) + "\n" for row in rows), "utf-8"
    )
    small_project.commit(folder, "An app that can be calibrated")
    return folder


def genaiops(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "GENAIOPS_CONFIG": str(project.parent / "config"), "NO_COLOR": "1"}
    return subprocess.run(
        [*GENAIOPS, *arguments], cwd=project, env=env, capture_output=True, text=True, check=False
    )


@pytest.mark.proves("A-CALIBRATE", "A-LINEAGE")
def test_the_threshold_is_learnt_on_other_cases_and_kept_as_an_artifact_with_its_lineage(
    project: Path,
) -> None:
    before = genaiops(project, "ask", "Oslo is the capital of which country?")
    assert before.returncode == 2
    assert "arena calibrate" in before.stdout + before.stderr
    done = genaiops(project, "arena", "calibrate", "abstain", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["version"].startswith("calibration/abstain:v1@sha256:")
    kept = json.loads((project / "calibration" / "abstain.json").read_text("utf-8"))
    assert kept["learned_on"]["cases"] == 24
    assert 0 < kept["values"]["threshold"] <= 1
    lineage = genaiops(project, "hub", "lineage", "calibration/abstain")
    assert "app/cities" in lineage.stdout
    assert "corpus/docs" in lineage.stdout
    assert "dataset/calibration-abstain" in lineage.stdout
    asked = genaiops(project, "ask", "Oslo is the capital of which country?", "--json")
    assert json.loads(asked.stdout)["output"]["text"] == "Norway"
    unknown = genaiops(project, "ask", "Who was the mayor of Oslo in 1950?", "--json")
    assert json.loads(unknown.stdout)["output"]["abstained"] is True


def test_calibrating_on_the_suites_own_rows_is_refused(project: Path) -> None:
    done = genaiops(project, "arena", "calibrate", "abstain", "--dataset", "data/qa.jsonl")
    assert done.returncode == 2
    assert "rows of the suite" in done.stderr


def test_a_missing_calibration_dataset_is_one_clear_message(project: Path) -> None:
    done = genaiops(project, "arena", "calibrate", "abstain", "--dataset", "data/nowhere.jsonl")
    assert done.returncode == 2
    assert "data/nowhere.jsonl" in done.stderr
    assert "Traceback" not in done.stderr
