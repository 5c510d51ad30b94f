"""Scores of a text, block by block: what the detector and the estimates both read."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from genaiops.guard.injection.artifact import HEADS, Model
from genaiops.guard.injection.features import Beside, Features, Floats, beside, features
from genaiops.guard.injection.reading import BLOCK, Places, Reading, read

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
    """Return the first segments of parts of about `size` words; one part of a short text."""
    total = len(reading.words)
    if total < _PARTED * size:
        return np.zeros(1, dtype=np.int64)
    marks = np.arange(0, total - size // 2, size)
    return np.unique(np.searchsorted(reading.first[:-1], marks, side="right") - 1)


def logits(found: Features, head: str, model: Model) -> Floats:
    """Return the score of each stretch under one head."""
    at = HEADS.index(head)
    sparse = np.bincount(
        found.owners, weights=model.table[at][found.slots] * found.weights, minlength=len(found.dense)
    )
    return (sparse + found.dense @ model.dense[head] + model.header.biases[at]).astype(np.float32)


def _prompt(at: int, reading: Reading, context: Beside | None, model: Model) -> Scored:
    """Score a block as a whole and in parts, so that an attack does not drown so easily."""
    header = model.header
    whole = features(reading, np.zeros(1, dtype=np.int64), model.vocabulary, header.stop, context)
    best, start, end, dense = float(logits(whole, "input", model)[0]), 0, reading.segments, whole.dense[0]
    first = windows(reading, header.window_words)
    if len(first) > 1:
        parts = features(reading, first, model.vocabulary, header.stop, context)
        scores = logits(parts, "input", model) - header.window_margin
        surest = int(np.argmax(scores))
        if scores[surest] > best:
            bounds = np.append(first, reading.segments)
            best, start, end, dense = (
                float(scores[surest]),
                bounds[surest],
                bounds[surest + 1],
                parts.dense[surest],
            )
    known = best >= header.calibration["input"].threshold
    kind = float(logits(whole, "kind", model)[0]) if known else 0.0
    return Scored(best, at + _begin(reading, start), at + _end(reading, end), dense, kind)


def _content(at: int, reading: Reading, context: Beside | None, model: Model) -> Scored:
    found = features(reading, np.arange(reading.segments), model.vocabulary, model.header.stop, context)
    segments = logits(found, "segment", model)
    surest = int(np.argmax(segments))
    start, end = _begin(reading, surest), _end(reading, surest + 1)
    return Scored(float(segments[surest]), at + start, at + end, found.dense[surest])


def _begin(reading: Reading, segment: int) -> int:
    return int(reading.starts[reading.first[segment]])


def _end(reading: Reading, segment: int) -> int:
    """Return the byte behind the last word before a segment."""
    return int(reading.ends[reading.first[segment] - 1])


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
