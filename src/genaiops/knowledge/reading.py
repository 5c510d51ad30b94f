"""One file of a folder becomes a document, or it is said why it does not."""

import asyncio
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Protocol

from genaiops.core import (
    Digest,
    FrontMatter,
    UserError,
    digest_bytes,
    digest_json,
    hidden_text,
    one_line,
)
from genaiops.knowledge.files import Files, decode_document, marked_encoding, read_content
from genaiops.knowledge.formats.composing import compose
from genaiops.knowledge.formats.kinds import FORMATS, PARSERS, Format, check_content
from genaiops.knowledge.formats.model import CannotParse, HiddenPart, Parsed
from genaiops.knowledge.formats.parsers import Bounds, Parsers, recogniser
from genaiops.knowledge.known import KnownDocuments
from genaiops.knowledge.metadata import SIDECAR, describe, read_sidecar, validity
from genaiops.knowledge.model import MAX_DOCUMENT_BYTES, PARSER, Body, Document, LeftOut
from genaiops.knowledge.plain import first_heading, named, parse_document
from genaiops.knowledge.quarantine import Release, hidden_markup, refusal, released, summed


class ParseCache(Protocol):
    """Where documents that were parsed once are kept, by the digest of file, format and parser."""

    def get(self, key: Digest) -> Parsed | None:
        """Return what was kept; None where nothing was."""
        ...

    def put(self, key: Digest, parsed: Parsed) -> None:
        """Keep what a parser found."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How a folder is read: on which day, what was released, within which bounds, for which environment."""

    today: date = field(default_factory=lambda: datetime.now(UTC).date())
    releases: tuple[Release, ...] = ()
    bounds: Bounds = field(default_factory=Bounds)
    cache: ParseCache | None = None
    known: KnownDocuments | None = None
    clock: Callable[[], int] = time.time_ns
    env: Mapping[str, str] = field(default_factory=lambda: os.environ)

    @property
    def reader(self) -> Digest:
        """The digest over what a file becomes a document by, beside what differs from day to day."""
        return digest_json([version("genaiops"), PARSER, recogniser(), repr(self.bounds)])

    def stays(self, document: Document) -> bool:
        """Whether a document of a file that did not change is what reading it today would give.

        One that hides something depends on its release, so it is looked at each time.
        """
        if self.releases and any(one.document == document.path for one in self.releases):
            return False
        return not document.metadata or validity(document.metadata, self.today) == "valid"


@dataclass(frozen=True, slots=True)
class _File:
    """A document's bytes with their digest, its format, and what its sidecar says (None: it has none)."""

    path: str
    format: Format
    content: bytes
    digest: Digest
    sidecar: FrontMatter | None
    sidecar_digest: Digest | None


def needs_parser(path: str) -> bool:
    """Whether the document at `path` is of a format that is parsed in a process of its own."""
    return FORMATS[Path(path).suffix.lower()] in PARSERS


def read_text(folder: Path, path: str, files: Files, reading: Reading) -> Document | LeftOut:
    """Return the Markdown or text at `path` below `folder`, or why it is left out."""
    digest = None
    try:
        file = _load(folder, path, files, reading)
        digest = file.digest
        document = _with_sidecar(parse_document(path, decode_document(file.content, path)), file)
        return _decide(document, (), file, reading)
    except (CannotParse, UserError) as error:
        return _refused(error, path, digest)


async def read_document(
    folder: Path, path: str, files: Files, reading: Reading, parsers: Parsers
) -> Document | LeftOut:
    """Return the document at `path` below `folder`, which needs a parser, or why it is left out."""
    digest = None
    try:
        file = await asyncio.to_thread(_load, folder, path, files, reading)
        digest = file.digest
        parsed = await _parsed(file, reading, parsers)
        return _decide(_composed(file, parsed), parsed.hidden, file, reading)
    except (CannotParse, UserError) as error:
        return _refused(error, path, digest)


def _refused(error: CannotParse | UserError, path: str, digest: Digest | None) -> LeftOut:
    if isinstance(error, CannotParse):
        error = UserError(
            "GAO-KNOWLEDGE-035", "the document cannot be read", why=error.what, fix=error.fix, where=path
        )
    return LeftOut.by(error, path, "refused", digest)


def _load(folder: Path, path: str, files: Files, reading: Reading) -> _File:
    format = FORMATS[Path(path).suffix.lower()]
    large = format in ("pdf", "docx")
    limit = reading.bounds.file_bytes if large else MAX_DOCUMENT_BYTES
    content = read_content(folder / path, limit)
    check_content(format, content)
    sidecar, sidecar_digest = None, None
    if path + SIDECAR in files.sidecars:
        said = read_content(folder / (path + SIDECAR), MAX_DOCUMENT_BYTES)
        sidecar = read_sidecar(decode_document(said, path + SIDECAR), path + SIDECAR)
        sidecar_digest = digest_bytes(said)
    return _File(path, format, content, digest_bytes(content), sidecar, sidecar_digest)


async def _parsed(file: _File, reading: Reading, parsers: Parsers) -> Parsed:
    key = digest_json([PARSER, file.format, file.digest, recogniser() if file.format == "pdf" else ""])
    known = reading.cache.get(key) if reading.cache else None
    if known is not None:
        return known
    parsed = await parsers.parse(file.format, file.content)
    if reading.cache:
        reading.cache.put(key, parsed)
    return parsed


def _composed(file: _File, parsed: Parsed) -> Document:
    composed = compose(parsed)
    document = Document(
        id=file.path,
        path=file.path,
        body=Body((composed.text, composed.blocks)),
        digest=digest_bytes(composed.text.encode()),
        title=first_heading(composed.blocks) or one_line(parsed.title) or named(file.path),
        pages=composed.pages,
        source=digest_json([file.digest]),
        remarks=parsed.remarks,
    )
    return _with_sidecar(document, file)


def _with_sidecar(document: Document, file: _File) -> Document:
    encoding = "" if file.format in PARSERS else marked_encoding(file.content)
    if encoding:
        document = replace(document, remarks=(f"read as {encoding.upper()}, as its mark says",))
    if file.sidecar is None:
        return document
    where = document.path + SIDECAR
    if document.body_start:
        raise UserError(
            "GAO-KNOWLEDGE-036",
            "the document has front matter and a sidecar",
            why="where both say who may read it, one of them would be wrong",
            fix="say everything in one of them",
            where=where,
        )
    described = describe(file.sidecar, where)
    return replace(
        document,
        id=described.id or document.id,
        title=described.title or document.title,
        access=described.access,
        metadata=described.metadata or {},
        source=digest_json([file.digest, file.sidecar_digest]),
    )


def _decide(
    document: Document, parts: Sequence[HiddenPart], file: _File, reading: Reading
) -> Document | LeftOut:
    """Return the document, or why it is left out today."""
    time = validity(document.metadata, reading.today)
    if time != "valid":
        key = "valid_until" if time == "expired" else "valid_from"
        what = "is not valid any more" if time == "expired" else "is not valid yet"
        error = UserError(
            "GAO-KNOWLEDGE-037",
            f"the document {what}",
            why=f"{key}: {document.metadata[key]}; today is {reading.today}",
            fix=f"nothing, or correct {key}",
            where=document.path,
        )
        return LeftOut.by(error, document.path, time, file.digest)
    markup = hidden_markup(document) if file.format == "markdown" else []
    found = summed([*hidden_text(document.title), *hidden_text(document.text)], parts, markup)
    if not found:
        return document
    release = released(reading.releases, document.path, file.digest)
    if release is None:
        error = refusal(found, document.path, file.digest)
        return LeftOut.by(error, document.path, "quarantined", file.digest)
    remark = f"released by {release.by}: {release.reason}; it hides {'; '.join(one.line() for one in found)}"
    return replace(document, remarks=(*document.remarks, remark))
