"""Which outputs stand for what an app would say now: recorded ones, and remote ones while they are true.

An output of something remote is used again while it is young (`reuse.max_age`), and while a few of them,
asked again, are answered as before; otherwise all older ones of that arm are forgotten.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from genaiops.arena.arms import Prepared
from genaiops.arena.engine import Answered, Budget, Side, answer_all
from genaiops.arena.ledger import Kept, Ledger, output_key
from genaiops.arena.model import Role
from genaiops.arena.recordings import Recording, strays
from genaiops.arena.said import said
from genaiops.arena.schedule import Step
from genaiops.core import Digest, Trace, UserError, digest_json, hex_of
from genaiops.work import Console, Progress

_Label = TypeVar("_Label", bound=str)
ANCHORS = 3
"""How many of an arm's older outputs are asked again before any of them is used."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What asking again took, and what is to be said of it."""

    calls: int = 0
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Entry:
    """A step whose output another run kept."""

    step: Step
    key: str
    kept: Kept


def attempt_of(key: Digest, arms: Mapping[Role, Prepared], ledger: Ledger) -> tuple[Digest, int]:
    """Return the run's own key, and which attempt it is.

    Where an endpoint declares no version nobody knows what answers there, so a finished run is not shown
    again: each is an attempt of its own, and the evidence counts them.
    """
    attempt, own = 1, key
    if any(prepared.nameless for prepared in arms.values()):
        while ledger.finished(own) is not None:
            attempt += 1
            own = digest_json({"run": key, "attempt": attempt})
    return own, attempt


async def settle(
    arms: Mapping[_Label, Prepared],
    steps: Sequence[Step],
    sides: Mapping[str, Side],
    ledger: Ledger,
    *,
    run: str,
    budget: Budget,
    longest: timedelta,
    console: Console,
) -> Settled:
    """Lay recorded outputs into the ledger, and take out of it what may not be used again."""
    calls, warnings = 0, list[str]()
    for role, prepared in arms.items():
        mine = [step for step in steps if step.arm == role]
        if prepared.recording is not None:
            warnings += _lay(prepared.recording, mine, sides[role], ledger)
        elif prepared.remote and (older := _young(mine, sides[role], ledger, run, longest)):
            again = older[:ANCHORS]
            ledger.forget([entry.key for entry in again])
            with Progress(f"anchors · {role}", len(again), console=console) as progress:
                answered = await answer_all(
                    [entry.step for entry in again], sides, ledger, run=run, budget=budget, progress=progress
                )
            calls += sum(one.calls for one in answered)
            if moved := _moved(again, answered):
                ledger.forget([entry.key for entry in older[ANCHORS:]])
                warnings.append(
                    f"{moved} of {len(again)} anchor answers of the {role} changed since they were kept: "
                    f"none of its {len(older)} older outputs was used again"
                )
    return Settled(calls, tuple(warnings))


def _moved(again: Sequence[_Entry], answered: Sequence[Answered]) -> int:
    """Return how many of the entries are answered otherwise now."""
    pairs = zip(again, answered, strict=True)
    return sum(said(entry.kept.output) != said(one.kept.output) for entry, one in pairs)


def _lay(recording: Recording, steps: Sequence[Step], side: Side, ledger: Ledger) -> list[str]:
    """Put the recording's outputs where the engine finds them; return what is to be said of its ids."""
    cases = list({step.case.id: step.case for step in steps}.values())
    told = strays(recording, cases, 1 + max(step.repeat for step in steps))
    entries: dict[str, Kept] = {}
    for step in steps:
        key = output_key(side.digest, step.kept, step.repeat, side.scope)
        output, at = recording.output(step.case, step.repeat)
        trace_id = output.trace_id or hex_of(Digest(key))[:32]
        entries[key] = Kept(output, Trace(id=trace_id), at, "recording")
        if ledger.rests_on_withdrawn(output, entries[key].trace):
            raise _withdrawn(step)
    ledger.forget(list(entries))  # what counts may have changed: the cases beside a bundle's outputs
    ledger.record(entries)
    return told


def _withdrawn(step: Step) -> UserError:
    return UserError(
        "GAO-ARENA-414",
        f"the recorded answer to {step.case.id!r} rests on a document that was withdrawn",
        why="it shows or cites a passage that nobody may find any more",
        fix="let the app answer the suite again, and give that recording",
    )


def _young(steps: Sequence[Step], side: Side, ledger: Ledger, run: str, longest: timedelta) -> list[_Entry]:
    """Forget what is too old, and return what is left of other runs."""
    keys = [output_key(side.digest, step.kept, step.repeat, side.scope) for step in steps]
    known = ledger.outputs(keys)
    at = datetime.now(UTC)
    old = {
        key
        for key, kept in known.items()
        # a moment yet to come is a clock that was set back: its age is unknown
        if not timedelta(0) <= at - datetime.fromisoformat(kept.at) <= longest
    }
    ledger.forget(sorted(old))
    entries = [_Entry(step, key, known[key]) for step, key in zip(steps, keys, strict=True) if key in known]
    return [entry for entry in entries if entry.key not in old and entry.kept.run != run]
