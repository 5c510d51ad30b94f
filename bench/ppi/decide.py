"""How often is a claim on a judge falsely proven: by the judge alone, and corrected by people's labels?

    python -m bench.ppi.decide

Data are drawn with the truth known; where the truth lies on the bound of the claim, every proof is a false
one. The judge says what is true, except that it takes so many of the poor answers of an arm for good ones
(`kind`), and so many good ones for poor (`harsh`). People label the first cases of the draw. Beside the
claim stands what the same labels decide without the judge (`stats.difference` with its pseudo-case). With
`broken`, so many cases break outright on the candidate, and the judge sees none of it.
"""

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genaiops import stats
from genaiops.arena.drawing import draw_order
from genaiops.arena.gate import decide_claims
from genaiops.arena.grid import lay_out
from genaiops.arena.labelled import read_labels
from genaiops.arena.model import ROLES, Gate, Judge, Label, Role, Ruler, ScorerUse
from genaiops.arena.scale import rubric_digest
from genaiops.core import Annotation, Case, Claim, ClaimKind, Digest, Score, ScorerSpec

RESULTS = Path(__file__).parent.parent / "results" / "judge_claims.json"
Array = NDArray[np.float64]
DRAWS, ALPHA, SEED = 500, 0.05, 20261125
JUDGE = Judge(name="judge", model="simulated", rubric="Is the answer good?")


@dataclass(frozen=True)
class Regime:
    """A suite, a judge and a claim; `effect` is by how much the truth lies beyond its bound."""

    name: str
    clusters: int
    size: int
    labelled: int
    kind: tuple[float, float]
    harsh: float = 0.0
    claim: ClaimKind = "better"
    bound: float = 0.0
    broken: float = 0.0
    effect: float = 0.0


FAIR = Regime("", 80, 2, 60, (0.1, 0.5))
REGIMES = (
    replace(FAIR, name="a judge that takes half of the candidate's poor answers for good"),
    replace(FAIR, name="the same, 160 clusters of 1", clusters=160, size=1),
    replace(FAIR, name="the same, 40 clusters of 5", clusters=40, size=5, labelled=100),
    replace(FAIR, name="the same, 20 clusters of 5", clusters=20, size=5, labelled=50),
    replace(FAIR, name="the same, 500 clusters of 2", clusters=500),
    replace(FAIR, name="the same, everything labelled", labelled=160),
    replace(FAIR, name="a judge that knows nothing and favours the candidate", kind=(0.4, 0.6), harsh=0.5),
    replace(FAIR, name="a judge that is always right", kind=(0.0, 0.0)),
    replace(
        FAIR, name="not worse by 0.05, 5 % break unseen", claim="not_worse", bound=0.05, broken=0.05,
        kind=(0.1, 0.1), clusters=200, size=1, labelled=100,
    ),
    replace(FAIR, name="at least 0.5, a kind judge", claim="at_least", bound=0.5, kind=(0.3, 0.3)),
    replace(FAIR, name="truly better by 0.2, the judge as in the first row", effect=0.2),
    replace(
        FAIR, name="truly better by 0.2, 500 clusters, a judge as kind to both", effect=0.2, clusters=500,
        kind=(0.1, 0.1),
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Truth:
    """What is true of each case, and what the judge says, by arm."""

    true: dict[Role, Array]
    said: dict[Role, Array]


def drawn(regime: Regime, rng: np.random.Generator) -> Truth:
    """Return one draw: cases of a cluster share how easy they are."""
    count = regime.clusters * regime.size
    ease = np.repeat(rng.beta(2.0, 2.0, regime.clusters), regime.size)
    true: dict[Role, Array] = {role: (rng.random(count) < ease).astype(float) for role in ROLES}
    up = (rng.random(count) < 2.0 * regime.effect).astype(float)
    true["candidate"] = np.maximum(true["candidate"], up)
    said: dict[Role, Array] = {}
    for role, kind in zip(ROLES, regime.kind, strict=True):
        harsh = true[role] * (rng.random(count) >= regime.harsh)
        said[role] = np.maximum(harsh, (1.0 - true[role]) * (rng.random(count) < kind))
    if regime.broken:
        true["candidate"] = true["baseline"] = np.ones(count)
        said = {role: np.ones(count) for role in ROLES}
        true["candidate"] = 1.0 - (rng.random(count) < regime.broken)
    return Truth(true, said)


def ruler(regime: Regime) -> Ruler:
    """Return a suite with the judge and the claim."""
    return Ruler(
        name="simulated",
        dataset_digest=Digest("sha256:" + "0" * 64),
        scorers=(ScorerUse(name="judge"),),
        specs=(ScorerSpec(name="judge"),),
        judges=(JUDGE,),
        gate=Gate(alpha=ALPHA, claims=(Claim(scorer="judge", kind=regime.claim, bound=regime.bound),)),
    )


def decisions(regime: Regime, truth: Truth, cases: Sequence[Case], seed: str) -> dict[str, str]:
    """Return what the judge alone, the corrected claim, and the labels alone decide."""
    scores = {
        role: [
            Score(scorer="judge", case=case.id, value=float(value))
            for case, value in zip(cases, side, strict=True)
        ]
        for role, side in truth.said.items()
    }
    order = draw_order(scores, "judge", seed)[: regime.labelled]
    labels = [_label(role, case, truth.true[role][int(case)]) for case in order for role in ROLES]
    suite = ruler(regime)
    grid = lay_out(suite, cases, scores)
    (alone,) = decide_claims(suite, grid)
    (corrected,) = decide_claims(suite, grid, people=read_labels(suite, cases, scores, labels, seed))
    told = np.array([int(case) for case in order])
    after, before = truth.true["candidate"][told], truth.true["baseline"][told]
    least, sign = (-1.0, -1.0 if regime.claim == "not_worse" else 1.0)
    if regime.claim == "at_least":
        before, least = np.zeros(told.size), 0.0
    interval = stats.difference(after, before, told // regime.size, ALPHA, least=least, greatest=1.0)
    return {
        "judge alone": alone.decision,
        "corrected": corrected.decision,
        "labels alone": stats.decide(interval, sign * regime.bound, "above"),
    }


def measure(regime: Regime) -> dict[str, Any]:
    """Count what is proven and refuted over all draws."""
    rng = np.random.default_rng(SEED)
    count = regime.clusters * regime.size
    cases = [Case(id=f"{at:05}", inputs={}, cluster=str(at // regime.size)) for at in range(count)]
    found = [decisions(regime, drawn(regime, rng), cases, str(draw)) for draw in range(DRAWS)]
    return {
        "regime": regime.name,
        "cases": count,
        "labelled": regime.labelled,
        "effect": regime.effect,
        **{
            f"{what}, {how}": round(sum(one[how] == what for one in found) / DRAWS, 4)
            for what in ("proven", "refuted")
            for how in ("judge alone", "corrected", "labels alone")
        },
    }


def _label(role: Role, case: str, value: float) -> Label:
    note = Annotation(
        subject=f"{role}/{case}",
        name="judge",
        value=float(value),
        by="human",
        author="simulated",
        version=rubric_digest(JUDGE),
        at="2026-11-25T00:00:00Z",
    )
    return Label(role=role, case=case, annotation=note)


def main() -> None:
    """Measure every regime, write the results."""
    before = os.getloadavg()
    rows: list[dict[str, Any]] = []
    for regime in REGIMES:
        rows.append(measure(regime))
        print(json.dumps(rows[-1], ensure_ascii=False), flush=True)
    facts = {
        "question": "how often is a claim on a biased judge falsely proven, with and without labels?",
        "draws": DRAWS,
        "alpha": ALPHA,
        "allowed": round(ALPHA + 3.0 * (ALPHA * (1.0 - ALPHA) / DRAWS) ** 0.5, 4),
        "seed": SEED,
        "rows": rows,
        "machine": {
            "cores": os.cpu_count(),
            "load_before": before,
            "load_after": os.getloadavg(),
            "python": platform.python_version(),
            "numpy": version("numpy"),
        },
    }
    RESULTS.write_text(json.dumps(facts, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
