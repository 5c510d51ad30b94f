"""ARENA's types: a suite, the two arms, and a run of one over the others."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from genaiops.access import Sealed
from genaiops.core import (
    Annotation,
    Case,
    Claim,
    Digest,
    Json,
    LockState,
    ModelSpec,
    Output,
    Quarantined,
    Score,
    ScorerSpec,
    Spending,
    Trace,
    Usage,
)

Role = Literal["baseline", "candidate"]
ROLES: tuple[Role, Role] = ("baseline", "candidate")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScorerUse:
    """A scorer as a suite names it, with its parameters. A name stands once in a suite."""

    name: str
    parameters: dict[str, Json] = field(default_factory=dict[str, Json])


Sees = Literal["inputs", "expected", "passages"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """A language model as a scorer: what a good answer is (`rubric`), which model reads it, and how.

    `scale` names its verdicts from worst to best; of k, the i-th counts i / (k − 1). It sees the answer and
    what `sees` lists. With `form` pair it has no scale: it is shown both arms' answers, in both orders, and
    says which is better; an arm's value is the mean of the two, where a win is 1, a tie 0.5 and a loss 0.
    `anchors` is the digest of the judge's anchor rows, None without any.
    """

    name: str
    model: str
    rubric: str
    form: Literal["answer", "pair"] = "answer"
    scale: tuple[str, ...] = ("no", "yes")
    sees: tuple[Sees, ...] = ("inputs", "expected")
    max_tokens: int = 256
    anchors: Digest | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnchorCheck:
    """How a judge's verdicts on its anchors flipped since they were written, and McNemar's exact p-value."""

    rows: int
    up: int
    down: int
    p_value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Judging:
    """What a judge did in a run: who it was, and what it took.

    `asked` questions went to the model now, `cached` verdicts were given before to the same question;
    `without_verdict` replies held none. `cost_nanousd` None: the price is unknown. Of `pairs` shown in both
    orders, `turned` got verdicts that contradict each other.
    """

    judge: str
    model: ModelSpec
    asked: int = 0
    cached: int = 0
    without_verdict: int = 0
    canaries: int = 0
    usage: Usage = field(default_factory=Usage)
    cost_nanousd: int | None = None
    pairs: int = 0
    turned: int = 0
    anchors: AnchorCheck | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """What a person said of one arm's answer to a case, on the scale of the scorer `annotation.name`.

    The annotation's subject is the digest of that answer (`said.answer_digest`). Where the app failed
    nobody is asked: `by` is then "code" and the value the scorer's worst. Of repeats the first is labelled.
    """

    role: Role
    case: str
    annotation: Annotation


@dataclass(frozen=True, slots=True, kw_only=True)
class Correct:
    """What counts as a right answer: a scorer at or beyond a threshold. Shown in every report."""

    scorer: str
    threshold: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """Claims and rules, the lock they need, and what a changed gate does. `implied`: nobody wrote one."""

    alpha: float = 0.05
    claims: tuple[Claim, ...] = ()
    rules: tuple[str, ...] = ()
    require_lock: Literal["none", "base", "hub"] = "none"
    on_change: Literal["review", "fail"] = "review"
    implied: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruler:
    """Everything of a suite but its rows: what `manifest.json` keeps so that a verdict can be recomputed.

    `specs` is what the scorers said of themselves, so that a verdict needs no plug-in to be recomputed.
    """

    name: str
    dataset_digest: Digest
    scorers: tuple[ScorerUse, ...]
    slices: tuple[str, ...] = ()
    discover: bool = True
    repeats: int = 1
    quarantine: tuple[Quarantined, ...] = ()
    gate: Gate = field(default_factory=Gate)
    correct: Correct | None = None
    specs: tuple[ScorerSpec, ...] = ()
    judges: tuple[Judge, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedCase:
    """A row of a person: what is kept of it in clear, and the box of the whole (`sealing`)."""

    case: Case
    content: Sealed


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """What the app must show: a ruler and the rows it is laid on.

    Where the suite names a `subject`, `sealed` holds every row by its id as it is kept, and the ruler's
    dataset is that of these; `left_out` rows belong to people who were erased.
    """

    ruler: Ruler
    cases: tuple[Case, ...]
    digest: Digest
    sealed: Mapping[str, SealedCase] = field(default_factory=dict[str, SealedCase])
    left_out: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmSource:
    """Where an arm came from. `tree` is the git tree id of what ran.

    An endpoint or a recording named on the command line has no tree; `ref` is its address or file, and
    `commit` the one whose suite it is judged by. A guard has none either; `ref` is what named its policy.
    """

    kind: Literal["working tree", "git ref", "endpoint", "recording", "guard"]
    ref: str | None = None
    commit: str | None = None
    tree: str | None = None
    dirty: bool = False
    overrides: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """One side of a comparison. `digest` names everything that makes its outputs."""

    role: Role
    source: ArmSource
    digest: Digest
    config: dict[str, Json]
    rag: dict[str, Json] = field(default_factory=dict[str, Json])
    versions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One output of one arm. `at` (RFC 3339, UTC) is when it was computed; `reused` says not in this run."""

    role: Role
    case: str
    repeat: int
    output: Output
    at: str
    reused: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedSuite:
    """What a lock fixes: a suite without its quarantine and its dataset, when, with a nonce (hexadecimal)."""

    suite: Digest
    dataset: Digest
    nonce: str
    locked_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """What was fixed before the run, and how often it was tried.

    `attempts` are this app's on this suite; `verdicts_on_dataset` and `apps_on_dataset` count the verdicts
    and the different candidates on this dataset in this store, this run included. `fixed` is what a lock
    file holds of the ruling suite.
    """

    state: LockState = "none"
    attempts: int = 1
    verdicts_on_dataset: int = 1
    apps_on_dataset: int = 1
    fixed: FixedSuite | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reuse:
    """Which outputs were not computed again, and how old the oldest of them is."""

    outputs: int = 0
    oldest: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """When a sequential run looks, fixed before it starts: after how many clusters of the seeded order."""

    clusters: tuple[int, ...]
    spending: Spending = "obrien_fleming"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A finished comparison: all that the evidence is written from. `scores[role]` covers every scorer.

    `other_suite` is the candidate's suite where it differs from the baseline's, with its own scores. `looks`
    is the plan of a sequential run; the rows are then those of the cases it asked. `labels` are people's.
    Where the suite names a `subject`, the content of its rows lies in the boxes `sealed`, and nowhere else.
    """

    id: str
    project: str
    suite: Suite
    arms: dict[Role, Arm]
    rows: tuple[Row, ...]
    scores: dict[Role, tuple[Score, ...]]
    traces: tuple[Trace, ...]
    lock: Lock
    seed: str
    started_at: str
    finished_at: str
    model_calls: int
    reuse: Reuse
    environment: dict[str, Json]
    prices: dict[str, Json] = field(default_factory=dict[str, Json])
    gate_changed: bool = False
    gate_from: Role = "baseline"
    other_suite: Suite | None = None
    other_scores: dict[Role, tuple[Score, ...]] = field(default_factory=dict[Role, tuple[Score, ...]])
    warnings: tuple[str, ...] = ()
    looks: Looks | None = None
    judging: tuple[Judging, ...] = ()
    labels: tuple[Label, ...] = ()
    sealed: tuple[Sealed, ...] = ()
