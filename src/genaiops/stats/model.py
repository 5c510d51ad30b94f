"""What the estimators return: frozen values without logic of their own."""

from dataclasses import dataclass
from typing import Literal

Decision = Literal["proven", "refuted", "open"]
Direction = Literal["above", "below"]
Method = Literal["t", "rate", "fieller", "bootstrap", "jackknife", "betting"]


@dataclass(frozen=True, slots=True)
class Basis:
    """What one limit rests on: `estimate` ± t(`df`) · `se`.

    It differs from the interval's own estimate and error where a pseudo-case was added (see `difference`):
    `pseudo` is then its value and `weight` the number of cases it counts for.
    """

    estimate: float
    se: float
    df: float
    pseudo: float = 0.0
    weight: float = 0.0


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with its two-sided 1 − 2·`alpha` limits; each limit alone is a one-sided test at `alpha`.

    `estimate`, `low`, `high` and `se` are in the unit of the values (no unit for rates and ratios). `n`
    counts cases, `clusters` clusters; `g_eff` = N²/Σn² is the number of equally large clusters that carry as
    much. `n_eff` is the number of independent cases that a rate's limits rest on, and None for everything
    else. Where `decidable` is false, `reason` says why in one line and no claim may be decided on the limits;
    they are −inf and inf where the data give none. Only what `t` and `rate` intervals rest on is a `Basis`:
    elsewhere `lower` and `upper` only repeat the estimate, error and degrees of freedom.
    """

    estimate: float
    low: float
    high: float
    se: float
    df: float
    alpha: float
    n: int
    clusters: int
    g_eff: float
    method: Method
    lower: Basis
    upper: Basis
    n_eff: float | None = None
    decidable: bool = True
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Repeats:
    """Cases with their repeats averaged: `values[i]` is the mean of `counts[i]` rows of the case `cases[i]`.

    `within` is the pooled variance of a single run around its case's mean and `between` the variance of the
    cases' true means; both None where nothing was repeated. They serve planning only.
    """

    cases: tuple[str, ...]
    values: tuple[float, ...]
    counts: tuple[int, ...]
    within: float | None
    between: float | None


@dataclass(frozen=True, slots=True)
class Need:
    """Clusters needed, with the `low` and `high` that the variance's own interval gives.

    None means that no number of clusters reaches the power within a million.
    """

    clusters: int | None
    low: int | None
    high: int | None


@dataclass(frozen=True, slots=True)
class Plan:
    """What it takes to settle an open claim with probability `power`.

    `at_planning` takes the true value to lie the planning distance from the bound. `at_estimate` takes it to
    be the estimate, and is None where the estimate lies on the bound: then no number of cases would settle
    the claim.
    """

    power: float
    at_planning: Need
    at_estimate: Need | None
