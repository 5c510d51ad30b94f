"""Whether an embedder without a version is still the one that made an index.

Behind an endpoint another model may answer tomorrow under the same name. So fixed texts are embedded when an
index is made, and again when it is opened for search; where one of their vectors moved, no distance between
a question and a passage means anything. Weights of a known digest and stated versions need none of it.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from genaiops.core import Digest, Embedder, ModelSpec, UserError, canonical, decode_json, digest_bytes
from genaiops.knowledge.vectors import Vectors, embed_texts

if TYPE_CHECKING:  # a cache in a store needs SQLAlchemy, which is slow to import
    from genaiops.knowledge.cache import EmbeddingCache

ANCHORS = (
    "The river froze in January and carried sledges until March.",
    "def total(prices): return sum(prices)",
    "Votre commande sera remboursée sous quatorze jours.",
    "What does the warranty cover, and for how long?",
)
LEAST_COSINE = 0.999
"""Below it an anchor has moved. Another batch or another processor moves a vector by far less."""

_FILE = "anchors.json"
_DIGESTS = {digest_bytes(text.encode()): text for text in ANCHORS}


class Anchors:
    """The anchors of the index in `folder`; asked of an embedder once for as long as the index is open."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / _FILE
        self._held = False

    async def keep(self, embedder: Embedder) -> None:
        """Embed the anchors and write them beside the index, where its embedder has no version."""
        if may_move(embedder.spec):
            rows = await embed_texts(embedder, ANCHORS, "passage")
            self._file.write_bytes(canonical(dict(zip(_DIGESTS, rows.tolist(), strict=True))))

    async def check(self, embedder: Embedder) -> None:
        """Raise `UserError` where the embedder answers with other vectors than when the index was made."""
        if self._held or not may_move(embedder.spec) or not self._file.exists():
            return
        known = decode_json(dict[str, list[float]], self._file.read_bytes(), where=str(self._file))
        rows = {Digest(text): np.asarray(row, np.float32) for text, row in known.items()}
        _check_same(embedder.spec, rows, await _fresh(embedder))
        self._held = True


async def check_cached(embedder: Embedder, cache: "EmbeddingCache") -> None:
    """Raise `UserError` where an embedder without a version moved since the first vectors of it were kept.

    Else vectors of two models would be mixed in one index. The first ones become the anchors.
    """
    if not may_move(embedder.spec):
        return
    known, fresh = cache.texts(embedder.spec, list(_DIGESTS)), await _fresh(embedder)
    _check_same(embedder.spec, known, fresh)
    cache.put_texts(embedder.spec, {digest: fresh[digest] for digest in _DIGESTS})


def may_move(spec: ModelSpec) -> bool:
    """Return whether nothing says which weights answer: neither a digest nor a version."""
    return spec.digest is None and spec.version is None


async def _fresh(embedder: Embedder) -> dict[Digest, Vectors]:
    rows = await embed_texts(embedder, ANCHORS, "passage")
    return dict(zip(_DIGESTS, rows, strict=True))


def _check_same(spec: ModelSpec, known: Mapping[Digest, Vectors], fresh: Mapping[Digest, Vectors]) -> None:
    both = [(row, fresh[text]) for text, row in known.items() if text in fresh]
    cosines = [float(old @ new) if old.shape == new.shape else 0.0 for old, new in both]
    if cosines and min(cosines) < LEAST_COSINE:
        raise UserError(
            "GAO-KNOWLEDGE-191",
            f"{spec.reference} is no longer the embedder that it was",
            why=f"a fixed text's vector has a cosine of {min(cosines):.4f} with the one it had; "
            f"{LEAST_COSINE} is the least; distances to the vectors that are kept mean nothing",
            fix="say which version answers now, models: {embed: {model: …, version: …}}, "
            "and build the index again: genaiops index build",
        )
