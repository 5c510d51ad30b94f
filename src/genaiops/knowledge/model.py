"""What a corpus, a recipe and an index are made of."""

from dataclasses import dataclass, field
from typing import Literal

from genaiops.core import Digest, Json, ModelSpec, UserError, digest_json, encode

PARSER = "markdown-1"
"""Names the parser and the chunker; any change to what they yield is a new name, so a new index."""

LEXICAL = "fts5 porter unicode61 remove_diacritics=2 pairs arabic title=2 matches<=4000"
"""How words are cut, folded and looked for; as with the parser, a change is a new name, so a new index."""

MAX_DOCUMENT_BYTES = 10_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One file: its whole text with newlines as \\n, and where the body begins after the front matter.

    `access` names the groups that may read it; None means everyone.
    """

    id: str
    path: str
    text: str
    digest: Digest
    title: str = ""
    body_start: int = 0
    access: frozenset[str] | None = None
    metadata: dict[str, Json] = field(default_factory=dict[str, Json])


@dataclass(frozen=True, slots=True, kw_only=True)
class Corpus:
    """Documents in the order of their paths; `ignored` names files that are neither Markdown nor text."""

    documents: tuple[Document, ...]
    ignored: tuple[str, ...] = ()

    @property
    def digest(self) -> Digest:
        """The digest over every (path, content digest)."""
        return digest_json([[document.path, document.digest] for document in self.documents])


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
class Recipe:
    """All that decides what an index answers. Its digest is the index's identity."""

    corpus: Digest
    embedder: ModelSpec
    chunk: ChunkOptions = ChunkOptions()
    parser: str = PARSER
    lexical: str = LEXICAL

    @property
    def digest(self) -> Digest:
        """The identity of the index made by this recipe."""
        return digest_json(encode(self))


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """A stretch of a document, `document.text[start:end] == text`, under its headings."""

    id: str
    document: Document
    heading: tuple[str, ...]
    start: int
    end: int
    text: str

    @property
    def header(self) -> str:
        """Where the text stands, for the embedder and the lexical index; no part of the passage."""
        parts = (self.document.title, *self.heading)
        return " > ".join(part for at, part in enumerate(parts) if part and part not in parts[:at])

    @property
    def embedded(self) -> str:
        """What the embedder reads: the header, then the text."""
        return f"{self.header}\n{self.text}" if self.header else self.text
