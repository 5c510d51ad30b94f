"""What the classifier sees of a stretch of text: hashed words and pairs, an average of word vectors, counts.

A stretch is a run of segments: a whole prompt, or one sentence of a document. Words of a vocabulary carry a
vector and a group (verbs that override, words for rules, …; both belong to the artifact). Sparse features
are slots of one table: words, neighbours, words with one between, byte runs, and pairs of groups near each
other and in one stretch. Dense ones are averages, shares and how the stretch stands to its context.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from genaiops.guard.injection.reading import BLOCK, Hashes, Places, Reading, segments
from genaiops.guard.injection.shapes import shapes
from genaiops.guard.injection.stretches import Stretches
from genaiops.guard.injection.vocabulary import (
    Floats,
    Rows,
    Slots,
    Vocabulary,
    mixed_slots,
    slots_of,
)

REACH = 5
"""Groups so many words apart make a pair."""

TOGETHER = 10
"""What stands together in a stretch weighs the tenth part of a feature."""

RELATIONS = 8
"""So many features say how a stretch stands to the rest of its text and to its context."""

WHOLE: Places = np.zeros(1, dtype=np.int64)
"""The stretch that is all of a text."""

_AHEAD = np.arange(BLOCK) + np.arange(1, REACH)[:, None]
_BEYOND = np.full(REACH - 1, 1 << 40)
_NO_GROUP = np.zeros(REACH - 1, dtype=np.int64)
_ONE, _TWO, _THREE = (
    np.uint64(salt) for salt in (0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x27D4EB2F165667C5)
)


@dataclass(frozen=True, slots=True)
class Beside:
    """What a text comes with, read: the hashes of its words and of those in a prohibition, each sorted and
    once; `asked [words, dimensions]` are unit vectors of at most 128 of the latter."""

    words: Hashes
    barred: Hashes
    asked: Floats


@dataclass(frozen=True, slots=True)
class Marked:
    """A block with what every stretch of it needs: rows and groups of words, slots of words and byte runs.

    `pairs` are the slots of neighbours `[words - 1]` and behind them of words with one between `[words - 2]`.
    """

    reading: Reading
    vocabulary: Vocabulary
    rows: Rows
    groups: Places
    words: Slots
    pairs: Slots
    runs: Slots

    @property
    def unknown(self) -> int:
        """How many words nobody knows."""
        return int(np.count_nonzero(self.rows == self.vocabulary.missing))


@dataclass(frozen=True, slots=True)
class Family:
    """Slots of one kind of features; `owners` say whose they are (None: there is one stretch), and each of a
    stretch weighs its `scale [n]`."""

    slots: Slots
    owners: Places | None
    scale: Floats

    def totals(self, table: NDArray[np.int8]) -> Floats:
        """Return the sum over each stretch of what `table [slots]` holds."""
        held = table.take(self.slots)
        if self.owners is None:
            return np.add.reduce(held, dtype=np.int64) * self.scale
        return np.bincount(self.owners, weights=held, minlength=len(self.scale)) * self.scale


@dataclass(frozen=True, slots=True)
class Features:
    """Of `n` stretches: families of sparse features, and by kind the dense ones.

    `heads [n]` is the group that each begins with (0: none), `shares [n, groups]` and `shapes [n, shapes]`
    are its own; `relations [n, RELATIONS]` is None where there is nothing that it stands to.
    """

    marked: Marked
    stretches: Stretches
    families: tuple[Family, Family]
    heads: Places
    shares: Floats
    shapes: Floats
    relations: Floats | None

    @property
    def held(self) -> Floats:
        """Which groups each stretch holds `[n, groups]`."""
        return (self.shares > 0).astype(np.float32)

    def dense(self) -> Floats:
        """Return all dense features side by side `[n, width]`."""
        count = len(self.heads)
        heads = np.zeros((count, self.marked.vocabulary.group_count + 1))
        heads[np.arange(count), self.heads] = 1
        relations = np.zeros((count, RELATIONS)) if self.relations is None else self.relations
        around = (_surroundings(own) for own in (self.shares, self.shapes))
        means = _sums(self.marked, self.stretches) * self.stretches.unit[:, None]
        return np.concatenate(
            [means, self.shares, heads[:, 1:], self.shapes, *around, relations], axis=1, dtype=np.float32
        )


def beside(reading: Reading, vocabulary: Vocabulary, barring: frozenset[int], stop: int) -> Beside:
    """Return the content words of a context; barred are those of a segment with a word of `barring`."""
    rows = vocabulary.rows(reading.words, slots_of(reading.words))
    groups = vocabulary.groups[rows]
    first = segments(reading)
    owner = np.repeat(np.arange(len(first) - 1), np.diff(first))
    bars = np.bincount(owner, weights=np.isin(groups, list(barring)), minlength=len(first) - 1) > 0
    keep = (groups != stop) & ~np.isin(groups, list(barring))
    barred = keep & bars[owner]
    asked = np.unique(rows[barred])[:128]
    return Beside(
        np.unique(reading.words[keep]),
        np.unique(reading.words[barred]),
        vocabulary.units(asked),
    )


def mark(reading: Reading, vocabulary: Vocabulary) -> Marked:
    """Return a block with what does not depend on where its stretches begin."""
    words = reading.words
    slots = slots_of(words)
    rows = vocabulary.rows(words, slots)
    groups = vocabulary.groups.take(rows)
    apart = max(0, len(words) - 2)
    pairs: Hashes = np.empty(len(words) - 1 + apart, dtype=np.uint64)
    np.add(words[:-1] * _ONE, words[1:], out=pairs[: len(words) - 1])
    np.add(words[:-2] * _TWO, words[2:], out=pairs[len(words) - 1 :])
    return Marked(
        reading, vocabulary, rows, groups, slots, mixed_slots(pairs), slots_of(reading.runs * _THREE)
    )


def features(marked: Marked, begins: Places, stop: int, context: Beside | None) -> Features:
    """Return the features of the stretches that begin at the words `begins`, each up to the next."""
    each = Stretches.of(begins, len(marked.rows))
    return Features(
        marked,
        each,
        _sparse(marked, each),
        marked.groups.take(begins),
        np.minimum(_group_counts(marked, each), 4) / 2,
        shapes(marked.reading, marked.rows == marked.vocabulary.missing, each),
        relations(marked, each, stop, context),
    )


def _sparse(marked: Marked, each: Stretches) -> tuple[Family, Family]:
    """Return the families of sparse features; each of a stretch has the norm 1."""
    total = len(marked.runs)
    if each.owner is None:
        slots = np.concatenate([marked.words, marked.pairs, near_pairs(marked)])
        return Family(slots, None, each.unit), Family(marked.runs, None, _unit(np.array([total])))
    owner, count = each.owner, len(each.owner)
    one, two = owner[:-1] == owner[1:], owner[:-2] == owner[2:]
    at, near, pairs = _near(marked)
    whose = owner.take(at)
    near &= whose.take(_AHEAD[:, : len(at)], mode="clip") == whose
    between = marked.pairs[: count - 1][one], marked.pairs[count - 1 :][two]
    slots = np.concatenate([marked.words, *between, marked.vocabulary.near.take(pairs[near])])
    owners = np.concatenate(
        [owner, owner[:-1][one], owner[:-2][two], np.broadcast_to(whose, near.shape)[near]]
    )
    edges = np.append(marked.reading.starts[each.begins], total)
    edges[0] = 0
    runs = np.diff(np.minimum(edges, total))
    return (
        Family(slots, owners, each.unit),
        Family(marked.runs, np.repeat(np.arange(len(runs)), runs), _unit(runs)),
    )


def _unit(counts: Places) -> Floats:
    return (1 / np.sqrt(np.maximum(counts, 1))).astype(np.float32)


def near_pairs(marked: Marked) -> Slots:
    """Return slots of pairs of groups up to `REACH` words apart."""
    _, near, pairs = _near(marked)
    return marked.vocabulary.near.take(pairs[near])


def _near(marked: Marked) -> tuple[Places, NDArray[np.bool_], Places]:
    """Return the words with a group; of each and the next ones `[REACH - 1, words]` whether they are near
    each other, and which pair their groups are."""
    at = marked.groups.nonzero()[0]
    own = marked.groups.take(at)
    ahead = _AHEAD[:, : len(at)]
    near = np.concatenate([at, _BEYOND]).take(ahead) - at <= REACH
    pairs = np.concatenate([own, _NO_GROUP]).take(ahead) + own * (marked.vocabulary.group_count + 1)
    return at, near, pairs


def _sums(marked: Marked, each: Stretches) -> Floats:
    """Return the sum of word vectors."""
    vectors = marked.vocabulary.vectors.take(marked.rows, axis=0)
    return np.add.reduceat(vectors, each.begins, axis=0, dtype=np.int32) * marked.vocabulary.scale


def _group_counts(marked: Marked, each: Stretches) -> Places:
    size, places = marked.vocabulary.group_count + 1, marked.groups
    if each.owner is not None:
        places = each.owner * size + places
    return np.bincount(places, minlength=len(each.counts) * size).reshape(-1, size)[:, 1:]


def _surroundings(own: Floats) -> Floats:
    """Return for each stretch the mean of what the others of its text have; nothing where there is one."""
    if len(own) == 1:
        return np.zeros_like(own)
    return (own.sum(axis=0) - own) / (len(own) - 1)


def relations(marked: Marked, each: Stretches, stop: int, context: Beside | None) -> Floats | None:
    """Return how a stretch stands to the rest of its text and to its context."""
    words, vocabulary = marked.reading.words, marked.vocabulary
    if context is None and each.owner is None:
        return None
    out = np.zeros((len(each.counts), RELATIONS), dtype=np.float32)
    telling = marked.groups != stop
    content = np.maximum(each.count(telling), 1)
    if each.owner is not None:
        _, inverse, times = np.unique(words, return_inverse=True, return_counts=True)
        out[:, 0] = each.count((times[inverse] > 1) & telling) / content
        means = _sums(marked, each)
        whole = means.sum(axis=0)
        out[:, 1] = means @ whole / (np.linalg.norm(means, axis=1) * np.linalg.norm(whole) + 1e-6)
    if context is None or not len(context.words):
        return out
    out[:, 2] = each.count(_among(words, context.words) & telling) / content
    if not len(context.barred):
        return out
    touched = each.count(_among(words, context.barred) & telling)
    near = (vocabulary.units(marked.rows) @ context.asked.T).max(axis=1) * telling
    out[:, 3] = 1
    out[:, 4] = touched / content
    out[:, 5] = np.minimum(touched, 3) / 2
    out[:, 6] = np.maximum.reduceat(near, each.begins)
    out[:, 7] = np.add.reduceat(np.maximum(near - 0.4, 0), each.begins) / content
    return out


def _among(words: Hashes, known: Hashes) -> NDArray[np.bool_]:
    """Return which words are among the sorted `known`."""
    return known.take(known.searchsorted(words), mode="clip") == words
