import asyncio
from contextlib import aclosing

import pytest

from genaiops.work import AsyncRunner


def test_items_are_drawn_only_when_there_is_room():
    drawn = 0

    def endless():
        nonlocal drawn
        while True:
            drawn += 1
            yield drawn

    async def main():
        async def fn(item):
            return item

        seen = 0
        async with aclosing(AsyncRunner().map(fn, endless(), limit=3)) as results:
            async for _ in results:
                seen += 1
                if seen == 10:
                    break

    asyncio.run(main())
    assert drawn <= 13


def test_a_caller_that_breaks_off_leaves_nothing_running():
    ended = []

    async def main():
        async def fn(item):
            if item == 0:
                return item
            try:
                await asyncio.Event().wait()
            finally:
                ended.append(item)

        async with aclosing(AsyncRunner().map(fn, range(3), limit=3)) as results:
            async for _ in results:
                break
        assert sorted(ended) == [1, 2]
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(main())


def test_a_limit_below_one_is_a_programming_error():
    async def main():
        with pytest.raises(ValueError, match="at least 1"):
            async for _ in AsyncRunner().map(asyncio.sleep, [0], limit=0):
                pass

    asyncio.run(main())
