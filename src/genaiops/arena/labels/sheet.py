"""A blind sheet: the questions as CSV or JSON Lines, to be filled in elsewhere and read back.

A sheet that comes back is read whole or not at all. Programs that edit tables change line ends, quotes and
separators, so texts are compared by their words.
"""

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import cast

from genaiops.arena.files import write_whole
from genaiops.arena.labels.sample import Question
from genaiops.arena.labels.showing import parts_of
from genaiops.arena.model import Judge
from genaiops.arena.scale import choice_of, choices_of
from genaiops.core import OutsideError, UserError, one_line

ROW, LABEL, SCALE = "row", "label", "scale"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_MOST = 64 << 20
_SEPARATORS = (",", ";", "\t")


def write_sheet(path: Path, judge: Judge, questions: Sequence[Question]) -> None:
    """Write the sheet; raises `UserError` for another kind of file, or one that is there already."""
    rows = [_row(judge, one) for one in questions]
    text = _csv(rows) if _is_csv(path) else _json_lines(rows)
    if path.exists():
        raise UserError(
            "GAO-ARENA-331",
            f"{path} is there already",
            why="it may hold labels that nobody has read back",
            fix="name another file, or read this one with --from",
        )
    write_whole(path, text)


def read_sheet(
    path: Path, judge: Judge, questions: Sequence[Question], others: Sequence[Question]
) -> dict[str, str]:
    """Return what a sheet says, by the id of the question; rows without a label are left out.

    `others` are questions of the run that were not drawn.

    Raises `UserError` naming file and line for a row that is unknown, not drawn or there twice, for a label
    that is not on the scale, and for a text that was changed; `OutsideError` where it cannot be read.
    """
    drawn, undrawn = {one.id: one for one in questions}, {one.id for one in others}
    lines: dict[str, int] = {}
    choices: dict[str, str] = {}
    for number, row in _rows(path):
        where, name = f"{path}:{number}", _unquoted(row.get(ROW, ""))
        if name in undrawn:
            raise _bad("335", where, f"the row {name!r} was not drawn", _NOT_DRAWN, _SAMPLE)
        if name not in drawn:
            raise _bad("334", where, f"the row {one_line(name, 40)!r} is unknown", _UNKNOWN, _AGAIN)
        if name in lines:
            first = f"it also stands in line {lines[name]}"
            raise _bad("336", where, f"the row {name!r} stands twice", first, "keep one of the two")
        lines[name] = number
        _require_same(row, _row(judge, drawn[name]), where)
        said = _unquoted(row.get(LABEL, ""))
        if said:
            choices[name] = _choice(judge, said, where)
    return choices


_NOT_DRAWN = "labels of cases that somebody chose say nothing about the others"
_SAMPLE = "give the --sample that the sheet was written with"
_UNKNOWN = "it belongs to another run, judge or rubric"
_AGAIN = "name the run that the sheet was written for, or write the sheet again with --to"


def _row(judge: Judge, question: Question) -> dict[str, str]:
    return {
        ROW: question.id,
        **parts_of(judge, question),
        LABEL: "",
        SCALE: " | ".join(choices_of(judge)),
    }


def _csv(rows: Sequence[Mapping[str, str]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]) if rows else [ROW, LABEL, SCALE])
    writer.writeheader()
    writer.writerows({key: _inert(value) for key, value in row.items()} for row in rows)
    return "\ufeff" + text.getvalue()  # the mark lets a spreadsheet see that it is UTF-8


def _json_lines(rows: Sequence[Mapping[str, str]]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _inert(text: str) -> str:
    """Return a cell's text so that no spreadsheet takes it for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _is_csv(path: Path) -> bool:
    if path.suffix.lower() not in (".csv", ".jsonl"):
        raise UserError(
            "GAO-ARENA-332",
            f"{path.name!r} is neither .csv nor .jsonl",
            why="a sheet is written and read as one of the two, told by its name",
            fix="for example labels.csv",
        )
    return path.suffix.lower() == ".csv"


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield each row with its line; what it needs is there, and everything is text."""
    is_csv, text = _is_csv(path), _text(path)
    for number, row in _csv_rows(path, text) if is_csv else _json_rows(path, text):
        missing = [key for key in (ROW, LABEL) if key not in row]
        if missing:
            raise _unreadable(f"{path}:{number}", f"it has no {missing[0]!r}")
        yield number, row


def _csv_rows(path: Path, text: str) -> Iterator[tuple[int, dict[str, str]]]:
    head = text.split("\n", 1)[0].strip()
    separator = max(_SEPARATORS, key=head.count)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    number = 2
    try:
        for row in reader:
            yield number, {key: value or "" for key, value in row.items() if key}
            number = reader.line_num + 1
    except csv.Error as error:
        raise _unreadable(f"{path}:{reader.line_num}", one_line(str(error))) from error


def _json_rows(path: Path, text: str) -> Iterator[tuple[int, dict[str, str]]]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            value: object = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise _unreadable(f"{path}:{number}", one_line(str(error))) from error
        if not isinstance(value, dict):
            raise _unreadable(f"{path}:{number}", "the line is not an object")
        row = cast("dict[str, object]", value)
        yield number, {key: "" if one is None else str(one) for key, one in row.items()}


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(_MOST + 1)
        if len(content) > _MOST:
            raise _unreadable(str(path), f"it is larger than {_MOST >> 20} MiB")
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _unreadable(str(path), f"byte {error.start} is not UTF-8") from error
    except FileNotFoundError:
        raise _unreadable(str(path), "there is no such file") from None
    except OSError as error:
        raise OutsideError("GAO-ARENA-338", f"{path} cannot be read", why=one_line(str(error))) from error


def _choice(judge: Judge, said: str, where: str) -> str:
    choice = choice_of(judge, said)
    if choice is None:
        scale = ", ".join(choices_of(judge))
        raise _bad(
            "337", where, f"the label {one_line(said, 40)!r} is not on the scale", f"it has: {scale}", _EMPTY
        )
    return choice


_EMPTY = "write one of them, or leave the cell empty: it is then still to do"


def _require_same(row: Mapping[str, str], written: Mapping[str, str], where: str) -> None:
    for key, text in written.items():
        if key not in (ROW, LABEL) and _words(row.get(key, "")) != _words(text):
            raise _bad(
                "339",
                where,
                f"{key!r} is not what was drawn",
                "a label belongs to the words that were read",
                "write the sheet again with --to, and fill in the labels only",
            )


def _words(text: str) -> list[str]:
    return _unquoted(text).split()


def _unquoted(text: str) -> str:
    return text.strip().removeprefix("'").strip()


def _unreadable(where: str, why: str) -> UserError:
    return UserError(
        "GAO-ARENA-333",
        "this is not a sheet of labels",
        why=why,
        fix="save what --to wrote as CSV (UTF-8) or JSON Lines, with all of its columns",
        where=where,
    )


def _bad(code: str, where: str, what: str, why: str, fix: str) -> UserError:
    return UserError(f"GAO-ARENA-{code}", what, why=why, fix=fix, where=where)
