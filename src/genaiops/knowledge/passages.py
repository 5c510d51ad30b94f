"""Ready-made passages: one JSON object a line, indexed as they are, without being cut again.

What cannot be used is left out and told in one line, so that one bad row costs itself and no other.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from genaiops.core import (
    Digest,
    Json,
    OutsideError,
    Passage,
    UserError,
    canonical,
    digest_bytes,
    digest_json,
    one_line,
)

PASSAGES = "passages-2"
"""The parser's name in a recipe: titles, sections and texts as they stand."""

MAX_CHARACTERS = 1_000_000
"""Of one passage's text; more is a document, and no passage."""

MAX_TITLE = 2_000
"""Characters of a title, which stands above every part of its passage."""

_MOST_PARTS = 64
_BYTE_ORDER_MARKS = ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"), (b"\xef\xbb\xbf", "utf-8"))


@dataclass(frozen=True, slots=True)
class Row:
    """One object of a JSON Lines file, and where it stands (`file:line`)."""

    where: str
    values: dict[str, Json]


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a file; `problems` says for each that is left out, or was mended, why."""

    rows: tuple[Row, ...]
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReadyPassages:
    """Passages in the order of their file, the digest over them, and what was left out or mended."""

    passages: tuple[Passage, ...]
    digest: Digest
    problems: tuple[str, ...]


def chosen(ready: ReadyPassages, wanted: Callable[[Passage], bool]) -> ReadyPassages:
    """Return the passages that are `wanted`, as a file of just these would be read."""
    kept = tuple(one for one in ready.passages if wanted(one))
    return ReadyPassages(kept, _digest(kept), ready.problems)


def read_rows(file: Path) -> Rows:
    """Return the objects of a JSON Lines file, each with an `id` of text.

    Lines end at "\\n". UTF-8 is expected and UTF-16 is read where its mark says so; other bytes become the
    replacement character. Raises `OutsideError` for a file that cannot be read.
    """
    try:
        raw = file.read_bytes()
    except OSError as error:
        raise OutsideError(
            "GAO-KNOWLEDGE-040",
            "the rows cannot be read",
            why=error.strerror or "",
            fix="correct the path, or who may read the file",
            where=str(file),
        ) from error
    rows: list[Row] = []
    problems: list[str] = []
    for number, line in enumerate(_lines(raw), start=1):
        where = f"{file.name}:{number}"
        try:
            text = line.decode("utf-8")
        except UnicodeDecodeError:
            text = line.decode("utf-8", "replace")
            problems.append(f"{where}: bytes that are not UTF-8 were replaced")
        if text.strip():
            found = _row(text)
            if isinstance(found, str):
                problems.append(f"{where}: left out, {found}")
            else:
                rows.append(Row(where, found))
    return Rows(tuple(rows), tuple(problems))


def read_passages(file: Path) -> ReadyPassages:
    """Return the passages of a file whose rows have `id`, `title` and `text`; other keys are metadata.

    A `section` that is a text is read as the heading below the title, as with documents.
    Of several rows with one id the first stays. Raises `UserError` where no row can be used.
    """
    read = read_rows(file)
    problems = list(read.problems)
    passages: dict[str, Passage] = {}
    for row in read.rows:
        found = _passage(row.values)
        if isinstance(found, str):
            problems.append(f"{row.where}: left out, {found}")
        elif found.id in passages:
            same = found == passages[found.id]
            what = "the same row came before" if same else "another row has this id"
            problems.append(f"{row.where}: left out, {what}: {one_line(found.id, 80)}")
        else:
            passages[found.id] = found
    if not passages:
        raise UserError(
            "GAO-KNOWLEDGE-041",
            "there is no passage in the file",
            why=problems[0] if problems else "it has no line",
            fix='write one passage a line: {"id": "p1", "title": "Refunds", "text": "They take a week."}',
            where=str(file),
        )
    kept = tuple(passages.values())
    return ReadyPassages(kept, _digest(kept), tuple(problems))


class Lengths:
    """How many tokens texts have for one embedder: counting those of a candidate takes a millisecond."""

    def __init__(self, most: int = 50_000) -> None:
        self._most = most
        self._known: dict[Digest, int] = {}

    def counting(self, count: Callable[[str], int]) -> Callable[[str], int]:
        """Return `count`, asked for each text once."""

        def remembered(text: str) -> int:
            digest = digest_bytes(text.encode("utf-8", "replace"))
            if digest not in self._known:
                if len(self._known) >= self._most:
                    del self._known[next(iter(self._known))]
                self._known[digest] = count(text)
            return self._known[digest]

        return remembered


def parts_of(passage: Passage, count: Callable[[str], int], window: int) -> list[str]:
    """Return what an embedder reads of a passage: all of it under its headings, then its parts.

    There are parts only where the text is longer than `window` tokens, of which the embedder would read the
    beginning: stretches of about equal length, each under the headings.
    """
    whole = in_context(passage)
    if len(whole) < window or count(whole) <= window:
        return [whole]
    header = whole[: len(whole) - len(passage.text)]
    room = max(window - count(header), window // 4) * 4 // 5
    wanted = min(-(-count(passage.text) // room), _MOST_PARTS)
    size = -(-len(passage.text) // wanted)
    return [whole, *(header + text for text in _cut(passage.text, size))]


def _cut(text: str, size: int) -> list[str]:
    """Return stretches of `size` characters with some overlap, at spaces where there are some."""
    found: list[str] = []
    start = 0
    while start < len(text):
        end = start + size
        space = text.rfind(" ", start + size * 3 // 4, end) if end < len(text) else -1
        end = space if space > 0 else end
        found.append(text[max(0, start - size // 8) : end])
        start = end
    return found


def in_context(passage: Passage) -> str:
    """Return a passage's text under its headings, as the embedder read it."""
    parts = (passage.title, *passage.heading)
    header = " > ".join(part for at, part in enumerate(parts) if part and part not in parts[:at])
    return f"{header}\n{passage.text}" if header else passage.text


def _lines(raw: bytes) -> Iterator[bytes]:
    for mark, encoding in _BYTE_ORDER_MARKS:
        if raw.startswith(mark):
            raw = raw[len(mark) :]
            raw = raw if encoding == "utf-8" else raw.decode(encoding, "replace").encode()
            break
    yield from raw.split(b"\n")


def _row(text: str) -> dict[str, Json] | str:
    """Return the object with its id as text, or why it is none."""
    try:
        found: object = json.loads(text)
    except (ValueError, RecursionError):
        return "it is no JSON"
    if not isinstance(found, dict):
        return "it is no JSON object"
    values = cast("dict[str, Json]", found)
    id = values.get("id")
    if isinstance(id, int) and not isinstance(id, bool):
        id = str(id)
    if not isinstance(id, str) or not id.strip():
        near = next((key for key in values if key.lower().endswith("id")), "")
        return "it has no `id`" + (f" (it has `{one_line(near, 40)}`)" if near else "")
    return {**values, "id": _clean(id)}


def _passage(values: dict[str, Json]) -> Passage | str:
    """Return the passage, or why it is none."""
    title, text = values.get("title"), values.get("text")
    if not isinstance(title, str | None) or not isinstance(text, str | None):
        return "`title` and `text` must be texts"
    title, text = " ".join(_clean(title or "").split()), _clean(text or "")
    if len(text) > MAX_CHARACTERS:
        return f"its text has {len(text):,} characters, and {MAX_CHARACTERS:,} are the most"
    if len(title) > MAX_TITLE:
        return f"its title has {len(title):,} characters, and {MAX_TITLE:,} are the most"
    if not text.strip() and not title:
        return "it has no text"
    metadata = {key: value for key, value in values.items() if key not in ("id", "title", "text")}
    access = metadata.get("access", [])
    if not isinstance(access, list) or not all(isinstance(group, str) for group in access):
        return "its `access` is no list of groups"
    try:
        canonical(metadata)
    except UserError as error:
        return error.why
    id, section = str(values["id"]), metadata.get("section")
    heading = (" ".join(_clean(section).split())[:MAX_TITLE],) if isinstance(section, str) else ()
    return Passage(
        id=id, text=text, document=id, title=title, heading=heading, end=len(text), metadata=metadata
    )


def _clean(text: str) -> str:
    """Return `text` without lone surrogates, which no file can hold."""
    return text.encode("utf-8", "replace").decode()


def _digest(passages: tuple[Passage, ...]) -> Digest:
    return digest_json([[one.id, one.title, one.text, one.metadata] for one in passages])
