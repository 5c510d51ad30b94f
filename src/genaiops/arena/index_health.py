"""What is the matter with an index: its releases, documents, vectors, cost, and what it can answer."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from genaiops.app import LOCAL_USER, Held, Project, Services, hold, material_of, open_release
from genaiops.arena.pairing import load_suite
from genaiops.arena.scorers.expected import gold, matches
from genaiops.arena.shadow import askable
from genaiops.arena.study.asked import query_of
from genaiops.core import Case, Embedder, Json, Passage, Usage, UserError, cost_nanousd, encode
from genaiops.knowledge import (
    Alike,
    Corpus,
    Differences,
    Drift,
    Effort,
    Index,
    IndexRelease,
    Named,
    alike,
    bytes_of,
    differences,
    drift,
    effort,
    make_chunks,
    retrieve_all,
)
from genaiops.models import Prices

K = 5
_AT_ONCE = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Of a suite's questions that state where the answer stands: how many the index can answer.

    `indexed`: every document that they name is in it; `found`: a search has every stated passage among the
    first `k`.
    """

    questions: int
    indexed: int
    found: int
    k: int = K


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """What is known of one index. What was not measured, or cannot be, is null.

    `orphaned_passages` belong to documents that are gone. `cost_nanousd`: of embedding all of it once, at the
    price that genaiops.yaml states or the pinned list has; an unknown price is null.
    """

    differences: Differences | None
    orphaned_passages: int | None
    bytes: int
    drift: Drift | None = None
    near_duplicates: tuple[Alike, ...] | None = None
    effort: Effort | None = None
    cost_nanousd: int | None = None
    coverage: dict[str, Coverage] | None = None


async def index_facts(
    services: Services, root: Path, project: Project | None, name: str, *, deep: bool
) -> dict[str, Json]:
    """Return what is known of an index; nothing is built. `deep` reads texts and asks the embedder."""
    named = services.releases.get(name)
    if named is None:
        source = project.knowledge[name].source if project and name in project.knowledge else ""
        return {"built": False, "source": source}
    try:
        index = await open_release(services, name, named.live)
    except UserError as error:
        return {"built": False, "source": named.live.source, "problem": error.what, **_releases(named)}
    corpus = await _corpus(services, root, project, name)
    health = _light(services, name, index, corpus)
    if deep:
        health = await _deep(await hold(services, root, project, name), project, corpus, health)
    return {
        "built": True,
        "source": named.live.source,
        **index.facts(),
        **_releases(named),
        "withdrawals": [
            {"document": one.document, "reason": one.reason, "by": one.by, "at": one.at}
            for one in services.withdrawals.all
            if one.index == name
        ],
        "health": encode(health),
    }


def _releases(named: Named) -> dict[str, Json]:
    return {
        "live": _release(named.live),
        "previous": [_release(one) for one in named.previous],
        "migrating_to": _release(named.migrating_to) if named.migrating_to else None,
    }


def _release(release: IndexRelease) -> Json:
    return {
        "recipe": release.digest,
        "embedder": release.embedder,
        "corpus": release.recipe.corpus,
        "at": release.at,
    }


async def _corpus(services: Services, root: Path, project: Project | None, name: str) -> Corpus | None:
    try:
        material = await material_of(services, root, project, name)
    except UserError:  # the source is gone: there is nothing to compare with
        return None
    return material if isinstance(material, Corpus) else None


def _light(services: Services, name: str, index: Index, corpus: Corpus | None) -> Health:
    listed = services.releases.documents(index.recipe.corpus)
    found = None
    if corpus is not None and listed is not None:
        found = differences(listed, corpus, services.withdrawals.of(name, listed))
    return Health(
        differences=found,
        orphaned_passages=None if found is None else len(index.passages_of(found.orphans)),
        bytes=bytes_of(index.folder),
    )


async def _deep(held: Held, project: Project | None, corpus: Corpus | None, light: Health) -> Health:
    chunks = make_chunks(corpus, held.index.recipe, held.embedder) if corpus else []
    taken = effort([chunk.embedded for chunk in chunks], held.embedder) if corpus else None
    return replace(
        light,
        drift=await drift(held.index, held.embedder),
        near_duplicates=alike(corpus) if corpus else None,
        effort=taken,
        cost_nanousd=_cost(project, held.embedder, taken),
        coverage=await _coverage(project, held),
    )


def _cost(project: Project | None, embedder: Embedder, taken: Effort | None) -> int | None:
    if taken is None or taken.tokens is None:
        return None
    usage = Usage(input_tokens=taken.tokens, calls=taken.texts)
    stated = project.prices.get(embedder.spec.reference) if project else None
    if stated is None:
        return Prices.load().cost(embedder.spec, usage)
    return cost_nanousd(usage, usd_per_million_in=stated.usd_in, usd_per_million_out=stated.usd_out)


async def _coverage(project: Project | None, held: Held) -> dict[str, Coverage] | None:
    if project is None:
        return None
    suites = {name: askable(load_suite(project, name).cases) for name in _plain(project)}
    return {name: await _covered(cases, held) for name, cases in suites.items() if cases}


def _plain(project: Project) -> list[str]:
    """Return the suites whose rows are nobody's: those of people are read by runs alone."""
    return [name for name, config in project.suites.items() if config.subject is None]


async def _covered(cases: Sequence[Case], held: Held) -> Coverage:
    found: list[list[Passage]] = []
    for at in range(0, len(cases), _AT_ONCE):
        queries = [query_of(case) for case in cases[at : at + _AT_ONCE]]
        found += await retrieve_all(
            held.index, held.embedder, queries, K, principal=LOCAL_USER, snapshot=held.snapshot
        )
    named = [{item.document for item in gold(case) if item.document is not None} for case in cases]
    there = held.index.showing({document for documents in named for document in documents})
    return Coverage(
        questions=len(cases),
        indexed=sum(documents <= there for documents in named),
        found=sum(_all_found(case, passages) for case, passages in zip(cases, found, strict=True)),
    )


def _all_found(case: Case, passages: Sequence[Passage]) -> bool:
    return all(any(matches(item, passage) for passage in passages) for item in gold(case))
