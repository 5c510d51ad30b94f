"""Suites about data, tool calls and conversations, from `arena run` to evidence that verifies."""

import json
from pathlib import Path

import pytest
from tests.support.plain_project import environment, genaiops, make

AGENT = """\
from genaiops import Answer
from genaiops.core import ToolCall


def answer(question, history):
    asked = [message["content"] for message in history if message["role"] == "user"]
    calls = [ToolCall(name="look_up", arguments={"word": question, "at": len(history)})]
    return Answer(" ".join([*asked, question]), data={"turn": len(asked) + 1}, tool_calls=calls)
"""
PROJECT = """\
project: talker
app: app:answer
suites:
  talk:
    dataset: data/suite.jsonl
    scorers:
      - exact_match
      - field_f1
      - tool_call_f1: {fields: {at: ignore}}
      - tool_rules: {forbidden: [delete]}
      - every_turn: {right: exact_match, from: 1}
      - steps: {count: tool}
    cluster_missing: own
    gate: {claims: [{scorer: every_turn, is: not_worse, margin: 0.05}]}
"""
WORDS = ("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa")


def talk(word: str) -> str:
    expected = [
        {
            "answers": [said],
            "data": {"turn": turn},
            "tool_calls": [{"name": "look_up", "arguments": {"word": last}}],
        }
        for turn, last, said in ((1, word, word), (2, "again", f"{word} again"))
    ]
    return (
        json.dumps({"id": word, "inputs": {"turns": [word, "again"]}, "expected": {"turns": expected}}) + "\n"
    )


@pytest.mark.proves("B-CONVERSATION")
def test_an_agent_that_forgets_is_refused_and_the_evidence_verifies(tmp_path: Path) -> None:
    rows = "".join(talk(word) for word in WORDS)
    project = make(tmp_path / "talker", AGENT, PROJECT, **{"data/suite.jsonl": rows})
    env = environment(tmp_path)
    forgetful = AGENT.replace("[*asked, question]", "[question]")
    (project / "app.py").write_text(forgetful, encoding="utf-8")
    plan = json.loads(genaiops(project, env, "arena", "plan", "--json").stdout)["effort"]
    assert plan["answers"] == 20
    assert plan["minutes"] == pytest.approx(20 * 2 * 5 / 4 / 60, rel=1e-2), "each turn is asked"
    done = genaiops(project, env, "arena", "run", "--json")
    assert done.returncode == 1, done.stderr
    told = json.loads(done.stdout)
    means = {
        one["scorer"]: (one["baseline"]["mean"], one["candidate"]["mean"]) for one in told["comparisons"]
    }
    assert means == {
        "exact_match": (1.0, 0.5),
        "field_f1": (1.0, 1.0),
        "tool_call_f1": (1.0, 1.0),
        "every_turn": (1.0, 0.0),
        "steps": (2.0, 2.0),
    } | {"tool_rules": means["tool_rules"]}
    verified = genaiops(project, env, "arena", "verify", told["evidence"], "--json")
    assert verified.returncode == 0, verified.stdout
    assert [level["status"] for level in json.loads(verified.stdout)["levels"]] == ["passed"] * 3
    shown = genaiops(project, env, "arena", "cases")
    assert shown.returncode == 0, shown.stderr
