"""A dataset file (JSON Lines) to cases: every row whole and unambiguous, or one error that names its line.

The digest reads the cases, not the file: sorted by id, each with the cluster that it was given. Rows in
another order, other spacing or `1.0` for `1` are the same dataset; `cases.jsonl` of a bundle has the digest
of the file that it came from.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from tempfile import TemporaryFile
from typing import Literal, NoReturn, cast

from genaiops.arena.conversation import is_turns
from genaiops.core import (
    BlobRef,
    Case,
    Digest,
    Json,
    OutsideError,
    UserError,
    canonical,
    decode,
    digest_bytes,
    encode,
    one_line,
)

ClusterMissing = Literal["error", "own"]
_KEYS = ("id", "inputs", "expected", "tags", "cluster", "attachments")
_MARK = b"\xef\xbb\xbf"


def read_cases(
    path: Path, *, cluster: str | None = None, cluster_missing: ClusterMissing = "error"
) -> tuple[tuple[Case, ...], Digest]:
    """Return the cases of a dataset file, in its order, and the digest of the dataset.

    `cluster` names the place in a row whose value is its cluster (`tags.document`); without it, the row's own
    `cluster` key. A row that has none is an error, or a cluster of its own. Raises `UserError` with file and
    line for what is wrong in the file, `OutsideError` where it cannot be read.
    """
    cases: list[Case] = []
    written: dict[str, bytes] = {}
    lines: dict[str, int] = {}
    for number, line in enumerate(_content(path).split(b"\n"), 1):
        if not line.strip():
            continue
        row = _Row(line, f"{path}:{number}")
        case = row.case(cluster, cluster_missing)
        if case.id in lines:
            _refuse_twice(row, case.id, lines[case.id])
        lines[case.id] = number
        written[case.id] = canonical(encode(case))
        cases.append(case)
    if not cases:
        raise _empty(str(path))
    return tuple(cases), _digest(written)


def cases_digest(lines: Iterable[bytes], where: str) -> tuple[Digest, int]:
    """Return digest and number of the cases in the lines of a file, each checked as `read_cases` does.

    A row without a cluster is its own. Rows wait on the disk, sorted by id they are read again: memory holds
    their ids and places.
    """
    places: dict[str, tuple[int, int, int]] = {}
    with TemporaryFile() as waiting:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            row = _Row(line, f"{where}:{number}")
            case = row.case(None, "own")
            if case.id in places:
                _refuse_twice(row, case.id, places[case.id][0])
            content = canonical(encode(case))
            places[case.id] = (number, waiting.tell(), len(content))
            waiting.write(content)
        if not places:
            raise _empty(where)
        hasher = hashlib.sha256(b"[")
        for index, name in enumerate(sorted(places)):
            waiting.seek(places[name][1])
            hasher.update((b"," if index else b"") + waiting.read(places[name][2]))
    hasher.update(b"]")
    return Digest(f"sha256:{hasher.hexdigest()}"), len(places)


def dataset_digest(cases: Sequence[Case]) -> Digest:
    """Return the digest of a dataset: of its cases, sorted by id, as one canonical JSON list."""
    return _digest({case.id: canonical(encode(case)) for case in cases})


CHANGED = "~changed"
"""Ends the id of a row of the other suite that asks something else than the ruling suite's row of its id."""


def names_as_written(cases: Sequence[Case], ruling: Sequence[Case]) -> list[Case]:
    """Return rows of the other suite under the ids that its dataset has."""
    taken = {f"{case.id}{CHANGED}": case.id for case in ruling}
    return [replace(case, id=taken.get(case.id, case.id)) for case in cases]


def _digest(written: Mapping[str, bytes]) -> Digest:
    return digest_bytes(b"[" + b",".join(written[name] for name in sorted(written)) + b"]")


def value_at(case: Case, place: str) -> Json:
    """Return what stands at `place` (`tags.topic`, `expected.answerable`) of a case; None for nothing."""
    first, *rest = place.split(".")
    value = cast(Json, {"tags": case.tags, "inputs": case.inputs, "expected": case.expected}.get(first))
    for part in rest:
        value = value.get(part) if isinstance(value, dict) else None
    return value


def scalar_text(value: Json) -> str | None:
    """Return a text, number or truth value as a name for clusters and slices; None for anything else."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"{value:.15g}"
    return value if isinstance(value, str) and value else None


def _content(path: Path) -> bytes:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise UserError(
            "GAO-ARENA-101",
            f"there is no dataset {path}",
            why="the suite names it, or --dataset does",
            fix="correct `dataset:` of the suite in genaiops.yaml or the option, or write the file",
            where=str(path),
        ) from None
    except IsADirectoryError:
        raise UserError(
            "GAO-ARENA-101",
            f"{path} is a folder",
            why="a dataset is one file of JSON Lines",
            fix="name the file",
            where=str(path),
        ) from None
    except OSError as error:
        raise OutsideError("GAO-ARENA-102", f"{path} cannot be read", why=str(error)) from error
    if content.startswith(_MARK):
        raise UserError(
            "GAO-ARENA-103",
            "the file begins with a byte order mark",
            why="JSON Lines is plain UTF-8",
            fix="save it as UTF-8 without BOM",
            where=f"{path}:1",
        )
    return content


class _Row:
    """One line being read; `where` is file and line."""

    def __init__(self, line: bytes, where: str) -> None:
        self._where = where
        self._row = self._object(line)

    def refuse(self, code: str, what: str, why: str, fix: str) -> NoReturn:
        raise UserError(code, what, why=why, fix=fix, where=self._where)

    def case(self, cluster: str | None, missing: ClusterMissing) -> Case:
        for key in self._row:
            if key not in _KEYS:
                near = get_close_matches(key, _KEYS, n=1)
                fix = f"did you mean {near[0]!r}?" if near else "put it under `tags`"
                self.refuse("GAO-ARENA-105", f"unknown key {key!r}", f"a row has {', '.join(_KEYS)}", fix)
        plain = Case(
            id=self._id(),
            inputs=self._mapping("inputs"),
            expected=self._mapping("expected") if "expected" in self._row else {},
            tags=self._tags(),
            cluster="",
            attachments=self._attachments(),
        )
        self._check_turns(plain)
        return replace(plain, cluster=self._cluster(plain, cluster, missing))

    def _object(self, line: bytes) -> dict[str, Json]:
        try:
            value = cast(
                Json,
                json.loads(line.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_no_constant),
            )
        except UnicodeDecodeError as error:
            self.refuse(
                "GAO-ARENA-103",
                "the line is not UTF-8",
                f"byte {error.start} does not fit",
                "save it as UTF-8",
            )
        except (ValueError, RecursionError) as error:
            self.refuse(
                "GAO-ARENA-103",
                "the line is not JSON",
                one_line(str(error)),
                "one JSON object a line, nothing else",
            )
        if not isinstance(value, dict):
            self.refuse(
                "GAO-ARENA-103", "the line is not an object", "a row is {…}", "put the values under keys"
            )
        self._require_canonical(value)
        return value

    def _value(self, key: str) -> Json:
        if key not in self._row:
            self.refuse(
                "GAO-ARENA-105", f"the row lacks {key!r}", "every row needs it", f"add {key!r} to this row"
            )
        return self._row[key]

    def _id(self) -> str:
        value = self._value("id")
        if not isinstance(value, str) or not value.strip():
            self._wrong_type("id", value, "text that is not empty")
        return value

    def _mapping(self, key: str) -> dict[str, Json]:
        value = self._value(key)
        if not isinstance(value, dict):
            self._wrong_type(key, value, 'an object, such as {"question": "…"}')
        return value

    def _check_turns(self, case: Case) -> None:
        """Refuse a conversation whose turns are not texts, or do not match what is expected of them."""
        said, expected = case.inputs.get("turns"), case.expected.get("turns")
        if "turns" in case.inputs and not is_turns(said):
            self._wrong_type("inputs.turns", said, "a list of what the user says, one text a turn")
        if "turns" in case.expected and not (
            isinstance(expected, list) and all(isinstance(turn, dict) for turn in expected)
        ):
            self._wrong_type("expected.turns", expected, "a list with an object for each turn")
        if isinstance(expected, list) and (not isinstance(said, list) or len(said) != len(expected)):
            self.refuse(
                "GAO-ARENA-105",
                f"{len(expected)} turns are expected, and inputs.turns has "
                f"{len(said) if isinstance(said, list) else 'none'}",
                "each turn of the user has one object that says what its answer must meet",
                "give expected.turns as many objects, {} for a turn that need not be looked at",
            )

    def _tags(self) -> dict[str, str | bool | float]:
        tags = self._mapping("tags") if "tags" in self._row else {}
        kept: dict[str, str | bool | float] = {}
        for key, value in tags.items():
            if not isinstance(value, str | bool | int | float):
                self._wrong_type(f"tags.{key}", value, "text, a number, true or false")
            kept[key] = value if isinstance(value, str | bool) else float(value)
        return kept

    def _attachments(self) -> tuple[BlobRef, ...]:
        value = self._row.get("attachments", [])
        if not isinstance(value, list):
            self._wrong_type("attachments", value, "a list")
        return tuple(decode(BlobRef, item, where=self._where, code="GAO-ARENA-105") for item in value)

    def _cluster(self, case: Case, place: str | None, missing: ClusterMissing) -> str:
        value = value_at(case, place) if place else self._row.get("cluster")
        name = scalar_text(value)
        if name is not None:
            return name
        key = place or "cluster"
        if value is not None and value != "":
            self._wrong_type(key, value, "text or a number")
        if missing == "own":
            return f"own:{case.id}"
        return self.refuse(
            "GAO-ARENA-107",
            f"the row lacks its cluster, {key!r}",
            "rows of one document or conversation are not independent, and the error bars must know",
            f"add {key!r}, or say `cluster_missing: own` in the suite if this row stands for itself",
        )

    def _require_canonical(self, value: Json) -> None:
        try:
            canonical(value)
        except UserError as error:
            self.refuse(
                "GAO-ARENA-103",
                "a value has no canonical JSON",
                one_line(error.why),
                "use finite numbers below 2**53 and whole characters",
            )

    def _wrong_type(self, key: str, value: Json, needed: str) -> NoReturn:
        shown = one_line(repr(value), 60)
        self.refuse("GAO-ARENA-105", f"{key!r} is {shown}", f"it must be {needed}", "correct this row")


def _refuse_twice(row: _Row, name: str, line: int) -> NoReturn:
    row.refuse(
        "GAO-ARENA-104",
        f"the id {name!r} stands twice",
        f"it is also the id of line {line}",
        "give every row an id of its own",
    )


def _empty(where: str) -> UserError:
    return UserError(
        "GAO-ARENA-106",
        "the dataset is empty",
        why="a suite needs at least one case",
        fix='add rows such as {"id": "q1", "inputs": {"question": "…"}, "expected": {"answers": ["…"]}}',
        where=where,
    )


def _unique(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    row = dict(pairs)
    if len(row) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice!r} stands twice in one object")
    return row


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
