"""A study as sections of tables: what the terminal, the page and the Markdown show alike. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from genaiops.arena.report.words import NOT_MEASURED, clip, dollars, interval, number, shown
from genaiops.arena.study.model import (
    Answers,
    Contrast,
    Generation,
    Retrieval,
    Robustness,
    Share,
    StudyReport,
)
from genaiops.core import Interval, Json

SEARCH_WORDS = {
    "dense": "dense (naive)",
    "lexical": "lexical (BM25)",
    "hybrid": "hybrid",
    "rerank": "hybrid + rerank",
}
_SHOWN_MEASURES = ("recall@5", "nDCG@10")


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a table: its cells, the interval to draw beside it, and its tone."""

    cells: tuple[str, ...]
    drawn: Interval | None = None
    tone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of the report: a table under a lead, with notes below. `id` names it in the page."""

    id: str
    title: str
    lead: str = ""
    head: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()
    notes: tuple[str, ...] = ()


def sections(report: StudyReport) -> list[Section]:
    """Return the parts of a report that hold results, in their order."""
    found = [_found(report.retrieval), _contrasts("search-differences", report.retrieval.contrasts, report)]
    if report.retrieval.slices:
        found.append(_slices(report))
    found += _generation(report, report.generation)
    found.append(_robustness(report.robustness))
    return found


def system_rows(report: StudyReport) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return every item of the full report as (group, [(item, value)])."""
    return [
        (group, [(item, told(value)) for item, value in items.items()])
        for group, items in report.system.items()
    ]


def variant_rows(report: StudyReport) -> list[Row]:
    """Return every variant that was tried with what it sets."""
    return [
        Row(
            (
                one.name,
                clip(one.title, 60),
                one.search or "none",
                one.prompt,
                clip(one.model or NOT_MEASURED, 80),
                "yes" if one.measured else "no",
            )
        )
        for one in report.variants
    ]


VARIANT_HEAD = ("variant", "what it is", "search", "prompt", "model", "answers asked for")


def told(value: Json) -> str:
    """Return a fact as one line."""
    if isinstance(value, dict):
        return "; ".join(f"{key}: {told(item)}" for key, item in value.items())
    return clip(shown(value, 700), 700) if value is not None else NOT_MEASURED


def _found(retrieval: Retrieval) -> Section:
    size = (
        f"{retrieval.questions:,} questions in {retrieval.clusters:,} clusters name the passages that hold "
        f"their answer; {retrieval.unanswerable:,} have none, {retrieval.unlabelled:,} do not say. "
        f"Latency is of single questions."
    )
    if retrieval.reason:
        return Section(id="retrieval", title="What each search finds", lead=f"{size} {retrieval.reason}.")
    measures = list(retrieval.found[0].measures)
    rows = [
        Row(
            (
                SEARCH_WORDS[one.search],
                *(number(one.measures[name]) for name in measures),
                f"{number(one.p50_ms, 'ms')} / {number(one.p95_ms, 'ms')}",
            )
        )
        for one in retrieval.found
    ]
    notes = [f"not in the corpus, so found by no search: what {retrieval.missing:,} of the questions name"]
    failed = sum(one.failed for one in retrieval.found)
    notes = notes if retrieval.missing else []
    notes += [f"{failed:,} searches failed and are missing"] if failed else []
    return Section(
        id="retrieval",
        title="What each search finds",
        lead=size,
        head=("search", *measures, "p50 / p95"),
        rows=tuple(rows),
        notes=tuple(notes),
    )


def _contrasts(id: str, contrasts: Sequence[Contrast], report: StudyReport) -> Section:
    shown_ = [one for one in contrasts if id != "search-differences" or one.measure in _SHOWN_MEASURES]
    lead = (
        f"Paired by question, clustered; {1 - 2 * report.alpha:.0%} limits that hold together over all "
        "differences of a measure. Not worse: by 0.05 at most."
    )
    head = ("measure", "variant", "against", "difference", "reads", "shows at 80 % power")
    return Section(
        id=id,
        title="Differences between searches" if id == "search-differences" else "Differences between answers",
        lead=lead,
        head=head,
        rows=tuple(_contrast(one) for one in shown_),
        notes=_whys(shown_),
    )


def _contrast(one: Contrast) -> Row:
    return Row(
        (
            one.measure,
            one.variant,
            one.against,
            interval(one.diff, signed=True),
            one.reading,
            "–" if one.detectable is None else f"from {one.detectable:.3f}",
        ),
        one.diff,
        _tone(one),
    )


def _tone(one: Contrast) -> str:
    return {"better": "better", "worse": "worse", "not worse": "better"}.get(one.reading, "unclear")


def _whys(contrasts: Sequence[Contrast]) -> tuple[str, ...]:
    """Return why comparisons could not be decided, each reason once."""
    found: dict[str, list[str]] = {}
    for one in contrasts:
        if one.why:
            found.setdefault(one.why, []).append(f"{one.variant} against {one.against} ({one.measure})")
    notes = [f"{', '.join(names)}: {why}" for why, names in found.items()]
    needed = [one for one in contrasts if one.reading == "open" and one.needed is not None]
    notes += [
        f"{one.variant} against {one.against} ({one.measure}) is open: about {one.needed:,} clusters show a "
        f"difference of 0.05; there are {one.diff.clusters:,}"
        for one in needed
    ]
    return tuple(notes)


def _slices(report: StudyReport) -> Section:
    rows = [
        Row(
            (
                clip(one.slice or "", 60),
                one.variant,
                f"{one.diff.cases:,}",
                interval(one.diff, signed=True),
                "stands out" if one.stands_out else "",
            ),
            one.diff,
            _tone(one),
        )
        for one in report.retrieval.slices
    ]
    return Section(
        id="slices",
        title="Slices, recall@5 against dense search",
        lead="Each with limits of its own; what stands out is told from luck (Benjamini–Hochberg). "
        "Slices decide nothing.",
        head=("slice", "search", "questions", "difference", ""),
        rows=tuple(rows[:60]),
    )


def _generation(report: StudyReport, generation: Generation | None) -> list[Section]:
    if generation is None:
        return [Section(id="answers", title="What each system answers", lead=f"Answers: {NOT_MEASURED}.")]
    plan = generation.plan
    rows = tuple(
        Row(
            (
                one.variant,
                one.against,
                "–" if one.detectable is None else f"{one.detectable:.3f}",
                "yes" if one.decidable else "no",
            )
        )
        for one in plan.steps
    )
    whys: dict[str, list[str]] = {}
    for one in plan.steps:
        if one.why:
            whys.setdefault(one.why, []).append(f"{one.variant} against {one.against}")
    planned = Section(
        id="plan",
        title="What the answers could show",
        lead=f"Made before the rest was asked for, from {plan.basis}: {plan.calls:,} model calls, "
        f"{plan.tokens:,} tokens, {dollars(plan.cost_usd)}, {plan.minutes:g} minutes ({plan.assumption}).",
        head=("variant", "against", "smallest difference at 80 % power", "decidable"),
        rows=rows,
        notes=tuple(f"{', '.join(names)}: {why}" for why, names in whys.items()),
    )
    if not generation.rows:
        return [planned]
    return [planned, _answers(generation), _contrasts("answer-differences", generation.contrasts, report)]


def _answers(generation: Generation) -> Section:
    head = (
        "variant",
        "right",
        "wrong",
        "silent",
        "wrong of sufficient",
        "wrong of other",
        "citation P / R",
        "abstention P / R",
        "p50 / p95",
        "tokens in / out",
        "cost a right answer",
    )
    reused = generation.reused
    said = f"; {reused.outputs:,} were used again" if reused.outputs else ""
    return Section(
        id="answers",
        title="What each system answers",
        lead=f"{generation.cases:,} questions in {generation.clusters:,} clusters. Right: "
        f"{generation.correct}, or rightly silent; wrong answers are told apart by whether the context that "
        f"was shown is sufficient. {generation.model_calls:,} model calls now{said}. Latency is of answers "
        "computed now, search apart.",
        head=head,
        rows=tuple(Row(_cells(row)) for row in generation.rows),
        notes=tuple(
            f"{row.variant}: {row.failed:,} answers failed, {row.missing:,} are missing"
            for row in generation.rows
            if row.failed or row.missing
        ),
    )


def _cells(row: Answers) -> tuple[str, ...]:
    timed = f"{number(row.p50_ms, 'ms')} / {number(row.p95_ms, 'ms')}" if row.timed else "used again"
    return (
        row.variant,
        f"{row.right:,}",
        f"{row.wrong:,}",
        f"{row.silent:,}",
        _share(row.wrong_sufficient),
        _share(row.wrong_insufficient),
        f"{number(row.citation_precision)} / {number(row.citation_recall)}",
        f"{_share(row.abstention_precision)} / {_share(row.abstention_recall)}",
        timed,
        "–" if row.tokens_in is None else f"{row.tokens_in:,.0f} / {row.tokens_out or 0:,.0f}",
        dollars(row.cost_per_right_usd) if row.right else "none right",
    )


def _share(share: Share) -> str:
    return f"{share.part}/{share.whole}"


def _robustness(robustness: Robustness | None) -> Section:
    if robustness is None or not robustness.trials:
        why = robustness.reason if robustness and robustness.reason else NOT_MEASURED
        return Section(id="robustness", title="Robustness", lead=f"Disturbed contexts: {why}.")
    rows = [
        Row(
            (
                clip(one.name.replace(":", ", "), 60),
                f"{one.cases:,}",
                f"{one.against:,}",
                f"{one.right:,}",
                "–" if one.caught is None else f"{one.caught:,}",
                "–" if one.diff is None else interval(one.diff, signed=True),
            ),
            one.diff,
            "unclear",
        )
        for one in robustness.trials
    ]
    return Section(
        id="robustness",
        title="Robustness",
        lead="The prompt of naive RAG over the passages that hold the answer, and then disturbed. Caught: "
        "the answer has the word that an injected instruction asks for, or what only a stale document says.",
        head=("disturbed by", "questions", "right, undisturbed", "right", "caught", "difference in right"),
        rows=tuple(rows),
    )
