"""Scores of a text, block by block: what the detector and the estimates both read."""

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from genaiops.guard.injection.artifact import Head, Model, Rival
from genaiops.guard.injection.features import WHOLE, Beside, Features, beside, features, mark
from genaiops.guard.injection.reading import BLOCK, Places, Reading, read, segments
from genaiops.guard.injection.vocabulary import Floats
from genaiops.guard.injection.whole import score_whole

_OVERLAP = 512
_PARTED = 4  # a text of fewer parts is short enough to be scored as a whole only


@dataclass(frozen=True, slots=True)
class Scored:
    """A score, the bytes that it comes from, and where it is a finding the `dense` features behind it and a
    logit of its being a `jailbreak`."""

    score: float
    start: int
    end: int
    dense: Floats | None = None
    jailbreak: float = 0.0


def read_context(context: str, model: Model) -> Beside | None:
    """Return what a text comes with, read; None where that is nothing."""
    reading = read(_cut(context.encode("utf-8", "replace"), 0))
    if not len(reading.words):
        return None
    return beside(reading, model.vocabulary, frozenset(model.header.barring), model.header.stop)


def score_prompt(raw: bytes, context: Beside | None, model: Model) -> Scored | None:
    """Return how much a prompt looks like an attack, the surest block's; None where it has no word."""
    found = [_prompt(at, reading, context, model) for at, reading in _blocks(raw)]
    return max(found, key=lambda scored: scored.score, default=None)


def score_content(raw: bytes, context: Beside | None, model: Model) -> Scored | None:
    """Return how much a document instructs its reader's assistant; None where it has no word."""
    found = [_content(at, reading, context, model) for at, reading in _blocks(raw)]
    return max(found, key=lambda scored: scored.score, default=None)


def windows(reading: Reading, size: int) -> Places:
    """Return the first words of parts of about `size` words, which begin where segments do; one of a short
    text."""
    total = len(reading.words)
    if total < _PARTED * size:
        return WHOLE
    first = segments(reading)[:-1]
    marks = np.arange(0, total - size // 2, size)
    return first[np.unique(np.searchsorted(first, marks, side="right") - 1)]


def whole_and_part(whole: float, part: float, margin: float, lift: float) -> float:
    """Return the score of a prompt that has parts from its own and that of its surest one.

    A part counts less `margin`. The whole exceeds it by at most `lift`: where no part looks like an attack,
    many words that each say a little, as those of another language do, make none.
    """
    return max(part - margin, min(whole, part + lift))


def standing_out(scores: Floats, rival: Rival) -> tuple[int, float]:
    """Return the surest segment, and its score less what its rival, the surest one that is not beside it,
    takes away: where a whole text commands, a command says little. What it takes away has a limit, so that an
    attack that is repeated does not hide itself."""
    surest = int(scores.argmax())
    away = np.concatenate([scores[: max(0, surest - 1)], scores[surest + 2 :]])
    other = float(away.max()) if len(away) else rival.alone
    return surest, float(scores[surest]) - rival.share * min(rival.most, other)


def logits(found: Features, head: Head) -> Floats:
    """Return the score of each stretch under one head: `dense() @ head.dense` and what the sparse ones weigh,
    without laying the dense ones side by side."""
    words, runs = (family.totals(head.table) for family in found.families)
    held = found.held
    begins, unit = found.stretches.begins, found.stretches.unit
    vectors = np.add.reduceat(head.words.take(found.marked.rows), begins) * unit
    own = found.shares @ head.shares + found.shapes @ head.shapes
    together = np.add.reduce(held @ head.together * held, axis=1)
    scores = (
        (words + runs) * head.scale + vectors + own + together + head.begins.take(found.heads) + head.bias
    )
    if len(scores) > 1:
        around = found.shares @ head.shares_around + found.shapes @ head.shapes_around
        scores += (around.sum() - around) / (len(scores) - 1)
    return scores if found.relations is None else scores + found.relations @ head.relations


def _prompt(at: int, reading: Reading, context: Beside | None, model: Model) -> Scored:
    """Score a block as a whole and in parts, so that an attack does not drown so easily."""
    header, head = model.header, model.heads["input"]
    marked = mark(reading, model.vocabulary)
    whole = score_whole(marked, head, header.stop, context)
    best, start, end = whole, 0, len(reading.words)
    found, surest = None, 0
    begins = windows(reading, header.window_words)
    if len(begins) > 1:
        parts = features(marked, begins, header.stop, context)
        scores = logits(parts, head)
        likeliest = int(scores.argmax())
        best = whole_and_part(whole, float(scores[likeliest]), header.window_margin, header.window_lift)
        if best > whole:
            found, surest = parts, likeliest
            start, end = _stretch(begins, likeliest, reading)
    scored = Scored(best, at + int(reading.starts[start]), at + int(reading.ends[end - 1]))
    if best < header.calibration["input"].threshold:
        return scored
    everything = features(marked, WHOLE, header.stop, context)
    kind = float(logits(everything, model.heads["kind"])[0])
    return replace(scored, dense=(found or everything).dense()[surest], jailbreak=kind)


def _content(at: int, reading: Reading, context: Beside | None, model: Model) -> Scored:
    begins = segments(reading)[:-1]
    found = features(mark(reading, model.vocabulary), begins, model.header.stop, context)
    surest, score = standing_out(logits(found, model.heads["segment"]), model.header.rival)
    start, end = _stretch(begins, surest, reading)
    known = score >= model.header.calibration["content"].threshold
    where = at + int(reading.starts[start]), at + int(reading.ends[end - 1])
    return Scored(score, *where, found.dense()[surest] if known else None)


def _stretch(begins: Places, which: int, reading: Reading) -> tuple[int, int]:
    """Return the first word of a stretch, and the word behind its last."""
    return int(begins[which]), int(begins[which + 1]) if which + 1 < len(begins) else len(reading.words)


def _blocks(raw: bytes) -> list[tuple[int, Reading]]:
    """Return the blocks of a text that have words, each with its offset; neighbours share some bytes."""
    if len(raw) <= BLOCK:
        blocks = [(0, read(raw))]
    else:
        starts = [*range(0, len(raw) - _OVERLAP, BLOCK - _OVERLAP), len(raw)]
        blocks = [(at, read(_cut(raw, at))) for at, _ in pairwise(starts)]
    return [(at, reading) for at, reading in blocks if len(reading.words)]


def _cut(raw: bytes, at: int) -> bytes:
    return raw[at : at + BLOCK]
