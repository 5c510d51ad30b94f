"""A study from beginning to end: gather, search, answer, compare, disturb, tell.

    project or files → every search once → measures and contrasts → pilot, plan → answers → contrasts → report
    report → Hub

Retrieval is decided offline. Answers are made by the engine and kept in the ledger, so a study that was
stopped goes on where it was.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from genaiops.app import Services
from genaiops.arena.engine import now
from genaiops.arena.right import correct_words
from genaiops.arena.schedule import seed_of
from genaiops.arena.study.answering import Answering
from genaiops.arena.study.contrasts import MARGIN
from genaiops.arena.study.disturbing import disturb
from genaiops.arena.study.facts import Known, system_facts
from genaiops.arena.study.generating import Work, drawn, generate, plan_lines, planned
from genaiops.arena.study.headline import headline
from genaiops.arena.study.keeping import keep_study
from genaiops.arena.study.material import Material, Place, gather
from genaiops.arena.study.model import Generation, Robustness, StudyReport, VariantFacts
from genaiops.arena.study.neutral import Room, app_folder, arms_of, prompts_of, room_for
from genaiops.arena.study.searching import Searched, measure_retrieval, search_all
from genaiops.arena.study.variants import Variant, choose
from genaiops.core import Case, Digest, Json, ModelSpec, UserError, digest_json, encode
from genaiops.hub import Hub
from genaiops.prompts import Prompt


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyOptions:
    """What a person may say about a study. `chat` None: the project's; `limit` draws whole clusters.

    `plan_only` stops before the first answer; `robustness` is how many questions are disturbed at most.
    """

    place: Place
    variants: str | None = None
    chat: str | None = None
    tuned: str | None = None
    limit: int | None = None
    k: int | None = None
    tokens: int | None = None
    retrieval_only: bool = False
    plan_only: bool = False
    robustness: int = 12
    jobs: int | None = None


@dataclass(frozen=True, slots=True)
class _Set:
    """What stands before anything is measured."""

    material: Material
    variants: tuple[Variant, ...]
    prompts: Mapping[str, Prompt]
    room: Room
    chat: str | None


async def run_study(root: Path, options: StudyOptions, services: Services, hub: Hub) -> StudyReport:
    """Compare the variants and return the report, kept in `hub`; a plan is not kept.

    `root` is the project's folder, or where the files of passages and questions are studied.

    Raises `UserError` for what the person can mend, `OutsideError` where a model or a disk fails.
    """
    if not options.plan_only:
        hub.check_may_publish()
    variants = choose(options.variants, tuned=options.tuned is not None)
    with services.store.lock("arena"):
        material = await gather(root, options.place, services)
        room = room_for(material, options.k, options.tokens)
        prompts = prompts_of(app_folder(services))
        mine = _Set(material, variants, prompts, room, _chat(options, material))
        searched = await search_all(material, services.console)
        retrieval = measure_retrieval(material, searched)
        generation, robustness, specs = await _answers(options, mine, searched, services)
    known = Known(
        material=material,
        retrieval=retrieval,
        generation=generation,
        robustness=robustness,
        prompts={one.wording: prompts[one.wording] for one in variants},
        k=room.k,
        budget=room.tokens,
        chat=specs.get("chat"),
        tuned=specs.get("tuned"),
        variants=len(variants),
    )
    ruler = material.suite.ruler
    measured = generation is not None and bool(generation.rows)
    report = StudyReport(
        project=material.name,
        study=_digest(mine, options),
        at=now(),
        headline=headline(retrieval, generation),
        alpha=ruler.gate.alpha,
        questions=material.source,
        dataset=ruler.dataset_digest,
        variants=tuple(_facts(one, mine, options, measured=measured) for one in variants),
        system=system_facts(known),
        retrieval=retrieval,
        generation=generation,
        robustness=robustness,
        warnings=_warnings(mine, options),
    )
    return report if options.plan_only else keep_study(hub, material, report)


async def _answers(
    options: StudyOptions, mine: _Set, searched: Searched, services: Services
) -> tuple[Generation | None, Robustness | None, dict[str, ModelSpec]]:
    if options.retrieval_only or mine.chat is None:
        return None, None, {}
    material = mine.material
    run = _digest(mine, options)
    seed = seed_of(material.suite.digest, run)
    work = Work(
        material=material,
        variants=mine.variants,
        cases=drawn(_found(material, searched), options.limit, seed),
        hits=searched.hits,
        k=mine.room.k,
        seed=seed,
    )
    arms = await arms_of(
        mine.variants, material, app_folder(services), mine.room, mine.chat, options.tuned, services
    )
    specs = {
        "tuned" if label.startswith("tuned") else "chat": prepared.specs["chat"]
        for label, prepared in arms.items()
    }
    answering = Answering(arms, material, services, run, options.jobs)
    try:
        if options.plan_only:
            return _plan(work, answering, services), None, specs
        generation = await generate(work, answering, services.console)
        robustness = None
        if options.robustness:
            robustness = await disturb(work, answering, options.robustness)
        return generation, robustness, specs
    finally:
        await answering.close()


def _found(material: Material, searched: Searched) -> list[Case]:
    """Return the questions that could be searched for in every way: others are missing, not answered."""
    hits = searched.hits.values()
    return [case for case in material.cases if all(one[case.id] is not None for one in hits)]


def _plan(work: Work, answering: Answering, services: Services) -> Generation:
    """Return a generation part with its plan and no answer."""
    plan = planned(work, None, answering.left(work.asked), answering.jobs)
    for line in plan_lines(plan):
        services.console.note(line)
    return Generation(
        cases=plan.cases,
        clusters=plan.clusters,
        correct=correct_words(work.material.correct),
        margin=MARGIN,
        plan=plan,
    )


def _chat(options: StudyOptions, material: Material) -> str | None:
    stated = options.chat or (material.project.models.get("chat") if material.project else None)
    if stated is None and (options.tuned or options.plan_only):
        raise UserError(
            "GAO-ARENA-396",
            "there is no model to answer with",
            why="the variants are compared under one generator, and none is named",
            fix="add --chat local:smollm2-135m, or models: {chat: …} in genaiops.yaml",
            where="--chat",
        )
    return stated


def _digest(mine: _Set, options: StudyOptions) -> Digest:
    """Return the name of the study: what is asked, of what, how. It fixes the order of the questions."""
    named: dict[str, Json] = {
        "suite": mine.material.suite.digest,
        "index": mine.material.index.recipe.digest,
        "variants": [one.name for one in mine.variants],
        "prompts": {name: prompt.digest for name, prompt in mine.prompts.items()},
        "room": encode(mine.room),
        "models": [mine.chat, options.tuned],
    }
    return digest_json({"study": named})


def _facts(one: Variant, mine: _Set, options: StudyOptions, *, measured: bool) -> VariantFacts:
    return VariantFacts(
        name=one.name,
        title=one.title,
        search=one.search,
        prompt=one.wording,
        prompt_digest=mine.prompts[one.wording].digest,
        model=options.tuned if one.tuned else mine.chat,
        measured=measured,
    )


def _warnings(mine: _Set, options: StudyOptions) -> tuple[str, ...]:
    said: list[str] = []
    if mine.chat is None and not options.retrieval_only:
        said.append("no chat model is named (--chat): only the retrieval part was made")
    if options.limit is not None and not options.retrieval_only:
        said.append(f"--limit {options.limit}: answers were asked for a seeded draw of whole clusters")
    return tuple(said)
