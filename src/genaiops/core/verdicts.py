"""Claims, rules and the verdict: `verdict.json` is exactly a `Verdict`."""

from dataclasses import dataclass, field
from typing import Literal

from genaiops.core.digests import Digest

ClaimKind = Literal["better", "not_worse", "at_least"]
Decision = Literal["proven", "refuted", "open"]
Outcome = Literal["pass", "fail", "inconclusive"]
LockState = Literal["base", "hub", "self", "none"]
Spending = Literal["obrien_fleming", "pocock"]
Stopped = Literal["decided", "refuted", "futile", "complete"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A one-sided statement about one scorer.

    `bound` is read with `kind`: better *by*, not worse than a *margin*, at least a *value*; the first two
    are in the direction that is better for the scorer and are never negative.
    """

    scorer: str
    kind: ClaimKind
    bound: float
    slice: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClustersNeeded:
    """How many independent clusters would settle an open claim at 80 % power.

    None means that no number would: the effect assumed lies on the bound.
    `low` and `high` are the range that the variance's own interval gives for `planned`.
    """

    planned: int | None
    low: int | None
    high: int | None
    at_estimate: int | None
    have: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """An estimate with its two-sided 1 − 2·alpha interval, over `cases` in `clusters`.

    `decidable` is False, with the reason, where the data cannot carry a decision.
    """

    estimate: float | None
    low: float | None
    high: float | None
    cases: int
    clusters: int
    g_eff: float
    decidable: bool = True
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedBy:
    """Whose word a claim on a judge rests on: with `raw` None that of the judge alone, which asks `model`.

    Else people's, helped by the judge: the claim's intervals are corrected by `labels` of people, and `raw`
    is what the judge alone shows. People labelled `labelled` of the claim's cases on both arms. `sample` is
    how many cases have to be drawn so that enough of them are the claim's; None where enough are labelled,
    there are not so many, or labels do not count.
    """

    judge: str
    model: str
    labelled: int = 0
    labels: int = 0
    sample: int | None = None
    raw: Interval | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimResult:
    """A claim, what was measured, and what follows. `decided_on` is the interval with the pseudo-case.

    A claim on a judge says in `judged_by` whose word it rests on; `text` says so too.
    """

    claim: Claim
    text: str
    interval: Interval
    decided_on: Interval
    decision: Decision
    refuted_after_holm: bool = False
    p_refuted: float | None = None
    needed: ClustersNeeded | None = None
    note: str = ""
    judged_by: JudgedBy | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleResult:
    """A rule over the comparison's facts; a fact that is missing makes it inconclusive, never true."""

    rule: str
    outcome: Literal["true", "false", "inconclusive"]
    facts: dict[str, float | None] = field(default_factory=dict[str, float | None])
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmFacts:
    """One scorer on one arm. `missing` counts cases without a score after retries."""

    mean: float | None
    p50: float | None
    p95: float | None
    n: int
    missing: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One scorer on both arms, over all cases or one slice; `ratio` of the means where both are positive.

    A slice has a `p_value`: two-sided, for no difference. `stands_out` says of a declared slice whether that
    holds at false discovery rate alpha over all declared slices and scorers (Benjamini and Hochberg).
    """

    scorer: str
    slice: str | None
    better: Literal["higher", "lower"]
    unit: str
    baseline: ArmFacts
    candidate: ArmFacts
    diff: Interval
    ratio: Interval | None = None
    ratio_p95: Interval | None = None
    p_value: float | None = None
    stands_out: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscoveredSlice:
    """A slice found in the inputs whose change differs from that of the other cases beyond luck.

    `apart` is the slice's difference minus the others', `p_value` its two-sided p-value.
    """

    comparison: Comparison
    apart: Interval
    p_value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovered:
    """Slices looked for in the inputs of the cases, and those that stand out, the worst change first."""

    looked_for: int
    stand_out: tuple[DiscoveredSlice, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """Cases that were right before and are wrong now (`broke`), and the other way round (`mended`).

    `by` says what right means. `cases` have a value on both arms; `diff` is (mended − broke) ÷ cases with its
    clustered interval. `broken_cases` and `mended_cases` hold the first ids in their order, 100 at most.
    """

    by: str
    cases: int
    broke: int
    mended: int
    diff: Interval
    broken_cases: tuple[str, ...] = ()
    mended_cases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Steadiness:
    """How the repeats of one arm's cases agree: right every time, wrong every time, or flaky.

    `unknown` cases have fewer than two scored repeats. `pass_k[k − 1]` is pass^k, the chance that `k` fresh
    answers to a case are all right, up to the most answers that a case has. `flaky_cases` holds the first
    ids in their order, 100 at most.
    """

    stable_pass: int
    stable_fail: int
    flaky: int
    unknown: int
    pass_k: tuple[Interval, ...]
    flaky_cases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Flakiness:
    """Both arms' cases over their repeats; `by` says what right means.

    `pass_diff` is candidate − baseline of pass^k for all `repeats`, paired by case.
    """

    by: str
    repeats: int
    baseline: Steadiness
    candidate: Steadiness
    pass_diff: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined:
    """A case that the baseline's quarantine file names; `expires` (ISO 8601) is the last day that counts."""

    case: str
    owner: str
    reason: str
    expires: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantine:
    """What quarantine did on the day `on`: `left_out` cases count on neither arm.

    `expired` entries and those `not_flaky` on the baseline in this run were ignored. The outcomes are those
    of claims and rules without the cases left out and with all; where they differ, the verdict is
    inconclusive.
    """

    on: str
    left_out: tuple[Quarantined, ...]
    expired: tuple[Quarantined, ...]
    not_flaky: tuple[Quarantined, ...]
    outcome_left_out: Outcome
    outcome_with_all: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class CostPerCorrect:
    """USD per correct answer on both arms, and candidate ÷ baseline with its interval.

    None where a price is unknown, or where an arm has no correct answer.
    """

    correct: str
    baseline_usd: float | None
    candidate_usd: float | None
    ratio: Interval | None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeAgreement:
    """How far a judge agrees with people on the `answers` that both graded; `authors` counts the people.

    `kappa` compares the nearest words of the scale, `alpha` (Krippendorff's, squared distances) the values.
    `tpr` and `tnr` are how often the judge says at least 0.5 where people do, and less where people do.
    `between_authors` is alpha among people alone, over the answers that two of them labelled. A number that
    is not defined is None, and `reason` says why. Of an interval, `cases` counts answers.
    """

    judge: str
    answers: int
    authors: int
    kappa: Interval | None = None
    alpha: Interval | None = None
    tpr: Interval | None = None
    tnr: Interval | None = None
    between_authors: Interval | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimAtLook:
    """A claim at one look: the one-sided `level` it was tested at, and how it stood.

    `chance` is the conditional power of an open claim: how likely the complete suite proves it; and
    `chance_refuted` how likely it refutes it, if the rest is like what was seen.
    """

    level: float
    decision: Literal["proven", "refuted", "open", "futile"]
    chance: float | None = None
    chance_refuted: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One look of a sequential run: what was complete by then, and every claim in the gate's order."""

    clusters: int
    cases: int
    claims: tuple[ClaimAtLook, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequential:
    """How a run that looks before it is complete went; the claims' limits are wide enough for all looks.

    `stopped`: every claim was decided; one was refuted for good; the rest had no prospect; or nothing
    stopped it before the last look. `saved` cases were not asked.
    """

    spending: Spending
    planned: int
    looks: tuple[Look, ...]
    stopped: Stopped
    cases: int
    saved: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Ship or not: a pure function of scores, suite, lock, labels and, for quarantine, the day of the run.

    `judges` says how far each judge that people labelled beside agrees with them.
    """

    outcome: Outcome
    headline: str
    alpha: float
    suite: str
    suite_digest: Digest
    claims: tuple[ClaimResult, ...]
    rules: tuple[RuleResult, ...]
    comparisons: tuple[Comparison, ...]
    slices: tuple[Comparison, ...] = ()
    discovered: Discovered | None = None
    changes: Changes | None = None
    flakiness: Flakiness | None = None
    quarantine: Quarantine | None = None
    cost_per_correct: CostPerCorrect | None = None
    gate_changed: bool = False
    gate_from: Literal["baseline", "candidate"] = "baseline"
    lock: LockState = "none"
    notes: tuple[str, ...] = ()
    sequential: Sequential | None = None
    judges: tuple[JudgeAgreement, ...] = ()
