"""Where sentences end, and where they do not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genaiops.knowledge import sentence_spans, split_sentences


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("One. Two! Three? Four", ["One.", "Two!", "Three?", "Four"]),
        ("Dr. Smith met Mrs. Jones. They spoke.", ["Dr. Smith met Mrs. Jones.", "They spoke."]),
        ("It costs 3.50 euros, i.e. 3.5 % more. Yes.", ["It costs 3.50 euros, i.e. 3.5 % more.", "Yes."]),
        ("J. R. R. Tolkien wrote it. He did.", ["J. R. R. Tolkien wrote it.", "He did."]),
        (
            "He moved to the U.S. Government office. It was big.",
            ["He moved to the U.S. Government office.", "It was big."],
        ),
        ("He moved to the U.S. The year was 1990.", ["He moved to the U.S.", "The year was 1990."]),
        ("Acme Inc. Ltd. was sold. See Fig. 3.", ["Acme Inc. Ltd. was sold.", "See Fig. 3."]),
        ('He said "Stop." Then he left.', ['He said "Stop."', "Then he left."]),
        ("World War I. The end came.", ["World War I.", "The end came."]),
        ("Wait ... what? no", ["Wait ... what? no"]),
        ("First.\n\nSecond without end\n\nThird", ["First.", "Second without end", "Third"]),
        ("- one item\n- two items. Really.\n1. three", ["- one item", "- two items.", "Really.", "1. three"]),
        ("| a | b |\n| 1 | 2 |", ["| a | b |", "| 1 | 2 |"]),
        ("a line\nthat goes on. Next", ["a line\nthat goes on.", "Next"]),
        ("これは一文。これも一文。", ["これは一文。", "これも一文。"]),
        ("version 2.0.1 of example.com is out", ["version 2.0.1 of example.com is out"]),
        ("", []),
        (" \n\n ", []),
    ],
)
def test_sentences_end_where_a_reader_would_end_them(text: str, sentences: list[str]) -> None:
    assert split_sentences(text) == sentences


@given(st.text(alphabet="aB .!?\n-1。\"'|") | st.text())
def test_every_character_but_white_space_lies_in_exactly_one_sentence(text: str) -> None:
    spans = sentence_spans(text)
    covered = [at for start, end in spans for at in range(start, end)]
    assert len(covered) == len(set(covered))
    assert covered == sorted(covered)
    assert {at for at, letter in enumerate(text) if not letter.isspace()} <= set(covered)
    assert all(text[start:end] == text[start:end].strip() != "" for start, end in spans)
