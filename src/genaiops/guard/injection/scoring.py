"""Scores of a text, block by block: what the detector and the estimates both read."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from genaiops.guard.injection.artifact import HEADS, Model, Rival
from genaiops.guard.injection.features import Beside, Features, beside, features, mark
from genaiops.guard.injection.reading import BLOCK, Places, Reading, read, segments
from genaiops.guard.injection.vocabulary import Floats

WHOLE: Places = np.zeros(1, dtype=np.int64)
"""The stretch that is all of a text."""

_OVERLAP = 512
_PARTED = 4  # a text of fewer parts is short enough to be scored as a whole only


@dataclass(frozen=True, slots=True)
class Scored:
    """A score, the bytes that it comes from, the dense features behind it; `jailbreak` is a
    logit where it is a finding."""

    score: float
    start: int
    end: int
    dense: Floats
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


def standing_out(scores: Floats, rival: Rival) -> tuple[int, float]:
    """Return the surest segment, and its score less what its rival, the surest one that is not beside it,
    takes away: where a whole text commands, a command says little. What it takes away has a limit, so that an
    attack that is repeated does not hide itself."""
    surest = int(scores.argmax())
    away = np.concatenate([scores[: max(0, surest - 1)], scores[surest + 2 :]])
    other = float(away.max()) if len(away) else rival.alone
    return surest, float(scores[surest]) - rival.share * min(rival.most, other)


def logits(found: Features, head: str, model: Model) -> Floats:
    """Return the score of each stretch under one head."""
    at = HEADS.index(head)
    words, runs = (family.totals(model.table[at]) for family in found.families)
    together = (found.held @ model.together[head] * found.held).sum(axis=1)
    return (
        (words + runs) * model.scale[at]
        + together
        + found.dense @ model.dense[head]
        + model.header.biases[at]
    )


def _prompt(at: int, reading: Reading, context: Beside | None, model: Model) -> Scored:
    """Score a block as a whole and in parts, so that an attack does not drown so easily."""
    header = model.header
    marked = mark(reading, model.vocabulary)
    whole = features(marked, WHOLE, header.stop, context)
    best, start, end, dense = float(logits(whole, "input", model)[0]), 0, len(reading.words), whole.dense[0]
    begins = windows(reading, header.window_words)
    if len(begins) > 1:
        parts = features(marked, begins, header.stop, context)
        scores = logits(parts, "input", model) - header.window_margin
        surest = int(scores.argmax())
        if scores[surest] > best:
            start, end = _stretch(begins, surest, reading)
            best, dense = float(scores[surest]), parts.dense[surest]
    known = best >= header.calibration["input"].threshold
    kind = float(logits(whole, "kind", model)[0]) if known else 0.0
    return Scored(best, at + int(reading.starts[start]), at + int(reading.ends[end - 1]), dense, kind)


def _content(at: int, reading: Reading, context: Beside | None, model: Model) -> Scored:
    begins = segments(reading)[:-1]
    found = features(mark(reading, model.vocabulary), begins, model.header.stop, context)
    surest, score = standing_out(logits(found, "segment", model), model.header.rival)
    start, end = _stretch(begins, surest, reading)
    where = at + int(reading.starts[start]), at + int(reading.ends[end - 1])
    return Scored(score, *where, found.dense[surest])


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
