"""A study: its variants, what a difference may be read as, and every item that its report states."""

import json
from dataclasses import replace
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import genaiops.arena.study
from genaiops.arena.engine import Answered
from genaiops.arena.ledger import Kept
from genaiops.arena.schedule import Step
from genaiops.arena.study.answering import Asked
from genaiops.arena.study.asked import history_of, question_of, read_questions
from genaiops.arena.study.contrasts import Ruled, contrast_all
from genaiops.arena.study.disturbing import CANARY, contexts, samples
from genaiops.arena.study.facts import ITEMS
from genaiops.arena.study.generating import Work, drawn, refuse_gone
from genaiops.arena.study.level import Levels
from genaiops.arena.study.material import auto_slices
from genaiops.arena.study.outcomes import Ended, ended, sufficient, summed, values_of
from genaiops.arena.study.overlap import overlapping
from genaiops.arena.study.variants import VARIANTS, choose
from genaiops.core import Case, Output, OutsideError, Passage, Score, Trace, Usage, UserError

CLUSTERS = np.repeat(np.arange(40), 3)
RULED = Ruled(CLUSTERS, 0.05, 1)


def case(id: str = "q1", **expected: object) -> Case:
    return Case(id=id, inputs={"question": "Where?"}, expected=expected, cluster=id)  # type: ignore[arg-type]


def passage(id: str, text: str = "Nothing of use.") -> Passage:
    return Passage(id=id, text=text, document=id)


def ended_as(one: Case, output: Output, label: str | None, status: str = "ok") -> Ended:
    score = Score(scorer="wrong_answers", case=one.id, value=0.0, label=label, status=status)  # type: ignore[arg-type]
    answered = Answered(Step("answer", one, 0), Kept(output, Trace(id="t"), "", "run"), reused=False)
    return ended(one, answered, [score])


@pytest.mark.proves("D-STUDY-VARIANTS")
def test_each_variant_adds_one_step_to_the_nearest_one_that_takes_part() -> None:
    assert [one.name for one in choose(None, tuned=False)] == [
        "none", "naive", "cot", "hybrid", "rerank", "abstain",
    ]  # fmt: skip
    chosen = {one.name: one.after for one in choose("abstain, hybrid", tuned=False)}
    assert chosen == {"naive": None, "hybrid": "naive", "abstain": "hybrid"}
    assert {"tuned", "tuned-none"} <= {one.name for one in choose(None, tuned=True)}
    assert (VARIANTS["tuned"].search, VARIANTS["tuned"].wording) == ("dense", "cot"), (
        "as `cot`, but the model"
    )


@pytest.mark.proves("D-BAD-STUDY")
def test_an_unknown_variant_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(UserError, match="did you mean 'rerank'"):
        choose("none,rerankk", tuned=False)
    with pytest.raises(UserError, match="needs a tuned model"):
        choose("tuned", tuned=False)


@pytest.mark.proves("D-BAD-STUDY")
def test_a_model_of_which_no_answer_came_in_the_pilot_ends_the_study_with_its_reason() -> None:
    gone = Output(status="infra_error", error="gpu:8000 cannot be reached")
    asked = [Asked(arm, case(), Step(arm, case(), 0)) for arm in ("chat", "tuned", "chat", "tuned")]
    rows = [ended_as(case(), output, None) for output in (Output(text="a"), gone, gone, gone)]
    with pytest.raises(OutsideError, match=r"tuned cannot be measured.*\n?.*gpu:8000 cannot be reached"):
        refuse_gone(asked, rows)
    refuse_gone(asked, [*rows[:3], ended_as(case(), Output(text="b"), None)])  # one answer came


@pytest.mark.proves("D-STUDY-DECIDED")
def test_a_search_that_finds_more_is_better_one_that_finds_the_same_is_not_worse_and_luck_is_open() -> None:
    random = np.random.default_rng(7)
    dense = (random.random(CLUSTERS.size) < 0.6).astype(float)
    better = np.where(random.random(CLUSTERS.size) < 0.7, 1.0, dense)
    noise = (random.random(CLUSTERS.size) < 0.6).astype(float)
    values = {"dense": dense, "rerank": better, "lexical": noise}
    pairs = (("rerank", "dense"), ("lexical", "dense"))
    told = {one.variant: one for one in contrast_all("recall@5", values, pairs, RULED)}
    assert (told["rerank"].reading, told["lexical"].reading) == ("better", "open")
    assert told["lexical"].needed is not None
    assert told["lexical"].needed > 40
    (alone,) = contrast_all("recall@5", values, pairs[1:], RULED)
    assert alone.diff.low is not None
    assert told["lexical"].diff.low is not None
    assert told["lexical"].diff.low < alone.diff.low, "limits that hold together are wider"


@pytest.mark.proves("D-STUDY-LEVEL")
def test_a_generator_that_is_never_right_is_told_as_that_and_not_as_not_worse() -> None:
    nothing = np.zeros(120)
    nothing[:1] = 1.0
    many = Ruled(np.arange(120), 0.05, 1)
    pair = (("rerank", "naive"),)
    values = {"naive": np.zeros(120), "rerank": nothing}
    (plain,) = contrast_all("right", values, pair, many)
    assert plain.reading == "not worse", "by its limits alone"
    levels = Levels({"naive": 0.0, "rerank": 1 / 120}, {"naive": 0.0, "rerank": 0.01}, {pair[0]: 0.1}, 120)
    (told,) = contrast_all("right", values, pair, many, level=levels.why)
    assert told.reading == "not decidable"
    assert told.why.startswith("not decidable with this generator: right in 1% of the questions at most")
    assert "needs a generator that is right in more than" in told.why


@pytest.mark.proves("D-STUDY-LEVEL")
def test_what_two_searches_can_change_is_bounded_by_where_only_one_context_is_sufficient() -> None:
    right, used = {"naive": 0.5, "rerank": 0.5, "cot": 0.5}, {"naive": 0.6, "rerank": 0.6, "cot": 0.6}
    pair = ("rerank", "naive")
    weak = Levels(right, used, {pair: 0.2}, 100).why(*pair, 0.15)
    assert "needs one that is right on 75% of them" in weak
    assert "any generator on these questions" in Levels(right, used, {pair: 0.02}, 100).why(*pair, 0.15)
    assert Levels(right, used, {pair: 0.4}, 100).why(*pair, 0.15) == ""
    assert Levels(right, used, {}, 100).why("cot", "naive", 0.15) == "", "another prompt may change anything"
    alike = Levels(right, used, {pair: 0.0}, 100)
    assert "give a sufficient context in the same ones" in alike.why(*pair, None)
    assert Levels(right, used, {pair: 0.4}, 100).why(*pair, None) == ""
    never = Levels(dict.fromkeys(right, 0.0), used, {pair: 0.4}, 100)
    assert "needs one that is right in more than 5%" in never.why(*pair, None)


@pytest.mark.proves("D-STUDY-SUFFICIENT")
def test_a_context_is_sufficient_only_where_it_holds_all_that_the_question_names() -> None:
    both = case(answers=["Rome"], passages=[{"document": "a"}, {"document": "b"}])
    assert sufficient(both, [passage("a"), passage("b"), passage("c")])
    assert not sufficient(both, [passage("a"), passage("c")])
    assert not sufficient(case(answers=[], answerable=False), [passage("a")])
    assert sufficient(case(answers=["Rome"]), [passage("x", "It lies in Rome, they say.")])
    assert not sufficient(case(answers=["Rome"]), [passage("x", "It lies in Romeo.")])


@pytest.mark.proves("D-STUDY-ANSWERS")
def test_answers_are_counted_by_their_end_their_context_and_whether_they_are_fresh() -> None:
    held = (passage("a"),)
    known, unknown = case("k", answers=["Rome"], passages=[{"document": "a"}]), case("u", answerable=False)
    usage = Usage(input_tokens=10, output_tokens=2, calls=1)
    said = Output(
        text="Rome", passages=held, usage=usage, cost_nanousd=4, latency_ns=5_000_000, trace_id="new"
    )
    rows = [
        ended_as(known, said, "right"),
        ended_as(known, replace(said, text="Oslo", trace_id="old"), "wrong"),
        ended_as(known, replace(said, abstained=True), "abstained"),
        ended_as(unknown, replace(said, abstained=True), "abstained"),
        ended_as(unknown, said, "wrong"),
        ended_as(known, Output(status="infra_error", error="down"), None, "failed"),
    ]
    assert [row.end for row in rows] == ["right", "wrong", "silent", "right", "wrong", "missing"]
    told = summed("naive", "naive RAG", rows, frozenset({"new"}))
    assert (told.right, told.wrong, told.silent, told.missing) == (2, 2, 1, 1)
    assert (told.wrong_sufficient.part, told.wrong_sufficient.whole) == (1, 3)
    assert (told.wrong_insufficient.part, told.wrong_insufficient.whole) == (1, 2)
    assert (told.abstention_precision.part, told.abstention_precision.whole) == (1, 2)
    assert (told.abstention_recall.part, told.abstention_recall.whole) == (1, 2)
    assert (told.timed, told.reused, told.p50_ms) == (4, 1, 5.0)
    assert told.cost_per_right_usd == pytest.approx(5 * 4e-9 / 2)
    right, careful = values_of(rows)["right"], values_of(rows)["not wrong"]
    assert right.tolist()[:5] == [1, 0, 0, 1, 0]
    assert careful.tolist()[:5] == [1, 0, 1, 1, 0]
    assert np.isnan(right[5])


@pytest.mark.proves("D-STUDY-LIMIT")
def test_a_limit_draws_whole_clusters_in_an_order_that_the_seed_fixes() -> None:
    cases = [replace(case(f"{c}{at}"), cluster=c) for c in "abcdef" for at in range(4)]
    some = drawn(cases, 6, "seed")
    assert len(some) == 8
    assert [len([one for one in some if one.cluster == c]) for c in {one.cluster for one in some}] == [4, 4]
    assert drawn(cases, 6, "seed") == some
    assert any(drawn(cases, 6, f"seed {at}") != some for at in range(5))
    assert len(drawn(cases, None, "seed")) == 24


@pytest.mark.proves("D-STUDY-ROBUST")
def test_disturbed_contexts_keep_the_evidence_and_add_only_what_disturbs() -> None:
    asked = [case(f"q{at}", answers=[f"Rome{at}"], passages=[{"document": f"gold{at}"}]) for at in range(2)]
    hits = {
        one.id: [passage(f"gold{at}", f"It is Rome{at}."), *(passage(f"p{n}") for n in range(5))]
        for at, one in enumerate(asked)
    }
    work = Work(None, (), tuple(asked), {"rerank": hits, "dense": hits}, 5, "seed")  # type: ignore[arg-type]
    sample = samples(work, 9)
    made = contexts(sample)
    assert {name: len(some[0][1]) for name, some in made.items()} == {
        "distractors:0": 1,
        "distractors:2": 3,
        "distractors:4": 5,
        "injection:one passage": 2,
        "stale documents:beside the new": 2,
    }
    for trial in made.values():
        for one, some in trial:
            assert one.oracle[0] in some, "the evidence stays"
    injected = " ".join(one.text for one in made["injection:one passage"][0][1])
    assert CANARY in injected
    stale = next(one for one in made["stale documents:beside the new"][0][1] if one.id.endswith("~stale"))
    assert "Rome1" in stale.text
    assert "Rome0" not in stale.text


@pytest.mark.proves("D-STUDY-REPORT")
def test_the_list_of_what_a_full_report_states_has_every_item() -> None:
    stated = {f"{group}: {item}" for group, items in ITEMS.items() for item in items}
    for wanted in (
        "corpus: digest", "corpus: licence", "corpus: access", "chunks: parser", "chunks: overlap",
        "index: embedder", "index: dimension", "index: ANN parameters", "retrieval: lexical",
        "retrieval: fusion",
        "retrieval: k before rerank", "retrieval: k after rerank", "retrieval: query transforms",
        "prompt: digests", "prompt: context budget", "prompt: truncated", "generator: revision",
        "generator: decoding", "generator: seed", "questions: origin", "questions: split",
        "questions: contamination", "questions: answerable share", "questions: slices",
        "retrieval quality: recall@k", "retrieval quality: nDCG@10", "retrieval quality: MRR",
        "answer quality: faithfulness", "answer quality: hallucination, sufficient context",
        "cost: latency p50 and p95", "judge: agreement with people", "method: variants tried",
        "method: failures counted", "robustness: distractors", "robustness: injection",
        "robustness: stale documents",
    ):  # fmt: skip
        assert wanted in stated


@pytest.mark.proves("D-STUDY-REPORT")
def test_questions_that_repeat_a_run_of_words_of_the_corpus_are_counted() -> None:
    texts = {"a": "The quick brown fox jumps over the lazy dog near the river bank."}
    questions = [
        "Why is it that the quick brown fox jumps over the lazy dog?",
        "Which animal leaps across another one that is too idle to move?",
        "Why?",
    ]
    assert overlapping(questions, texts) == (1, 2)


@pytest.mark.proves("D-STUDY-FILES")
def test_questions_come_from_rows_of_their_own_or_from_cases(tmp_path: Path) -> None:
    file = tmp_path / "q.jsonl"
    said = [{"role": "user", "content": "I want a refund"}, {"role": "assistant", "content": "Yes?"}]
    rows = [
        {
            "id": "q1",
            "query": "how long?",
            "answers": ["14 days"],
            "passages": ["p1"],
            "history": said,
            "lang": "en",
        },
        {"id": 2, "question": "Who?", "answerable": False, "cluster": "c"},
    ]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    (one, two), digest = read_questions(file)
    assert (question_of(one), history_of(one)) == ("how long?", ("I want a refund",))
    assert one.expected == {"answers": ["14 days"], "passages": [{"document": "p1"}]}
    assert (one.tags, one.cluster, two.cluster) == ({"lang": "en"}, "own:q1", "c")
    assert two.expected == {"answerable": False}
    file.write_text('{"id": "a", "inputs": {"question": "Who?"}, "cluster": "x"}\n', encoding="utf-8")
    (plain,), other = read_questions(file)
    assert (plain.cluster, other != digest) == ("x", True)


@pytest.mark.proves("D-BAD-STUDY")
@pytest.mark.parametrize(
    ("row", "told"),
    [
        ('{"id": "a", "qestion": "Who?"}', "qestion"),
        ('{"id": "a", "question": "Who?", "passages": "p1"}', "no list of texts"),
        ('{"id": "a", "question": "Who?"}\n{"id": "a", "question": "Why?"}', "stands twice"),
        ("no json", "it is no JSON"),
        ("", "it holds no question"),
    ],
)
def test_questions_that_do_not_fit_are_refused_with_what_is_wrong(
    tmp_path: Path, row: str, told: str
) -> None:
    file = tmp_path / "q.jsonl"
    file.write_text(row + "\n", encoding="utf-8")
    with pytest.raises(UserError) as raised:
        read_questions(file)
    assert raised.value.code == "GAO-ARENA-392"
    assert told in str(raised.value)


def test_tags_that_cut_the_questions_into_a_few_parts_become_slices() -> None:
    cases = [
        replace(case(f"q{at}"), tags={"lang": "en" if at % 2 else "de", "doc": f"d{at}", "set": "one"})
        for at in range(20)
    ]
    assert auto_slices(cases) == ("tags.lang",)


@pytest.fixture(scope="module")
def app() -> ModuleType:
    path = Path(genaiops.arena.study.__file__).parent / "template" / "app.py"
    spec = spec_from_file_location("study_app", path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.proves("D-STUDY-ANSWERS")
def test_the_answer_of_a_chain_of_thought_is_what_follows_its_last_announcement(app: ModuleType) -> None:
    reply = "##begin_quote##It lies in Rome.##end_quote##\nThe answer is plain.\nAnswer: Rome."
    assert app.final(reply) == "Rome"
    assert app.final("I think\nthat it is Oslo.") == "that it is Oslo"
    held = [passage("a", "They say: It lies in Rome."), passage("b", "Oslo is cold.")]
    (quoted,) = app.citations(reply, "Rome", held)
    assert (quoted.passage, quoted.quote) == ("a", "It lies in Rome.")
    (found,) = app.citations("Oslo", "Oslo", held)
    assert (found.passage, found.quote) == ("b", "Oslo")
    assert app.citations("##begin_quote##made up##end_quote##", "made up", held) == []
