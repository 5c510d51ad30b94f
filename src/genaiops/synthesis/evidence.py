"""Questions whose evidence is known, from rows of JSON: a suite's dataset, or a study's questions."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

from genaiops.core import Json, Passage, UserError
from genaiops.knowledge import read_rows, sentence_spans
from genaiops.synthesis.model import Source


def documents_of(file: Path) -> frozenset[str]:
    """Return the documents that the questions of a file name as their evidence, or are tagged with."""
    found: set[str] = set()
    for row in read_rows(file).rows:
        found |= {name for name, _ in _gold(row.values) if name}
    return frozenset(found)


def read_sources(file: Path, passages: Sequence[Passage]) -> tuple[list[Source], dict[str, int]]:
    """Return the questions of a file with the passage that holds their answer, and what is left out and why.

    Raises `UserError` where no row can be used.
    """
    by_document: dict[str, list[Passage]] = {}
    for one in passages:
        by_document.setdefault(one.document, []).append(one)
        if one.id != one.document:
            by_document.setdefault(one.id, []).append(one)
    sources: list[Source] = []
    left: dict[str, int] = {}
    read = read_rows(file)
    for row in read.rows:
        found = _source(row.values, by_document)
        if isinstance(found, str):
            left[found] = left.get(found, 0) + 1
        else:
            sources.append(found)
    if not sources:
        raise UserError(
            "GAO-SYNTHESIS-001",
            "no question can be used",
            why=max(left, key=lambda why: left[why])
            if left
            else next(iter(read.problems), "the file has no row"),
            fix='rows as {"id": "q1", "question": "…", "answers": ["…"], "passages": ["p1"]}, or a suite\'s',
            where=str(file),
        )
    return sources, left


def sentence_with(text: str, answer: str) -> str | None:
    """Return the sentence of `text` in which `answer` stands verbatim."""
    spans = [text[start:end] for start, end in sentence_spans(text)]
    return next((sentence.strip() for sentence in spans if answer in sentence), None)


def _source(row: Mapping[str, Json], by_document: Mapping[str, Sequence[Passage]]) -> Source | str:
    question, answers, named = _question(row), _answers(row), _gold(row)
    if not question:
        return "it has no question"
    if not answers:
        return "it has no answer"
    if not named:
        return "it names no passage"
    for document, quote in named:
        for passage in by_document.get(document, ()):
            for answer in answers:
                sentence = sentence_with(passage.text, answer)
                if sentence and _of(sentence, passage.text, quote):
                    return Source(
                        id=str(row["id"]),
                        question=question,
                        answer=answer,
                        passage=passage.id,
                        document=passage.document,
                        title=passage.title,
                        text=passage.text,
                        quote=sentence,
                        kind="dataset",
                    )
    return "no passage that it names holds its answer verbatim"


def _of(sentence: str, text: str, quote: str) -> bool:
    """Say whether the sentence is of the quoted stretch; without a quote any will do."""
    flat = " ".join(quote.split())
    return not flat or " ".join(sentence.split()) in flat or flat in " ".join(text.split())


def _question(row: Mapping[str, Json]) -> str:
    inputs = row.get("inputs")
    value = inputs.get("question") if isinstance(inputs, dict) else row.get("question")
    return value.strip() if isinstance(value, str) else ""


def _answers(row: Mapping[str, Json]) -> list[str]:
    given = _expected(row)
    value = given.get("answers", given.get("answer"))
    items = value if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, str) and item]


def _gold(row: Mapping[str, Json]) -> list[tuple[str, str]]:
    """Return the documents (or passages) that are named, each with a quote or nothing."""
    given = _expected(row).get("passages")
    found: list[tuple[str, str]] = []
    for item in given if isinstance(given, list) else []:
        if isinstance(item, str):
            found.append((item, ""))
        elif isinstance(item, dict):
            found.append((str(item.get("document") or ""), str(item.get("quote") or "")))
    return found


def _expected(row: Mapping[str, Json]) -> dict[str, Json]:
    given = row.get("expected")
    return given if isinstance(given, dict) else cast("dict[str, Json]", row)
