"""Two indexes asked the same questions, and what ARENA's own statistics say of the difference.

Questions of a suite that state where their answer stands decide: recall and reciprocal rank, paired, by the
clusters of the suite. Questions that people asked only describe: nobody said what they should have found.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from genaiops import stats
from genaiops.app import LOCAL_USER, Held, SuiteConfig
from genaiops.arena.compare import compare_all, quantile
from genaiops.arena.gate import decide_claims, outcome_of
from genaiops.arena.grid import lay_out
from genaiops.arena.model import ROLES, Role, Suite
from genaiops.arena.report.intervals import needed
from genaiops.arena.scorers import build_scorers, score_output
from genaiops.arena.scorers.expected import gold
from genaiops.arena.study.asked import query_of
from genaiops.arena.suites import resolve_suite
from genaiops.core import (
    Case,
    ClaimResult,
    Comparison,
    Digest,
    GenaiopsError,
    Output,
    Passage,
    Score,
    Trace,
)
from genaiops.knowledge import Query, retrieve_all
from genaiops.work import Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """What the new index must show: fall by less than `margin` among the first `k`."""

    k: int = 5
    margin: float = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What a suite's questions say. `comparisons` are new − old; latency, among them, decides nothing."""

    suite: str
    questions: int
    outcome: str
    claims: tuple[ClaimResult, ...]
    comparisons: tuple[Comparison, ...]
    errors: Mapping[Role, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What questions without an expectation show, old beside new; no test, as nobody knows what is right.

    `overlap`: the mean share of the first k that both found, by `by`; `other_first`: the share of questions
    whose first hit is another; `latency_p95_ms`: milliseconds of a whole search, embedding included.
    """

    questions: int
    by: str
    overlap: float | None
    other_first: float | None
    latency_p95_ms: Mapping[Role, float]
    errors: Mapping[Role, int]


@dataclass(frozen=True, slots=True)
class _Found:
    passages: tuple[Passage, ...]
    seconds: float
    error: str = ""


def askable(cases: Sequence[Case]) -> list[Case]:
    """Return the cases that ask one question in words, and state where the answer stands."""
    return [case for case in cases if isinstance(case.inputs.get("question"), str) and gold(case)]


async def judge_suite(
    name: str,
    cases: Sequence[Case],
    dataset: Digest,
    sides: Mapping[Role, Held],
    bar: Bar,
    progress: Progress,
) -> Judged:
    """Return what the questions of a suite say of the candidate beside the baseline."""
    suite = _suite(name, cases, dataset, bar)
    scorers = build_scorers(suite.ruler)
    scores: dict[Role, list[Score]] = {role: [] for role in ROLES}
    errors: dict[Role, int] = dict.fromkeys(ROLES, 0)
    for at, case in enumerate(suite.cases):
        found = await _ask(query_of(case), sides, bar.k, at)
        for role in ROLES:
            errors[role] += bool(found[role].error)
            scores[role] += await score_output(scorers, case, 0, _output(found[role]), Trace(id=""))
        progress.advance()
    grid = lay_out(suite.ruler, suite.cases, scores)
    claims = decide_claims(suite.ruler, grid)
    return Judged(
        suite=name,
        questions=len(suite.cases),
        outcome="fail" if errors["candidate"] else outcome_of(claims, ()),
        claims=claims,
        comparisons=compare_all(suite.ruler, grid),
        errors=errors,
    )


async def see(queries: Sequence[Query], sides: Mapping[Role, Held], k: int, progress: Progress) -> Seen:
    """Return how the two indexes differ on questions that people asked."""
    alike = sides["baseline"].index.recipe.chunk == sides["candidate"].index.recipe.chunk
    all_found: list[Mapping[Role, _Found]] = []
    for at, query in enumerate(queries):
        all_found.append(await _ask(query, sides, k, at))
        progress.advance()
    both = [found for found in all_found if not any(found[role].error for role in ROLES)]
    pairs = [tuple(_names(found[role].passages, alike) for role in ROLES) for found in both]
    return Seen(
        questions=len(queries),
        by="passage" if alike else "document",
        overlap=_mean([_shared(old, new) for old, new in pairs]),
        other_first=_mean([float(old[:1] != new[:1]) for old, new in pairs]),
        latency_p95_ms={
            role: quantile([1000 * found[role].seconds for found in all_found], 0.95) for role in ROLES
        },
        errors={role: sum(bool(found[role].error) for found in all_found) for role in ROLES},
    )


def said(judged: Judged) -> list[str]:
    """Return what a suite's questions say in words: claims with intervals, and what would settle them."""
    lines: list[str] = []
    for claim in judged.claims:
        shown = claim.decided_on
        low, high = (f"{end:+.3f}" if end is not None else "open" for end in (shown.low, shown.high))
        estimate = claim.interval.estimate
        size = "unknown" if estimate is None else f"{estimate:+.3f}"
        lines.append(
            f"{claim.text}: {claim.decision} ({size}, {low} to {high}, {shown.cases:,} questions in "
            f"{shown.clusters:,} clusters)" + (f"; {claim.note}" if claim.note else "")
        )
        lines += [text] if (text := needed(claim)) else []
    if count := judged.errors["candidate"]:
        lines.append(f"the new index failed at {count:,} questions")
    return lines


def _suite(name: str, cases: Sequence[Case], dataset: Digest, bar: Bar) -> Suite:
    scorers = ("retrieval_recall", "retrieval_mrr")
    config = SuiteConfig.model_validate(
        {
            "dataset": name,
            "scorers": [*({scorer: {"k": bar.k}} for scorer in scorers), "latency_ms"],
            "discover": False,
            "gate": {
                "claims": [{"scorer": scorer, "is": "not_worse", "margin": bar.margin} for scorer in scorers]
            },
        }
    )
    return resolve_suite(name, config, cases, dataset)


async def _ask(query: Query, sides: Mapping[Role, Held], k: int, at: int) -> dict[Role, _Found]:
    """Ask both, in turns first, so that neither is always the one that finds the machine warm."""
    order = ROLES if at % 2 == 0 else (ROLES[1], ROLES[0])
    return {role: await _search(query, sides[role], k) for role in cast("tuple[Role, ...]", order)}


async def _search(query: Query, held: Held, k: int) -> _Found:
    start = time.perf_counter()
    try:
        found = await retrieve_all(
            held.index, held.embedder, [query], k, principal=LOCAL_USER, snapshot=held.snapshot
        )
    except GenaiopsError as error:
        return _Found((), time.perf_counter() - start, f"{error.code}: {error.what}")
    return _Found(tuple(found[0]), time.perf_counter() - start)


def _output(found: _Found) -> Output:
    # a search that fails is a failure of what is compared, and no accident beside it
    return Output(
        text="",
        passages=found.passages,
        latency_ns=int(found.seconds * 1e9),
        status="app_error" if found.error else "ok",
        error=found.error or None,
    )


def _names(passages: Sequence[Passage], alike: bool) -> list[str]:
    return list(dict.fromkeys(one.id if alike else one.document for one in passages))


def _shared(old: Sequence[str], new: Sequence[str]) -> float:
    longest = max(len(old), len(new))
    return len(set(old) & set(new)) / longest if longest else 1.0


def _mean(values: Sequence[float]) -> float | None:
    return stats.round_sig(sum(values) / len(values)) if values else None
