"""What every `Runner` does. An implementation joins by adding itself to RUNNERS."""

import asyncio
from collections.abc import Callable

import pytest

from genaiops.core import Runner
from genaiops.work import AsyncRunner

RUNNERS: list[Callable[[], Runner]] = [AsyncRunner]


@pytest.fixture(params=RUNNERS, ids=lambda make: make.__name__)
def runner(request) -> Runner:
    return request.param()


def _collect(runner, fn, items, **options):
    async def main():
        return [done async for done in runner.map(fn, items, **options)]

    return asyncio.run(main())


async def _double(item):
    return 2 * item


async def _divide(item):
    return 1 // item


def test_every_item_comes_back_once_with_its_value(runner):
    done = _collect(runner, _double, range(20), limit=4)
    assert sorted((each.item, each.value) for each in done) == [(n, 2 * n) for n in range(20)]
    assert all(each.error is None for each in done)


def test_no_items_give_no_results(runner):
    assert _collect(runner, _double, [], limit=4) == []


def test_an_item_that_fails_is_a_result_and_the_others_go_on(runner):
    done = {each.item: each for each in _collect(runner, _divide, [1, 0, 1], limit=1)}
    assert isinstance(done[0].error, ZeroDivisionError)
    assert done[0].value is None
    assert done[1].value == 1


def test_never_more_than_limit_run_at_once(runner):
    running, most = 0, 0

    async def fn(item):
        nonlocal running, most
        running += 1
        most = max(most, running)
        for _ in range(3):
            await asyncio.sleep(0)
        running -= 1

    _collect(runner, fn, range(30), limit=5)
    assert most == 5


def test_an_item_beyond_its_deadline_ends_with_a_timeout_and_the_others_go_on(runner):
    async def fn(item):
        if item == "hangs":
            await asyncio.Event().wait()
        return item

    done = {each.item: each for each in _collect(runner, fn, ["hangs", "ends"], limit=2, deadline=0.02)}
    assert isinstance(done["hangs"].error, TimeoutError)
    assert done["ends"].value == "ends"


def test_results_come_as_they_finish_not_in_the_order_of_the_items(runner):
    async def main():
        first_may_end = asyncio.Event()

        async def fn(item):
            if item == "first":
                await first_may_end.wait()
            return item

        order = []
        async for done in runner.map(fn, ["first", "second"], limit=2):
            order.append(done.item)
            first_may_end.set()
        return order

    assert asyncio.run(main()) == ["second", "first"]


def test_an_item_that_cancels_itself_is_a_result(runner):
    async def fn(item):
        raise asyncio.CancelledError

    (done,) = _collect(runner, fn, [1], limit=1)
    assert isinstance(done.error, asyncio.CancelledError)


def test_a_cancelled_caller_waits_until_its_items_have_ended(runner):
    ended = []

    async def main():
        started = asyncio.Event()

        async def fn(item):
            try:
                started.set()
                await asyncio.Event().wait()
            finally:
                await asyncio.sleep(0)
                ended.append(item)

        async def caller():
            async for _ in runner.map(fn, range(2), limit=2):
                pass

        task = asyncio.create_task(caller())
        await started.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert sorted(ended) == [0, 1]
