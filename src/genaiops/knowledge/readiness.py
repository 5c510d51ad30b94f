"""Whether documents are ready to be indexed: what is left out and why, and what one should know of the rest.

Pure: it looks at a corpus as it was read. Personal data, secrets and text that reads like an instruction are
found by a `Screen` that is passed in; without one they are not measured, and the report says so.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Literal

from genaiops.knowledge.duplicates import near_duplicates
from genaiops.knowledge.model import Corpus, Document, LeftOut
from genaiops.knowledge.screening import (
    SCREEN_KINDS,
    Screen,
    Screening,
    ScreenKind,
    screen_documents,
    screening_lines,
)

RemarkKind = Literal[
    "empty",
    "short",
    "no_headings",
    "symbols",
    "encoding",
    "duplicate",
    "near_duplicate",
    "licence",
    "reading",
]

SHORT_WORDS = 20
"""A document with fewer words hardly answers anything."""
LONG_WORDS = 500
"""A document with more words and no heading is cut without knowing what it speaks of."""
LETTERS = 0.5
"""The least share of letters and digits among what is not white space."""
BROKEN = 3
"""So many broken characters show that a text was decoded wrongly."""

_BROKEN = ("\ufffd", "Ã¤", "Ã¶", "Ã¼", "Ã©", "Ã¨", "â€™", "â€œ", "â€“", "Â ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """Something to know of a document that is in the index."""

    path: str
    kind: RemarkKind
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """What is said of a folder before it is indexed.

    `pii`, `secrets` and `instructions` are null where nothing measured them.
    """

    documents: int
    characters: int
    pages: int
    formats: dict[str, int]
    left_out: tuple[LeftOut, ...] = ()
    remarks: tuple[Remark, ...] = ()
    ignored: tuple[str, ...] = ()
    pii: Screening | None = None
    secrets: Screening | None = None
    instructions: Screening | None = None
    by_reason: dict[str, int] = field(default_factory=dict[str, int])

    @property
    def needs_somebody(self) -> bool:
        """Whether a document is left out that somebody has to mend, remove or release."""
        return any(one.reason in ("refused", "quarantined") for one in self.left_out)


def check_readiness(
    corpus: Corpus, screen: Screen | None = None, done: Callable[[], None] = lambda: None
) -> Readiness:
    """Return the report on `corpus`; `done` is called after each document that `screen` has looked at."""
    remarks = [remark for document in corpus.documents for remark in _remarks(document)]
    remarks += _duplicates(corpus.documents)
    screened = screen_documents(corpus.documents, screen, done) if screen else {}
    return Readiness(
        documents=len(corpus.documents),
        characters=sum(len(one.text) for one in corpus.documents),
        pages=sum(len(one.pages) for one in corpus.documents),
        formats=_counted(PurePosixPath(one.path).suffix.lower() for one in corpus.documents),
        left_out=corpus.left_out,
        remarks=tuple(sorted(remarks, key=lambda one: (one.path, one.kind))),
        ignored=corpus.ignored,
        pii=screened.get("pii"),
        secrets=screened.get("secrets"),
        instructions=screened.get("instructions"),
        by_reason=_counted(one.reason for one in corpus.left_out),
    )


def _counted(names: Iterator[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for name in names:
        counts[name] = counts.get(name, 0) + 1
    return dict(sorted(counts.items()))


def _remarks(document: Document) -> Iterator[Remark]:
    yield from (Remark(path=document.path, kind="reading", detail=detail) for detail in document.remarks)
    body = document.text[document.body_start :]
    words = len(body.split())
    for kind, detail in _quality(document, body, words):
        yield Remark(path=document.path, kind=kind, detail=detail)
    if not any(document.metadata.get(key) for key in ("licence", "license")):
        yield Remark(path=document.path, kind="licence", detail="its metadata name no licence")


def _quality(document: Document, body: str, words: int) -> Iterator[tuple[RemarkKind, str]]:
    if not words:
        yield "empty", "it holds no text"
        return
    if words < SHORT_WORDS:
        yield "short", f"{words} word(s)"
    if words > LONG_WORDS and not _has_heading(document):
        yield "no_headings", f"{words:,} words without a heading"
    letters = sum(map(str.isalnum, body)) / (len(body) - sum(map(str.isspace, body)))
    if letters < LETTERS:
        yield "symbols", f"{letters:.0%} letters and digits"
    broken = sum(body.count(mark) for mark in _BROKEN)
    if broken >= BROKEN:
        yield "encoding", f"{broken} characters that look like text decoded wrongly"


def _has_heading(document: Document) -> bool:
    return any(block.kind == "heading" for block in document.blocks or ())


def _duplicates(documents: Sequence[Document]) -> Iterator[Remark]:
    bodies = [" ".join(one.text[one.body_start :].split()) for one in documents]
    for later, earlier, resemblance in near_duplicates(bodies):
        same = bodies[later] == bodies[earlier]
        one, other = documents[later], documents[earlier]
        alike = "the same text as" if same else f"{resemblance:.0%} of the text of"
        readers = "" if one.access == other.access else "; their readers differ"
        yield Remark(
            path=one.path,
            kind="duplicate" if same else "near_duplicate",
            detail=f"{alike} {other.path}{readers}",
        )


def readiness_lines(report: Readiness) -> list[str]:
    """Return the report for people: what is in, what is left out with its reason, then remarks by kind."""
    formats = ", ".join(f"{count} {name}" for name, count in report.formats.items())
    pages = f", {report.pages:,} pages" if report.pages else ""
    lines = [f"{report.documents} document(s) ({formats}), {report.characters:,} characters{pages}"]
    if report.left_out:
        reasons = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in report.by_reason.items())
        lines.append(f"{len(report.left_out)} left out: {reasons}")
        for one in report.left_out:
            lines.append(
                f"  {one.path}: {one.reason.replace('_', ' ')}: {one.what}{f': {one.why}' if one.why else ''}"
            )
            lines.append(f"    fix: {one.fix} [{one.code}]")
    lines += _remark_lines(report.remarks)
    if report.ignored:
        lines.append(f"{len(report.ignored)} file(s) of other kinds are ignored")
    screened: Mapping[ScreenKind, Screening | None] = {
        "pii": report.pii,
        "secrets": report.secrets,
        "instructions": report.instructions,
    }
    for kind in SCREEN_KINDS:
        lines += screening_lines(kind, screened[kind], report.documents)
    return lines


_SHOWN = 5


def _remark_lines(remarks: Sequence[Remark]) -> Iterator[str]:
    kinds: dict[RemarkKind, list[Remark]] = {}
    for remark in remarks:
        kinds.setdefault(remark.kind, []).append(remark)
    for kind, some in sorted(kinds.items()):
        yield f"{kind.replace('_', ' ')}: {len(some)} document(s)"
        yield from (f"  {one.path}: {one.detail}" for one in some[:_SHOWN])
        if len(some) > _SHOWN:
            yield f"  and {len(some) - _SHOWN} more; --json lists all"
