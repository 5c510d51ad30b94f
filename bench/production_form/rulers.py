"""Can the ruler be trusted? What each measure says of three texts whose worth is known without reading them.

*the answer*: the reference's first two sentences; *the question again*: a text that answers nothing; *another
answer*: the first two sentences of the reference most alike in meaning, which answers another question on
the same subject. A ruler that can be used says right, wrong, wrong.
"""

from collections.abc import Sequence

import numpy as np
from bench.production_form.measures import THRESHOLDS
from bench.production_form.sets import Asked

from genaiops.arena.scorers import score_output
from genaiops.core import Case, Embedder, Output, Scorer, Trace
from genaiops.knowledge import sentence_spans

MOST = 200
TRACE = Trace(id="0" * 32)


async def trust(
    questions: Sequence[Asked], scorers: dict[str, Scorer], embedder: Embedder
) -> dict[str, dict[str, float]]:
    """Return, for each measure, the share of each kind of text that it calls right."""
    asked = [one for one in questions if one.answers][:MOST]
    references = [one.answers[0] for one in asked]
    vectors = await embedder.embed(references, "passage")
    likeness = vectors @ vectors.T
    np.fill_diagonal(likeness, -1.0)
    texts = {
        "the answer": [opening(one) for one in references],
        "the question again": [one.text for one in asked],
        "another answer": [opening(references[int(at)]) for at in likeness.argmax(axis=1)],
    }
    return {
        name: {kind: await share(scorer, asked, said) for kind, said in texts.items()}
        for name, scorer in scorers.items()
    }


async def share(scorer: Scorer, asked: Sequence[Asked], texts: Sequence[str]) -> float:
    """Return the share of the texts that reach the measure's threshold."""
    right = 0
    for one, text in zip(asked, texts, strict=True):
        expected = {"answers": list(one.answers), "answerable": True}
        case = Case(id=one.id, inputs={"question": one.text}, expected=expected, cluster=one.cluster)
        (score,) = await score_output([scorer], case, 0, Output(text=text), TRACE)
        right += (score.value or 0.0) >= THRESHOLDS[scorer.spec.name] - 1e-9
    return round(right / len(asked), 4)


def opening(text: str) -> str:
    """Return the first two sentences."""
    spans = sentence_spans(text)[:2]
    return text[spans[0][0] : spans[-1][1]] if spans else text
