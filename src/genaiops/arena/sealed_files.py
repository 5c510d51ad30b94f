"""Datasets and recordings of people as versions: rows as they are kept, and the boxes beside them.

`SEALED` of a manifest names the boxes, one JSON object a line. Whoever has the keys pulls the rows as they
were; those of erased people are listed in `NOT_OPENED` instead.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from genaiops.access import Sealed, Vault
from genaiops.arena.bundle import decode_lines
from genaiops.arena.datasets import dataset_digest, read_cases, scalar_text
from genaiops.arena.recordings import Recorded, recorded_rows
from genaiops.arena.sealing import Boxes, no_such_place, nobody_left, seal_cases, seal_output, subjects_of
from genaiops.core import (
    SEALED,
    Case,
    Composed,
    Digest,
    Json,
    Manifest,
    Output,
    Read,
    UserError,
    digest_bytes,
    encode,
)

NOT_OPENED = "not-opened.jsonl"
_OUTPUT = "output."
Files = Mapping[str, bytes | Digest]
_NOTHING = cast("dict[str, Json]", encode(Output()))


def one_file(files: Sequence[str], what: str) -> str:
    """Return the only one of `files`; raises `UserError` where there are none or several."""
    if len(files) != 1:
        raise UserError(
            "GAO-ARENA-180",
            f"a {what} is one file of JSON Lines",
            why=f"there are {len(files)} files",
            fix="push one file",
        )
    return files[0]


def seal_dataset(vault: Vault, files: Mapping[str, Path], place: str) -> Composed:
    """Return a dataset whose rows are sealed under the key of the person at `place` (`tags.customer`).

    Raises `UserError` as `seal_cases` does, and for a row that is none.
    """
    path = files[one_file(list(files), "dataset")]
    cases, _ = read_cases(path, cluster_missing="own")
    mine = seal_cases(str(path), cases, place, (), vault)
    kept = [one.case for one in mine.sealed.values()]
    facts: dict[str, Json] = {"digest": dataset_digest(kept), "cases": len(kept)}
    return _composed(facts, "rows", kept, [one.content for one in mine.sealed.values()], mine.left_out)


def seal_recording(vault: Vault, files: Mapping[str, Path], place: str) -> Composed:
    """Return a recording whose outputs are sealed under the key of the person at `place`.

    That is a place in the output, such as `output.data.customer`. Raises `UserError` for any other, for a
    line that names nobody there, or whose case would give the name away.
    """
    name = one_file(list(files), "recording")
    path = files[name]
    rows = recorded_rows(path)
    if not place.startswith(_OUTPUT):
        raise no_such_place(str(path), place)
    people = [scalar_text(_at(encode(row), place)) for row in rows]
    named = list(zip((row.case for row in rows), people, strict=True))
    subjects = subjects_of(str(path), named, place, vault)
    kept: list[Recorded] = []
    boxes: list[Sealed] = []
    for row, person in zip(rows, people, strict=True):
        subject = subjects[person or ""]
        if subject is not None:
            output, box = seal_output(vault, subject, row.output)
            kept.append(replace(row, output=output))
            boxes.append(box)
    if not kept:
        raise nobody_left(str(path))
    content = digest_bytes(_lines(kept))
    facts: dict[str, Json] = {"digest": content, "file": name, "outputs": len(kept)}
    return _composed(facts, "content", kept, boxes, len(rows) - len(kept))


def _composed(
    facts: dict[str, Json], key: str, kept: Sequence[object], boxes: Sequence[Sealed], left_out: int
) -> Composed:
    sorted_boxes = sorted({box.digest: box for box in boxes}.items())
    contents = {key: _lines(kept), SEALED: _lines(box for _, box in sorted_boxes)}
    digests: dict[str, Json] = {name: digest_bytes(content) for name, content in contents.items()}
    return Composed(manifest={**facts, **digests}, blobs=contents, left_out=left_out)


@dataclass(frozen=True, slots=True)
class Opened:
    """The rows of a version as JSON Lines: those that open, and what is known of the others; and in words."""

    rows: tuple[bytes, ...]
    closed: tuple[bytes, ...]
    told: str


OpenRows = Callable[[Vault, Manifest, Read], Opened]


def open_dataset(vault: Vault, manifest: Manifest, read: Read) -> Opened:
    """Return the rows of a sealed dataset; raises `UserError` where a box is not what was sealed."""
    boxes = _boxes(vault, manifest, read)
    found: list[_Row] = []
    for case in decode_lines(_blob(manifest, "rows", read), Case, "rows"):
        opened = boxes.open_case(case)
        kept: dict[str, Json] = {"id": case.id, **case.inputs}
        found.append((kept, None) if opened is None else (kept, _plain_case(opened)))
    return _opened(boxes, found)


def open_recording(vault: Vault, manifest: Manifest, read: Read) -> Opened:
    """Return the outputs of a sealed recording; raises `UserError` where a box is not what was sealed."""
    boxes = _boxes(vault, manifest, read)
    found: list[_Row] = []
    for row in decode_lines(_blob(manifest, "content", read), Recorded, "content"):
        output = boxes.open_output(row.case, row.output)
        kept = {**_plain_recorded(row), **cast("dict[str, Json]", row.output.data)}
        kept.pop("output")
        found.append((kept, None) if output is None else (kept, _plain_recorded(replace(row, output=output))))
    return _opened(boxes, found)


def opened_files(open_rows: OpenRows, name: str, vault: Vault, manifest: Manifest, read: Read) -> Files:
    """Return a sealed version as files: the rows that open as `name`, and which ones do not."""
    opened = open_rows(vault, manifest, read)
    closed = {NOT_OPENED: b"".join(opened.closed)} if opened.closed else {}
    return {name: b"".join(opened.rows), **closed}


_Row = tuple[dict[str, Json], dict[str, Json] | None]


def _opened(boxes: Boxes, found: Sequence[_Row]) -> Opened:
    rows = tuple(_line(row) for _, row in found if row is not None)
    closed = tuple(_line(kept) for kept, row in found if row is None)
    return Opened(rows, closed, boxes.told(len(found), "rows"))


def _boxes(vault: Vault, manifest: Manifest, read: Read) -> Boxes:
    boxes = Boxes(vault)
    boxes.add(decode_lines(_blob(manifest, SEALED, read), Sealed, SEALED))
    return boxes


def _blob(manifest: Manifest, key: str, read: Read) -> bytes:
    return b"".join(read(Digest(str(manifest[key]))))


def _plain_case(case: Case) -> dict[str, Json]:
    """Return a row as a person writes it: without what it does not say."""
    row = {key: value for key, value in _encoded(case).items() if value or key == "inputs"}
    return {key: value for key, value in row.items() if (key, value) != ("cluster", f"own:{case.id}")}


def _plain_recorded(row: Recorded) -> dict[str, Json]:
    output = {key: value for key, value in _encoded(row.output).items() if value != _NOTHING[key]}
    said = {key: value for key, value in _encoded(row).items() if value}
    return {**said, "output": cast(Json, output)}


def _at(value: Json, place: str) -> Json:
    for part in place.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _encoded(value: object) -> dict[str, Json]:
    return cast("dict[str, Json]", encode(value))


def _lines(values: Iterable[object]) -> bytes:
    return b"".join(_line(_encoded(value)) for value in values)


def _line(row: dict[str, Json]) -> bytes:
    return json.dumps(row, ensure_ascii=False).encode() + b"\n"
