"""What every vector index must do; run against each implementation."""

import pytest
from tests.support.knowledge import ANYONE, STAFF, passage, vector

from genaiops.core import Principal, VectorIndex

PASSAGES = [
    passage("apples.md", "apples are red and sweet", kind="fruit"),
    passage("pears.md", "pears are green and sweet", kind="fruit"),
    passage("salaries.md", "salaries of the staff are sweet secrets", access=["staff", "board"]),
]


def found(
    index: VectorIndex, query: str, principal: Principal = ANYONE, k: int = 5, **where: str
) -> list[str]:
    """Return the documents found in the live snapshot."""
    passages = index.search(
        index.snapshot(), query, vector(query).tolist(), k, principal=principal, where=where or None
    )
    return [one.document for one in passages]


def check_vector_index(index: VectorIndex) -> None:
    """Check an empty index of 32 dimensions."""
    index.upsert(PASSAGES, [vector(one.text).tolist() for one in PASSAGES])
    first = index.publish()
    assert index.snapshot() == first
    check_search(index)
    check_readers(index)
    check_snapshots(index)


def check_search(index: VectorIndex) -> None:
    """The best first, no more than k, verbatim, with scores that fall."""
    passages = index.search(
        index.snapshot(), "red apples", vector("red apples").tolist(), 1, principal=ANYONE
    )
    assert [one.text for one in passages] == ["apples are red and sweet"]
    both = index.search(index.snapshot(), "red apples", vector("red apples").tolist(), 5, principal=ANYONE)
    scores = [one.score or 0.0 for one in both]
    assert scores == sorted(scores, reverse=True)
    assert found(index, "sweet", kind="fruit") == found(index, "sweet", kind="fruit")


def check_readers(index: VectorIndex) -> None:
    """Who may not read a passage does not find it, by words or by vector."""
    assert "salaries.md" not in found(index, "salaries of the staff are sweet secrets")
    assert found(index, "salaries of the staff are sweet secrets", STAFF)[0] == "salaries.md"
    other = Principal(id="x", groups=frozenset({"guests"}))
    assert "salaries.md" not in found(index, "salaries of the staff are sweet secrets", other)


def check_snapshots(index: VectorIndex) -> None:
    """What is staged is unseen, a snapshot held stays, a withdrawal is at once and everywhere."""
    before = index.snapshot()
    plum = passage("plums.md", "plums are blue", kind="fruit")
    index.upsert([plum], [vector(plum.text).tolist()])
    assert "plums.md" not in found(index, "blue plums")
    after = index.publish()
    assert found(index, "blue plums")[0] == "plums.md"
    held = index.search(before, "blue plums", vector("blue plums").tolist(), 9, principal=ANYONE)
    assert "plums.md" not in [one.document for one in held]
    index.tombstone(["apples.md"])
    assert index.snapshot() == after
    for snapshot in (before, after):
        seen = index.search(snapshot, "red apples", vector("red apples").tolist(), 9, principal=STAFF)
        assert "apples.md" not in [one.document for one in seen]
    with pytest.raises(TypeError):
        index.search(after, "apples", vector("apples").tolist(), 3)  # type: ignore[call-arg]
