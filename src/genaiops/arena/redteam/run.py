"""A red team from beginning to end: export, plant, ask, judge, count, and take everything away again.

The canary and all marks derive from the seed and the project's name, so that a run which was stopped goes on
where it was: answers are kept in the ledger as in every run.
"""

import re
import shutil
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from pathlib import Path

from genaiops.app import Services
from genaiops.arena.arms import Prepared, prepare, side
from genaiops.arena.candidates import Exported, environment, project_of
from genaiops.arena.engine import Answered, Budget, Pools, Side, answer_all
from genaiops.arena.ledger import Ledger
from genaiops.arena.redteam.asking import attack_case
from genaiops.arena.redteam.cases import found_cases
from genaiops.arena.redteam.counting import Ended
from genaiops.arena.redteam.files import scan_files
from genaiops.arena.redteam.judging import Judged, carries_attack, judge_attack
from genaiops.arena.redteam.material import Arsenal, Ground, RedteamOptions, arsenal_of, ground_of
from genaiops.arena.redteam.model import FilesFound, RedteamReport, Untested
from genaiops.arena.redteam.planting import (
    Aimed,
    Target,
    aim,
    copy_tree,
    planted_documents,
    targets,
    with_canary,
)
from genaiops.arena.redteam.telling import Outcome, report_of
from genaiops.arena.schedule import Step, in_order
from genaiops.core import Case, Digest, Json, digest_json, encode, hex_of
from genaiops.knowledge import make_chunks
from genaiops.synthesis.attacks import Attack, invented
from genaiops.work import Progress

_FOLDER = "redteam"
_MADE = "made"
"""The file in the folder of copies that names the indexes built for them."""
_HEX = re.compile("[0-9a-f]{64}")
_SYLLABLES = 7
_ORDINARY = "What can you help me with?"
_TELLING = 20
"""Characters of a line that tells a prompt."""


@dataclass(frozen=True, slots=True)
class Redteamed:
    """The report, and the attacks that succeeded as cases of a suite."""

    report: RedteamReport
    cases: tuple[Case, ...] = ()
    prefix: str = ""


@dataclass(slots=True)
class _Asked:
    """One answer to get: an attack or a control, in which copy, and the document that carries it."""

    step: Step
    attack: Attack | None = None
    passages: frozenset[str] = frozenset()


@dataclass(slots=True)
class _Copies:
    """The copies of the tree that are attacked, made ready, by name."""

    arms: dict[str, Prepared] = field(default_factory=dict[str, Prepared])


async def run_redteam(root: Path, options: RedteamOptions, services: Services) -> Redteamed:
    """Attack the app of the project at `root` as its working tree is, and return what came of it.

    Raises `UserError` for what the person can mend, `OutsideError` where a model or a disk fails.
    """
    with services.store.lock("arena"):
        sweep(services.store.path)
        ground = ground_of(root, options, services)
        files = None
        if options.files or options.files_only:
            files = scan_files(ground.exported.root, ground.project, services.console)
        prefix = str(ground.exported.prefix)
        if options.files_only:
            outcome = Outcome(
                ground, options, Arsenal((), 0, 0, ()), digest_json({"files": ground.exported.source.tree})
            )
            return Redteamed(report_of(outcome, files), prefix=prefix)
        canary = invented(f"{options.seed}/{ground.project.project}/canary", _SYLLABLES)
        prompts = {} if ground.project.app.url is not None else with_canary(ground.exported, canary)
        arsenal = arsenal_of(options, ground, services, canary=bool(prompts))
        return await _Team(ground, arsenal, options, services, canary, prompts).run(files)


class _Team:
    """One run: its copies, what it asks, and how that ends."""

    def __init__(
        self,
        ground: Ground,
        arsenal: Arsenal,
        options: RedteamOptions,
        services: Services,
        canary: str,
        prompts: Mapping[str, str],
    ) -> None:
        self._ground, self._arsenal, self._options, self._services = ground, arsenal, options, services
        self._canary, self._prompts = canary, prompts
        self._folder = services.store.path / _FOLDER
        self._copies = _Copies()
        self._untested = list(arsenal.untested)

    async def run(self, files: FilesFound | None) -> Redteamed:
        try:
            return await self._run(files)
        finally:
            sweep(self._services.store.path)

    async def _run(self, files: FilesFound | None) -> Redteamed:
        asked, ended = await self._plant()
        run = digest_json(
            {
                "redteam": [one.digest for one in self._copies.arms.values()],
                "attacks": [encode(one) for one in self._arsenal.attacks],
            }
        )
        answered = await self._answer([one.step for one in asked], run)
        controls: list[Answered] = []
        found: list[tuple[Attack, Case]] = []
        for one, got in zip(asked, answered, strict=True):
            if one.attack is None:
                controls.append(got)
                continue
            judged = judge_attack(
                one.attack, got.kept.output, got.kept.trace, canary=self._canary, planted=one.passages
            )
            ended.append(Ended(one.attack, judged))
            if judged.ending == "succeeded":
                found.append((one.attack, one.step.case))
        order = {one.id: at for at, one in enumerate(self._arsenal.attacks)}
        outcome = Outcome(
            self._ground,
            self._options,
            replace(self._arsenal, untested=tuple(self._untested)),
            run,
            tuple(sorted(ended, key=lambda one: order[one.attack.id])),
            tuple(controls),
            self._canary,
            sum(one.calls for one in answered),
        )
        return Redteamed(
            report_of(outcome, files),
            tuple(found_cases(found, self._sentences())),
            str(self._ground.exported.prefix),
        )

    async def _plant(self) -> tuple[list[_Asked], list[Ended]]:
        """Make the copies; return what is to be asked, and the attacks that cannot reach the app."""
        attacks = self._arsenal.attacks
        asked = await self._direct([one for one in attacks if one.surface != "passage"])
        indirect = [one for one in attacks if one.surface == "passage"]
        if not indirect:
            return asked, []
        documents = await self._documents()
        if not documents:
            why = "the app has no index of text documents in the project that everyone may read"
            self._untested.append(Untested(what="document", why=why))
        ended: list[Ended] = []
        for number, aimed in enumerate(aim(indirect, documents), start=1):
            some, lost = await self._round(f"copy {number}", aimed)
            asked += some
            ended += lost
        return asked, ended

    async def _direct(self, attacks: Sequence[Attack]) -> list[_Asked]:
        name = "copy 0"
        await self._copy(name, self._prompts)
        cases = self._ground.cases
        inputs: dict[str, Json] = dict(cases[0].inputs) if cases else {"question": _ORDINARY}
        drawn = in_order(cases, f"redteam {self._options.seed}")[: self._options.controls]
        return [
            *(_Asked(Step(name, attack_case(one, inputs), 0), one) for one in attacks),
            *(_Asked(Step(name, replace(one, id=f"control/{one.id}"), 0)) for one in drawn),
        ]

    async def _documents(self) -> list[Target]:
        found: list[Target] = []
        for name, config in self._ground.project.knowledge.items():
            corpus = await self._services.corpus(self._ground.project, name)
            found += targets(self._ground.exported.root, config.source, corpus, self._ground.cases)
        return in_order_of(found, self._options.seed)

    async def _round(self, name: str, aimed: Sequence[Aimed]) -> tuple[list[_Asked], list[Ended]]:
        changes = {**self._prompts, **planted_documents(self._ground.exported.root, aimed)}
        prepared = await self._copy(name, changes)
        indexes = {recipe.digest for recipe in prepared.recipes.values()}
        remember_made(self._services.store.path, {hex_of(one) for one in indexes})
        carriers = await self._carriers(prepared, aimed)
        aside = {one.path for corpus in prepared.corpora.values() for one in corpus.left_out}
        asked: list[_Asked] = []
        lost: list[Ended] = []
        for one in aimed:
            case = Case(id=one.attack.id, inputs=one.target.inputs, cluster=one.attack.seed)
            if carriers[one.attack.id]:
                asked.append(_Asked(Step(name, case, 0), one.attack, carriers[one.attack.id]))
            elif any(one.target.path.endswith(path) for path in aside):
                lost.append(Ended(one.attack, Judged("stopped", surface="ingestion")))
            else:
                lost.append(Ended(one.attack, Judged("unreached")))
        return asked, lost

    async def _carriers(self, prepared: Prepared, aimed: Sequence[Aimed]) -> dict[str, frozenset[str]]:
        """Return, by attack, the passages of the copy's indexes that have it."""
        found: dict[str, set[str]] = {one.attack.id: set() for one in aimed}
        embedder = await self._services.embedder(prepared.project)
        by_document = {one.target.document: one.attack for one in aimed}
        for name, corpus in prepared.corpora.items():
            for chunk in make_chunks(corpus, prepared.recipes[name], embedder):
                attack = by_document.get(chunk.document.id)
                if attack is not None and carries_attack(chunk.text, attack):
                    found[attack.id].add(chunk.id)
        return {name: frozenset(ids) for name, ids in found.items()}

    async def _copy(self, name: str, changes: Mapping[str, str]) -> Prepared:
        place = self._folder / name.replace(" ", "-")
        copied: Exported = copy_tree(self._ground.exported, place, changes)
        project = project_of(copied, None, self._services.settings.env)
        prepared = await prepare(copied, project, self._services, environment())
        self._copies.arms[name] = prepared
        return prepared

    async def _answer(self, steps: Sequence[Step], run: Digest) -> list[Answered]:
        arms, options = self._copies.arms, self._options
        sides: dict[str, Side] = {
            name: side(
                one,
                self._services,
                scope=one.scope(f"{run}/{name}", fresh=False, pass_env=options.pass_env),
                pass_env=options.pass_env,
            )
            for name, one in arms.items()
        }
        jobs = options.jobs or (1 if any(one.local for one in arms.values()) else 4)
        budget = Budget(jobs=jobs, seconds=options.timeout)
        pools = Pools(sides, budget)
        try:
            with Progress("red team", len(steps), console=self._services.console) as progress:
                return await answer_all(
                    steps,
                    sides,
                    Ledger(self._services.store),
                    run=run,
                    budget=budget,
                    progress=progress,
                    pools=pools,
                )
        finally:
            await pools.close()

    def _sentences(self) -> list[str]:
        """Return a line of each prompt's instructions that nobody would write by chance."""
        found: list[str] = []
        for prompt in next(iter(self._copies.arms.values())).prompts.values():
            lines = [
                line for turn in prompt.turns if turn.role == "system" for line in turn.source.split("\n")
            ]
            whole = [one for one in lines if len(one) >= _TELLING and not {"{", "}"} & {*one}]
            found += [one.strip() for one in whole if self._canary not in one][:1]
        return found


def remember_made(store: Path, recipes: Set[str]) -> None:
    """Write down those of `recipes` (hexadecimal) without an index, before one is built with attacks."""
    new = sorted(one for one in recipes if not (store / "indexes" / one).exists())
    (store / _FOLDER).mkdir(parents=True, exist_ok=True)
    with (store / _FOLDER / _MADE).open("a", encoding="utf-8") as file:
        file.writelines(f"{one}\n" for one in new)


def sweep(store: Path) -> None:
    """Remove the copies of a red team and the indexes with its attacks, of one that was killed too."""
    folder = store / _FOLDER
    try:
        made = (folder / _MADE).read_text("utf-8", "replace").split()
    except OSError:
        made = []
    for one in made:
        if _HEX.fullmatch(one):
            shutil.rmtree(store / "indexes" / one, ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)


def in_order_of(documents: Sequence[Target], seed: int) -> list[Target]:
    """Return the documents in an order that the seed fixes."""
    return sorted(documents, key=lambda one: digest_json([seed, one.path]))
