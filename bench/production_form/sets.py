"""RAG sets that nothing was calibrated on: a seeded sample of questions, and a modest corpus around it."""

import json
import random
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

SEED = 20261123
MOST_CHUNKS = 500
_CHARS_A_CHUNK = 600


@dataclass(frozen=True)
class Asked:
    """A question, its reference answers (none where it cannot be answered), its gold and its cluster."""

    id: str
    text: str
    answers: list[str]
    gold: frozenset[str]
    cluster: str


@dataclass(frozen=True)
class Sample:
    """Questions, and the passages of the corpus by document; `all_questions` are the set's own, whole."""

    name: str
    questions: list[Asked]
    all_questions: list[Asked]
    documents: dict[str, list[dict]]
    chunks: int
    note: str


def load(name: str, shared: Path, cases: int, skip: int = 0) -> Sample:
    """Return the named set: questions in seeded order after `skip`, all of their gold, seeded distractors."""
    folder, reader, note = SETS[name]
    passages = _rows(shared / "data" / folder / "passages.jsonl")
    if name == "hotpotqa":
        passages = [row for row in passages if row["dataset"] == "hotpotqa"]
    by_id = {row["passage_id"]: row for row in passages}
    rows = _rows(shared / "data" / folder / "questions.jsonl")
    every = reader(rows, by_id)
    questions = every[skip : skip + cases]
    documents, chunks = _corpus(passages, questions)
    return Sample(name, questions, every, documents, chunks, note)


def markdown(passages: list[dict]) -> str:
    """Return a document: its title, and its passages under their sections, in the source's order."""
    title = passages[0].get("title") or passages[0].get("doc_id", "")
    lines = ["---", f"title: {json.dumps(title, ensure_ascii=False)}", "---", f"# {' '.join(title.split())}"]
    section = ""
    for row in passages:
        if row.get("section") and row["section"] != section:
            section = row["section"]
            lines.append(f"\n## {' '.join(section.split())}")
        lines.append(f"\n{row['text']}")
    return "\n".join(lines) + "\n"


def _corpus(passages: list[dict], questions: list[Asked]) -> tuple[dict[str, list[dict]], int]:
    kept = set().union(*(question.gold for question in questions))
    weight = {row["passage_id"]: 1 + len(row["text"]) // _CHARS_A_CHUNK for row in passages}
    chunks = sum(weight[one] for one in kept)
    others = sorted(set(weight) - kept)
    random.Random(SEED).shuffle(others)
    for one in others:
        if chunks + weight[one] > MOST_CHUNKS:
            break
        kept.add(one)
        chunks += weight[one]
    documents: dict[str, list[dict]] = defaultdict(list)
    for row in passages:
        if row["passage_id"] in kept:
            documents[row.get("doc_id", row["passage_id"])].append(row)
    return dict(documents), chunks


def _shuffled(rows: list[dict]) -> list[dict]:
    rows = sorted(rows, key=lambda row: row["id"])
    random.Random(SEED).shuffle(rows)
    return rows


def _msdocs(rows: list[dict], by_id: dict[str, dict]) -> list[Asked]:
    return [
        Asked(
            row["id"],
            row["question"],
            [row["reference_answer"]] if row["answerable"] else [],
            frozenset(row["gold_passage_ids"]) & by_id.keys(),
            by_id[row["gold_passage_ids"][0]]["doc_id"]
            if row["answerable"]
            else f"product: {row['product']}",
        )
        for row in _shuffled(rows)
    ]


def _mtrag(rows: list[dict], by_id: dict[str, dict]) -> list[Asked]:
    order = sorted(_shuffled(rows), key=lambda row: row["turn"] != 1)  # stable: first turns, then the rest
    return [
        Asked(
            row["id"],
            row["question"],
            [row["reference_answer"]] if row["answerable"] else [],
            frozenset(row["gold_passage_ids"]) & by_id.keys(),
            row["conversation_id"],
        )
        for row in order
    ]


def _hotpot(rows: list[dict], by_id: dict[str, dict]) -> list[Asked]:
    return [
        Asked(
            row["id"],
            row["question"],
            row["answers"],
            frozenset(row["gold_passage_ids"]),
            " + ".join(sorted(by_id[one]["title"] for one in row["gold_passage_ids"])),
        )
        for row in _shuffled([row for row in rows if row["dataset"] == "hotpotqa"])
    ]


def _rows(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text("utf-8").split("\n") if line]


SETS = {
    "msdocs": ("rag_msdocs_faq", _msdocs, "product documentation, long references; cluster: source page"),
    "mtrag": (
        "rag_mtrag_multiturn",
        _mtrag,
        "long references; first turns, then last user turns without their history; cluster: conversation",
    ),
    "hotpotqa": ("rag_multihop", _hotpot, "short answers, two passages needed; cluster: gold titles"),
}
