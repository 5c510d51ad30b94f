"""What a study measures and tells: plain values, as `study.json` holds them."""

from dataclasses import dataclass, field
from typing import Literal

from genaiops.arena.model import Reuse
from genaiops.core import Digest, Interval, Json

Reading = Literal["better", "worse", "not worse", "open", "not decidable"]
"""What a difference shows. `better`, `worse`: the whole interval lies on that side of 0. `not worse`: it lies
above −margin. `not decidable`: too few clusters, or a generator at a level that could show nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """One measure of two variants over the same questions: `variant` − `against`.

    Limits hold together over all contrasts of the measure. `detectable` is the difference that these clusters
    show with a power of 80 %, `needed` how many clusters show one of the margin.
    """

    measure: str
    variant: str
    against: str
    diff: Interval
    reading: Reading
    why: str = ""
    detectable: float | None = None
    needed: int | None = None
    slice: str | None = None
    stands_out: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What one search found: the mean of each measure over the questions that name their passages.

    `p50_ms` and `p95_ms` are of single questions, asked one after the other; `failed` questions could not be
    searched for.
    """

    search: str
    measures: dict[str, float | None]
    p50_ms: float | None
    p95_ms: float | None
    failed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrieval:
    """The searches side by side. `reason` says why nothing was measured.

    `questions` name the passages that hold their answer; `unanswerable` have none, `unlabelled` do not say,
    and what `missing` ones name is not in the corpus: they count, and no search can find it.
    """

    depth: int
    questions: int
    clusters: int
    unanswerable: int
    unlabelled: int
    missing: int
    found: tuple[Found, ...] = ()
    contrasts: tuple[Contrast, ...] = ()
    slices: tuple[Contrast, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """`part` of `whole`."""

    part: int
    whole: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """How the answers of one variant ended, and what they took.

    `right`: answered rightly, or rightly silent; `wrong`: neither right nor silent, app errors and timeouts
    with them; `silent`: abstained although there is an answer; `missing`: failed outside. A context is
    sufficient where it holds, whole, every passage that the question names (without names: an answer).
    `latency` is of the answers computed in this study, search apart; None where all were used again.
    """

    variant: str
    title: str
    right: int
    wrong: int
    silent: int
    failed: int
    missing: int
    wrong_sufficient: Share
    wrong_insufficient: Share
    right_sufficient: Share
    abstention_precision: Share
    abstention_recall: Share
    citation_precision: float | None
    citation_recall: float | None
    groundedness: float | None
    truncated: int
    calls: int
    tokens_in: float | None
    tokens_out: float | None
    cost_usd: float | None
    cost_per_right_usd: float | None
    p50_ms: float | None
    p95_ms: float | None
    timed: int
    reused: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What the plan says of one comparison before it is made: what these clusters can show, and why not."""

    variant: str
    against: str
    detectable: float | None
    decidable: bool
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What the answers take, at most, and what they can show; `basis` is where the spread is taken from."""

    answers: int
    reused: int
    calls: int
    tokens: int
    cost_usd: float | None
    minutes: float
    assumption: str
    basis: str
    cases: int
    clusters: int
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """The answers side by side. `margin` is what *not worse* allows."""

    cases: int
    clusters: int
    correct: str
    margin: float
    plan: Plan
    rows: tuple[Answers, ...] = ()
    contrasts: tuple[Contrast, ...] = ()
    model_calls: int = 0
    reused: Reuse = field(default_factory=Reuse)
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One way to disturb the passages of some questions: how many answers were right, and what went wrong.

    `against` is the same questions undisturbed; `caught` counts answers that carry the canary word of an
    injected instruction, or what only the stale document says.
    """

    name: str
    cases: int
    right: int
    against: int
    caught: int | None = None
    diff: Interval | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Robustness:
    """What distractors, an injected instruction and a stale document do to one variant."""

    variant: str
    trials: tuple[Trial, ...]
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantFacts:
    """A variant that was tried: what it sets. `measured` False: its answers were not asked for."""

    name: str
    title: str
    search: str | None
    prompt: str
    prompt_digest: Digest
    model: str | None
    measured: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyReport:
    """What `arena study rag --json` prints, and `study.json` holds.

    `system` states, group by group, every item of a full RAG report; what nobody measured says so.
    `reference` is its version in the Hub; empty for a plan, and in what the Hub keeps.
    """

    project: str
    study: Digest
    at: str
    headline: tuple[str, ...]
    alpha: float
    questions: str
    dataset: Digest
    variants: tuple[VariantFacts, ...]
    system: dict[str, dict[str, Json]]
    retrieval: Retrieval
    generation: Generation | None = None
    robustness: Robustness | None = None
    warnings: tuple[str, ...] = ()
    reference: str = ""
