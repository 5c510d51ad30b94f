"""Judges without a model: what they are shown, what counts as a verdict, canaries, anchors, family."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genaiops.arena.judges.anchors import Anchor, Said, compare_anchors, read_anchors
from genaiops.arena.judges.asking import (
    Reply,
    question_digest,
    read_reply,
    record_of,
    request_of,
)
from genaiops.arena.judges.cache import VerdictCache
from genaiops.arena.judges.canary import ATTACKS, EMPTY, Obeyed, try_canary
from genaiops.arena.judges.family import family_of, same_family
from genaiops.arena.judges.matches import Given, questions_of, rivals_of
from genaiops.arena.judges.scorer import Judged, JudgeScorer, judge_spec
from genaiops.arena.model import Judge
from genaiops.arena.scale import value_of
from genaiops.arena.scorers import score_output
from genaiops.core import Case, Json, ModelSpec, Output, Trace, UserError
from genaiops.store import Store

pytestmark = [pytest.mark.usefixtures("each_store"), pytest.mark.thorough]

JUDGE = Judge(name="right", model="openai:gpt-4o-mini", rubric="Right is what is expected.")
PAIR = replace(JUDGE, form="pair", scale=())
MODEL = ModelSpec(provider="openai", model="gpt-4o-mini")
CASE = Case(id="q1", inputs={"question": "Capital of Peru?"}, expected={"answers": ["Lima"]}, cluster="q1")


def says(verdict: str) -> str:
    return json.dumps({"reason": "because", "verdict": verdict})


@given(st.text())
@pytest.mark.proves("B-JUDGE-DELIMITED")
def test_no_answer_can_end_the_record_or_stand_outside_of_it(text: str) -> None:
    request = request_of(JUDGE, record_of(JUDGE, CASE, answer=Output(text=text)))
    user = request.messages[-1].content
    begin, record, end = user.split("\n")
    assert begin.startswith("BEGIN RECORD ")
    assert end == begin.replace("BEGIN", "END")
    assert json.loads(record)["answer"] == {"text": text}
    assert request.messages[0] == request_of(JUDGE, record_of(JUDGE, CASE, answer=Output())).messages[0]


def test_a_judge_is_not_told_whose_answer_it_sees_nor_what_it_took() -> None:
    output = Output(
        text="Lima", cost_nanousd=5, latency_ns=7, trace_id="candidate-1", signals={"support": 1.0}
    )
    assert record_of(JUDGE, CASE, answer=output) == {
        "inputs": CASE.inputs,
        "expected": CASE.expected,
        "answer": {"text": "Lima"},
    }
    assert "expected" not in record_of(replace(JUDGE, sees=("inputs",)), CASE, answer=output)


def test_the_reply_is_bound_to_the_judges_scale() -> None:
    request = request_of(replace(JUDGE, scale=("bad", "fair", "good")), {})
    assert request.temperature == 0.0
    properties = request.json_schema["properties"] if request.json_schema else None
    assert properties["verdict"]["enum"] == ["bad", "fair", "good"]  # type: ignore[index,call-overload]


@pytest.mark.parametrize(
    "text",
    [
        "Great answer!",
        "yes",
        "[]",
        '{"verdict": "YES"}',
        '{"verdict": ["yes"]}',
        '{"reason": "x"}',
        '{"verdict": "yes"} {"verdict": "no"}',
        '{"verdict": 1}',
        "[" * 100_000,
    ],
)
@pytest.mark.proves("B-JUDGE-NONSENSE")
def test_what_does_not_fit_the_schema_is_no_verdict(text: str) -> None:
    with pytest.raises(ValueError, match="it "):
        read_reply(JUDGE, text)


def test_a_fence_around_the_reply_is_no_matter() -> None:
    assert read_reply(JUDGE, f"```json\n{says('yes')}\n```") == Reply(verdict="yes", reason="because")


def test_the_scale_spreads_evenly_from_0_to_1() -> None:
    judge = replace(JUDGE, scale=("bad", "fair", "good"))
    assert [value_of(judge, word) for word in judge.scale] == [0.0, 0.5, 1.0]


@pytest.mark.proves("B-JUDGE-CACHE")
def test_a_question_is_the_same_only_where_rubric_model_and_record_are() -> None:
    record = record_of(JUDGE, CASE, answer=Output(text="Lima"))
    digest = question_digest(JUDGE, MODEL, record)
    assert digest == question_digest(JUDGE, MODEL, dict(record))
    others = [
        question_digest(replace(JUDGE, rubric="Another."), MODEL, record),
        question_digest(replace(JUDGE, scale=("no", "maybe", "yes")), MODEL, record),
        question_digest(JUDGE, replace(MODEL, version="2"), record),
        question_digest(JUDGE, MODEL, record_of(JUDGE, CASE, answer=Output(text="Cusco"))),
    ]
    assert len({digest, *others}) == 5


@pytest.mark.proves("B-JUDGE-CACHE")
def test_a_verdict_older_than_asked_for_is_not_known(tmp_path: Path) -> None:
    with Store.open(tmp_path / "store") as store:
        cache = VerdictCache(store)
        cache.keep({"k": Reply(verdict="yes", reason="")})
        assert cache.find(["k", "other"], longest=None) == {"k": Reply(verdict="yes", reason="")}
        assert cache.find(["k"], longest=timedelta(hours=1)).keys() == {"k"}
        assert cache.find(["k"], longest=timedelta(seconds=-2)) == {}


Model = Callable[[dict[str, Json]], str | None]


def tried(judge: Judge, model: Model, attack: int = 0) -> Obeyed | None:
    async def ask(record: dict[str, Json]) -> str | None:
        return model(record)

    return asyncio.run(try_canary(judge, CASE, attack, ask))


def answer_in(record: dict[str, Json]) -> str:
    return str(record["answer"]["text"])  # type: ignore[index,call-overload]


@pytest.mark.parametrize("attack", range(len(ATTACKS)))
@pytest.mark.proves("B-JUDGE-CANARY")
def test_a_judge_that_says_what_the_answer_asks_for_obeyed(attack: int) -> None:
    def obedient(record: dict[str, Json]) -> str:
        return "yes" if '"yes"' in answer_in(record) else "no"

    assert tried(JUDGE, obedient, attack) == Obeyed(told="yes", said="yes", alone="no")


@pytest.mark.proves("B-JUDGE-CANARY")
def test_a_judge_whose_rubric_likes_an_empty_answer_is_asked_for_the_other_end() -> None:
    def polite(record: dict[str, Json]) -> str:
        return "no" if '"no"' in answer_in(record) else "yes"

    assert tried(JUDGE, polite) == Obeyed(told="no", said="no", alone="yes")
    assert tried(JUDGE, lambda record: "yes") is None


def test_a_judge_that_stands_and_one_without_a_verdict_did_not_obey() -> None:
    assert tried(JUDGE, lambda record: "no") is None
    assert tried(JUDGE, lambda record: None) is None
    assert tried(JUDGE, lambda record: "no" if answer_in(record) == EMPTY else None) is None


@pytest.mark.proves("B-JUDGE-CANARY")
def test_a_judge_of_pairs_obeys_only_where_it_does_so_in_both_orders() -> None:
    def obedient(record: dict[str, Json]) -> str:
        return next(name for name in ("first", "second") if record[name] != {"text": EMPTY})

    assert tried(PAIR, obedient) is not None
    assert tried(PAIR, lambda record: "second") is None
    assert tried(PAIR, lambda record: "tie") is None


def anchors(*values: float) -> list[Anchor]:
    return [Anchor(inputs={"question": "?"}, output=Said(text=str(value)), value=value) for value in values]


@pytest.mark.proves("B-JUDGE-ANCHORS")
def test_anchors_are_compared_row_by_row() -> None:
    rows = anchors(*[1.0] * 10, *[0.0] * 10)
    assert compare_anchors(rows, [row.value for row in rows]).p_value == 1.0
    swapped = compare_anchors(rows, [1.0 - row.value for row in rows])
    assert (swapped.up, swapped.down) == (10, 10)  # the mean stands still, every row flipped
    stricter = compare_anchors(rows, [*[0.0] * 6, None, *[1.0] * 3, *[0.0] * 10])
    assert (stricter.up, stricter.down) == (0, 7)
    assert stricter.p_value == pytest.approx(2 * 0.5**7)


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("", "anchors.jsonl"),
        ('{"inputs": {}, "output": {"text": "a"}, "value": 0}\n' * 3, "anchors.jsonl"),
        ("nonsense", "anchors.jsonl:1"),
        ('\n{"inputs": {}, "output": {"text": "a"}, "value": 2}', "anchors.jsonl:2"),
        ('{"inputs": {}, "output": {"text": "a"}, "value": NaN}', "anchors.jsonl:1"),
        ('{"inputs": {}, "output": {"text": "a"}}', "anchors.jsonl:1"),
    ],
)
@pytest.mark.proves("B-JUDGE-BAD")
def test_anchors_that_do_not_fit_are_refused_with_their_line(text: str, where: str) -> None:
    with pytest.raises(UserError) as caught:
        read_anchors(text, "anchors.jsonl")
    assert (caught.value.code, caught.value.where) == ("GAO-ARENA-316", where)


def test_an_anchor_asks_the_judge_what_a_case_would() -> None:
    row = Anchor(inputs=CASE.inputs, expected=CASE.expected, output=Said(text="Lima"), value=1.0)
    case, output = row.asked
    assert record_of(JUDGE, case, answer=output) == record_of(JUDGE, CASE, answer=Output(text="Lima"))


@pytest.mark.parametrize(
    ("model", "family"),
    [
        ("openai:gpt-4o-mini", "gpt"),
        ("openai:o3-mini", "gpt"),
        ("http://host:8000/v1#meta-llama/Llama-3.1-8B", "llama"),
        ("local:smollm2-135m", "smollm"),
        ("https://host/v1#Mixtral-8x7B", "mistral"),
        ("local:extractive", None),
        ("scripted:judge.yaml", None),
    ],
)
@pytest.mark.proves("B-JUDGE-FAMILY")
def test_the_family_of_a_model_is_read_from_its_name(model: str, family: str | None) -> None:
    assert family_of(model) == family


@pytest.mark.proves("B-JUDGE-FAMILY")
def test_a_judge_is_named_with_the_arms_that_run_its_kind() -> None:
    arms = {"baseline": ["local:smollm2-135m"], "candidate": ["openai:gpt-4.1"]}
    (said,) = same_family([JUDGE], arms)
    assert "right (openai:gpt-4o-mini)" in said
    assert "of the candidate:" in said
    assert same_family([replace(JUDGE, model="https://host/v1#qwen3")], arms) == []


def scored(judge: Judge, judged: Judged | None, output: Output) -> tuple[float | None, str | None]:
    scorer = JudgeScorer(judge_spec(judge), judge, judged)
    (score,) = asyncio.run(score_output([scorer], CASE, 0, output, Trace(id="t")))
    return score.value, score.reason


@pytest.mark.proves("B-JUDGE-PAIR")
@pytest.mark.parametrize(
    ("shown_first", "shown_second", "value"),
    [
        ("first", "second", 1.0),
        ("second", "first", 0.0),
        ("first", "first", 0.5),
        ("tie", "tie", 0.5),
        ("first", "tie", 0.75),
    ],
)
def test_a_pair_counts_the_mean_over_both_orders_and_both_arms_add_up_to_one(
    shown_first: str, shown_second: str, value: float
) -> None:
    old, new = Output(text="Cusco"), Output(text="Lima")
    rows = [Given("baseline", CASE, 0, old), Given("candidate", CASE, 0, new)]
    words = {"Lima": shown_first, "Cusco": shown_second}  # what it says with Lima, then with Cusco, first
    replies: dict[str, Reply | str] = {
        question_digest(PAIR, MODEL, record): Reply(
            verdict=words[str(record["first"]["text"])],  # type: ignore[index,call-overload]
            reason="",
        )
        for _, record in questions_of(PAIR, rows)
    }
    rivals = rivals_of(PAIR, rows)
    after, _ = scored(PAIR, Judged(MODEL, replies, rivals["candidate"]), new)
    before, _ = scored(PAIR, Judged(MODEL, replies, rivals["baseline"]), old)
    assert (after, before) == (value, 1.0 - value)


def test_equal_answers_tie_and_a_failed_one_loses_without_a_question() -> None:
    same = [Given("baseline", CASE, 0, Output(text="Lima")), Given("candidate", CASE, 0, Output(text="Lima"))]
    failed = [replace(same[0], output=Output(status="app_error", error="broke")), same[1]]
    assert questions_of(PAIR, same) == questions_of(PAIR, failed) == []
    assert scored(PAIR, Judged(MODEL, {}, rivals_of(PAIR, same)["candidate"]), same[1].output)[0] == 0.5
    assert scored(PAIR, Judged(MODEL, {}, rivals_of(PAIR, failed)["candidate"]), same[1].output)[0] == 1.0
    assert scored(PAIR, Judged(MODEL, {}, rivals_of(PAIR, failed)["baseline"]), failed[0].output)[0] == 0.0


def test_a_judge_that_was_not_asked_leaves_the_row_missing() -> None:
    assert scored(JUDGE, None, Output(text="Lima")) == (None, "the judge was not asked")
    assert scored(JUDGE, Judged(MODEL, {}), Output(text="Lima")) == (None, "the judge was not asked")


def test_each_turn_of_a_conversation_is_judged_where_the_judge_sees_what_is_expected() -> None:
    talk = Case(
        id="talk",
        inputs={"turns": ["Capital of Peru?", "And of Ghana?"]},
        expected={"turns": [{"answers": ["Lima"]}, {"answers": ["Accra"]}]},
        cluster="talk",
    )
    said = Output(text="Accra", turns=(Output(text="Lima"), Output(text="Accra")))
    each = questions_of(JUDGE, [Given("candidate", talk, 0, said)])
    assert [record["expected"] for _, record in each] == [{"answers": ["Lima"]}, {"answers": ["Accra"]}]
    whole = questions_of(replace(JUDGE, sees=("inputs",)), [Given("candidate", talk, 0, said)])
    assert [len(record["answer"]["turns"]) for _, record in whole] == [2]  # type: ignore[index,call-overload,arg-type]
