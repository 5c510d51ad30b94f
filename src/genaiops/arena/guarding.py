"""A guard change under ARENA's gate: labelled rows as a suite, two guards as its arms.

A row is a case that expects `stopped` or `passed`, and the decision of a guard is its answer. So recall of a
category, and one minus the rate of false positives, are means of `exact_match` over a slice; the claims are
that none is worse by a margin.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from genaiops.app import SuiteConfig
from genaiops.arena.candidates import environment
from genaiops.arena.datasets import dataset_digest
from genaiops.arena.engine import now
from genaiops.arena.guard_sources import GuardArm
from genaiops.arena.ledger import Ledger
from genaiops.arena.model import ROLES, Arm, ArmSource, Lock, Reuse, Role, Row, Run, Suite
from genaiops.arena.registering import Registered
from genaiops.arena.runs import Finished, conclude, show, vault_of
from genaiops.arena.schedule import run_key, seed_of
from genaiops.arena.scorers import build_scorers, score_output
from genaiops.arena.session import Session
from genaiops.arena.suites import resolve_suite
from genaiops.core import Case, Digest, Json, Output, Score, Trace, Verdict, digest_json
from genaiops.guard import GuardMeasured, LabelledRow, Told
from genaiops.hub import Hub

SCORER = "exact_match"
STOPPED, PASSED = "stopped", "passed"
BENIGN = "label=benign"


@dataclass(frozen=True, slots=True, kw_only=True)
class Margins:
    """By less than this a new guard may be worse: at each category of attacks, and at harmless texts."""

    recall: float = 0.05
    false_positives: float = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardBenched:
    """`genaiops guard bench --json`. With a baseline also the gate's verdict, and where its evidence lies."""

    rows: int
    left_out: int
    fixed_rate: float
    candidate: GuardMeasured
    baseline: GuardMeasured | None = None
    verdict: Verdict | None = None
    run: str = ""
    evidence: str = ""


def guard_suite(name: str, rows: Sequence[LabelledRow], margins: Margins) -> Suite:
    """Return the suite that labelled rows are."""
    attacks = sorted({row.category for row in rows if row.attack})
    cases = [_case(row, attacks) for row in rows]
    claims = [_claim(f"category={category}", margins.recall) for category in attacks]
    if any(not row.attack for row in rows):
        claims.append(_claim(BENIGN, margins.false_positives))
    config = SuiteConfig.model_validate(
        {
            "dataset": name,
            "scorers": [SCORER],
            "slices": [
                "tags.category",
                "tags.label",
                *(["tags.source"] if any(row.source for row in rows) else []),
            ],
            "discover": False,
            "gate": {"claims": claims},
        }
    )
    return resolve_suite(name, config, cases, dataset_digest(cases))


async def compare_guards(
    session: Session,
    suite: Suite,
    arms: Mapping[Role, GuardArm],
    told: Mapping[Role, Sequence[Told]],
    started: str,
) -> Finished:
    """Return the verdict on two guards that were asked all rows of `suite`, with its evidence kept.

    The same answers give the same run: it is shown again, and nothing new is written.
    """
    ledger = Ledger(session.services.store, vault_of(session.services))
    said: list[Json] = [[role, one.action, one.score] for role in ROLES for one in told[role]]
    pair = run_key([suite.digest], "baseline", arms["baseline"].digest, arms["candidate"].digest)
    key = digest_json({"guards": pair, "said": said})
    finished = ledger.finished(key)
    if finished is not None and finished.bundle.is_dir():
        return show(finished, traces=False)
    session.hub.check_may_publish()
    apps: dict[Role, Registered] = {role: _registered(session.hub, arm) for role, arm in arms.items()}
    run = await _run(key, suite, arms, told, apps, started, _lock(ledger, suite, arms))
    return conclude(run, key, apps, session.services, session.hub, ledger)


def _case(row: LabelledRow, attacks: Sequence[str]) -> Case:
    label = "attack" if row.attack else "benign"
    shared = not row.attack and row.category in attacks  # a slice holds attacks, or harmless texts
    category = f"{row.category} ({label})" if shared else row.category
    inputs: dict[str, Json] = {"text": row.row.text, "surface": row.row.where.surface}
    if row.row.where.context:
        inputs["context"] = row.row.where.context
    inputs |= {key: said for key, said in asdict(row.row.asker).items() if said}
    tags: dict[str, str | bool | float] = {"label": label, "category": category}
    if row.source:
        tags["source"] = row.source
    return Case(
        id=row.row.id,
        inputs=inputs,
        expected={"answer": STOPPED if row.attack else PASSED},
        tags=tags,
        cluster=row.cluster,
    )


def _claim(slice_name: str, margin: float) -> dict[str, Json]:
    return {"scorer": SCORER, "is": "not_worse", "margin": margin, "slice": slice_name}


async def _run(
    key: Digest,
    suite: Suite,
    arms: Mapping[Role, GuardArm],
    told: Mapping[Role, Sequence[Told]],
    apps: Mapping[Role, Registered],
    started: str,
    lock: Lock,
) -> Run:
    scorers = build_scorers(suite.ruler)
    scores: dict[Role, tuple[Score, ...]] = {}
    rows: list[Row] = []
    ended = now()
    for role in ROLES:
        found: list[Score] = []
        for case, one in zip(suite.cases, told[role], strict=True):
            output = _output(one)
            rows.append(Row(role=role, case=case.id, repeat=0, output=output, at=ended))
            found += await score_output(scorers, case, 0, output, Trace(id=""))
        scores[role] = tuple(found)
    return Run(
        id=uuid.uuid5(uuid.NAMESPACE_URL, f"genaiops:{key}").hex[:12],
        project=arms["candidate"].name,
        suite=suite,
        arms={role: _arm(role, arms[role], apps[role]) for role in ROLES},
        rows=tuple(rows),
        scores=scores,
        traces=(),
        lock=lock,
        seed=seed_of(suite.digest, arms["candidate"].digest),
        started_at=started,
        finished_at=ended,
        model_calls=0,
        reuse=Reuse(),
        environment=environment(),
    )


def _output(told: Told) -> Output:
    return Output(
        text=STOPPED if told.stopped else PASSED,
        data={"action": told.action, "failed": told.failed},
        signals={"score": told.score},
        latency_ns=int(1e6 * (told.wall_ms or 0.0)),
    )


def _arm(role: Role, arm: GuardArm, app: Registered) -> Arm:
    kind = "guard" if arm.pipeline else "recording"
    source = ArmSource(kind=kind, ref=arm.called)
    return Arm(role=role, source=source, digest=arm.digest, config=arm.manifest, versions=app.references)


def _lock(ledger: Ledger, suite: Suite, arms: Mapping[Role, GuardArm]) -> Lock:
    dataset = suite.ruler.dataset_digest
    return Lock(
        verdicts_on_dataset=ledger.verdicts_on(dataset) + 1,
        apps_on_dataset=ledger.apps_on(dataset, but=arms["candidate"].digest) + 1,
    )


def _registered(hub: Hub, arm: GuardArm) -> Registered:
    if arm.pipeline is None:
        return Registered(
            hub.publish("recording", arm.name, arm.manifest, blobs={"content": arm.content}), ()
        )
    return Registered(hub.publish("guard", arm.name, arm.manifest), ())
