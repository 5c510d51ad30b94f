"""The assistant's decisions, without a model."""

import app
from genaiops.app import reading
from genaiops.core import Passage

QUESTION = "When was the bridge opened?"
PASSAGE = Passage(id="p1", text="The bridge was opened in 1932. It is made of steel.", document="bridge.md")


def test_the_words_of_the_draft_point_at_a_span_of_the_evidence() -> None:
    found = reading.sentences([PASSAGE])
    evidence = reading.select_evidence(reading.weigh(QUESTION, found, [0.9, 0.2]))
    choices = reading.choices(QUESTION, evidence, draft="1932", confidence=-0.1)
    drafted = [one for one in choices if one.features["draft"] == 1.0]
    assert [one.text for one in drafted] == ["1932"]
    assert drafted[0].evidence.sentence.text in PASSAGE.text


def test_silence_says_why() -> None:
    assert "do not say" in app.UNKNOWN
