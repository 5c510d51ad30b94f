"""Reading for an answer: evidence is chosen, choices are verbatim, and the rule decides or stays silent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genaiops.app import reading
from genaiops.app.reading import Rule, Weight
from genaiops.core import Passage, UserError

QUESTION = "In what year was the harbour bridge opened?"
BRIDGE = Passage(
    id="p1",
    title="Harbour bridge",
    document="bridge.md",
    text="The harbour bridge was opened in 1932. It carries eight lanes. Dr. Bradfield designed it.",
)
FERRY = Passage(
    id="p2", title="Ferries", document="ferry.md", text="Ferries cross the bay. They began in 1861."
)
RULE = Rule(
    features={
        "draft": Weight(mean=0.0, scale=1.0, weight=4.0),
        "asked_date": Weight(mean=0.0, scale=1.0, weight=2.0),
    },
    silence=3.0,
    threshold=0.5,
)


def evidence(similarities: list[float] | None = None) -> list[reading.Evidence]:
    found = reading.sentences([BRIDGE, FERRY])
    weighed = reading.weigh(QUESTION, found, similarities or [0.9, 0.2, 0.1, 0.1, 0.8])
    return reading.select_evidence(weighed, limit=2)


def test_sentences_are_verbatim_and_know_their_passage() -> None:
    found = reading.sentences([BRIDGE, FERRY])
    assert [one.text for one in found[:3]] == [
        "The harbour bridge was opened in 1932.",
        "It carries eight lanes.",
        "Dr. Bradfield designed it.",
    ]
    assert all(one.text == BRIDGE.text[one.start : one.start + len(one.text)] for one in found[:3])
    assert {one.passage for one in found} == {"p1", "p2"}


def test_the_same_sentence_in_two_overlapping_passages_of_a_document_counts_once() -> None:
    twin = Passage(
        id="p3", title="Harbour bridge", document="bridge.md", text="It carries eight lanes. And a path."
    )
    texts = [one.text for one in reading.sentences([BRIDGE, twin])]
    assert texts.count("It carries eight lanes.") == 1


def test_evidence_is_the_best_sentences_in_reading_order_within_its_limits() -> None:
    chosen = evidence()
    assert [one.sentence.text for one in chosen] == [
        "The harbour bridge was opened in 1932.",
        "They began in 1861.",
    ]
    assert chosen[0].coverage == 0.75, "harbour, bridge, opened; not year"
    weighed = reading.weigh(QUESTION, reading.sentences([BRIDGE]), [0.9, 0.5, 0.4])
    one = reading.select_evidence(weighed, words=3)
    assert len(one) == 1, "the best sentence stays, however long it is"


@given(st.text(max_size=300), st.text(max_size=60))
def test_every_choice_stands_verbatim_in_its_sentence_with_the_same_features(text: str, draft: str) -> None:
    found = reading.sentences([Passage(id="p", text=text, document="d")])
    chosen = reading.select_evidence(reading.weigh(QUESTION, found, [0.5] * len(found)))
    names = {frozenset(one.features) for one in reading.choices(QUESTION, chosen, draft=draft)}
    assert len(names) <= 1
    for one in reading.choices(QUESTION, chosen, draft=draft):
        assert one.text in one.evidence.sentence.text
        assert len(one.text.split()) <= 14


def test_a_span_that_only_repeats_the_question_is_no_choice() -> None:
    texts = {one.text for one in reading.choices(QUESTION, evidence(), draft="1932")}
    assert "1932" in texts
    assert "harbour bridge" not in texts


def test_the_drafts_words_and_the_kind_of_question_speak_for_a_span() -> None:
    found = {
        one.text: one.features for one in reading.choices(QUESTION, evidence(), draft="1932", confidence=-0.5)
    }
    assert found["1932"]["draft"] == 1.0
    assert found["1932"]["draft_confidence"] == -0.5
    assert found["1932"]["asked_date"] == found["1861"]["asked_date"] == 1.0
    assert found["1861"]["draft"] == 0.0


def test_a_well_supported_choice_wins_and_a_case_without_support_is_silent() -> None:
    found = reading.choices(QUESTION, evidence(), draft="1932")
    decision = reading.decide([one.text for one in found], [one.features for one in found], RULE)
    assert decision.best is not None
    assert found[decision.best].text == "1932"
    assert decision.support > RULE.threshold
    vague = reading.choices("Why is that so?", evidence(), draft="nothing of the sort")
    silent = reading.decide([one.text for one in vague], [one.features for one in vague], RULE)
    assert silent.support < decision.support


def quoted(words: int, passages: tuple[Passage, ...] = (BRIDGE, FERRY)) -> list[reading.Choice]:
    found = reading.sentences(passages)
    similarities = [0.9 if "1932" in one.text else 0.8 if "1861" in one.text else 0.2 for one in found]
    weighed = reading.weigh(QUESTION, found, similarities)
    return reading.quotes(QUESTION, passages, weighed, draft="It was in 1932.", confidence=-0.2, words=words)


def test_each_passage_offers_one_quotation_and_the_draft_votes() -> None:
    offered = quoted(words=7)
    assert [one.text for one in offered] == ["The harbour bridge was opened in 1932.", "They began in 1861."]
    assert offered[0].features["draft"] == 1.0
    assert offered[1].features["draft"] == 0.0
    assert offered[0].features["behind_best"] == 0.0 > offered[1].features["behind_best"]
    assert [one.features["rank"] for one in offered] == [1.0, 0.5]
    assert reading.quotes(QUESTION, [], [], draft="1932") == []


def test_a_quotation_grows_to_what_follows_then_to_what_precedes_and_stays_within_its_words() -> None:
    bridge, ferry = quoted(words=12)
    assert bridge.text == "The harbour bridge was opened in 1932. It carries eight lanes."
    assert ferry.text == FERRY.text, "nothing follows the best sentence, so the one before it is taken"
    assert quoted(words=1)[0].text == "The harbour bridge was opened in 1932.", "one sentence is the least"


@given(st.lists(st.text(max_size=120), min_size=1, max_size=4), st.integers(1, 40))
def test_every_quotation_stands_verbatim_in_its_passage(texts: list[str], words: int) -> None:
    passages = tuple(Passage(id=f"p{at}", text=text, document="d") for at, text in enumerate(texts))
    for one in quoted(words, passages):
        assert any(one.text in passage.text for passage in passages)
        assert one.evidence.sentence.text in one.text


def test_no_choice_is_silence() -> None:
    assert reading.decide([], [], RULE) == reading.Decision(None, 0.0)


@given(st.lists(st.floats(-50, 50), min_size=1, max_size=30))
def test_support_is_a_probability(drafts: list[float]) -> None:
    texts = [f"word{place}" for place in range(len(drafts))]
    decision = reading.decide(texts, [{"draft": value} for value in drafts], RULE)
    assert 0.0 <= decision.support <= 1.0


def test_a_calibration_without_a_rule_says_how_to_make_one() -> None:
    with pytest.raises(UserError, match="no rule") as caught:
        reading.read_rule({"threshold": 0.4})
    assert "arena calibrate" in caught.value.fix


def test_what_is_offered_to_calibration_names_each_feature_once() -> None:
    found = reading.choices(QUESTION, evidence(), draft="1932")
    offered = reading.offer(found)
    assert isinstance(offered, dict)
    assert offered["features"] == list(found[0].features)
    assert offered["choices"][0][0] == found[0].text  # type: ignore[index,call-overload]
    assert reading.offer([]) == {"features": [], "choices": []}
