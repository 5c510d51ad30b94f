"""How far labelling has come, and what it says of the judge: as values, and as a few lines. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from genaiops.arena.labels.agreement import agreement_of
from genaiops.arena.model import Judge, Label, Run
from genaiops.arena.report.words import interval
from genaiops.core import Interval, JudgeAgreement


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelReport:
    """What `arena label --json` prints.

    Of the `sample` cases that were drawn, the first `complete` have a label on both arms, and count. `asked`
    counts what there is to label, `missing` what `author` has not; None where no author was named.
    """

    run: str
    scorer: str
    sample: int
    complete: int
    asked: int
    author: str | None
    missing: int | None
    agreement: JudgeAgreement


def report_of(
    run: Run,
    judge: Judge,
    labels: Sequence[Label],
    *,
    sample: int,
    asked: int,
    author: str | None = None,
    missing: int | None = None,
) -> LabelReport:
    """Return the report of the `labels` that may count."""
    return LabelReport(
        run=run.id,
        scorer=judge.name,
        sample=sample,
        complete=min(sample, len({label.case for label in labels})),
        asked=asked,
        author=author,
        missing=missing,
        agreement=agreement_of(run.suite.ruler, run.suite.cases, run.scores, labels, judge.name),
    )


def render_report(report: LabelReport) -> str:
    """Return the report as text."""
    return "\n".join(_lines(report))


def _lines(report: LabelReport) -> Iterator[str]:
    counted = {0: "none", report.sample: "all"}.get(report.complete, f"the first {report.complete}")
    head = f"{report.scorer} · run {report.run} · labelled on both arms: "
    yield f"{head}{counted} of {report.sample} sampled cases"
    if report.missing:
        yield f"{report.missing} of {report.asked} rows to do by {report.author}: the same command goes on"
        return  # a number seen half-way would steer the rest
    yield from _agreement(report.agreement)
    if report.complete:
        yield ""
        yield (
            f"{report.complete} sampled cases are labelled: run `genaiops arena run` again, "
            f"and claims on {report.scorer} take them into account"
        )


_NAMES = (
    ("kappa", "Cohen's kappa"),
    ("alpha", "Krippendorff's alpha"),
    ("tpr", "says yes where people do"),
    ("tnr", "says no where people do"),
    ("between_authors", "alpha between people"),
)


def _agreement(found: JudgeAgreement) -> Iterator[str]:
    if not found.answers:
        yield f"agreement: {found.reason}"
        return
    people = "1 person" if found.authors == 1 else f"{found.authors} people"
    yield f"the judge and {people} on {found.answers} answers:"
    for key, name in _NAMES:
        one: Interval | None = getattr(found, key)
        if one is not None:
            why = f"  ({one.reason})" if one.reason else ""
            yield f"  {name:<26} {interval(one)}{why}"
    if found.reason:
        yield f"  not defined: {found.reason}"
