"""Outputs that were recorded elsewhere, as an arm: a file of JSON Lines, one output a case and repeat.

`outputs.jsonl` of an evidence bundle is such a file; since it holds both arms, one is named: `…#candidate`.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import NoReturn, cast

from pydantic_core import from_json

from genaiops.arena.bundle import CASES, MAX_FILE, OUTPUTS, decode_lines
from genaiops.arena.model import ROLES, Role
from genaiops.arena.sealing import is_sealed
from genaiops.core import (
    Case,
    Digest,
    Json,
    Output,
    UserError,
    decode,
    digest_bytes,
    digest_json,
    one_line,
)

SUFFIX = ".jsonl"
_SHOWN = 6
_MOMENT = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """One line: what was answered to a case, on which arm where the file holds two. `at`: RFC 3339, UTC."""

    case: str
    output: Output
    repeat: int = 0
    role: Role | None = None
    at: str | None = None
    reused: bool = False


@dataclass(frozen=True, slots=True)
class Recording:
    """A file of recorded outputs: its name as it was given, and its lines by case and repeat.

    `asked` holds the inputs that were answered, where the file lies in a bundle and so they are known.
    """

    name: str
    digest: Digest
    content: bytes
    rows: dict[tuple[str, int], Recorded]
    written_at: str
    asked: dict[str, dict[str, Json]]

    def output(self, case: Case, repeat: int) -> tuple[Output, str]:
        """Return the output for a case, and when it was made; a failure outside where there is none."""
        found = self.rows.get((case.id, repeat))
        if found is None:
            return self._nothing("the recording has no output for this case and repeat")
        if self.asked.get(case.id, case.inputs) != case.inputs:
            return self._nothing("the recording answers other inputs under this id")
        return found.output, found.at or self.written_at

    def _nothing(self, why: str) -> tuple[Output, str]:
        return Output(status="infra_error", error=why), self.written_at


def read_recording(text: str) -> Recording:
    """Return the recording that `text` names: a path, with `#baseline` or `#candidate` where it holds both.

    Raises `UserError` naming file and line of what does not fit.
    """
    path_text, _, part = text.partition("#")
    path = Path(path_text)
    content, written_at = _content(path)
    role = _role(part, text)
    rows: dict[tuple[str, int], Recorded] = {}
    lines: dict[tuple[str, int], int] = {}
    for number, row in _rows(content, path):
        if role is not None and row.role != role:
            continue
        if role is None and row.role is not None:
            _refuse_both(text)
        if is_sealed(row.output.data):
            _refuse(path, number, "the output is sealed, since it belongs to a person")
        key = (row.case, row.repeat)
        if key in rows:
            _refuse(path, number, f"{row.case!r}, repeat {row.repeat}, stands twice; see line {lines[key]}")
        rows[key], lines[key] = row, number
    if not rows:
        raise _no_output(str(path), f" of the {role}" if role else "")
    file = digest_bytes(content)
    digest = file if role is None else digest_json({"recording": file, "role": role})
    return Recording(text, digest, content, rows, written_at, _asked(path))


def recorded_rows(path: Path) -> list[Recorded]:
    """Return every output of a recording, of both arms where it holds two.

    Raises `UserError` naming the line of what does not fit, and for outputs that are sealed already.
    """
    found: list[Recorded] = []
    for number, row in _rows(_content(path)[0], path):
        if is_sealed(row.output.data):
            _refuse(path, number, "the output is sealed, since it belongs to a person")
        found.append(row)
    if not found:
        raise _no_output(str(path), "")
    return found


def count_outputs(lines: Iterable[bytes], where: str) -> int:
    """Return how many outputs the lines of a recording hold, each checked; raises `UserError` for none."""
    path = Path(where)
    number = sum(_recorded(line, path, at).repeat >= 0 for at, line in enumerate(lines, 1) if line.strip())
    if not number:
        raise _no_output(where, "")
    return number


def strays(recording: Recording, cases: Sequence[Case], repeats: int) -> list[str]:
    """Return in words which cases the recording lacks and which it has besides.

    Raises `UserError` where it has none of them.
    """
    ids = {case.id for case in cases}
    had = {case for case, _ in recording.rows}
    if not ids & had:
        raise UserError(
            "GAO-ARENA-152",
            "the recording answers none of the suite's cases",
            why=f"it has {_named(sorted(had))}; the suite has {_named(sorted(ids))}",
            fix="record the outputs of this suite, by the ids of its dataset",
            where=recording.name,
        )
    lacking = [
        case.id
        for case in cases
        if any(recording.output(case, repeat)[0].status == "infra_error" for repeat in range(repeats))
    ]
    said: list[str] = []
    if lacking:
        said.append(f"{recording.name} lacks {len(lacking)} of {len(cases)} cases: {_named(lacking)}")
    if extra := sorted(had - ids):
        said.append(f"{recording.name} has {len(extra)} cases that the suite does not ask: {_named(extra)}")
    return said


def _named(ids: Sequence[str]) -> str:
    more = f" and {len(ids) - _SHOWN} more" if len(ids) > _SHOWN else ""
    return ", ".join(one_line(name, 60) for name in ids[:_SHOWN]) + more


def _role(part: str, text: str) -> Role | None:
    if not part:
        return None
    if part not in ROLES:
        raise UserError(
            "GAO-ARENA-153",
            f"{text!r} names no arm of a recording",
            why="after the # stands baseline or candidate",
            fix=f"{text.partition('#')[0]}#candidate",
        )
    return part


def _content(path: Path) -> tuple[bytes, str]:
    try:
        if path.stat().st_size > MAX_FILE:
            raise UserError(
                "GAO-ARENA-154",
                "the recording is too large",
                why=f"it has more than {MAX_FILE >> 20} MiB",
                fix="record fewer cases a file",
                where=str(path),
            )
        written = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        return path.read_bytes(), written.strftime(_MOMENT)
    except OSError as error:
        raise UserError(
            "GAO-ARENA-155",
            "the recording cannot be read",
            why=one_line(error.strerror or str(error)),
            fix="name a file of recorded outputs, or a branch, tag or commit",
            where=str(path),
        ) from error


def _rows(content: bytes, path: Path) -> Iterator[tuple[int, Recorded]]:
    for number, line in enumerate(content.split(b"\n"), 1):
        if line.strip():
            yield number, _recorded(line, path, number)


def _recorded(line: bytes, path: Path, number: int) -> Recorded:
    try:
        value = cast(Json, from_json(line, allow_inf_nan=False))
    except ValueError as error:
        _refuse(path, number, f"it is not JSON: {one_line(str(error), 120)}")
    if not isinstance(value, dict):
        _refuse(path, number, "expected an object")
    _only_known(value, Recorded, path, number)
    if isinstance(output := value.get("output"), dict):
        _only_known(output, Output, path, number)
    row = decode(Recorded, value, where=f"{path}:{number}", code="GAO-ARENA-156")
    if not row.case or row.repeat < 0:
        _refuse(path, number, "a case has an id, and its repeats count from 0")
    return row if row.at is None else replace(row, at=_utc(row.at, path, number))


def _utc(text: str, path: Path, number: int) -> str:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        _refuse(path, number, f"`at` is {one_line(text, 40)!r}, no moment such as 2026-11-23T17:59:01Z")
    return moment.astimezone(UTC).strftime(_MOMENT)


def _only_known(value: dict[str, Json], kind: type[Recorded | Output], path: Path, number: int) -> None:
    """Refuse a key that we would not read: a misspelt one would be an empty answer."""
    known = [one.name for one in fields(kind)]
    for key in value:
        if key not in known:
            near = get_close_matches(key, known, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else f"; known: {', '.join(known)}"
            _refuse(path, number, f"unknown key {one_line(key, 60)!r}{hint}")


def _refuse(path: Path, number: int, why: str) -> NoReturn:
    raise UserError(
        "GAO-ARENA-157",
        "a line of the recording does not fit",
        why=why,
        fix='each line reads {"case": "ID", "output": {"text": "…"}}; see schemas/recorded.schema.json',
        where=f"{path}:{number}",
    )


def _no_output(where: str, of: str) -> UserError:
    return UserError(
        "GAO-ARENA-151",
        f"the recording holds no output{of}",
        fix='each line reads {"case": "ID", "output": {"text": "…"}}',
        where=where,
    )


def _refuse_both(text: str) -> NoReturn:
    raise UserError(
        "GAO-ARENA-158",
        "the recording holds two arms, and it is not said which one is meant",
        why="its lines name a `role`, as in outputs.jsonl of a bundle",
        fix=f"{text}#candidate or {text}#baseline",
        where=text,
    )


def _asked(path: Path) -> dict[str, dict[str, Json]]:
    """Return the inputs by case, where the file is a bundle's and its cases lie beside it."""
    cases = path.with_name(CASES)
    if path.name != OUTPUTS or not cases.is_file():
        return {}
    return {case.id: case.inputs for case in decode_lines(cases.read_bytes(), Case, str(cases))}
