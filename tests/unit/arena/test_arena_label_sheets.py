"""A blind sheet: what is in it, and what is refused when it comes back."""

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from tests.support.judged_run import BETTER, GRADED, HELPFUL, make_run, output

from genaiops.arena.labels.sample import questions_of
from genaiops.arena.labels.sheet import read_sheet, write_sheet
from genaiops.core import UserError

RUN = make_run(judge=GRADED)
QUESTIONS = questions_of(RUN, GRADED, 4)
UNDRAWN = [one for one in questions_of(RUN, GRADED, 16) if one not in QUESTIONS]


def rows(path: Path) -> list[dict[str, str]]:
    text = path.read_text(encoding="utf-8-sig")
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in text.splitlines()]
    return list(csv.DictReader(io.StringIO(text, newline="")))


def save(path: Path, table: list[dict[str, str]], delimiter: str = ",") -> Path:
    """Save a sheet as a program for tables may: its own separator, no mark, its own line ends."""
    if path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in table), encoding="utf-8")
        return path
    text = io.StringIO()
    writer = csv.DictWriter(text, list(table[0]), delimiter=delimiter, lineterminator="\n")
    writer.writeheader()
    writer.writerows(table)
    path.write_text(text.getvalue(), encoding="utf-8")
    return path


def written(path: Path) -> list[dict[str, str]]:
    write_sheet(path, GRADED, QUESTIONS)
    return rows(path)


def refused(path: Path, table: list[dict[str, str]]) -> UserError:
    with pytest.raises(UserError) as error:
        read_sheet(save(path, table), GRADED, QUESTIONS, UNDRAWN)
    assert error.value.fix
    return error.value


@pytest.mark.proves("B-LABEL-SHEET")
@pytest.mark.parametrize("name", ["sheet.csv", "sheet.jsonl"])
def test_a_sheet_that_was_filled_in_comes_back_as_choices(tmp_path: Path, name: str) -> None:
    table = written(tmp_path / name)
    assert list(table[0]) == ["row", "inputs", "expected", "passages", "answer", "label", "scale"]
    assert {row["scale"] for row in table} == {"poor | fair | good"}
    assert {row["label"] for row in table} == {""}
    for row, said in zip(table, ["good", " FAIR", "poor"], strict=False):
        row["label"] = said
    found = read_sheet(save(tmp_path / f"filled-{name}", table, ";"), GRADED, QUESTIONS, UNDRAWN)
    assert found == {one.id: said for one, said in zip(QUESTIONS, ["good", "fair", "poor"], strict=False)}, (
        "rows without a label are still to do"
    )


@pytest.mark.proves("B-LABEL-SHEET")
def test_a_pair_is_one_row_with_both_answers(tmp_path: Path) -> None:
    run = make_run(judge=BETTER)
    questions = questions_of(run, BETTER, 16)
    write_sheet(tmp_path / "pairs.csv", BETTER, questions)
    table = rows(tmp_path / "pairs.csv")
    assert list(table[0]) == ["row", "inputs", "expected", "answer_1", "answer_2", "label", "scale"]
    table[0]["label"], table[1]["label"] = "2", "Tie"
    found = read_sheet(save(tmp_path / "filled.csv", table), BETTER, questions, [])
    assert found == {questions[0].id: "2", questions[1].id: "tie"}


@pytest.mark.proves("B-LABEL-SHEET")
def test_no_cell_of_a_csv_is_a_formula_and_it_still_comes_back(tmp_path: Path) -> None:
    hostile = ["=HYPERLINK(1)", "+1", "-1\nsecond line", "@sum", "'quoted", 'comma, "quote"\r\nline']
    judge = replace(HELPFUL, scale=("-1", "+1"))
    answers = {"baseline": [output(text) for text in hostile], "candidate": [output("x")] * len(hostile)}
    questions = questions_of(make_run(len(hostile), judge, answers), judge, len(hostile))
    write_sheet(tmp_path / "sheet.csv", judge, questions)
    table = rows(tmp_path / "sheet.csv")
    assert not [cell for row in table for cell in row.values() if cell[:1] in ("=", "+", "-", "@")]
    table = [{**row, "label": "-1"} for row in table]
    found = read_sheet(save(tmp_path / "back.csv", table, "\t"), judge, questions, [])
    assert found == {one.id: "-1" for one in questions}


@pytest.mark.proves("B-BAD-LABEL-SHEET")
def test_what_does_not_fit_is_refused_with_its_line_and_nothing_is_taken(tmp_path: Path) -> None:
    table = written(tmp_path / "sheet.csv")
    back = tmp_path / "back.csv"
    error = refused(back, [table[0], {**table[1], "row": "0123456789ab"}])
    assert (error.where, error.code) == (f"{back}:3", "GAO-ARENA-334")
    assert "'0123456789ab' is unknown" in error.what
    error = refused(back, [{**table[0], "row": UNDRAWN[0].id}])
    assert (error.where, error.code) == (f"{back}:2", "GAO-ARENA-335")
    assert "was not drawn" in error.what
    error = refused(back, [*table, table[0]])
    assert (error.where, error.code) == (f"{back}:{len(table) + 2}", "GAO-ARENA-336")
    assert "line 2" in error.why
    error = refused(back, [{**table[0], "label": "great"}])
    assert (error.where, error.code) == (f"{back}:2", "GAO-ARENA-337")
    assert "poor, fair, good" in error.why
    for key in ("inputs", "expected", "passages", "answer", "scale"):
        error = refused(back, [table[0], {**table[1], key: f"{table[1][key]} and more"}])
        assert (error.where, error.code) == (f"{back}:3", "GAO-ARENA-339")
        assert repr(key) in error.what


@pytest.mark.proves("B-BAD-LABEL-SHEET")
def test_a_line_is_counted_where_it_stands_though_cells_hold_line_ends(tmp_path: Path) -> None:
    answers = {"baseline": [output("one\ntwo\nthree"), output("four")], "candidate": [output("five")] * 2}
    questions = questions_of(make_run(2, answers=answers), HELPFUL, 2)
    write_sheet(tmp_path / "sheet.csv", HELPFUL, questions)
    table = rows(tmp_path / "sheet.csv")
    tall = next(at for at, row in enumerate(table) if "two" in row["answer"])
    table = [table[tall], {**table[tall - 1], "label": "perhaps"}]
    with pytest.raises(UserError) as error:
        read_sheet(save(tmp_path / "back.csv", table), HELPFUL, questions, [])
    assert error.value.where.endswith("back.csv:5")


@pytest.mark.proves("B-BAD-LABEL-SHEET")
def test_a_file_that_is_no_sheet_is_refused(tmp_path: Path) -> None:
    table = written(tmp_path / "sheet.csv")
    without = [{key: cell for key, cell in row.items() if key != "label"} for row in table]
    assert "no 'label'" in refused(tmp_path / "back.csv", without).why
    for name, content in {
        "a.jsonl": b"{not json}\n",
        "b.jsonl": b"[1]\n",
        "c.csv": b'row,label\n"open',
        "d.csv": b"row,label\n\xff,\n",
        "e.csv": b"something else\n1\n",
    }.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(UserError) as error:
            read_sheet(tmp_path / name, GRADED, QUESTIONS, UNDRAWN)
        assert error.value.code == "GAO-ARENA-333"
        assert name in error.value.where
    for name in ("sheet.xlsx", "sheet"):
        with pytest.raises(UserError, match="neither"):
            write_sheet(tmp_path / name, GRADED, QUESTIONS)


@pytest.mark.proves("B-BAD-LABEL-SHEET")
def test_a_sheet_is_never_written_over_another(tmp_path: Path) -> None:
    written(tmp_path / "sheet.csv")
    before = (tmp_path / "sheet.csv").read_bytes()
    with pytest.raises(UserError, match="there already"):
        write_sheet(tmp_path / "sheet.csv", GRADED, [])
    assert (tmp_path / "sheet.csv").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["sheet.csv"]
