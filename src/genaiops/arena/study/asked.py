"""Questions for a study from rows of their own: `id`, `question`, and what is known of the answer. Pure but
for reading the file.

A row has `question` (or `query`, as in a file of queries), `answers` (texts) or `answer`, `answerable`,
`passages` (the ids of those that hold the answer), `cluster`, `history`; what else is a text, a number or a
truth value becomes a tag. Rows with `inputs` are cases, as in a suite's dataset.
"""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import cast

from genaiops.arena.datasets import dataset_digest, read_cases
from genaiops.core import Case, Digest, Json, UserError
from genaiops.knowledge import Query, read_rows

_KEYS = ("id", "question", "query", "answers", "answer", "answerable", "passages", "cluster", "history")
_MEANT = ("question", "answers", "answerable", "passages", "cluster")


def read_questions(file: Path) -> tuple[tuple[Case, ...], Digest]:
    """Return the cases of a file of questions and their digest.

    A row without a cluster stands for itself. Raises `UserError` with file and line for a row that does not
    fit, `OutsideError` where the file cannot be read.
    """
    read = read_rows(file)
    if read.problems:
        raise _refused(read.problems[0].partition(": ")[2], read.problems[0].partition(": ")[0])
    if not read.rows:
        raise _refused("it holds no question", str(file))
    if "inputs" in read.rows[0].values:
        return read_cases(file, cluster_missing="own")
    cases = [_case(row.values, row.where) for row in read.rows]
    ids = [case.id for case in cases]
    if len(set(ids)) < len(ids):
        twice = next(id for id in ids if ids.count(id) > 1)
        raise _refused(f"the id {twice!r} stands twice", str(file))
    return tuple(cases), dataset_digest(cases)


def _case(row: Mapping[str, Json], where: str) -> Case:
    question = row.get("question", row.get("query"))
    if not isinstance(question, str) or not question.strip():
        raise _refused("it has no `question`", where, row)
    return Case(
        id=str(row["id"]),
        inputs={"question": question, **({"history": row["history"]} if row.get("history") else {})},
        expected=_expected(row, where),
        tags={
            key: value if isinstance(value, str | bool) else float(value)
            for key, value in row.items()
            if key not in _KEYS and isinstance(value, str | bool | int | float) and value != ""
        },
        cluster=str(row.get("cluster") or f"own:{row['id']}"),
    )


def _expected(row: Mapping[str, Json], where: str) -> dict[str, Json]:
    given = row.get("answers", row.get("answer"))
    answers = _texts([given] if isinstance(given, str) else given, "answers", where)
    passages = _texts(row.get("passages"), "passages", where)
    found: dict[str, Json] = {}
    if answers or "answers" in row:
        found["answers"] = [*answers]
    if passages:
        found["passages"] = [{"document": one} for one in passages]
    if isinstance(row.get("answerable"), bool):
        found["answerable"] = row["answerable"]
    return found


def _texts(value: Json, key: str, where: str) -> Sequence[str]:
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise _refused(f"its `{key}` is no list of texts", where)
    return cast("list[str]", value)


def _refused(what: str, where: str, row: Mapping[str, Json] | None = None) -> UserError:
    near = next((key for meant in _MEANT for key in get_close_matches(meant, row or {}, n=1)), None)
    return UserError(
        "GAO-ARENA-392",
        f"the questions cannot be used: {what}",
        why=f"a row may have {', '.join(_MEANT)}" + (f"; this one has {near!r}" if near else ""),
        fix='one question a line: {"id": "q1", "question": "…", "answers": ["…"], "passages": ["p1"]}',
        where=where,
    )


def query_of(case: Case) -> Query:
    """Return what a case asks a search, with what was said before."""
    return Query(question_of(case), history_of(case))


def question_of(case: Case) -> str:
    """Return what a case asks: its `question`, else its last turn, else its first text."""
    turns = case.inputs.get("turns")
    if isinstance(turns, list) and turns:
        return str(turns[-1])
    asked = case.inputs.get("question")
    if isinstance(asked, str):
        return asked
    return next((value for value in case.inputs.values() if isinstance(value, str)), "")


def history_of(case: Case) -> tuple[str, ...]:
    """Return what the user said before, oldest first."""
    turns, history = case.inputs.get("turns"), case.inputs.get("history")
    if isinstance(turns, list):
        return tuple(str(turn) for turn in turns[:-1])
    said: list[str] = []
    for turn in history if isinstance(history, list) else []:
        if isinstance(turn, str):
            said.append(turn)
        elif isinstance(turn, dict) and turn.get("role", "user") == "user":
            said.append(str(turn.get("content", "")))
    return tuple(said)
