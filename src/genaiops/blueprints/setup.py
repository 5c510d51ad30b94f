"""`init`: a short genaiops.yaml and a first suite for an app that exists."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from genaiops.app import PROJECT_FILE
from genaiops.blueprints.finding import Function, find_apps
from genaiops.blueprints.rows import Table, cluster_tag, read_table
from genaiops.core import UserError

SUITE_FILE = "data/suite.jsonl"
_TABLES = (
    "*.csv",
    "*.jsonl",
    "data/*.csv",
    "data/*.jsonl",
    "eval*/*.csv",
    "eval*/*.jsonl",
    "tests/data/*.jsonl",
)
_MAX_TABLE_BYTES = 50_000_000


@dataclass(frozen=True, slots=True)
class Plan:
    """What `init` is about to write, and why."""

    app: Function
    others: tuple[Function, ...]
    table_file: Path
    table: Table
    files: dict[str, str]


def plan_setup(root: Path, app: str | None, data: Path | None) -> Plan:
    """Return the files to write for the app in `root`; nothing is written yet.

    Raises `UserError` where a project file exists, no app or no table is found.
    """
    if (root / PROJECT_FILE).exists():
        raise UserError(
            "GAO-NEW-001",
            f"there is a {PROJECT_FILE} already",
            why="init never overwrites what you wrote",
            fix="edit it, or move it away and run init again",
            where=str(root / PROJECT_FILE),
        )
    function, others = _app(root, app)
    file = _table_file(root, data)
    table = read_table(_text(file), file.name)
    name = _name(root)
    files = {PROJECT_FILE: _project_file(name, function.target, table), SUITE_FILE: _suite(table)}
    return Plan(function, tuple(others), file, table, files)


def write(root: Path, files: dict[str, str]) -> None:
    """Write the files; an existing one is never replaced."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with path.open("x", encoding="utf-8") as file:
                file.write(text)
        except FileExistsError as error:
            raise UserError(
                "GAO-NEW-002",
                f"{name} exists already",
                why="it is not ours to replace",
                fix="move it away first",
            ) from error


def _app(root: Path, named: str | None) -> tuple[Function, Sequence[Function]]:
    found = find_apps(root)
    if named is not None:
        known = next((function for function in found if function.target == named), None)
        return known or Function(named, "", 0, 0), [one for one in found[:3] if one.target != named]
    if not found:
        raise UserError(
            "GAO-NEW-003",
            "no function here looks like the app",
            why="it takes a question (or `inputs`) and returns a text, a mapping or an Answer",
            fix="name it: genaiops init --app package.module:function",
            where=str(root),
        )
    return found[0], found[1:4]


def _table_file(root: Path, data: Path | None) -> Path:
    if data is not None:
        if not data.is_file():
            raise UserError(
                "GAO-NEW-004", f"there is no file {data}", fix="name a CSV or JSON Lines file with --data"
            )
        return data
    for pattern in _TABLES:
        for path in sorted(root.glob(pattern)):
            if path.stat().st_size and path.relative_to(root).as_posix() != SUITE_FILE:
                return path
    raise UserError(
        "GAO-NEW-005",
        "no table of questions was found",
        why="ARENA measures on questions of yours: thirty with an expected answer are a start",
        fix="name a CSV or JSON Lines file with a `question` column: genaiops init --data questions.csv",
        where=str(root),
    )


def _text(file: Path) -> str:
    if file.stat().st_size > _MAX_TABLE_BYTES:
        raise UserError(
            "GAO-NEW-006", f"{file.name} is larger than 50 MB", fix="take a random sample of its rows"
        )
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(
            "GAO-NEW-007", f"{file.name} is not UTF-8 text", why=str(error), fix="save it as UTF-8"
        ) from error


def _name(root: Path) -> str:
    name = "-".join("".join(char if char.isalnum() else " " for char in root.resolve().name.lower()).split())
    return "".join(char for char in name if char.isascii()).strip("-") or "app"


def _suite(table: Table) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in table.rows)


def _project_file(name: str, app: str, table: Table) -> str:
    tag = cluster_tag(table)
    answered = any(row["expected"] for row in table.rows)
    cluster = (
        f"    cluster: tags.{tag}          # rows of one {tag} are not independent\n"
        if tag
        else "    cluster_missing: own        # every row is independent; if not, cluster: tags.NAME\n"
    )
    scorers = "[answer_f1, contains, latency_ms, tokens]" if answered else "[latency_ms, tokens]"
    claim = (
        "        - {scorer: answer_f1, is: not_worse, margin: 0.05}\n"
        if answered
        else "        []                      # add expected answers, then a claim\n"
    )
    return (
        f"project: {name}\n"
        f"app: {app}\n"
        "params: {}\n"
        "models: {}                      # what ctx.chat and ctx.search use; an app may bring its own\n"
        "suites:\n"
        "  first:\n"
        f"    dataset: {SUITE_FILE}\n"
        f"    scorers: {scorers}\n"
        f"{cluster}"
        "    gate:\n"
        "      alpha: 0.05\n"
        "      claims:\n"
        f"{claim}"
    )
