"""A run from beginning to end: two trees in, a verdict with its evidence out.

    export both → read both projects → lay the baseline's ruler → answer → score → judge → write evidence

For one suite and two apps the first complete run decides: asking again shows it, without a model call.
"""

import shutil
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from genaiops.access import Sealed, Vault, note_use, signing_key
from genaiops.app import Project, Services
from genaiops.arena.arms import arm, side
from genaiops.arena.bundle import open_bundle
from genaiops.arena.engine import Answered, Budget, Pools, Side, answer_all, now
from genaiops.arena.evidence import write_bundle
from genaiops.arena.git import find_repository
from genaiops.arena.judge import judge
from genaiops.arena.judges import Given, Panel, judging_warnings
from genaiops.arena.labelled import with_labels
from genaiops.arena.labels import labels_of
from genaiops.arena.ledger import FinishedRun, Ledger
from genaiops.arena.looks import plan_looks, prefixes
from genaiops.arena.model import ROLES, Arm, Label, Lock, Looks, Reuse, Role, Row, Run, Suite
from genaiops.arena.pairing import Pair, RunOptions, jobs_of, pair_up, scope_of
from genaiops.arena.quarantine import check_share
from genaiops.arena.ragfacts import rag_facts
from genaiops.arena.registering import Registered, register_app, register_evidence
from genaiops.arena.reuse import Settled, attempt_of, settle
from genaiops.arena.schedule import Step, run_key, steps_of
from genaiops.arena.scorers import build_scorers, score_output
from genaiops.arena.sealing import SEALED_NOTE, kept_scores, kept_suite, seal_answer
from genaiops.core import Digest, Json, Score, Trace, Verdict, digest_json, one_line
from genaiops.hub import Hub
from genaiops.work import Progress

FITTED = 20
"""After so many verdicts on one dataset a change may fit the suite rather than the job."""


@dataclass(frozen=True, slots=True, repr=False)  # asyncio.run writes out its result's repr: 20,000 rows
class Finished:
    """A complete run with its verdict, and where its evidence lies. `shown`: it was complete before."""

    run: Run
    verdict: Verdict
    bundle: Path
    shown: bool


async def run_arena(folder: Path, options: RunOptions, services: Services, hub: Hub) -> Finished:
    """Compare the candidate with the baseline and return the verdict; `folder` is the project's.

    Raises `UserError` for what the person can mend, `OutsideError` where a model or a disk fails.
    """
    repository = find_repository(folder)
    with services.store.lock("arena"):
        pair = await pair_up(repository, options, services)
        ledger = Ledger(services.store, vault_of(services))
        digests = {role: prepared.digest for role, prepared in pair.arms.items()}
        key = run_key(
            [suite.digest for suite in pair.suites],
            pair.gate_from,
            digests["baseline"],
            digests["candidate"],
        )
        key, attempt = attempt_of(key, pair.arms, ledger)
        finished = ledger.finished(key)
        if finished is not None and finished.bundle.is_dir() and not _withdrawn(finished, ledger):
            return _again(key, finished, pair, options, services, hub, ledger)
        hub.check_may_publish()
        return await _run(key, attempt, pair, options, services, hub, ledger)


def _shown(finished: FinishedRun, options: RunOptions, services: Services) -> Finished:
    before = show(finished, traces=False)
    if options.sequential != (before.verdict.sequential is not None):
        how = "on the whole suite" if options.sequential else "sequentially"
        services.console.note(f"this comparison was decided before, {how}: the first complete run decides")
    return before


def _withdrawn(finished: FinishedRun, ledger: Ledger) -> bool:
    """Whether a complete run holds an answer that rests on a document withdrawn since: it is asked again."""
    if not ledger.anything_withdrawn():
        return False
    run = show(finished).run
    traces = {trace.id: trace for trace in run.traces}
    return any(
        ledger.rests_on_withdrawn(row.output, traces.get(row.output.trace_id, Trace(id="")))
        for row in run.rows
    )


def _again(
    key: Digest,
    finished: FinishedRun,
    pair: Pair,
    options: RunOptions,
    services: Services,
    hub: Hub,
    ledger: Ledger,
) -> Finished:
    """Return the verdict of a complete run with what people have said of its answers since, if anything.

    Nothing is asked again. The evidence without labels stays; that with them is a run of its own.
    """
    before = _shown(finished, options, services)
    ruler = before.run.suite.ruler
    if before.run.looks is not None or not ruler.judges:
        return before
    labels = labels_of(before.run, [judge.name for judge in ruler.judges], services.store)
    if not labels:
        return before
    labelled = with_labels(show(finished).run, labels)
    own = digest_json({"run": key, "labelled": labelled.id})
    if (known := ledger.finished(own)) is not None and known.bundle.is_dir():
        return show(known, traces=False)
    apps: dict[Role, Registered] = {role: register_app(hub, prepared) for role, prepared in pair.arms.items()}
    return conclude(replace(labelled, finished_at=now()), own, apps, services, hub, ledger)


def show(finished: FinishedRun, *, traces: bool = True) -> Finished:
    """Return a complete run from its evidence; without `traces` it is read sooner."""
    there = stated(finished.bundle, traces=traces)
    run = there.run
    reused = replace(
        run, model_calls=0, reuse=Reuse(outputs=len(run.rows), oldest=min(row.at for row in run.rows))
    )
    return replace(there, run=reused)


def stated(folder: Path, *, traces: bool = True) -> Finished:
    """Return what the evidence in `folder` says of its run, whoever wrote it; nothing is checked."""
    bundle = open_bundle(folder)
    return Finished(bundle.run(traces=traces), bundle.verdict(), folder, shown=True)


async def _run(
    key: Digest, attempt: int, pair: Pair, options: RunOptions, services: Services, hub: Hub, ledger: Ledger
) -> Finished:
    seed = pair.seed
    started = now()
    for suite in pair.suites:
        check_share(suite.ruler, suite.cases, started_at=started)
    panels = await _panels(pair, options, services)
    looks, why_once = _looks(pair, seed) if options.sequential else (None, "")
    answered, settled = await _answer(key, seed, pair, options, services, ledger, looks, panels[0])
    vault = vault_of(services)
    kept = [_kept(one, vault) for one in answered]
    rows = tuple(one.row for one in kept)
    judge_project = pair.arms[pair.gate_from].project
    scores = [
        await _scored(suite, answered, services, judge_project, panel)
        for suite, panel in zip(pair.suites, panels, strict=True)
    ]
    judging = tuple(one for panel in panels for one in panel.facts())
    apps: dict[Role, Registered] = {role: register_app(hub, prepared) for role, prepared in pair.arms.items()}
    lock = _lock(pair, ledger, attempt)
    suite, other = kept_suite(pair.suite), kept_suite(pair.other) if pair.other else None
    sealed = (*(one.content for each in pair.suites for one in each.sealed.values()), *_boxes(kept))
    if sealed:
        scores = [kept_scores(each) for each in scores]
    run = Run(
        id=uuid.uuid5(uuid.NAMESPACE_URL, f"genaiops:{key}").hex[:12],
        project=pair.arms["candidate"].project.project,
        suite=suite,
        arms=_arms(pair, suite, answered, apps),
        rows=rows,
        scores=scores[0],
        traces=tuple(one.trace for one in kept if one.trace is not None),
        lock=lock,
        seed=seed,
        started_at=started,
        finished_at=now(),
        model_calls=sum(one.calls for one in answered)
        + settled.calls
        + sum(one.usage.calls for one in judging),
        reuse=_reuse(answered),
        environment=pair.environment,
        prices=_prices(pair),
        gate_changed=pair.gate_changed,
        gate_from=pair.gate_from,
        other_suite=other,
        other_scores=scores[1] if other else {},
        warnings=(
            *pair.warnings,
            *settled.warnings,
            *([why_once] if why_once else []),
            *judging_warnings(judging),
            *([SEALED_NOTE] if sealed else []),
            *_warnings(rows, lock),
        ),
        looks=looks,
        judging=judging,
        sealed=sealed,
    )
    return conclude(run, key, apps, services, hub, ledger)


async def _answer(
    key: Digest,
    seed: str,
    pair: Pair,
    options: RunOptions,
    services: Services,
    ledger: Ledger,
    looks: Looks | None,
    panel: Panel,
) -> tuple[list[Answered], Settled]:
    steps = steps_of(pair.suites, seed)
    sides: dict[str, Side] = {
        role: side(prepared, services, scope=scope_of(pair, role, options, key), pass_env=options.pass_env)
        for role, prepared in pair.arms.items()
    }
    budget = Budget(jobs=jobs_of(pair, options), seconds=options.seconds)
    settled = await settle(
        pair.arms,
        steps,
        sides,
        ledger,
        run=key,
        budget=budget,
        longest=pair.arms[pair.gate_from].project.reuse.longest,
        console=services.console,
    )
    label = f"ARENA · {pair.suite.ruler.name}"
    with Progress(label, len(steps), console=services.console) as progress:
        pools = Pools(sides, budget)

        async def answer(some: Sequence[Step]) -> list[Answered]:
            return await answer_all(
                some, sides, ledger, run=key, budget=budget, progress=progress, pools=pools
            )

        try:
            if looks is None:
                return await answer(steps), settled
            return await _until_settled(steps, looks, seed, pair, services, answer, panel), settled
        finally:
            await pools.close()


def _looks(pair: Pair, seed: str) -> tuple[Looks | None, str]:
    looks, why = plan_looks(pair.suite, seed)
    if looks is not None and pair.other is not None:
        looks, why = None, "the suite changed in this diff, and both suites are shown on all their cases"
    return looks, "" if looks else f"--sequential was asked for, and the suite run in one look: {why}"


async def _until_settled(
    steps: Sequence[Step],
    looks: Looks,
    seed: str,
    pair: Pair,
    services: Services,
    answer: Callable[[Sequence[Step]], Awaitable[list[Answered]]],
    panel: Panel,
) -> list[Answered]:
    """Answer the suite look by look until its claims are settled; what a kill left is used again."""
    cut = prefixes(pair.suite.ruler, pair.suite.cases, looks, seed)
    project = pair.arms[pair.gate_from].project
    answered: list[Answered] = []
    scores: dict[Role, tuple[Score, ...]] = dict.fromkeys(ROLES, ())
    for number, cases in enumerate(cut.cuts):
        more = await answer(steps[len(answered) : cases * len(ROLES) * pair.suite.ruler.repeats])
        found = await _scored(pair.suite, more, services, project, panel)
        answered += more
        scores = {role: scores[role] + found[role] for role in ROLES}
        if cut.take(number, scores)[2] is not None:
            break
    return answered


async def _panels(pair: Pair, options: RunOptions, services: Services) -> list[Panel]:
    """Return the judges of each suite, examined, with the project that the suite comes from."""
    owners: list[Role] = [pair.gate_from, *(role for role in ROLES if role != pair.gate_from)]
    panels: list[Panel] = []
    for suite, role in zip(pair.suites, owners, strict=False):
        panel = Panel(suite.ruler.judges, pair.arms[role].project, services, jobs=options.jobs)
        await panel.examine(suite.cases[0])
        panels.append(panel)
    return panels


async def _scored(
    suite: Suite, answered: Sequence[Answered], services: Services, project: Project, panel: Panel
) -> dict[Role, tuple[Score, ...]]:
    embedder = await services.embedder(project) if "embed" in project.models else None
    cases = {case.id: case for case in suite.cases}
    mine = [
        (one, Given(one.step.arm, cases[one.step.case.id], one.step.repeat, one.kept.output))
        for one in answered
        if one.step.case.id in cases and one.step.repeat < suite.ruler.repeats
    ]
    judged = await panel.judged([given for _, given in mine])
    scorers = {
        arm: build_scorers(suite.ruler, embedder=embedder, judged=said) for arm, said in judged.items()
    }
    scores: dict[Role, list[Score]] = {role: [] for role in ROLES}
    for one, given in mine:
        scores[cast(Role, given.arm)] += await score_output(
            scorers[given.arm], given.case, given.repeat, given.output, one.kept.trace
        )
    return {role: tuple(found) for role, found in scores.items()}


def _traces(answered: Sequence[Answered], role: Role) -> list[Trace]:
    return [one.kept.trace for one in answered if one.step.arm == role]


def _arms(
    pair: Pair, suite: Suite, answered: Sequence[Answered], apps: Mapping[Role, Registered]
) -> dict[Role, Arm]:
    return {
        role: arm(
            role,
            prepared,
            rag_facts(prepared, suite, _traces(answered, role)),
            apps[role].references,
        )
        for role, prepared in pair.arms.items()
    }


def vault_of(services: Services) -> Vault:
    """Return the keys of the people whose content lies in this store."""
    return Vault(services.store.database, services.settings)


@dataclass(frozen=True, slots=True)
class _Kept:
    """A row as the evidence keeps it, with its trace in clear or the boxes of what is sealed of it."""

    row: Row
    trace: Trace | None
    boxes: tuple[Sealed, ...] = ()


def _kept(one: Answered, vault: Vault) -> _Kept:
    row = Row(
        role=cast(Role, one.step.arm),
        case=one.step.case.id,
        repeat=one.step.repeat,
        output=one.kept.output,
        at=one.kept.at,
        reused=one.reused,
    )
    if one.step.sealed is None:
        return _Kept(row, one.kept.trace)
    output, boxes = seal_answer(vault, one.step.sealed.content.subject, one.kept.output, one.kept.trace)
    return _Kept(replace(row, output=output), None, boxes)


def _boxes(kept: Sequence[_Kept]) -> list[Sealed]:
    return [box for one in kept for box in one.boxes]


def _lock(pair: Pair, ledger: Ledger, attempt: int) -> Lock:
    dataset = pair.suite.ruler.dataset_digest
    return replace(
        pair.lock,
        attempts=attempt,
        verdicts_on_dataset=ledger.verdicts_on(dataset) + 1,
        apps_on_dataset=ledger.apps_on(dataset, but=pair.arms["candidate"].digest) + 1,
    )


def _reuse(answered: Sequence[Answered]) -> Reuse:
    old = [one.kept.at for one in answered if one.reused]
    return Reuse(outputs=len(old), oldest=min(old, default=None))


def _prices(pair: Pair) -> dict[str, Json]:
    return {
        name: {"in": price.usd_in, "out": price.usd_out}
        for prepared in pair.arms.values()
        for name, price in prepared.project.prices.items()
    }


def _warnings(rows: Sequence[Row], lock: Lock) -> list[str]:
    said: list[str] = []
    for role in ROLES:
        mine = [row for row in rows if row.role == role]
        for status in ("app_error", "timeout", "infra_error"):
            bad = [row for row in mine if row.output.status == status]
            if bad:
                reason = one_line(bad[0].output.error or "", 160)
                said.append(f"{len(bad)} of {len(mine)} answers of the {role} ended {status}: {reason}")
        said += _stopped(role, mine)
    if lock.verdicts_on_dataset > FITTED:
        said.append(
            f"this dataset has given {lock.verdicts_on_dataset} verdicts: a change may fit the suite rather "
            "than the job; hold some rows back, or collect new ones"
        )
    return said


def _stopped(role: Role, rows: Sequence[Row]) -> list[str]:
    """Say how many answers the guard stopped, and for what most: they count as what the arm answers."""
    reasons = Counter(row.output.stopped for row in rows if row.output.stopped)
    if not reasons:
        return []
    most = "; ".join(f"{one_line(why, 120)} × {count:,}" for why, count in reasons.most_common(3))
    return [f"{reasons.total():,} of {len(rows):,} answers of the {role} were stopped by the guard: {most}"]


def conclude(
    run: Run, key: Digest, apps: Mapping[Role, Registered], services: Services, hub: Hub, ledger: Ledger
) -> Finished:
    """Judge a complete run, write its evidence, tell the Hub, and note the run as that of `key`."""
    verdict, facts = _judged(run.suite, run.scores, run, run.labels)
    other = _judged(run.other_suite, run.other_scores, run)[0] if run.other_suite else None
    folder = services.store.path / "evidence" / run.id
    signer = signing_key(services.settings, announce=services.console.note)
    shutil.rmtree(folder, ignore_errors=True)  # a folder without a finished run is a leftover of a kill
    folder.parent.mkdir(exist_ok=True)
    write_bundle(run, verdict, facts, folder=folder, signer=signer, other_verdict=other)
    evidence = register_evidence(hub, run, verdict, folder, apps)
    note_use(services.store.database, (box.subject for box in run.sealed), evidence.reference)
    finished = FinishedRun(run.id, key, run.finished_at, folder)
    ledger.finish(finished, dataset=run.suite.ruler.dataset_digest, candidate=run.arms["candidate"].digest)
    return Finished(run, verdict, folder, shown=False)


def _judged(
    suite: Suite, scores: Mapping[Role, Sequence[Score]], run: Run, labels: Sequence[Label] = ()
) -> tuple[Verdict, Mapping[str, float | None]]:
    return judge(
        suite.ruler,
        suite.cases,
        scores,
        lock=run.lock,
        gate_changed=run.gate_changed,
        gate_from=run.gate_from,
        looks=run.looks,
        seed=run.seed,
        started_at=run.started_at,
        labels=labels,
    )
