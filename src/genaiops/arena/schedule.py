"""The order in which cases run: seeded, by clusters, both arms side by side. Pure.

The order derives from the suite (from its lock, where it has one) and the candidate's digest, so nobody
chooses it; clusters come whole, so that any prefix of completed clusters is a fair sample; the arms of a
case follow each other, in an order that changes from case to case, so that a slow minute of the machine
falls on all.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from genaiops.arena.model import ROLES, Lock, SealedCase, Suite
from genaiops.core import Case, Digest, digest_json, encode


@dataclass(frozen=True, slots=True)
class Step:
    """One answer to get, of one arm."""

    arm: str
    case: Case
    repeat: int
    sealed: SealedCase | None = None

    @property
    def kept(self) -> Case:
        """Return the case as it is kept, which names its outputs."""
        return self.sealed.case if self.sealed else self.case


def run_key(suites: Sequence[Digest], gate_from: str, baseline: Digest, candidate: Digest) -> Digest:
    """Return the name of a comparison: the same suites over the same two apps are the same run.

    `suites` holds the ruling suite, and the other arm's where it differs: a gate that changed is a new run.
    """
    return digest_json(
        {"suites": list(suites), "from": gate_from, "baseline": baseline, "candidate": candidate}
    )


def basis_of(suite: Digest, lock: Lock) -> Digest:
    """Return what a run's seed derives from beside the candidate: the suite's lock, else the suite."""
    return suite if lock.fixed is None else digest_json(encode(lock.fixed))


def seed_of(suite: Digest, candidate: Digest) -> str:
    """Return the seed (hexadecimal) from which order and looks derive; `suite` may be its lock's digest."""
    return hashlib.sha256(f"{suite} {candidate}".encode()).hexdigest()[:32]


def steps_of(suites: Sequence[Suite], seed: str) -> list[Step]:
    """Return every step of the ruling suite, and of the rows that only the other one has."""
    ruling = {case.id for case in suites[0].cases}
    extra = [case for other in suites[1:] for case in other.cases if case.id not in ruling]
    steps = schedule([*suites[0].cases, *extra], max(suite.ruler.repeats for suite in suites), seed)
    sealed = {name: one for suite in reversed(suites) for name, one in suite.sealed.items()}
    return [replace(step, sealed=sealed[step.case.id]) for step in steps] if sealed else steps


def in_order(cases: Sequence[Case], seed: str) -> list[Case]:
    """Return the cases in the order in which they run, each cluster whole."""
    return sorted(
        cases, key=lambda case: (_rank(seed, case.cluster), case.cluster, _rank(seed, case.id), case.id)
    )


def schedule(cases: Sequence[Case], repeats: int, seed: str, arms: Sequence[str] = ROLES) -> list[Step]:
    """Return every step of a run in its order; the order of `arms` does not matter."""
    steps: list[Step] = []
    for case in in_order(cases, seed):
        for repeat in range(repeats):
            steps += [Step(arm, case, repeat) for arm in _turn(arms, seed, f"{case.id}/{repeat}")]
    return steps


def _turn(arms: Sequence[str], seed: str, name: str) -> list[str]:
    return sorted(arms, key=lambda arm: _rank(seed, f"{name}/{arm}"))


def _rank(seed: str, name: str) -> str:
    return hashlib.sha256(f"{seed}/{name}".encode()).hexdigest()
