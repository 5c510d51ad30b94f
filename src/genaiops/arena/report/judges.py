"""Judges: which model each is, how far it agrees with people, and the sample that a claim still needs."""

from collections.abc import Iterator
from dataclasses import dataclass

from markupsafe import Markup

from genaiops.arena.judges import judging_facts
from genaiops.arena.model import Judge, Run
from genaiops.arena.report.intervals import picture
from genaiops.arena.report.words import clip, interval
from genaiops.core import Interval, JudgeAgreement, Verdict

_NAMES = {
    "kappa": ("Cohen’s κ", "same verdict, beyond chance"),
    "alpha": ("Krippendorff’s α", "near values, beyond chance"),
    "tpr": ("true positive rate", "says at least 0.5 where people do"),
    "tnr": ("true negative rate", "says less than 0.5 where people do"),
    "between_authors": ("people among themselves", "α between authors"),
}


@dataclass(frozen=True, slots=True)
class AgreementRow:
    """One number of a judge's agreement, as it is shown."""

    name: str
    meaning: str
    numbers: str
    picture: Markup


@dataclass(frozen=True, slots=True)
class JudgeView:
    """A judge as it is shown.

    `alone` is what it shows by itself where people's labels decide; `needed`, the sample with which they
    would; `took`, what it was asked in this run and what it was tried with.
    """

    name: str
    model: str
    said: str
    rows: tuple[AgreementRow, ...]
    alone: str
    needed: str
    took: str


def judges(run: Run, verdict: Verdict) -> list[JudgeView]:
    """Return the judges of a run's suite."""
    known = {one.judge: one for one in verdict.judges}
    return [_view(run, verdict, judge, known.get(judge.name)) for judge in run.suite.ruler.judges]


def judge_lines(run: Run, verdict: Verdict) -> list[str]:
    """Return for each judge its model, how far it agrees with people, and what is needed: a line each."""
    return [
        " ".join(
            part
            for part in (f"Judge {view.name} ({view.model}):", _brief(view), view.alone, view.needed)
            if part
        )
        for view in judges(run, verdict)
    ]


def _view(run: Run, verdict: Verdict, judge: Judge, one: JudgeAgreement | None) -> JudgeView:
    if one is None:
        said = "Nobody has labelled an answer beside it."
    else:
        people = "1 person" if one.authors == 1 else f"{one.authors:,} people"
        said = f"Compared with {people} on {one.answers:,} answers."
        said += f" {clip(one.reason, 300)}." if one.reason else ""
    return JudgeView(
        name=clip(judge.name, 60),
        model=clip(judge.model, 80),
        said=said,
        rows=tuple(_rows(one)) if one else (),
        alone=" ".join(_alone(verdict, judge)),
        needed=_needed(run, verdict, judge),
        took=next((f"{judging_facts(did)}." for did in run.judging if did.judge == judge.name), ""),
    )


def _rows(one: JudgeAgreement) -> Iterator[AgreementRow]:
    for field, (name, meaning) in _NAMES.items():
        found: Interval | None = getattr(one, field)
        if found is None:
            continue
        numbers = interval(found)
        drawn = picture(found, zero=None, ends=(0.0, 1.0), unit="", tone="plain", label=f"{name}: {numbers}")
        yield AgreementRow(name, meaning, numbers, drawn)


def _brief(view: JudgeView) -> str:
    numbers = "; ".join(f"{row.name} {row.numbers}" for row in view.rows)
    return f"{view.said} {numbers}." if numbers else view.said


def _alone(verdict: Verdict, judge: Judge) -> Iterator[str]:
    for result in verdict.claims:
        judged, claim = result.judged_by, result.claim
        if judged is not None and judged.raw is not None and judged.judge == judge.name:
            where = f" where {clip(claim.slice, 80)}" if claim.slice else ""
            yield f"Alone it shows {interval(judged.raw, signed=claim.kind != 'at_least')}{where}."


def _needed(run: Run, verdict: Verdict, judge: Judge) -> str:
    """Return the command for the sample that decides every claim on people's labels that it can decide."""
    marks = [
        result.judged_by
        for result in verdict.claims
        if result.judged_by is not None and result.judged_by.judge == judge.name
    ]
    sample = max((mark.sample for mark in marks if mark.sample is not None), default=None)
    if sample is None:
        return ""
    labelled = len({label.case for label in run.labels if label.annotation.name == judge.name})
    return (
        f"To decide on people’s labels, label {sample - labelled:,} more cases: "
        f"genaiops arena label {clip(run.id, 60)} --sample {sample}"
    )
