"""Every search of a study, made once, and what it found against the passages that hold the answers."""

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np

from genaiops import stats
from genaiops.app import LOCAL_USER
from genaiops.arena.compare import resampling_key
from genaiops.arena.grid import FloatArray
from genaiops.arena.scorers.expected import Gold, answerable, gold, matches
from genaiops.arena.scorers.retrieval import discounted_gain, new_gold, reciprocal_rank
from genaiops.arena.study.asked import query_of
from genaiops.arena.study.contrasts import Ruled, contrast_all, contrast_slice
from genaiops.arena.study.material import Material
from genaiops.arena.study.model import Contrast, Found, Retrieval
from genaiops.arena.study.outcomes import quantile
from genaiops.arena.study.variants import SEARCHES
from genaiops.arena.suites import slices_of
from genaiops.core import Case, OutsideError, Passage
from genaiops.knowledge import retrieve, retrieve_all
from genaiops.stats import cluster_codes, round_sig
from genaiops.work import Console, Progress

DEPTH = 20
CUTS = (1, 5, 10, 20)
PRIMARY = "recall@5"
PAIRS = (("lexical", "dense"), ("hybrid", "dense"), ("rerank", "dense"), ("rerank", "hybrid"))
_AT_ONCE = 32
_TIMED = 30

Hits = Mapping[str, Mapping[str, Sequence[Passage] | None]]
"""By search and question: the passages found, best first; None where the search failed."""


@dataclass(frozen=True, slots=True)
class Searched:
    """What every search found, and how long single questions took, in milliseconds."""

    hits: Hits
    times: Mapping[str, Sequence[float]]


async def search_all(material: Material, console: Console) -> Searched:
    """Search for every question in every way, each once; raises `OutsideError` where none can be made."""
    hits: dict[str, dict[str, Sequence[Passage] | None]] = {}
    times: dict[str, list[float]] = {name: [] for name in SEARCHES}
    with Progress("study · search", len(SEARCHES) * len(material.cases), console=console) as progress:
        for name in SEARCHES:
            hits[name] = {}
            for at in range(0, len(material.cases), _AT_ONCE):
                some = material.cases[at : at + _AT_ONCE]
                hits[name] |= await _searched(material, name, some)
                progress.advance(len(some), name)
            with suppress(OutsideError):  # what failed is counted above
                times[name] = await _timed(material, name)
    return Searched(hits, times)


async def _searched(
    material: Material, name: str, cases: Sequence[Case]
) -> dict[str, Sequence[Passage] | None]:
    search = SEARCHES[name]
    try:
        found = await retrieve_all(
            material.index,
            material.embedder,
            [query_of(case) for case in cases],
            DEPTH,
            principal=LOCAL_USER,
            mode=search.mode,
            rerank=search.rerank,
            candidates=DEPTH,
        )
    except OutsideError:
        if len(cases) == 1:
            return {cases[0].id: None}
        whole: dict[str, Sequence[Passage] | None] = {}
        for case in cases:
            whole |= await _searched(material, name, [case])
        if all(one is None for one in whole.values()):
            raise
        return whole
    return {case.id: passages for case, passages in zip(cases, found, strict=True)}


async def _timed(material: Material, name: str) -> list[float]:
    """Return how long a few questions take one by one: batches tell nothing of a single one."""
    search, found = SEARCHES[name], list[float]()
    for case in material.cases[:_TIMED]:
        query = query_of(case)
        if not query.text:
            continue
        began = time.perf_counter()
        await retrieve(
            material.index,
            material.embedder,
            query.text,
            DEPTH,
            principal=LOCAL_USER,
            history=query.history,
            mode=search.mode,
            rerank=search.rerank,
            candidates=DEPTH,
        )
        found.append(1e3 * (time.perf_counter() - began))
    return found


def measure_retrieval(material: Material, searched: Searched) -> Retrieval:
    """Return every search's measures, and which differences are proven."""
    labelled = [case for case in material.cases if gold(case)]
    unanswerable = sum(answerable(case) is False for case in material.cases if not gold(case))
    base = Retrieval(
        depth=DEPTH,
        questions=len(labelled),
        clusters=len({case.cluster for case in labelled}),
        unanswerable=unanswerable,
        unlabelled=len(material.cases) - len(labelled) - unanswerable,
        missing=_missing(material, labelled, searched.hits),
    )
    if not labelled:
        why = "no question names the passages that hold its answer (expected.passages)"
        return replace(base, reason=f"retrieval is not decidable: {why}")
    values = {name: _values(labelled, searched.hits[name]) for name in SEARCHES}
    alpha = material.suite.ruler.gate.alpha
    ruled = Ruled(
        cluster_codes([case.cluster for case in labelled]), alpha, resampling_key(material.suite.ruler)
    )
    measures = list(next(iter(values.values())))
    contrasts = [
        one
        for measure in measures
        for one in contrast_all(measure, {name: values[name][measure] for name in values}, PAIRS, ruled)
    ]
    return replace(
        base,
        found=tuple(_found(name, values[name], searched) for name in SEARCHES),
        contrasts=tuple(contrasts),
        slices=_slices(material, labelled, {name: values[name][PRIMARY] for name in values}, ruled),
    )


def _values(cases: Sequence[Case], hits: Mapping[str, Sequence[Passage] | None]) -> dict[str, FloatArray]:
    rows = [_measures(gold(case), hits[case.id]) for case in cases]
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


def _measures(items: Sequence[Gold], passages: Sequence[Passage] | None) -> dict[str, float]:
    if passages is None:
        return dict.fromkeys([*(f"recall@{k}" for k in CUTS), "MRR@20", "nDCG@10"], np.nan)
    found, count = new_gold(items, passages), len(items)
    return {
        **{f"recall@{k}": sum(found[:k]) / count for k in CUTS},
        "MRR@20": reciprocal_rank(found, count, DEPTH),
        "nDCG@10": discounted_gain(found[:10], count, 10),
    }


def _found(name: str, values: Mapping[str, FloatArray], searched: Searched) -> Found:
    times = sorted(searched.times[name])
    return Found(
        search=name,
        measures={key: _mean(column) for key, column in values.items()},
        p50_ms=quantile(times, 0.5),
        p95_ms=quantile(times, 0.95),
        failed=sum(one is None for one in searched.hits[name].values()),
    )


def _mean(column: FloatArray) -> float | None:
    known = column[np.isfinite(column)]
    return round_sig(float(known.mean())) if known.size else None


def _missing(material: Material, cases: Sequence[Case], hits: Hits) -> int:
    """Return how many questions name something that no document of the corpus holds."""
    return sum(
        not all(
            _there(item, material.texts)
            for item in gold(case)
            if not any(matches(item, one) for name in SEARCHES for one in hits[name][case.id] or ())
        )
        for case in cases
    )


def _there(item: Gold, texts: Mapping[str, str]) -> bool:
    """Say whether a document holds what the gold names; white space counts as one blank."""
    if item.either is not None and item.either in texts:
        return True
    quote = " ".join((item.quote or item.either or "").split())
    places = texts if item.document is None else {item.document: texts.get(item.document)}
    return any(text is not None and quote in " ".join(text.split()) for text in places.values())


def _slices(
    material: Material, cases: Sequence[Case], values: Mapping[str, FloatArray], ruled: Ruled
) -> tuple[Contrast, ...]:
    """Return the primary measure in each slice, against the naive search; all of them are one family."""
    found: list[tuple[Contrast, float]] = []
    for place in material.suite.ruler.slices:
        for name, rows in slices_of(place, cases).items():
            if len(rows) == len(cases):
                continue  # all of them: no slice
            part = Ruled(ruled.codes[rows], ruled.alpha, ruled.key)
            mine = {search: column[rows] for search, column in values.items()}
            found += [contrast_slice(PRIMARY, name, pair, mine, part) for pair in PAIRS if pair[1] == "dense"]
    if not found:
        return ()
    outstanding = stats.benjamini_hochberg([p for _, p in found], ruled.alpha)
    return tuple(replace(one, stands_out=out) for (one, _), out in zip(found, outstanding, strict=True))
