"""The variants' answers: the same engine, ledger and workers as a run; an answer that is there costs no call.

A step is the question with the passages that a search found. Variants that share prompt and model share an
arm, so that equal passages are one answer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from genaiops.app import Services
from genaiops.arena.arms import Prepared, side
from genaiops.arena.engine import Answered, Budget, Pools, Side, answer_all
from genaiops.arena.ledger import Ledger, output_key
from genaiops.arena.reuse import Settled, settle
from genaiops.arena.schedule import Step, in_order
from genaiops.arena.scorers import build_scorers, score_output
from genaiops.arena.study.asked import question_of
from genaiops.arena.study.material import Material
from genaiops.arena.study.neutral import label_of
from genaiops.arena.study.outcomes import Ended, ended
from genaiops.arena.study.searching import Hits
from genaiops.arena.study.variants import Variant
from genaiops.core import Case, Digest, Json, Passage, encode
from genaiops.work import Progress


@dataclass(frozen=True, slots=True)
class Asked:
    """One answer to get: for which variant (or trial), of which question, and the step that gets it."""

    who: str
    case: Case
    step: Step


def ask(who: str, label: str, case: Case, passages: Sequence[Passage]) -> Asked:
    """Return the step of a question with its passages, as the app named `label` is asked."""
    inputs: dict[str, Json] = {"question": question_of(case)}
    if passages:
        # a score differs between searches, and is nothing that the app reads
        inputs["passages"] = [encode(replace(one, score=None)) for one in passages]
    return Asked(who, case, Step(label, replace(case, inputs=inputs, expected={}, attachments=()), 0))


def asked_of(
    variants: Sequence[Variant], cases: Sequence[Case], hits: Hits, k: int, seed: str
) -> list[Asked]:
    """Return every question under every variant, by clusters in the seeded order, the variants in turn."""
    found: list[Asked] = []
    for at, case in enumerate(in_order(cases, seed)):
        turned = [*variants[at % len(variants) :], *variants[: at % len(variants)]]
        for variant in turned:
            passages = hits[variant.search][case.id] if variant.search else ()
            found.append(ask(variant.name, label_of(variant), case, (passages or ())[:k]))
    return found


class Answering:
    """Arms, workers and ledger of one study. `close` it."""

    def __init__(
        self,
        arms: Mapping[str, Prepared],
        material: Material,
        services: Services,
        run: Digest,
        jobs: int | None,
    ) -> None:
        self.calls = 0
        self.fresh: set[str] = set()
        self.jobs = jobs or (1 if any(prepared.local for prepared in arms.values()) else 4)
        self._arms, self._material, self._services, self._run = arms, material, services, run
        self._ledger = Ledger(services.store)
        self._budget = Budget(jobs=self.jobs, seconds=180.0)
        self._sides: dict[str, Side] = {
            label: side(
                prepared,
                services,
                scope=prepared.scope(f"{run}/{prepared.digest}", fresh=False, pass_env=()),
                pass_env=(),
            )
            for label, prepared in arms.items()
        }
        self._pools = Pools(self._sides, self._budget)

    async def settle(self, asked: Sequence[Asked]) -> Settled:
        """Forget outputs of remote models that are old or no longer hold, as before every run."""
        return await settle(
            self._arms,
            [one.step for one in asked],
            self._sides,
            self._ledger,
            run=self._run,
            budget=self._budget,
            longest=next(iter(self._arms.values())).project.reuse.longest,
            console=self._services.console,
        )

    def left(self, asked: Sequence[Asked]) -> int:
        """Return how many answers are not there yet; equal ones count once."""
        keys = {self._key(one.step) for one in asked}
        return len(keys) - len(self._ledger.outputs(sorted(keys)))

    async def answer(self, asked: Sequence[Asked], what: str) -> list[Ended]:
        """Return how each answer ended, in the order given; what is not there is asked for."""
        steps = [one.step for one in asked]
        with Progress(f"study · {what}", len(steps), console=self._services.console) as progress:
            answered = await answer_all(
                steps,
                self._sides,
                self._ledger,
                run=self._run,
                budget=self._budget,
                progress=progress,
                pools=self._pools,
            )
        self.calls += sum(one.calls for one in answered)
        self.fresh |= {one.kept.output.trace_id for one in answered if one.computed}
        return await self._scored(asked, answered)

    async def close(self) -> None:
        """End the workers."""
        await self._pools.close()

    async def _scored(self, asked: Sequence[Asked], answered: Sequence[Answered]) -> list[Ended]:
        scorers = build_scorers(self._material.suite.ruler, embedder=self._material.embedder)
        found: list[Ended] = []
        for one, got in zip(asked, answered, strict=True):
            scores = await score_output(scorers, one.case, 0, got.kept.output, got.kept.trace)
            found.append(ended(one.case, got, scores))
        return found

    def _key(self, step: Step) -> str:
        own = self._sides[step.arm]
        return output_key(own.digest, step.kept, step.repeat, own.scope)
