"""The scorer `groundedness`: what it says of an answer, and when it says nothing."""

import asyncio
from collections.abc import Sequence
from typing import Literal

import numpy as np
import pytest
from numpy.typing import NDArray

from genaiops.app.reading.support import Claim, Judged
from genaiops.arena.model import Ruler, ScorerUse
from genaiops.arena.scorers import build_scorers, score_output
from genaiops.arena.scorers.groundedness import mark_of
from genaiops.core import Case, Digest, Embedder, ModelSpec, Output, Passage, Score, Trace
from genaiops.models.providers.scripted import ScriptedEmbedder

RULER = Ruler(
    name="qa", dataset_digest=Digest("sha256:" + "0" * 64), scorers=(ScorerUse(name="groundedness"),)
)
CASE = Case(id="c", inputs={"question": "How long does a refund take?"}, expected={}, cluster="d")
PASSAGE = Passage(id="p", document="refunds.md", text="A refund takes 14 days. It is paid to the same card.")


class Words:
    """Vectors of words as long as the model's own, under its name: a stand-in for the weights."""

    spec = ModelSpec(provider="local", model="minilm-l6")

    async def embed(self, texts: Sequence[str], kind: Literal["query", "passage"]) -> NDArray[np.float32]:
        raise AssertionError("groundedness compares tokens")

    async def token_vectors(self, texts: Sequence[str]) -> list[NDArray[np.float32]]:
        rows = await ScriptedEmbedder().token_vectors(texts)
        return [np.tile(one, 6) / np.float32(np.sqrt(6)) for one in rows]

    async def close(self) -> None:
        return None


def score(text: str, *passages: Passage, embedder: Embedder | None = None, abstained: bool = False) -> Score:
    output = Output(text=text, passages=passages, abstained=abstained)
    (scorer,) = build_scorers(RULER, embedder=embedder or Words())
    (got,) = asyncio.run(score_output([scorer], CASE, 0, output, Trace(id="0" * 32)))
    return got


def judged(text: str, probability: float, start: int = 0) -> Judged:
    return Judged(Claim(text, start, start + len(text)), probability, "p", 0, 23)


@pytest.mark.proves("D-GROUND-SCORE")
def test_the_score_is_the_mean_probability_and_names_what_is_not_supported_the_least_first() -> None:
    mark = mark_of([judged("One.", 0.9), judged("Two.", 0.4, 5), judged("Three.", 0.2, 10)])
    assert mark.value == pytest.approx(0.5)
    assert mark.label == "unsupported"
    assert mark.reason == (
        "1 of 3 claims supported; not supported (0.20): 'Three.', nearest p[0:23]; "
        "not supported (0.40): 'Two.', nearest p[0:23]"
    )


def test_a_long_reason_is_cut_and_says_how_many_more() -> None:
    mark = mark_of([judged("word " * 100, 0.1, at) for at in range(9)])
    assert mark.reason is not None
    assert mark.reason.endswith("and 6 more")
    assert len(mark.reason) < 700


def test_a_copied_answer_scores_above_one_that_is_made_up() -> None:
    copied = score("A refund takes 14 days.", PASSAGE)
    made_up = score("Otters have been banned from every bridge since 1702.", PASSAGE)
    assert copied.value is not None
    assert made_up.value is not None
    assert made_up.value < copied.value
    assert made_up.label == "unsupported"
    assert score("A refund takes 14 days.", PASSAGE) == copied


@pytest.mark.proves("D-GROUND-SILENT")
def test_an_output_without_passages_is_not_applicable() -> None:
    assert score("A refund takes 14 days.").status == "not_applicable"
    empty = Passage(id="p", document="d", text="  \n")
    assert score("A refund takes 14 days.", empty).status == "not_applicable"


def test_what_claims_nothing_has_nothing_unsupported() -> None:
    for text, abstained in (("Hello! Which plan do you have?", False), ("", False), ("Anything.", True)):
        got = score(text, PASSAGE, abstained=abstained)
        assert (got.value, got.label) == (1.0, "no claims")


def test_another_embedder_gives_no_score_to_any_answer_and_says_which_one_is_needed() -> None:
    for abstained in (False, True):
        got = score("A refund.", PASSAGE, embedder=ScriptedEmbedder(), abstained=abstained)
        assert got.status == "failed"
        assert got.reason is not None
        assert "local:minilm-l6" in got.reason
