"""How far a judge agrees with people, over the answers that both graded: one row an answer, by cluster. Pure.

People's value of an answer is the mean of their labels. An answer that both arms gave counts once. A judge
of pairs gives each case two values that mirror each other, so only the candidate's counts.
"""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from genaiops import stats
from genaiops.arena.compare import shown
from genaiops.arena.model import ROLES, Judge, Label, Role, Ruler
from genaiops.arena.scale import judge_named, nearest
from genaiops.core import Case, Interval, JudgeAgreement, Score

_SPLIT = 0.5
"""From here on a value counts as a yes: for the rates of a judge."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Graded:
    """An answer with the judge's value, and each person's. An answer of both arms stands under the first."""

    role: Role
    case: str
    judge: float
    people: Mapping[str, float]

    @property
    def human(self) -> float:
        """The mean of what people said."""
        return math.fsum(self.people.values()) / len(self.people)


def agreement_of(
    ruler: Ruler,
    cases: Sequence[Case],
    scores: Mapping[Role, Sequence[Score]],
    labels: Sequence[Label],
    scorer: str,
) -> JudgeAgreement:
    """Return how the judge `scorer` of `ruler` and the people who gave `labels` agree, at the gate's alpha.

    Labels that code gave, of other scorers, or of answers that the judge could not grade do not count. Of
    two labels of one author on one answer the later stands. Raises `ValueError` where `scorer` is no judge.
    """
    judge = judge_named(ruler, scorer)
    clusters_of = {case.id: case.cluster for case in cases}
    graded = [one for one in graded_answers(judge, scores, labels) if one.case in clusters_of]
    authors = sorted({author for one in graded for author in one.people})
    found = JudgeAgreement(judge=scorer, answers=len(graded), authors=len(authors))
    if not graded:
        return replace(found, reason="no answer has a value of the judge and a label of a person")
    alpha = ruler.gate.alpha
    clusters = [clusters_of[one.case] for one in graded]
    words = [[nearest(judge, value) for value in (one.judge, one.human)] for one in graded]
    kappa = shown(stats.cohens_kappa([a for a, _ in words], [b for _, b in words], clusters, alpha))
    pairs = [[one.judge, one.human] for one in graded]
    together = shown(stats.krippendorff_alpha(pairs, clusters, alpha, level="interval"))
    between = _between(graded, authors, clusters, alpha)
    tpr, tnr, one_sided = _rates(graded, clusters, alpha)
    measured = {"kappa": kappa, "alpha": together, "between_authors": between}
    reasons = [f"{name}: {one.reason}" for name, one in measured.items() if one and one.estimate is None]
    return replace(
        found,
        kappa=_defined(kappa),
        alpha=_defined(together),
        tpr=tpr,
        tnr=tnr,
        between_authors=_defined(between),
        reason="; ".join([*reasons, *([one_sided] if one_sided else [])]),
    )


def graded_answers(
    judge: Judge, scores: Mapping[Role, Sequence[Score]], labels: Sequence[Label]
) -> list[Graded]:
    """Return the answers that both the judge and people graded, each once, by case and answer."""
    roles = ROLES if judge.form == "answer" else ROLES[1:]
    values = {
        (role, one.case): one.value
        for role in roles
        for one in scores.get(role, ())
        if one.scorer == judge.name and one.repeat == 0 and one.status == "ok" and one.value is not None
    }
    said: dict[tuple[str, str], dict[str, float]] = defaultdict(dict)
    places: dict[tuple[str, str], set[Role]] = defaultdict(set)
    for label in sorted(labels, key=lambda one: one.annotation.at):
        note = label.annotation
        if note.name != judge.name or note.by != "human" or note.value is None:
            continue
        if (label.role, label.case) in values:
            said[label.case, note.subject][note.author] = note.value
            places[label.case, note.subject].add(label.role)
    found: list[Graded] = []
    for case, subject in sorted(said):
        role = min(places[case, subject])
        people = said[case, subject]
        found.append(Graded(role=role, case=case, judge=values[role, case], people=people))
    return found


def _rates(
    graded: Sequence[Graded], clusters: Sequence[str], alpha: float
) -> tuple[Interval | None, Interval | None, str]:
    yes = [float(one.human >= _SPLIT) for one in graded]
    if len(set(yes)) < 2:
        side = "at least" if yes[0] else "below"
        return None, None, f"tpr, tnr: people put every answer {side} {_SPLIT:g}"
    rates = stats.judge_rates([float(one.judge >= _SPLIT) for one in graded], yes, clusters, alpha)
    return shown(rates[0]), shown(rates[1]), ""


def _between(
    graded: Sequence[Graded], authors: Sequence[str], clusters: Sequence[str], alpha: float
) -> Interval | None:
    if not any(len(one.people) > 1 for one in graded):
        return None
    ratings = [[one.people.get(author) for author in authors] for one in graded]
    return shown(stats.krippendorff_alpha(ratings, clusters, alpha, level="interval"))


def _defined(interval: Interval | None) -> Interval | None:
    return interval if interval and interval.estimate is not None else None
