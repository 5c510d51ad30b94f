"""A first suite from a table that a team already has: CSV or JSON Lines in, dataset rows out. Pure."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from genaiops.core import Json, UserError

QUESTIONS = ("question", "query", "prompt", "input", "user", "message", "utterance")
ANSWERS = (
    *("answer", "answers", "expected", "expected_answer", "reference", "reference_answer"),
    *("ground_truth", "gold", "target", "output", "response"),
)
CLUSTERS = (
    *("document", "doc_id", "doc", "source", "article", "conversation_id", "conversation", "session"),
    *("user_id", "customer", "ticket", "url", "title", "file"),
)
IDS = ("id", "case_id", "qid", "uid", "key")


@dataclass(frozen=True, slots=True)
class Table:
    """Dataset rows made from a table, and what was taken for what."""

    rows: tuple[dict[str, Json], ...]
    question: str
    answer: str | None
    cluster: str | None
    skipped: int


def read_table(text: str, name: str) -> Table:
    """Return the rows of a CSV (header needed) or JSON Lines text as dataset rows.

    Raises `UserError` where no column looks like a question, with the columns that are there.
    """
    records = _json_lines(text, name) if name.endswith((".jsonl", ".ndjson")) else _csv(text, name)
    if not records:
        raise UserError(
            "GAO-NEW-010", f"{name} has no rows", why="a suite needs cases", fix="name a file with some"
        )
    columns = list(dict.fromkeys(key for record in records for key in record))
    question = _pick(columns, QUESTIONS)
    if question is None:
        raise UserError(
            "GAO-NEW-011",
            f"no column of {name} looks like a question",
            why=f"columns: {', '.join(columns[:12])}",
            fix=f"rename the one that is asked to `question` (also known: {', '.join(QUESTIONS)})",
            where=name,
        )
    answer, cluster, ident = (_pick(columns, known) for known in (ANSWERS, CLUSTERS, IDS))
    rows = [_row(record, question, answer, ident, number) for number, record in enumerate(records, 1)]
    kept = [row for row in rows if row is not None]
    return Table(tuple(_unique(kept)), question, answer, cluster, len(rows) - len(kept))


def _csv(text: str, name: str) -> list[dict[str, Json]]:
    sample = text[:4096]
    try:
        dialect: type[csv.Dialect] = csv.Sniffer().sniff(sample, delimiters=",;\t|")
    except csv.Error:
        dialect = csv.excel
    try:
        reader = csv.DictReader(io.StringIO(text), dialect=dialect, strict=True)
        return [{str(key).strip(): value for key, value in row.items() if key} for row in reader]
    except csv.Error as error:
        raise UserError(
            "GAO-NEW-012", f"{name} is not a CSV file", why=str(error), fix="save it again as CSV"
        ) from error


def _json_lines(text: str, name: str) -> list[dict[str, Json]]:
    records: list[dict[str, Json]] = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            value: object = json.loads(line)
        except ValueError as error:
            raise UserError(
                "GAO-NEW-013",
                "a line is not JSON",
                why=str(error),
                fix="one object a line",
                where=f"{name}:{number}",
            ) from error
        if not isinstance(value, dict):
            raise UserError(
                "GAO-NEW-013", "a line is not an object", fix="one object a line", where=f"{name}:{number}"
            )
        records.append(cast("dict[str, Json]", value))
    return records


def _pick(columns: Sequence[str], known: Sequence[str]) -> str | None:
    folded = {column.strip().lower().replace(" ", "_"): column for column in reversed(columns)}
    return next((folded[name] for name in known if name in folded), None)


def _row(
    record: Mapping[str, Json], question: str, answer: str | None, ident: str | None, number: int
) -> dict[str, Json] | None:
    asked = record.get(question)
    if not isinstance(asked, str) or not asked.strip():
        return None
    expected: dict[str, Json] = {}
    if answer is not None and record.get(answer) not in (None, "", []):
        value = record[answer]
        expected["answers"] = value if isinstance(value, list) else [str(value)]
    tags: dict[str, Json] = {
        _tag(key): value
        for key, value in record.items()
        if key not in (question, answer, ident)
        and isinstance(value, str | bool | int | float)
        and value != ""
    }
    name = str(record.get(ident) or f"row-{number}") if ident else f"row-{number}"
    return {"id": name, "inputs": {"question": asked.strip()}, "expected": expected, "tags": tags}


def _tag(column: str) -> str:
    return "".join(char if char.isalnum() else "_" for char in column.strip().lower()).strip("_") or "column"


def _unique(rows: Sequence[dict[str, Json]]) -> list[dict[str, Json]]:
    seen: dict[str, int] = {}
    unique: list[dict[str, Json]] = []
    for row in rows:
        name = cast(str, row["id"])
        seen[name] = seen.get(name, 0) + 1
        unique.append(row if seen[name] == 1 else {**row, "id": f"{name}-{seen[name]}"})
    return unique


def cluster_tag(table: Table) -> str | None:
    """Return the tag that says which rows belong together, where every row has it."""
    if table.cluster is None:
        return None
    tag = _tag(table.cluster)
    return tag if all(tag in cast("dict[str, Json]", row["tags"]) for row in table.rows) else None
