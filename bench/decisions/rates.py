"""How often is a rate or a ratio proven or refuted falsely, where its true value is the bound?

    python -m bench.decisions.rates [--draws 20000]

Rates are decided many draws at once and checked against the product's own calls, ratios by those calls alone.
The bootstraps are slow, so their ratios get fewer draws, and each row says how many. Run alone, it does the
ratios; the rates belong to simulate.py.
"""

from collections.abc import Callable

import numpy as np
from bench.decisions.many import TIE, Array, Codes, rate_limits, same
from bench.decisions.record import ALPHA, Row, allowed, run
from bench.decisions.regimes import Rng, breaks, equal, normal

from genaiops import stats

SEED = 20261126
BATCH, CHECKED = 500, 1
Z = 1.6448536269514722  # the normal quantile of 1 − alpha


def rate_rows(draws: int) -> list[Row]:
    """Return the errors of rates, with Wald's interval over rows beside."""
    rng = np.random.default_rng([SEED, 1])
    return [
        _rate_row(rng, equal(clusters, size), rate, icc, draws)
        for clusters, size in ((60, 1), (200, 1), (20, 10), (50, 4), (10, 6))
        for rate in (0.5, 0.8, 0.95, 0.98)
        for icc in ((0.0,) if size == 1 else (0.0, 0.3, 0.6))
    ]


def _rate_row(rng: Rng, codes: Codes, rate: float, icc: float, draws: int) -> Row:
    clusters, n = int(codes.max()) + 1, codes.size
    proven = refuted = wald = checked = done = 0
    while done < draws:
        hits = 1.0 - breaks(rng, min(BATCH, draws - done), codes, 1.0 - rate, icc)
        found = rate_limits(hits, codes, ALPHA)
        checked += same([stats.rate_interval(row, codes, ALPHA) for row in hits[:CHECKED]], found, rate)
        proven += int(found.proven(rate).sum())
        refuted += int(found.refuted(rate).sum())
        mean = hits.mean(axis=1)
        wald += int((mean - Z * np.sqrt(mean * (1.0 - mean) / n) > rate + TIE).sum())
        done += len(hits)
    what = f"rate {rate:g}, {clusters} clusters of {n // clusters}, ICC {icc:g}"
    row = _row("rates", what, draws, proven, refuted)
    return row | {"checked by calls": checked, "naive": {"Wald's interval of rows": wald / draws}}


def ratio_rows(kind: str, clusters: int, size: int, icc: float, draws: int) -> list[Row]:
    """Return the errors of one kind of ratio: of means, of costs per correct answer, or of p95."""
    ratio, one_in = KINDS[kind]
    rng = np.random.default_rng([SEED, 2, clusters, size, one_in])
    return [_ratio_row(kind, ratio, equal(clusters, size), icc, draws // one_in, rng)]


Ratio = Callable[[Array, Array, Array, Array, Codes, int], stats.Interval]


def _means(new: Array, old: Array, right: Array, was: Array, codes: Codes, key: int) -> stats.Interval:
    return stats.ratio_of_means(new, old, codes, ALPHA)


def _costs(new: Array, old: Array, right: Array, was: Array, codes: Codes, key: int) -> stats.Interval:
    return stats.ratio_of_ratios((new, right), (old, was), codes, ALPHA, key=key)


def _p95(new: Array, old: Array, right: Array, was: Array, codes: Codes, key: int) -> stats.Interval:
    return stats.quantile_ratio(new, old, codes, ALPHA, key=key)


KINDS: dict[str, tuple[Ratio, int]] = {
    "ratio of means": (_means, 1),
    "ratio of costs per correct": (_costs, 20),
    "ratio of p95": (_p95, 100),
}
"""How to compute each kind, and one draw in how many it gets."""


def _ratio_row(kind: str, ratio: Ratio, codes: Codes, icc: float, draws: int, rng: Rng) -> Row:
    above = below = 0
    for key in range(draws):
        hardness = normal(rng, 1, codes, icc)[0]
        new, old = np.exp(0.5 * hardness + 0.5 * normal(rng, 2, codes, icc))
        right, was = (normal(rng, 2, codes, icc) < 0.5).astype(float)
        interval = ratio(new, old, right, was, codes, key)
        above += interval.decidable and interval.low > 1.0
        below += interval.decidable and interval.high < 1.0
    clusters = int(codes.max()) + 1
    what = f"{kind}, {clusters} clusters of {codes.size // clusters}, ICC {icc:g}"
    return _row("ratios", what, draws, above, below)


def _row(group: str, regime: str, draws: int, proven: int, refuted: int) -> Row:
    return {
        "group": group,
        "regime": regime,
        "draws": draws,
        "checked by calls": draws,
        "allowed": allowed(draws),
        "false_proven": proven / draws,
        "false_refuted": refuted / draws,
        "holds": max(proven, refuted) / draws <= allowed(draws),
        "naive": {},
    }


def main() -> None:
    """Run the ratios, write bench/results/ratios.json."""
    suites = (10, 6, 0.3), (20, 10, 0.3), (60, 1, 0.0), (200, 1, 0.0)
    long = (400, 1, 0.0), (50, 10, 0.3), (20, 25, 0.3)
    jobs = [(kind, *suite) for kind in KINDS for suite in (long if kind == "ratio of p95" else suites)]
    run("ratios", str(__doc__).splitlines()[0], [(ratio_rows, job) for job in jobs])


if __name__ == "__main__":
    main()
