"""What every vector index must do; run against each implementation.

`Made` says how to make one, and how to open another handle of the same, as another process would.
"""

import asyncio
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from tests.support.knowledge import ANYONE, STAFF, WordEmbedder, passage, vector

from genaiops.core import Json, OutsideError, Passage, Principal, SnapshotId, UserError
from genaiops.knowledge import Index, LocalIndex

PASSAGES = [
    passage("apples.md", "apples are red and sweet", kind="fruit", colours=["red", "green"], year=2024),
    passage("pears.md", "pears are green and sweet", kind="fruit", colours=["green"], year=2025),
    passage("salaries.md", "salaries of the staff are sweet secrets", access=["staff", "board"], pay=1),
    passage("nobody.md", "sweet words that nobody reads", access=[]),
]


@dataclass(frozen=True)
class Made:
    """An empty index of 32 dimensions, and how it is opened once more."""

    index: Index
    again: Callable[[], Index]


def ask(
    index: Index,
    query: str,
    principal: Principal = ANYONE,
    k: int = 9,
    at: SnapshotId | None = None,
    **where: Json,
) -> list[Passage]:
    """Return what is found in a snapshot, by default the live one."""
    return index.search(
        at or index.snapshot(), query, vector(query), k, principal=principal, where=where or None
    )


def found(index: Index, query: str, principal: Principal = ANYONE, k: int = 9, **where: Json) -> list[str]:
    """Return the documents found in the live snapshot."""
    return [one.document for one in ask(index, query, principal, k, **where)]


def put(index: Index, *passages: Passage) -> SnapshotId:
    """Publish passages."""
    index.upsert(passages, [vector(one.text) for one in passages])
    return index.publish()


def check_vector_index(made: Made) -> None:
    """Check an empty index of 32 dimensions."""
    index = made.index
    first = put(index, *PASSAGES)
    assert index.snapshot() == first
    assert len(index) == 4
    check_search(index)
    check_readers(index)
    check_filters(index)
    check_refusals(index)
    check_snapshots(made)
    check_withdrawals(made)
    check_parts(index)


def check_search(index: Index) -> None:
    """The best first, no more than k, verbatim, with scores that fall; each half alone, too."""
    live = index.snapshot()
    assert [one.text for one in ask(index, "red apples", k=1)] == ["apples are red and sweet"]
    scores = [one.score or 0.0 for one in ask(index, "red apples")]
    assert scores == sorted(scores, reverse=True)
    near = index.dense(live, vector("apples are red and sweet"), 2, principal=ANYONE)
    assert [one.document for one in near] == ["apples.md", "pears.md"]
    assert near[0].score == pytest.approx(1.0, abs=1e-5)
    assert [one.document for one in index.lexical(live, "PEAR", 9, principal=ANYONE)] == ["pears.md"]
    assert index.lexical(live, "?! --", 9, principal=ANYONE) == []
    assert {one.document for one in index.lexical(live, "nothing else's sweet", 9, principal=ANYONE)} == {
        "apples.md",
        "pears.md",
    }


def check_readers(index: Index) -> None:
    """Who may not read a passage does not find it, by words or by vector; an empty list is for nobody."""
    text = "salaries of the staff are sweet secrets"
    live = index.snapshot()
    assert found(index, text, STAFF)[0] == "salaries.md"
    board = Principal(id="b", groups=frozenset({"board", "guests"}))
    assert found(index, text, board)[0] == "salaries.md"
    for other in (
        ANYONE,
        Principal(id="x", groups=frozenset({"guests", "everyone", "stafF", "'", "staff,"})),
    ):
        assert set(found(index, text, other)) == {"apples.md", "pears.md"}
        assert len(index.dense(live, vector(text), 9, principal=other)) == 2
        assert len(index.lexical(live, text, 9, principal=other)) == 2
    assert "nobody.md" not in found(index, "words that nobody reads", STAFF)
    with pytest.raises(TypeError):
        index.search(live, "apples", vector("apples"), 3)  # type: ignore[call-arg]


def check_filters(index: Index) -> None:
    """Metadata narrows a search before it: several keys, lists on either side, types, values that lack."""
    assert set(found(index, "sweet", kind="fruit", year=2025)) == {"pears.md"}
    assert set(found(index, "sweet", colours="green")) == {"apples.md", "pears.md"}
    assert set(found(index, "sweet", colours=["red", "blue"])) == {"apples.md"}
    assert found(index, "sweet", year="2024") == found(index, "sweet", year=True) == []
    assert found(index, "sweet", kind=[]) == found(index, "sweet", kind="it's") == []
    assert set(found(index, "sweet", STAFF, kind=None)) == {"salaries.md"}
    # the best by vector is not among those wanted: the one that is must still be found
    assert found(index, "apples are red and sweet", k=1, year=2025) == ["pears.md"]
    with pytest.raises(UserError, match="metadata key") as caught:
        found(index, "sweet", paiy=1)
    assert "'pay'" not in str(caught.value.fix)
    with pytest.raises(UserError, match="metadata key"):
        found(index, "sweet", pay=1)
    assert found(index, "sweet", STAFF, pay=1) == ["salaries.md"]


def check_refusals(index: Index) -> None:
    """What makes no sense is refused in words, and what is staged then is not published."""
    live = index.snapshot()
    with pytest.raises(UserError, match="another model"):
        index.search(live, "fox", [1.0, 0.0], 3, principal=ANYONE)
    with pytest.raises(OutsideError):
        index.search(SnapshotId("../../etc"), "x", vector("x"), 1, principal=ANYONE)
    with pytest.raises(UserError, match="k is"):
        index.lexical(live, "x", 0, principal=ANYONE)
    index.upsert([passage("x.md", "x", id="same"), passage("y.md", "y", id="same")], [vector("x")] * 2)
    with pytest.raises(UserError, match="two passages have the id"):
        index.publish()
    index.tombstone(["x.md", "y.md"])
    assert index.publish() != live
    assert len(index) == 4


def check_snapshots(made: Made) -> None:
    """What is staged is unseen, a snapshot held stays, a document staged replaces all of it."""
    index, other = made.index, made.again()
    before = index.snapshot()
    plum = passage("plums.md", "plums are blue", kind="fruit")
    index.upsert([plum], [vector(plum.text)])
    assert "plums.md" not in found(index, "blue plums")
    after = index.publish()
    assert found(index, "blue plums")[0] == found(other, "blue plums")[0] == "plums.md"
    for one in (index, other):
        assert "plums.md" not in [hit.document for hit in ask(one, "blue plums", at=before)]
    put(index, passage("plums.md", "plums are violet", kind="fruit"), passage("figs.md", "figs are brown"))
    assert ask(index, "blue plums", kind="fruit")[0].text == "plums are violet"
    assert ask(other, "blue plums", at=after)[0].text == "plums are blue"
    assert len(index.lexical(index.snapshot(), "plums", 9, principal=ANYONE)) == 1
    assert index.lexical(index.snapshot(), "blue", 9, principal=ANYONE) == []
    other.close()


def check_withdrawals(made: Made) -> None:
    """A withdrawal is at once, in every snapshot and for every process, until the document comes again."""
    index, other = made.index, made.again()
    before = index.snapshot()
    after = put(index, passage("limes.md", "limes are green and sour"))
    assert "apples.md" in found(other, "red apples")
    index.tombstone(["apples.md", "it's none's.md"])
    assert index.snapshot() == after
    for one in (index, other):
        for snapshot in (before, after):
            assert "apples.md" not in [hit.document for hit in ask(one, "red apples", STAFF, at=snapshot)]
            near = one.dense(snapshot, vector("apples are red and sweet"), 9, principal=STAFF)
            assert "apples.md" not in [hit.document for hit in near]
    assert "apples.md" in str(other.facts()["withdrawn"])
    assert other.showing(["apples.md", "limes.md", "none.md"]) == {"limes.md"}
    assert [one.document for one in other.passages_of(["apples.md"])] == ["apples.md"], "for who keeps it"
    put(index)
    assert "apples.md" not in found(index, "red apples")
    put(index, PASSAGES[0])
    assert found(other, "red apples")[0] == "apples.md"
    other.close()


def check_parts(index: Index) -> None:
    """A passage of several vectors is as near as its nearest, and is found once."""
    long = passage("long.md", "mangoes, then lemons")
    index.upsert([long], [[vector("mangoes"), vector("lemons"), vector("salt")]])
    index.publish()
    for word in ("mangoes", "lemons", "salt"):
        near = index.dense(index.snapshot(), vector(word), 3, principal=ANYONE)
        assert [one.document for one in near].count("long.md") == 1
        assert near[0].document == "long.md"
        assert near[0].score == pytest.approx(1.0, abs=1e-5)
    near = index.dense(index.snapshot(), vector("salt"), 4, principal=ANYONE)
    assert len({one.id for one in near}) == 4


def check_agrees(
    made: Made, oracle: LocalIndex, passages: Sequence[Passage], questions: Sequence[str]
) -> None:
    """The ten best are the oracle's, for two principals and with what was said before; scores are equal."""
    index = made.index
    for one in (index, oracle):
        put(one, *passages)
    few = Principal(id="few", groups=frozenset({"few"}))
    common, total = 0, 0
    for at, question in enumerate(questions):
        for who in (ANYONE, few):
            before = questions[at - 1] if at % 3 == 0 else ""
            best, ours = (
                {
                    hit.id: hit.score
                    for hit in one.search(
                        one.snapshot(), question, vector(question), 10, principal=who, context=before
                    )
                }
                for one in (oracle, index)
            )
            total += len(best)
            common += len(best.keys() & ours.keys())
            for id in best.keys() & ours.keys():
                assert ours[id] == pytest.approx(best[id], abs=2e-5)
    assert total > 5 * len(questions)
    assert common / total >= 0.95


def check_closed(whole: Index, only: Index) -> None:
    """What one may not read has no part in what they get: it equals what an index without it answers.

    Closed passages are longer, bear the titles of others, and hold words that stand nowhere else; some came
    with a second snapshot, in the place of open ones.
    """
    put(whole, *(_page(at, at % 3 == 0 and at > 20) for at in range(90)))
    put(whole, *(_page(at, at % 3 == 0) for at in range(0, 21, 3)))
    put(only, *(_page(at, closed=False) for at in range(90) if at % 3))
    for question in (
        "Harbour 7 salt",
        "word3 word11 zq33",
        "word3 word11 zqqq",
        "word5",
        "zq30",
        "Harbour 1",
    ):
        near = vector(question)
        for before in ("", "word4 zq42"):
            told, alone = (
                one.search(one.snapshot(), question, near, 10, principal=ANYONE, context=before)
                for one in (whole, only)
            )
            _check_alike(told, alone)
        _check_alike(*(one.lexical(one.snapshot(), question, 20, principal=ANYONE) for one in (whole, only)))


def _check_alike(told: Sequence[Passage], alone: Sequence[Passage]) -> None:
    assert [one.id for one in told] == [one.id for one in alone]
    assert [one.score for one in told] == pytest.approx([one.score for one in alone], abs=2e-6)


def _page(at: int, closed: bool) -> Passage:
    words = [f"word{at * step % 13}" for step in range(1, 8 + at % 5)]
    text = " ".join([*words, *(["word3", f"zq{at}"] * 6 if closed else [])])
    page = passage(f"{at}.md", text, id=f"p{at:02}", **({"access": ["few"]} if closed else {}))
    return replace(page, title=f"Harbour {at % 23}")


def check_trust(made: Made, oracle: LocalIndex) -> None:
    """How far the embedder is trusted is what the oracle measures of the same passages."""

    async def measure() -> None:
        for one in (made.index, oracle):
            await one.measure(WordEmbedder())

    asyncio.run(measure())
    assert made.index.facts()["trust"] == oracle.facts()["trust"] != {}


def check_concurrency(made: Made, rounds: int = 8) -> None:
    """Readers beside a publisher: none fails, and what one snapshot shows belongs to one round."""
    index = made.index

    def of(number: int) -> list[Passage]:
        return [passage(f"{at}.md", f"page {at} of round number{number}", round=number) for at in range(6)]

    put(index, *of(0))
    over = threading.Event()

    def read(_: int) -> int:
        asked = 0
        while not over.is_set():
            at = index.snapshot()
            seen = {one.metadata["round"] for one in ask(index, "page of round", at=at)}
            seen |= {one.metadata["round"] for one in index.lexical(at, "page", 9, principal=ANYONE)}
            assert len(seen) == 1
            asked += 1
        return asked

    with ThreadPoolExecutor(4) as pool:
        readers = [pool.submit(read, at) for at in range(4)]
        try:
            for number in range(1, rounds):
                put(index, *of(number))
        finally:
            over.set()
        assert all(reader.result() > 0 for reader in readers)
    assert {one.metadata["round"] for one in ask(index, "page of round")} == {rounds - 1}


def check_two_publishers(made: Made) -> None:
    """Of two that publish at once one waits or is refused; what either published stays."""
    put(made.index, passage("first.md", "first"))

    def publish(name: str) -> list[str]:
        kept: list[str] = []
        other = made.again()
        for at in range(4):
            document = f"{name}{at}.md"
            other.upsert([passage(document, f"{name} page {at}")], [vector(name)])
            with suppress(OutsideError):
                other.publish()
                kept.append(document)
        other.close()
        return kept

    with ThreadPoolExecutor(2) as pool:
        kept = [name for names in pool.map(publish, ["one", "two"]) for name in names]
    assert kept
    assert set(kept) <= {one.document for one in ask(made.index, "page", k=20)}


def paragraphs(folder: Path) -> list[Passage]:
    """Return paragraphs of the Markdown files in `folder`, no tables, each 16th for the group `few` alone."""
    found: list[Passage] = []
    for file in sorted(folder.glob("*.md"))[:12]:
        for text in file.read_text("utf-8").split("\n\n"):
            if len(text) > 80 and "--" not in text:
                access: dict[str, object] = {"access": ["few"]} if len(found) % 16 == 0 else {}
                found.append(passage(file.name, text, id=f"{file.stem}-{len(found)}", **access))
    return found
