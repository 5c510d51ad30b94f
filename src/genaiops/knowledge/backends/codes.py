"""Vectors by the signs of their numbers, which are compared 64 at once.

Turned by a random rotation, the share of signs in which two vectors differ is their angle divided by pi on
average (Charikar, "Similarity estimation techniques from rounding algorithms", STOC 2002), whatever the model
that made them. The rotation is the fast one of a Hadamard matrix with random signs (Ailon and Chazelle 2009);
its signs are drawn from SHAKE-256, so that codes on a disk mean the same on every machine.
"""

import hashlib
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

_BITS = 64


def width(dimension: int) -> int:
    """Return of how many 64-bit words a code is."""
    return _padded(dimension) // _BITS


def codes_of(vectors: NDArray[np.float32]) -> NDArray[np.uint64]:
    """Return a row of `width` words for each vector."""
    count, dimension = vectors.shape
    turned = np.zeros((count, _padded(dimension)), np.float32)
    turned[:, :dimension] = vectors
    turned *= _signs(turned.shape[1])
    half = 1
    while half < turned.shape[1]:
        pairs = turned.reshape(count, -1, 2, half)
        sums, differences = pairs[:, :, 0] + pairs[:, :, 1], pairs[:, :, 0] - pairs[:, :, 1]
        pairs[:, :, 0], pairs[:, :, 1] = sums, differences
        half *= 2
    return np.packbits(turned > 0, axis=1).view("<u8")


def closest(columns: NDArray[np.uint64], code: NDArray[np.uint64], n: int) -> NDArray[np.int64]:
    """Return the places of the `n` codes with the fewest bits unlike `code`, in order of place.

    `columns` has a row for each word of the codes. Of those that tie at the end the first are taken.
    """
    unlike = np.zeros(columns.shape[1], np.uint16)
    for column, word in zip(columns, code, strict=True):
        unlike += np.bitwise_count(column ^ word)
    most = int(np.searchsorted(np.cumsum(np.bincount(unlike)), n))
    near = np.flatnonzero(unlike < most)
    return np.sort(np.concatenate([near, np.flatnonzero(unlike == most)[: n - len(near)]]))


def _padded(dimension: int) -> int:
    """Return the power of two that a vector of so many numbers is turned in."""
    return max(_BITS, 1 << (dimension - 1).bit_length())


@lru_cache(maxsize=8)
def _signs(size: int) -> NDArray[np.float32]:
    drawn = np.frombuffer(hashlib.shake_256(b"genaiops codes 1").digest(size // 8), np.uint8)
    return np.unpackbits(drawn).astype(np.float32) * 2 - 1
