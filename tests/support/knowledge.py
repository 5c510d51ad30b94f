"""An embedder of hashed words that counts calls, and indexes made with it."""

import hashlib
import re
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from functools import lru_cache
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from genaiops.core import ModelSpec, Passage, Principal, digest_bytes
from genaiops.knowledge import LocalIndex, Recipe

ANYONE = Principal(id="anyone")
STAFF = Principal(id="sam", groups=frozenset({"staff"}))
SPEC = ModelSpec(provider="test", model="hashed-words", version="1")


@lru_cache(maxsize=20_000)
def word_vector(word: str) -> NDArray[np.float32]:
    seed = int.from_bytes(hashlib.sha256(word.lower().encode()).digest()[:8], "little")
    vector = np.random.default_rng(seed).standard_normal(32).astype(np.float32)
    return vector / np.linalg.norm(vector)


class WordEmbedder:
    """Equal words, equal vectors."""

    spec = SPEC

    def __init__(self) -> None:
        self.embedded: list[str] = []
        self.tokenized: list[str] = []

    async def embed(self, texts: Sequence[str], kind: Literal["query", "passage"]) -> NDArray[np.float32]:
        self.embedded += texts
        return np.stack([vector(text) for text in texts])

    async def token_vectors(self, texts: Sequence[str]) -> list[NDArray[np.float32]]:
        self.tokenized += texts
        return [tokens(text) for text in texts]

    async def close(self) -> None: ...


def tokens(text: str) -> NDArray[np.float32]:
    rows = [word_vector(word) for word in re.findall(r"\w+", text)]
    return np.stack(rows) if rows else np.zeros((0, 32), np.float32)


def vector(text: str) -> NDArray[np.float32]:
    total = tokens(text).sum(axis=0)
    return total / max(float(np.linalg.norm(total)), 1e-9)


def passage(document: str, text: str, *, id: str = "", **metadata: object) -> Passage:
    name = id or digest_bytes(f"{document} {text}".encode())[7:15]
    return Passage(id=name, text=text, document=document, end=len(text), metadata=metadata)  # type: ignore[arg-type]


def make_index(folder: Path, passages: Sequence[Passage]) -> LocalIndex:
    recipe = Recipe(corpus=digest_bytes(b""), embedder=SPEC)
    index = LocalIndex.create(folder, recipe)
    index.upsert(passages, [vector(one.text).tolist() for one in passages])
    index.publish()
    return index


def damage(database: Path, table: str) -> None:
    """Overwrite the first page of a table of an SQLite file, as a disk that fails does."""
    with closing(sqlite3.connect(database)) as opened:
        query = "SELECT rootpage FROM sqlite_master WHERE name = ?"
        (page,) = opened.execute(query, (table,)).fetchone()
        (size,) = opened.execute("PRAGMA page_size").fetchone()
    with database.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)
