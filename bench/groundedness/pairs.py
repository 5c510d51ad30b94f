"""Pairs as numbers: features of words, and tokens side by side, kept on disk."""

import asyncio
import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from bench.groundedness.sources import Answer, Pair
from numpy.typing import NDArray

from genaiops.app.reading.support.features import Aligned, align, nearness_features, word_features
from genaiops.core import TokenEmbedder

_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Measured:
    """A pair with its features by name and its aligned tokens (half floats)."""

    pair: Pair
    features: dict[str, float]
    aligned: Aligned


class Kept:
    """Aligned tokens by the digest of claim and evidence, in one file a part."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._known: dict[str, Aligned] = {}
        for path in sorted(folder.glob("*.npz")):
            self._read(path)

    def _read(self, path: Path) -> None:
        with np.load(path) as part:
            claim, beside, nearness = part["claim"], part["beside"], part["nearness"]
            ends = np.cumsum(part["lengths"])
            for key, end, length in zip(part["keys"], ends, part["lengths"], strict=True):
                rows = slice(end - length, end)
                self._known[str(key)] = Aligned(claim[rows], beside[rows], nearness[rows])

    def add(self, found: dict[str, Aligned]) -> None:
        """Keep more, in memory and in a file of their own."""
        keys = list(found)
        write_part(self._folder / f"{keys[0]}.npz", keys, [found[key] for key in keys])
        self._known |= found

    async def measure(self, embedder: TokenEmbedder, pairs: Sequence[Pair]) -> list[Measured]:
        """Return every pair with its numbers, computing the vectors that are not known."""
        missing = {key_of(pair): pair for pair in pairs if key_of(pair) not in self._known}
        for some in _batches(list(missing), _AT_ONCE):
            self.add({key: await _aligned(embedder, missing[key]) for key in some})
            print(f"  vectors of {len(some)} more of {len(missing)} pairs", flush=True)
        return [self._measured(pair) for pair in pairs]

    def _measured(self, pair: Pair) -> Measured:
        aligned = self._known[key_of(pair)]
        nearness = nearness_features(aligned.nearness.astype(np.float32))
        return Measured(
            pair, {**word_features(pair.question, pair.claim, pair.evidence), **nearness}, aligned
        )


def key_of(pair: Pair) -> str:
    """Return the digest of what the vectors depend on."""
    return hashlib.sha256(json.dumps([pair.claim, *pair.evidence]).encode()).hexdigest()[:24]


def write_part(path: Path, keys: Sequence[str], aligned: Sequence[Aligned]) -> None:
    """Write aligned tokens as half floats."""

    def joined(parts: Iterable[NDArray[np.generic]]) -> NDArray[np.float16]:
        return np.concatenate(list(parts)).astype(np.float16)

    np.savez(
        path,
        keys=np.array(keys),
        lengths=np.array([len(one.nearness) for one in aligned]),
        claim=joined(one.claim for one in aligned),
        beside=joined(one.beside for one in aligned),
        nearness=joined(one.nearness for one in aligned),
    )


async def _aligned(embedder: TokenEmbedder, pair: Pair) -> Aligned:
    said, *held = await embedder.token_vectors([pair.claim, *pair.evidence])
    return align(said, np.concatenate(held))


def _batches(keys: list[str], size: int) -> Iterable[list[str]]:
    return (keys[at : at + size] for at in range(0, len(keys), size))


def measure(kept: Kept, embedder: TokenEmbedder, pairs: Sequence[Pair]) -> list[Measured]:
    """Return every pair with its numbers; for scripts."""
    return asyncio.run(kept.measure(embedder, pairs))


def measure_answers(kept: Kept, embedder: TokenEmbedder, found: Sequence[Answer]) -> list[list[Measured]]:
    """Return every answer's pairs with their numbers."""
    known = iter(measure(kept, embedder, [pair for one in found for pair in one.pairs]))
    return [list(islice(known, len(one.pairs))) for one in found]
