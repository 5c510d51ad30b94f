"""What one may not read reaches them by no path of a search."""

import asyncio
from pathlib import Path

import pytest
from bench.leaks.canaries import PRINCIPALS, HashedWords, make_index, make_rows
from bench.leaks.run import Asked, leaked, measure

from genaiops.core import Principal
from genaiops.knowledge import retrieve


@pytest.mark.proves("D-NO-LEAK")
def test_two_who_ask_one_index_in_turns_get_nothing_of_each_other(tmp_path: Path) -> None:
    found = asyncio.run(measure(make_rows(80, seed=3), 120, tmp_path, seed=4))
    assert found.leaks == []
    assert found.differing == found.told_apart == found.other_order == found.other_errors == 0
    assert found.largest < 2e-6
    assert len(found.paths) == 7
    assert min(found.compared, found.errors, found.tried) > 0


def test_the_measure_sees_a_leak(tmp_path: Path) -> None:
    rows, embedder = make_rows(12, seed=3), HashedWords()
    named = {name: row for row in rows for name in (row.canary, row.passage.id)}
    both = Principal(id="both", groups=frozenset({"red", "blue"}))

    async def ask() -> list[str]:
        index = await make_index(tmp_path / "index", rows, embedder)
        told = await retrieve(index, embedder, "word1", 12, principal=both)
        index.close()
        asked = Asked(PRINCIPALS[0], "word1", "hybrid", rerank=False, history=(), where={}, k=12)
        return leaked(told, asked, named)

    closed = [row for row in rows if not row.open_to(PRINCIPALS[0])]
    assert len(asyncio.run(ask())) == 2 * len(closed)
