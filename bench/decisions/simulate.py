"""How often is a claim proven or refuted falsely, and how much power is left? Naive rules stand beside.

    python -m bench.decisions.simulate [--draws 20000]

Every null draws data whose true value lies exactly on the claim's bound, so that each "proven" is false; the
share of them must not exceed alpha by more than three Monte-Carlo errors. Means, differences and rates are
decided many draws at once and checked against the product's own calls (many.py).
"""

import numpy as np
from bench.decisions import naive
from bench.decisions.many import Guard, agree, limits
from bench.decisions.power import SUITES, power_rows
from bench.decisions.rates import rate_rows
from bench.decisions.record import ALPHA, Row, allowed, run
from bench.decisions.regimes import equal, normal, regimes

SEED = 20261123
BATCH, CHECKED = 400, 2
TRIES = 5


def null_rows(index: int, draws: int) -> list[Row]:
    """Return how often one null passes: by our rule, with other pseudo-cases, and by naive rules."""
    regime, rng = regimes()[index], np.random.default_rng([SEED, index])
    counts = dict.fromkeys(("proven", "refuted", "undecidable", "unguarded", "one case"), 0)
    beside: dict[str, int] = {}
    checked = done = 0
    while done < draws:
        batch = regime.draw(rng, min(BATCH, draws - done))
        pairs = batch.candidate - batch.baseline
        found = limits(pairs, batch.codes, ALPHA, regime.guard)
        checked += agree(pairs, batch.codes, ALPHA, regime.guard, found, regime.bound, CHECKED)
        counts["proven"] += int(found.proven(regime.bound).sum())
        counts["refuted"] += int(found.refuted(regime.bound).sum())
        counts["undecidable"] += 0 if found.decidable else len(pairs)
        for name, guard in (("unguarded", None), ("one case", Guard(together=1.0))):
            if regime.guarded:
                counts[name] += int(limits(pairs, batch.codes, ALPHA, guard).proven(regime.bound).sum())
        for rule, passed in naive.passes(batch, regime.bound, rng).items():
            beside[rule] = beside.get(rule, 0) + int(passed.sum())
        done += len(pairs)
    row: Row = {
        "group": regime.group,
        "regime": regime.name,
        "draws": draws,
        "checked by calls": checked,
        "allowed": allowed(draws),
        "false_proven": counts["proven"] / draws,
        "false_refuted": counts["refuted"] / draws,
        "undecidable": counts["undecidable"] / draws,
        "holds": counts["proven"] / draws <= allowed(draws),
        "naive": {rule: count / draws for rule, count in beside.items()},
    }
    if regime.guarded:
        row |= {f"false_proven, {name}": counts[name] / draws for name in ("unguarded", "one case")}
    return [row]


def rerun_rows(clusters: int, size: int, icc: float, share: float, draws: int) -> list[Row]:
    """Return a null candidate that is run again until it passes: the cases stay, what a run adds is new.

    `share` is the part of a difference's variance that comes from the run.
    """
    rng, codes = np.random.default_rng([SEED, clusters, round(100 * share)]), equal(clusters, size)
    first = ever = done = 0
    while done < draws:
        count = min(BATCH, draws - done)
        suite = np.sqrt(1.0 - share) * normal(rng, count, codes, icc)
        tries = [
            limits(suite + np.sqrt(share) * normal(rng, count, codes, 0.0), codes, ALPHA).proven(0.0)
            for _ in range(TRIES)
        ]
        first += int(tries[0].sum())
        ever += int(np.any(tries, axis=0).sum())
        done += count
    return [
        {
            "group": "run again",
            "regime": f"{clusters} clusters of {size}, ICC {icc:g}, {share:.0%} of the variance the run's",
            "draws": draws,
            "allowed": allowed(draws),
            "false_proven": first / draws,
            "holds": first / draws <= allowed(draws),
            "naive": {"rerun until it passes": ever / draws},
        }
    ]


def main() -> None:
    """Run everything, write bench/results/decisions.json."""
    nulls = [(null_rows, (index,)) for index in range(len(regimes()))]
    reruns = [
        (rerun_rows, (*suite, share))
        for suite in ((20, 5, 0.3), (50, 4, 0.3), (200, 1, 0.0))
        for share in (0.25, 0.5, 1.0)
    ]
    powers = [(power_rows, (name,)) for name in SUITES]
    run("decisions", str(__doc__).splitlines()[0], [(rate_rows, ()), *nulls, *reruns, *powers])


if __name__ == "__main__":
    main()
