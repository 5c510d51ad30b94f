"""A few words as an answer: every short verbatim span of the evidence, with what speaks for it. Pure.

A small model phrases badly and invents; the words of its draft still point at the right place. So the draft
is a vote, and what is answered is always a span of the evidence. How much each feature counts is learnt by
`genaiops arena calibrate`, never written here.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from genaiops.app.reading.choice import UNKNOWN_CONFIDENCE, Choice
from genaiops.app.reading.evidence import Evidence
from genaiops.app.reading.words import (
    DETERMINERS,
    EDGE,
    MONTHS,
    NUMBERS,
    PREPOSITIONS,
    VERBS,
    YEAR,
    Token,
    question_kind,
    stem,
    terms,
    tokens,
)
from genaiops.core import token_f1

MAX_WORDS = 7
_STOPS = frozenset(".;:?!")


@dataclass(frozen=True, slots=True)
class _Question:
    kind: str
    terms: frozenset[str]
    draft: str
    confidence: float
    best: float


def choices(
    question: str, evidence: Sequence[Evidence], *, draft: str, confidence: float | None = None
) -> list[Choice]:
    """Return the spans of the evidence that could answer, with their features.

    `draft` is what the model said and `confidence` the mean log-probability of its tokens.
    """
    asked = _Question(
        kind=question_kind(question),
        terms=terms(question),
        draft=draft,
        confidence=UNKNOWN_CONFIDENCE if confidence is None else confidence,
        best=max((one.score for one in evidence), default=0.0),
    )
    return [choice for one in evidence for choice in _in_sentence(asked, one)]


def _in_sentence(asked: _Question, one: Evidence) -> Iterator[Choice]:
    found = tokens(one.sentence.text)
    hits = [stem(token.lower) in asked.terms for token in found]
    for first, last in _spans(found):
        if not all(
            hit for token, hit in zip(found[first : last + 1], hits[first:], strict=False) if token.is_word
        ):
            text = one.sentence.text[found[first].start : found[last].end]
            yield Choice(text, one, _features(asked, one, found, hits, first, last, text))


def _spans(found: Sequence[Token]) -> Iterator[tuple[int, int]]:
    """Yield first and last token of every span of at most `MAX_WORDS` words with proper edges."""
    for first, token in enumerate(found):
        if not token.is_word or token.lower in EDGE:
            continue
        words = 0
        for last in range(first, len(found)):
            end = found[last]
            if not end.is_word:
                if end.lower in _STOPS:
                    break
                continue
            words += 1
            if words > MAX_WORDS:
                break
            if end.lower not in EDGE and end.lower not in DETERMINERS:
                yield first, last


def _features(
    asked: _Question,
    one: Evidence,
    found: Sequence[Token],
    hits: Sequence[bool],
    first: int,
    last: int,
    text: str,
) -> dict[str, float]:
    inside = [token for token in found[first : last + 1] if token.is_word]
    before = found[first - 1].lower if first else ""
    after = found[last + 1].lower if last + 1 < len(found) else ""
    lower = {token.lower for token in inside}
    digits = any(char.isdigit() for char in text)
    capitals = sum(token.text[0].isupper() for token in inside) / len(inside)
    agreement = token_f1(text, asked.draft)
    near = sum(
        1 / (1 + min(abs(place - first), abs(place - last)))
        for place, hit in enumerate(hits)
        if hit and not first <= place <= last
    )
    return {
        "draft": agreement,
        "draft_confidence": agreement * asked.confidence,
        "similarity": one.similarity,
        "coverage": one.coverage,
        "behind_best": one.score - asked.best,
        "asked_number": float(asked.kind == "number" and (digits or bool(NUMBERS & lower))),
        "asked_date": float(asked.kind == "date" and bool(YEAR.search(text) or MONTHS & lower)),
        "asked_who": float(asked.kind == "who" and capitals >= 0.5),
        "asked_where": float(asked.kind == "where" and capitals >= 0.5),
        "capitals": capitals,
        "digits": float(digits),
        "echo": sum(hits[first : last + 1]) / len(inside),
        "near": near / max(1, len(asked.terms)),
        "length": len(inside) / 5,
        "single": float(len(inside) == 1),
        "left_edge": float(not before[:1].isalnum() or before in EDGE or before in DETERMINERS),
        "right_edge": float(not after[:1].isalnum() or after in EDGE),
        "after_preposition": float(before in PREPOSITIONS),
        "after_verb": float(before in VERBS),
    }
