"""How documents are cut."""

import itertools
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genaiops.core import UserError, digest_bytes
from genaiops.knowledge import Chunk, ChunkOptions, Document, parse_document
from genaiops.knowledge.chunks import Tokenizer, chunk_document
from genaiops.knowledge.formats.composing import compose
from genaiops.knowledge.formats.model import Parsed, Part
from genaiops.knowledge.model import Body


def words(texts: Sequence[str]) -> list[int]:
    return [len(text.split()) for text in texts]


def cut(
    text: str, *, path: str = "d.md", tokens: int = 16, overlap: int = 0, window: int = 256
) -> list[Chunk]:
    options = ChunkOptions(tokens=tokens, overlap=overlap)
    return chunk_document(parse_document(path, text), options, Tokenizer(words, window))


GUIDE = """---
title: Guide
---
# Guide

Welcome here.

## Setup **fast**

- one item
- two items

| a | b |
|---|---|
| 1 | 2 |

```python
# not a heading
x = 1
```

Underlined
----------

> quoted
"""


def test_chunks_are_cut_at_headings_and_know_the_path_to_them() -> None:
    assert [(chunk.heading, chunk.text.split("\n")[0]) for chunk in cut(GUIDE, tokens=60)] == [
        (("Guide",), "Welcome here."),
        (("Guide", "Setup fast"), "- one item"),
        (("Guide", "Underlined"), "> quoted"),
    ]


def test_lists_tables_and_code_keep_their_text() -> None:
    text = cut(GUIDE, tokens=60)[1].text
    assert "| 1 | 2 |" in text
    assert "# not a heading\nx = 1" in text


def test_the_headings_are_told_to_the_embedder_and_are_no_part_of_the_passage() -> None:
    chunk = cut(GUIDE, tokens=60)[1]
    assert chunk.header == "Guide > Setup fast"
    assert chunk.embedded == f"Guide > Setup fast\n{chunk.text}"
    assert "Setup" not in chunk.text


def test_a_chunk_ends_with_a_sentence() -> None:
    text = (
        "One two three four five six. Seven eight nine ten eleven. Twelve thirteen fourteen fifteen sixteen."
    )
    assert [chunk.text for chunk in cut(text, path="d.txt", tokens=16)] == [
        "One two three four five six. Seven eight nine ten eleven. Twelve thirteen fourteen fifteen sixteen."
    ]
    longer = "Zero zero. " + text
    assert [chunk.text for chunk in cut(longer, path="d.txt", tokens=16)][1] == (
        "Twelve thirteen fourteen fifteen sixteen."
    )


def test_neighbours_share_whole_sentences_up_to_the_overlap() -> None:
    text = " ".join(f"This is sentence number {at}." for at in range(8))
    chunks = cut(text, path="d.txt", tokens=16, overlap=6)
    assert [chunk.text.count("This") for chunk in chunks] == [3] * 3 + [2]
    for left, right in itertools.pairwise(chunks):
        assert right.start < left.end
        assert left.text.endswith(right.text[: left.end - right.start])


def test_a_sentence_longer_than_the_window_is_cut_at_spaces() -> None:
    chunks = cut("word " * 100, path="d.txt", tokens=16)
    assert all(words([chunk.text]) <= [16] for chunk in chunks)
    assert sum(len(chunk.text.split()) for chunk in chunks) == 100


def test_no_chunk_with_its_header_is_longer_than_the_window() -> None:
    chunks = cut("# A long heading of six words\n\n" + "word. " * 300, tokens=100, window=64)
    assert all(words([chunk.embedded])[0] + 2 <= 64 for chunk in chunks)


def test_equal_words_at_two_places_are_two_passages() -> None:
    chunks = cut("# A\n\nSame.\n\n# B\n\nSame.\n\n# A\n\nSame.\n")
    assert len({chunk.id for chunk in chunks}) == 3


def test_ids_stay_when_something_above_changes() -> None:
    before = cut("# A\n\nOne.\n\n# B\n\nTwo.\n")
    after = cut("# A\n\nOne and a half.\n\n# B\n\nTwo.\n")
    assert before[1].id == after[1].id
    assert before[0].id != after[0].id


def test_a_document_without_text_has_no_chunk() -> None:
    assert cut("---\ntitle: x\n---\n# Only\n\n## Headings\n") == []
    assert cut("") == []


SNIPPETS = (
    *("# H\n", "## H two\n", "text. More text.\n", "\n", "- item\n", "| a |\n|---|\n", "```\ncode\n"),
    *("    x\n", "> q\n", "<b>\n", "\tt\n", "\f\n", "\u2028z\n"),
)
markdown = st.lists(st.sampled_from(SNIPPETS) | st.text(max_size=30), max_size=20)


@given(markdown.map("".join), st.sampled_from(["d.md", "d.txt"]), st.integers(16, 40))
def test_any_text_is_cut_into_verbatim_pieces_that_fit_and_lose_no_word(
    text: str, path: str, tokens: int
) -> None:
    if text.lstrip("\ufeff").startswith("---"):
        text = "x" + text
    document = parse_document(path, text)
    # a tokenizer that makes a token of every three characters
    tokenizer = Tokenizer(lambda texts: [-(-len(text) // 3) for text in texts], 1000)
    chunks = chunk_document(document, ChunkOptions(tokens=tokens, overlap=4), tokenizer)
    assert all(document.text[chunk.start : chunk.end] == chunk.text for chunk in chunks)
    assert all(chunk.text.strip() and chunk.text == chunk.text.rstrip() for chunk in chunks)
    assert len({chunk.id for chunk in chunks}) == len(chunks)
    if path == "d.txt":
        covered = {at for chunk in chunks for at in range(chunk.start, chunk.end)}
        assert {at for at, letter in enumerate(document.text) if not letter.isspace()} <= covered


ROWS = "\n".join(f"| plan {at} | {at} euros a month |" for at in range(20))
TABLE = f"# Prices\n\nAs of today:\n\n| plan | price |\n|---|---|\n{ROWS}\n\nThat is all.\n"


@pytest.mark.proves("D-CHUNK-WHOLE")
def test_a_table_is_torn_between_rows_and_its_header_is_repeated() -> None:
    chunks = cut(TABLE, tokens=40)
    torn = [chunk for chunk in chunks if "euros" in chunk.text]
    assert len(torn) > 2
    for chunk in torn:
        assert "| plan | price |\n|---|---|\n" in chunk.text
        assert words([chunk.text]) <= [40]
    rows = [line for chunk in torn for line in chunk.text.split("\n") if "euros" in line]
    assert rows == ROWS.split("\n")
    assert all(
        chunk.text == f"{chunk.lead}\n{chunk.document.text[chunk.start : chunk.end]}" for chunk in torn[1:]
    )


@pytest.mark.proves("D-CHUNK-WHOLE")
def test_a_table_or_code_that_fits_stays_whole() -> None:
    code = "```python\n" + "\n".join(f"line {at} = {at}" for at in range(6)) + "\n```"
    table = "| a | b |\n|---|---|\n| one two three | four |\n| five six | seven |"
    filling = "These are eight words to fill some room."
    for block in (code, table):
        chunks = cut(f"# H\n\n{filling} {filling}\n\n{block}\n\n{filling}\n", tokens=28)
        assert any(block in chunk.text for chunk in chunks), block


def test_a_header_that_leaves_no_room_for_rows_is_not_repeated() -> None:
    head = f"| {' | '.join(f'a long name {at}' for at in range(8))} |\n|{'---|' * 8}"
    rows = "\n".join(f"| {' | '.join(str(at) for at in range(8))} |" for _ in range(4))
    chunks = cut(f"{head}\n{rows}\n", tokens=40)
    assert [chunk.lead for chunk in chunks] == [""] * len(chunks)
    assert all(words([chunk.text]) <= [40] for chunk in chunks)


def glued(texts: Sequence[str]) -> list[int]:
    """Count as a tokenizer does that makes more tokens of a whole than of its parts."""
    return [len(text.split()) + max(0, len(text.split()) - 3) // 2 for text in texts]


@pytest.mark.proves("D-CHUNK-EXACT")
def test_no_chunk_is_too_long_for_a_tokenizer_that_does_not_add_up() -> None:
    text = " ".join(f"Sentence {at} ends here." for at in range(60))
    chunks = chunk_document(
        parse_document("d.txt", text), ChunkOptions(tokens=20, overlap=4), Tokenizer(glued)
    )
    assert max(glued([chunk.text for chunk in chunks])) <= 20
    assert all(chunk.text.endswith("here.") and chunk.text.startswith("Sentence") for chunk in chunks)
    assert all(f"Sentence {at} ends" in " ".join(chunk.text for chunk in chunks) for at in range(60))


@pytest.mark.proves("D-DOC-CITED")
def test_the_chunks_of_a_parsed_document_keep_page_heading_and_offsets() -> None:
    parsed = Parsed(
        (
            Part("heading", "Guide", 1, 1),
            Part("prose", "First page.", 0, 1),
            Part("heading", "Part # two", 2, 2),
            Part("prose", "# not a heading\n1. not a list", 0, 2),
            Part("table", "| a | b |\n| --- | --- |\n| 1 | 2 |", 0, 3),
        ),
        pages=3,
    )
    composed = compose(parsed)
    document = Document(
        id="g", path="g.pdf", body=Body((composed.text, composed.blocks)), digest=digest_bytes(b""),
        title="Guide", pages=composed.pages,
    )  # fmt: skip
    chunks = chunk_document(document, ChunkOptions(tokens=16, overlap=0), Tokenizer(words))
    assert [(chunk.page, chunk.heading, chunk.text.split("\n")[0]) for chunk in chunks] == [
        (1, ("Guide",), "First page."),
        (2, ("Guide", "Part # two"), "# not a heading"),
        (3, ("Guide", "Part # two"), "| a | b |"),
    ]
    assert all(document.text[chunk.start : chunk.end] == chunk.text for chunk in chunks)
    assert chunks[1].header == "Guide > Part # two"


def test_headings_that_leave_no_room_are_left_out_from_the_outermost_on() -> None:
    outer, inner = (" ".join(f"{name}{at}" for at in range(30)) for name in ("outer", "inner"))
    chunks = cut(f"# Title\n\n## {outer}\n\n### {inner}\n\n#### Last\n\nText.\n", tokens=16, window=60)
    assert chunks[-1].heading == (inner, "Last")
    assert words([chunks[-1].embedded])[0] + 2 <= 60


def test_a_title_that_leaves_no_room_is_refused_by_its_document() -> None:
    with pytest.raises(UserError) as caught:
        cut(f"---\ntitle: {'word ' * 60}\n---\nText.\n", window=60)
    assert caught.value.code == "GAO-KNOWLEDGE-002"
    assert caught.value.where.startswith("d.md: word word")
