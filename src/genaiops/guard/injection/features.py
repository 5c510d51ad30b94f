"""What the classifier sees of a stretch of text: hashed words and pairs, an average of word vectors, counts.

A stretch is a run of segments: a whole prompt, or one sentence of a document. Words of a vocabulary carry a
vector and a group (verbs that override, words for rules, …; both belong to the artifact). Sparse features
are slots of one table: words, neighbours, words with one between, byte runs, and pairs of groups near each
other and in one stretch. Dense ones are averages, shares and how the stretch stands to its context.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from genaiops.guard.injection.reading import Hashes, Places, Reading, segments
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

_STEPS = np.arange(1, REACH)[:, None]
_BEYOND = np.full(REACH - 1, 1 << 40)
_NO_GROUP = np.zeros(REACH - 1, dtype=np.int64)
_ONE, _TWO, _THREE = (
    np.uint64(salt) for salt in (0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x27D4EB2F165667C5)
)
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
_MOST = np.array([np.inf, 1, 1, 1, 2, 2, 2, 2, 2, 1, 60, np.inf, np.inf, 1])
_UNITS = 1 / np.array([5, 1, 1, 1, 1, 1, 1, 1, 1, 1, 30, 8, 4, 1])
"""The most that each shape counts, and what it is multiplied with."""


@dataclass(frozen=True, slots=True)
class Beside:
    """What a text comes with, read: the hashes of its words and of those in a prohibition, each sorted and
    once; `asked [words, dimensions]` are unit vectors of at most 128 of the latter."""

    words: Hashes
    barred: Hashes
    asked: Floats


@dataclass(frozen=True, slots=True)
class Marked:
    """A block with what every stretch of it needs: rows and groups of words, slots of words and byte runs."""

    reading: Reading
    vocabulary: Vocabulary
    rows: Rows
    groups: Places
    words: Slots
    neighbours: Slots
    apart: Slots
    runs: Slots


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
            return held.sum(dtype=np.int64) * self.scale
        return np.bincount(self.owners, weights=held, minlength=len(self.scale)) * self.scale


@dataclass(frozen=True, slots=True)
class Features:
    """Of `n` stretches: families of sparse features, the groups that each holds `[n, groups]`, and
    `dense [n, width]`."""

    families: tuple[Family, ...]
    held: Floats
    dense: Floats


@dataclass(frozen=True, slots=True)
class _Stretches:
    """`n` runs of words: where each begins, how many it has, whose each word is (None: there is one)."""

    begins: Places
    counts: Places
    owner: Places | None

    def within(self, ahead: int) -> slice | NDArray[np.bool_]:
        """Return which words have the word `ahead` of them in their own stretch, of those that have one."""
        if self.owner is None:
            return slice(None)
        return self.owner[:-ahead] == self.owner[ahead:]

    def count(self, which: NDArray[np.bool_]) -> Places:
        """Return how many words of each stretch are among `which [words]`."""
        if self.owner is None:
            return np.array([np.count_nonzero(which)])
        return np.bincount(self.owner, weights=which, minlength=len(self.counts))


def beside(reading: Reading, vocabulary: Vocabulary, barring: frozenset[int], stop: int) -> Beside:
    """Return the content words of a context; barred are those of a segment with a word of `barring`."""
    rows = vocabulary.rows(reading.words)
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
    rows = vocabulary.rows(words)
    return Marked(
        reading,
        vocabulary,
        rows,
        vocabulary.groups.take(rows),
        slots_of(words),
        mixed_slots(words[:-1] * _ONE + words[1:]),
        mixed_slots(words[:-2] * _TWO + words[2:]),
        slots_of(reading.runs * _THREE),
    )


def features(marked: Marked, begins: Places, stop: int, context: Beside | None) -> Features:
    """Return the features of the stretches that begin at the words `begins`, each up to the next."""
    total = len(marked.rows)
    if len(begins) == 1:
        each = _Stretches(begins, np.array([total]), None)
    else:
        counts = np.diff(begins, append=total)
        each = _Stretches(begins, counts, np.repeat(np.arange(len(begins)), counts))
    found, shapes = _group_counts(marked, each), _shapes(marked, each)
    shares = np.minimum(found, 4) / 2
    dense = np.concatenate(
        [
            _sums(marked, each) / np.sqrt(each.counts, dtype=np.float32)[:, None],
            shares,
            _group_heads(marked, each),
            shapes,
            _surroundings(shares),
            _surroundings(shapes),
            _relations(marked, each, stop, context),
        ],
        axis=1,
        dtype=np.float32,
    )
    return Features(_sparse(marked, each), (found > 0).astype(np.float32), dense)


def _sparse(marked: Marked, each: _Stretches) -> tuple[Family, ...]:
    """Return the families of sparse features; each of a stretch has the norm 1."""
    one, two = each.within(1), each.within(2)
    near, first = _near(marked, each)
    slots = np.concatenate([marked.words, marked.neighbours[one], marked.apart[two], near])
    owners = run_owners = None
    runs = np.array([len(marked.runs)])
    if each.owner is not None:
        owners = np.concatenate([each.owner, each.owner[:-1][one], each.owner[:-2][two], each.owner[first]])
        edges = np.append(marked.reading.starts[each.begins], len(marked.runs))
        edges[0] = 0
        runs = np.diff(np.minimum(edges, len(marked.runs)))
        run_owners = np.repeat(np.arange(len(runs)), runs)
    return Family(slots, owners, _unit(each.counts)), Family(marked.runs, run_owners, _unit(runs))


def _unit(counts: Places) -> Floats:
    return (1 / np.sqrt(np.maximum(counts, 1))).astype(np.float32)


def _near(marked: Marked, each: _Stretches) -> tuple[Slots, Places]:
    """Return slots of pairs of groups up to `REACH` words apart in one stretch, and each one's first word."""
    at = marked.groups.nonzero()[0]
    kinds = np.concatenate([marked.groups.take(at), _NO_GROUP])
    places = np.concatenate([at, _BEYOND])
    right = np.arange(len(at)) + _STEPS
    near = places.take(right) - at <= REACH
    if each.owner is not None:
        whose = each.owner[at]
        near &= whose.take(right, mode="clip") == whose
    step, left = near.nonzero()
    pairs = kinds.take(left) * (marked.vocabulary.group_count + 1) + kinds.take(left + step + 1)
    return marked.vocabulary.near.take(pairs), at.take(left)


def _sums(marked: Marked, each: _Stretches) -> Floats:
    """Return the sum of word vectors."""
    vectors = marked.vocabulary.vectors.take(marked.rows, axis=0)
    return np.add.reduceat(vectors, each.begins, axis=0, dtype=np.int32) * marked.vocabulary.scale


def _group_counts(marked: Marked, each: _Stretches) -> Places:
    size, places = marked.vocabulary.group_count + 1, marked.groups
    if each.owner is not None:
        places = each.owner * size + places
    return np.bincount(places, minlength=len(each.counts) * size).reshape(-1, size)[:, 1:]


def _group_heads(marked: Marked, each: _Stretches) -> Floats:
    """Return which group a stretch begins with."""
    out = np.zeros((len(each.counts), marked.vocabulary.group_count + 1), dtype=np.float32)
    out[np.arange(len(each.counts)), marked.groups[each.begins]] = 1
    return out[:, 1:]


def _shapes(marked: Marked, each: _Stretches) -> Floats:
    """Return lengths, shares of kinds of bytes, long words, words that nobody knows."""
    reading, count = marked.reading, len(each.counts)
    starts = reading.starts.take(each.begins)
    kinds = _KIND_OF.take(reading.raw[starts[0] :])
    if each.owner is None:
        sizes = np.array([len(kinds)])
    else:
        sizes = np.diff(starts, append=len(reading.raw))
        kinds += np.repeat(np.arange(count) * _KINDS, sizes)
    shares = np.bincount(kinds, minlength=count * _KINDS).reshape(count, _KINDS) @ _SHARES
    word_lengths = reading.ends - reading.starts
    out = np.zeros((count, _SHAPES))
    out[:, 0] = np.log1p(each.counts)
    out[:, 1:9] = shares / sizes[:, None]
    out[:, 9] = each.count(marked.rows == marked.vocabulary.missing)
    out[:, 10] = np.maximum.reduceat(word_lengths, each.begins)
    out[:, 11] = np.add.reduceat(word_lengths, each.begins)
    out[:, 9:12:2] /= each.counts[:, None]
    out[:, 12] = math.log1p(count)
    out[-1, 13] = 1
    return np.minimum(out, _MOST) * _UNITS


def _surroundings(own: Floats) -> Floats:
    """Return for each stretch the mean of what the others of its text have; nothing where there is one."""
    if len(own) == 1:
        return np.zeros_like(own)
    return (own.sum(axis=0) - own) / (len(own) - 1)


def _relations(marked: Marked, each: _Stretches, stop: int, context: Beside | None) -> Floats:
    """Return how a stretch stands to the rest of its text and to its context."""
    words, vocabulary = marked.reading.words, marked.vocabulary
    out = np.zeros((len(each.counts), _RELATIONS), dtype=np.float32)
    if context is None and each.owner is None:
        return out
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
