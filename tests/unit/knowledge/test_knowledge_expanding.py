"""A hit with what stands around it."""

from collections.abc import Sequence

import pytest

from genaiops.core import Passage
from genaiops.knowledge import ChunkOptions, expand, parse_document
from genaiops.knowledge.build import passage_of
from genaiops.knowledge.chunks import Tokenizer, chunk_document

TEXT = (
    """# Guide

Welcome to all of it here.

## Refunds

"""
    + " ".join(f"Sentence number {at} stands right here." for at in range(12))
    + """

### Exceptions

None on sundays.

## Prices

| plan | price |
|---|---|
"""
    + "\n".join(f"| plan {at} of ours | {at} euros a month |" for at in range(8))
    + "\n"
)


def words(texts: Sequence[str]) -> list[int]:
    return [len(text.split()) for text in texts]


@pytest.fixture
def passages() -> list[Passage]:
    document = parse_document("guide.md", TEXT)
    return [
        passage_of(one)
        for one in chunk_document(document, ChunkOptions(tokens=20, overlap=6), Tokenizer(words))
    ]


def grown(passages: list[Passage], hits: list[Passage], around: str, budget: int) -> list[Passage]:
    return expand(hits, {"guide.md": passages}, around=around, budget=budget, count=words)  # type: ignore[arg-type]


def under(passages: list[Passage], *heading: str) -> list[Passage]:
    return [one for one in passages if one.heading == heading]


@pytest.mark.proves("D-CHUNK-AROUND")
def test_neighbours_are_added_in_turns_within_the_number_of_tokens(passages: list[Passage]) -> None:
    refunds = under(passages, "Guide", "Refunds")
    assert len(refunds) > 3
    (one,) = grown(passages, [refunds[1]], "neighbours", 50)
    assert (one.id, one.score) == (refunds[1].id, refunds[1].score)
    assert words([one.text])[0] <= 50
    assert one.start < refunds[1].start
    assert one.end > refunds[1].end
    assert one.text.split("\n\n")[1] == "Refunds"
    assert one.text.replace("Refunds", "## Refunds") == TEXT[one.start : one.end]


@pytest.mark.proves("D-CHUNK-AROUND")
def test_a_section_is_the_hits_own_and_what_is_below_it(passages: list[Passage]) -> None:
    (one,) = grown(passages, [under(passages, "Guide", "Refunds")[1]], "section", 1000)
    assert one.text.startswith("Sentence number 0 stands")
    assert one.text.endswith("None on sundays.")
    assert "plan" not in one.text
    assert one.text.count("Sentence number 5 ") == 1


def test_the_rows_of_a_table_are_put_together_under_one_header(passages: list[Passage]) -> None:
    rows = under(passages, "Guide", "Prices")
    assert len(rows) > 1
    assert all(row.text.startswith("| plan | price |") for row in rows)
    (one,) = grown(passages, [rows[-1]], "section", 1000)
    assert one.text.count("| plan | price |") == 1
    assert all(f"| plan {at} of ours |" in one.text for at in range(8))


def test_no_room_leaves_the_hit_as_it_is_and_an_unknown_document_too(passages: list[Passage]) -> None:
    hit = passages[2]
    assert grown(passages, [hit], "neighbours", 1) == [hit]
    assert expand([hit], {}, around="section", budget=100, count=words) == [hit]


def test_a_hit_within_a_better_ones_surroundings_is_left_out(passages: list[Passage]) -> None:
    refunds = under(passages, "Guide", "Refunds")
    found = grown(passages, [refunds[1], refunds[2]], "section", 1000)
    assert [one.id for one in found] == [refunds[1].id]
