"""A comparison as a real one comes out: 40 questions over 30 documents, some answers hostile."""

import asyncio
import math
from dataclasses import replace

from genaiops.arena.datasets import dataset_digest
from genaiops.arena.judge import judge
from genaiops.arena.model import (
    Arm,
    ArmSource,
    Correct,
    Gate,
    Lock,
    Reuse,
    Row,
    Ruler,
    Run,
    ScorerUse,
    Suite,
)
from genaiops.arena.scorers import build_scorers, score_output, scorer_specs
from genaiops.arena.suites import suite_digest
from genaiops.core import (
    ArmFacts,
    Case,
    Citation,
    Claim,
    ClaimResult,
    ClustersNeeded,
    Comparison,
    CostPerCorrect,
    Interval,
    Output,
    Passage,
    RuleResult,
    Score,
    Span,
    Trace,
    Usage,
    Verdict,
    digest_json,
)

HOSTILE = (
    "\x1b[31mred\x1b[0m \x1b]0;title\x07 <script>alert(1)</script> <img src=x onerror=alert(2)> "
    "\u202egnp.exe\u202c ]]> {{ 7*7 }} {% raw %} </style> \x00\x08 \udcff done"
)
TOPICS = ("Normans", "Computational complexity", "Oxygen", "Steam engine", "Warsaw")
ASKED = (
    "In which country is Normandy, and who gave the region its name?",
    "What is the name of the complexity class of problems solvable in polynomial time?",
    "At what temperature does oxygen condense at standard pressure?",
    "Who designed the separate condenser of the steam engine?",
    "How many inhabitants did the city have in the year that the census was taken?",
)
TRUTHS = ("France", "P", "90.20 K (−182.95 °C)", "James Watt", "1,711,324")


def _case(number: int) -> Case:
    topic = number % 5
    answerable = number % 4 != 3
    return Case(
        id=f"q{number:02d}",
        inputs={"question": ASKED[topic]},
        expected={"answer": TRUTHS[topic] if answerable else None, "answerable": answerable},
        tags={"topic": TOPICS[topic], "document": f"d{number % 30}"},
        cluster=f"d{number % 30}",
    )


CASES = tuple(_case(number) for number in range(40))


def _value(role: str, number: int) -> tuple[float, bool]:
    """Return the score and whether the app abstained: the candidate is wrong less often."""
    answerable = number % 4 != 3
    if role == "baseline":
        return (0.0, False) if number % 5 == 2 or not answerable else (1.0, False)
    if not answerable:
        return (1.0, True) if number % 8 != 7 else (0.0, False)
    return (0.0, True) if number in (12, 22) else (0.0, False) if number == 17 else (1.0, False)


def _output(role: str, number: int) -> Output:
    value, abstained = _value(role, number)
    truth, topic = TRUTHS[number % 5], TOPICS[number % 5]
    text = truth if value else f"It was the {topic.lower()} of the later period, as is widely known."
    text = {0: HOSTILE, 2: "word " * 2_000}.get(number, text) if role == "candidate" else text
    status = "timeout" if (role, number) == ("baseline", 7) else "ok"
    passage = Passage(
        id=f"p{number}",
        document=f"d{number % 30}.md",
        title=topic,
        heading=("History", "Early use"),
        text=f"{truth} is what the article on {topic} says here, in a sentence of some length, for context.",
        score=0.7314159265358979,
    )
    return Output(
        text=None if abstained or status != "ok" else text,
        abstained=abstained,
        status=status,
        error="no answer within 30 s" if status != "ok" else None,
        passages=(passage,),
        citations=(Citation(passage=passage.id, quote=truth),) if value and not abstained else (),
        usage=Usage(input_tokens=310 + number, output_tokens=14, calls=1),
        cost_nanousd=7_300 + 20 * number if role == "baseline" else 8_100 + 20 * number,
        latency_ns=1_060_000_000 + 3_000_000 * number,
        trace_id=f"{role[0]}{number:031x}",
    )


def _rows() -> tuple[Row, ...]:
    return tuple(
        Row(role=role, case=case.id, repeat=0, output=_output(role, number), at="2026-11-23T17:59:01Z")
        for number, case in enumerate(CASES)
        for role in ("baseline", "candidate")
    )


async def _scores(rows: tuple[Row, ...]) -> dict[str, tuple[Score, ...]]:
    scorers = build_scorers(RULER)
    cases = {case.id: case for case in CASES}
    found: dict[str, list[Score]] = {"baseline": [], "candidate": []}
    for row in rows:
        trace = Trace(id=row.output.trace_id)
        found[row.role] += await score_output(scorers, cases[row.case], row.repeat, row.output, trace)
    return {role: tuple(scores) for role, scores in found.items()}


def _span(trace_id: str) -> Span:
    began = 1_795_458_000_000_000_000
    return Span(
        trace_id=trace_id, span_id="0" * 16, name="chat", operation="chat", start_ns=began, end_ns=began + 9
    )


def _arm(role: str) -> Arm:
    better = role == "candidate"
    rag = {
        "corpus": {
            "digest": digest_json("corpus"),
            "documents": 30,
            "licence": "CC BY-SA 4.0",
            "access": "none",
        },
        "chunk": {"parser": "markdown", "by": "heading", "tokens": 130, "overlap": 20, "passages": 342},
        "embed": {"model": "local:minilm-l6", "dimension": 384},
        "index": {"kind": "exact vectors + FTS5"},
        "search": {"mode": "hybrid" if better else "dense", "k": 4, "rerank": "MaxSim" if better else "none"},
        "prompt": {"digest": digest_json(role), "context_tokens": 350},
        "model": {"reference": "local:smollm2-135m", "decoding": "greedy, at most 48 tokens", "seed": 0},
        "answer": {"abstention": "threshold 0.42 (calibration/answer)" if better else "never"},
    }
    source = ArmSource(
        kind="working tree" if better else "git ref",
        ref=None if better else "main",
        commit="4f0c1de" + "0" * 33,
        tree=("a" if better else "b") * 40,
        dirty=better,
        overrides=("params.top_k=4",) if better else (),
    )
    return Arm(role=role, source=source, digest=digest_json([role]), config={"params": {"top_k": 4}}, rag=rag)


_RULER = Ruler(
    name="qa",
    dataset_digest=dataset_digest(CASES),
    scorers=(
        ScorerUse(name="wrong_answers", parameters={"right": "answer_f1", "from": 0.5}),
        ScorerUse(name="answer_f1"),
        ScorerUse(name="citation_precision"),
        ScorerUse(name="semantic_similarity"),
        ScorerUse(name="latency_ms"),
        ScorerUse(name="cost_usd"),
    ),
    slices=("tags.topic", "expected.answerable"),
    gate=Gate(
        claims=(
            Claim(scorer="wrong_answers", kind="better", bound=0.05),
            Claim(scorer="answer_f1", kind="not_worse", bound=0.05),
            Claim(scorer="answer_f1", kind="at_least", bound=0.7),
        ),
        rules=("ratio.cost_usd.mean.high <= 1.20",),
    ),
    correct=Correct(scorer="answer_f1", threshold=0.5),
)
RULER = replace(_RULER, specs=tuple(scorer_specs(_RULER).values()))
SUITE = Suite(ruler=RULER, cases=CASES, digest=suite_digest(RULER))
ROWS = _rows()
SCORES = asyncio.run(_scores(ROWS))


def sample_run(**changes) -> Run:
    """Return the comparison; `changes` replace its fields."""
    rows = ROWS
    run = Run(
        id="20261123-175901-7f3a",
        project="support-assistant",
        suite=SUITE,
        arms={"baseline": _arm("baseline"), "candidate": _arm("candidate")},
        rows=rows,
        scores=SCORES,
        traces=tuple(Trace(id=row.output.trace_id, spans=(_span(row.output.trace_id),)) for row in rows),
        lock=Lock(state="base", attempts=2, verdicts_on_dataset=5),
        seed="5b1f0a77",
        started_at="2026-11-23T17:57:40Z",
        finished_at="2026-11-23T17:59:01Z",
        model_calls=40,
        reuse=Reuse(outputs=40, oldest="2026-11-22T09:12:44Z"),
        environment={"python": "3.11.7", "genaiops": "0.1.0", "platform": "Linux x86_64, 2 cores"},
        prices={"local:smollm2-135m": {"in": 0.02, "out": 0.08}},
        warnings=("The working tree has uncommitted changes; they are part of the candidate's digest.",),
    )
    return replace(run, **changes)


def judged(run: Run):
    """Return the verdict and the facts that follow from a run."""
    return judge(
        run.suite.ruler,
        run.suite.cases,
        run.scores,
        lock=run.lock,
        gate_changed=run.gate_changed,
        gate_from=run.gate_from,
    )


def interval(estimate: float, half: float, cases: int = 40, clusters: int = 30) -> Interval:
    """Return an interval around `estimate`."""
    return Interval(
        estimate=estimate,
        low=estimate - half,
        high=estimate + half,
        cases=cases,
        clusters=clusters,
        g_eff=0.8 * clusters,
    )


def _comparison(scorer, better, unit, before, after, half, **more) -> Comparison:
    cases = more.pop("cases", 40)
    return Comparison(
        scorer=scorer,
        slice=more.pop("slice", None),
        better=better,
        unit=unit,
        baseline=ArmFacts(mean=before, p50=before, p95=before * 1.2, n=cases),
        candidate=ArmFacts(mean=after, p50=after, p95=after * 1.2, n=cases),
        diff=interval(after - before, half, cases, max(cases * 3 // 4, 1)),
        **more,
    )


def _claims(outcome) -> tuple[ClaimResult, ...]:
    """Return the claims' results: one of each decision where the verdict is inconclusive."""
    claims = RULER.gate.claims
    wide = replace(interval(0.025, 0.14), low=-0.03)
    open_ = outcome == "inconclusive"
    return (
        ClaimResult(
            claim=claims[0],
            text="wrong_answers is better by at least 0.05",
            interval=interval(-0.275, 0.118),
            decided_on=replace(interval(-0.262, 0.132)),
            decision="proven",
        ),
        ClaimResult(
            claim=claims[1],
            text="answer_f1 is not worse by more than 0.05",
            interval=replace(wide, low=-0.09) if open_ else wide,
            decided_on=replace(wide, low=-0.11 if open_ else -0.045),
            decision="open" if open_ else "proven",
            needed=ClustersNeeded(planned=64, low=41, high=118, at_estimate=35, have=30.0) if open_ else None,
        ),
        ClaimResult(
            claim=claims[2],
            text="answer_f1 is at least 0.7",
            interval=interval(0.52 if outcome == "fail" else 0.9, 0.08),
            decided_on=interval(0.52 if outcome == "fail" else 0.9, 0.08),
            decision="refuted" if outcome == "fail" else "proven",
        ),
    )


HEADLINES = {
    "pass": "Wrong answers fall from 43 % to 15 %, and cost per correct answer by 20 %.",
    "fail": "answer_f1 stays below 0.7: 0.520 [0.440, 0.600].",
    "inconclusive": "Fewer wrong answers are proven, but a loss of correct ones cannot be ruled out yet.",
}


def sample_verdict(outcome="pass", **changes) -> Verdict:
    """Return a verdict of the sample, one of each decision where it is inconclusive."""
    comparisons = (
        _comparison("answer_f1", "higher", "", 0.575, 0.825, 0.14),
        _comparison("wrong_answers", "lower", "", 0.425, 0.15, 0.118),
        _comparison("latency_ms", "lower", "ms", 1060.4, 1123.9, 71.0),
        _comparison("cost_usd", "lower", "USD", 7.69e-06, 8.49e-06, 4.1e-08),
    )
    slices = tuple(
        _comparison("answer_f1", "higher", "", 0.6, 0.6 + shift, 0.2, slice=f"topic={topic}", cases=8)
        for topic, shift in zip(TOPICS, (0.1, -0.25, 0.3, 0.0, 0.05), strict=True)
    )
    verdict = Verdict(
        outcome=outcome,
        headline=HEADLINES[outcome],
        alpha=0.05,
        suite="qa",
        suite_digest=digest_json("suite"),
        claims=_claims(outcome),
        rules=(
            RuleResult(
                rule="ratio.cost_usd.mean.high <= 1.15",
                outcome="true",
                facts={"ratio.cost_usd.mean.high": math.sqrt(1.21) + 1e-9},
            ),
        ),
        comparisons=comparisons,
        slices=slices,
        cost_per_correct=CostPerCorrect(
            correct="answer_f1 >= 0.5",
            baseline_usd=1.34e-05,
            candidate_usd=1.03e-05,
            ratio=interval(0.769, 0.121),
        ),
        lock="base",
        notes=("groundedness was not measured: this suite has no judge.",),
    )
    return replace(verdict, **changes)
