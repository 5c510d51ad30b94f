"""A sweep from beginning to end: one tree under many settings, every case by every cell in turn.

    export → choose the baseline's ruler → one arm a cell → answer, with reuse → score → tell

Nothing is gated and no evidence is written: a sweep says which setting to try, and a run decides on it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from genaiops.app import Project, Services
from genaiops.arena.arms import Prepared, prepare, side
from genaiops.arena.candidates import Exported, environment, export, project_of
from genaiops.arena.compare import resampling_key
from genaiops.arena.elsewhere import elsewhere
from genaiops.arena.engine import Answered, Budget, answer_all
from genaiops.arena.git import find_repository
from genaiops.arena.judges import Given, Panel
from genaiops.arena.ledger import Ledger
from genaiops.arena.model import Reuse, Suite
from genaiops.arena.pairing import Ruling, RunOptions, choose_suite
from genaiops.arena.reuse import Settled, settle
from genaiops.arena.schedule import schedule, seed_of
from genaiops.arena.scorers import build_scorers, score_output
from genaiops.arena.suites import needs_fresh_latency
from genaiops.arena.sweep.grid import Axis, grid_cells, parse_axes
from genaiops.arena.sweep.measuring import failures, measure
from genaiops.arena.sweep.model import SweepReport
from genaiops.arena.sweep.telling import Answers, named, tell
from genaiops.core import Json, Score, UserError, digest_json
from genaiops.work import Progress


@dataclass(frozen=True, slots=True)
class _Cells:
    """The cells that differ, by their settings; the first is the reference."""

    arms: dict[tuple[str, ...], Prepared]
    warnings: tuple[str, ...]


async def run_sweep(
    folder: Path, options: RunOptions, sweeps: Sequence[str], services: Services
) -> SweepReport:
    """Answer the suite under every cell of the grid and compare the cells; `folder` is the project's.

    `sweeps` are `PATH=VALUE,VALUE,…` texts; the candidate with `options.overrides` is the reference. Raises
    `UserError` for what the person can mend, `OutsideError` where a model or a disk fails.
    """
    axes = parse_axes(sweeps, options.overrides)
    repository = find_repository(folder)
    if elsewhere(options.baseline) is not None:
        raise UserError(
            "GAO-ARENA-267",
            f"a sweep has no use for {options.baseline!r}",
            why="only the suite of --baseline is read, and that stands in a commit",
            fix="name a branch, tag or commit, or leave --baseline out",
            where="--baseline",
        )
    with services.store.lock("arena"):
        trees = services.store.path / "trees"
        candidate = export(repository, trees, options.candidate, options.overrides)
        mine = project_of(candidate, None, services.settings.env)
        baseline = export(repository, trees, options.baseline or repository.commit_of("HEAD"))
        theirs = project_of(baseline, mine, services.settings.env)
        ruling = choose_suite(options, baseline, theirs, mine)
        _refuse_pairs(ruling.suite)
        facts = {**environment(), "same_env": True} if options.same_env else environment()
        cells = await _cells(candidate, mine, axes, services, facts)
        answered, settled = await _answer(ruling.suite, cells, options, services)
        judge_project = theirs if ruling.gate_from == "baseline" else mine
        scores, judging = await _scored(ruling.suite, answered, services, judge_project)
    settled = replace(settled, calls=settled.calls + judging)
    return _told(options, ruling, cells, answered, scores, settled)


def _refuse_pairs(suite: Suite) -> None:
    for judge in suite.ruler.judges:
        if judge.form == "pair":
            raise UserError(
                "GAO-ARENA-270",
                f"the judge {judge.name!r} compares two arms, and a sweep has many",
                why="it can say which of two answers is better, not how good each of them is",
                fix="sweep with a judge of answers (form: answer), or compare two cells with arena run",
                where=f"judges.{judge.name}.form",
            )


async def _cells(
    candidate: Exported, mine: Project, axes: Sequence[Axis], services: Services, facts: dict[str, Json]
) -> _Cells:
    """Return every cell made ready; those that make the same app are one. All are read before one answers."""
    projects = {chosen: _project(candidate, chosen, services.settings.env) for chosen in grid_cells(axes)}
    reference = await prepare(candidate, mine, services, facts)
    arms, first, warnings = {reference.digest: reference}, {reference.digest: tuple[str, ...]()}, list[str]()
    for chosen, (exported, project) in projects.items():
        prepared = await prepare(exported, project, services, facts)
        if prepared.digest not in arms:
            arms[prepared.digest], first[prepared.digest] = prepared, chosen
        elif first[prepared.digest]:
            warnings.append(f"{named(chosen)} makes the same app as {named(first[prepared.digest])}")
        else:
            first[prepared.digest] = chosen
    if len(arms) < 2:
        paths = ", ".join(axis.path for axis in axes)
        raise UserError(
            "GAO-ARENA-268",
            f"the sweep changes nothing: every value of {paths} makes the same app",
            why="suites only judge, and an endpoint reads nothing of the project file",
            fix="sweep something that makes an answer: params, models, knowledge",
            where="--sweep",
        )
    return _Cells({first[digest]: prepared for digest, prepared in arms.items()}, tuple(warnings))


def _project(
    candidate: Exported, chosen: tuple[str, ...], env: Mapping[str, str]
) -> tuple[Exported, Project]:
    source = replace(candidate.source, overrides=(*candidate.source.overrides, *chosen))
    exported = replace(candidate, source=source)
    try:
        return exported, project_of(exported, None, env)
    except UserError as error:  # the tree was read without the cell: what is wrong is the cell's
        error.where = error.where.replace("--set ", "--sweep ")
        raise


async def _answer(
    suite: Suite, cells: _Cells, options: RunOptions, services: Services
) -> tuple[list[Answered], Settled]:
    arms = {named(chosen): prepared for chosen, prepared in cells.arms.items()}
    apps: list[Json] = [*sorted(one.digest for one in arms.values())]
    key = digest_json({"sweep": suite.digest, "apps": apps})
    steps = schedule(suite.cases, suite.ruler.repeats, seed_of(suite.digest, key), list(arms))
    fresh = needs_fresh_latency(suite)
    sides = {
        label: side(
            prepared,
            services,
            scope=prepared.scope(f"{key}/{prepared.digest}", fresh=fresh, pass_env=options.pass_env),
            pass_env=options.pass_env,
        )
        for label, prepared in arms.items()
    }
    jobs = options.jobs or (1 if any(prepared.local for prepared in arms.values()) else 4)
    budget = Budget(jobs=jobs, seconds=options.seconds)
    ledger = Ledger(services.store)
    longest = next(iter(arms.values())).project.reuse.longest
    settled = await settle(
        arms, steps, sides, ledger, run=key, budget=budget, longest=longest, console=services.console
    )
    label = f"ARENA · sweep of {len(arms)} cells · {suite.ruler.name}"
    with Progress(label, len(steps), console=services.console) as progress:
        answered = await answer_all(steps, sides, ledger, run=key, budget=budget, progress=progress)
    return answered, settled


async def _scored(
    suite: Suite, answered: Sequence[Answered], services: Services, project: Project
) -> tuple[dict[str, list[Score]], int]:
    """Return the scores of each cell, and how many calls its judges made."""
    embedder = await services.embedder(project) if "embed" in project.models else None
    panel = Panel(suite.ruler.judges, project, services)
    await panel.examine(suite.cases[0])
    judged = await panel.judged(
        [Given(one.step.arm, one.step.case, one.step.repeat, one.kept.output) for one in answered]
    )
    scorers = {
        arm: build_scorers(suite.ruler, embedder=embedder, judged=said) for arm, said in judged.items()
    }
    scores: dict[str, list[Score]] = {}
    for one in answered:
        step, kept = one.step, one.kept
        found = await score_output(scorers[step.arm], step.case, step.repeat, kept.output, kept.trace)
        scores.setdefault(step.arm, []).extend(found)
    return scores, sum(one.usage.calls for one in panel.facts())


def _told(
    options: RunOptions,
    ruling: Ruling,
    cells: _Cells,
    answered: Sequence[Answered],
    scores: Mapping[str, Sequence[Score]],
    settled: Settled,
) -> SweepReport:
    suite = ruling.suite
    labels = [named(chosen) for chosen in cells.arms]
    outputs = {label: [one for one in answered if one.step.arm == label] for label in labels}
    measured = measure(suite, labels, scores, outputs)
    old = [one.kept.at for one in answered if not one.computed]
    return tell(
        Answers(
            project=next(iter(cells.arms.values())).project.project,
            suite=suite.ruler.name,
            asked=_asked(options),
            alpha=suite.ruler.gate.alpha,
            yardstick=measured.yardstick,
            sets=list(cells.arms),
            digests=[prepared.digest for prepared in cells.arms.values()],
            values=measured.values,
            codes=measured.codes,
            key=resampling_key(suite.ruler),
            side_by_side=not any(one.reused for one in answered),
            doubt=measured.doubt,
            model_calls=sum(one.calls for one in answered) + settled.calls,
            reused=Reuse(outputs=len(old), oldest=min(old, default=None)),
            warnings=(*ruling.warnings, *cells.warnings, *settled.warnings, *failures(outputs)),
        )
    )


def _asked(options: RunOptions) -> list[str]:
    """Return what was said beside the sweep and makes another app or ruler, as words of a command."""
    words = [word for text in options.overrides for word in ("--set", text)]
    words += ["--suite", options.suite] if options.suite else []
    return words + (["--baseline", options.baseline] if options.baseline else [])
