"""From one way of making an index to another, with no moment in which nobody answers.

    begin → make the new beside the old → compare → switch, or stay

From `begin` on every write goes to both (`app/releasing.py`). What decides is passed in: this room knows no
statistics. Whatever is raised, and wherever the process is killed, the old release is the live one, and the
same call goes on: the vectors that were computed are cached.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

from genaiops.core import Json, OutsideError, UserError
from genaiops.knowledge.releases import IndexRelease, Named, Releases, made_alike

Outcome = Literal["pass", "fail", "inconclusive"]
_TRIES = 8
"""Writes that may overtake a migration before it gives up; it waits twice as long after each."""
_FIRST_WAIT = 0.05


@dataclass(frozen=True, slots=True)
class Ruling:
    """What a gate says of the new index beside the old: `why` in words, `facts` with every number."""

    outcome: Outcome
    why: tuple[str, ...]
    facts: dict[str, Json]


@dataclass(frozen=True, slots=True)
class Migrated:
    """What became of a migration. `switched`: the new release is live; else `before` stayed it."""

    before: IndexRelease
    target: IndexRelease
    ruling: Ruling
    switched: bool


Make = Callable[[IndexRelease], Awaitable[bool]]
"""Builds a release, and returns whether its documents are still there to build it of."""

Gate = Callable[[IndexRelease, IndexRelease], Awaitable[Ruling]]
"""Compares the live release with the one that was made, on the same documents."""


async def migrate(
    name: str, old: IndexRelease, target: IndexRelease, releases: Releases, make: Make, gate: Gate
) -> Migrated:
    """Make `target` beside `old`, and switch to it where `gate` passes it.

    Both are of the same documents. What is written meanwhile moves the live release on, and `target` with it:
    the gate's word on the one state holds for the next. Raises `UserError` where there is nothing to migrate.
    """
    named = releases.get(name)
    if named is None or made_alike(named.live.recipe, target.recipe):
        raise _nothing_to_do(name, named)
    if old.recipe.corpus != target.recipe.corpus or not made_alike(old.recipe, named.live.recipe):
        raise ValueError("the two releases are not of the same documents, or the old one is not what is live")
    releases.begin(name, target)
    await make(target)
    ruling = await gate(old, target)
    if ruling.outcome != "pass":
        releases.end(name)
        return Migrated(old, target, ruling, switched=False)
    return await _switched(name, old, target, releases, make, ruling)


async def _switched(
    name: str, old: IndexRelease, gated: IndexRelease, releases: Releases, make: Make, ruling: Ruling
) -> Migrated:
    """Switch to the new release as it is after the last write: what was written meanwhile went to both."""
    for attempt in range(_TRIES):
        named = releases.get(name)
        if named is None or named.migrating_to is None:
            raise _given_up(name)
        if not made_alike(named.migrating_to.recipe, gated.recipe):
            raise _given_up(name)  # what is migrated to now, the gate has not seen
        target = named.migrating_to
        if target.recipe.corpus != named.live.recipe.corpus:
            target = target.holding(named.live.recipe.corpus)
            if await make(target):
                releases.advance(name, target)
            else:  # documents were written, and whoever did so is about to publish them to both
                await asyncio.sleep(_FIRST_WAIT * 2**attempt)
        elif releases.switch(name, named):
            return Migrated(old, target, ruling, switched=True)
    raise OutsideError(
        "GAO-KNOWLEDGE-096",
        f"the documents of {name!r} changed while it was being migrated",
        why="the two indexes would hold different documents",
        fix="run the same command again: what is computed is kept",
    )


def _nothing_to_do(name: str, named: Named | None) -> UserError:
    return UserError(
        "GAO-KNOWLEDGE-094",
        f"there is nothing to migrate {name!r} to",
        why="the live release is made in just this way" if named else "it has no live release",
        fix=f"name what is to change, for example: genaiops index migrate {name} "
        "--set models.embed=local:minilm-l6"
        if named
        else f"genaiops index build {name}",
    )


def _given_up(name: str) -> OutsideError:
    return OutsideError(
        "GAO-KNOWLEDGE-095",
        f"the migration of {name!r} was given up meanwhile",
        why="another command rolled back, or forgot the name",
        fix="run it again",
    )
