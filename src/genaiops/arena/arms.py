"""An arm made ready: its project read, named by digest, and how to start it."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from genaiops.app import AppWorker, Project, Services
from genaiops.arena.candidates import Exported, app_digest
from genaiops.arena.engine import Side, Worker
from genaiops.arena.model import Arm, Role
from genaiops.core import Digest, Json, ModelSpec, UserError, decode_json, digest_bytes
from genaiops.knowledge import Corpus, Recipe
from genaiops.prompts import Prompt, load_prompt

_OURS = frozenset({"local", "scripted"})


@dataclass(frozen=True, slots=True)
class Calibration:
    """What `calibration/NAME.json` holds: the values, and what they were learnt on."""

    manifest: dict[str, Json]
    digest: Digest


@dataclass(frozen=True, slots=True)
class Prepared:
    """An exported tree with what its project names: models and index recipes, nothing loaded yet."""

    exported: Exported
    project: Project
    specs: dict[str, ModelSpec]
    corpora: dict[str, Corpus]
    recipes: dict[str, Recipe]
    prompts: dict[str, Prompt]
    calibrations: dict[str, Calibration]
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
    root = exported.root
    return Prepared(exported, project, specs, corpora, recipes, _prompts(root), _calibrations(root), digest)


def _prompts(root: Path) -> dict[str, Prompt]:
    """Return the prompts in our form; an app that is not ours may keep files of its own in `prompts`."""
    found: dict[str, Prompt] = {}
    for path in sorted(root.glob("prompts/*.md")):
        with suppress(UserError):  # the app that asks for it is told what is wrong with it
            found[path.stem] = load_prompt(path)
    return found


def _calibrations(root: Path) -> dict[str, Calibration]:
    found: dict[str, Calibration] = {}
    for path in sorted(root.glob("calibration/*.json")):
        with suppress(UserError):
            content = path.read_bytes()
            manifest = decode_json(dict[str, Json], content, where=path.name)
            if {"values", "learned_on"} <= manifest.keys():
                found[path.stem] = Calibration(manifest, digest_bytes(content))
    return found


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
