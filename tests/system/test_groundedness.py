"""The scorer `groundedness` with the real embedder."""

import asyncio
import os
from pathlib import Path

import pytest

from genaiops.arena.model import Ruler, ScorerUse
from genaiops.arena.scorers import build_scorers, score_output
from genaiops.core import Case, Digest, Egress, Output, Passage, Score, Settings, Trace
from genaiops.models import ModelContext, Weights, open_embedder

pytestmark = pytest.mark.system

RULER = Ruler(
    name="qa", dataset_digest=Digest("sha256:" + "0" * 64), scorers=(ScorerUse(name="groundedness"),)
)
CASE = Case(id="c", inputs={"question": "What is known of the office?"}, expected={}, cluster="d")
TEXT = (
    "The Amsterdam office opened in March 2019 and employs 42 people. It is led by Anna de Vries. "
    "Parcels that weigh more than 20 kg are not accepted at the counter."
)


@pytest.mark.proves("D-GROUND-REAL")
def test_a_contradicted_claim_of_a_true_answer_is_named_with_the_sentence_that_contradicts_it(
    weights: Weights,
) -> None:
    egress: Egress = None  # pyright: ignore[reportAssignmentType]  a local model never reaches out
    settings = Settings.from_env({**os.environ, "GENAIOPS_THREADS": "1"})
    embedder = open_embedder("local:minilm-l6", ModelContext(settings=settings, egress=egress, root=Path()))
    (scorer,) = build_scorers(RULER, embedder=embedder)
    true = "The Amsterdam office opened in March 2019. Anna de Vries leads it."
    false = " The counter accepts all parcels, and never refuses one."

    async def ask(text: str) -> Score:
        output = Output(text=text, passages=(Passage(id="p", document="office.md", text=TEXT),))
        return (await score_output([scorer], CASE, 0, output, Trace(id="0" * 32)))[0]

    async def both() -> tuple[Score, Score]:
        try:
            return await ask(true), await ask(true + false)
        finally:
            await embedder.close()

    grounded, contradicted = asyncio.run(both())
    assert grounded.value is not None
    assert contradicted.value is not None
    assert contradicted.value < grounded.value
    assert contradicted.label == "unsupported"
    place = f"p[{TEXT.index('Parcels')}:{len(TEXT)}]"
    assert f"'The counter accepts all parcels, and never refuses one.', nearest {place}" in str(
        contradicted.reason
    )
