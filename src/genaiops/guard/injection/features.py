"""What the classifier sees of a stretch of text: hashed words and pairs, an average of word vectors, counts.

A stretch is a run of segments: a whole prompt, or one sentence of a document. Words of a vocabulary carry a
vector and a group (verbs that override, words for rules, …; both belong to the artifact). Sparse features
are slots of one table: words, neighbours, words with one between, byte runs, and pairs of groups near each
other and in one stretch. Dense ones are averages, shares and how the stretch stands to its context.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genaiops.guard.injection.reading import Hashes, Places, Reading, mixed

Floats = NDArray[np.floating[Any]]
Slots = NDArray[np.int64]

TABLE_BITS = 17
"""The sparse table has `2 ** TABLE_BITS` slots."""

REACH = 5
"""Groups so many words apart make a pair."""

TOGETHER = 10
"""What stands together in a stretch weighs the tenth part of a feature."""

_STEPS = np.arange(1, REACH)[:, None]
_SHIFT = np.uint64(64 - TABLE_BITS)
VOCABULARY_BITS = 17
_SALTS = [np.uint64(salt) for salt in (0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x27D4EB2F165667C5)]
_GROUP_SALT = np.uint64(0x85EBCA77C2B2AE63)
_SET_SALT = np.uint64(0xD6E8FEB86659FD93)
_KINDS = 10
_SHAPES = 14
_RELATIONS = 8


def _kind_of() -> NDArray[np.int64]:
    """Return what each byte is, as `_SHARES` counts it."""
    kinds = np.zeros(256, dtype=np.int64)
    for kind, members in enumerate((range(65, 91), range(48, 58), range(128, 256), b"?", b"!"), start=1):
        kinds[[*members]] = kind
    for kind, members in enumerate((b"<>[]{}", b"\"'", b"#$%&()*+,-./", b"\n"), start=6):
        kinds[[*members]] = kind
    return kinds


_KIND_OF = _kind_of()
_SHARES = np.zeros((_KINDS, 8))
"""From counts of nothing, capitals, digits, bytes beyond ASCII, `?`, `!`, brackets, quotes, other marks and
breaks to eight shares: brackets hold the quotes, marks hold `!` and quotes; rare ones weigh twenty times."""
_SHARES[[1, 2, 3], [0, 1, 2]] = 1
_SHARES[[4, 5, 6, 7, 5, 7, 8, 9], [3, 4, 5, 5, 6, 6, 6, 7]] = 20
_MOST_SHARE = np.array([1, 1, 1, 2, 2, 2, 2, 2])


class Vocabulary:
    """Words by hash, each with a group (0: none) and a vector `[words, dimensions]`."""

    def __init__(self, keys: Hashes, groups: NDArray[np.uint8], vectors: Floats, group_count: int) -> None:
        self.groups = np.append(groups, np.uint8(0))
        self.vectors = np.vstack([vectors, np.zeros((1, vectors.shape[1]), dtype=np.float32)])
        self.group_count = group_count
        self._keys = np.append(keys, np.uint64(0))
        self._rows = np.full(1 << VOCABULARY_BITS, len(keys), dtype=np.int32)
        self._rows[(keys >> np.uint64(64 - VOCABULARY_BITS)).astype(np.int64)] = np.arange(len(keys))

    @property
    def missing(self) -> int:
        """The row of a word that is not in it."""
        return len(self.groups) - 1

    @property
    def width(self) -> int:
        """How many dense features there are."""
        return self.vectors.shape[1] + 2 * self.group_count + _SHAPES + _RELATIONS

    def rows(self, words: Hashes) -> NDArray[np.int32]:
        """Return the row of each word."""
        rows = self._rows[(words >> np.uint64(64 - VOCABULARY_BITS)).astype(np.int64)]
        return np.where(self._keys[rows] == words, rows, np.int32(self.missing))


@dataclass(frozen=True, slots=True)
class Beside:
    """What a text comes with, read: its words' rows and hashes, and which of them stand in a prohibition."""

    words: Hashes
    rows: NDArray[np.int32]
    barred: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Features:
    """Of `n` stretches: `slots` and `weights` of all, `owners` say whose they are; `dense [n, width]`."""

    slots: Slots
    weights: Floats
    owners: Places
    dense: Floats


def beside(reading: Reading, vocabulary: Vocabulary, barring: frozenset[int], stop: int) -> Beside:
    """Return the content words of a context; barred are those of a segment with a word of `barring`."""
    rows = vocabulary.rows(reading.words)
    groups = vocabulary.groups[rows]
    owner = np.repeat(np.arange(reading.segments), np.diff(reading.first))
    bars = np.bincount(owner, weights=np.isin(groups, list(barring)), minlength=reading.segments) > 0
    keep = (groups != stop) & ~np.isin(groups, list(barring))
    return Beside(reading.words[keep], rows[keep], bars[owner][keep])


def features(
    reading: Reading, first: Places, vocabulary: Vocabulary, stop: int, context: Beside | None
) -> Features:
    """Return the features of the stretches that begin at the segments `first`, each up to the next."""
    bounds = np.append(reading.first[first], len(reading.words))
    counts = np.diff(bounds)
    owner = np.repeat(np.arange(len(first)), counts)
    rows = vocabulary.rows(reading.words)
    groups = vocabulary.groups[rows]
    slots, weights, owners = _sparse(reading, first, owner, groups, counts)
    starts = bounds[:-1]
    dense = np.concatenate(
        [
            _averages(vocabulary.vectors[rows], starts, counts),
            _group_shares(groups, owner, starts, counts, vocabulary.group_count),
            _shapes(reading, starts, bounds, owner, counts, rows == vocabulary.missing),
            _relations(reading, owner, rows, groups == stop, starts, counts, vocabulary, context),
        ],
        axis=1,
        dtype=np.float32,
    )
    return Features(slots, weights, owners, dense)


def _sparse(
    reading: Reading, first: Places, owner: Places, groups: NDArray[np.uint8], counts: Places
) -> tuple[Slots, Floats, Places]:
    """Return slots, weights and owners of the sparse features; each family of a stretch has the norm 1."""
    words = reading.words
    one, two, three = _SALTS
    neighbours = mixed(words[:-1] * one + words[1:])
    apart = mixed(words[:-2] * two + words[2:])
    same_one, same_two = owner[:-1] == owner[1:], owner[:-2] == owner[2:]
    stretch = np.zeros(reading.segments, dtype=np.int64)
    stretch[first[1:]] = 1
    run_owner = np.cumsum(stretch)[reading.run_segment] if reading.segments else reading.run_segment
    pairs, pair_owner = _pairs(groups, owner)
    sets, set_owner = _together(groups, owner, len(first))
    hashes = [words, neighbours[same_one], apart[same_two], reading.runs * three, pairs, sets]
    owners = [owner, owner[:-1][same_one], owner[:-2][same_two], run_owner, pair_owner, set_owner]
    scale = 1 / np.sqrt(np.maximum(counts, 1)).astype(np.float32)
    run_scale = 1 / np.sqrt(np.maximum(np.bincount(run_owner, minlength=len(counts)), 1)).astype(np.float32)
    even = np.full(len(counts), 1 / TOGETHER, dtype=np.float32)
    scales = [scale, scale, scale, run_scale, scale, even]
    slots = (np.concatenate(hashes) >> _SHIFT).astype(np.int64)
    weights = np.concatenate([table[whose] for table, whose in zip(scales, owners, strict=True)])
    return slots, weights, np.concatenate(owners)


def _pairs(groups: NDArray[np.uint8], owner: Places) -> tuple[Hashes, Places]:
    """Return hashes of pairs of groups, first and second, up to `REACH` words apart in one stretch."""
    at = np.flatnonzero(groups)
    kinds, whose = groups[at].astype(np.uint64), owner[at]
    left = np.arange(len(at))
    right = left + _STEPS
    inside = np.minimum(right, len(at) - 1)
    near = (right < len(at)) & (at[inside] - at <= REACH) & (whose[inside] == whose)
    step, left = np.nonzero(near)
    right = left + step + 1
    return mixed(((kinds[left] << np.uint64(8)) | kinds[right]) * _GROUP_SALT), whose[right]


def _together(groups: NDArray[np.uint8], owner: Places, count: int) -> tuple[Hashes, Places]:
    """Return hashes of the pairs of groups that a stretch holds at all, however far apart."""
    held = np.zeros((count, int(groups.max(initial=0)) + 1), dtype=bool)
    held[owner, groups] = True
    whose, kinds = np.nonzero(held[:, 1:])
    first = np.searchsorted(whose, np.arange(count + 1))
    sizes = np.diff(first)[whose]
    left = np.repeat(np.arange(len(whose)), sizes)
    right = np.arange(len(left)) - np.repeat(np.cumsum(sizes) - sizes, sizes) + first[whose[left]]
    ahead = left < right
    left, right = left[ahead], right[ahead]
    hashes = (kinds[left].astype(np.uint64) << np.uint64(8)) | kinds[right].astype(np.uint64)
    return mixed(hashes * _SET_SALT), whose[left]


def _averages(vectors: Floats, starts: Places, counts: Places) -> Floats:
    return np.add.reduceat(vectors, starts, axis=0) / np.sqrt(counts)[:, None].astype(np.float32)


def _group_shares(
    groups: NDArray[np.uint8], owner: Places, starts: Places, counts: Places, group_count: int
) -> Floats:
    """Return for each group how much of it there is, and whether a stretch begins with it."""
    places = owner * (group_count + 1) + groups
    found = np.bincount(places, minlength=len(counts) * (group_count + 1))
    found = found.reshape(len(counts), group_count + 1)[:, 1:].astype(np.float32)
    heads = np.zeros((len(counts), group_count + 1), dtype=np.float32)
    heads[np.arange(len(counts)), groups[starts]] = 1
    return np.concatenate([np.minimum(found, 4) / 2, heads[:, 1:]], axis=1)


def _shapes(
    reading: Reading,
    starts: Places,
    bounds: Places,
    owner: Places,
    counts: Places,
    missing: NDArray[np.bool_],
) -> Floats:
    """Return lengths, shares of kinds of bytes, long words, words that nobody knows."""
    edges = np.append(reading.starts[starts], len(reading.data))
    lengths = np.maximum(np.diff(edges), 1)
    places = np.repeat(np.arange(len(counts)) * _KINDS, np.diff(edges)) + _KIND_OF[reading.raw[edges[0] :]]
    kinds = np.bincount(places, minlength=len(counts) * _KINDS).reshape(len(counts), _KINDS)
    word_lengths = reading.ends - reading.starts
    out = np.empty((len(counts), _SHAPES), dtype=np.float32)
    out[:, 0] = np.log1p(counts) / 5
    out[:, 1:9] = np.minimum(kinds @ _SHARES / lengths[:, None], _MOST_SHARE)
    out[:, 9] = np.bincount(owner, weights=missing, minlength=len(counts)) / counts
    out[:, 10] = np.minimum(np.maximum.reduceat(word_lengths, starts), 60) / 30
    out[:, 11] = np.add.reduceat(word_lengths, starts) / counts / 8
    out[:, 12] = np.log1p(len(counts)) / 4
    out[:, 13] = 0
    out[-1, 13] = 1
    return out


def _relations(
    reading: Reading,
    owner: Places,
    rows: NDArray[np.int32],
    stops: NDArray[np.bool_],
    starts: Places,
    counts: Places,
    vocabulary: Vocabulary,
    context: Beside | None,
) -> Floats:
    """Return how a stretch stands to the rest of its text and to its context."""
    out = np.zeros((len(counts), _RELATIONS), dtype=np.float32)
    content = np.maximum(np.bincount(owner, weights=~stops, minlength=len(counts)), 1)
    if len(counts) > 1:
        _, inverse, times = np.unique(reading.words, return_inverse=True, return_counts=True)
        again = (times[inverse] > 1) & ~stops
        out[:, 0] = np.bincount(owner, weights=again, minlength=len(counts)) / content
        means = np.add.reduceat(vocabulary.vectors[rows], starts, axis=0)
        whole = means.sum(axis=0)
        out[:, 1] = means @ whole / (np.linalg.norm(means, axis=1) * np.linalg.norm(whole) + 1e-6)
    if context is None or not len(context.words):
        return out
    shared = np.isin(reading.words, context.words) & ~stops
    out[:, 2] = np.bincount(owner, weights=shared, minlength=len(counts)) / content
    if not context.barred.any():
        return out
    barred = np.isin(reading.words, context.words[context.barred]) & ~stops
    touched = np.bincount(owner, weights=barred, minlength=len(counts))
    near = _nearest(vocabulary.vectors, rows, context.rows[context.barred]) * ~stops
    out[:, 3] = 1
    out[:, 4] = touched / content
    out[:, 5] = np.minimum(touched, 3) / 2
    out[:, 6] = np.maximum.reduceat(near, starts)
    out[:, 7] = np.add.reduceat(np.maximum(near - 0.4, 0), starts) / content
    return out


def _nearest(vectors: Floats, rows: NDArray[np.int32], barred: NDArray[np.int32]) -> Floats:
    """Return for each word its cosine with the nearest barred word; at most 128 of those are asked."""
    asked = vectors[np.unique(barred)[:128]]
    asked = asked / (np.linalg.norm(asked, axis=1, keepdims=True) + 1e-6)
    own = vectors[rows]
    return (own @ asked.T).max(axis=1) / (np.linalg.norm(own, axis=1) + 1e-6)
