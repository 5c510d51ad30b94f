"""Quarantine: flaky cases that the baseline's file sets aside for a time, each with an owner and a reason.

Setting cases aside is how a suite is bent to a change. So only the baseline's file counts, only cases that
are flaky on the baseline in this very run, and few of them; and where the verdict depends on it, there is
none.
"""

import json
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from pathlib import Path
from typing import cast

from genaiops.arena.model import Ruler, Suite
from genaiops.arena.suites import suite_digest
from genaiops.core import Case, Json, OutsideError, Quarantined, UserError, one_line, read_yaml

MOST_SHARE = 0.02
_KEYS = tuple(field.name for field in fields(Quarantined))
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_EXAMPLE = '{"case": "q7", "owner": "ana", "reason": "the clock decides", "expires": "2027-03-31"}'


@dataclass(frozen=True, slots=True)
class Entries:
    """A suite's entries on one `day`: in force and flaky, run out, and in force though steady in this run."""

    day: str
    left_out: tuple[Quarantined, ...]
    expired: tuple[Quarantined, ...]
    not_flaky: tuple[Quarantined, ...]


def read_quarantine(path: Path, suite: Suite, *, where: str) -> Suite:
    """Return the suite with the entries of its quarantine file, sorted by case.

    `where` is what the project file calls it. Raises `UserError` for a file that is not there or not whole,
    an unknown or repeated case, a date that is none, and a suite that cannot tell which cases are flaky.
    """
    _require_repeats(suite.ruler)
    known = {case.id for case in suite.cases}
    entries: dict[str, Quarantined] = {}
    for value, place in _rows(path, where):
        entry = _entry(value, place)
        if entry.case not in known:
            raise _refused(
                "GAO-ARENA-244",
                f"the quarantine names {one_line(entry.case, 80)!r}, which is no case of the suite",
                "a case that is gone needs no quarantine",
                "correct the id, or remove the entry",
                place,
            )
        if entry.case in entries:
            raise _refused(
                "GAO-ARENA-244",
                f"the quarantine names {one_line(entry.case, 80)!r} twice",
                "one of them would not count",
                "keep one of the two",
                place,
            )
        entries[entry.case] = entry
    ruler = replace(suite.ruler, quarantine=tuple(entries[case] for case in sorted(entries)))
    return replace(suite, ruler=ruler, digest=suite_digest(ruler))


def without_quarantine(suite: Suite) -> Suite:
    """Return the suite without entries: those of a candidate never count."""
    if not suite.ruler.quarantine:
        return suite
    ruler = replace(suite.ruler, quarantine=())
    return replace(suite, ruler=ruler, digest=suite_digest(ruler))


def sort_entries(ruler: Ruler, cases: Sequence[Case], flaky: Collection[str], *, started_at: str) -> Entries:
    """Return which entries count on the day on which the run began.

    `flaky` are the cases that are flaky on the baseline in this run. Raises `UserError` where more entries
    are in force than 2 % of the cases, or `started_at` does not begin with a date.
    """
    today = check_share(ruler, cases, started_at=started_at)
    in_force = [entry for entry in ruler.quarantine if entry.expires >= today]
    return Entries(
        day=today,
        left_out=tuple(entry for entry in in_force if entry.case in flaky),
        expired=tuple(entry for entry in ruler.quarantine if entry.expires < today),
        not_flaky=tuple(entry for entry in in_force if entry.case not in flaky),
    )


def check_share(ruler: Ruler, cases: Sequence[Case], *, started_at: str) -> str:
    """Return the day of `started_at` (RFC 3339); raises `UserError` where too many entries are in force."""
    today = _day(started_at[:10], "started_at")
    count = sum(entry.expires >= today for entry in ruler.quarantine)
    most = int(MOST_SHARE * len(cases) + 1e-9)
    if count > most:
        raise UserError(
            "GAO-ARENA-246",
            f"{count} cases are in quarantine, and {most} of {len(cases)} may be",
            why=f"at most {MOST_SHARE:.0%} of a suite can be set aside: more would be another suite",
            fix="mend the flaky cases, or remove them from the dataset for good",
            where=f"suites.{ruler.name}.quarantine",
        )
    return today


def _require_repeats(ruler: Ruler) -> None:
    if ruler.repeats < 2:
        raise _refused(
            "GAO-ARENA-241",
            "a quarantine needs repeats of at least 2",
            "a case that is asked once cannot be shown to be flaky",
            "set `repeats: 3`, or remove `quarantine`",
            f"suites.{ruler.name}.quarantine",
        )
    if ruler.correct is None:
        raise _refused(
            "GAO-ARENA-241",
            "a quarantine needs a suite that says what is correct",
            "flaky is a case that is right in some of its repeats and wrong in others",
            "score wrong_answers or exact_match, or remove `quarantine`",
            f"suites.{ruler.name}.quarantine",
        )


def _rows(path: Path, where: str) -> Iterator[tuple[Json, str]]:
    """Yield each entry with its place."""
    if path.suffix not in (".jsonl", ".yaml", ".yml"):
        raise _refused(
            "GAO-ARENA-242",
            f"a quarantine is JSON Lines or YAML, and {where!r} is called neither",
            "the form is told by the name",
            "call it .jsonl, .yaml or .yml",
            where,
        )
    text = _text(path, where)
    if path.suffix == ".jsonl":
        yield from _json_rows(text, where)
        return
    located = read_yaml(text, where)
    rows = [] if located.value is None else located.value
    if not isinstance(rows, list):
        raise _malformed("the file is not a list", where)
    for at, row in enumerate(rows):
        yield row, f"{where}:{located.lines.get((at,), 1)}"


def _json_rows(text: str, where: str) -> Iterator[tuple[Json, str]]:
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            place = f"{where}:{number}"
            try:
                row = cast(Json, json.loads(line))
            except (ValueError, RecursionError) as error:
                raise _malformed(f"the line is not JSON: {one_line(str(error))}", place) from error
            yield row, place


def _text(path: Path, where: str) -> str:
    if not path.is_file():
        raise _refused(
            "GAO-ARENA-242",
            f"there is no quarantine file {where!r}",
            "ARENA runs on what git knows: an ignored file is not exported",
            "correct the path, or let git know the file (git add; see .gitignore)",
            where,
        )
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise _malformed(f"byte {error.start} is not UTF-8", where) from error
    except OSError as error:
        raise OutsideError("GAO-ARENA-247", f"{where} cannot be read", why=one_line(str(error))) from error


def _entry(value: Json, place: str) -> Quarantined:
    if not isinstance(value, dict):
        raise _malformed("an entry is not a mapping", place)
    unknown = sorted(value.keys() - set(_KEYS))
    if unknown:
        raise _malformed(f"unknown key {one_line(unknown[0], 60)!r}", place)
    texts: dict[str, str] = {}
    for key in _KEYS:
        text = value.get(key)
        if not isinstance(text, str) or not text.strip():
            raise _malformed(f"the entry lacks {key!r}", place)
        texts[key] = text.strip() if key != "case" else text
    return Quarantined(
        case=texts["case"],
        owner=texts["owner"],
        reason=texts["reason"],
        expires=_day(texts["expires"], place),
    )


def _day(text: str, place: str) -> str:
    try:
        if _DATE.fullmatch(text):
            return date.fromisoformat(text).isoformat()
    except ValueError:
        pass
    raise _refused(
        "GAO-ARENA-245",
        f"{one_line(text, 40)!r} is not a date",
        "a day is written as year, month and day",
        "write it as 2027-03-31",
        place,
    )


def _malformed(what: str, place: str) -> UserError:
    why = f"an entry has {', '.join(_KEYS)}, each a text"
    return _refused(
        "GAO-ARENA-243", f"the quarantine cannot be read: {what}", why, f"write it as {_EXAMPLE}", place
    )


def _refused(code: str, what: str, why: str, fix: str, where: str) -> UserError:
    return UserError(code, what, why=why, fix=fix, where=where)
