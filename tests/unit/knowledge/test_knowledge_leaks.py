"""What one may not read reaches them by no path of a search, and shows in no score."""

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
    assert found.differing == 0
    assert found.other_order == 0
    assert found.largest < 0.02  # the average length of a passage is that of all
    assert len(found.paths) == 7
    assert found.compared > 0


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


@pytest.mark.proves("D-NO-LEAK")
def test_whether_a_word_stands_in_what_one_may_not_read_shows_in_no_score(tmp_path: Path) -> None:
    rows, embedder, red = make_rows(40, seed=5), HashedWords(), PRINCIPALS[0]
    closed = next(row for row in rows if not row.open_to(red))

    async def scores(question: str) -> list[float | None]:
        index = await make_index(tmp_path / question[-4:], rows, embedder)
        near = (await embedder.embed(["word1"], "query"))[0]
        found = index.search(index.snapshot(), question, near, 10, principal=red)
        index.close()
        return [one.score for one in found]

    there, nowhere = f"word1 {closed.canary}", "word1 zq000000000000"
    assert asyncio.run(scores(there)) == asyncio.run(scores(nowhere))
