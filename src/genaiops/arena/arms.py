"""An arm made ready: its project read, named by digest, and how to start it."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from genaiops.app import OwnEnvironment, Project, Services, start_app
from genaiops.arena.candidates import Exported, app_digest
from genaiops.arena.engine import Side, Worker
from genaiops.arena.model import Arm, Role
from genaiops.arena.recordings import Recording
from genaiops.core import Digest, Json, ModelSpec, UserError, decode_json, digest_bytes, digest_json
from genaiops.guard import Pipeline
from genaiops.knowledge import Corpus, Recipe
from genaiops.models import embedding_facts
from genaiops.prompts import Prompt, load_prompt

_HERE = frozenset({"local", "hf"})
_OURS = _HERE | {"scripted"}


@dataclass(frozen=True, slots=True)
class Calibration:
    """What `calibration/NAME.json` holds: the values, and what they were learnt on."""

    manifest: dict[str, Json]
    digest: Digest


@dataclass(frozen=True, slots=True)
class Prepared:
    """An exported tree with what its project names: models and index recipes, nothing loaded yet.

    Of an endpoint none of these is known; of a recording nothing runs. `own`: the environment that its app
    runs in, where it is not this one. `embedding`: the manifest of its embedder. `guard`: what its texts are
    checked by.
    """

    exported: Exported
    project: Project
    specs: dict[str, ModelSpec]
    corpora: dict[str, Corpus]
    recipes: dict[str, Recipe]
    prompts: dict[str, Prompt]
    calibrations: dict[str, Calibration]
    digest: Digest
    recording: Recording | None = None
    own: OwnEnvironment | None = None
    embedding: Mapping[str, Json] = field(default_factory=dict[str, Json])
    guard: Pipeline | None = None

    @property
    def nameless(self) -> bool:
        """Whether nobody can say what answers: an endpoint without a version."""
        app = self.project.app
        return self.recording is None and app.url is not None and app.version is None

    @property
    def lasting(self) -> bool:
        """Whether its outputs may serve later runs: every model is ours, or declares its version."""
        return not self.nameless and all(
            spec.provider in _OURS or spec.version for spec in self.specs.values()
        )

    @property
    def remote(self) -> bool:
        """Whether something answers that is not ours and may change under our hands."""
        if self.recording is not None:
            return False
        return self.project.app.url is not None or any(
            spec.provider not in _OURS for spec in self.specs.values()
        )

    def scope(self, name: str, *, fresh: bool, pass_env: tuple[str, ...]) -> str:
        """Return what keeps its outputs to one run: `name`; nothing where any run may use them again."""
        # what is passed may change what an app says; an endpoint's version covers whoever asks
        told = bool(pass_env) and self.project.app.url is None and self.recording is None
        return "" if self.lasting and not fresh and not told else name

    @property
    def local(self) -> bool:
        """Whether a model runs on this machine: then one answer at a time, or the cores are divided."""
        return any(spec.provider in _HERE for spec in self.specs.values())


async def prepare(
    exported: Exported,
    project: Project,
    services: Services,
    environment: Json,
    own: OwnEnvironment | None = None,
) -> Prepared:
    """Name everything that makes the arm's outputs; no weights are loaded and no index is built."""
    guard = services.guard(project)
    if (url := project.app.url) is not None:
        # nothing of the tree answers, and nothing of this environment
        parts: dict[str, Json] = {"endpoint": {"url": url, "version": project.app.version}}
        if project.role:  # its guard may let through what another role's does not
            parts["role"] = project.role
        named = digest_json(parts if guard is None else {**parts, "guard": guard.digest})
        return Prepared(exported, project, {}, {}, {}, {}, {}, named, guard=guard)
    specs: dict[str, ModelSpec] = {}
    embedding: dict[str, Json] = {}
    for role in project.models:
        if role == "embed":
            embedder = await services.embedder(project)
            specs[role], embedding = embedder.spec, embedding_facts(embedder)
        else:
            specs[role] = (await services.chat(project, role)).spec
    knowledge = {name: await services.recipe(project, name) for name in project.knowledge}
    recipes = {name: recipe for name, (_, recipe) in knowledge.items()}
    digest = app_digest(
        exported,
        project,
        specs=specs,
        recipes={name: recipe.digest for name, recipe in recipes.items()},
        environment=environment,
        guard=guard.digest if guard else None,
    )
    corpora = {name: corpus for name, (corpus, _) in knowledge.items()}
    root = exported.root
    return Prepared(
        exported,
        project,
        specs,
        corpora,
        recipes,
        _prompts(root),
        _calibrations(root),
        digest,
        own=own,
        embedding=embedding,
        guard=guard,
    )


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
        return await start_app(
            prepared.exported.root, prepared.project, services, pass_env=pass_env, own=prepared.own
        )

    return Side(prepared.digest, scope, start)


def arm(role: Role, prepared: Prepared, rag: Mapping[str, Json], versions: tuple[str, ...]) -> Arm:
    """Return what the evidence says of this arm."""
    recording = prepared.recording
    config: Json = prepared.project.resolved() if recording is None else {"recording": recording.name}
    return Arm(
        role=role,
        source=prepared.exported.source,
        digest=prepared.digest,
        config=cast("dict[str, Json]", config),
        rag=dict(rag),
        versions=versions,
    )
