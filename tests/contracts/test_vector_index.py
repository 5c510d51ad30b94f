"""Every backend of the vector index keeps the contract, and answers as the default one does."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.contracts.vector_index import (
    Made,
    check_agrees,
    check_closed,
    check_concurrency,
    check_trust,
    check_two_publishers,
    check_vector_index,
    paragraphs,
)
from tests.support.knowledge import SPEC
from tests.support.stores import remote

from genaiops.core import digest_json
from genaiops.knowledge import Backend, Index, LocalIndex, Recipe
from genaiops.knowledge.opening import create_index, open_folder

DOCS = Path(__file__).parents[2] / "docs"
BACKENDS = {
    "local": Backend(),
    "lance": Backend.of("lance"),
    "postgres": Backend.of("postgres"),
    "postgres with a graph": Backend.of("postgres", {"ef_search": 100}),
}
QUESTIONS = [
    *("how is a verdict signed", "which parser reads a PDF", "what does a snapshot hold", "cost of a search"),
    *("who may read a document", "power of a suite", "revoke a key", "near duplicates", "PostgreSQL schema"),
    *("why is a claim open", "hidden words in a document", "interval of a ratio", "rerank token by token"),
]

Making = Callable[[str], Made]


@pytest.fixture(params=BACKENDS)
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Making]:
    """Give what makes empty indexes in one backend."""
    name: str = request.param
    opened: list[Index] = []
    env = remote() if name.startswith("postgres") else {}

    def made(of: str) -> Made:
        recipe = Recipe(corpus=digest_json(of), embedder=SPEC, backend=BACKENDS[name])
        opened.append(create_index(tmp_path / of, recipe, env))
        return Made(opened[-1], lambda: open_folder(tmp_path / of, env))

    yield made
    for index in opened:
        index.close()


@pytest.mark.proves("D-BACKENDS")
def test_every_backend_keeps_the_contract(make: Making) -> None:
    check_vector_index(make("index"))


@pytest.mark.proves("D-BACKENDS-AGREE")
def test_every_backend_finds_what_the_default_one_finds(make: Making, tmp_path: Path) -> None:
    made = make("index")
    oracle = LocalIndex.create(tmp_path / "oracle", Recipe(corpus=digest_json(1), embedder=SPEC))
    check_agrees(made, oracle, paragraphs(DOCS), QUESTIONS)
    check_trust(made, oracle)
    oracle.close()


@pytest.mark.proves("D-NO-LEAK-STATISTICS")
def test_answers_are_those_of_an_index_of_only_what_may_be_read(make: Making) -> None:
    check_closed(make("whole").index, make("only").index)


@pytest.mark.proves("D-BACKENDS-TOGETHER")
def test_readers_meet_no_failure_and_no_mixture_while_one_publishes(make: Making) -> None:
    check_concurrency(make("index"))


@pytest.mark.proves("D-BACKENDS-TOGETHER")
def test_of_two_publishers_one_waits_or_is_refused_and_nothing_is_lost(make: Making) -> None:
    check_two_publishers(make("index"))
