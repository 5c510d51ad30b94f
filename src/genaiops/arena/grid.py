"""Scores laid out by case: one value an arm and case, repeats averaged, missing rows counted.

Cases stand sorted by id, so that no sum depends on the order in which scores arrive.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from genaiops.arena.model import ROLES, Role, Ruler
from genaiops.arena.scorers import scorer_specs
from genaiops.core import Case, Score, ScorerSpec, UserError
from genaiops.stats import cluster_codes

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

MOST_MISSING = 0.01
_TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True)
class Side:
    """One scorer on one arm, an entry a case: the value (NaN without one), and how many rows are missing."""

    values: FloatArray
    missing_rows: IntArray


@dataclass(frozen=True, slots=True)
class Column:
    """One scorer on both arms. `applies`: the scorer says something of the case; `repeats`: rows a case."""

    spec: ScorerSpec
    sides: Mapping[Role, Side]
    applies: BoolArray
    repeats: int

    def paired(self, rows: IntArray) -> IntArray:
        """Return those of `rows` that have a value on both sides."""
        both = np.isfinite(self.sides["baseline"].values) & np.isfinite(self.sides["candidate"].values)
        return rows[both[rows]]

    def missing_share(self, role: Role, rows: IntArray) -> float:
        """Return which share of the rows that should be there is missing on one side."""
        expected = int(self.applies[rows].sum()) * self.repeats
        return float(self.sides[role].missing_rows[rows].sum()) / expected if expected else 0.0

    def too_much_missing(self, rows: IntArray) -> str:
        """Return why missing rows leave a claim open, or nothing."""
        parts = [
            f"{share:.1%} of the rows are missing on the {role}"
            for role in ROLES
            if (share := self.missing_share(role, rows)) > MOST_MISSING + _TOLERANCE
        ]
        return " and ".join(parts) + f" (at most {MOST_MISSING:.0%} may be)" if parts else ""


@dataclass(frozen=True, slots=True)
class Grid:
    """All scores of a comparison. `codes` numbers the cluster of each case."""

    cases: tuple[Case, ...]
    codes: IntArray
    columns: Mapping[str, Column]

    @property
    def everything(self) -> IntArray:
        """All rows."""
        return np.arange(len(self.cases), dtype=np.int64)


def lay_out(ruler: Ruler, cases: Sequence[Case], scores: Mapping[Role, Sequence[Score]]) -> Grid:
    """Return the grid; raises `UserError` where scores do not belong to the suite."""
    ordered = tuple(sorted(cases, key=lambda case: case.id))
    index = {case.id: row for row, case in enumerate(ordered)}
    specs = scorer_specs(ruler)
    found = {role: _by_scorer(scores.get(role, ()), index, specs) for role in ROLES}
    columns = {
        name: _column(spec, {role: found[role].get(name, {}) for role in ROLES}, len(ordered), ruler.repeats)
        for name, spec in specs.items()
    }
    return Grid(ordered, cluster_codes([case.cluster for case in ordered]), columns)


_Rows = dict[int, dict[int, Score]]


def _by_scorer(
    scores: Sequence[Score], index: Mapping[str, int], specs: Mapping[str, ScorerSpec]
) -> dict[str, _Rows]:
    """Return scores by scorer, case and repeat; those of scorers outside the suite are left out."""
    found: dict[str, _Rows] = {}
    for score in scores:
        spec = specs.get(score.scorer)
        if spec is None:
            continue
        if score.case not in index:
            raise _not_of_the_suite(score, "the suite has no such case")
        repeats = found.setdefault(score.scorer, {}).setdefault(index[score.case], {})
        if score.repeat in repeats:
            raise _not_of_the_suite(score, "it stands twice")
        if score.status == "ok" and not _allowed(spec, score.value):
            raise _not_of_the_suite(score, f"{score.value!r} is outside of what the scorer can say")
        repeats[score.repeat] = score
    return found


def _allowed(spec: ScorerSpec, value: float | None) -> bool:
    low = -math.inf if spec.low is None else spec.low - _TOLERANCE
    high = math.inf if spec.high is None else spec.high + _TOLERANCE
    return value is not None and math.isfinite(value) and low <= value <= high


def _not_of_the_suite(score: Score, why: str) -> UserError:
    return UserError(
        "GAO-ARENA-131",
        f"a score does not fit the suite: {score.scorer} of case {score.case!r}, repeat {score.repeat}",
        why=why,
        fix="score the outputs again with this suite (genaiops arena rescore)",
    )


def _column(spec: ScorerSpec, rows: Mapping[Role, _Rows], cases: int, repeats: int) -> Column:
    repeats = max(repeats, *(1 + max(by, default=0) for side in rows.values() for by in side.values()), 1)
    silent = {role: {row for row, by in side.items() if _all_silent(by)} for role, side in rows.items()}
    # one arm says "not applicable", and the other nothing that contradicts it
    skipped = {
        row
        for row in silent["baseline"] | silent["candidate"]
        if all(row in silent[role] or row not in rows[role] for role in ROLES)
    }
    applies = np.ones(cases, dtype=np.bool_)
    applies[sorted(skipped)] = False
    return Column(spec, {role: _side(rows[role], applies, repeats) for role in ROLES}, applies, repeats)


def _all_silent(by_repeat: Mapping[int, Score]) -> bool:
    return all(score.status == "not_applicable" for score in by_repeat.values())


def _side(rows: _Rows, applies: BoolArray, repeats: int) -> Side:
    values = np.full(applies.size, np.nan)
    missing = np.where(applies, repeats, 0).astype(np.int64)
    for row, by_repeat in rows.items():
        told = [by_repeat[key].value for key in sorted(by_repeat) if by_repeat[key].status == "ok"]
        known = [value for value in told if value is not None]
        if known and applies[row]:
            values[row] = math.fsum(known) / len(known)
            missing[row] -= len(known)
    return Side(values, missing)
