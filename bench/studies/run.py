"""What do the steps of a RAG system bring on each set, by a study with its full report?

    nice -n 5 python -m bench.studies.run --shared ../shared --sets squad2,msdocs_faq,mtrag
    nice -n 5 python -m bench.studies.run --shared ../shared --sets squad2 --chat local:extractive --limit 60
    python -m bench.studies.run --keep "rag-assistant=study/study.json"      # what the command wrote

The product's own command over the shared sets as files of passages and questions, questions without an answer
among them. Expected before measuring: the reranked hybrid finds more than dense search on every set; what a
generator makes of that is decidable only where it is right often enough. Results go into
bench/results/studies.json, one entry a set and generator; a study without answers has none.
"""

import argparse
import asyncio
import json
import os
import platform
import tempfile
from pathlib import Path
from typing import cast

from bench.retrieval.datasets import SETS, rows

from genaiops.arena import open_session
from genaiops.arena.study import Place, StudyOptions, run_study
from genaiops.core import encode
from genaiops.work import Console

RESULTS = Path(__file__).parent.parent / "results" / "studies.json"
QUESTION = "What do hybrid search, rerank, chain of thought and abstention bring on each shared set?"
_TAGS = ("domain", "type")


def write_files(name: str, shared: Path, folder: Path) -> Place:
    """Write a set as the two files that a study reads; return where they lie."""
    source = SETS[name]
    data = shared / "data" / source.folder
    passages = [row for row in rows(data / "passages.jsonl") if row.get("lang", "") == source.lang]
    questions = [row for row in rows(data / "questions.jsonl") if row.get("lang", "") == source.lang]
    place = Place(passages=folder / f"{name}.jsonl", questions=folder / f"{name}-questions.jsonl")
    assert place.passages
    assert place.questions
    place.passages.write_text(_lines([passage(row) for row in passages]), encoding="utf-8")
    asked = [question(row, source.cluster(row), history=source.history) for row in questions]
    place.questions.write_text(_lines(asked), encoding="utf-8")
    return place


def passage(row: dict) -> dict:
    """Return a passage as a study reads it."""
    kept = {"id": row["passage_id"], "title": row.get("title", ""), "text": row["text"]}
    return {**kept, "section": row["section"]} if row.get("section") else kept


def question(row: dict, cluster: str, *, history: bool) -> dict:
    """Return a question as a study reads it; one without a cluster stands for itself."""
    answers = row.get("answers") or ([row["reference_answer"]] if row.get("reference_answer") else [])
    asked = {"id": row["id"], "question": row["question"], "passages": row["gold_passage_ids"]}
    asked |= {"answers": answers, "cluster": cluster or row["id"]}
    asked |= {key: row[key] for key in _TAGS if isinstance(row.get(key), str)}
    if isinstance(row.get("answerable"), bool):
        asked["answerable"] = row["answerable"]
    return asked | ({"history": row["history"]} if history else {})


def entry(full: dict, load: list[float]) -> dict:
    """Return what is kept of a report as JSON: results and counts, no text of a question."""
    kept = {key: full[key] for key in ("headline", "retrieval", "generation", "robustness", "system")}
    kept["retrieval"] = {**kept["retrieval"], "slices": []}
    return {**kept, "load_before": load, "load_after": loads()}


def loads() -> list[float]:
    """Return the load averages."""
    return [round(one, 2) for one in os.getloadavg()]


def _lines(some: list[dict]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in some)


async def study(name: str, arguments: argparse.Namespace) -> dict:
    """Make the study of one set in the store `arguments.store`."""
    load = loads()
    with tempfile.TemporaryDirectory() as folder:
        place = write_files(name, arguments.shared, Path(folder))
        options = StudyOptions(
            place=place,
            chat=arguments.chat,
            limit=arguments.limit,
            k=arguments.k,
            tokens=arguments.context_tokens,
            retrieval_only=arguments.chat is None,
        )
        async with open_session(arguments.store, Console(), anywhere=True) as session:
            report = await run_study(session.root, options, session.services, session.hub)
            return entry(cast("dict", encode(report)), load)


def main() -> None:
    """Study the sets that are named and keep what is shown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--sets", default="squad2,msdocs_faq,mtrag")
    parser.add_argument("--store", type=Path, default=Path(tempfile.gettempdir()) / "genaiops-studies")
    parser.add_argument("--keep", action="append", default=[], help="NAME=study.json of the command itself")
    parser.add_argument("--chat")
    parser.add_argument("--limit", type=int)
    parser.add_argument("-k", type=int)
    parser.add_argument("--context-tokens", type=int)
    arguments = parser.parse_args()
    arguments.store.mkdir(parents=True, exist_ok=True)
    found = json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else {"sets": {}}
    for text in arguments.keep:
        name, _, file = text.partition("=")
        found["sets"][name] = entry(json.loads(Path(file).read_text("utf-8")), loads())
        _write(found)
    for name in arguments.sets.split(",") if not arguments.keep else ():
        key = f"{name}, {arguments.chat}" if arguments.chat else name
        found["sets"][key] = asyncio.run(study(name, arguments))
        _write(found)


def _write(found: dict) -> None:
    found |= {"question": QUESTION, "cores": os.cpu_count(), "python": platform.python_version()}
    RESULTS.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
