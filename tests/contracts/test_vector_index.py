"""Every implementation of the vector index keeps the contract."""

from pathlib import Path

from tests.contracts.vector_index import check_vector_index
from tests.support.knowledge import SPEC

from genaiops.core import digest_bytes
from genaiops.knowledge import LocalIndex, Recipe


def test_the_local_index_keeps_the_contract(tmp_path: Path) -> None:
    index = LocalIndex.create(tmp_path / "index", Recipe(corpus=digest_bytes(b""), embedder=SPEC))
    check_vector_index(index)
    index.close()
