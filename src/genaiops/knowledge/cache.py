"""Vectors that were computed once: by (embedder, text), in the project's store."""

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Column, Connection, Integer, LargeBinary, MetaData, String, Table, insert, select

from genaiops.core import Digest, ModelSpec, digest_json, encode
from genaiops.store import Store

Kind = Literal["text", "tokens"]

_META = MetaData()
_EMBEDDINGS = Table(
    "knowledge_embeddings",
    _META,
    Column("embedder", String, primary_key=True),
    Column("text", String, primary_key=True),
    Column("kind", String, primary_key=True),
    Column("rows", Integer, nullable=False),
    Column("vectors", LargeBinary, nullable=False),
)
_AT_ONCE = 400


def embedder_digest(spec: ModelSpec) -> Digest:
    """Return the digest that names an embedder's vectors."""
    return digest_json(encode(spec))


class EmbeddingCache:
    """Text vectors (float32) and token vectors (int8: a quarter of the space, ranks unchanged)."""

    def __init__(self, store: Store) -> None:
        self._database = store.database
        self._database.migrate("knowledge", [_create])

    def texts(self, embedder: ModelSpec, texts: Sequence[Digest]) -> dict[Digest, NDArray[np.float32]]:
        """Return the vectors known of `texts`, by digest."""
        found = self._get(embedder, texts, "text")
        return {text: np.frombuffer(raw, dtype="<f4") for text, (_, raw) in found.items()}

    def put_texts(self, embedder: ModelSpec, vectors: Mapping[Digest, NDArray[np.float32]]) -> None:
        """Keep the vectors of texts."""
        self._put(embedder, "text", {text: (1, v.astype("<f4").tobytes()) for text, v in vectors.items()})

    def tokens(self, embedder: ModelSpec, texts: Sequence[Digest]) -> dict[Digest, NDArray[np.int8]]:
        """Return the packed token vectors known of `texts`, by digest."""
        found = self._get(embedder, texts, "tokens")
        return {
            text: np.frombuffer(raw, dtype=np.int8).reshape(rows, -1 if rows else 0)
            for text, (rows, raw) in found.items()
        }

    def put_tokens(self, embedder: ModelSpec, vectors: Mapping[Digest, NDArray[np.int8]]) -> None:
        """Keep packed token vectors."""
        self._put(embedder, "tokens", {text: (len(v), v.tobytes()) for text, v in vectors.items()})

    def _get(
        self, embedder: ModelSpec, texts: Sequence[Digest], kind: Kind
    ) -> dict[Digest, tuple[int, bytes]]:
        table, name = _EMBEDDINGS.c, embedder_digest(embedder)
        found: dict[Digest, tuple[int, bytes]] = {}
        with self._database.read() as connection:
            for some in _parts(texts):
                query = select(table.text, table.rows, table.vectors).where(
                    table.embedder == name, table.kind == kind, table.text.in_(some)
                )
                found.update(
                    {Digest(row[0]): (int(row[1]), bytes(row[2])) for row in connection.execute(query)}
                )
        return found

    def _put(self, embedder: ModelSpec, kind: Kind, values: Mapping[Digest, tuple[int, bytes]]) -> None:
        name = embedder_digest(embedder)
        with self._database.write() as connection:
            known = self._known(connection, name, kind, list(values))
            rows = [
                {"embedder": name, "text": text, "kind": kind, "rows": count, "vectors": raw}
                for text, (count, raw) in values.items()
                if text not in known
            ]
            if rows:
                connection.execute(insert(_EMBEDDINGS), rows)

    def _known(
        self, connection: Connection, embedder: Digest, kind: Kind, texts: Sequence[Digest]
    ) -> set[str]:
        table = _EMBEDDINGS.c
        known: set[str] = set()
        for some in _parts(texts):
            query = select(table.text).where(
                table.embedder == embedder, table.kind == kind, table.text.in_(some)
            )
            known.update(str(row[0]) for row in connection.execute(query))
        return known


def _parts(texts: Sequence[Digest]) -> list[Sequence[Digest]]:
    return [texts[at : at + _AT_ONCE] for at in range(0, len(texts), _AT_ONCE)]


def _create(connection: Connection) -> None:
    _META.create_all(connection)
