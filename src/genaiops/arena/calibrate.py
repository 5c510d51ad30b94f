"""`arena calibrate`: run the app on cases of its own, learn when to abstain, and keep that as an artifact.

The app runs with `params.calibrating: true` and returns, as data, the choices that it sees with their
features (`genaiops.app.reading.offer`); what was learnt is a file of the project, so that each commit carries
its own, and a version in the Hub.
"""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from genaiops.app import Project, SuiteConfig, load_project
from genaiops.app.reading import Offered
from genaiops.arena.arms import Prepared, prepare, side
from genaiops.arena.candidates import environment, export
from genaiops.arena.choice_fit import Learned, Offer, learn
from genaiops.arena.datasets import read_cases
from genaiops.arena.engine import Answered, Budget, answer_all
from genaiops.arena.files import write_whole
from genaiops.arena.git import find_repository
from genaiops.arena.ledger import Ledger
from genaiops.arena.model import Correct, Suite
from genaiops.arena.pairing import load_suite, only_suite
from genaiops.arena.registering import register_app, register_dataset
from genaiops.arena.schedule import schedule, seed_of
from genaiops.arena.scorers import build_scorers, score_output
from genaiops.arena.session import Session
from genaiops.arena.suites import resolve_suite
from genaiops.core import Case, Digest, Json, OutsideError, Scorer, UserError, decode, encode
from genaiops.hub import Version
from genaiops.work import Progress

CALIBRATING = "params.calibrating=true"


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrateOptions:
    """What to learn from: `dataset` is a path in the project; `suite` names what counts as right."""

    name: str
    dataset: str
    suite: str | None = None
    keep: float = 0.8
    overrides: tuple[str, ...] = ()
    seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class Calibrated:
    """What was learnt, the file that holds it, and its version in the Hub."""

    learned: Learned
    file: Path
    version: Version


async def calibrate(session: Session, options: CalibrateOptions) -> Calibrated:
    """Learn on the calibration cases which choice to answer with, and when; write `calibration/NAME.json`.

    Raises `UserError` where the cases are the suite's own, or too few, or the app offers no choices.
    """
    with session.services.store.lock("arena"):
        _must_calibrate(load_project(session.root, (), session.services.settings.env))
        trees = session.services.store.path / "trees"
        changes = (*options.overrides, CALIBRATING)
        exported = export(find_repository(session.root), trees, None, changes)
        project = load_project(exported.root, changes, session.services.settings.env)
        prepared = await prepare(exported, project, session.services, environment())
        suite = load_suite(project, options.suite or only_suite(project, project))
        if suite.ruler.correct is None:
            raise UserError(
                "GAO-ARENA-132",
                f"the suite {suite.ruler.name!r} does not say what counts as right",
                why="calibration learns which answers are right",
                fix="add a scorer like {wrong_answers: {right: answer_f1, from: 0.5}}",
            )
        if any(judge.name == suite.ruler.correct.scorer for judge in suite.ruler.judges):
            raise UserError(
                "GAO-ARENA-138",
                f"the suite {suite.ruler.name!r} says by a judge what is right: {suite.ruler.correct.scorer}",
                why="calibration weighs every choice of every case, which is too much to ask of a judge",
                fix="add a suite whose `right` is computed, such as answer_f1, and name it with --suite",
            )
        cases, digest = _cases(exported.root, options, project.suites[suite.ruler.name], suite)
        answered = await _answer(session, prepared, suite, cases, digest, options)
    offers = await _offers(answered, suite.ruler.correct, cases, suite, session, prepared)
    learned = learn(offers, right_from=suite.ruler.correct.threshold, keep=options.keep)
    manifest = _manifest(learned, options, digest, len(cases), suite.ruler.correct, prepared)
    file = session.root / "calibration" / f"{options.name}.json"
    file.parent.mkdir(exist_ok=True)
    write_whole(file, json.dumps(manifest, indent=2, sort_keys=True) + "\n")
    app = register_app(session.hub, prepared)
    with session.hub.activity("arena calibrate") as activity:
        activity.use(app.app)
        activity.use(register_dataset(session.hub, f"calibration-{options.name}", cases, digest))
        return Calibrated(learned, file, activity.produce("calibration", options.name, manifest))


def _must_calibrate(project: Project) -> None:
    if "calibrating" not in project.params:
        raise UserError(
            "GAO-ARENA-137",
            "this app does not say that it can be calibrated",
            why="calibration sets params.calibrating to true, and the app then returns its choices as data",
            fix="add `calibrating: false` under params; where it is true, return data=reading.offer(choices)",
            where="params.calibrating",
        )


def _cases(
    root: Path, options: CalibrateOptions, config: SuiteConfig, suite: Suite
) -> tuple[tuple[Case, ...], Digest]:
    path = root / options.dataset
    if not path.is_file():
        raise UserError(
            "GAO-ARENA-133",
            f"there is no calibration dataset {options.dataset}",
            why="calibration learns on rows of its own, of the suite's format",
            fix="name one: genaiops arena calibrate abstain --dataset data/calibration.jsonl",
        )
    cases, digest = read_cases(path, cluster=config.cluster, cluster_missing=config.cluster_missing)
    asked = {json.dumps(case.inputs, sort_keys=True) for case in suite.cases}
    shared = [case.id for case in cases if json.dumps(case.inputs, sort_keys=True) in asked]
    if shared:
        raise UserError(
            "GAO-ARENA-134",
            f"{len(shared)} calibration rows are rows of the suite {suite.ruler.name!r} ({shared[0]}, …)",
            why="a threshold learnt on the suite would be judged on what it has seen",
            fix="calibrate on other rows",
            where=options.dataset,
        )
    return cases, digest


async def _answer(
    session: Session,
    prepared: Prepared,
    suite: Suite,
    cases: tuple[Case, ...],
    dataset: Digest,
    options: CalibrateOptions,
) -> list[Answered]:
    arm = "calibration"
    steps = schedule(cases, 1, seed_of(dataset, prepared.digest), [arm])
    sides = {arm: side(prepared, session.services, scope="" if prepared.lasting else arm, pass_env=())}
    with Progress("calibrate", len(steps), console=session.services.console) as progress:
        return await answer_all(
            steps,
            sides,
            Ledger(session.services.store),
            run=f"calibrate {suite.digest}",
            budget=Budget(jobs=1 if prepared.local else 4, seconds=options.seconds),
            progress=progress,
        )


async def _offers(
    answered: list[Answered],
    correct: Correct,
    cases: tuple[Case, ...],
    suite: Suite,
    session: Session,
    prepared: Prepared,
) -> list[Offer]:
    config = SuiteConfig.model_validate({"dataset": "-", "scorers": [_entry(suite, correct.scorer)]})
    ruler = resolve_suite(suite.ruler.name, config, cases, suite.ruler.dataset_digest).ruler
    embedder = (
        await session.services.embedder(prepared.project) if "embed" in prepared.project.models else None
    )
    scorers = build_scorers(ruler, embedder=embedder)
    offers: list[Offer] = []
    for one in answered:
        if one.kept.output.status != "ok" or one.kept.output.stopped:
            raise _failed(one)
        offered = decode(Offered, one.kept.output.data, where="Answer.data", code="GAO-ARENA-135")
        quality = [await _quality(scorers, one, text) for text, _ in offered.choices]
        offers.append(
            Offer(
                cluster=one.step.case.cluster,
                texts=tuple(text for text, _ in offered.choices),
                features=tuple(
                    dict(zip(offered.features, values, strict=True)) for _, values in offered.choices
                ),
                quality=tuple(quality),
            )
        )
    return offers


async def _quality(scorers: list[Scorer], one: Answered, text: str) -> float:
    """Return how good one choice is: 0 where the documents hold no answer, whatever it says."""
    if one.step.case.expected.get("answerable", True) is False:
        return 0.0
    output = replace(one.kept.output, text=text, data=None, abstained=False)
    scores = await score_output(scorers, one.step.case, 0, output, one.kept.trace)
    return max((score.value or 0.0 for score in scores), default=0.0)


def _failed(one: Answered) -> OutsideError:
    return OutsideError(
        "GAO-ARENA-136",
        f"the app did not answer the calibration case {one.step.case.id!r} ({one.kept.output.status})",
        why=one.kept.output.error or one.kept.output.stopped,
        fix="mend it and run the same again: finished cases are kept",
    )


def _entry(suite: Suite, name: str) -> Json:
    use = next((use for use in suite.ruler.scorers if use.name == name), None)
    return {name: use.parameters} if use and use.parameters else name


def _manifest(
    learned: Learned,
    options: CalibrateOptions,
    dataset: Digest,
    cases: int,
    correct: Correct,
    prepared: Prepared,
) -> dict[str, Json]:
    return {
        "values": encode(learned.rule),
        "learned_on": {
            "dataset": dataset,
            "cases": cases,
            "right_means": f"{correct.scorer} >= {correct.threshold:g}",
            "keep": options.keep,
            "models": {role: spec.reference for role, spec in sorted(prepared.specs.items())},
            "indexes": cast(Json, {name: recipe.digest for name, recipe in prepared.recipes.items()}),
            "held_out": {
                "right": learned.right,
                "wrong": learned.wrong,
                "abstained": learned.abstained,
                "always_right": learned.always_right,
                "always_wrong": learned.always_wrong,
            },
        },
    }
