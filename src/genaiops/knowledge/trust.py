"""How far an embedder can be trusted with a corpus, found without labels when its index is made.

Sentences are taken from passages and looked for. An embedder that cannot read a language does not find a
passage by its own words, where the lexical search does.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from heapq import nsmallest
from statistics import fmean

from genaiops.core import Embedder, Passage
from genaiops.knowledge.links import Key
from genaiops.knowledge.scripts import script_of
from genaiops.knowledge.sentences import split_sentences
from genaiops.knowledge.vectors import Vectors, embed_texts

PROBES = 64
_LEAST_PROBES = 8
_LEAST_LETTERS = 20
_MOST_LETTERS = 120
_DEPTH = 20

Trust = Mapping[str, float]
"""By script, from 0 to 1; "" holds for any other."""

Found = Sequence[tuple[Key, float]]
"""Passages with their scores, best first."""


def drawn(count: int) -> list[int]:
    """Return which of `count` passages, in the order of their ids, are asked about.

    They are drawn by the digests of their numbers: the same ones for equal corpora.
    """
    return nsmallest(PROBES, range(count), key=lambda row: sha256(f"{row}".encode()).digest())


async def measure_trust(
    passages: Mapping[Key, Passage],
    dense: Callable[[Vectors, int], Found[Key]],
    lexical: Callable[[str, int], Found[Key]],
    embedder: Embedder,
) -> dict[str, float]:
    """Return the mean reciprocal rank of `passages` by vectors over that by words, at most 1, by script.

    `dense` and `lexical` look among everything, whoever may read it, for so many passages at most.
    """
    probes = {key: _probe(passage) for key, passage in passages.items()}
    asked = [(key, probe) for key, probe in probes.items() if probe]
    if len(asked) < _LEAST_PROBES:
        return {}
    vectors = await embed_texts(embedder, [probe for _, probe in asked], "query")
    by_script: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for (key, probe), vector in zip(asked, vectors, strict=True):
        by_vector = _reciprocal_rank(key, dense(vector, _DEPTH))
        by_words = _reciprocal_rank(key, lexical(probe, _DEPTH))
        for script in (script_of(probe), ""):
            by_script[script].append((by_vector, by_words))
    return {script: _ratio(pairs) for script, pairs in by_script.items() if len(pairs) >= _LEAST_PROBES}


def trust_in(trust: Trust, query: str) -> float:
    """Return how far the embedder is trusted with `query`; 1 where nothing was measured."""
    return trust.get(script_of(query), trust.get("", 1.0))


def _probe(passage: Passage) -> str:
    long = [one for one in split_sentences(passage.text) if len(one) >= _LEAST_LETTERS]
    return long[len(long) // 2][:_MOST_LETTERS] if long else ""


def _reciprocal_rank(key: Key, found: Found[Key]) -> float:
    return next((1 / rank for rank, (one, _) in enumerate(found, start=1) if one == key), 0.0)


def _ratio(pairs: Sequence[tuple[float, float]]) -> float:
    dense, lexical = fmean(one for one, _ in pairs), fmean(one for _, one in pairs)
    return round(min(1.0, dense / lexical), 2) if lexical > 0 else 1.0
