"""What became of every case: right, wrong or abstained on each arm, and where the arms differ."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from genaiops.arena.model import ROLES, Correct, Role, Row, Run
from genaiops.arena.report.words import is_resource
from genaiops.arena.scorers.expected import answerable
from genaiops.core import Case, Json, Score, Trace, Verdict

Fate = Literal["correct", "declined", "abstained", "wrong", "missing"]
"""`declined`: abstained where no answer was right; `abstained`: where one was to be had."""
FATES: tuple[Fate, ...] = ("correct", "declined", "abstained", "wrong", "missing")
FATE_WORDS: dict[Fate, str] = {
    "correct": "correct",
    "declined": "rightly abstained",
    "abstained": "abstained",
    "wrong": "wrong",
    "missing": "missing",
}
_HARM: dict[Fate, int] = {"correct": 0, "declined": 0, "abstained": 2, "missing": 3, "wrong": 4}

Means = Mapping[str, tuple[float | None, float | None]]


@dataclass(frozen=True, slots=True)
class Tally:
    """How an arm's outputs ended, in outputs; `failures` of them were errors or timeouts of the app."""

    counts: dict[Fate, int]
    failures: int

    @property
    def total(self) -> int:
        """All outputs."""
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseView:
    """One case on both arms. `harm` > 0: the candidate did worse. `scores`: means of quality,
    (baseline, candidate). Of repeats, an arm's row is the first that ended as most of them did."""

    case: Case
    rows: Mapping[Role, Row | None]
    traces: Mapping[Role, Trace | None]
    fates: Mapping[Role, Fate | None]
    scores: Means
    harm: float
    reworded: bool

    @property
    def changed(self) -> bool:
        """Whether anything that a reader would want to see differs."""
        return self.reworded or self.harm != 0 or self.fates["baseline"] != self.fates["candidate"]


def tally(run: Run) -> dict[Role, Tally] | None:
    """Return correct, wrong and abstained of each arm; None where the suite does not say what is correct."""
    correct = run.suite.ruler.correct
    if correct is None:
        return None
    fate_of = _judge(run, correct)
    cases = {case.id: case for case in run.suite.cases}
    tallies: dict[Role, Tally] = {}
    for role in ROLES:
        counts: dict[Fate | None, int] = dict.fromkeys((*FATES, None), 0)
        failures = 0
        for row in run.rows:
            if row.role == role and row.case in cases:
                fate = fate_of(row, cases[row.case])
                counts[fate] += fate is not None
                failures += row.output.status in ("app_error", "timeout")
        tallies[role] = Tally({fate: counts[fate] for fate in FATES}, failures)
    return tallies


def view_cases(run: Run, verdict: Verdict) -> list[CaseView]:
    """Return every case on both arms, what got worse first, then what got better, then the rest."""
    better = {
        c.scorer: -1.0 if c.better == "lower" else 1.0 for c in verdict.comparisons if not is_resource(c.unit)
    }
    rows: dict[tuple[Role, str], list[Row]] = defaultdict(list)
    for row in sorted(run.rows, key=lambda row: row.repeat):
        rows[row.role, row.case].append(row)
    judged = _judge(run, run.suite.ruler.correct) if run.suite.ruler.correct else _nothing_said
    means = _means(run)
    traces = {trace.id: trace for trace in run.traces}
    asked = {row.case for row in run.rows}  # a sequential run asks the cases of a prefix only
    views = [_view(case, rows, judged, means, better, traces) for case in run.suite.cases if case.id in asked]
    return sorted(views, key=_order)


def _order(view: CaseView) -> tuple[int, float, str]:
    group = 0 if view.harm > 0 else 1 if view.harm < 0 else 2 if view.changed else 3
    return (group, -abs(view.harm), view.case.id)


def _view(
    case: Case,
    rows: Mapping[tuple[Role, str], Sequence[Row]],
    judged: Callable[[Row, Case], Fate | None],
    means: Mapping[str, Mapping[str, tuple[float | None, float | None]]],
    better: Mapping[str, float],
    traces: Mapping[str, Trace],
) -> CaseView:
    arms: dict[Role, Row | None] = dict.fromkeys(ROLES, None)
    fates: dict[Role, Fate | None] = dict.fromkeys(ROLES, None)
    for role in ROLES:
        if mine := rows.get((role, case.id)):
            arms[role], fates[role] = _typical([(row, judged(row, case)) for row in mine])
    scores = {name: pair for name, pair in means.get(case.id, {}).items() if name in better}
    return CaseView(
        case=case,
        rows=arms,
        traces={role: traces.get(row.output.trace_id) if row else None for role, row in arms.items()},
        fates=fates,
        scores=scores,
        harm=_harm(fates, scores, better),
        reworded=_text(arms["baseline"]) != _text(arms["candidate"]),
    )


def _typical(ended: Sequence[tuple[Row, Fate | None]]) -> tuple[Row, Fate | None]:
    """Return the first repeat that ended as most did."""
    most = Counter(fate for _, fate in ended).most_common(1)[0][0]
    return next(one for one in ended if one[1] == most)


def _nothing_said(row: Row, case: Case) -> None:
    """Judge nothing: the suite does not say what is correct."""


def _harm(fates: Mapping[Role, Fate | None], scores: Means, better: Mapping[str, float]) -> float:
    before, after = fates["baseline"], fates["candidate"]
    if before is not None and after is not None and _HARM[before] != _HARM[after]:
        return float(_HARM[after] - _HARM[before])
    lost = 0.0
    for scorer, (left, right) in scores.items():
        if scorer in better and left is not None and right is not None:
            lost += better[scorer] * (left - right)
    return 0.0 if abs(lost) < 1e-9 else max(-0.99, min(0.99, lost))


def _fate(row: Row, case: Case, score: Score | None, threshold: float) -> Fate | None:
    """Return how an output ended; None where the suite does not say what is right for its case."""
    if row.output.status == "infra_error":
        return "missing"
    if row.output.abstained and row.output.status == "ok":
        return "declined" if answerable(case) is False else "abstained"
    if score is None or score.status == "not_applicable":
        return None
    if score.value is None:
        return "missing"
    return "correct" if score.value >= threshold - 1e-9 else "wrong"


def _judge(run: Run, correct: Correct) -> Callable[[Row, Case], Fate | None]:
    judged = {
        (role, score.case, score.repeat): score
        for role in ROLES
        for score in run.scores.get(role, ())
        if score.scorer == correct.scorer
    }
    return lambda row, case: _fate(row, case, judged.get((row.role, row.case, row.repeat)), correct.threshold)


def _means(run: Run) -> dict[str, dict[str, tuple[float | None, float | None]]]:
    values: dict[tuple[str, str], dict[Role, list[float]]] = defaultdict(
        lambda: {"baseline": [], "candidate": []}
    )
    for role in ROLES:
        for score in run.scores.get(role, ()):
            if _counts(score):
                values[score.case, score.scorer][role].append(score.value or 0.0)
    found: dict[str, dict[str, tuple[float | None, float | None]]] = defaultdict(dict)
    for (case, scorer), sides in values.items():
        found[case][scorer] = (_mean(sides["baseline"]), _mean(sides["candidate"]))
    return dict(found)


def _counts(score: Score) -> bool:
    return score.status == "ok" and score.value is not None


def _mean(values: list[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _text(row: Row | None) -> tuple[str | None, Json, bool, str] | None:
    if row is None:
        return None
    return (row.output.text, row.output.data, row.output.abstained, row.output.status)
