"""The engine: every step of a schedule answered, from the ledger or by the arms' workers.

An output is kept as soon as it is there (`keeping`). A failure of the app is an output; a failure of what
the app stands on (a model, a network) is tried again and then missing; when nothing but such failures come,
the run stops and says so, because waiting for a thousand of them helps nobody.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from genaiops.arena.conversation import converse
from genaiops.arena.keeping import Keeping
from genaiops.arena.ledger import Kept, Ledger, output_key
from genaiops.arena.schedule import Step
from genaiops.core import Digest, Json, Output, OutsideError, Trace, one_line
from genaiops.work import AsyncRunner, Progress

INFRA_TRIES = 3
INFRA_IN_A_ROW = 6


class Worker(Protocol):
    """One process of an arm's app, answering one question at a time."""

    async def answer(self, inputs: dict[str, Json], repeat: int, deadline: float) -> tuple[Output, Trace]:
        """Return the output and its trace; never raises for the app's own failure."""
        ...

    async def close(self) -> None:
        """End the process and what it started."""
        ...


@dataclass(frozen=True, slots=True)
class Side:
    """How one arm is run: what names its outputs, who may share them, how to start a worker.

    `scope` is empty where any run may use an output again; else it names the run and the arm that alone
    may go on from it (a latency claim, an endpoint without a version).
    """

    digest: Digest
    scope: str
    start: Callable[[], Awaitable[Worker]]


@dataclass(frozen=True, slots=True)
class Budget:
    """How hard to work: answers at once on each arm, and seconds that one may take."""

    jobs: int = 1
    seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class Answered:
    """A step and its output. `reused`: another run, or the other arm, computed it; `computed`: just now."""

    step: Step
    kept: Kept
    reused: bool
    computed: bool = False

    @property
    def calls(self) -> int:
        """The model calls that this step made now."""
        return self.kept.output.usage.calls if self.computed else 0


async def answer_all(
    steps: Sequence[Step],
    sides: Mapping[str, Side],
    ledger: Ledger,
    *,
    run: str,
    budget: Budget,
    progress: Progress,
    pools: "Pools | None" = None,
) -> list[Answered]:
    """Answer every step and return the rows in the order of the schedule.

    `pools` are workers that the caller keeps over several calls, and closes. Raises `OutsideError` when one
    arm's model or network fails again and again.
    """
    keys = [
        output_key(sides[step.arm].digest, step.kept, step.repeat, sides[step.arm].scope) for step in steps
    ]
    known = ledger.outputs(list(dict.fromkeys(keys)))
    answered: dict[int, Answered] = {}
    for index, (step, key) in enumerate(zip(steps, keys, strict=True)):
        if (kept := known.get(key)) is not None:
            answered[index] = Answered(step, kept, kept.run != run)
    progress.advance(len(answered))
    rest = [index for index in range(len(steps)) if index not in answered]
    if rest:
        mine = pools or Pools(sides, budget)
        try:
            answered |= await _compute(rest, steps, keys, mine, ledger, run=run, progress=progress)
        finally:
            if pools is None:
                await mine.close()
    return [answered[index] for index in range(len(steps))]


class Pools:
    """The workers of both arms: started when first needed, handed out one answer at a time."""

    def __init__(self, sides: Mapping[str, Side], budget: Budget) -> None:
        self.budget = budget
        self._sides = sides
        self._idle: dict[str, list[Worker]] = {arm: [] for arm in sides}
        self._all: list[Worker] = []
        self._failures: dict[str, int] = dict.fromkeys(sides, 0)

    async def answer(self, step: Step) -> tuple[Output, Trace]:
        """Return the output of one step; what failed outside is tried again, unless the case before did."""
        output, trace = await self._once(step)
        for attempt in range(1, 1 if self._failures[step.arm] else INFRA_TRIES):
            if output.status != "infra_error":
                break
            await asyncio.sleep(
                0.2 * 4 ** (attempt - 1)
            )  # the provider retried by itself; this spans a restart
            output, trace = await self._once(step)
        self._failures[step.arm] = self._failures[step.arm] + 1 if output.status == "infra_error" else 0
        if self._failures[step.arm] >= INFRA_IN_A_ROW:
            raise OutsideError(
                "GAO-ARENA-161",
                f"the {step.arm} cannot be measured: {INFRA_IN_A_ROW} cases in a row failed outside the app",
                why=one_line(output.error or "no reason was given"),
                fix="mend what it names and run the same command again: finished cases are kept",
            )
        return output, trace

    async def _once(self, step: Step) -> tuple[Output, Trace]:
        idle = self._idle[step.arm]
        if idle:
            worker = idle.pop()
        else:
            worker = await self._sides[step.arm].start()
            self._all.append(worker)
        try:
            return await converse(
                step.case.inputs, lambda inputs: worker.answer(inputs, step.repeat, self.budget.seconds)
            )
        finally:
            idle.append(worker)

    async def close(self) -> None:
        """End every worker."""
        await asyncio.gather(*(worker.close() for worker in self._all))


async def _compute(
    rest: Iterable[int],
    steps: Sequence[Step],
    keys: Sequence[str],
    pools: Pools,
    ledger: Ledger,
    *,
    run: str,
    progress: Progress,
) -> dict[int, Answered]:
    fresh: dict[str, asyncio.Future[Kept]] = {}
    keeping = Keeping(ledger)

    async def one(index: int) -> Answered:
        step, key = steps[index], keys[index]
        if key in fresh:  # both arms are the same app: one answer serves both
            return Answered(step, await asyncio.shield(fresh[key]), True)
        fresh[key] = asyncio.get_running_loop().create_future()
        try:
            output, trace = await pools.answer(step)
        except BaseException as error:
            fresh[key].set_exception(error)
            fresh[key].exception()  # mark as seen: the runner reports it
            raise
        kept = Kept(output, trace, now(), run, subject=step.sealed.content.subject if step.sealed else "")
        if output.status != "infra_error":
            keeping.keep(key, kept)
        fresh[key].set_result(kept)
        return Answered(step, kept, reused=False, computed=True)

    answered: dict[int, Answered] = {}
    try:
        async with aclosing(AsyncRunner().map(one, rest, limit=pools.budget.jobs)) as every:
            async for done in every:
                if done.error is not None:
                    raise done.error
                assert done.value is not None
                answered[done.item] = done.value
                progress.advance(1, f"{done.value.step.arm} · {done.value.step.case.id}")
    finally:
        keeping.flush()
    return answered


def now() -> str:
    """Return the time as RFC 3339 in UTC, to the second."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
