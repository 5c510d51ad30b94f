"""Answers that come slowly are written one by one, fast ones together; nothing waits for another answer."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy.exc import DBAPIError

from genaiops.arena.keeping import MOMENT_SECONDS, Keeping
from genaiops.arena.ledger import Kept, Ledger
from genaiops.core import Output, Trace
from genaiops.store import Store

pytestmark = pytest.mark.usefixtures("each_store")


@pytest.fixture
def store(tmp_path: Path):
    with Store.open(tmp_path / ".genaiops") as store:
        yield store


def kept(name: str) -> Kept:
    return Kept(Output(text=name, trace_id=name), Trace(id=name), "2026-01-01T00:00:00Z", "run")


async def written(ledger: Ledger, name: str) -> None:
    async with asyncio.timeout(10):
        while name not in ledger.outputs([name]):
            await asyncio.sleep(0)


@pytest.mark.proves("B-SPEED-KEPT")
def test_the_first_answer_is_written_at_once(store: Store) -> None:
    async def go() -> None:
        ledger = Ledger(store)
        Keeping(ledger).keep("one", kept("one"))
        assert list(ledger.outputs(["one"])) == ["one"]

    asyncio.run(go())


@pytest.mark.proves("B-SPEED-KEPT")
def test_what_follows_within_a_moment_is_written_together_without_another_answer(store: Store) -> None:
    async def go() -> None:
        ledger, names = Ledger(store), [f"a{n}" for n in range(50)]
        keeping = Keeping(ledger)
        for name in names:
            keeping.keep(name, kept(name))
        assert len(ledger.outputs(names)) < len(names), "some wait"
        await written(ledger, names[-1])
        found = ledger.outputs(names)
        assert sorted(found) == sorted(names)
        assert {one.trace.id for one in found.values()} == set(names), "each with its trace"

    asyncio.run(go())


@pytest.mark.proves("B-SPEED-KEPT")
def test_what_waits_when_a_run_stops_is_written(store: Store) -> None:
    async def go() -> None:
        ledger = Ledger(store)
        keeping = Keeping(ledger)
        for name in ("one", "two"):
            keeping.keep(name, kept(name))
        keeping.flush()
        assert sorted(ledger.outputs(["one", "two"])) == ["one", "two"]

    asyncio.run(go())


def test_a_write_that_failed_in_between_stops_the_next_answer(store: Store) -> None:
    async def go() -> None:
        ledger = Ledger(store)
        keeping = Keeping(ledger)
        for name in ("one", "two"):
            keeping.keep(name, kept(name))
        with store.database.write() as connection:
            connection.exec_driver_sql("DROP TABLE arena_outputs")
        await asyncio.wait(asyncio.all_tasks() - {asyncio.current_task()}, timeout=100 * MOMENT_SECONDS)
        with pytest.raises(DBAPIError, match="arena_outputs"):
            keeping.keep("three", kept("three"))
        with pytest.raises(DBAPIError, match="arena_outputs"):
            keeping.flush()

    asyncio.run(go())
