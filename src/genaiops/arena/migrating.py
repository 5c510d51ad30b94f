"""Migrating an index under ARENA's gate: from what is asked for to what the Hub is told."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast

from genaiops.app import (
    Held,
    Material,
    Project,
    Services,
    embedder_of,
    material_of,
    open_release,
    point_live,
    publish,
    register_release,
    wanted_release,
)
from genaiops.arena.model import Role
from genaiops.arena.pairing import load_suite
from genaiops.arena.shadow import Bar, Judged, Seen, askable, judge_suite, said, see
from genaiops.core import Case, Digest, Json, UserError, canonical, digest_bytes, encode
from genaiops.hub import Hub, Version
from genaiops.knowledge import (
    Corpus,
    IndexRelease,
    Migrated,
    Outcome,
    Query,
    Ruling,
    migrate,
)
from genaiops.models import EmbedSettings, artifact_name
from genaiops.work import Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a migration is asked for. `suite` None: the first whose questions state their passages."""

    name: str
    suite: str | None = None
    queries: tuple[Query, ...] = ()
    bar: Bar = field(default_factory=Bar)
    to: str | None = None
    """The embedder of an index of ready-made passages; of genaiops.yaml's own the project says all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrationReport:
    """`genaiops index migrate --json`. `live`: the recipe that answers now."""

    name: str
    outcome: str
    switched: bool
    live: Digest
    before: Digest
    target: Digest
    why: tuple[str, ...]
    judged: Judged | None
    queries: Seen | None
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a migration takes place."""

    services: Services
    hub: Hub
    root: Path
    project: Project | None


async def migrate_index(
    services: Services, hub: Hub, root: Path, project: Project | None, asked: Asked
) -> MigrationReport:
    """Migrate an index and return what was decided; raises where it could not be compared.

    First the live release is brought up to the documents as they are, so that both hold the same. A second
    migration of the name is refused while one is at work; one that was killed goes on.
    """
    hub.check_may_publish()
    place = _Place(services, hub, root, project)
    with services.store.lock(f"migrate-{asked.name.lower()}"[:100]):
        return await _migrated(place, asked)


async def _migrated(place: _Place, asked: Asked) -> MigrationReport:
    services, root, project = place.services, place.root, place.project
    named = services.releases.get(asked.name)
    if named is None:
        raise _nothing_live(asked.name)
    material = await material_of(services, root, project, asked.name)
    old = named.live.holding(material.digest)
    if old.digest != named.live.digest:
        await publish(services, root, asked.name, material, old)
    target = await _target(place, asked, old, material)
    questions = _questions(place, asked)

    async def make(release: IndexRelease) -> bool:
        known = release.recipe.corpus == material.digest
        now = material if known else await material_of(services, root, project, asked.name)
        if now.digest != release.recipe.corpus:
            return False
        embedder = await embedder_of(services, root, release)
        await services.made(asked.name, now, release.recipe, embedder)
        return True

    compared: list[tuple[Judged | None, Seen | None]] = []

    async def gate(old: IndexRelease, new: IndexRelease) -> Ruling:
        sides: dict[Role, Held] = {
            "baseline": await _held(place, asked.name, old),
            "candidate": await _held(place, asked.name, new),
        }
        compared.append(await _compare(place, asked, sides, questions))
        return _ruling(*compared[-1])

    done = await migrate(asked.name, old, target, services.releases, make, gate)
    judged, seen = compared[-1]
    report = MigrationReport(
        name=asked.name,
        outcome=done.ruling.outcome,
        switched=done.switched,
        live=done.target.digest if done.switched else done.before.digest,
        before=done.before.digest,
        target=done.target.digest,
        why=done.ruling.why,
        judged=judged,
        queries=seen,
    )
    return replace(report, evidence=await _tell(place, done, report, material))


def _nothing_live(name: str) -> UserError:
    return UserError(
        "GAO-ARENA-411",
        f"the index {name!r} has no live release to migrate from",
        why="a migration compares what is live with what is to be",
        fix="genaiops index build makes the first release, in whatever way genaiops.yaml says",
    )


async def _target(place: _Place, asked: Asked, live: IndexRelease, material: Material) -> IndexRelease:
    """Return the release that is asked for, of the same documents as the `live` one."""
    services, project = place.services, place.project
    if isinstance(material, Corpus) and project is not None:
        _, wanted = await wanted_release(services, project, asked.name)
        return wanted.holding(material.digest)
    embed = asked.to or (project and project.models.get("embed")) or live.embedder
    said = project.embedding if project else EmbedSettings()
    embedder = await services.embed_model(place.root, embed, said)
    recipe = replace(live.recipe, corpus=material.digest, embedder=embedder.spec)
    return IndexRelease.of(recipe, embed, live.source, said.stated)


def _questions(place: _Place, asked: Asked) -> tuple[str, Sequence[Case], Digest] | None:
    """Return the suite's name, its questions that state their passages, and the dataset's digest."""
    if place.project is None:
        return None
    for name in [asked.suite] if asked.suite else place.project.suites:
        suite = load_suite(place.project, name)
        if cases := askable(suite.cases):
            return name, cases, suite.ruler.dataset_digest
    if asked.suite:
        raise UserError(
            "GAO-ARENA-412",
            f"no question of the suite {asked.suite!r} says where its answer stands",
            why="without `expected.passages` nobody can tell whether a search found the right thing",
            fix='add to the rows: "expected": {"passages": [{"document": "returns.md", "quote": "…"}]}',
            where=f"suites.{asked.suite}.dataset",
        )
    return None


async def _held(place: _Place, name: str, release: IndexRelease) -> Held:
    index = await open_release(place.services, name, release)
    embedder = await embedder_of(place.services, place.root, release)
    return Held(name, index, embedder, index.snapshot())


async def _compare(
    place: _Place,
    asked: Asked,
    sides: dict[Role, Held],
    questions: tuple[str, Sequence[Case], Digest] | None,
) -> tuple[Judged | None, Seen | None]:
    judged: Judged | None = None
    seen: Seen | None = None
    if questions is not None:
        name, cases, dataset = questions
        with Progress(f"compare · {name}", len(cases), console=place.services.console) as progress:
            judged = await judge_suite(name, cases, dataset, sides, asked.bar, progress)
    if asked.queries:
        count = len(asked.queries)
        with Progress("compare · queries", count, console=place.services.console) as progress:
            seen = await see(asked.queries, sides, asked.bar.k, progress)
    return judged, seen


def _ruling(judged: Judged | None, seen: Seen | None) -> Ruling:
    """Return the gate's word: the suite's claims decide, and no search may fail."""
    failed = seen.errors["candidate"] if seen else 0
    why = said(judged) if judged else ["no question says where its answer stands, so nothing was decided"]
    outcome = judged.outcome if judged else "inconclusive"
    if failed:
        why.append(f"the new index failed at {failed:,} queries")
        outcome = "fail"
    facts: dict[str, Json] = {"judged": encode(judged), "queries": encode(seen)}
    return Ruling(cast(Outcome, outcome), tuple(why), facts)


async def _tell(place: _Place, done: Migrated, report: MigrationReport, material: Material) -> str:
    """Keep the comparison in the Hub, resting on both indexes, and move the alias where the gate passed."""
    services, name = place.services, report.name
    content = canonical(encode(report))
    file: dict[str, Json] = {"path": "comparison.json", "digest": digest_bytes(content), "size": len(content)}
    versions: list[Version] = []
    with place.hub.activity("index migrate") as activity:
        for release in (done.before, done.target):
            versions.append(await register_release(services, place.hub, place.root, name, release, material))
            activity.use(versions[-1])
        kept = activity.produce(
            "blob", artifact_name(f"{name}.migration"), {"files": [file]}, blobs={"comparison.json": content}
        )
    if report.switched:
        point_live(services, versions[-1], f"migrated: {kept.short} passed")
    return kept.reference
