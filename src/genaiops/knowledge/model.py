"""What a corpus, a recipe and an index are made of."""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, cast

from genaiops.core import Digest, Json, ModelSpec, UserError, decode_json, digest_json, encode

PARSER = "documents-1"
"""Names the parsers and the chunker; any change to what they yield is a new name, so a new index."""

LEXICAL = "fts5 porter unicode61 remove_diacritics=2 pairs arabic title=2 matches<=4000"
"""How words are cut, folded and looked for; as with the parser, a change is a new name, so a new index."""

BackendName = Literal["local", "lance", "postgres"]

_TITLES: Mapping[BackendName, str] = {
    "local": "exact vectors (float32) + SQLite FTS5",
    "lance": "LanceDB: codes or IVF-RaBitQ, refined exactly + BM25 over postings",
    "postgres": "PostgreSQL: pgvector + BM25 over postings",
}

SETTINGS: Mapping[BackendName, Mapping[str, int]] = {
    "local": {},
    "lance": {"nprobes": 100, "refine": 10},
    "postgres": {"ef_search": 0},
}
"""What each backend can be told, with its default; a change of a default makes new indexes.

nprobes    cells of the vectors' index that a search looks into
refine     how many times as many vectors as wanted are compared exactly
ef_search  vectors that a search of the HNSW graph keeps; 0 makes no graph and looks at all vectors
"""

MAX_DOCUMENT_BYTES = 10_000_000
"""Of Markdown, text and HTML."""

BlockKind = Literal["heading", "prose", "list", "table", "code"]
Reason = Literal["refused", "quarantined", "expired", "not_yet_valid", "withdrawn"]


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of text of one kind; `level` and `title` are a heading's."""

    kind: BlockKind
    start: int
    end: int
    level: int = 0
    title: str = ""


Parts = tuple[str, tuple[Block, ...] | None]
"""A text and its blocks."""


class Body:
    """The text of a document with its blocks; as JSON, they are decoded when somebody asks for them."""

    __slots__ = ("_held",)

    def __init__(self, held: "Parts | bytes") -> None:
        self._held = held

    @property
    def parts(self) -> Parts:
        """The text, and its headings, paragraphs, lists, tables and code; None where nobody looked yet."""
        held = self._held
        if isinstance(held, bytes):
            held = self._held = self._decoded(held)
        return held

    def _decoded(self, held: bytes) -> Parts:
        return decode_json(Parts, held)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Body) and self.parts == other.parts


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentFacts:
    """What is known of a document beside its text.

    `access` names the groups that may read it; None means everyone. `body_start` is where the text's front
    matter ends, and `pages` are the offsets at which its pages begin. `source` is the digest of the file with
    its sidecar, where the text is not all that it is made from.
    """

    id: str
    path: str
    digest: Digest
    title: str = ""
    body_start: int = 0
    access: frozenset[str] | None = None
    metadata: dict[str, Json] = field(default_factory=dict[str, Json])
    pages: tuple[int, ...] = ()
    source: Digest | None = None
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Document(DocumentFacts):
    """One file: its whole text with newlines as \\n, and what is known of it."""

    body: Body

    @property
    def text(self) -> str:
        """The whole text."""
        return self.body.parts[0]

    @property
    def blocks(self) -> tuple[Block, ...] | None:
        """Its headings, paragraphs, lists, tables and code; None where nobody looked yet."""
        return self.body.parts[1]

    def page(self, at: int) -> int | None:
        """Return the page, from 1, that the character at `at` stands on; None where there are no pages."""
        return max(1, bisect_right(self.pages, at)) if self.pages else None


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A file that is in the folder and not in the corpus, and why. `digest` is that of its bytes, if read."""

    path: str
    reason: Reason
    code: str
    what: str
    why: str = ""
    fix: str = ""
    where: str = ""
    digest: Digest | None = None

    @classmethod
    def by(cls, error: UserError, path: str, reason: Reason, digest: Digest | None = None) -> "LeftOut":
        """Return what is said of the file at `path` that `error` keeps out."""
        return cls(
            path=path,
            reason=reason,
            code=error.code,
            what=error.what,
            why=error.why,
            fix=error.fix,
            where=error.where,
            digest=digest,
        )


@dataclass(frozen=True, kw_only=True)  # no slots: its digest is kept beside its fields
class Corpus:
    """Documents in the order of their paths; `ignored` names files of other kinds.

    `left_out` names documents that cannot be used, hide something, or are not valid today.
    """

    documents: tuple[Document, ...]
    ignored: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()

    @cached_property
    def digest(self) -> Digest:
        """The digest over every path with its content's digest, and its source's where there is one."""
        return digest_json(
            [[one.path, one.digest, *([one.source] if one.source else [])] for one in self.documents]
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkOptions:
    """How documents are cut: at headings, to about `tokens`, neighbours sharing up to `overlap`."""

    by: Literal["heading"] = "heading"
    tokens: int = 130
    overlap: int = 20

    def __post_init__(self) -> None:
        if self.tokens < 16 or not 0 <= self.overlap * 2 <= self.tokens:
            raise UserError(
                "GAO-KNOWLEDGE-001",
                f"chunks of {self.tokens} tokens with an overlap of {self.overlap} cannot be made",
                why="tokens must be at least 16, and the overlap at most half of that",
                fix="for example chunk: {by: heading, tokens: 130, overlap: 20}",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """Where an index is kept and searched, and how hard it looks for the nearest vectors (`SETTINGS`)."""

    name: BackendName = "local"
    settings: dict[str, int] = field(default_factory=dict[str, int])

    @classmethod
    def of(cls, name: BackendName, given: Mapping[str, int] | None = None) -> "Backend":
        """Return the backend with what is `given` and its defaults; raises `UserError` for a foreign one."""
        known = SETTINGS[name]
        for setting in given or {}:
            if setting not in known:
                raise UserError(
                    "GAO-KNOWLEDGE-080",
                    f"the backend {name} has no setting {setting!r}",
                    why=f"it has: {', '.join(known) or 'none'}",
                    fix=f"leave {setting} out",
                )
        return cls(name=name, settings={**known, **(given or {})})

    @property
    def title(self) -> str:
        """What it is, for a report."""
        return _TITLES[self.name]


LOCAL = Backend()


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """All that decides what an index answers. Its digest is the index's identity."""

    corpus: Digest
    embedder: ModelSpec
    chunk: ChunkOptions = ChunkOptions()
    parser: str = PARSER
    lexical: str = LEXICAL
    backend: Backend = LOCAL

    @property
    def facts(self) -> dict[str, Json]:
        """The recipe as JSON; the default backend is not named, so that digests made before it was hold."""
        found = cast("dict[str, Json]", encode(self))
        if self.backend == LOCAL:
            del found["backend"]
        return found

    @property
    def digest(self) -> Digest:
        """The identity of the index made by this recipe."""
        return digest_json(self.facts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """A stretch of a document under its headings. `lead` is repeated from above it: a table's header.

    `document.text[start:end]` is `text` without the lead.
    """

    id: str
    document: Document
    heading: tuple[str, ...]
    start: int
    end: int
    text: str
    lead: str = ""

    @property
    def page(self) -> int | None:
        """The page on which it begins; None where the document has none."""
        return self.document.page(self.start)

    @property
    def header(self) -> str:
        """Where the text stands, for the embedder and the lexical index; no part of the passage."""
        parts = (self.document.title, *self.heading)
        return " > ".join(part for at, part in enumerate(parts) if part and part not in parts[:at])

    @property
    def embedded(self) -> str:
        """What the embedder reads: the header, then the text."""
        return f"{self.header}\n{self.text}" if self.header else self.text
