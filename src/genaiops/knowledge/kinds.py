"""What the Hub must know about a corpus and an index."""

from collections.abc import Mapping, Sequence
from typing import Self, cast

from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator

from genaiops.core import (
    Composed,
    Digest,
    DigestText,
    FileEntry,
    Json,
    Manifest,
    Read,
    UserError,
    typed_kind,
)
from genaiops.knowledge.facts import check_ids, corpus_facts
from genaiops.knowledge.files import check_size, decode_document
from genaiops.knowledge.formats.kinds import FORMATS, PARSERS
from genaiops.knowledge.model import Corpus, Document, Reason, Recipe
from genaiops.knowledge.passages import ReadyPassages
from genaiops.knowledge.plain import parse_document

_PUSHED = tuple(ending for ending, format in FORMATS.items() if format not in PARSERS)


class DocumentManifest(BaseModel):
    """A document: `digest` is that of its text with newlines as \\n. `access`: who may read it; null: all.

    `source` is the digest of the file and its sidecar, where the text is not all that it is made from.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    path: str
    digest: DigestText
    title: str = ""
    access: tuple[str, ...] | None = None
    metadata: dict[str, JsonValue] = Field(default_factory=dict)
    source: DigestText | None = None


class LeftOutManifest(BaseModel):
    """A file that lay among the documents and is none of them, and the code of what is the matter."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: str
    reason: Reason
    code: str


class CorpusManifest(BaseModel):
    """Documents in the order of their paths; `ignored` names files of other kinds that lay among them.

    Of ready-made passages there is only the number, `passages`: their file stays where it is, and `digest`
    says whether it is the one.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    documents: tuple[DocumentManifest, ...] = ()
    passages: int | None = Field(default=None, ge=1)
    digest: DigestText
    ignored: tuple[str, ...] = ()
    left_out: tuple[LeftOutManifest, ...] = ()

    @model_validator(mode="after")
    def _holds_something(self) -> Self:
        if bool(self.documents) == (self.passages is not None):
            raise ValueError("a corpus has documents, or the number of its passages")
        return self


class Coverage(BaseModel):
    """How much an index answers from: documents, and the characters of their texts."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    documents: int = Field(ge=0)
    characters: int = Field(ge=0)


class IndexManifest(BaseModel):
    """An index by its recipe, whose digest is its identity: vectors differ in their last bits by machine."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    recipe: dict[str, JsonValue]
    digest: DigestText
    coverage: Coverage | None = None


def index_facts(recipe: Recipe, source: Corpus | ReadyPassages) -> dict[str, Json]:
    """Return the manifest of the index that `recipe` makes of documents, or of passages as they are."""
    texts = source.documents if isinstance(source, Corpus) else source.passages
    coverage: dict[str, Json] = {"documents": len(texts), "characters": sum(len(one.text) for one in texts)}
    return {"recipe": recipe.facts, "digest": recipe.digest, "coverage": coverage}


def _corpus_diff(old: Manifest, new: Manifest, read: Read) -> list[str]:
    before, after = _documents(old), _documents(new)
    moved = before.keys() != after.keys()
    lines = [f"documents: {len(before)} -> {len(after)}"] if moved else []
    lines += _passages_change(old, new)
    lines += [f"- {path}" for path in sorted(before.keys() - after.keys())]
    lines += [f"+ {path}" for path in sorted(after.keys() - before.keys())]
    for path in sorted(before.keys() & after.keys()):
        if before[path] != after[path]:
            changed = [key for key in after[path] if after[path][key] != before[path].get(key)]
            what = [{"digest": "text"}.get(key, key) for key in changed if key != "access"]
            lines.append(f"~ {path} ({', '.join([*what, *_access_change(before[path], after[path])])})")
    return lines


def _passages_change(old: Manifest, new: Manifest) -> list[str]:
    before, after = old.get("passages"), new.get("passages")
    if (before, after) == (None, None) or old.get("digest") == new.get("digest"):
        return []
    return [f"passages: {before or 0} -> {after or 0}" + (", others of them" if before == after else "")]


def _documents(manifest: Manifest) -> dict[str, dict[str, Json]]:
    documents = cast("list[dict[str, Json]]", manifest.get("documents", []))
    return {str(document["path"]): document for document in documents}


def _access_change(old: Mapping[str, Json], new: Mapping[str, Json]) -> list[str]:
    before, after = old.get("access"), new.get("access")
    return [] if before == after else [f"access: {_groups(before)} -> {_groups(after)}"]


def _groups(access: Json) -> str:
    return ", ".join(map(str, access)) if isinstance(access, list) else "everyone"


def _corpus_closure(manifest: Manifest) -> frozenset[Digest]:
    return frozenset(Digest(str(document["digest"])) for document in _documents(manifest).values())


def _index_diff(old: Manifest, new: Manifest, read: Read) -> list[str]:
    before = _flat(old.get("recipe"), "") | _flat(old.get("coverage"), "coverage")
    after = _flat(new.get("recipe"), "") | _flat(new.get("coverage"), "coverage")
    return [
        f"{key}: {before.get(key, '(none)')} -> {after.get(key, '(none)')}"
        for key in sorted(before.keys() | after.keys())
        if before.get(key) != after.get(key)
    ]


def _flat(value: Json, path: str) -> dict[str, Json]:
    if not isinstance(value, dict):
        return {path: value}
    flat: dict[str, Json] = {}
    for key, item in value.items():
        flat |= _flat(item, f"{path}.{key}" if path else key)
    return flat


def _compose_corpus(files: Sequence[FileEntry], read: Read) -> Composed:
    named = sorted(entry.path for entry in files)
    texts = {entry.path: entry for entry in files if entry.path.lower().endswith(_PUSHED)}
    if not texts:
        raise UserError(
            "GAO-KNOWLEDGE-070",
            "there is no document among what is pushed",
            why=f"documents are files ending in {' or '.join(_PUSHED)} here: the Hub parses nothing",
            fix="push a folder of Markdown or text files; other files can be pushed as blob/NAME",
        )
    blobs: dict[str, bytes | Digest] = {}
    documents = tuple(_document(texts[path], read, blobs) for path in sorted(texts))
    corpus = Corpus(documents=documents, ignored=tuple(path for path in named if path not in texts))
    check_ids(corpus.documents)
    return Composed(manifest=corpus_facts(corpus), blobs=blobs)


def _document(entry: FileEntry, read: Read, blobs: dict[str, bytes | Digest]) -> Document:
    """Return the document; `blobs` gets its text, by digest where the file holds just that."""
    check_size(entry.size, entry.path)
    document = parse_document(entry.path, decode_document(b"".join(read(Digest(entry.digest))), entry.path))
    same = document.digest == entry.digest
    blobs[document.digest] = document.digest if same else document.text.encode()
    return document


def _corpus_files(manifest: Manifest, read: Read) -> dict[str, bytes | Digest]:
    return {
        path if path.lower().endswith(_PUSHED) else f"{path}.md": Digest(str(document["digest"]))
        for path, document in _documents(manifest).items()
    }


CORPUS_KIND = typed_kind(
    "corpus",
    CorpusManifest,
    diff=_corpus_diff,
    closure=_corpus_closure,
    compose=_compose_corpus,
    files=_corpus_files,
)
INDEX_KIND = typed_kind("index", IndexManifest, diff=_index_diff)
KINDS = (CORPUS_KIND, INDEX_KIND)
