"""Whole sentences as an answer, for questions how and why: each passage offers one quotation. Pure.

A quotation is the passage's best sentence with its neighbours, verbatim, up to a number of words: the
sentence that resembles the question most names the subject, and the answer often stands in the next ones.
"""

from collections.abc import Sequence

from genaiops.app.reading.choice import UNKNOWN_CONFIDENCE, Choice
from genaiops.app.reading.evidence import Evidence
from genaiops.app.reading.words import terms
from genaiops.core import Passage


def quotes(
    question: str,
    passages: Sequence[Passage],
    weighed: Sequence[Evidence],
    *,
    draft: str,
    confidence: float | None = None,
    words: int = 60,
) -> list[Choice]:
    """Return one quotation a passage, at most `words` words long where its best sentence is not longer.

    `weighed` holds the sentences of `passages` in reading order, `draft` is what the model said and
    `confidence` the mean log-probability of its tokens.
    """
    best = max((one.score for one in weighed), default=0.0)
    said = terms(draft) - terms(question)
    sure = UNKNOWN_CONFIDENCE if confidence is None else confidence
    texts = {passage.id: passage.text for passage in passages}
    groups: dict[str, list[Evidence]] = {}
    for one in weighed:
        groups.setdefault(one.sentence.passage, []).append(one)
    return [_quote(group, texts[name], said, sure, best, words) for name, group in groups.items()]


def _quote(
    group: Sequence[Evidence], passage: str, said: frozenset[str], confidence: float, best: float, words: int
) -> Choice:
    top = max(group, key=lambda one: (one.score, -one.sentence.start))
    first, last = _window([len(one.sentence.text.split()) for one in group], group.index(top), words)
    end = group[last].sentence
    text = passage[group[first].sentence.start : end.start + len(end.text)]
    agreement = len(said & terms(text)) / len(said) if said else 0.0
    return Choice(
        text,
        top,
        {
            "draft": agreement,
            "draft_confidence": agreement * confidence,
            "similarity": top.similarity,
            "coverage": top.coverage,
            "behind_best": top.score - best,
            "rank": 1 / (1 + top.sentence.rank),
        },
    )


def _window(lengths: Sequence[int], best: int, words: int) -> tuple[int, int]:
    """Return first and last of those that fit around `best`: what follows goes before what precedes."""
    first = last = best
    room = words - lengths[best]
    while last + 1 < len(lengths) and lengths[last + 1] <= room:
        last += 1
        room -= lengths[last]
    while first > 0 and lengths[first - 1] <= room:
        first -= 1
        room -= lengths[first]
    return first, last
