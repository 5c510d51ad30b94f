"""Training rows: hard distractors, quotes that stand verbatim, and nothing of a test document."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from genaiops.core import Passage, UserError
from genaiops.synthesis.asking import read_reply
from genaiops.synthesis.evidence import documents_of, read_sources
from genaiops.synthesis.model import RaftOptions, RaftRow, Source
from genaiops.synthesis.rows import check_row, make_row, passages_of, quotes_of

TEXT = "The shop opened in 1932. A refund takes 14 days. It is paid in cash."
SOURCE = Source(
    id="q1", question="How long?", answer="14 days", passage="p0", document="d0", title="Shop", text=TEXT,
    quote="A refund takes 14 days.", kind="dataset",
)  # fmt: skip
FOUND = [
    Passage(id="p0", text=TEXT, document="d0"),
    Passage(id="p1", text="Elsewhere it is 14 days, too.", document="d1"),
    *(Passage(id=f"p{at}", text=f"Passage {at} on refunds.", document=f"d{at}") for at in range(2, 8)),
]


def made(source: Source = SOURCE, options: RaftOptions = RaftOptions(), banned: str = "") -> RaftRow:
    row = make_row(source, FOUND, options, frozenset([banned]))
    assert isinstance(row, RaftRow)
    return row


@pytest.mark.proves("D-RAFT-ROWS")
def test_a_row_has_the_oracle_hard_distractors_without_the_answer_and_a_quoting_answer() -> None:
    row = made()
    assert sorted(passages_of(row)) == sorted([TEXT, *(f"Passage {at} on refunds." for at in (2, 3, 4))])
    assert row.cot_answer.startswith("##begin_quote##A refund takes 14 days.##end_quote##")
    assert row.cot_answer.endswith("Answer: 14 days")
    assert row.oracle_context == TEXT
    assert "Question: How long?" in row.instruction
    assert all(text in row.instruction for text in passages_of(row))
    assert check_row(row) == ""
    assert check_row(replace(row, cot_answer=row.cot_answer.replace("A refund", "Each refund"))) != ""
    assert check_row(replace(row, cot_answer="14 days")) == "it quotes nothing"
    assert quotes_of("##begin_quote##never closed") == []


@pytest.mark.proves("D-RAFT-ROWS")
def test_a_share_of_the_rows_keeps_its_oracle_and_the_seed_fixes_which() -> None:
    sources = [replace(SOURCE, id=f"q{at}") for at in range(400)]
    options = RaftOptions(keep=0.8, distractors=3)
    rows = [made(one, options) for one in sources]
    kept = sum(TEXT in passages_of(row) for row in rows)
    assert 280 < kept < 360
    assert {len(passages_of(row)) for row in rows} == {4}
    assert [made(one, options) for one in sources[:20]] == rows[:20]
    assert len({passages_of(row).index(TEXT) for row in rows if TEXT in passages_of(row)}) == 4
    assert any(
        made(one, replace(options, seed=1)) != row for one, row in zip(sources[:20], rows, strict=False)
    )


@pytest.mark.proves("D-RAFT-SPLIT")
def test_no_document_of_a_test_question_is_among_the_distractors() -> None:
    assert "Passage 3 on refunds." in passages_of(made())
    assert "Passage 3 on refunds." not in passages_of(made(banned="d3"))
    few = make_row(SOURCE, FOUND[:4], RaftOptions(), frozenset())
    assert few == "fewer passages without the answer than distractors"


@pytest.mark.proves("D-RAFT-ROWS")
def test_questions_come_with_the_passage_and_the_sentence_that_hold_their_answer(tmp_path: Path) -> None:
    file = tmp_path / "q.jsonl"
    rows = [
        {"id": "a", "inputs": {"question": "How long?"},
         "expected": {"answers": ["two weeks", "14 days"], "passages": [{"document": "d0", "quote": TEXT}]}},
        {"id": "b", "question": "Opened?", "answers": ["1932"], "passages": ["p0"]},
        {"id": "c", "question": "Who?", "answers": ["Nobody"], "passages": ["d0"]},
        {"id": "d", "question": "Who?", "answers": []},
    ]  # fmt: skip
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    sources, left = read_sources(file, FOUND)
    assert [(one.id, one.answer, one.quote) for one in sources] == [
        ("a", "14 days", "A refund takes 14 days."),
        ("b", "1932", "The shop opened in 1932."),
    ]
    assert left == {"no passage that it names holds its answer verbatim": 1, "it has no answer": 1}
    assert documents_of(file) == {"d0", "p0"}
    file.write_text('{"id": "d", "question": "Who?"}\n', encoding="utf-8")
    with pytest.raises(UserError, match="it has no answer"):
        read_sources(file, FOUND)


@pytest.mark.proves("D-RAFT-ROWS")
def test_what_a_model_asks_is_used_only_where_its_answer_stands_in_the_passage() -> None:
    said = [
        {"question": "How long?", "answer": "14 days", "quote": "A refund takes 14 days."},
        {"question": "How long?", "answer": "14 days", "quote": "Refunds need 14 days."},
        {"question": "How?", "answer": "by card", "quote": "It is paid by card."},
        {"question": 7},
    ]
    good, mended, *bad = read_reply(f"Here: {json.dumps(said)} That is all.", FOUND[0], 9)
    assert isinstance(good, Source)
    assert isinstance(mended, Source)
    assert (good.quote, mended.quote) == ("A refund takes 14 days.", "A refund takes 14 days.")
    assert bad == [
        "the model's quote or answer does not stand in the passage",
        "the model's question or answer is no text",
    ]
    assert read_reply("I cannot.", FOUND[0], 1) == ["the model's reply is no list of JSON"]
