"""A finished run whose suite has a judge, without a model: outputs and the judge's scores are made up."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from genaiops.arena.datasets import dataset_digest
from genaiops.arena.evidence import write_bundle
from genaiops.arena.judge import judge as decide
from genaiops.arena.ledger import FinishedRun, Ledger
from genaiops.arena.model import (
    Arm,
    ArmSource,
    Gate,
    Judge,
    Lock,
    Reuse,
    Role,
    Row,
    Ruler,
    Run,
    ScorerUse,
    Suite,
)
from genaiops.arena.suites import suite_digest
from genaiops.core import Case, Output, Passage, Score, ScorerSpec, digest_json, new_signing_key
from genaiops.store import Store

HELPFUL = Judge(name="helpful", model="scripted:", rubric="Helpful answers say what was asked.")
GRADED = replace(HELPFUL, scale=("poor", "fair", "good"), sees=("inputs", "expected", "passages"))
BETTER = replace(HELPFUL, name="better", form="pair", rubric="The better answer is shorter.")
AT = "2026-11-23T17:59:01Z"


def output(text: str, status: str = "ok", **more: object) -> Output:
    """Return an answer."""
    passage = Passage(id=f"p-{text}", text=f"a passage on {text}", document="d.md", score=0.123456)
    return Output(text=text, status=status, passages=(passage,), latency_ns=987654321, **more)  # type: ignore[arg-type]


def usual_answers(count: int) -> dict[Role, list[Output]]:
    """Return answers of both arms: every fourth is equal, the candidate's second one failed."""
    before = [output(f"word {number}") for number in range(count)]
    after = [output(f"word {number}" if number % 4 == 3 else f"term {number}") for number in range(count)]
    after[1] = replace(after[1], text=None, status="timeout")
    return {"baseline": before, "candidate": after}


def make_run(
    count: int = 16,
    judge: Judge = HELPFUL,
    answers: Mapping[Role, list[Output]] | None = None,
    values: Mapping[Role, list[float | None]] | None = None,
    seed: str = "5b1f0a77",
    cluster_size: int = 1,
) -> Run:
    """Return a run over `count` cases; without `values` the judge's follow from the answers, anyhow."""
    answers = answers or usual_answers(count)
    cases = tuple(
        Case(
            id=f"case-{number:02}",
            inputs={"question": f"What is number {number}?"},
            expected={"answers": [f"word {number}"]},
            cluster=f"d{number // cluster_size}",
        )
        for number in range(count)
    )
    ruler = Ruler(
        name="qa",
        dataset_digest=dataset_digest(cases),
        scorers=(ScorerUse(name=judge.name),),
        specs=(ScorerSpec(name=judge.name, reads=frozenset({"output", "model"}), deterministic=False),),
        gate=Gate(alpha=0.05),
        judges=(judge,),
    )
    return Run(
        id="3f9a01c2d4e5",
        project="plain",
        suite=Suite(ruler=ruler, cases=cases, digest=suite_digest(ruler)),
        arms={role: _arm(role) for role in answers},
        rows=tuple(
            Row(role=role, case=case.id, repeat=0, output=one, at=AT)
            for role, outputs in answers.items()
            for case, one in zip(cases, outputs, strict=True)
        ),
        scores={
            role: tuple(
                _score(judge.name, case.id, one, values and values[role][number])
                for number, (case, one) in enumerate(zip(cases, outputs, strict=True))
            )
            for role, outputs in answers.items()
        },
        traces=(),
        lock=Lock(),
        seed=seed,
        started_at="2026-11-23T17:57:40Z",
        finished_at=AT,
        model_calls=0,
        reuse=Reuse(),
        environment={},
    )


def finish(project: Path, run: Run) -> None:
    """Write the run into the project's store, with its evidence."""
    verdict, facts = decide(run.suite.ruler, run.suite.cases, run.scores, lock=run.lock)
    folder = project / ".genaiops" / "evidence" / run.id
    folder.parent.mkdir(parents=True, exist_ok=True)
    write_bundle(run, verdict, facts, folder=folder, signer=new_signing_key())
    with Store.open(project / ".genaiops") as store:
        Ledger(store).finish(
            FinishedRun(run.id, digest_json(run.id), run.finished_at, folder),
            dataset=run.suite.ruler.dataset_digest,
            candidate=run.arms["candidate"].digest,
        )


def _arm(role: Role) -> Arm:
    source = ArmSource(kind="git ref", ref=role, tree=("a" if role == "candidate" else "b") * 40)
    return Arm(role=role, source=source, digest=digest_json(role), config={})


def _score(scorer: str, case: str, one: Output, value: float | None) -> Score:
    if one.status != "ok":
        return Score(scorer=scorer, case=case, value=0.0, label=one.status)
    if value is None:
        value = float(hashlib.sha256((one.text or "").encode()).digest()[0] % 2)
    return Score(scorer=scorer, case=case, value=value, reason="a reason of the judge")
