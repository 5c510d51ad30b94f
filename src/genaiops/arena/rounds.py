"""Several commits answered in one round: every case by every arm in turn, so that all meet the same machine.

What they answer is kept, and later comparisons between any two of them need no call.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from genaiops.app import Services
from genaiops.arena.arms import Prepared, prepare, side
from genaiops.arena.candidates import environment, export, project_of
from genaiops.arena.engine import Answered, Budget, answer_all
from genaiops.arena.git import find_repository
from genaiops.arena.ledger import Ledger
from genaiops.arena.pairing import load_suite
from genaiops.arena.schedule import schedule, seed_of
from genaiops.core import digest_json
from genaiops.work import Progress


@dataclass(frozen=True, slots=True)
class Round:
    """The answers of each arm, by its label."""

    answered: dict[str, list[Answered]]

    @property
    def model_calls(self) -> int:
        """Return how many model calls were made now."""
        return sum(one.calls for arm in self.answered.values() for one in arm)


async def answer_round(
    folder: Path,
    refs: Mapping[str, tuple[str, Sequence[str]]],
    suite_name: str,
    services: Services,
    *,
    seconds: float = 120.0,
) -> Round:
    """Answer a suite by several arms (label → ref, overrides), interleaved; the suite is the first arm's."""
    repository = find_repository(folder)
    facts = environment()
    with services.store.lock("arena"):
        arms: dict[str, Prepared] = {}
        for label, (ref, overrides) in refs.items():
            exported = export(repository, services.store.path / "trees", ref, overrides)
            arms[label] = await prepare(
                exported, project_of(exported, None, services.settings.env), services, facts
            )
        suite = load_suite(next(iter(arms.values())).project, suite_name)
        name = digest_json({label: prepared.digest for label, prepared in arms.items()})
        steps = schedule(suite.cases, suite.ruler.repeats, seed_of(suite.digest, name), list(arms))
        sides = {label: side(prepared, services, scope="", pass_env=()) for label, prepared in arms.items()}
        with Progress("answering", len(steps), console=services.console) as progress:
            budget = Budget(jobs=1, seconds=seconds)
            answered = await answer_all(
                steps, sides, Ledger(services.store), run=f"round {name}", budget=budget, progress=progress
            )
    return Round({label: [one for one in answered if one.step.arm == label] for label in arms})
