"""Fitting: logistic regression by L-BFGS; sources weighted; planted segments found as they are learned."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, sparse
from scripts.injection.matrix import Lines
from scripts.injection.rows import Row

from genaiops.guard.injection.vocabulary import TABLE_BITS

SPARSE_SCALE = 1.0
DENSE_SCALE = 0.5
PENALTY = 1.0
_PROMPTS = (8_000.0, 0.6)
_SEGMENTS = (3_000.0, 0.5)
"""What all lines of a class weigh together, and by which power of its source's size each is divided."""

_NEGATIVES = 0.4
_ROUNDS = 3
_PART = 0.3
"""What a part of a prompt, and a long one with something pasted, weighs beside another."""

Floats = NDArray[np.float64]
_SPARSE: Any = sparse
_OPTIMIZE: Any = optimize


@dataclass(frozen=True, slots=True)
class Head:
    """A linear score: `sparse @ table + dense @ weights + bias`."""

    table: Floats
    weights: Floats
    bias: float

    def scores(self, lines: Lines) -> Floats:
        """Return the score of each line."""
        found: Floats = lines.sparse @ self.table + lines.dense @ self.weights + self.bias
        return found


def fit_prompts(
    rows: Sequence[Row], whole: Lines, parts: Lines, train: NDArray[np.bool_]
) -> tuple[Head, Head]:
    """Return the heads that tell attacks from other prompts, and jailbreaks from other attacks.

    `train [rows]` says which are learned from. Of the parts of a prompt those of a harmless one are, and of
    one whose attack has a known place, which as a whole is not. A harmless one with something pasted that has
    parts weighs as a whole what a part does: what is long and pasted says little as a whole.
    """
    benign = np.array([row.kind == "benign" for row in rows], dtype=bool)
    placed = np.array([row.end > 0 for row in rows], dtype=bool)
    pasted = np.array([row.source == "made_pasted" for row in rows], dtype=bool)
    both = Lines(
        _SPARSE.vstack([whole.sparse, parts.sparse]).tocsr(),
        np.concatenate([whole.dense, parts.dense]),
        np.concatenate([whole.row, parts.row]),
        np.concatenate([whole.inside, parts.inside]),
    )
    count = len(whole.row)
    chance = np.random.default_rng(0).random(len(parts.row)) < _NEGATIVES
    known = placed[parts.row] & parts.inside
    parted = np.isin(whole.row, parts.row)
    less = np.where(np.append(parted & pasted[whole.row], np.ones(len(parts.row), dtype=bool)), _PART, 1)
    chosen = np.append(
        ~(placed[whole.row] & parted),
        known | ((benign | placed)[parts.row] & chance),
    )
    attack = ~benign[both.row] & both.inside
    sources = _sources(rows, both)
    sources[count:] = np.char.add(sources[count:], "/part")
    use = chosen & train[both.row]
    weights = _weights(sources[use], attack[use], *_PROMPTS)
    weights *= less[use]
    found = _fit(_matrix(both)[use], attack[use], weights, None, 60)
    jailbreak = _which(rows, whole, lambda row: row.kind == "jailbreak")
    among = train[whole.row] & ~benign[whole.row]
    weights = _weights(sources[:count][among], jailbreak[among], *_PROMPTS)
    kinds = _fit(_matrix(whole)[among], jailbreak[among], weights, None, 40)
    return _head(found), _head(kinds)


def fit_segments(rows: Sequence[Row], lines: Lines, train: NDArray[np.bool_]) -> Head:
    """Return the head that tells instructions to the reader from other segments.

    `train [rows]` says which are learned from. Where it is not known which segment of an attack is the
    planted one, the surest is taken, round by round.
    """
    attack = _which(rows, lines, lambda row: row.kind != "benign")
    known = _which(rows, lines, lambda row: row.end > 0)
    sources = _sources(rows, lines)
    matrix = _matrix(lines)
    chance = np.random.default_rng(0).random(len(attack)) < _NEGATIVES
    learned = train[lines.row]
    positive, negative = learned & attack & known & lines.inside, learned & ~attack & chance
    unknown = learned & attack & ~known
    found: Floats | None = None
    for _ in range(_ROUNDS):
        chosen = positive.copy()
        if found is not None and unknown.any():
            scores = matrix @ found[:-1] + found[-1]
            chosen |= unknown & (scores == surest(scores, lines.row, len(rows))[lines.row]) & (scores > -3)
        use = chosen | negative
        found = _fit(matrix[use], chosen[use], _weights(sources[use], chosen[use], *_SEGMENTS), found, 40)
    assert found is not None
    return _head(found)


def surest(scores: Floats, row: NDArray[np.int64], count: int) -> Floats:
    """Return the largest score of each row; minus infinity for a row without a line."""
    best = np.full(count, -np.inf)
    np.maximum.at(best, row, scores)
    return best


def _which(rows: Sequence[Row], lines: Lines, holds: Callable[[Row], bool]) -> NDArray[np.bool_]:
    return np.array([holds(row) for row in rows], dtype=bool)[lines.row]


def _sources(rows: Sequence[Row], lines: Lines) -> NDArray[np.str_]:
    return np.array([row.source for row in rows], dtype=np.str_)[lines.row].astype("<U64")


def _matrix(lines: Lines) -> Any:
    scaled: Any = _SPARSE.csr_matrix(lines.dense * DENSE_SCALE)
    both: Any = _SPARSE.hstack([lines.sparse * SPARSE_SCALE, scaled])
    return both.tocsr().astype(np.float32)


def _head(found: Floats) -> Head:
    width = 1 << TABLE_BITS
    return Head(found[:width] * SPARSE_SCALE, found[width:-1] * DENSE_SCALE, float(found[-1]))


def _weights(sources: NDArray[np.str_], positive: NDArray[np.bool_], total: float, power: float) -> Floats:
    """Return weights: both classes alike; the greater `power`, the more alike are a class's sources."""
    pairs = list(zip(sources.tolist(), positive.tolist(), strict=True))
    sizes = Counter(pairs)
    weights = np.array([sizes[pair] ** -power for pair in pairs])
    for side in (positive, ~positive):
        weights[side] *= total / weights[side].sum()
    return weights


def _fit(
    matrix: Any, positive: NDArray[np.bool_], weights: Floats, start: Floats | None, rounds: int
) -> Floats:
    """Return coefficients, the bias last, of a logistic regression with a ridge penalty."""
    turned = matrix.T.tocsr()
    target = positive.astype(float)

    def loss(point: Floats) -> tuple[float, Floats]:
        scores: Floats = matrix @ point[:-1] + point[-1]
        value = float(weights @ np.logaddexp(0, np.where(positive, -scores, scores)))
        slope: Floats = weights * (1 / (1 + np.exp(-scores)) - target)
        gradient: Floats = np.append(turned @ slope + PENALTY * point[:-1], slope.sum())
        return value + PENALTY / 2 * float(point[:-1] @ point[:-1]), gradient

    first = np.zeros(matrix.shape[1] + 1) if start is None else start
    options = {"maxiter": rounds, "maxcor": 8}
    found: Any = _OPTIMIZE.minimize(loss, first, jac=True, method="L-BFGS-B", options=options)
    return found.x
