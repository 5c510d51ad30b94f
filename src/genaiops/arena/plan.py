"""A run before it runs: what it takes, what it can decide, and what to mend first. No app, no model call.

The effort comes from what earlier answers took (this app's own, else those of the suite's latest run), and
where there are none from assumptions that are said.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from genaiops.access import Vault
from genaiops.app import Services
from genaiops.arena.arms import Prepared
from genaiops.arena.bundle import open_bundle
from genaiops.arena.conversation import turn_count
from genaiops.arena.git import find_repository
from genaiops.arena.judge import MOST_VERDICTS
from genaiops.arena.judges.canary import ATTACKS
from genaiops.arena.judges.panel import BATCH
from genaiops.arena.ledger import Ledger, output_key
from genaiops.arena.looks import cluster_sizes, plan_looks
from genaiops.arena.model import ROLES, Role, Run
from genaiops.arena.pairing import Pair, RunOptions, jobs_of, pair_up, scope_of
from genaiops.arena.planning import (
    ClaimPlan,
    LooksPlan,
    claim_warnings,
    looks_plan,
    plan_claims,
    rule_warnings,
)
from genaiops.arena.reuse import attempt_of
from genaiops.arena.schedule import Step, in_order, run_key, steps_of
from genaiops.arena.suites import needs_fresh_latency
from genaiops.core import Digest, Output, Usage, UserError
from genaiops.models import Prices
from genaiops.stats import effective_clusters, round_sig

ASSUMED = Usage(input_tokens=1_000, output_tokens=150, calls=1)
ASSUMED_SECONDS = 5.0
LATEST = 10
"""So many runs are looked through for one of the same suite."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """What is left to do, at most: a sequential run may stop before. `cost_usd` None: a price is unknown.

    `judge_calls` are questions to the suite's judges, those that they were asked before included; they are no
    part of calls, tokens, money and minutes.
    """

    answers: int
    reused: int
    calls: int
    input_tokens: int
    output_tokens: int
    cost_usd: float | None
    minutes: float
    assumptions: tuple[str, ...]
    judge_calls: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPlan:
    """What `arena plan` says. `decided_by`: the complete run that decided this comparison already."""

    project: str
    suite: str
    cases: int
    clusters: int
    g_eff: float
    repeats: int
    alpha: float
    decided_by: str | None
    effort: Effort
    claims: tuple[ClaimPlan, ...]
    looks: LooksPlan
    warnings: tuple[str, ...]


async def plan_run(folder: Path, options: RunOptions, services: Services) -> RunPlan:
    """Plan the comparison that `run_arena` would make with these options; nothing is written but exports.

    Raises `UserError` where the run itself would be refused.
    """
    repository = find_repository(folder)
    with services.store.lock("arena"):
        pair = await pair_up(repository, options, services, install=False)
        return _plan(pair, options, Ledger(services.store, Vault(services.store.database, services.settings)))


def _plan(pair: Pair, options: RunOptions, ledger: Ledger) -> RunPlan:
    suite, ruler = pair.suite, pair.suite.ruler
    arms = {role: prepared.digest for role, prepared in pair.arms.items()}
    own = run_key([one.digest for one in pair.suites], pair.gate_from, arms["baseline"], arms["candidate"])
    key, _ = attempt_of(own, pair.arms, ledger)
    seed = pair.seed
    done = ledger.finished(key)
    earlier = _earlier(ledger, pair)
    sizes = list(cluster_sizes(in_order(suite.cases, seed)).values())
    g_eff = effective_clusters(sizes)
    effort = _effort(pair, options, ledger, key, earlier)
    same = earlier is not None and earlier.suite.ruler.scorers == ruler.scorers
    claims = plan_claims(
        ruler, suite.cases, earlier.scores if earlier and same else {}, earlier.id if earlier else ""
    )
    effort = replace(effort, judge_calls=0 if done else _judge_calls(pair))
    looks = looks_plan(*plan_looks(suite, seed), sizes, ruler.gate.alpha)
    return RunPlan(
        project=pair.arms["candidate"].project.project,
        suite=ruler.name,
        cases=len(suite.cases),
        clusters=len(sizes),
        g_eff=round_sig(g_eff),
        repeats=ruler.repeats,
        alpha=ruler.gate.alpha,
        decided_by=done.id if done and done.bundle.is_dir() else None,
        effort=effort,
        claims=claims,
        looks=looks,
        warnings=(
            *pair.warnings,
            *claim_warnings(claims, g_eff),
            *rule_warnings(ruler.gate.rules, len(suite.cases), sequential=options.sequential),
            *_more_warnings(pair, options, ledger, effort, looks),
        ),
    )


def _judge_calls(pair: Pair) -> int:
    """Return how many questions the judges have: one an answer, and what it takes to trust them."""
    answers = sum(len(ROLES) * len(suite.cases) * suite.ruler.repeats for suite in pair.suites)
    judges = sum(len(suite.ruler.judges) for suite in pair.suites)
    return judges * (answers + 2 * (len(ATTACKS) + -(-answers // BATCH))) if judges else 0


def _more_warnings(
    pair: Pair, options: RunOptions, ledger: Ledger, effort: Effort, looks: LooksPlan
) -> list[str]:
    said: list[str] = []
    if options.sequential and looks.reason:
        said.append(f"--sequential would run in one look: {looks.reason}")
    if effort.cost_usd is None and effort.answers:
        said.append("the price of a model is unknown: state it under `prices` to see what the run costs")
    if needs_fresh_latency(pair.suite):
        said.append("latency is measured: both arms run fresh, and no answer is used again")
    verdicts = ledger.verdicts_on(pair.suite.ruler.dataset_digest)
    if verdicts >= MOST_VERDICTS:
        said.append(f"this dataset has given {verdicts} verdicts: new cases are due, before it is fitted")
    return said


def _earlier(ledger: Ledger, pair: Pair) -> Run | None:
    """Return the latest run of this suite whose evidence can be read."""
    project, suite = pair.arms["candidate"].project.project, pair.suite.ruler
    for finished in ledger.runs(LATEST):
        with suppress(UserError):  # evidence that was removed or changed tells nothing here
            bundle = open_bundle(finished.bundle)
            manifest = bundle.manifest()
            if manifest.project == project and manifest.suite.name == suite.name:
                return bundle.run()
    return None


def _effort(pair: Pair, options: RunOptions, ledger: Ledger, key: Digest, earlier: Run | None) -> Effort:
    steps = steps_of(pair.suites, pair.seed)
    roles: list[Role] = [cast(Role, step.arm) for step in steps]
    scopes = {role: scope_of(pair, role, options, key) for role in ROLES}
    keys = [
        output_key(pair.arms[role].digest, step.kept, step.repeat, scopes[role])
        for role, step in zip(roles, steps, strict=True)
    ]
    known = ledger.outputs(list(dict.fromkeys(keys)))
    seen: dict[Role, list[Output]] = {role: [] for role in ROLES}
    left: dict[str, Step] = {}  # two arms that are the same app share an answer
    for role, name, step in zip(roles, keys, steps, strict=True):
        if name in known:
            seen[role].append(known[name].output)
        else:
            left.setdefault(name, step)
    return _estimate(pair, options, seen, list(left.values()), len(steps) - len(left), earlier)


def _estimate(
    pair: Pair,
    options: RunOptions,
    seen: Mapping[Role, Sequence[Output]],
    left: Sequence[Step],
    reused: int,
    earlier: Run | None,
) -> Effort:
    calls = tokens_in = tokens_out = seconds = 0.0
    cost: float | None = 0.0
    said: list[str] = []
    for role in ROLES:
        mine = [step for step in left if step.arm == role]
        if not mine:
            continue
        one, why = _typical(pair.arms[role], seen[role], role, earlier)
        count = sum(turn_count(step.case.inputs) for step in mine) if one.assumed else len(mine)
        said.append(f"{role}: {why}")
        calls += count * one.calls
        tokens_in += count * one.input_tokens
        tokens_out += count * one.output_tokens
        seconds += count * one.seconds
        cost = None if cost is None or one.nanousd is None else cost + count * one.nanousd
    jobs = jobs_of(pair, options)
    return Effort(
        answers=len(left),
        reused=reused,
        calls=round(calls),
        input_tokens=round(tokens_in),
        output_tokens=round(tokens_out),
        cost_usd=None if cost is None else round_sig(cost / 1e9),
        minutes=round_sig(seconds / jobs / 60.0, 3),
        assumptions=(*said, f"{jobs} answer{'' if jobs == 1 else 's'} at once; building an index not counted")
        if left
        else (),
    )


@dataclass(frozen=True, slots=True)
class _Typical:
    """What one answer takes, on average; what is `assumed` is taken anew at each turn of a conversation."""

    calls: float
    input_tokens: float
    output_tokens: float
    nanousd: float | None
    seconds: float
    assumed: bool = False


def _typical(
    prepared: Prepared, own: Sequence[Output], role: Role, earlier: Run | None
) -> tuple[_Typical, str]:
    """Return what an answer of this arm takes, and in words how that is known."""
    if own:
        return _mean(own), f"as its {len(own):,} answers that are there already"
    rows = [row.output for row in earlier.rows if row.role == role] if earlier else []
    if earlier and rows:
        return _mean(rows), f"as the {role} of run {earlier.id}, {len(rows):,} answers"
    chat = prepared.specs.get("chat")
    if chat is None:
        return _Typical(0.0, 0.0, 0.0, None, ASSUMED_SECONDS, assumed=True), (
            f"no earlier answer; assumed {ASSUMED_SECONDS:g} s; its model calls are its own, and not known"
        )
    stated = {name: {"in": p.usd_in, "out": p.usd_out} for name, p in prepared.project.prices.items()}
    cost = Prices.load(stated).cost(chat, ASSUMED)
    return (
        _Typical(
            ASSUMED.calls, ASSUMED.input_tokens, ASSUMED.output_tokens, cost, ASSUMED_SECONDS, assumed=True
        ),
        f"no earlier answer; assumed {ASSUMED.calls} call of {ASSUMED.input_tokens:,} tokens in and "
        f"{ASSUMED.output_tokens:,} out, {ASSUMED_SECONDS:g} s each",
    )


def _mean(outputs: Sequence[Output]) -> _Typical:
    count = len(outputs)
    costs = [output.cost_nanousd for output in outputs if output.cost_nanousd is not None]
    return _Typical(
        sum(output.usage.calls for output in outputs) / count,
        sum(output.usage.input_tokens for output in outputs) / count,
        sum(output.usage.output_tokens for output in outputs) / count,
        sum(costs) / count if len(costs) == count else None,
        sum(output.latency_ns for output in outputs) / count / 1e9,
    )
