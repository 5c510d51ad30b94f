"""Built-in scorers: what each says of an answer."""

import asyncio
import math
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from genaiops.arena.model import Ruler, ScorerUse
from genaiops.arena.scorers import BUILT_IN, build_scorers, score_output, scorer_specs
from genaiops.core import (
    Case,
    Citation,
    Digest,
    ModelSpec,
    Output,
    Passage,
    Score,
    Trace,
    Usage,
    UserError,
)

NOWHERE = Digest("sha256:" + "0" * 64)
TRACE = Trace(id="0" * 32)


def ruler(*uses: str | tuple[str, dict[str, Any]]) -> Ruler:
    made = [ScorerUse(name=u) if isinstance(u, str) else ScorerUse(name=u[0], parameters=u[1]) for u in uses]
    return Ruler(name="qa", dataset_digest=NOWHERE, scorers=tuple(made))


def case(**expected: Any) -> Case:
    return Case(id="c", inputs={}, expected=expected, cluster="d")


def score(use: str | tuple[str, dict[str, Any]], case: Case, output: Output, *more: str) -> Score:
    scorers = build_scorers(ruler(use, *more), embedder=Letters())
    return asyncio.run(score_output(scorers, case, 0, output, TRACE))[0]


class Letters:
    """An embedder whose vector counts letters: a stand-in for a paid model."""

    spec = ModelSpec(provider="test", model="letters")

    async def embed(self, texts: Sequence[str], kind: Literal["query", "passage"]) -> NDArray[np.float32]:
        counts = np.array([[text.count(letter) for letter in "abcdef"] for text in texts], dtype=np.float32)
        return counts / np.linalg.norm(counts, axis=1, keepdims=True)

    async def close(self) -> None:
        return None


PARIS = case(answers=["Paris", "the city of Paris"], answerable=True)
NONE = case(answers=[], answerable=False)


@pytest.mark.parametrize(
    ("scorer", "text", "value"),
    [
        ("exact_match", "paris.", 1.0),
        ("exact_match", "It is Paris", 0.0),
        ("exact_match", "City of  PARIS!", 1.0),
        ("answer_f1", "paris", 1.0),
        ("answer_f1", "It is Paris", 0.5),
        ("answer_f1", "London", 0.0),
        ("answer_f1", "the", 0.0),
        ("contains", "I think it is Paris, of course.", 1.0),
        ("contains", "parisian", 0.0),
    ],
)
def test_answers_are_compared_as_squad_does(scorer: str, text: str, value: float) -> None:
    assert score(scorer, PARIS, Output(text=text)).value == value


SERVICE = "Does the service offer an uptime agreement?"
ADDING = Case(
    id="c",
    inputs={"question": SERVICE},
    expected={"answers": ["The service offers an uptime agreement in the Standard tier."]},
    cluster="d",
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (SERVICE, 0.0),
        ("Yes, the service does offer an uptime agreement.", 0.0),
        ("Yes, in the Free tier, on request.", 2 / 6),
        ("It is part of the standard tiers.", 4 / 5),
        ("Standard tier.", 1.0),
        ("", 0.0),
    ],
)
def test_added_f1_counts_only_what_an_answer_adds_to_the_question(text: str, value: float) -> None:
    assert score("added_f1", ADDING, Output(text=text)).value == pytest.approx(value)


def test_added_f1_compares_whole_where_the_reference_only_picks_from_the_question() -> None:
    picking = Case(id="c", inputs={"question": "Tea or coffee?"}, expected={"answers": ["Tea"]}, cluster="d")
    assert score("added_f1", picking, Output(text="tea")).value == 1.0
    assert score("added_f1", picking, Output(text="coffee")).value == 0.0
    assert score("added_f1", NONE, Output(text="tea")).value == 0.0
    assert score("added_f1", NONE, Output(text=None, abstained=True)).value == 1.0


def test_repeated_tokens_count_as_often_as_both_have_them() -> None:
    got = score("answer_f1", case(answers=["b b c"]), Output(text="b b b d"))
    assert got.value == pytest.approx(2 * (2 / 4) * (2 / 3) / (2 / 4 + 2 / 3))


@pytest.mark.parametrize("scorer", ["exact_match", "answer_f1", "contains", "semantic_similarity"])
def test_an_unanswerable_case_wants_an_abstention_and_nothing_else(scorer: str) -> None:
    assert score(scorer, NONE, Output(text="I do not know", abstained=True)).value == 1.0
    assert score(scorer, NONE, Output(text="I do not know")).value == 0.0
    assert score(scorer, PARIS, Output(text="Paris", abstained=True)).value == 0.0
    assert score(scorer, case(), Output(text="Paris")).status == "not_applicable"


def test_likeness_of_meaning_is_that_of_the_nearest_reference() -> None:
    got = score("semantic_similarity", case(answers=["f", "abc"]), Output(text="cab"))
    assert got.value == pytest.approx(1.0)
    assert score("semantic_similarity", case(answers=["f"]), Output(text="a")).value == 0.0
    scorers = build_scorers(ruler("semantic_similarity"))
    (without,) = asyncio.run(score_output(scorers, PARIS, 0, Output(text="a"), TRACE))
    assert (without.status, without.value) == ("failed", None)


@pytest.mark.parametrize(
    ("output", "value"),
    [
        (Output(text='{"a": 1}'), 1.0),
        (Output(text='Sure: {"a": 1}'), 0.0),
        (Output(text='{"a": NaN}'), 0.0),
        (Output(text=None), 0.0),
        (Output(data={"a": 1}), 1.0),
    ],
)
def test_json_is_valid_where_it_is_all_there_is(output: Output, value: float) -> None:
    assert score("json_valid", case(), output).value == value


def passage(name: str, text: str, document: str = "d") -> Passage:
    return Passage(id=name, text=text, document=document)


GOLD = case(
    passages=[{"document": "d", "quote": "cats  are\nanimals"}, {"document": "e", "quote": "dogs bark"}]
)
FOUND = (
    passage("1", "nothing here"),
    passage("2", "dogs bark", "another"),
    passage("3", "All cats are animals."),
    passage("4", "cats are animals again"),
    passage("5", "Many dogs bark at night", "e"),
)


def test_retrieval_looks_for_the_gold_quotes_in_their_own_document() -> None:
    out = Output(passages=FOUND)
    assert score(("retrieval_recall", {"k": 3}), GOLD, out).value == 0.5
    assert score(("retrieval_recall", {"k": 5}), GOLD, out).value == 1.0
    assert score(("retrieval_mrr", {"k": 5}), GOLD, out).value == pytest.approx(1 / 3, abs=1e-9)
    assert score(("retrieval_mrr", {"k": 2}), GOLD, out).value == 0.0
    gained = 1 / math.log2(4) + 1 / math.log2(6)
    best = 1 + 1 / math.log2(3)
    assert score("retrieval_ndcg", GOLD, out).value == pytest.approx(gained / best, abs=1e-8)
    both = Output(passages=(passage("1", "x dogs bark cats are animals", "d"),))
    same = case(passages=[{"document": "d", "quote": "dogs bark"}, {"quote": "cats are animals"}])
    assert score("retrieval_ndcg", same, both).value == 1.0


def test_a_case_without_gold_passages_is_not_applicable_even_where_the_app_failed() -> None:
    for output in (Output(passages=FOUND), Output(status="app_error", error="boom")):
        assert score("retrieval_recall", case(), output).status == "not_applicable"


@pytest.mark.parametrize(
    ("gold", "text", "holds"),
    [
        (
            "a quote of exactly forty characters here",
            "of exactly forty characters here, and then more",
            True,
        ),
        ("a quote of exactly forty characters here", "and before a quote of exactly forty", True),
        (
            "a quote of exactly forty characters here",
            "characters here, and much more that is not in it",
            False,
        ),
        ("a long quote that runs over the whole chunk and beyond it", "runs over the whole chunk", True),
        ("a long quote that runs", "that", False),
        ("p", "something", True),
        ("doc", "something", True),
        ("other", "something", False),
    ],
)
def test_a_quote_cut_by_a_chunks_border_still_counts(gold: str, text: str, holds: bool) -> None:
    found = Output(passages=(passage("p", text, "doc"),))
    assert score("retrieval_recall", case(passages=[gold]), found).value == float(holds)


def test_citations_count_where_they_stand_verbatim_in_a_gold_passage() -> None:
    cites = (
        Citation(passage="3", quote="cats are animals"),
        Citation(passage="1", quote="nothing here"),
        Citation(passage="3", quote="cats are plants"),
        Citation(passage="9", quote="cats"),
        Citation(passage="3", quote=" "),
    )
    out = Output(text="x", passages=FOUND, citations=cites)
    assert score("citation_precision", GOLD, out).value == pytest.approx(1 / 5)
    assert score("citation_precision", case(answers=["x"]), out).value == pytest.approx(2 / 5)
    assert score("citation_recall", GOLD, out).value == 0.5


def test_citing_nothing_is_never_the_best_answer() -> None:
    for silent in (Output(text="x", passages=FOUND), Output(abstained=True)):
        assert score("citation_precision", GOLD, silent).value == 0.0
        assert score("citation_recall", GOLD, silent).value == 0.0
        assert score("citation_precision", NONE, silent).status == "not_applicable"


@pytest.mark.parametrize(
    ("expected", "abstained", "value"),
    [(PARIS, False, 1), (PARIS, True, 0), (NONE, True, 1), (NONE, False, 0)],
)
def test_abstaining_is_right_where_there_is_no_answer(expected: Case, abstained: bool, value: int) -> None:
    assert score("abstention", expected, Output(text="x", abstained=abstained)).value == value


@pytest.mark.parametrize(
    ("expected", "output", "value", "label"),
    [
        (PARIS, Output(text="Paris"), 0, "right"),
        (PARIS, Output(text="It is Paris"), 0, "right"),
        (PARIS, Output(text="It is surely not Paris"), 1, "wrong"),
        (PARIS, Output(text="x", abstained=True), 0, "abstained"),
        (NONE, Output(text="x", abstained=True), 0, "abstained"),
        (NONE, Output(text="Paris"), 1, "wrong"),
        (PARIS, Output(status="timeout", error="60 s"), 1, "timeout"),
    ],
)
def test_a_wrong_answer_is_one_that_was_given_and_is_not_right(
    expected: Case, output: Output, value: int, label: str
) -> None:
    got = score(("wrong_answers", {"right": "answer_f1", "from": 0.5}), expected, output, "answer_f1")
    assert (got.value, got.label) == (value, label)


def test_wrong_answers_reads_a_scorer_of_the_suite() -> None:
    with pytest.raises(UserError) as caught:
        build_scorers(ruler("wrong_answers"))
    assert "answer_f1" in caught.value.what
    for bad in ({"right": 3}, {"from": "x"}, {"right": "latency_ms"}, {"right": "wrong_answers"}):
        with pytest.raises(UserError):
            build_scorers(ruler(("wrong_answers", bad), "answer_f1", "latency_ms"))


def test_effort_is_time_tokens_and_money_and_an_unknown_price_is_missing() -> None:
    out = Output(text="x", latency_ns=1_234_567_890, usage=Usage(input_tokens=7, output_tokens=5, calls=1))
    assert score("latency_ms", case(), out).value == 1234.56789
    assert score("tokens", case(), out).value == 12.0
    assert score("cost_usd", case(), out).status == "failed"
    assert score("cost_usd", case(), Output(cost_nanousd=1_500)).value == 1.5e-6


def test_an_apps_failure_scores_the_worst_value_or_is_missing_where_there_is_none() -> None:
    failed = Output(status="app_error", error="boom\x1b[31m\nat line 3")
    got = score("answer_f1", PARIS, failed)
    assert (got.value, got.status, got.reason) == (0.0, "ok", "app_error: boom at line 3")
    assert score("wrong_answers", PARIS, failed, "answer_f1").value == 1.0
    assert score("latency_ms", PARIS, failed).status == "failed"
    lost = score("answer_f1", PARIS, Output(status="infra_error", error="no network"))
    assert (lost.value, lost.status) == (None, "failed")


BOUNDED = [name for name in BUILT_IN if name not in {"latency_ms", "tokens", "cost_usd", "steps"}]
FULL = case(
    answers=["abc", "d"],
    passages=["abc"],
    data={"a": 1},
    tool_calls=[{"name": "a"}],
    tools={"required": ["a"]},
)


@given(
    text=st.text("abcd ", max_size=12),
    abstained=st.booleans(),
    answerable=st.booleans(),
    cites=st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_an_apps_failure_never_scores_better_than_any_answer(
    text: str, abstained: bool, answerable: bool, cites: bool
) -> None:
    one = Case(id="c", inputs={}, expected={**FULL.expected, "answerable": answerable}, cluster="d")
    answer = Output(
        text=text,
        abstained=abstained,
        passages=(passage("p", text + "abc"),),
        citations=(Citation(passage="p", quote=text),) if cites else (),
    )
    scorers = build_scorers(ruler(*BOUNDED), embedder=Letters())
    specs = scorer_specs(ruler(*BOUNDED))
    failed = asyncio.run(score_output(scorers, one, 0, Output(status="timeout"), TRACE))
    said = asyncio.run(score_output(scorers, one, 0, answer, TRACE))
    for worst, got in zip(failed, said, strict=True):
        assert worst.status == got.status or got.status == "failed"
        if got.value is not None and worst.value is not None:
            sign = 1 if specs[got.scorer].better == "higher" else -1
            assert sign * worst.value <= sign * got.value
