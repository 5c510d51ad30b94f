"""Suites: every name in one is known before anything runs."""

from typing import Any

import pytest
from tests.support.arena_scores import make_cases

from genaiops.app import SuiteConfig
from genaiops.arena.datasets import dataset_digest
from genaiops.arena.model import Correct, Ruler, Suite
from genaiops.arena.suites import resolve_suite, suite_digest
from genaiops.core import Claim, UserError, decode, encode

CASES = make_cases(12, topic=["a", "b", "c"])


def resolve(**config: Any) -> Suite:
    given = {"dataset": "qa.jsonl", "scorers": ["answer_f1", "latency_ms"], **config}
    return resolve_suite("qa", SuiteConfig.model_validate(given), CASES, dataset_digest(CASES))


def test_a_suite_without_a_gate_implies_one_and_says_so() -> None:
    gate = resolve(scorers=["latency_ms", "cost_usd", "answer_f1", "abstention"]).ruler.gate
    assert gate.implied
    assert gate.claims == (Claim(scorer="answer_f1", kind="not_worse", bound=0.05),)
    assert resolve(gate={"alpha": 0.1}).ruler.gate.implied
    assert not resolve(gate={"rules": ["candidate.latency_ms.p95 < 900"]}).ruler.gate.implied


def test_what_is_correct_comes_from_wrong_answers() -> None:
    scorers = [{"wrong_answers": {"right": "contains", "from": 1}}, "contains"]
    assert resolve(scorers=scorers).ruler.correct == Correct(scorer="contains", threshold=1.0)
    assert resolve(scorers=["exact_match"]).ruler.correct == Correct(scorer="exact_match", threshold=1.0)
    assert resolve().ruler.correct is None


def test_the_digest_names_everything_of_the_ruler_and_survives_storage() -> None:
    suite = resolve(slices=["tags.topic"])
    assert suite.digest == suite_digest(decode(Ruler, encode(suite.ruler)))
    others = [
        resolve(),
        resolve(slices=["tags.topic"], repeats=2),
        resolve(slices=["tags.topic"], gate={"alpha": 0.1}),
        resolve(slices=["tags.topic"], scorers=["answer_f1", "tokens"]),
    ]
    assert len({suite.digest, *(other.digest for other in others)}) == 5


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"scorers": ["answer_fl"]}, "did you mean 'answer_f1'"),
        ({"scorers": ["answer_f1", "answer_f1"]}, "stands twice"),
        ({"scorers": [{"retrieval_recall": {"k": 5, "kk": 1}}]}, "no parameter 'kk'"),
        ({"scorers": ["wrong_answers"]}, "needs 'answer_f1'"),
        ({"scorers": ["latency_ms"]}, "no scorer that measures quality"),
        ({"slices": ["tags.topik"]}, "no case has a value at 'tags.topik'"),
        ({"slices": ["tags.topic", "tags.topic"]}, "two slices are called 'topic=a'"),
        ({"gate": {"claims": [{"scorer": "f1", "is": "better", "by": 0.1}]}}, "'f1'"),
        (
            {
                "slices": ["tags.topic"],
                "gate": {"claims": [{"scorer": "answer_f1", "is": "better", "by": 0.1, "slice": "topic=z"}]},
            },
            "the slice 'topic=z'",
        ),
        ({"gate": {"claims": [{"scorer": "answer_f1", "is": "not_worse", "margin": 1}]}}, "says nothing"),
        ({"gate": {"claims": [{"scorer": "answer_f1", "is": "at_least", "value": 80}]}}, "says nothing"),
        ({"gate": {"rules": ["candidate.answer_f2.mean > 0.5"]}}, "did you mean candidate.answer_f1.mean?"),
        ({"gate": {"rules": ["candidate.answer_f1.mena > 0.5"]}}, "no fact of this suite"),
        ({"gate": {"rules": ["candidate.answer_f1.mean > "]}}, "not a rule"),
        ({"gate": {"rules": ['slice["topic=a"].candidate.answer_f1.mean > 0.5']}}, "no fact of this suite"),
    ],
)
def test_a_name_or_bound_that_does_not_fit_is_refused_with_the_way_out(
    config: dict[str, Any], words: str
) -> None:
    with pytest.raises(UserError) as caught:
        resolve(**config)
    assert words in str(caught.value)
    assert caught.value.fix


def test_rules_may_read_every_fact_of_every_slice() -> None:
    rules = [
        "ratio.latency_ms.p95.high <= 1.1 && candidate.answer_f1.missing == 0",
        'slice["topic=a"].diff.answer_f1.mean.low > -0.1',
    ]
    assert resolve(slices=["tags.topic"], gate={"rules": rules}).ruler.gate.rules == tuple(rules)
