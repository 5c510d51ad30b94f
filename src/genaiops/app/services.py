"""The parent's side of what apps ask for: models and indexes, opened once for all workers."""

import asyncio
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from genaiops.app.guarded import Person
from genaiops.app.project import Project
from genaiops.app.schema import KnowledgeConfig
from genaiops.core import (
    ChatModel,
    Digest,
    Egress,
    Embedder,
    Message,
    Principal,
    Settings,
    UserError,
    digest_json,
    encode,
    one_line,
)
from genaiops.guard import Pipeline, idle_entries, load_guard
from genaiops.knowledge import (
    ChunkOptions,
    Corpus,
    EmbeddingCache,
    Index,
    KnownDocuments,
    ParsedFiles,
    Reading,
    ReadyPassages,
    Recipe,
    Releases,
    TokenCache,
    Withdrawals,
    aread_corpus,
    bring_back,
    build_index,
    index_passages,
    open_index,
    read_releases,
)
from genaiops.models import EmbedSettings, ModelContext, open_chat, open_embedder
from genaiops.store import Store
from genaiops.work import Console, Progress

LOCAL_USER = Principal(id="local")
"""On whose behalf a local run searches."""


@dataclass
class Services:
    """One local model, one index per recipe and one way out, shared by the workers of both arms."""

    settings: Settings
    store: Store
    egress: Egress
    console: Console
    allow_unverified: bool = False
    released: bool = False
    """Whether a search asks the live release of a name, as serving does; else each project's own recipe."""
    person: Person | None = None
    """Who decides what a guard's policy leaves to a person; nobody: it is not done."""
    _chats: dict[tuple[str, str], ChatModel] = field(default_factory=dict[tuple[str, str], ChatModel])
    _embedders: dict[tuple[str, str, EmbedSettings], Embedder] = field(
        default_factory=dict[tuple[str, str, EmbedSettings], Embedder]
    )
    _indexes: dict[Digest, Index] = field(default_factory=dict[Digest, Index])
    _recipes: dict[tuple[Path, str, KnowledgeConfig, Digest], Digest] = field(
        default_factory=dict[tuple[Path, str, KnowledgeConfig, Digest], Digest]
    )
    _guards: dict[Path, Pipeline] = field(default_factory=dict[Path, Pipeline])
    _told: set[tuple[Path, str]] = field(default_factory=set[tuple[Path, str]])
    _opening: asyncio.Lock = field(default_factory=asyncio.Lock)

    @cached_property
    def token_cache(self) -> TokenCache:
        """Token vectors of texts that were ranked before, shared by all workers."""
        return TokenCache(stored=EmbeddingCache(self.store))

    @cached_property
    def releases(self) -> Releases:
        """Which index answers under a name."""
        return Releases(self.store.path / "indexes")

    @cached_property
    def withdrawals(self) -> Withdrawals:
        """The documents that nobody may find."""
        return Withdrawals(self.store.path / "indexes")

    def guard(self, project: Project) -> Pipeline | None:
        """Return the guard that the project names, None where it names none; one for all of its answers.

        What of the policy never applies in this project is said once. Raises `UserError` where the policy is
        not there, or does not hold.
        """
        if project.guard is None:
            return None
        path = guard_file(project.root, project.guard)
        if path not in self._guards:
            self._guards[path] = guard = load_guard(path)
            for name in guard.expired():
                self.console.note(f"{path.name}: {name}, and no longer counts")
        for idle in idle_entries(self._guards[path].policy, project.asker):
            if (path, idle) not in self._told:
                self._told.add((path, idle))
                self.console.note(f"{project.guard}: {idle}")
        return self._guards[path]

    async def chat(self, project: Project, role: str = "chat") -> ChatModel:
        """Return the chat model that the project names for `role`; the same one for equal references."""
        return await self.chat_model(project, _reference(project, role))

    async def chat_model(self, project: Project, reference: str) -> ChatModel:
        """Return the chat model of a reference; one that names a file is read in the project's folder."""
        key = _model_key(project.root, reference)
        async with self._opening:
            if key not in self._chats:
                self._chats[key] = open_chat(key[0], self._context(project.root))
            return self._chats[key]

    async def embedder(self, project: Project) -> Embedder:
        """Return the project's embedder."""
        return await self.embed_model(project.root, _reference(project, "embed"), project.embedding)

    async def embed_model(self, root: Path, reference: str, said: EmbedSettings) -> Embedder:
        """Return the embedder of a reference, as it is described beside it.

        One that names a file is read in the folder `root`.
        """
        key = (*_model_key(root, reference), said)
        async with self._opening:
            if key not in self._embedders:
                self._embedders[key] = open_embedder(reference, replace(self._context(root), embedding=said))
            return self._embedders[key]

    async def index(self, project: Project, name: str | None = None) -> Index:
        """Return the index of a project's own recipe, built first where there is none yet.

        `name` None: the only one. Documents that were withdrawn are not in it.
        """
        name = index_name(project, name)
        config = project.knowledge[name]
        embedder = await self.embedder(project)
        key = (project.root, name, config, digest_json(encode(embedder.spec)))
        async with self._opening:
            if key not in self._recipes:
                corpus, recipe = await self._recipe(project.root, name, config, embedder)
                self._recipes[key] = (await self._made(name, corpus, recipe, embedder)).recipe.digest
            index = self._indexes[self._recipes[key]]
        self.withdrawals.hide(index, name, self.releases.documents)
        return index

    async def made(
        self, name: str, material: Corpus | ReadyPassages, recipe: Recipe, embedder: Embedder
    ) -> Index:
        """Return the index that `recipe` makes of documents or passages, built where it is not there yet."""
        async with self._opening:
            return await self._made(name, material, recipe, embedder)

    async def built_index(self, recipe: Digest) -> Index | None:
        """Return the index of a recipe; None where it was not built."""
        async with self._opening:
            if recipe not in self._indexes:
                there = open_index(self.store.path / "indexes", recipe, EmbeddingCache(self.store))
                if there is None:
                    return None
                self._indexes[recipe] = there
            return self._indexes[recipe]

    async def recipe(self, project: Project, name: str | None) -> tuple[Corpus, Recipe]:
        """Return the documents of an index and its recipe, by whose digest it is known; nothing is built.

        `name` None: the only one.
        """
        name = index_name(project, name)
        return await self._recipe(project.root, name, project.knowledge[name], await self.embedder(project))

    async def corpus(self, project: Project, name: str) -> Corpus:
        """Return the documents of an index as they are today, and what is left out; nothing is built."""
        return await self._corpus(project.root, name, project.knowledge[name])

    async def warm(self, project: Project) -> None:
        """Build the project's indexes and load its chat model, so that no answer waits for either.

        Raises `UserError` where the embedder is no longer the one that an index was made with.
        """
        if project.app.url is not None:
            return  # an endpoint brings its own
        for name in project.knowledge if not self.released else ():
            index = await self.index(project, name)
            await index.anchors.check(await self.embedder(project))
        if "chat" in project.models:
            model = await self.chat(project)
            await asyncio.to_thread(model.count_tokens, [Message(role="user", content="ready?")])

    async def close(self) -> None:
        """Let go of models and indexes; the store and the way out belong to whoever made them."""
        for model in (*self._chats.values(), *self._embedders.values()):
            await model.close()
        for index in self._indexes.values():
            index.close()
        self._chats.clear()
        self._embedders.clear()
        self._indexes.clear()
        self._recipes.clear()
        self._guards.clear()

    async def _made(
        self, name: str, material: Corpus | ReadyPassages, recipe: Recipe, embedder: Embedder
    ) -> Index:
        if recipe.digest not in self._indexes:
            self._indexes[recipe.digest] = await self._build(name, material, recipe, embedder)
        index = self._indexes[recipe.digest]
        # what was withdrawn since the documents were read does not come back
        if isinstance(material, ReadyPassages):
            await bring_back(index, self.withdrawals.among(material, name), embedder)
        else:
            await bring_back(index, self.withdrawals.without(material, name), embedder)
        self.withdrawals.hide(index, name, self.releases.documents)
        return index

    async def _build(
        self, name: str, material: Corpus | ReadyPassages, recipe: Recipe, embedder: Embedder
    ) -> Index:
        folder, cache = self.store.path / "indexes", EmbeddingCache(self.store)

        def progress(total: int) -> Progress:
            return Progress(f"index {name}", total, console=self.console)

        if isinstance(material, ReadyPassages):
            return await index_passages(
                material,
                embedder,
                folder=folder,
                cache=cache,
                backend=recipe.backend,
                progress=progress,
            )
        if any(one.reason in ("refused", "quarantined") for one in material.left_out):
            count = len(material.left_out)
            self.console.note(f"index {name}: {count} document(s) left out; `genaiops index check` says why")
        index = await build_index(material, recipe, embedder, folder=folder, cache=cache, progress=progress)
        self.releases.list_documents(material)
        return index

    async def _recipe(
        self, root: Path, name: str, config: KnowledgeConfig, embedder: Embedder
    ) -> tuple[Corpus, Recipe]:
        corpus = await self._corpus(root, name, config)
        chunk = ChunkOptions(by=config.chunk.by, tokens=config.chunk.tokens, overlap=config.chunk.overlap)
        backend = config.index.chosen()
        return corpus, Recipe(corpus=corpus.digest, embedder=embedder.spec, chunk=chunk, backend=backend)

    async def _corpus(self, root: Path, name: str, config: KnowledgeConfig) -> Corpus:
        releases = read_releases(root / config.releases) if config.releases else ()
        parsed = self.store.path / "parsed"
        reading = Reading(
            releases=releases, cache=ParsedFiles(parsed), known=KnownDocuments(parsed / "documents.db")
        )
        corpus = await aread_corpus(source_folder(root, name, config), reading)
        return self.withdrawals.without(corpus, name)

    def _context(self, root: Path) -> ModelContext:
        return ModelContext(
            settings=self.settings,
            egress=self.egress,
            root=root,
            allow_unverified=self.allow_unverified,
        )


def index_name(project: Project, name: str | None) -> str:
    """Return `name`, or the only index there is; raises `UserError` naming those that exist."""
    known = sorted(project.knowledge)
    if name is None and len(known) == 1:
        return known[0]
    if name in project.knowledge:
        return name
    raise UserError(
        "GAO-APP-031",
        f"there is no index {name!r}" if name else "it must be said which index to search",
        why=f"`knowledge` in genaiops.yaml has: {', '.join(known) or 'nothing'}",
        fix="name one of them: `genaiops index build docs`, or in the app ctx.search(query, index='docs')"
        if known
        else "add one: knowledge: {docs: {source: data/docs}}",
    )


def source_folder(root: Path, name: str, config: KnowledgeConfig) -> Path:
    """Return the folder of documents; a relative one stays in the project, as trees are copied elsewhere."""
    folder = Path(config.source)
    if not folder.is_absolute() and not (root / folder).resolve().is_relative_to(root.resolve()):
        raise UserError(
            "GAO-APP-032",
            f"the source of knowledge.{name} leaves the project",
            why="a git ref is checked out elsewhere, where a path with .. means another folder",
            fix="move the documents into the project, or give an absolute path",
            where=f"knowledge.{name}.source: {config.source}",
        )
    return root / folder


def guard_file(root: Path, name: str) -> Path:
    """Return the file of the project's policy; it stays in the project, as trees are copied elsewhere."""
    path = (root / name).resolve()
    if not path.is_relative_to(root.resolve()) or not path.is_file():
        raise UserError(
            "GAO-APP-007",
            f"the guard {one_line(name, 80)} is not in the project",
            why="a guard that is named and not applied would be worse than none",
            fix="name a policy in the project's folder, commit it, or say `guard: false`",
            where=f"guard: {one_line(name, 80)}",
        )
    return path


def _model_key(root: Path, reference: str) -> tuple[str, str]:
    """Return the reference and, where it names a file of the project, the project's folder."""
    shared = reference.startswith(("local:", "openai:", "http:", "https:", "hf:"))
    return reference, "" if shared else str(root)


def _reference(project: Project, role: str) -> str:
    reference = project.models.get(role)
    if reference is None:
        known = ", ".join(sorted(project.models)) or "nothing"
        example = "local:minilm-l6" if role == "embed" else "local:smollm2-135m"
        raise UserError(
            "GAO-APP-030",
            f"the project names no model for {role!r}",
            why=f"`models` in genaiops.yaml has: {known}",
            fix=f"add models: {{{role}: {example}}}",
        )
    return reference
