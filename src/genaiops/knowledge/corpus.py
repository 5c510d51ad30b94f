"""A folder of Markdown and text files as a corpus; everything wrong with it is said with its place."""

import difflib
import os
from collections.abc import Iterator
from pathlib import Path

from genaiops.core import Digest, FrontMatter, Json, UserError, digest_bytes, read_front_matter
from genaiops.knowledge.blocks import markdown_blocks
from genaiops.knowledge.model import MAX_DOCUMENT_BYTES, Corpus, Document

SUFFIXES = (".md", ".txt")
_OWN_KEYS = ("access", "title", "id")


def read_corpus(folder: Path) -> Corpus:
    """Return the documents under `folder`; raises `UserError` for what cannot be read as text."""
    if not folder.is_dir():
        raise UserError(
            "GAO-KNOWLEDGE-010",
            "there is no folder of documents here",
            fix="create it, or correct knowledge.<name>.source in genaiops.yaml",
            where=str(folder),
        )
    files, ignored = _files(folder)
    if not files:
        raise UserError(
            "GAO-KNOWLEDGE-011",
            "the folder holds no document",
            why=f"documents are files ending in {' or '.join(SUFFIXES)}; "
            f"{len(ignored)} file(s) of other kinds are there",
            fix="add Markdown or text files",
            where=str(folder),
        )
    documents = tuple(_read(folder, path) for path in files)
    check_ids(documents)
    return Corpus(documents=documents, ignored=tuple(ignored))


def parse_document(path: str, text: str) -> Document:
    """Return the document at `path` (relative, for people) whose text is `text`."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    front = read_front_matter(text, path) if path.lower().endswith(".md") else FrontMatter({}, {}, 0)
    for key in front.values:
        _check_key(key, front, path)
    return Document(
        id=_text_of("id", front, path) or path,
        path=path,
        text=text,
        digest=digest_bytes(text.encode()),
        title=_text_of("title", front, path) or _title(path, text, front.body_start),
        body_start=front.body_start,
        access=_access(front, path),
        metadata={key: value for key, value in front.values.items() if key not in _OWN_KEYS},
    )


def _files(folder: Path) -> tuple[list[str], list[str]]:
    found: list[str] = []
    ignored: list[str] = []
    for path in _walk(folder):
        relative = path.relative_to(folder).as_posix()
        (found if path.suffix.lower() in SUFFIXES else ignored).append(relative)
    return sorted(found), sorted(ignored)


def _walk(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in (*folders, *names):
            path = Path(parent, name)
            # a link in somebody else's tree must not make us read this machine's files
            if path.is_symlink() and not path.resolve().is_relative_to(folder.resolve()):
                raise UserError(
                    "GAO-KNOWLEDGE-012",
                    "a link leads out of the folder of documents",
                    fix="put the document itself there, or remove the link",
                    where=str(path),
                )
        yield from (Path(parent, name) for name in names if not name.startswith("."))


def _read(folder: Path, relative: str) -> Document:
    path = folder / relative
    try:
        size = path.stat().st_size
        content = path.read_bytes() if size <= MAX_DOCUMENT_BYTES else b""
    except OSError as error:
        raise UserError(
            "GAO-KNOWLEDGE-013",
            "the document cannot be read",
            why=error.strerror or "",
            fix="check that it exists and that you may read it",
            where=str(path),
        ) from error
    check_size(size, str(path))
    return parse_document(relative, decode_document(content, str(path)))


def check_size(size: int, path: str) -> None:
    """Raise `UserError` for what is too large to be a document."""
    if size > MAX_DOCUMENT_BYTES:
        raise UserError(
            "GAO-KNOWLEDGE-014",
            f"the document is too large: {size:,} bytes",
            why=f"at most {MAX_DOCUMENT_BYTES:,} bytes a document; this may be data, not text",
            fix="split it by chapter, or move it out of the folder",
            where=path,
        )


def decode_document(content: bytes, path: str) -> str:
    """Return the text of a document; raises `UserError` with the line where it is none."""
    if (zero := content.find(b"\0")) >= 0:
        raise UserError(
            "GAO-KNOWLEDGE-015",
            "the document is not text",
            why="it holds a zero byte, as binary files and UTF-16 do",
            fix="save it as UTF-8, or move it out of the folder",
            where=f"{path}:{_line(content, zero)}",
        )
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UserError(
            "GAO-KNOWLEDGE-016",
            "the document is not UTF-8",
            why=f"byte 0x{content[error.start]:02x} cannot stand here",
            fix="save it as UTF-8 (iconv -f latin1 -t utf-8 FILE)",
            where=f"{path}:{_line(content, error.start)}",
        ) from error


def _line(content: bytes, offset: int) -> int:
    return 1 + content.count(b"\n", 0, offset)


def _title(path: str, text: str, start: int) -> str:
    if path.lower().endswith(".md"):
        for block in markdown_blocks(text, start):
            if block.kind == "heading" and block.level == 1 and block.title:
                return block.title
    return Path(path).stem.replace("_", " ").replace("-", " ")


def _text_of(key: str, front: FrontMatter, path: str) -> str:
    value = front.values.get(key, "")
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        raise _bad_key(key, "it must be text", front, path)
    return str(value).strip()


def _access(front: FrontMatter, path: str) -> frozenset[str] | None:
    if "access" not in front.values:
        return None
    groups = front.values["access"]
    names = [groups] if isinstance(groups, str) else groups
    if not isinstance(names, list) or not names:
        raise _bad_key("access", "it must name at least one group: access: [staff]", front, path)
    if not all(isinstance(name, str) and name.strip() for name in names):
        raise _bad_key("access", "every group is a name in text", front, path)
    return frozenset(str(name).strip() for name in names)


def _check_key(key: str, front: FrontMatter, path: str) -> None:
    # a misspelt `access` would open a document to everyone
    folded = key.casefold().strip()
    if key != "access" and (folded == "access" or difflib.get_close_matches(folded, ["access"], 1, 0.8)):
        raise _bad_key(key, "did you mean access? Misspelt, it would let everyone read", front, path)


def _bad_key(key: str, why: str, front: FrontMatter, path: str) -> UserError:
    return UserError(
        "GAO-KNOWLEDGE-017",
        f"the front matter's {key!r} cannot be used",
        why=why,
        fix="correct the key or remove it",
        where=f"{path}:{front.lines.get((key,), 1)}",
    )


def check_ids(documents: tuple[Document, ...]) -> None:
    """Raise `UserError` where two documents have one id."""
    first: dict[str, str] = {}
    for document in documents:
        if document.id in first:
            raise UserError(
                "GAO-KNOWLEDGE-018",
                f"two documents have the id {document.id!r}",
                why=f"the other one is {first[document.id]}",
                fix="give each its own id, or remove the key: the path is the id then",
                where=document.path,
            )
        first[document.id] = document.path


def corpus_facts(corpus: Corpus) -> dict[str, Json]:
    """Return the manifest of a corpus for the Hub."""
    return {
        "documents": [_document_facts(document) for document in corpus.documents],
        "digest": corpus.digest,
        "ignored": list(corpus.ignored),
    }


def corpus_blobs(corpus: Corpus) -> dict[Digest, bytes]:
    """Return the documents' texts by digest: what the manifest rests on."""
    return {document.digest: document.text.encode() for document in corpus.documents}


def _document_facts(document: Document) -> dict[str, Json]:
    return {
        "id": document.id,
        "path": document.path,
        "digest": document.digest,
        "title": document.title,
        "access": None if document.access is None else [*sorted(document.access)],
        "metadata": document.metadata,
    }
