"""What a full report on a RAG system states: the rows, where each value is found, and what was not measured.

The configuration is read from `Arm.rag` by the paths below, nested (`{"corpus": {"digest": …}}`) or flat
(`{"corpus.digest": …}`); what an arm states beyond them is listed too.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from genaiops.arena.model import ROLES, Run
from genaiops.arena.report.words import NOT_MEASURED, clip, number, shown
from genaiops.core import ArmFacts, Comparison, Json, Verdict

CONFIGURATION: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    (
        "Corpus",
        (
            ("digest", "corpus.digest"),
            ("documents", "corpus.documents"),
            ("size", "corpus.size"),
            ("licence", "corpus.licence"),
            ("access control", "corpus.access"),
        ),
    ),
    (
        "Chunks",
        (
            ("parser", "chunk.parser"),
            ("chunker", "chunk.by"),
            ("size, tokens", "chunk.tokens"),
            ("overlap, tokens", "chunk.overlap"),
            ("passages", "chunk.passages"),
        ),
    ),
    (
        "Index",
        (
            ("embedder", "embed.model"),
            ("dimension", "embed.dimension"),
            ("index", "index.kind"),
            ("index recipe", "index.digest"),
        ),
    ),
    (
        "Retrieval",
        (
            ("mode", "search.mode"),
            ("lexical settings", "search.lexical"),
            ("fusion", "search.fusion"),
            ("candidates before reranking", "search.candidates"),
            ("passages after reranking", "search.k"),
            ("reranker", "search.rerank"),
            ("query transforms", "search.transforms"),
        ),
    ),
    (
        "Generation",
        (
            ("prompt", "prompt.digest"),
            ("context budget, tokens", "prompt.context_tokens"),
            ("truncated contexts", "prompt.truncated"),
            ("model", "model.reference"),
            ("revision", "model.revision"),
            ("decoding", "model.decoding"),
            ("seed", "model.seed"),
            ("abstention", "answer.abstention"),
        ),
    ),
    (
        "Questions",
        (
            ("origin", "questions.origin"),
            ("split", "questions.split"),
            ("contamination check", "questions.contamination"),
            ("answerable share", "questions.answerable"),
        ),
    ),
)
"""Groups of (label, path into `Arm.rag`)."""

_MEASURES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("retrieval recall", ("retrieval_recall",)),
    ("retrieval nDCG", ("retrieval_ndcg",)),
    ("retrieval MRR", ("retrieval_mrr",)),
    ("correctness", ("answer_f1", "added_f1", "exact_match", "contains", "semantic_similarity")),
    ("faithfulness", ("groundedness",)),
    ("citation precision", ("citation_precision",)),
    ("citation recall", ("citation_recall",)),
    ("abstention", ("abstention",)),
    ("wrong answers", ("wrong_answers",)),
    ("latency p50 / p95", ("latency_ms",)),
    ("tokens", ("tokens",)),
    ("cost", ("cost_usd",)),
    ("judge, its prompt, agreement with people", ()),
    ("robustness: distractors, injection, stale documents", ()),
)


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the table: a label and what holds for each arm."""

    label: str
    baseline: str
    candidate: str

    @property
    def differs(self) -> bool:
        """Whether the arms differ here."""
        return self.baseline != self.candidate

    @property
    def unknown(self) -> bool:
        """Whether neither arm states it."""
        return self.baseline == NOT_MEASURED and self.candidate == NOT_MEASURED


def configuration(run: Run) -> list[tuple[str, list[Line]]]:
    """Return the table of how both arms were configured, group by group."""
    flat = {role: dict(_flatten(run.arms[role].rag)) for role in ROLES}
    named = {path for _, rows in CONFIGURATION for _, path in rows}
    groups = [(title, [_line(flat, label, path) for label, path in rows]) for title, rows in CONFIGURATION]
    extra = sorted((flat["baseline"].keys() | flat["candidate"].keys()) - named)
    if extra:
        groups.append(("Also stated", [_line(flat, clip(path, 60), path) for path in extra[:40]]))
    return groups


def measures(verdict: Verdict) -> list[Line]:
    """Return what was measured of what a full report states; each by the scorer that measured it."""
    overall = {c.scorer: c for c in verdict.comparisons if c.slice is None}
    lines: list[Line] = []
    for label, scorers in _MEASURES:
        found = [overall[name] for name in scorers if name in overall]
        if not found:
            lines.append(Line(label, NOT_MEASURED, NOT_MEASURED))
        lines += [_measured(label, comparison) for comparison in found]
    return lines


def _measured(label: str, comparison: Comparison) -> Line:
    title = f"{label} ({comparison.scorer})" if comparison.scorer.replace("_", " ") != label else label
    return Line(title, _facts(comparison.baseline, comparison), _facts(comparison.candidate, comparison))


def _facts(facts: ArmFacts, comparison: Comparison) -> str:
    unit = comparison.unit
    if comparison.scorer == "latency_ms":
        return f"{number(facts.p50, unit)} / {number(facts.p95, unit)}"
    return number(facts.mean, unit) + (f" ({facts.missing} missing)" if facts.missing else "")


def _line(flat: Mapping[str, Mapping[str, Json]], label: str, path: str) -> Line:
    left, right = (shown(flat[role].get(path), 160) or NOT_MEASURED for role in ROLES)
    return Line(label, left, right)


def _flatten(value: Mapping[str, Json], prefix: str = "") -> Iterator[tuple[str, Json]]:
    for key, item in value.items():
        if isinstance(item, dict) and item:
            yield from _flatten(item, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", item
