"""An index for two who may read different things, every row of which holds a word of its own."""

import hashlib
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from genaiops.core import ModelSpec, Passage, Principal, digest_bytes
from genaiops.knowledge import LocalIndex, Recipe

SPEC = ModelSpec(provider="bench", model="hashed words", version="1")
WIDTH = 64
WORDS = [f"word{at}" for at in range(400)]
READERS: tuple[tuple[str, ...], ...] = (("red",), ("blue",), ("red", "blue"), ())
"""Who may read a row: one, the other, both, everyone."""
PRINCIPALS = tuple(Principal(id=name, groups=frozenset({name})) for name in ("red", "blue"))
CANARY = re.compile(r"zq[0-9a-f]{12}")


@dataclass(frozen=True)
class Row:
    """A passage and the word that stands in it alone; `readers` empty: everyone."""

    passage: Passage
    canary: str
    readers: frozenset[str]

    def open_to(self, principal: Principal) -> bool:
        """Whether `principal` may read it."""
        return not self.readers or not self.readers.isdisjoint(principal.groups)


class HashedWords:
    """Equal words, equal vectors: an embedder that costs nothing and finds texts by their words."""

    spec = SPEC

    def __init__(self) -> None:
        self._known: dict[str, NDArray[np.float32]] = {}

    async def embed(self, texts: Sequence[str], kind: Literal["query", "passage"]) -> NDArray[np.float32]:
        """Return a unit vector a text."""
        return np.stack([self._text(text) for text in texts])

    async def token_vectors(self, texts: Sequence[str]) -> list[NDArray[np.float32]]:
        """Return a unit vector a word."""
        return [self._words(text) for text in texts]

    async def close(self) -> None:
        """Nothing is open."""

    def _text(self, text: str) -> NDArray[np.float32]:
        total = self._words(text).sum(axis=0) + np.float32(1e-6)
        return total / np.linalg.norm(total)

    def _words(self, text: str) -> NDArray[np.float32]:
        return np.stack([self._word(word) for word in re.findall(r"\w+", text.lower()) or [""]])

    def _word(self, word: str) -> NDArray[np.float32]:
        if word not in self._known:
            seed = int.from_bytes(hashlib.sha256(word.encode()).digest()[:8], "little")
            row = np.random.default_rng(seed).standard_normal(WIDTH).astype(np.float32)
            self._known[word] = row / np.linalg.norm(row)
        return self._known[word]


def make_rows(count: int, seed: int) -> list[Row]:
    """Return rows for one, the other, both and everyone in turn, with their canaries."""
    draw = random.Random(seed)
    rows: list[Row] = []
    for at in range(count):
        readers = READERS[at % len(READERS)]
        canary = f"zq{draw.getrandbits(48):012x}"
        # each reader's rows are of another length, so that what is taken over all rows would show
        length = 15 + 10 * (at % len(READERS))
        text = " ".join([*draw.choices(WORDS, k=length), canary, *draw.choices(WORDS, k=10)])
        metadata = {"topic": f"topic {canary}", f"only_{canary}": canary, "kind": f"kind{at % 5}"}
        passage = Passage(
            id=f"p{digest_bytes(canary.encode())[7:19]}",
            text=text,
            document=f"d{at}",
            # a page of one's own, or a chapter of four, of which one reader may read more than another
            title=f"Page {canary}" if at % 2 else f"Chapter {at // 8}",
            end=len(text),
            metadata=metadata | ({"access": [*readers]} if readers else {}),
        )
        rows.append(Row(passage, canary, frozenset(readers)))
    return rows


async def make_index(folder: Path, rows: Sequence[Row], embedder: HashedWords) -> LocalIndex:
    """Return an index of `rows`."""
    index = LocalIndex.create(folder, Recipe(corpus=digest_bytes(b"canaries"), embedder=SPEC))
    passages = [row.passage for row in rows]
    index.upsert(passages, list(await embedder.embed([f"{p.title} {p.text}" for p in passages], "passage")))
    index.publish()
    return index
