"""The looks of a sequential run: planned before it, taken on completed clusters only, pure.

A look reads the cases of a prefix of the seeded order of clusters, so that no fast or easy case comes first.
Rules are not read at a look: only where the run stops.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import compress

from genaiops import stats
from genaiops.arena.gate import AtLook, Prospect, decide_claims, prospects
from genaiops.arena.grid import Grid, lay_out
from genaiops.arena.model import Looks, Role, Ruler, Suite
from genaiops.arena.schedule import in_order
from genaiops.arena.suites import needs_fresh_latency, slices_of
from genaiops.core import Case, Claim, ClaimAtLook, ClaimResult, Look, Score, Sequential, Stopped, UserError

MOST_LOOKS = 5
FUTILE = 0.1
"""Below this conditional power a claim is futile: that costs at most 2.2 points of a power of 80 %."""

FAILING = 0.5
"""But not where the rest of the suite more likely than not refutes it: that it fails is worth knowing."""


@dataclass(frozen=True, slots=True)
class Prefixes:
    """A suite cut at its looks: the cases in their order, and how many are complete at each look."""

    ruler: Ruler
    ordered: tuple[Case, ...]
    looks: Looks
    cuts: tuple[int, ...]
    shares: tuple[tuple[float, ...], ...]
    clusters: tuple[int, ...]
    worth: tuple[float, ...]

    def take(
        self, number: int, scores: Mapping[Role, Sequence[Score]]
    ) -> tuple[Look, tuple[ClaimResult, ...], Stopped | None, Grid]:
        """Return look `number` (from 0) on `scores`: the claims, and why the run stops here, if it does."""
        cases = self.ordered[: self.cuts[number]]
        inside = {case.id for case in cases}
        mine: dict[Role, list[Score]] = {
            role: [score for score in found if score.case in inside] for role, found in scores.items()
        }
        grid = lay_out(self.ruler, cases, mine)
        at = AtLook(number, self.shares, self.clusters, self.worth, self.looks.spending)
        results = decide_claims(self.ruler, grid, at)
        last = number == len(self.cuts) - 1
        ahead = [None] * len(results) if last else prospects(self.ruler, grid, at)
        claims = tuple(
            _at_look(at.level(index, self.ruler.gate.alpha), result, prospect)
            for index, (result, prospect) in enumerate(zip(results, ahead, strict=True))
        )
        look = Look(clusters=self.looks.clusters[number], cases=len(cases), claims=claims)
        return look, results, "complete" if last else _stops(look, results), grid


def plan_looks(suite: Suite, seed: str) -> tuple[Looks | None, str]:
    """Return when to look at a suite asked in the order of `seed`; None, and why, where once must do."""
    if not suite.ruler.gate.claims:
        return None, "the gate makes no claim, and rules are read on the whole suite"
    if suite.ruler.quarantine:
        return None, "the suite has a quarantine, which is weighed on all cases"
    if needs_fresh_latency(suite):
        return None, "latency drifts while a run warms up, so its first cases say little of the rest"
    sizes = list(cluster_sizes(in_order(suite.cases, seed)).values())
    clusters = stats.look_sizes(sizes, MOST_LOOKS)
    if len(clusters) < 2:
        return None, (
            f"{len(sizes)} clusters, worth {stats.effective_clusters(sizes):.3g} equal ones, are too few: "
            "a look needs clusters worth 8, with more to come"
        )
    return Looks(clusters=clusters), ""


def prefixes(ruler: Ruler, cases: Sequence[Case], looks: Looks, seed: str) -> Prefixes:
    """Return the suite cut at its looks; raises `UserError` where the looks are none of this suite."""
    ordered = tuple(in_order(cases, seed))
    sizes = list(cluster_sizes(ordered).values())
    rising = all(one < two for one, two in zip((0, *looks.clusters), looks.clusters, strict=False))
    whole = looks.clusters[-1:] == (len(sizes),) and not ruler.quarantine
    if not rising or len(looks.clusters) > MOST_LOOKS or not whole:
        raise UserError(
            "GAO-ARENA-171",
            f"the looks of this run do not fit its suite: {list(looks.clusters)} of {len(sizes)} clusters",
            why=f"at most {MOST_LOOKS} looks, each at more clusters, the last at all, and no quarantine",
            fix="get the evidence again from whoever made it",
        )
    cuts = tuple(sum(sizes[:clusters]) for clusters in looks.clusters)
    members = [_members(ruler, ordered, claim) for claim in ruler.gate.claims]
    of_claims = [list(cluster_sizes(list(compress(ordered, mine))).values()) for mine in members]
    return Prefixes(
        ruler=ruler,
        ordered=ordered,
        looks=looks,
        cuts=cuts,
        shares=tuple(tuple(sum(mine[:cut]) / max(sum(mine), 1) for cut in cuts) for mine in members),
        clusters=tuple(len(sizes) for sizes in of_claims),
        worth=tuple(stats.effective_clusters(sizes) if sizes else 1.0 for sizes in of_claims),
    )


def take_looks(
    cut: Prefixes, scores: Mapping[Role, Sequence[Score]]
) -> tuple[Sequential, tuple[ClaimResult, ...], Grid]:
    """Return the looks of a run up to the one where it stops, with the claims and the grid of that one.

    Raises `UserError` where cases beyond that look have scores: a run that stopped asks no more.
    """
    taken: list[Look] = []
    for number in range(len(cut.cuts)):
        look, results, stopped, grid = cut.take(number, scores)
        taken.append(look)
        if stopped is not None:
            _refuse_beyond(grid, scores)
            said = Sequential(
                spending=cut.looks.spending,
                planned=len(cut.cuts),
                looks=tuple(taken),
                stopped=stopped,
                cases=look.cases,
                saved=len(cut.ordered) - look.cases,
            )
            return said, results, grid
    raise AssertionError("the last look stops")


def _at_look(level: float, result: ClaimResult, prospect: Prospect | None) -> ClaimAtLook:
    if prospect is None:
        return ClaimAtLook(level=level, decision=result.decision)
    futile = prospect.proven < FUTILE and prospect.refuted < FAILING
    return ClaimAtLook(
        level=level,
        decision="futile" if futile else result.decision,
        chance=stats.round_sig(prospect.proven),
        chance_refuted=stats.round_sig(prospect.refuted),
    )


def _stops(look: Look, results: Sequence[ClaimResult]) -> Stopped | None:
    """Say why a run stops at a look that is not its last: nothing more can change what it is about."""
    if any(result.refuted_after_holm for result in results):
        return "refuted"
    decisions = {claim.decision for claim in look.claims}
    if decisions & {"open", "refuted"}:  # refuted by itself: soon beside the others, too
        return None
    return "futile" if "futile" in decisions else "decided"


def _refuse_beyond(grid: Grid, scores: Mapping[Role, Sequence[Score]]) -> None:
    inside = {case.id for case in grid.cases}
    beyond = {score.case for found in scores.values() for score in found} - inside
    if beyond:
        raise UserError(
            "GAO-ARENA-172",
            f"{len(beyond)} cases have scores, though the run stops before them",
            why="a sequential run is decided at the first look that settles it, and asks no more",
            fix="get the evidence again from whoever made it",
        )


def _members(ruler: Ruler, ordered: Sequence[Case], claim: Claim) -> list[bool]:
    """Return for each case whether a claim is about it."""
    if claim.slice is None:
        return [True] * len(ordered)
    found = {name: rows for place in ruler.slices for name, rows in slices_of(place, ordered).items()}
    inside = set(found.get(claim.slice, []))
    return [index in inside for index in range(len(ordered))]


def cluster_sizes(ordered: Sequence[Case]) -> dict[str, int]:
    """Return the cases of each cluster, in the order of the clusters."""
    sizes: dict[str, int] = {}
    for case in ordered:
        sizes[case.cluster] = sizes.get(case.cluster, 0) + 1
    return sizes
