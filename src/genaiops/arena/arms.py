"""An arm made ready: its project read, named by digest, and how to start it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from genaiops.app import AppWorker, Project, Services
from genaiops.arena.candidates import Exported, app_digest
from genaiops.arena.engine import Side, Worker
from genaiops.arena.model import Arm, Role
from genaiops.core import Digest, Json, ModelSpec
from genaiops.knowledge import Corpus, Recipe

_OURS = frozenset({"local", "scripted"})


@dataclass(frozen=True, slots=True)
class Prepared:
    """An exported tree with what its project names: models and index recipes, nothing loaded yet."""

    exported: Exported
    project: Project
    specs: dict[str, ModelSpec]
    corpora: dict[str, Corpus]
    recipes: dict[str, Recipe]
    digest: Digest

    @property
    def lasting(self) -> bool:
        """Whether its outputs may serve later runs: every model is ours, or declares its version."""
        return all(spec.provider in _OURS or spec.version for spec in self.specs.values())

    @property
    def local(self) -> bool:
        """Whether a model runs on this machine: then one answer at a time, or the cores are divided."""
        return any(spec.provider == "local" for spec in self.specs.values())


async def prepare(exported: Exported, project: Project, services: Services, environment: Json) -> Prepared:
    """Name everything that makes the arm's outputs; no weights are loaded and no index is built."""
    specs: dict[str, ModelSpec] = {}
    for role in project.models:
        model = await (services.embedder(project) if role == "embed" else services.chat(project, role))
        specs[role] = model.spec
    knowledge = {name: await services.recipe(project, name) for name in project.knowledge}
    recipes = {name: recipe for name, (_, recipe) in knowledge.items()}
    digest = app_digest(
        exported,
        project,
        specs=specs,
        recipes={name: recipe.digest for name, recipe in recipes.items()},
        environment=environment,
    )
    corpora = {name: corpus for name, (corpus, _) in knowledge.items()}
    return Prepared(exported, project, specs, corpora, recipes, digest)


def side(prepared: Prepared, services: Services, *, scope: str, pass_env: tuple[str, ...]) -> Side:
    """Return how the engine runs this arm."""

    async def start() -> Worker:
        await services.warm(prepared.project)  # building and loading are nobody's latency
        return await AppWorker.start(
            prepared.exported.root, prepared.project, services, pass_env=pass_env, seed=0
        )

    return Side(prepared.digest, scope, start)


def arm(role: Role, prepared: Prepared, rag: Mapping[str, Json], versions: tuple[str, ...]) -> Arm:
    """Return what the evidence says of this arm."""
    return Arm(
        role=role,
        source=prepared.exported.source,
        digest=prepared.digest,
        config=cast("dict[str, Json]", prepared.project.resolved()),
        rag=dict(rag),
        versions=versions,
    )
