"""How heavy should the pseudo-case be, where what breaks a document breaks its questions?

    python -m bench.decisions.guards [--draws 20000]

Candidates: none; one case; one whole cluster; as many cases as break together by the data's own design
effect, after a first guess of 0, 1/10, 1/4, 1/2 or 1 clusters that have broken whole. Each is tried on breaks
within clusters with the truth on the margin (how often does it pass?), and on suites where claims are true
(what does it cost against one case?).
"""

from collections.abc import Callable

import numpy as np
from bench.decisions.many import Array, Codes, Guard, limits
from bench.decisions.record import ALPHA, Row, allowed, run
from bench.decisions.regimes import DOCUMENTS, Rng, breaks, equal, normal, pareto
from scipy import stats as scipy_stats

SEED = 20261128
BATCH = 500
POWER_SHARE = 4  # one draw in so many
MADE = Callable[[Codes], Guard | None]
GUARDS: dict[str, MADE] = {
    "none": lambda codes: None,
    "one case": lambda codes: Guard(together=1.0),
    "one cluster": lambda codes: Guard(together=_mean_size(codes)),
    "seen together": lambda codes: Guard(guess=0.0),
    "seen together, guess 1/10": lambda codes: Guard(guess=0.1),
    "seen together, guess 1/4": lambda codes: Guard(),
    "seen together, guess 1/2": lambda codes: Guard(guess=0.5),
    "seen together, guess 1": lambda codes: Guard(guess=1.0),
}
SIZES = (20, 5), (20, 10), (30, 20), (50, 4), (50, 10), (50, 25), (100, 4), (100, 10), (200, 4), (200, 10)
SUITES: dict[str, Codes] = {
    "40 questions in 29 documents": DOCUMENTS,
    **{
        f"{clusters} clusters of {size}": equal(clusters, size)
        for clusters, size in (
            (20, 2),
            (20, 5),
            (20, 10),
            (29, 3),
            (50, 2),
            (50, 4),
            (50, 10),
            (100, 2),
            (100, 4),
        )
    },
    "400 independent cases": equal(400, 1),
}
# worse, better, bound: the shares of cases that the change breaks and mends, and what is claimed
CLAIMS = {
    "better": ((0.05, 0.15, 0.0), (0.05, 0.25, 0.05), (0.05, 0.35, 0.05)),
    "not worse": ((0.05, 0.05, -0.05), (0.02, 0.02, -0.05), (0.05, 0.05, -0.1), (0.05, 0.15, -0.05)),
}


def null_rows(clusters: int, size: int, margin: float, draws: int) -> list[Row]:
    """Return how often each guard lets breaks pass, their share being the margin; size 0: Pareto sizes."""
    rng = np.random.default_rng([SEED, clusters, size, round(1000 * margin)])
    codes = equal(clusters, size) if size else pareto(rng, clusters)
    what = f"{clusters} clusters of {size}" if size else f"{clusters} clusters of Pareto sizes"
    return [
        {
            "group": "nulls",
            "regime": f"{what}, ICC of breaks {icc:g}, margin {margin:g}",
            "draws": draws,
            "allowed": allowed(draws),
            "proven": _shares(
                lambda count, icc=icc: -breaks(rng, count, codes, margin, icc), codes, -margin, draws
            ),
        }
        for icc in (0.0, 0.1, 0.3, 0.6, 1.0)
    ]


def power_rows(name: str, draws: int) -> list[Row]:
    """Return how often each guard proves what is true, where changes correlate within clusters."""
    codes, rng = SUITES[name], np.random.default_rng([SEED, list(SUITES).index(name)])
    count = draws // POWER_SHARE
    return [
        {
            "group": f"power: {kind}",
            "regime": f"{name}, ICC {icc:g}: {worse:.0%} worse, {better:.0%} better, bound {bound:g}",
            "suite": name,
            "draws": count,
            "proven": _shares(
                lambda n, ends=(worse, better), icc=icc: _changes(rng, n, codes, icc, *ends),
                codes,
                bound,
                count,
            ),
        }
        for kind, claims in CLAIMS.items()
        for worse, better, bound in claims
        for icc in (0.1, 0.3)
    ]


def _changes(rng: Rng, draws: int, codes: Codes, icc: float, worse: float, better: float) -> Array:
    ease = normal(rng, draws, codes, icc)
    up, down = scipy_stats.norm.ppf((1.0 - better, worse))
    return (ease > up).astype(float) - (ease < down)


def _shares(draw: Callable[[int], Array], codes: Codes, bound: float, draws: int) -> dict[str, float]:
    counts, done = dict.fromkeys(GUARDS, 0), 0
    while done < draws:
        pairs = draw(min(BATCH, draws - done))
        for name, make in GUARDS.items():
            counts[name] += int(limits(pairs, codes, ALPHA, make(codes)).proven(bound).sum())
        done += len(pairs)
    return {name: count / draws for name, count in counts.items()}


def _mean_size(codes: Codes) -> float:
    sizes = np.bincount(codes)
    return float((sizes * sizes).sum() / codes.size)


def main() -> None:
    """Run everything, write bench/results/guards.json."""
    nulls = [
        (null_rows, (clusters, size, margin))
        for clusters, size in (*SIZES, (60, 0), (120, 0))
        for margin in (0.02, 0.05, 0.1)
        if not clusters * size * margin > 60  # so many breaks that no guard matters
    ]
    powers = [(power_rows, (name,)) for name in SUITES]
    run("guards", str(__doc__).splitlines()[0], [*nulls, *powers])


if __name__ == "__main__":
    main()
