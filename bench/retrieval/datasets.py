"""The shared retrieval sets: passages as documents, questions with the passages that answer them."""

import json
import random
from dataclasses import dataclass
from pathlib import Path

from genaiops.core import digest_bytes
from genaiops.knowledge import Corpus, Document


@dataclass(frozen=True)
class Question:
    """A question, the ids of the passages that answer it, and its cluster."""

    id: str
    text: str
    gold: frozenset[str]
    cluster: str


@dataclass(frozen=True)
class Set:
    """A corpus and its questions."""

    name: str
    corpus: Corpus
    questions: list[Question]
    note: str


def rows(path: Path) -> list[dict]:
    """Return the rows of a JSON Lines file."""
    return [json.loads(line) for line in path.read_text("utf-8").split("\n") if line]


def load(name: str, shared: Path) -> Set:
    """Return the named set."""
    folder, cluster, note = SETS[name]
    passages = [
        row for row in rows(shared / "data" / folder / "passages.jsonl") if row.get("lang", "en") == "en"
    ]
    questions = [
        Question(row["id"], row["question"], frozenset(row["gold_passage_ids"]), cluster(row))
        for row in rows(shared / "data" / folder / "questions.jsonl")
        if row["gold_passage_ids"] and row.get("lang", "en") == "en"
    ]
    if name == "multihop":
        passages, questions = subset(passages, questions)
    return Set(name, Corpus(documents=tuple(document(row) for row in passages)), questions, note)


def subset(passages: list[dict], questions: list[Question]) -> tuple[list[dict], list[Question]]:
    """Return 150 questions, their gold passages and other passages up to 1,500, by a fixed seed."""
    chosen = random.Random(20261123).sample(questions, 150)
    gold = {passage for question in chosen for passage in question.gold}
    others = [row for row in passages if row["passage_id"] not in gold]
    kept = {row["passage_id"] for row in random.Random(20261123).sample(others, 1500 - len(gold))} | gold
    return [row for row in passages if row["passage_id"] in kept], chosen


def document(row: dict) -> Document:
    """Return a passage as a document of its own; its title and section stand above it, as in its source."""
    title = " > ".join(part for part in (row.get("title", ""), row.get("section", "")) if part)
    return Document(
        id=row["passage_id"],
        path=f"{row['passage_id']}.txt",
        text=row["text"],
        digest=digest_bytes(row["text"].encode()),
        title=title,
    )


SETS = {
    "squad2": ("rag_squad2", lambda row: row["doc_id"], "Wikipedia; clusters: 11 articles"),
    "xquad_en": (
        "rag_xquad_multilingual",
        lambda row: row["doc_id"],
        "Wikipedia, English part; clusters: articles",
    ),
    "msdocs_faq": (
        "rag_msdocs_faq",
        lambda row: row["gold_passage_ids"][0] if row["gold_passage_ids"] else "",
        "product documentation; each question its own cluster (three products are too few to cluster by)",
    ),
    "mtrag": (
        "rag_mtrag_multiturn",
        lambda row: row["conversation_id"],
        "last user turn only, no history: some questions cannot be understood alone; clusters: conversations",
    ),
    "multihop": (
        "rag_multihop",
        lambda row: row["id"],
        "2 to 4 passages needed; a seeded subset: 150 of 397 questions, 1,500 of 5,054 passages",
    ),
}
