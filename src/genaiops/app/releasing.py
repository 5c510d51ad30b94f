"""Indexes as releases: make and publish one, hold on to one for a request, say what has moved since.

An index of genaiops.yaml is asked by its live release wherever the app serves somebody; ARENA asks each arm's
index by the recipe of its own tree, whatever is live.
"""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from genaiops.app.project import Project
from genaiops.app.services import Services
from genaiops.core import Embedder, GenaiopsError, OutsideError, SnapshotId, UserError, decode
from genaiops.knowledge import Corpus, Index, IndexRelease, Named, ReadyPassages, check_alike, read_passages
from genaiops.models import EmbedSettings

Material = Corpus | ReadyPassages
"""What an index is made of."""

TRIED = ("models.embed", "knowledge.")
"""Overrides that make another index: it is tried by its own recipe, beside what is live."""


@dataclass(frozen=True, slots=True)
class Held:
    """What one request reads from its beginning to its end, whatever is published meanwhile."""

    name: str
    index: Index
    embedder: Embedder
    snapshot: SnapshotId


@dataclass(frozen=True, slots=True)
class Published:
    """An index that was made, what it was made of, and what its name stands for now."""

    index: Index
    material: Material
    named: Named


def is_trial(overrides: Sequence[str]) -> bool:
    """Whether overrides of the command line ask for an index that is not the live one."""
    return any(one.startswith(TRIED) for one in overrides)


async def hold(services: Services, root: Path, project: Project | None, name: str) -> Held:
    """Return what answers under `name`: its live release, made first where there is none; else by recipe."""
    named = services.releases.get(name)
    mine = project is not None and name in project.knowledge
    if project is not None and mine and (not services.released or named is None):
        if not services.released:
            index, embedder = await services.index(project, name), await services.embedder(project)
            return Held(name, index, embedder, index.snapshot())
        named = (await publish_documents(services, project, name)).named
    if named is None:
        raise _not_released(name)
    index = await open_release(services, name, named.live)
    return Held(name, index, await embedder_of(services, root, named.live), index.snapshot())


async def open_release(services: Services, name: str, release: IndexRelease) -> Index:
    """Return the index of a release, less what was withdrawn; raises `UserError` where it is gone."""
    index = await services.built_index(release.digest)
    if index is None:
        backend = release.recipe.backend.name
        how = f"genaiops index build --passages {shlex.quote(release.source)} --name {name}"
        how += "" if backend == "local" else f" --index {backend}"
        raise UserError(
            "GAO-APP-073",
            f"the index {name!r} is no longer there",
            why="its folder was removed",
            fix=how if release.ready_made else f"genaiops index build {name}",
        )
    services.withdrawals.hide(index, name, services.releases.documents)
    return index


async def embedder_of(services: Services, root: Path, release: IndexRelease) -> Embedder:
    """Return the embedder of a release, as it was described when that was made."""
    said = decode(EmbedSettings, release.described, where="the release")
    return await services.embed_model(root, release.embedder, said)


async def wanted_release(services: Services, project: Project, name: str) -> tuple[Corpus, IndexRelease]:
    """Return the documents as they are, and the release that genaiops.yaml would make of them."""
    corpus, recipe = await services.recipe(project, name)
    source, said = project.knowledge[name].source, project.embedding.stated
    return corpus, IndexRelease.of(recipe, project.models["embed"], source, said)


async def material_of(services: Services, root: Path, project: Project | None, name: str) -> Material:
    """Return what `name` is made of as it is now: documents of genaiops.yaml, or the file of its passages."""
    if project is not None and name in project.knowledge:
        return await services.corpus(project, name)
    named = services.releases.get(name)
    if named is None or not named.live.ready_made:
        raise _not_released(name)
    file = Path(named.live.source)
    return services.withdrawals.among(read_passages(file if file.exists() else root / file), name)


async def publish_documents(services: Services, project: Project, name: str) -> Published:
    """Build an index of genaiops.yaml from its documents as they are, and make that the live release."""
    corpus, wanted = await wanted_release(services, project, name)
    return await publish(services, project.root, name, corpus, wanted)


async def publish(
    services: Services, root: Path, name: str, material: Material, wanted: IndexRelease
) -> Published:
    """Make the index `wanted` of `material` and switch to it at once; the one before is kept.

    While the name is being migrated the other index gets the same material, and both are published in one
    step. Raises `UserError` where the live release was made in another way: that is a migration.
    """
    before = services.releases.get(name)
    if before is not None:
        check_alike(name, before.live, wanted)  # before work is spent on it
    embedder = await embedder_of(services, root, wanted)
    index = await services.made(name, material, wanted.recipe, embedder)
    await index.anchors.check(embedder)
    also = await _written_too(services, root, name, material, before)
    with services.releases.removing_none():
        if not index.folder.is_dir():
            raise OutsideError(
                "GAO-APP-093",
                f"the index of {name!r} was removed before it was released",
                why="`genaiops index prune` ran meanwhile: no name held on to it yet",
                fix="run the same command again: vectors are cached",
            )
        if also is not None and not also[0].folder.is_dir():
            _not_written_too(services, name, "`genaiops index prune` removed it")
            also = None
        named = services.releases.publish(name, wanted, also[1] if also else None)
    services.withdrawals.hide(index, name, services.releases.documents)
    return Published(index, material, named)


async def remarks(services: Services, project: Project | None, name: str) -> list[str]:
    """Return what somebody should know who asks the live release of `name`: it is old, or made otherwise."""
    named = services.releases.get(name)
    if named is None or project is None or name not in project.knowledge:
        return []
    live, config = named.live, project.knowledge[name]
    told = [said] if (said := await _moved_on(services, project, name, live)) else []
    chunk, backend = live.recipe.chunk, live.recipe.backend
    cut = (config.chunk.tokens, config.chunk.overlap, config.chunk.by)
    now = (project.models.get("embed"), *cut, config.index.chosen())
    if now != (live.embedder, chunk.tokens, chunk.overlap, chunk.by, backend):
        told.append(
            f"index {name}: genaiops.yaml asks for another index than the live release ({live.embedder}, "
            f"{chunk.tokens} tokens, {backend.name}); `genaiops index migrate {name}` compares and switches"
        )
    return told


async def _moved_on(services: Services, project: Project, name: str, live: IndexRelease) -> str:
    try:
        corpus = await services.corpus(project, name)
    except UserError as error:  # what is live answers all the same
        return f"index {name}: its documents cannot be read ({error.what}); the live release answers"
    listed = services.releases.documents(live.recipe.corpus) or {}
    gone = services.withdrawals.of(name, listed)
    known = {id: digest for id, digest in listed.items() if id not in gone}
    if corpus.digest == live.recipe.corpus or {one.id: one.digest for one in corpus.documents} == known:
        return ""
    return (
        f"index {name}: the documents changed since the live release; "
        f"`genaiops index build {name}` publishes them"
    )


async def _written_too(
    services: Services, root: Path, name: str, material: Material, before: Named | None
) -> tuple[Index, IndexRelease] | None:
    """Write `material` to what the name is migrated to; a failure there costs the live release nothing."""
    if before is None or before.migrating_to is None:
        return None
    target = before.migrating_to.holding(material.digest)
    try:
        embedder = await embedder_of(services, root, target)
        return await services.made(name, material, target.recipe, embedder), target
    except GenaiopsError as error:
        _not_written_too(services, name, f"{error.code}: {error.what}")
        return None


def _not_written_too(services: Services, name: str, why: str) -> None:
    services.console.note(
        f"index {name}: not written to what it is being migrated to ({why}); "
        f"`genaiops index migrate {name}` catches up"
    )


def _not_released(name: str) -> UserError:
    return UserError(
        "GAO-APP-090",
        f"nothing was released under the name {name!r}",
        fix="genaiops index build makes the first release",
    )
