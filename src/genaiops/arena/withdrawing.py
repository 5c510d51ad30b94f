"""Withdrawing documents: from every index that holds them, and from what ARENA would use again.

    withdrawals.json → tombstones in every release → audit log → what rests on them

The first write is the withdrawal: whoever opens an index after it, in whatever process, does not find them.
"""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from genaiops.access import acting
from genaiops.app import Project, Services, open_release, write_down
from genaiops.arena.engine import now
from genaiops.arena.impact import impact
from genaiops.core import Digest, Json, OutsideError, UserError, one_line
from genaiops.hub import Governance, Hub, Impact, Version
from genaiops.knowledge import Index, IndexRelease, Named, Withdrawal, holds_document


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawn:
    """`genaiops index withdraw --json`. `passages`: how many of released indexes nobody finds any more.

    `indexes` are the names from which documents went, `outputs` the ids by which ARENA knows an answer that
    rests on them; `impact` has what the Hub knows to rest on each document, None where it knows none.
    """

    index: str
    documents: tuple[str, ...]
    indexes: tuple[str, ...]
    releases: int
    passages: int
    impact: dict[str, Impact | None]


@dataclass(frozen=True, slots=True)
class _Wanted:
    name: str
    documents: Sequence[str]
    reason: str
    everywhere: bool


async def withdraw(
    services: Services,
    hub: Hub,
    project: Project | None,
    name: str,
    documents: Sequence[str],
    *,
    reason: str,
    everywhere: bool,
) -> Withdrawn:
    """Withdraw documents from the index `name`, with `everywhere` their texts from all indexes.

    Raises `UserError` where no release of the name, nor its source, holds such a document: a withdrawal that
    hides nothing would be believed.
    """
    hub.check_may_publish()
    wanted = _Wanted(name, documents, reason, everywhere)
    held = await _held(services, project, wanted)
    by, at = acting(services.store.database, services.settings.env).id, now()
    passages = await _passages(services, wanted)
    services.withdrawals.add(
        Withdrawal(
            index=name,
            document=document,
            reason=reason,
            by=by,
            at=at,
            digests=held[document],
            passages=tuple(sorted(passages[document])),
            everywhere=everywhere,
        )
        for document in documents
    )
    details: dict[str, Json] = {"documents": [*documents], "reason": reason, "everywhere": everywhere}
    write_down(services, "index.withdraw", name, details)
    touched = await _hide(services)
    return Withdrawn(
        index=name,
        documents=tuple(documents),
        indexes=tuple(sorted({name, *touched})),
        releases=sum(len(named.all) for one, named in services.releases.names().items() if one == name),
        passages=sum(len(found) for found in passages.values()),
        impact={document: _impact(services, hub, name, document) for document in documents},
    )


async def _held(
    services: Services, project: Project | None, wanted: _Wanted
) -> Mapping[str, tuple[Digest, ...]]:
    """Return of each document the digests of its texts; of ready-made passages none are known."""
    named = services.releases.get(wanted.name)
    known: dict[str, set[Digest]] = {}
    for corpus in {release.recipe.corpus for release in named.all} if named else ():
        for document, digest in (services.releases.documents(corpus) or {}).items():
            known.setdefault(document, set()).add(digest)
    if project is not None and wanted.name in project.knowledge:
        for one in (await services.corpus(project, wanted.name)).documents:
            known.setdefault(one.id, set()).add(one.digest)
    standing = {one.document for one in services.withdrawals.all if one.index == wanted.name}
    for document in wanted.documents:
        found = document in known or document in standing
        if not found and not (named and await _shown(services, wanted.name, named, document)):
            raise _unknown(wanted.name, document, known)
    return {document: tuple(sorted(known.get(document, ()))) for document in wanted.documents}


async def _shown(services: Services, name: str, named: Named, document: str) -> bool:
    """Whether a released index has the document, of which no listing says so."""
    return bool((await open_release(services, name, named.live)).passages_of([document]))


async def _passages(services: Services, wanted: _Wanted) -> dict[str, set[str]]:
    """Return the ids that the documents' passages have in every release of the name that is still there."""
    found: dict[str, set[str]] = {document: set() for document in wanted.documents}
    named = services.releases.get(wanted.name)
    for release in named.all if named else ():
        index = await _opened(services, release)
        try:
            for one in index.passages_of(wanted.documents) if index else ():
                found[one.document].add(one.id)
        except OutsideError as error:
            _tell(services, release, error)
    return found


async def _hide(services: Services) -> set[str]:
    """Let every release that is there forget what was withdrawn; return the names that held some of it."""
    touched: set[str] = set()
    for name, named in services.releases.names().items():
        for release in named.all:
            index = await _opened(services, release)
            if index is not None and services.withdrawals.hide(index, name, services.releases.documents):
                touched.add(name)
    return touched


async def _opened(services: Services, release: IndexRelease) -> Index | None:
    """Return the index of a release; None where it is gone or damaged: that keeps no document from going."""
    try:
        return await services.built_index(release.digest)
    except OutsideError as error:  # whoever opens it later, mended, hides first
        _tell(services, release, error)
        return None


def _tell(services: Services, release: IndexRelease, error: OutsideError) -> None:
    services.console.note(f"release {release.digest[:19]}… cannot be read: {error.what} ({error.code})")


def _impact(services: Services, hub: Hub, name: str, document: str) -> Impact | None:
    """Return what rests on a document by the Hub's edges; None where no corpus of that name has it."""
    governance = Governance(services.store, by=acting(services.store.database, services.settings.env))
    if not any(holds_document(each.manifest, document) for each in _corpora(hub, name)):
        return None
    return impact(hub, governance, f"corpus/{name}", document)


def _corpora(hub: Hub, name: str) -> list[Version]:
    return hub.list("corpus", name)


def _unknown(name: str, document: str, known: Mapping[str, object]) -> UserError:
    near = difflib.get_close_matches(document, sorted(known), 3, 0.5)
    return UserError(
        "GAO-ARENA-413",
        f"the index {one_line(name, 60)!r} holds no document {one_line(document, 120)!r}",
        why="neither a release of it nor its source does, so nothing would be withdrawn",
        fix=f"did you mean {', '.join(one_line(one, 120) for one in near)}?"
        if near
        else "give a document's id: the path in its folder, or the id of a ready-made passage",
    )
