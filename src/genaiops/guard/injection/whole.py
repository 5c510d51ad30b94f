"""The score of a prompt as a whole, quickly: what `logits` makes of the features of its one stretch.

Every prompt pays for it, and at this size the calls cost more than what they do. So nothing is laid out that
only a finding needs.
"""

import math
from operator import mul

import numpy as np

from genaiops.guard.injection.artifact import Head
from genaiops.guard.injection.features import WHOLE, Beside, Marked, near_pairs, relations
from genaiops.guard.injection.shapes import shape
from genaiops.guard.injection.stretches import Stretches
from genaiops.guard.injection.vocabulary import Slots


def score_whole(marked: Marked, head: Head, stop: int, context: Beside | None) -> float:
    """Return the score of all of a block as one stretch."""
    counts = np.bincount(marked.groups, minlength=len(head.begins))[1:]
    held = (counts > 0).astype(np.float32)
    score = head.bias + _sparse(marked, head) + head.begins[marked.groups[0]]
    score += np.add.reduce(head.words.take(marked.rows)) / math.sqrt(len(marked.rows))
    score += np.minimum(counts, 4) @ head.shares / 2 + held @ head.together @ held
    score += sum(map(mul, shape(marked.reading, marked.unknown), head.shapes))
    if context is None:
        return float(score)
    related = relations(marked, Stretches.of(WHOLE, len(marked.rows)), stop, context)
    return float(score if related is None else score + (related @ head.relations)[0])


def _sparse(marked: Marked, head: Head) -> float:
    runs = len(marked.runs)
    slots: Slots = np.concatenate([marked.words, marked.pairs, near_pairs(marked), marked.runs])
    weights = head.table.take(slots)
    cut = len(slots) - runs
    words = int(np.add.reduce(weights[:cut], dtype=np.int64)) / math.sqrt(len(marked.rows))
    return head.scale * (words + int(np.add.reduce(weights[cut:], dtype=np.int64)) / math.sqrt(runs or 1))
