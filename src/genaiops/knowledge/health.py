"""What is the matter with an index: documents that moved on, vectors that drifted, size and cost.

Light parts compare lists; those of `deep` read texts and embed a sample again.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from genaiops.core import Digest, Embedder
from genaiops.knowledge.build import CountsTokens, text_reader
from genaiops.knowledge.duplicates import near_duplicates
from genaiops.knowledge.inspecting import Drawable
from genaiops.knowledge.model import Corpus
from genaiops.knowledge.passages import Lengths
from genaiops.knowledge.seams import Index
from genaiops.knowledge.vectors import embed_texts

SAMPLE = 50
"""Passages that are embedded again."""

SAME = 0.999
"""The cosine from which on two vectors of one text count as the same; int8 models differ in the last bits."""

_SEED = 20261130


@dataclass(frozen=True, slots=True, kw_only=True)
class Differences:
    """Documents by id: `orphans` are indexed and gone, `stale` changed since, `missing` are not indexed."""

    orphans: tuple[str, ...]
    stale: tuple[str, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """Passages embedded again: the cosine with the stored vector, and how many lie below `SAME`."""

    sample: int
    mean: float
    least: float
    moved: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Alike:
    """Two documents that say almost the same, with the share of their shingles that both have."""

    document: str
    like: str
    resemblance: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """What embedding all of it takes: texts, and tokens where the embedder counts them."""

    texts: int
    tokens: int | None


def differences(listed: Mapping[str, Digest], corpus: Corpus, withdrawn: set[str]) -> Differences:
    """Return how the documents that were indexed differ from those there are; withdrawn ones are neither."""
    now = {one.id: one.digest for one in corpus.documents}
    then = {id: digest for id, digest in listed.items() if id not in withdrawn}
    return Differences(
        orphans=tuple(sorted(then.keys() - now.keys())),
        stale=tuple(sorted(id for id in then.keys() & now.keys() if then[id] != now[id])),
        missing=tuple(sorted(now.keys() - then.keys())),
    )


async def drift(index: Index, embedder: Embedder, count: int = SAMPLE, seed: int = _SEED) -> Drift | None:
    """Return how far `embedder` now is from the vectors that are stored; None where these cannot be read.

    An endpoint without a version may be another model tomorrow, and nothing else would say so. Of a passage
    in several parts each vector counts.
    """
    if not isinstance(index, Drawable) or not (drawn := index.drawn(count, seed)):
        return None
    read = text_reader(embedder, Lengths())
    texts = [read(passage) for passage, _ in drawn]
    fresh = await embed_texts(embedder, [text for some in texts for text in some], "passage")
    stored = np.concatenate([vectors for _, vectors in drawn])
    if fresh.shape != stored.shape:
        return Drift(sample=len(drawn), mean=0.0, least=0.0, moved=len(drawn))
    norms = np.linalg.norm(fresh, axis=1) * np.linalg.norm(stored, axis=1)
    products = (fresh.astype(np.float64) * stored).sum(axis=1)
    cosines = np.divide(products, norms, out=np.ones(len(norms)), where=norms > 0.0)
    return Drift(
        sample=len(drawn),
        mean=round(math.fsum(cosines) / len(cosines), 6),
        least=round(float(cosines.min()), 6),
        moved=int((cosines < SAME).sum()),
    )


def alike(corpus: Corpus) -> tuple[Alike, ...]:
    """Return the near duplicates among the documents."""
    documents = corpus.documents
    return tuple(
        Alike(
            document=documents[pair.later].id,
            like=documents[pair.earlier].id,
            resemblance=pair.resemblance,
        )
        for pair in near_duplicates([one.text for one in documents])
    )


def effort(texts: Sequence[str], embedder: Embedder) -> Effort:
    """Return what it takes to embed `texts`."""
    counted = sum(embedder.count_tokens(texts)) if isinstance(embedder, CountsTokens) else None
    return Effort(texts=len(texts), tokens=counted)


def bytes_of(folder: Path) -> int:
    """Return how many bytes the files of a folder have."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
