"""What training rows are made of, and what is told of them."""

from dataclasses import dataclass, field
from typing import Literal

from genaiops.core import Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class RaftOptions:
    """How rows are made: `distractors` beside the oracle, which a share `keep` of the rows keeps.

    `per_passage` questions are asked of a model where no row with evidence is given; at most `limit` rows.
    """

    distractors: int = 3
    keep: float = 1.0
    per_passage: int = 1
    limit: int | None = None
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Source:
    """A question with its answer and the passage that holds it; `quote` stands there verbatim."""

    id: str
    question: str
    answer: str
    passage: str
    document: str
    title: str
    text: str
    quote: str
    kind: Literal["dataset", "generated"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RaftRow:
    """A training row, as the reference script of RAFT writes it (Zhang et al., arXiv 2403.10131)."""

    id: str
    type: str
    question: str
    context: dict[str, list[list[str]]]
    oracle_context: str
    cot_answer: str
    instruction: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RaftReport:
    """What was made of what: everything that decides the rows, and what was left out and why.

    `left_out` counts by reason; `excluded` documents belong to test questions and are in no row.
    """

    file: str
    rows: int
    with_oracle: int
    distractors: int
    keep: float
    seed: int
    corpus: Digest
    index: Digest
    prompt: Digest
    questions: str
    model: str | None
    documents: int
    excluded: int
    licence: str
    left_out: dict[str, int] = field(default_factory=dict[str, int])
