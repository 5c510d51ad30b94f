"""Metrics of autoevals as scorers of a suite, against what the package itself says."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from tests.support.plain_project import ECHO, environment, genaiops, make

from genaiops.arena.model import Ruler, ScorerUse
from genaiops.arena.scorers import build_scorers, score_output
from genaiops.arena.scorers.autoevals import METRICS
from genaiops.core import Case, Digest, Output, Score, Trace

autoevals = pytest.importorskip("autoevals", reason="make test-adapters installs it")


def score(metric: str, expected: dict[str, Any], output: Output) -> Score:
    ruler = Ruler(
        name="x",
        dataset_digest=Digest("sha256:" + "0" * 64),
        scorers=(ScorerUse(name="autoevals", parameters={"metric": metric}),),
    )
    case = Case(id="c", inputs={"question": "?"}, expected=expected, cluster="c")
    return asyncio.run(score_output(build_scorers(ruler), case, 0, output, Trace(id="0" * 32)))[0]


@pytest.mark.proves("B-AUTOEVALS")
@pytest.mark.parametrize(
    ("metric", "said", "meant"),
    [
        ("Levenshtein", "hello wrld", "hello world"),
        ("Levenshtein", "", "hello"),
        ("ExactMatch", "Paris", "Paris"),
        ("ExactMatch", "paris", "Paris"),
    ],
)
def test_texts_score_as_autoevals_says(metric: str, said: str, meant: str) -> None:
    value = getattr(autoevals, metric)().eval(output=said, expected=meant).score
    assert score(metric, {"answers": [meant]}, Output(text=said)).value == pytest.approx(value, abs=1e-9)


@pytest.mark.proves("B-AUTOEVALS")
def test_data_and_numbers_score_as_autoevals_says() -> None:
    said, meant = (
        {"name": "Eagle", "price": 10, "tags": ["a"]},
        {"name": "The Eagle", "price": 12, "tags": ["b"]},
    )
    value = autoevals.JSONDiff().eval(output=said, expected=meant).score
    for output in Output(data=said), Output(text=json.dumps(said)):
        assert score("JSONDiff", {"data": meant}, output).value == pytest.approx(value, abs=1e-9)
    value = autoevals.NumericDiff().eval(output=105.0, expected=100.0).score
    for expected in {"data": 100}, {"answer": "100"}:
        assert score("NumericDiff", expected, Output(text=" 105 ")).value == pytest.approx(value, abs=1e-9)
    assert score("ValidJSON", {}, Output(text='{"a": 1}')).value == 1.0
    assert score("ValidJSON", {}, Output(text="a: 1")).value == 0.0


def test_the_best_reference_counts_and_abstentions_are_as_in_answer_f1() -> None:
    assert score("Levenshtein", {"answers": ["zzzz", "Paris"]}, Output(text="Paris")).value == 1.0
    assert score("Levenshtein", {"answers": ["Paris"]}, Output(abstained=True)).value == 0.0
    assert score("Levenshtein", {"answerable": False}, Output(abstained=True)).value == 1.0


@pytest.mark.parametrize("text", ["", "many", "nan", "inf", "1e999", "12 or 13"])
def test_an_answer_that_is_no_number_is_wrong_never_missing(text: str) -> None:
    got = score("NumericDiff", {"answer": "12"}, Output(text=text))
    assert (got.value, got.status) == (0.0, "ok")


@pytest.mark.parametrize("metric", METRICS)
def test_a_case_that_says_nothing_is_not_applicable_and_a_failed_app_scores_the_worst(metric: str) -> None:
    expected = {"answers": ["12"], "answer": "12", "data": {"a": 12} if metric == "JSONDiff" else 12}
    assert score(metric, expected, Output(status="timeout")).value == 0.0
    if metric != "ValidJSON":
        assert score(metric, {}, Output(text="12")).status == "not_applicable"


@pytest.mark.proves("B-AUTOEVALS")
def test_a_suite_with_a_metric_of_autoevals_gives_a_verdict_that_verifies(tmp_path: Path) -> None:
    project = """\
project: plain
app: app:answer
suites:
  first:
    dataset: data/suite.jsonl
    scorers: [{autoevals: {metric: Levenshtein}}]
    cluster_missing: own
"""
    root = make(tmp_path / "plain", ECHO.replace(".upper()", ""), project)
    (root / "app.py").write_text(ECHO, encoding="utf-8")
    env = environment(tmp_path)
    done = genaiops(root, env, "arena", "run", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["comparisons"][0]["candidate"]["mean"] == 1.0
    verified = json.loads(genaiops(root, env, "arena", "verify", told["evidence"], "--json").stdout)
    assert [level["status"] for level in verified["levels"]] == ["passed"] * 3
