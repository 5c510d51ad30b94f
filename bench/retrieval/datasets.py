"""The shared retrieval sets: ready-made passages, questions with the passages that answer them."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from genaiops.core import Passage
from genaiops.knowledge import Query


@dataclass(frozen=True)
class Question:
    """A question, the ids of the passages that answer it, and its cluster."""

    id: str
    query: Query
    gold: frozenset[str]
    cluster: str


@dataclass(frozen=True)
class Set:
    """Passages and questions."""

    name: str
    passages: list[Passage]
    questions: list[Question]
    note: str


@dataclass(frozen=True)
class _Source:
    folder: str
    cluster: Callable[[dict], str]
    note: str
    lang: str = ""
    history: bool = False
    asked_in: str = "questions.jsonl"
    asks: str = "question"


def rows(path: Path) -> list[dict]:
    """Return the rows of a JSON Lines file."""
    return [json.loads(line) for line in path.read_text("utf-8").split("\n") if line]


def load(name: str, shared: Path) -> Set:
    """Return the named set; a language of a set is asked of its own passages."""
    source = SETS[name]
    folder = shared / "data" / source.folder
    passages = [row for row in rows(folder / "passages.jsonl") if row.get("lang", "") == source.lang]
    questions = [
        Question(
            row["id"],
            query(row[source.asks], row, source.history),
            frozenset(row["gold_passage_ids"]),
            source.cluster(row),
        )
        for row in rows(folder / source.asked_in)
        if row["gold_passage_ids"] and row.get("lang", "") == source.lang
    ]
    return Set(name, [passage(row) for row in passages], questions, source.note)


def query(text: str, row: dict, history: bool) -> Query:
    """Return what is asked, with what the user said before where that is wanted."""
    said = [turn["content"] for turn in row.get("history", []) if turn["role"] == "user"] if history else []
    return Query(text, tuple(said))


def passage(row: dict) -> Passage:
    """Return a passage; its section stands behind its title, as in its source."""
    title = " > ".join(part for part in (row.get("title", ""), row.get("section", "")) if part)
    return Passage(
        id=row["passage_id"], text=row["text"], document=row["passage_id"], title=" ".join(title.split())
    )


def _article(row: dict) -> str:
    return f"{row['doc_id']}"


def _xquad(lang: str, language: str) -> _Source:
    note = f"SQuAD paragraphs and questions in {language}; clusters: articles"
    return _Source("rag_xquad_multilingual", _article, note, lang)


_MTRAG = "rag_mtrag_multiturn"
_TURN = "last user turn only: some questions cannot be understood alone; clusters: conversations"
_SAID = "the same with what the user said before; to the peers one text; not among the pooled sets"
SETS = {
    "squad2": _Source("rag_squad2", _article, "Wikipedia; clusters: 11 articles"),
    "msdocs_faq": _Source(
        "rag_msdocs_faq",
        lambda row: row["gold_passage_ids"][0] if row["gold_passage_ids"] else "",
        "product documentation; clusters: answers (three products are too few to cluster by)",
    ),
    "mtrag": _Source(_MTRAG, lambda row: row["conversation_id"], _TURN),
    "mtrag_history": _Source(_MTRAG, lambda row: row["conversation_id"], _SAID, history=True),
    "multihop": _Source(
        "rag_multihop", lambda row: row["id"], "2 to 4 passages needed; each question its own cluster"
    ),
    "xquad_en": _xquad("en", "English"),
    "xquad_de": _xquad("de", "German"),
    "xquad_es": _xquad("es", "Spanish"),
    "xquad_zh": _xquad("zh", "Chinese"),
    "xquad_ar": _xquad("ar", "Arabic"),
    "tau2": _Source(
        "rag_tau2_banking_kb",
        lambda row: row["id"],
        "the whole script of a customer's call as the question, all documents that its task needs as gold; "
        "each task its own cluster; not among the pooled sets",
        asked_in="tasks.jsonl",
        asks="user_instructions",
    ),
}
_NOT_POOLED = ("mtrag_history", "tau2")
FAMILIES = {
    name: "squad" if "quad" in name else name.partition("_")[0] for name in SETS if name not in _NOT_POOLED
}
"""The sets that are pooled. Those of one source are left out together: XQuAD translates SQuAD."""
