"""What a command opens and closes around its work: the project's store, the way out, models, the Hub."""

import asyncio
import os
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from genaiops.access import acting
from genaiops.app import Services
from genaiops.arena.hub_verifier import evidence_verifier
from genaiops.arena.kinds import KINDS
from genaiops.arena.pairing import RunOptions
from genaiops.arena.runs import Finished, run_arena
from genaiops.core import Settings, UserError
from genaiops.hub import Hub
from genaiops.net import HttpEgress, load_policy
from genaiops.store import Store, find_store
from genaiops.work import Console

STORE_FOLDER = ".genaiops"


@dataclass(frozen=True, slots=True)
class Session:
    """An open project: its folder, what serves its apps, and its Hub."""

    root: Path
    services: Services
    hub: Hub


def settings() -> Settings:
    """Return this user's settings."""
    return Settings.from_env(os.environ)


@asynccontextmanager
async def open_session(
    start: Path,
    console: Console,
    *,
    allow_private: Sequence[str] = (),
    allow_unverified: bool = False,
    anywhere: bool = False,
) -> AsyncGenerator[Session]:
    """Open the project that `start` lies in, and close everything afterwards.

    `anywhere`: where there is no project, `start` itself gets a store.
    """
    mine = settings()
    folder = _store(start, anywhere=anywhere)
    egress = HttpEgress(load_policy(mine, extra_private=allow_private))
    with Store.open(folder) as store:
        services = Services(mine, store, egress, console, allow_unverified)
        try:
            hub = Hub(
                store,
                KINDS,
                by=acting(store.database, mine.env),
                verifier=evidence_verifier(store, mine),
            )
            yield Session(folder.parent, services, hub)
        finally:
            await services.close()
            await egress.close()


def _store(start: Path, *, anywhere: bool) -> Path:
    try:
        return find_store(start)
    except UserError:
        if not anywhere:
            raise
    return start.absolute() / STORE_FOLDER


def run_in(folder: Path, options: RunOptions, console: Console) -> Finished:
    """Run ARENA for the project that `folder` lies in, from code that is not async.

    Raises `UserError` for what the person can mend, `OutsideError` where a model or a disk fails.
    """

    async def go() -> Finished:
        async with open_session(folder, console) as session:
            return await run_arena(session.root, options, session.services, session.hub)

    return asyncio.run(go())
