"""What `init` finds and writes: the likeliest function, the columns of a table."""

from pathlib import Path

import pytest

from genaiops.app import load_project
from genaiops.blueprints import find_apps, plan_setup, read_table, write
from genaiops.blueprints.rows import cluster_tag
from genaiops.core import UserError


def source(root: Path, name: str, text: str) -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text, encoding="utf-8")


def test_a_function_that_takes_a_question_is_likelier_than_one_that_only_has_the_name(tmp_path: Path) -> None:
    source(tmp_path, "tools/cli.py", "def main(argv): ...\n")
    source(tmp_path, "bot.py", "async def respond(question, ctx): ...\n\ndef _answer(question): ...\n")
    source(tmp_path, "tests/test_bot.py", "def answer(question): ...\n")
    source(tmp_path, "broken.py", "def answer(question:\n")
    assert [one.target for one in find_apps(tmp_path)] == ["bot:respond", "tools.cli:main"]


def test_nothing_is_imported_to_find_an_app(tmp_path: Path) -> None:
    source(tmp_path, "bot.py", "raise SystemExit('imported')\n\ndef answer(question): ...\n")
    assert find_apps(tmp_path)[0].target == "bot:answer"


def test_a_function_that_needs_more_than_a_question_is_no_app(tmp_path: Path) -> None:
    source(tmp_path, "bot.py", "def answer(question, database): ...\n\ndef run(): ...\n")
    assert find_apps(tmp_path) == []


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_a_table_is_read_by_whatever_divides_its_columns(mark: str) -> None:
    lines = [["id", "query", "gold", "doc id"], ["a", "Where?", "There", "d1"], ["a", "Who?", "", "d2"]]
    table = read_table("\n".join(mark.join(line) for line in lines) + "\n", "t.csv")
    assert (table.question, table.answer) == ("query", "gold")
    assert [row["id"] for row in table.rows] == ["a", "a-2"]
    assert table.rows[0]["expected"] == {"answers": ["There"]}
    assert table.rows[1]["expected"] == {}
    assert cluster_tag(table) == "doc_id"


def test_json_lines_keep_lists_of_answers_and_rows_without_a_question_are_counted() -> None:
    text = '{"question": "A?", "answers": ["x", "y"]}\n\n{"question": " ", "answers": []}\n'
    table = read_table(text, "t.jsonl")
    assert table.rows[0]["expected"] == {"answers": ["x", "y"]}
    assert table.skipped == 1


@pytest.mark.parametrize(
    ("text", "name", "code"),
    [
        ("", "t.csv", "GAO-NEW-010"),
        ("a,b\n1,2\n", "t.csv", "GAO-NEW-011"),
        ("{\n", "t.jsonl", "GAO-NEW-013"),
        ("[1]\n", "t.jsonl", "GAO-NEW-013"),
    ],
)
def test_a_table_that_cannot_be_used_says_why(text: str, name: str, code: str) -> None:
    with pytest.raises(UserError) as caught:
        read_table(text, name)
    assert caught.value.code == code
    assert caught.value.fix


def test_what_is_written_is_a_project_that_loads(tmp_path: Path) -> None:
    source(tmp_path, "bot.py", "def answer(question): ...\n")
    source(tmp_path, "questions.csv", "question,answer\nWhere?,There\n")
    plan = plan_setup(tmp_path, None, None)
    write(tmp_path, plan.files)
    project = load_project(tmp_path)
    assert str(project.app) == "bot:answer"
    assert project.suites["first"].dataset == "data/suite.jsonl"


def test_a_file_that_is_there_is_never_overwritten(tmp_path: Path) -> None:
    source(tmp_path, "genaiops.yaml", "mine\n")
    with pytest.raises(UserError, match="already"):
        plan_setup(tmp_path, None, None)
    source(tmp_path, "data/suite.jsonl", "mine\n")
    with pytest.raises(UserError, match="exists already"):
        write(tmp_path, {"data/suite.jsonl": "ours\n"})
    assert (tmp_path / "data/suite.jsonl").read_text(encoding="utf-8") == "mine\n"


@pytest.mark.parametrize("there", ["app", "table"])
def test_what_is_not_found_can_be_named(tmp_path: Path, there: str) -> None:
    if there == "app":
        source(tmp_path, "bot.py", "def answer(question): ...\n")
    else:
        source(tmp_path, "questions.csv", "question\nWhere?\n")
    with pytest.raises(UserError) as caught:
        plan_setup(tmp_path, None, None)
    assert ("--data" if there == "app" else "--app") in caught.value.fix
