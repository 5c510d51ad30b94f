"""How far an embedder can be trusted with a corpus, found without labels when its index is made.

Sentences are taken from passages and looked for. An embedder that cannot read a language does not find a
passage by its own words, where the lexical search does.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from statistics import fmean

import numpy as np

from genaiops.core import Embedder, Passage, digest_bytes
from genaiops.knowledge.scripts import script_of
from genaiops.knowledge.sentences import split_sentences
from genaiops.knowledge.snapshot import Snapshot
from genaiops.knowledge.vectors import embed_texts

PROBES = 64
_LEAST_PROBES = 8
_LEAST_LETTERS = 20
_MOST_LETTERS = 120
_DEPTH = 20

Trust = Mapping[str, float]
"""By script, from 0 to 1; "" holds for any other."""


async def measure_trust(snapshot: Snapshot, embedder: Embedder) -> dict[str, float]:
    """Return the mean reciprocal rank of passages by vectors over that by words, at most 1, by script.

    The same corpus gives the same probes: rows are drawn by the digests of their numbers.
    """
    rows = _drawn(snapshot)
    passages = snapshot.passages(rows)
    probes = [_probe(passage) for passage in passages]
    asked = [(row, probe) for row, probe in zip(rows, probes, strict=True) if probe]
    if len(asked) < _LEAST_PROBES:
        return {}
    vectors = await embed_texts(embedder, [probe for _, probe in asked], "query")
    everything = snapshot.allow(np.ones(len(snapshot.scopes), dtype=np.bool_))
    by_script: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for (row, probe), vector in zip(asked, vectors, strict=True):
        dense = _reciprocal_rank(row, snapshot.dense(vector, _DEPTH, everything))
        lexical = _reciprocal_rank(row, snapshot.lexical(probe, _DEPTH, everything))
        for script in (script_of(probe), ""):
            by_script[script].append((dense, lexical))
    return {script: _ratio(pairs) for script, pairs in by_script.items() if len(pairs) >= _LEAST_PROBES}


def trust_in(trust: Trust, query: str) -> float:
    """Return how far the embedder is trusted with `query`; 1 where nothing was measured."""
    return trust.get(script_of(query), trust.get("", 1.0))


def _drawn(snapshot: Snapshot) -> list[int]:
    keys = [(digest_bytes(f"{row}".encode()), row) for row in range(len(snapshot))]
    return [row for _, row in sorted(keys)[:PROBES]]


def _probe(passage: Passage) -> str:
    long = [one for one in split_sentences(passage.text) if len(one) >= _LEAST_LETTERS]
    return long[len(long) // 2][:_MOST_LETTERS] if long else ""


def _reciprocal_rank(row: int, found: Sequence[tuple[int, float]]) -> float:
    return next((1 / rank for rank, (one, _) in enumerate(found, start=1) if one == row), 0.0)


def _ratio(pairs: Sequence[tuple[float, float]]) -> float:
    dense, lexical = fmean(one for one, _ in pairs), fmean(one for _, one in pairs)
    return round(min(1.0, dense / lexical), 2) if lexical > 0 else 1.0
